"""When the upstroke of R begins in a signal that was read, against the one that was drawn: both on one clock, none shifted.

The moment is where the signal last crosses 10 % of the R wave's amplitude before its peak, amplitudes from the level before QRS. An SNR
with the best of all shifts does not see a trace that is some milliseconds early, and intervals do.
"""

import numpy as np

SHARE = 0.1
"""Of the amplitude."""
LEAST_R_MV = 0.2
"""A tenth of less is thinner than a stroke."""
LEVEL_S = (0.14, 0.08)
"""The level before QRS is the median of what lies so long before the peak."""
SEARCH_S = 0.06
"""How far from the steepest part the peak is looked for, and from where it should be the one that was read."""
APART_S = 0.25
"""Beats follow each other no faster."""
STEEP_SHARE = 0.4
"""Of the steepest beat's slope: what is flatter is no QRS."""
SMOOTH_S = 0.04
FOUND = (0.5, 2.0)
"""A peak that was read has so much of the drawn amplitude, else its beat was not found."""


def late_ms(drawn: np.ndarray, read: np.ndarray, rate_hz: int, shift: int = 0) -> tuple[list[float], int]:
    """([ms by which each beat's upstroke is late in (m,) `read`, negative where early], beats not found) of an (n,) `drawn` signal in mV.

    Both begin at one moment; `shift` samples later the read signal's beats are looked for, which is not taken off what is found.
    Beats without an R wave of `LEAST_R_MV`, and those too near an end of what is drawn to have a level before and a peak, do not count.
    """
    late, missed = [], 0
    for peak in r_peaks(drawn, rate_hz):
        here = crossing(drawn, peak, rate_hz)
        if here is None:
            continue
        reach = round(SEARCH_S * rate_hz)
        first = max(peak + shift - reach, 0)
        around = np.asarray(read[first : max(peak + shift + reach + 1, 0)], float)
        there = crossing(read, first + int(np.nanargmax(around)), rate_hz) if np.isfinite(around).any() else None
        if there is None or not FOUND[0] <= there[1] / here[1] <= FOUND[1]:
            missed += 1
        else:
            late.append((there[0] - here[0]) / rate_hz * 1000)
    return late, missed


def r_peaks(signal: np.ndarray, rate_hz: int) -> list[int]:
    """The samples of R waves' peaks in an (n,) signal without gaps, by its steepness: one for each QRS."""
    from scipy import ndimage
    from scipy import signal as filters

    reach = round(SEARCH_S * rate_hz)
    steep = ndimage.uniform_filter1d(np.abs(np.gradient(np.asarray(signal, float))), round(SMOOTH_S * rate_hz))
    beats, _ = filters.find_peaks(steep, height=STEEP_SHARE * steep.max(), distance=round(APART_S * rate_hz))
    begins = [max(beat - reach, 0) for beat in beats]
    return sorted(
        {first + int(np.argmax(signal[first : beat + reach + 1])) for first, beat in zip(begins, beats, strict=True)}
    )


def crossing(signal: np.ndarray, peak: int, rate_hz: int) -> tuple[float, float] | None:
    """(sample, between samples, at which the upstroke to `peak` begins; the R wave's amplitude in mV); None where it cannot be had."""
    first, last = (peak - round(before * rate_hz) for before in LEVEL_S)
    if (
        first < 0
        or peak >= len(signal) - 1
        or not np.isfinite(part := np.asarray(signal[first : peak + 1], float)).all()
    ):
        return None
    level = np.median(part[: last - first])
    amplitude = float(part[-1] - level)
    under = np.flatnonzero(part < level + SHARE * amplitude)
    if amplitude < LEAST_R_MV or not len(under):
        return None
    low = int(under[-1])
    return first + low + (level + SHARE * amplitude - part[low]) / (part[low + 1] - part[low]), amplitude
