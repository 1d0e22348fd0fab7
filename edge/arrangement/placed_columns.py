"""Where the columns of a pattern are on rows of a page: their edges, their base lines, and where their names begin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from . import columns
from .coarse_page import PX_PER_MM, CoarsePage
from .rows import REACH_MM

ROW_MM = 7.5
"""Base lines nearer to each other belong to one row, in columns that are not level."""
BEFORE_MM = 7.0
"""How far a pulse may stand before the column that it belongs to."""
NAME_BEFORE_MM = 5.0
"""How far before a pulse that opens its column a name is searched for."""


class PlacedColumns(NamedTuple):
    """In the pixels of a coarse page: where traces end, the edges (columns + 1,) of the columns and the strength of the lines between them, base lines
    (rows, columns), and from where on names are searched for (columns,)."""

    ends: tuple[float, float]
    edges: np.ndarray
    strength: float
    zeros: np.ndarray
    starts: np.ndarray


def placed_columns(
    coarse: CoarsePage, lines: Sequence[float], grid_rows: int, count: int, even: bool
) -> PlacedColumns | None:
    """So many columns on rows with these base lines, of which `grid_rows` are those of the grid, by what separates them or `even` ones; None where
    there are no traces."""
    ends = columns.extent(coarse, lines)
    if ends is None:
        return None
    find = columns.even_edges if even else columns.edges_of
    edges, strength = find(coarse, lines[:grid_rows], ends, count)
    return PlacedColumns(ends, edges, strength, zeros_of(coarse, lines, edges), starts_of(coarse, edges))


def zeros_of(coarse: CoarsePage, lines: Sequence[float], edges: np.ndarray) -> np.ndarray:
    """(rows, columns) of base lines: on a pulse before the cell, else the row's pulse, else where the cell's trace is mostly."""
    x, y = coarse.points
    zeros = np.empty((len(lines), len(edges) - 1))
    reach = REACH_MM * PX_PER_MM
    for row, line in enumerate(lines):
        feet = [pulse for pulse in coarse.pulses if abs(pulse.foot - line) <= ROW_MM * PX_PER_MM]
        for column, (left, right) in enumerate(zip(edges, edges[1:], strict=False)):
            own = [pulse.foot for pulse in feet if 0 <= left - pulse.right <= BEFORE_MM * PX_PER_MM]
            here = y[(x >= left) & (x < right) & (np.abs(y - line) <= reach)]
            if own or feet:
                zeros[row, column] = own[0] if own else feet[0].foot
            elif here.size:
                counts = np.bincount(np.rint(here - line + reach).astype(int), minlength=int(2 * reach) + 3)
                zeros[row, column] = line - reach + np.argmax(np.convolve(counts, np.ones(3), mode="same"))
            else:
                zeros[row, column] = line
    return zeros


def starts_of(coarse: CoarsePage, edges: np.ndarray) -> np.ndarray:
    """(columns,): from where on names are searched for, before a pulse that opens its column."""
    starts = []
    for edge in edges[:-1]:
        opening = [pulse.left for pulse in coarse.pulses if 0 <= edge - pulse.right <= BEFORE_MM * PX_PER_MM]
        starts.append(min(opening) - NAME_BEFORE_MM * PX_PER_MM if opening else edge)
    return np.array(starts)
