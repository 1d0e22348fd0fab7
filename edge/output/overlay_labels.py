"""Where names of leads stand over a picture: beside the traces, on free paper."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from PIL import Image

Points = npt.NDArray[np.floating]

STEP_PX = 3
"""Places are tried so far apart."""
DOWN_COST = 2.0
"""A pixel further up or down counts as so many across: a name belongs to the row that it stands in."""


class FreeRoom:
    """What of a picture of `size` (width, height) is still free of traces, of print, and of the names that were given a place."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.taken = np.zeros(size[::-1], bool)

    def take_lines(self, lines: Iterable[Points], width_px: int) -> None:
        """Open lines (n, 2), so wide, with gaps at NaN."""
        from PIL import Image, ImageDraw

        height, width = self.taken.shape
        drawn = Image.new("1", (width, height))
        draw = ImageDraw.Draw(drawn)
        for line in lines:
            known = np.isfinite(line).all(axis=1)
            ends = np.flatnonzero(np.diff(known.astype(int), prepend=0, append=0))
            for start, stop in zip(ends[::2], ends[1::2], strict=True):
                if stop - start > 1:
                    draw.line(line[start:stop].ravel().tolist(), 1, width_px, joint="curve")
        self.taken |= np.asarray(drawn)

    def take_points(self, points: Points, about_px: int) -> None:
        """Each of the points (n, 2), and so much about it."""
        height, width = self.taken.shape
        columns, rows = np.round(points).astype(int).T
        for right in range(-about_px, about_px + 1):
            for down in range(-about_px, about_px + 1):
                x, y = columns + right, rows + down
                inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
                self.taken[y[inside], x[inside]] = True

    def take_changes(self, before: Image.Image, after: Image.Image) -> None:
        """Where two pictures of this size differ."""
        self.taken |= (np.asarray(before) != np.asarray(after)).any(axis=-1)

    def place(
        self, extent: tuple[int, int], near: tuple[float, float], within: tuple[float, float, float, float]
    ) -> tuple[int, int] | None:
        """The left top corner of a tag of `extent` (width, height): the free place nearest to `near` of all `within` (left, top, right, bottom), which
        is taken from then on; None where there is none."""
        (wide, high), (height, width) = extent, self.taken.shape
        left, top = max(0, int(within[0])), max(0, int(within[1]))
        right, bottom = min(width, int(within[2])) - wide, min(height, int(within[3])) - high
        if right < left or bottom < top:
            return None
        # What lies under a tag at each place, from sums over all that lies above and at the left.
        part = self.taken[top : bottom + high, left : right + wide]
        total = np.pad(part.cumsum(0, dtype=np.int32).cumsum(1), ((1, 0), (1, 0)))
        y, x = np.mgrid[0 : bottom - top + 1 : STEP_PX, 0 : right - left + 1 : STEP_PX]
        covered = total[y + high, x + wide] - total[y, x + wide] - total[y + high, x] + total[y, x]
        away = np.hypot(x + left - near[0], DOWN_COST * (y + top - near[1]))
        best = np.unravel_index(np.argmin(np.where(covered > 0, np.inf, away)), away.shape)
        if covered[best] > 0:
            return None
        corner = int(x[best]) + left, int(y[best]) + top
        self.taken[corner[1] : corner[1] + high, corner[0] : corner[0] + wide] = True
        return corner
