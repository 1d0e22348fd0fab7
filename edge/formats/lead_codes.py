"""The leads in the nomenclature of IEEE 11073-10102 (MDC), which DICOM and FHIR name them by."""

LEAD_NUMBERS = {"I": 1, "II": 2, "III": 61, "aVR": 62, "aVL": 63, "aVF": 64, "V1": 3, "V2": 4, "V3": 5, "V4": 6, "V5": 7, "V6": 8}  # fmt: skip
"""The number of each lead, in SCP-ECG too."""
UNSPECIFIED = 0
"""That of a lead whose name is not known."""
POTENTIAL = 131328
"""The code of the electric potential of an unspecified lead (MDC_ECG_ELEC_POTL); with a lead's number added, that of the lead."""
