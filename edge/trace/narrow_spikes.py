"""Spikes narrower than any wave that one lead shows while no heart beats: a stroke of something else was climbed there."""

from collections.abc import Mapping

import numpy as np

from .column_ends import LEAST_OTHERS, others_beat

HALF_S, LEAST_MV = 0.014, 0.5
"""A spike is back at its level so soon after its peak, on either side, and so high; a complex is wider, or seen in other leads too."""
MOST, HIGHER = 2, 2.0
"""Where more are so narrow, they are the lead's own beats, which others may show at another time: it is so many times as high as these."""
AROUND_S = 0.02
"""So much is lost before and after its peak."""


def narrow_spikes(
    signals: Mapping[str, np.ndarray], start_s: Mapping[str, float], rate_hz: int
) -> dict[str, list[slice]]:
    """{name: the samples of each spike that no beat of another lead explains}. Arguments are those of `column_ends.ends_elsewhere`."""
    half, around = round(HALF_S * rate_hz), round(AROUND_S * rate_hz)
    found: dict[str, list[slice]] = {}
    for name, signal in signals.items():
        if signal.size <= 2 * half:
            continue
        top = signal[half:-half]
        left, right = top - signal[: -2 * half], top - signal[2 * half :]
        with np.errstate(invalid="ignore"):
            high = np.where(left * right > 0, np.minimum(np.abs(left), np.abs(right)), 0.0)
            spikes = _highest(high, LEAST_MV, around)
        usual = np.median(high[spikes]) if len(spikes) > MOST else 0.0
        for at in (spike + half for spike in spikes if high[spike] >= HIGHER * usual):
            others = others_beat(signals, start_s, rate_hz, name, start_s[name] + at / rate_hz)
            if len(others) >= LEAST_OTHERS and not any(others):
                found.setdefault(name, []).append(slice(max(at - around, 0), at + around + 1))
    return found


def _highest(high: np.ndarray, least: float, apart: int) -> list[int]:
    """The numbers of the highest of (n,) values in each run of those that are `least` or more and no farther from each other than `apart`."""
    samples = np.flatnonzero(high >= least)
    if not samples.size:
        return []
    runs = np.split(samples, np.flatnonzero(np.diff(samples) > apart) + 1)
    return [int(run[high[run].argmax()]) for run in runs]
