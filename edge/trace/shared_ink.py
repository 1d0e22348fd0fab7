"""Which leads of a page share ink: where rows cross, one of them may have been given what is the other's."""

from collections.abc import Sequence

import numpy as np

from ..layout import Place
from .ink_runs import INK, InkRuns, columns_of

APART_MM = 2.0
"""Leads whose rows are nearer than this stand in one row."""
MIN_COLUMNS = 2
"""Ink that they share in fewer columns is a speck."""


def shared_ink(runs: InkRuns, places: Sequence[Place], spans: Sequence[np.ndarray]) -> list[tuple[int, ...]]:
    """For each of the `places` the numbers of those in other rows with which it shares runs of ink.

    `spans` are (w, 2): the first and the last row of the ink that its trace covers in each column, NaN where it is lost.
    """
    width, down = len(runs.columns), runs.px_per_mm[1]
    top = np.full((len(places), width), -1)
    for number, (place, span) in enumerate(zip(places, spans, strict=True)):
        x = columns_of(place)
        known = np.isfinite(span).all(axis=1)
        x, rows = x[known], np.clip(np.rint(span[known].mean(axis=1)).astype(int), 0, runs.ink.shape[0] - 1)
        inked = runs.columns[x, rows] >= INK
        top[number, x[inked]] = runs.extent(rows[inked], x[inked])[0]
    rows_px = np.array([place.zero_px for place in places])
    found = []
    for number, place in enumerate(places):
        part = slice(max(place.box.left, 0), min(place.box.right, width))
        own, others = top[number, part], np.flatnonzero(np.abs(rows_px - place.zero_px) > APART_MM * down)
        same = (top[others, part] == own) & (own >= 0)
        found.append(tuple(others[np.count_nonzero(same, axis=1) >= MIN_COLUMNS].tolist()))
    return found
