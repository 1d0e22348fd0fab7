"""The rows of a page in which a trace's cheapest path can run at all, estimated on a coarse copy of the page's ink."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..compiled.library import address, compiled
from ..compiled.structures import Lead
from ..layout import Place
from .beside_ink import AWAY_COST, BesideInk
from .ink_runs import CLIMB_INK_COST, CLIMB_SHARE, INK, PAPER, PAPER_COST, THIN_COST, InkRuns
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
    """In each column of a place the rows of a page from `lows` to `highs`, (w,) int64 each: a path within them that costs less than `cost_limit` is the cheapest of
    all."""

    lows: np.ndarray
    highs: np.ndarray
    cost_limit: float

    @property
    def top(self) -> int:
        """The first row of all columns."""
        return int(self.lows.min())

    @property
    def bottom(self) -> int:
        """The row after the last one of all columns."""
        return int(self.highs.max())


class CoarseInk:
    """The ink of a page in cells of `CELL_PX` columns: climbing in one costs what it costs where most ink is in each row."""

    def __init__(self, runs: InkRuns) -> None:
        self._runs = runs
        height, width = runs.ink.shape
        library = compiled()
        if library:
            self._climb_cost = np.empty((-(-width // CELL_PX), height), np.float32)
            scratch = np.empty(height, np.uint8)
            library["coarse_climb"](
                width, height, height + 1, address(runs.columns), CELL_PX, address(PAPER), CLIMB_SHARE, CLIMB_INK_COST,
                address(scratch), address(self._climb_cost),
            )  # fmt: skip
        else:
            self._climb_cost = self._climb_in_numpy()

    def _climb_in_numpy(self) -> np.ndarray:
        """(cells, H) float32: what climbing from the first row costs in each cell."""
        runs, (height, width) = self._runs, self._runs.ink.shape
        whole = width // CELL_PX
        most = np.zeros((-(-width // CELL_PX), height), np.uint8)
        cells = runs.columns[: whole * CELL_PX].reshape(whole, CELL_PX, -1)
        most[:whole] = cells.max(axis=1)[:, :height]
        if whole < len(most):
            most[whole] = runs.columns[whole * CELL_PX :, :height].max(axis=0)
        paper = PAPER[most]
        paper[:, 1:] += paper[:, :-1].copy()
        paper *= CLIMB_SHARE
        paper += CLIMB_INK_COST
        return np.cumsum(paper, axis=1)

    def search_bounds(
        self,
        places: Mapping[int, Place],
        beside: Mapping[int, BesideInk],
        reach: Mapping[int, tuple[int, int]],
        width: int,
    ) -> dict[int, SearchBounds]:
        """{i: the `SearchBounds`} of several places of about one `width`.

        A path that visits a row in a cell has come there and goes on from there: the least that both cost, but for what is gained, is a
        lower bound of the cost of all paths that leave the search bounds.

        Parameters
        ----------
        places : {i: the place}
        beside : {i: what its path costs beside ink}
        reach : {i: (first row, number of rows)} in which its path may run at all, the number the same for all
        width : a place that is narrower has a path that may end anywhere
        """
        most_gain = self._runs.most_gain
        gained = {i: float(most_gain[place.box.left : place.box.right].sum()) for i, place in places.items()}
        slack = {i: float(np.float32(gained[i] + MARGIN)) for i in places}
        found = (self._rows_compiled if compiled() else self._rows_in_numpy)(places, beside, reach, slack, width)
        bounds = {}
        for i, (lows, highs, beyond) in found.items():
            place = places[i]
            cell = np.arange(place.box.left, place.box.right) // CELL_PX - place.box.left // CELL_PX
            bounds[i] = SearchBounds(lows[cell], highs[cell], beyond - gained[i] - ROUNDING)
        return bounds

    def _rows_compiled(
        self,
        places: Mapping[int, Place],
        beside: Mapping[int, BesideInk],
        reach: Mapping[int, tuple[int, int]],
        slack: Mapping[int, float],
        width: int,
    ) -> dict[int, tuple[np.ndarray, np.ndarray, float]]:
        """{i: ((cells,) int64 first rows, those after the last, the least cost of a path that visits any other row)}, by `compiled/traces.c`."""
        library, found = compiled(), {}
        assert library
        for i, place in places.items():
            cells, x = _cells_of(place)
            top, height = reach[i]
            lead = Lead(
                left=place.box.left, right=place.box.right, others=len(beside[i].nearer), rectangles=beside[i].nearer,
                ends_anywhere=place.box.right - place.box.left < width, end=beside[i].end, away=AWAY_COST,
            )  # fmt: skip
            scratch = np.empty((2 * len(cells) + 4) * height, np.float32)
            lows, highs = np.empty((2, len(cells)), np.int64)
            climb = self._climb_cost[cells[0] :]
            beyond = library["coarse_rows"](
                self._runs.page.address, lead.address, len(cells), address(x), address(_LEAST_COST), address(climb), top, top + height,
                slack[i], address(scratch), address(lows), address(highs),
            )  # fmt: skip
            found[i] = lows, highs, float(beyond)
        return found

    def _rows_in_numpy(
        self,
        places: Mapping[int, Place],
        beside: Mapping[int, BesideInk],
        reach: Mapping[int, tuple[int, int]],
        slack: Mapping[int, float],
        width: int,
    ) -> dict[int, tuple[np.ndarray, np.ndarray, float]]:
        """As `_rows_compiled`, all places at once."""
        runs = self._runs
        cells = {i: _cells_of(place) for i, place in places.items()}
        count, height = max(len(own) for own, _ in cells.values()), next(iter(reach.values()))[1]
        cost, climb_cost = np.zeros((2, count, len(places), height), np.float32)
        for k, i in enumerate(places):
            (own, x), rows = cells[i], slice(reach[i][0], reach[i][0] + height)
            cost[: len(own), k] = _LEAST_COST.take(runs.columns[x, rows])
            cost[: len(own), k][runs.erased(rows.start, rows.stop, x)] = 0
            beside[i].add_away(cost[: len(own), k], rows.start, x)
            climb_cost[: len(own), k] = self._climb_cost[own, rows]
            climb_cost[len(own) :, k] = self._climb_cost[own[-1], rows]
        end_cost = np.stack([beside[i].end[reach[i][0] :][:height] for i in places])
        is_short = np.array([place.box.right - place.box.left < width for place in places.values()])
        through = least_through(cost, climb_cost, end_cost, np.where(is_short[:, None], np.float32(0), end_cost))
        return {
            i: _within(through[: len(cells[i][0]), k], reach[i][0], np.float32(slack[i])) for k, i in enumerate(places)
        }


def _cells_of(place: Place) -> tuple[np.ndarray, np.ndarray]:
    """((cells,) int64 the cells of a place, the column in which each is entered)."""
    cells = np.arange(place.box.left // CELL_PX, (place.box.right - 1) // CELL_PX + 1)
    return cells, np.maximum(cells * CELL_PX, place.box.left)


def _within(through: np.ndarray, top: int, slack: np.float32) -> tuple[np.ndarray, np.ndarray, float]:
    """As `_rows_compiled` has it of one place, from the (cells, h) float32 least cost of visiting each row from `top` on."""
    likely = through <= through.min() + slack
    lows, highs = likely.argmax(axis=1), through.shape[1] - likely[:, ::-1].argmax(axis=1)
    rows = np.arange(through.shape[1])
    beyond = through[(rows < lows[:, None]) | (rows >= highs[:, None])]
    return top + lows, top + highs, float(beyond.min(initial=np.inf))
