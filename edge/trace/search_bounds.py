"""The rows of a page in which a trace's cheapest path can run at all, told from a coarse look at the page."""

from dataclasses import dataclass

import numpy as np

from .ink_runs import CLIMB_INK_COST, CLIMB_PAPER_COST, INK, PAPER, PAPER_COST, THIN_COST
from .shortest_path import climbed

CELL_PX = 16
"""So many columns are looked at as one."""
MARGIN = 5.0
"""What a path costs at most, as a rule, above what the coarse look tells: letters it passes, gaps it bridges."""
ROUNDING = 0.5
"""What sums of costs are wrong by at most, and more."""
_LEAST = np.where(np.arange(256) < INK, PAPER_COST * PAPER + THIN_COST, PAPER_COST * PAPER).astype(np.float32)
"""What a pixel costs at least, by its ink, whatever is gained."""


@dataclass(frozen=True)
class Band:
    """Rows `top` to `bottom` of a page: a path within them that costs less than `limit` is the cheapest of all."""

    top: int
    bottom: int
    limit: float


class Bands:
    """A coarse look at the ink of a page: in every `CELL_PX` columns climbing costs what it costs where most ink is in each row."""

    def __init__(self, strokes):
        self._strokes = strokes
        columns = -(-strokes.ink.shape[1] // CELL_PX)
        most = np.zeros((strokes.ink.shape[0], columns), np.uint8)
        for offset in range(CELL_PX):
            part = strokes.ink[:, offset::CELL_PX]
            np.maximum(most[:, : part.shape[1]], part, out=most[:, : part.shape[1]])
        paper = PAPER[most]
        paper[1:] += paper[:-1].copy()
        paper *= 0.5 * (CLIMB_PAPER_COST - CLIMB_INK_COST)
        paper += CLIMB_INK_COST
        self._climb = np.ascontiguousarray(np.cumsum(paper, axis=0).T)

    def bands(self, places, away, start, top_rows, height, is_short):
        """The `Band` of each of several places of about one width.

        A path that visits a row in a cell has come there and goes on from there: the least that both cost, but for what is gained, is a bound
        that all paths outside of a band keep to.

        Parameters
        ----------
        places : the places, `top_rows` the first of the `height` rows that each may run in
        away : function of (place, its index, columns, rows) that adds to a (columns, rows) cost what it costs to be nearer to other leads
        start : (k, height) float32, what it costs to begin in a row, and to end, but for the places that are `is_short`
        """
        strokes = self._strokes
        cells = [np.arange(p.box.left // CELL_PX, (p.box.right - 1) // CELL_PX + 1) for p in places]
        count = max(map(len, cells))
        cost, climb = np.zeros((2, count, len(places), height), np.float32)
        for k, (place, own, top) in enumerate(zip(places, cells, top_rows, strict=True)):
            rows, x = slice(top, top + height), np.maximum(own * CELL_PX, place.box.left)
            cost[: len(own), k] = _LEAST.take(strokes.ink[rows, x].T)
            cost[: len(own), k][strokes.erased(top, top + height, x)] = 0
            away(cost[: len(own), k], k, x)
            climb[: len(own), k], climb[len(own) :, k] = self._climb[own, rows], self._climb[own[-1], rows]
        come, best, going = np.empty_like(cost), start, np.empty_like(start)
        spare = np.empty_like(start), np.empty_like(start)
        for x in range(count):
            climbed(best + cost[x], climb[x], come[x], spare)
            best = come[x]
        onward = np.where(is_short[:, None], np.float32(0), start)
        least = np.full_like(start, np.inf)
        for x in range(count - 1, -1, -1):
            climbed(onward, climb[x], going, spare)
            np.minimum(least, np.add(come[x], going, out=spare[0]), out=least)
            onward = going + cost[x]
        return [
            _band(bound, top, float(strokes.most[place.box.left : place.box.right].sum()))
            for bound, top, place in zip(least, top_rows, places, strict=True)
        ]


def _band(least, top, gained):
    """The `Band` of the rows (h,) from `top` on that the cheapest path may visit, by what it costs at `least` to, if so much is `gained`."""
    rows = np.flatnonzero(least <= least.min() + gained + MARGIN)
    beyond = np.concatenate([least[: rows[0]], least[rows[-1] + 1 :]])
    return Band(top + int(rows[0]), top + int(rows[-1]) + 1, float(beyond.min(initial=np.inf)) - gained - ROUNDING)
