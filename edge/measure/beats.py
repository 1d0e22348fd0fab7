"""Heartbeats in a signal: where they are."""

import numpy as np

RATE_HZ = 500
"""Sampling rate of traced signals."""

FINE_S, COARSE_S = 0.006, 0.018
"""Standard deviations of the two Gaussians whose difference is a band pass of about 8 to 25 Hz: QRS complexes, hardly T waves."""

SPREAD_S = 0.03
"""Standard deviation over which the power of the band is averaged: about the width of a QRS complex."""

APART_S = 0.2
"""Two beats are no nearer to each other than that."""

TOP_S = 1.2
SHARE = 0.4
"""A beat has at least this share of the power of a typical one: the median of the maxima of every `TOP_S`."""

LEAST_MV = 0.004
"""Nor is a beat weaker than that: a complex of 0.1 mV has four times as much in the band."""

T_WAVE_S, T_WAVE_SHARE = 0.36, 0.7
"""A peak sooner after a beat than `T_WAVE_S` with less than `T_WAVE_SHARE` of its power is its T wave."""


def find_beats(signal: np.ndarray) -> np.ndarray:
    """(K,) int, the samples at which the heart beats in a signal (N,) of mV at `RATE_HZ`, NaN where unknown.

    References
    ----------
    After Pan J., Tompkins W. J., "A real-time QRS detection algorithm", IEEE Trans. Biomed. Eng. 32(3):230, 1985: band pass, power, moving
    average, threshold, T waves recognised by the beat before; the threshold here depends on the whole signal, not on its past alone.
    """
    from scipy.ndimage import gaussian_filter1d, maximum_filter1d

    known = np.flatnonzero(np.isfinite(signal))
    if len(known) < RATE_HZ:
        return np.array([], int)
    whole = np.interp(np.arange(len(signal)), known, np.asarray(signal, float)[known])
    steep = gaussian_filter1d(whole, FINE_S * RATE_HZ) - gaussian_filter1d(whole, COARSE_S * RATE_HZ)
    power = np.sqrt(gaussian_filter1d(steep**2, SPREAD_S * RATE_HZ))
    step = round(TOP_S * RATE_HZ)
    typical = np.median(
        [power[start : start + step].max() for start in range(0, max(len(power) - step // 2, 1), step // 2)]
    )
    highest = maximum_filter1d(power, 2 * round(APART_S * RATE_HZ) + 1)
    beats: list[int] = []
    for peak in np.flatnonzero((power == highest) & (power > max(SHARE * typical, LEAST_MV))):
        if beats and peak - beats[-1] < T_WAVE_S * RATE_HZ and power[peak] < T_WAVE_SHARE * power[beats[-1]]:
            continue
        beats.append(peak)
    return np.array(beats, int)
