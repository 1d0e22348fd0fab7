"""Which ink of a page leads share, and which near them none has taken: signs of a lead that was not followed rightly."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..layout import Place
from .ink_runs import INK, InkRuns, columns_of

APART_MM = 2.0
"""Leads whose rows are nearer than this stand in one row."""
EDGE_MM = 0.5
"""Ink so near a trace is its own edge."""
REACH_MM = 12.0
"""Ink farther than this from a row, or nearer to the next row, is none that the lead could have left."""
SAMPLED = 2
"""Every so manieth row and column is looked at for ink that none has taken."""
GAP_MM = 1.0
"""Stretches of it that are no farther apart are one."""


@dataclass(frozen=True)
class Claim:
    """Of one lead: the numbers of the leads of other rows in whose ink it is for more than a column, `shared_with`; the share of its columns with ink near its row
    that no lead has taken, `unclaimed_share`, and the longest stretch of such, `unclaimed_mm`."""

    shared_with: tuple[int, ...]
    unclaimed_share: float
    unclaimed_mm: float


def claims(runs: InkRuns, places: Sequence[Place], spans: Sequence[np.ndarray]) -> list[Claim]:
    """A `Claim` of each of the `places`, of (w, 2) `spans`: the first and the last row of the ink that its trace covers in each column, NaN where it is lost."""
    width, (across, down) = len(runs.columns), runs.px_per_mm
    top = np.full((len(places), width), -1)
    for number, (place, span) in enumerate(zip(places, spans, strict=True)):
        x = columns_of(place)
        known = np.isfinite(span).all(axis=1)
        x, rows = x[known], np.clip(np.rint(span[known].mean(axis=1)).astype(int), 0, runs.ink.shape[0] - 1)
        inked = runs.columns[x, rows] >= INK
        top[number, x[inked]] = runs.extent(rows[inked], x[inked])[0]
    unclaimed = _unclaimed(runs, places, spans)
    rows_px = np.array([place.zero_px for place in places])
    found = []
    for number, place in enumerate(places):
        left, right = max(place.box.left, 0), min(place.box.right, width)
        own = top[number, left:right]
        apart = np.abs(rows_px - place.zero_px)
        others = np.flatnonzero(apart > APART_MM * down)
        same = (top[others, left:right] == own) & (own >= 0)
        reach = min(REACH_MM * down, 0.5 * float(apart[others].min())) if len(others) else REACH_MM * down
        first, last = (max(round((place.zero_px + side * reach) / SAMPLED), 0) for side in (-1, 1))
        near = unclaimed[left // SAMPLED : right // SAMPLED, first:last].any(axis=1)
        found.append(
            Claim(
                tuple(others[np.count_nonzero(same, axis=1) > 1].tolist()),
                float(near.mean()) if near.size else 0.0,
                _longest(near, round(GAP_MM * across / SAMPLED)) * SAMPLED / across,
            )
        )
    return found


def _unclaimed(runs: InkRuns, places: Sequence[Place], spans: Sequence[np.ndarray]) -> np.ndarray:
    """(W / `SAMPLED`, H / `SAMPLED`) bool: ink that no lead's trace covers."""
    inked = runs.columns[::SAMPLED, : runs.ink.shape[0] : SAMPLED] >= INK
    begins = np.zeros((inked.shape[0], inked.shape[1] + 1), np.int8)
    margin = EDGE_MM * runs.px_per_mm[1]
    for place, span in zip(places, spans, strict=True):
        x = columns_of(place)
        some = np.isfinite(span).all(axis=1) & (x % SAMPLED == 0)
        ends = np.sort(span[some], axis=1) + [-margin, margin]
        first, last = np.clip(np.rint(ends / SAMPLED).astype(int), 0, inked.shape[1] - 1).T
        column = x[some] // SAMPLED
        begins[column, first] += 1
        begins[column, last + 1] -= 1
    return np.asarray(inked & (np.cumsum(begins, axis=1, dtype=np.int8)[:, :-1] == 0))


def _longest(there: np.ndarray, gap: int) -> int:
    """From the first to the last of (n,) bool that follow each other within `gap`: the most samples of any stretch."""
    at = np.flatnonzero(there)
    if not at.size:
        return 0
    ends = np.flatnonzero(np.diff(at) > gap + 1)
    return int((at[np.append(ends, at.size - 1)] - at[np.insert(ends + 1, 0, 0)]).max()) + 1
