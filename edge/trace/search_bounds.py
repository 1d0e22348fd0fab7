"""The rows of a page in which a trace's cheapest path can run at all, estimated on a coarse copy of the page's ink."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..layout import Place
from .ink_runs import CLIMB_INK_COST, CLIMB_PAPER_COST, INK, PAPER, PAPER_COST, THIN_COST, InkRuns
from .shortest_path import least_through

CELL_PX = 16
"""So many columns are taken as one."""
MARGIN = 5.0
"""What a path costs at most, as a rule, above the coarse estimate: letters it passes, gaps it bridges."""
ROUNDING = 0.5
"""What sums of costs are wrong by at most, and more."""
_LEAST_COST = np.where(np.arange(256) < INK, PAPER_COST * PAPER + THIN_COST, PAPER_COST * PAPER).astype(np.float32)
"""What a pixel costs at least, by its ink, whatever is gained."""


@dataclass(frozen=True)
class SearchBounds:
    """Rows `top` to `bottom` of a page: a path within them that costs less than `cost_limit` is the cheapest of all."""

    top: int
    bottom: int
    cost_limit: float


class CoarseInk:
    """The ink of a page in cells of `CELL_PX` columns: climbing in one costs what it costs where most ink is in each row."""

    def __init__(self, runs: InkRuns) -> None:
        self._runs = runs
        height, width = runs.ink.shape
        whole = width // CELL_PX
        most = np.zeros((-(-width // CELL_PX), height), np.uint8)
        cells = runs.columns[: whole * CELL_PX].reshape(whole, CELL_PX, -1)
        most[:whole] = cells.max(axis=1)[:, :height]
        if whole < len(most):
            most[whole] = runs.columns[whole * CELL_PX :, :height].max(axis=0)
        paper = PAPER[most]
        paper[:, 1:] += paper[:, :-1].copy()
        paper *= 0.5 * (CLIMB_PAPER_COST - CLIMB_INK_COST)
        paper += CLIMB_INK_COST
        self._climb_cost = np.cumsum(paper, axis=1)

    def search_bounds(
        self,
        places: Sequence[Place],
        add_away_cost: Callable[[np.ndarray, int, np.ndarray], None],
        end_cost: np.ndarray,
        top_rows: Sequence[int],
        height: int,
        is_short: np.ndarray,
    ) -> list[SearchBounds]:
        """The `SearchBounds` of each of several places of about one width.

        A path that visits a row in a cell has come there and goes on from there: the least that both cost, but for what is gained, is a
        lower bound of the cost of all paths that leave the search bounds.

        Parameters
        ----------
        places : the places, `top_rows` the first of the `height` rows that each may run in
        add_away_cost : function of (cost, the place's index, x) that adds to a (columns, rows) cost what it costs to be nearer to other
            leads in the columns x
        end_cost : (k, height) float32, what it costs to begin in a row, and to end, but for the places that are `is_short`
        """
        runs = self._runs
        cells = [np.arange(p.box.left // CELL_PX, (p.box.right - 1) // CELL_PX + 1) for p in places]
        count = max(map(len, cells))
        cost, climb_cost = np.zeros((2, count, len(places), height), np.float32)
        for k, (place, own, top) in enumerate(zip(places, cells, top_rows, strict=True)):
            rows, x = slice(top, top + height), np.maximum(own * CELL_PX, place.box.left)
            cost[: len(own), k] = _LEAST_COST.take(runs.columns[x, rows])
            cost[: len(own), k][runs.erased(top, top + height, x)] = 0
            add_away_cost(cost[: len(own), k], k, x)
            climb_cost[: len(own), k] = self._climb_cost[own, rows]
            climb_cost[len(own) :, k] = self._climb_cost[own[-1], rows]
        beyond = np.where(is_short[:, None], np.float32(0), end_cost)
        least = least_through(cost, climb_cost, end_cost, beyond)
        return [
            _bounds_of(through, top, float(runs.most_gain[place.box.left : place.box.right].sum()))
            for through, top, place in zip(least, top_rows, places, strict=True)
        ]


def _bounds_of(least_cost: np.ndarray, top: int, gained: float) -> SearchBounds:
    """The `SearchBounds` of the rows from `top` on that the cheapest path may visit, from the (h,) least cost of visiting each; `gained`
    is what a path may gain at most."""
    rows = np.flatnonzero(least_cost <= least_cost.min() + gained + MARGIN)
    beyond = np.concatenate([least_cost[: rows[0]], least_cost[rows[-1] + 1 :]])
    cost_limit = float(beyond.min(initial=np.inf)) - gained - ROUNDING
    return SearchBounds(top + int(rows[0]), top + int(rows[-1]) + 1, cost_limit)
