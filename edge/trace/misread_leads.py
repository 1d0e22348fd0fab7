"""How likely each lead was misread: by what the other leads do not explain of it, by how its beats differ, and by the rows that it reaches or shares ink with.

A wave that was given to the row beside, handwriting that was followed for a while, a trace that was led along a rule: each looks otherwise, and no single measure tells it
from an unusual heart. Decision trees (gradient boosting, `train/misread_leads.py`) weigh them together: learnt of drawn pages, on which it is known what each lead showed.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import resources

import numpy as np

from ..layout import Place
from .page_clock import KEPT_HZ, PageClock

EVIDENCE = ("unexplained", "largest", "uneven_beats", "height_mv", "lost", "higher_row", "up", "down")
"""What a lead is judged by, in the order of the columns of `evidence`: the logarithm of the share of its power that the other leads of its time do not explain; the largest
difference from what they say, by the lead's height; the logarithm of the share of its most unusual beat that its median beat does not explain; the logarithm of its height in mV; the
share of its samples that are lost; the logarithm of how much higher a row is whose ink it shares; how far its waves go up and down, as a share of the way to the next row."""
LEAST_LEADS = 6
"""A page of fewer is none that the trees have learnt of."""
NOT_KNOWN = -9.0
"""Stands for evidence that cannot be had of a lead."""
DRIFT_S, SHIFTS = 0.5, (-1, 0, 1)
"""What is slower is the paper's and the electrodes' doing; rows may be so many samples at `KEPT_HZ` apart."""
RIDGE = 0.01
"""Other leads' weights are held down by so much of their mean power: twelve of them explain anything."""
LEAST_S, LEAST_KNOWN = 0.8, 0.8
"""A shorter stretch says nothing of what others explain, nor do leads of which less than this share is known at the time."""
BEAT_S, SLIDE_S = (0.12, 0.18), 0.016
"""What is compared of beats, before and after the time of each, and by how much they may be shifted against their median."""
HEIGHT_PERCENTILES = 0.5, 99.5
"""Between these of its samples lies a lead's height."""
LEAST_HEIGHT_MV, LEAST_POWER, LEAST_SHARE = 0.02, 1e-6, 1e-3
"""Heights, powers (mV²) and shares below these are as good as none."""


def evidence(
    clock: PageClock, places: Sequence[Place], shared: Sequence[Sequence[int]], rows_mv: Sequence[float]
) -> dict[str, np.ndarray]:
    """{name of each lead of the clock: (F,) float32, its `EVIDENCE`}; empty for a page of fewer than `LEAST_LEADS`.

    Parameters
    ----------
    clock : the leads of which some is left
    places, shared, rows_mv : of all leads of the page where they stand, the numbers of those with which they share ink, and how far down the page their rows are, in mV
    """
    if len(places) < LEAST_LEADS:
        return {}
    drifting, known = _without_drift(clock.leads), np.isfinite(clock.leads)
    numbers = {place.name: number for number, place in enumerate(places)}
    heights = dict(zip(clock.names, map(_height_mv, clock.leads), strict=True))
    found = {}
    for lead, name in enumerate(clock.names):
        number, place = numbers[name], places[numbers[name]]
        part = slice(clock.starts[lead], int(np.flatnonzero(known[lead])[-1]) + 1)
        shown = clock.leads[lead, part]
        unexplained, largest_mv = _unexplained(drifting, known, lead, part)
        higher = max((heights.get(places[other].name, 0.0) for other in shared[number]), default=0.0)
        beside = [row for other, row in zip(places, rows_mv, strict=True) if _share_columns(place, other)]
        below = np.array(beside) - rows_mv[number]
        to_next = [float(way[way > 0].min(initial=np.inf)) for way in (-below, below)]
        found[name] = np.array(
            [
                unexplained,
                largest_mv / heights[name],
                _uneven(shown, clock.beats - part.start),
                np.log(heights[name]),
                np.isnan(shown).mean(),
                np.log(higher / heights[name]) if higher else NOT_KNOWN,
                np.nanmax(shown) / to_next[0],
                -np.nanmin(shown) / to_next[1],
            ],
            np.float32,
        )
    return found


def probabilities(of_leads: Mapping[str, np.ndarray]) -> dict[str, float]:
    """{name: how likely a lead with this `evidence` was misread, 0..1}."""
    if not of_leads:
        return {}
    trees, inputs = _trees(), np.stack(list(of_leads.values()))
    node = np.zeros((len(inputs), len(trees["feature"])), np.int64)
    tree, lead = np.arange(node.shape[1])[None], np.arange(len(inputs))[:, None]
    for _ in range(int(trees["depth"])):
        # A leaf leads to itself.
        is_left = inputs[lead, trees["feature"][tree, node]] <= trees["threshold"][tree, node]
        node = np.where(is_left, trees["left"][tree, node], trees["right"][tree, node])
    log_odds = trees["offset"] + trees["value"][tree, node].sum(axis=1)
    return dict(zip(of_leads, (1 / (1 + np.exp(-log_odds))).tolist(), strict=True))


@lru_cache(maxsize=1)
def _trees() -> dict[str, np.ndarray]:
    """(T, N) `feature`, `threshold`, `left`, `right` and `value` of the nodes of T trees, the `depth` of the deepest, and the `offset` of their sum, in log-odds."""
    with (resources.files(__package__) / "misread_leads.npz").open("rb") as file, np.load(file) as held:
        return {name: held[name] for name in held.files}


def _share_columns(place: Place, other: Place) -> bool:
    return place.box.left < other.box.right and other.box.left < place.box.right


def _height_mv(lead: np.ndarray) -> float:
    low, high = np.percentile(lead[np.isfinite(lead)], HEIGHT_PERCENTILES)
    return max(float(high - low), LEAST_HEIGHT_MV)


def _without_drift(leads: np.ndarray) -> np.ndarray:
    """(k, n) mV less their running mean; where a lead is not known it is held at its median first."""
    from scipy import ndimage

    filled = np.where(np.isfinite(leads), leads, np.nanmedian(leads, axis=1, keepdims=True))
    return np.asarray(filled - ndimage.uniform_filter1d(filled, round(DRIFT_S * KEPT_HZ), axis=1))


def _unexplained(leads: np.ndarray, known: np.ndarray, lead: int, part: slice) -> tuple[float, float]:
    """(the logarithm of the share of a lead's power that no sum of the others of its time explains, the largest difference in mV); `NOT_KNOWN` and 0 where too
    little is known of them."""
    others = np.flatnonzero(known[:, part].mean(axis=1) > LEAST_KNOWN)
    others = others[others != lead]
    together = known[lead, part] & known[others, part].all(axis=0)
    if not len(others) or together.sum() < LEAST_S * KEPT_HZ:
        return NOT_KNOWN, 0.0
    shifted = np.concatenate([np.roll(leads[others, part], shift, axis=1) for shift in SHIFTS])[:, together]
    own = leads[lead, part][together]
    products = shifted @ shifted.T
    products[np.diag_indices(len(products))] += RIDGE * max(float(np.trace(products)) / len(products), LEAST_POWER)
    off = own - np.linalg.solve(products, shifted @ own) @ shifted
    share = float(off @ off) / max(float(own @ own), LEAST_POWER)
    return float(np.log(share + LEAST_SHARE)), float(np.abs(off).max())


def _uneven(lead: np.ndarray, beats: np.ndarray) -> float:
    """The logarithm of the share of a beat that the median of (n,) mV's beats does not explain, of the beat of which most is not; `NOT_KNOWN` of fewer than two."""
    before, after = (round(reach * KEPT_HZ) for reach in BEAT_S)
    slide = round(SLIDE_S * KEPT_HZ)
    inside = beats[(beats >= before) & (beats + after <= lead.size)]
    parts = lead[inside[:, None] + np.arange(-before, after)]
    whole = parts[np.isfinite(parts).all(axis=1)]
    if len(whole) < 2:
        return NOT_KNOWN
    whole -= np.median(whole, axis=1, keepdims=True)
    usual = np.median(whole, axis=0)
    inner = whole[:, slide : usual.size - slide]
    off = [((inner - usual[by : by + inner.shape[1]]) ** 2).sum(axis=1) for by in range(2 * slide + 1)]
    power = max(float(usual @ usual), usual.size * LEAST_SHARE)
    return float(np.log(np.min(off, axis=0).max() / power + LEAST_SHARE))
