"""The paper's eight steps from a page to the binary picture of each lead (Atmakuri et al., DOI 10.22214/ijraset.2024.59181)."""
