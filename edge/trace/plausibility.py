"""Signals that no lead gives: what was followed was a printed line, the edge of the paper, a block of noise or another row."""

import numpy as np

MAX_MEDIAN_MV = 1.5
"""How far a lead's median may be from its row's 0 mV: a trace farther off is another row's, or none."""
PLATEAU_S, FLAT_MV, MAX_PLATEAU_MV = 0.4, 0.03, 1.0
"""No lead stays so long within so little so far from its own median: printed lines do."""


def is_implausible(signal: np.ndarray, rate_hz: int) -> bool:
    """Whether (n,) mV, NaN where lost, cannot be what a lead showed."""
    from scipy import ndimage

    known = signal[np.isfinite(signal)]
    if not known.size:
        return False
    median = float(np.median(known))
    if abs(median) > MAX_MEDIAN_MV:
        return True
    size = round(PLATEAU_S * rate_hz)
    if known.size < size:
        return False
    # A whole window on each side of what is looked at: the first and last samples stand in fewer.
    inner = slice(size // 2, known.size - size // 2)
    upper = ndimage.maximum_filter1d(known, size)[inner]
    lower = ndimage.minimum_filter1d(known, size)[inner]
    flat = upper - lower < FLAT_MV
    return bool((flat & (np.abs((upper + lower) / 2 - median) > MAX_PLATEAU_MV)).any())
