"""Heartbeats that one lead does not show as the others do: something else was followed there, or a steep stroke was lost.

A beat is as high in a lead as the lead's other beats are, or, where it is another kind of beat, is so in no lead. So a beat that is of the usual height in all other
leads and far from it in one was not traced rightly in that one.
"""

from collections.abc import Mapping

import numpy as np

from ..layout import LEADS_12

KEPT_HZ = 125
STEEP_S, BEAT_S = 0.04, 0.152
"""QRS is what moves most within the one; its height is how far a lead moves within the other."""
STEEP_SHARE = 0.97
LEAST_STEEP_MV = 0.05
"""A lead is steep where it moves as in its steepest hundredths, and more than this."""
LEAST_SHARE, APART_S = 0.35, 0.25
"""There is a beat where leads are so steep on average, and nowhere else within this time."""
LEAST_BEATS, LEAST_OTHERS = 3, 3
"""Fewer beats of a lead have no usual height, and fewer other leads no say."""
LEAST_HEIGHT_MV = 0.3
"""Leads that are lower say nothing of others."""
USUAL, ODD = 1.25, 1.8
"""The height of a beat by its lead's usual one: in all others, and so its slope, at most so many times as high or as low, in the odd one at least."""
ODD_MV = 0.3
"""And by so much it is odd."""
MAX_STRIP_SHARE = 1 / 6
"""Where more of a strip's beats are odd, it is the columns that stand elsewhere than it: some devices print them from another time."""
MAX_BEAT_S = 0.6
"""A beat reaches half way to the next ones, and no farther."""


def odd_beats(signals: Mapping[str, np.ndarray], start_s: Mapping[str, float], rate_hz: int) -> dict[str, list[slice]]:
    """{name: the samples of each beat that the lead alone does not show as the others do}.

    Parameters
    ----------
    signals : {name: (n,) mV, NaN where lost} of leads, and of rhythm strips under other names than leads have
    start_s : {name: time of the first sample}
    rate_hz : samples a second
    """
    from scipy import ndimage

    names = [name for name, signal in signals.items() if np.isfinite(signal).any()]
    if len(names) <= LEAST_OTHERS:
        return {}
    every = rate_hz // KEPT_HZ
    starts = [round(start_s[name] * KEPT_HZ) for name in names]
    parts = [signals[name][::every] for name in names]
    leads = np.full((len(names), max(start + len(part) for start, part in zip(starts, parts, strict=True))), np.nan)
    for lead, start, part in zip(leads, starts, parts, strict=True):
        lead[start : start + len(part)] = part
    moved = _movement(leads, STEEP_S)
    steep = moved.copy()
    for lead in steep:
        known = lead[np.isfinite(lead)]
        at = round(STEEP_SHARE * (known.size - 1))
        lead /= max(float(np.partition(known, at)[at]), LEAST_STEEP_MV) if known.size else 1.0
    shown = np.isfinite(steep)
    mean = np.where(shown, np.minimum(steep, 1.0), 0.0).sum(axis=0) / np.maximum(shown.sum(axis=0), 1)
    mean = ndimage.uniform_filter1d(mean, 5)
    highest = ndimage.maximum_filter1d(mean, 2 * round(APART_S * KEPT_HZ) + 1)
    beats = np.flatnonzero((mean == highest) & (mean >= LEAST_SHARE))
    if len(beats) < LEAST_BEATS:
        return {}
    heights = _movement(leads, BEAT_S)[:, beats]
    slopes = ndimage.maximum_filter1d(moved, round(BEAT_S * KEPT_HZ), axis=1)[:, beats]
    middles = (beats[1:] + beats[:-1]) / 2
    reach = MAX_BEAT_S * KEPT_HZ
    begins = np.maximum(np.concatenate([[0], middles]), beats - reach)
    ends = np.minimum(np.concatenate([middles, [leads.shape[1]]]), beats + reach)
    found: dict[str, list[slice]] = {}
    for number, numbers in _odd(heights, slopes).items():
        name, seen = names[number], int(np.isfinite(heights[number]).sum())
        if name not in LEADS_12 and len(numbers) > MAX_STRIP_SHARE * seen:
            continue
        found[name] = [
            slice(*(max(round(float(end - starts[number]) * every), 0) for end in (begins[beat], ends[beat])))
            for beat in numbers
        ]
    return found


def _movement(leads: np.ndarray, within_s: float) -> np.ndarray:
    """How far each of (k, n) leads moves within so long about each sample, mV; NaN where it is not all known."""
    from scipy import ndimage

    size, known = round(within_s * KEPT_HZ), np.isfinite(leads)
    highest = ndimage.maximum_filter1d(np.where(known, leads, -np.inf), size, axis=1)
    lowest = ndimage.minimum_filter1d(np.where(known, leads, np.inf), size, axis=1)
    all_known = ndimage.minimum_filter1d(known.view(np.uint8), size, axis=1) > 0
    return np.subtract(highest, lowest, where=all_known, out=np.full(leads.shape, np.nan))


def _odd(heights: np.ndarray, slopes: np.ndarray) -> dict[int, list[int]]:
    """{number of a lead: numbers of its odd beats} of how high and how steep beats are in leads, (leads, beats) in mV, NaN where not known."""
    heights = np.where(np.isfinite(slopes), heights, np.nan)
    usual, ratios = _to_usual(heights)
    slope_ratios = _to_usual(slopes)[1]
    with np.errstate(invalid="ignore"):
        tells = np.isfinite(ratios) & (usual >= LEAST_HEIGHT_MV)
        far = (np.abs(ratios) > np.log(ODD / USUAL)) & (np.abs(heights - usual) > ODD_MV)
    found: dict[int, list[int]] = {}
    for lead, beat in zip(*np.nonzero(far), strict=True):
        others = tells[:, beat].copy()
        others[lead] = False
        if others.sum() < LEAST_OTHERS:
            continue
        said = ratios[others, beat]
        middle = float(np.median(said))
        differs = max(abs(middle), float(np.abs(said - middle).max()), float(np.abs(slope_ratios[others, beat]).max()))
        expected = float(usual[lead, 0] * np.exp(middle))
        off = heights[lead, beat] - expected
        if differs <= np.log(USUAL) and abs(ratios[lead, beat] - middle) > np.log(ODD) and abs(off) > ODD_MV:
            found.setdefault(int(lead), []).append(int(beat))
    return found


def _to_usual(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """((k, 1) the median of each of (k, n) leads, NaN of those with too few, (k, n) the logarithms of the values by it)."""
    known = np.isfinite(values)
    enough = known.sum(axis=1) >= LEAST_BEATS
    usual = np.array(
        [[np.median(lead[there]) if full else np.nan] for lead, there, full in zip(values, known, enough, strict=True)]
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        return usual, np.log(values / usual)
