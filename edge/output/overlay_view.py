"""How a picture is shown with what was read in it: upright, at a size at which print and lines are legible."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from .colours import PAPER

if TYPE_CHECKING:
    from PIL import Image

    from ..stages import Stages

Points = npt.NDArray[np.floating]
Size = tuple[int, int]
"""(width, height) in pixels."""

LONG_SIDE_PX = (1200, 1600)
"""The shown picture's longer side is brought between these."""
BESIDE_SHARE = 0.05
"""Of a picture that was turned so much of its longer side is shown about the page."""
LEAST_TURN_DEG = 1.0
"""Pages that lie straighter are shown as they lie: every pixel of a scan stays as it is."""


@dataclass(frozen=True)
class View:
    """A picture as it is shown: `size`, `matrix` (2, 3) from the picture's pixels to shown ones, and the `scale` in it."""

    size: Size
    matrix: npt.NDArray[np.float64]
    scale: float

    def points(self, points: Points) -> Points:
        """(n, 2) shown pixels of the picture's."""
        shown: Points = np.asarray(points, float) @ self.matrix[:, :2].T + self.matrix[:, 2]
        return shown

    def draw(self, picture: Image.Image) -> Image.Image:
        """The picture in RGB as it is shown; the colour of paper where a turned one does not reach."""
        from PIL import Image

        resample = Image.Resampling.LANCZOS if self.scale < 1 else Image.Resampling.BICUBIC
        width, height = (max(round(side * self.scale), 1) for side in picture.size)
        resized = picture.convert("RGB").resize((width, height), resample)
        if (width, height) == self.size and self.matrix[0, 1] == 0:
            return resized
        turn = np.vstack([self.matrix @ np.diag([1 / self.scale, 1 / self.scale, 1]), [0, 0, 1]])
        back = np.linalg.inv(turn)[:2].ravel().tolist()
        method = Image.Transform.AFFINE
        return resized.transform(self.size, method, back, Image.Resampling.BICUBIC, fillcolor=PAPER)


def view_of(size: Size, stages: Stages | None) -> View:
    """The `View` of a picture of `size`: turned so that its page is upright where it is known how the page lies, else as it is."""
    turn = -math.radians(_turn_deg(stages))
    rotation = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    corners = np.array([(0, 0), (size[0], 0), size, (0, size[1])], float) @ rotation.T
    least, most = corners.min(axis=0), corners.max(axis=0)
    if turn % (math.pi / 2) and stages is not None and stages.page is not None and stages.page.corners is not None:
        # A turned picture has empty corners: what is far from the page is left out.
        page = np.asarray(stages.page.corners, float) @ rotation.T
        about = BESIDE_SHARE * max(size)
        least, most = np.maximum(least, page.min(axis=0) - about), np.minimum(most, page.max(axis=0) + about)
    extent = most - least
    scale = float(np.clip(extent.max(), *LONG_SIDE_PX) / extent.max())
    width, height = (max(round(side * scale), 1) for side in extent.tolist())
    return View((width, height), np.column_stack([rotation * scale, -least * scale]), scale)


def to_shown(view: View, stages: Stages | None, points: Points) -> Points:
    """(n, 2) shown pixels of a page's; without a page its pixels are the picture's."""
    page = stages.page if stages else None
    return view.points(page.to_picture(points) if page else np.asarray(points, float))


def _turn_deg(stages: Stages | None) -> float:
    """By how many degrees the page is turned clockwise in its picture; 0 where that is not known, or hardly anything."""
    page, found = (stages.page, stages.arrangement) if stages else (None, None)
    if page is None or found is None or not found.places:
        return 0.0
    boxes = np.array([place.box.corners for place in found.places], float)
    (left, top), (right, bottom) = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    middle = (top + bottom) / 2
    across, down = np.diff(page.to_picture(np.array([(left, middle), (right, middle)])), axis=0)[0].tolist()
    turn = math.degrees(math.atan2(down, across))
    quarter = 90.0 * round(turn / 90)
    return turn if abs(turn - quarter) >= LEAST_TURN_DEG else quarter
