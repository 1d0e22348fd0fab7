"""Heartbeats that one lead does not show as the others do: something else was followed there, or a steep stroke was lost.

A beat is as high in a lead as the lead's other beats are, or, where it is another kind of beat, is so in no lead. So a beat that is of the usual height in all other
leads and far from it in one was not traced rightly in that one.
"""

from collections.abc import Mapping

import numpy as np

from ..layout import LEADS_12
from .page_clock import BEAT_S, KEPT_HZ, movement, on_page_clock

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

    clock = on_page_clock(signals, start_s, rate_hz)
    if clock is None or len(clock.names) <= LEAST_OTHERS:
        return {}
    names, starts, leads, beats, every = clock.names, clock.starts, clock.leads, clock.beats, rate_hz // KEPT_HZ
    if len(beats) < LEAST_BEATS:
        return {}
    heights = movement(leads, BEAT_S)[:, beats]
    slopes = ndimage.maximum_filter1d(clock.moved, round(BEAT_S * KEPT_HZ), axis=1)[:, beats]
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
