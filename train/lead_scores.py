"""How near a lead that was read comes to the one that was printed."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

RATE_HZ = 500
LEAST_DB = 6.0
"""What a lead must have that is not declared lost."""
LARGEST_SHIFT = 250
"""Samples by which a lead may be shifted against its truth: half a second, as in the George B. Moody PhysioNet Challenge 2024."""
LEAST_KNOWN = 0.5
"""The share of a lead's samples that must have been read for an SNR."""
SMALLEST = 1e-12


def snr_db(truth: np.ndarray, read: np.ndarray) -> float | None:
    """The SNR of `aligned`; None where there is none."""
    found = aligned(truth, read)
    return None if found is None else found[0]


def aligned(truth: np.ndarray, read: np.ndarray) -> tuple[float, int] | None:
    """(SNR in dB, samples by which it is late) of (m,) `read` against an (n,) `truth`, both in mV at 500 Hz: the best shift within half a second.

    Offsets are removed, samples that are not known (NaN, or beyond the ends of `read`) left out. None where no shift has half of the
    truth's. Reyna M. A. et al., Computing in Cardiology 51, 2024; there, what was not read counts as 0 mV (`digitisation.compare`).
    """
    count, drawn = len(truth), np.isfinite(truth)
    truth = np.where(drawn, truth, 0.0).astype(float)
    padded = np.full(count + 2 * LARGEST_SHIFT, np.nan)
    part = np.asarray(read, float)[: count + LARGEST_SHIFT]
    padded[LARGEST_SHIFT : LARGEST_SHIFT + len(part)] = part
    windows = sliding_window_view(padded, count)
    known = np.isfinite(windows) & drawn
    enough = known.sum(axis=1) >= max(LEAST_KNOWN * drawn.sum(), 1)
    if not enough.any():
        return None
    windows, known = np.where(known, windows, 0.0)[enough], known[enough].astype(float)
    of = known.sum(axis=1)

    def varies(products, one, other):
        """The sum of products about the means, of the samples that are known."""
        return products - one * other / of

    t, r = known @ truth, windows.sum(axis=1)
    signal = varies(known @ truth**2, t, t)
    noise = signal + varies((windows**2).sum(axis=1), r, r) - 2 * varies(windows @ truth, t, r)
    db = 10 * np.log10(np.maximum(signal, SMALLEST) / np.maximum(noise, SMALLEST))
    best = int(np.argmax(db))
    return float(db[best]), int(np.flatnonzero(enough)[best]) - LARGEST_SHIFT
