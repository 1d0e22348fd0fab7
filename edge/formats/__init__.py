"""Files of signals that other programs read, made of arrays and names alone."""

SIGNAL_FORMATS = ("csv", "wfdb", "wfdb-segments", "dicom")
"""What signals are written as: a table, a WFDB record of the whole page, WFDB records without gaps, and a DICOM 12-lead ECG waveform."""
DEFAULT_FORMATS = ("csv", "wfdb")
