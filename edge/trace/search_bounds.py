"""The rows of a page in which a trace's cheapest path can run at all, estimated on a coarse copy of the page's ink."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..compiled.library import address, compiled
from ..compiled.structures import Lead
from ..layout import Place
from .beside_ink import AWAY_COST, BesideInk
from .ink_runs import CLIMB_INK_COST, CLIMB_SHARE, INK, PAPER, PAPER_COST, THIN_COST, InkRuns
from .shortest_path import least_through

CELL_PX = 16
"""So many columns are taken as one."""
MARGIN = 3.0
"""What a path costs at most, as a rule, above the coarse estimate: letters it passes, gaps it bridges. Where it costs more it is searched for once more."""
ROUNDING = 0.5
"""What sums of costs are wrong by at most, and more."""
_LEAST_COST = np.where(np.arange(256) < INK, PAPER_COST * PAPER + THIN_COST, PAPER_COST * PAPER).astype(np.float32)
"""What a pixel costs at least, by its ink, but for what is gained."""


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


@dataclass(frozen=True, eq=False)
class RowCosts:
    """What a path of a place costs at least.

    A path that visits a row in a cell has come there and goes on from there: the least that both cost is a lower bound of the cost of all paths that visit it. What it
    gains in a cell is at most what there is to gain in each column, where it visits a row of a long run.

    Attributes
    ----------
    place
    top : the first row in which the path may run at all
    through : (cells, h) float32, the least cost of a path that visits each row from there on in each cell of `CELL_PX` columns
    """

    place: Place
    top: int
    through: np.ndarray

    def likely(self) -> SearchBounds:
        """The `SearchBounds` in which the cheapest path is, as a rule."""
        return self._within(MARGIN)

    def below(self, cost: float) -> SearchBounds:
        """The `SearchBounds` out of which no path is as cheap as one that is known to cost so much."""
        return self._within(cost + 2 * ROUNDING - self._least)

    @cached_property
    def _least(self) -> float:
        return float(self.through.min())

    def _within(self, slack: float) -> SearchBounds:
        """The `SearchBounds` of what a path visits for so much more than the least."""
        limit, library = float(np.float32(self._least + slack)), compiled()
        lows, highs = np.empty((2, len(self.through)), np.int64)
        if library and self.through.flags.c_contiguous:
            shape = *self.through.shape, self.top
            beyond = library["rows_within"](*shape, address(self.through), limit, address(lows), address(highs))
        else:
            likely = self.through <= np.float32(limit)
            lows, highs = likely.argmax(axis=1), likely.shape[1] - likely[:, ::-1].argmax(axis=1)
            rows = np.arange(likely.shape[1])
            beyond = self.through[(rows < lows[:, None]) | (rows >= highs[:, None])].min(initial=np.inf)
            lows, highs = lows + self.top, highs + self.top
        left, right = self.place.box.left, self.place.box.right
        cell = np.arange(left, right) // CELL_PX - left // CELL_PX
        return SearchBounds(lows[cell], highs[cell], float(beyond) - ROUNDING)


class CoarseInk:
    """The ink of a page in cells of `CELL_PX` columns: climbing in one costs what it costs where most ink is in each row."""

    def __init__(self, runs: InkRuns) -> None:
        self._runs = runs
        height, width = runs.ink.shape
        self._gains = runs.gains_of_rows(CELL_PX)
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

    def row_costs(
        self,
        places: Mapping[int, Place],
        beside: Mapping[int, BesideInk],
        reach: Mapping[int, tuple[int, int]],
        width: int,
    ) -> dict[int, RowCosts]:
        """{i: the `RowCosts`} of several places of about one `width`.

        Parameters
        ----------
        places : {i: the place}
        beside : {i: what its path costs beside ink}
        reach : {i: (first row, number of rows)} in which its path may run at all, the number the same for all
        width : a place that is narrower has a path that may end anywhere
        """
        through = (self._through_compiled if compiled() else self._through_in_numpy)(places, beside, reach, width)
        return {i: RowCosts(place, reach[i][0], through[i]) for i, place in places.items()}

    def _gain(self, place: Place) -> np.ndarray:
        """(cells,) float32: what a path may gain in each cell of a place."""
        _, x = _cells_of(place)
        return np.add.reduceat(self._runs.most_gain[: place.box.right], x)

    def _through_compiled(
        self,
        places: Mapping[int, Place],
        beside: Mapping[int, BesideInk],
        reach: Mapping[int, tuple[int, int]],
        width: int,
    ) -> dict[int, np.ndarray]:
        """{i: (cells, h) float32, the least cost of a path that visits each row of each cell}, by `compiled/traces.c`."""
        library, found = compiled(), {}
        assert library
        for i, place in places.items():
            cells, x = _cells_of(place)
            top, height = reach[i]
            lead = Lead(
                left=place.box.left, right=place.box.right, others=len(beside[i].nearer), rectangles=beside[i].nearer,
                ends_anywhere=place.box.right - place.box.left < width, end=beside[i].end, away=AWAY_COST,
            )  # fmt: skip
            gain, scratch = self._gain(place), np.empty((2 * len(cells) + 6) * height, np.float32)
            found[i] = np.empty((len(cells), height), np.float32)
            library["row_costs"](
                self._runs.page.address, lead.address, len(cells), address(x), address(gain), address(_LEAST_COST),
                address(self._climb_cost[cells[0] :]), address(self._gains[cells[0] :]), top, top + height, address(scratch), address(found[i]),
            )  # fmt: skip
        return found

    def _through_in_numpy(
        self,
        places: Mapping[int, Place],
        beside: Mapping[int, BesideInk],
        reach: Mapping[int, tuple[int, int]],
        width: int,
    ) -> dict[int, np.ndarray]:
        """As `_through_compiled`, all places at once."""
        runs = self._runs
        cells = {i: _cells_of(place) for i, place in places.items()}
        count, height = max(len(own) for own, _ in cells.values()), next(iter(reach.values()))[1]
        cost, climb_cost = np.zeros((2, count, len(places), height), np.float32)
        gain, gains = np.zeros((count, len(places)), np.float32), np.zeros_like(cost)
        for k, i in enumerate(places):
            (own, x), rows = cells[i], slice(reach[i][0], reach[i][0] + height)
            cost[: len(own), k] = _LEAST_COST.take(runs.columns[x, rows])
            cost[: len(own), k][runs.erased(rows.start, rows.stop, x)] = 0
            beside[i].add_away(cost[: len(own), k], rows.start, x)
            gain[: len(own), k], gains[: len(own), k] = self._gain(places[i]), self._gains[own, rows]
            climb_cost[: len(own), k] = self._climb_cost[own, rows]
            climb_cost[len(own) :, k] = self._climb_cost[own[-1], rows]
        end_cost = np.stack([beside[i].end[reach[i][0] :][:height] for i in places])
        is_short = np.array([place.box.right - place.box.left < width for place in places.values()])
        through = least_through(
            cost, climb_cost, end_cost, np.where(is_short[:, None], np.float32(0), end_cost), gain, gains
        )
        return {i: through[: len(cells[i][0]), k] for k, i in enumerate(places)}


def _cells_of(place: Place) -> tuple[np.ndarray, np.ndarray]:
    """((cells,) int64 the cells of a place, the column in which each is entered)."""
    cells = np.arange(place.box.left // CELL_PX, (place.box.right - 1) // CELL_PX + 1)
    return cells, np.maximum(cells * CELL_PX, place.box.left)
