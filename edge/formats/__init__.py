"""Files of signals that other programs read, made of arrays and names alone."""

SIGNAL_FORMATS = ("csv", "wfdb", "wfdb-segments")
"""What signals are written as: a table, a WFDB record of the whole page, and WFDB records without gaps."""
DEFAULT_FORMATS = ("csv", "wfdb")
