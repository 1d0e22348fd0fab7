"""What is made of a reading for people and programs: overlays, plots, reports, signals as files, FHIR."""
