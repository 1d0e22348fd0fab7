"""From a picture to a flat page: homographies, meshes, and one resampling."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .pixels import resampled

if TYPE_CHECKING:
    from PIL import Image

CELL_MM = 5.0
ROWS_OF_CELLS = 6
"""So many rows of a mesh's cells are resampled at once."""


def project(homography: np.ndarray, points: np.ndarray | Iterable[Iterable[float]]) -> np.ndarray:
    """(..., 2) points projected by a (3, 3) homography."""
    points = np.asarray(points, float)
    flat = points @ homography[:, :2].T + homography[:, 2]
    return flat[..., :2] / flat[..., 2:]


def homography_of(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The (3, 3) homography that takes four points `source` (4, 2) to `target` (4, 2)."""
    rows = []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y, u])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y, v])
    equations = np.array(rows, float)
    return np.append(np.linalg.solve(equations[:, :8], equations[:, 8]), 1.0).reshape(3, 3)


@dataclass(frozen=True)
class Mesh:
    """Where a flat page lies in its picture: `nodes` (R, C, 2) picture pixels of page points `spacing_px` apart, the first at (0, 0)."""

    nodes: np.ndarray
    spacing_px: float

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the page in pixels."""
        rows, columns = self.nodes.shape[:2]
        return round((columns - 1) * self.spacing_px), round((rows - 1) * self.spacing_px)

    def scaled(self, factor: float) -> Mesh:
        """The mesh for the picture resized by `factor`."""
        return Mesh((self.nodes + 0.5) * factor - 0.5, self.spacing_px)

    def between_pixels(self) -> Mesh:
        """The mesh moved by half a pixel of the picture at most, so that its nodes stand as near to the edges of pixels as they all can: where the page has the picture's
        resolution, strokes of whole pixels are smoothed alike everywhere."""
        shift = np.angle(np.exp(2j * np.pi * (self.nodes + 0.5)).mean(axis=(0, 1))) / (2 * np.pi)
        return Mesh(self.nodes - shift, self.spacing_px)

    def part(self, rows: slice, columns: slice) -> Mesh:
        """The mesh of some of its cells, given as slices."""
        return Mesh(self.nodes[rows.start : rows.stop + 1, columns.start : columns.stop + 1], self.spacing_px)

    def turned(self, turns: int) -> Mesh:
        """The mesh of the page turned as by `numpy.rot90(page, turns)`."""
        return Mesh(np.rot90(self.nodes, turns), self.spacing_px)

    def to_picture(self, points: np.ndarray | list[list[float]]) -> np.ndarray:
        """(N, 2) picture pixels of page points (N, 2) in pixels; extrapolated from the edge cells beyond the mesh. What is NaN stays so."""
        points = np.asarray(points, float) / self.spacing_px
        rows, columns = self.nodes.shape[:2]
        left, top = np.floor(np.nan_to_num(points)).astype(int).T
        left, top = np.clip(left, 0, columns - 2), np.clip(top, 0, rows - 2)
        right, below = (points - np.stack([left, top], axis=1)).T[..., None]
        upper = self.nodes[top, left] * (1 - right) + self.nodes[top, left + 1] * right
        lower = self.nodes[top + 1, left] * (1 - right) + self.nodes[top + 1, left + 1] * right
        return upper * (1 - below) + lower * below

    def resample(self, image: Image.Image, scale: float = 1.0, step: int = 1) -> Image.Image:
        """As `colours`, as a `PIL.Image`: some rows of cells after others, since the page is a third of the memory of a reading."""
        from PIL import Image

        size, boxes, quads = self._cells(scale, step)
        made = Image.new("RGB", size, "white")
        for first in range(0, len(boxes), ROWS_OF_CELLS):
            part, corners = boxes[first : first + ROWS_OF_CELLS], quads[first : first + ROWS_OF_CELLS]
            top, bottom = int(part[0, 0, 1]), int(part[-1, 0, 3])
            part = part.reshape(-1, 4) - (0, top, 0, top)
            rows = resampled(image, (size[0], bottom - top), part, corners.reshape(-1, 8))
            made.paste(Image.fromarray(rows), (0, top))
        return made

    def colours(self, image: Image.Image, scale: float = 1.0, step: int = 1) -> np.ndarray:
        """The flat page of an RGB image, (H, W, 3) uint8, `scale` times as large as `size`; white where the picture does not reach.

        Every `step`-th node is used, and those at the rim; places between them are interpolated.
        """
        size, boxes, quads = self._cells(scale, step)
        return resampled(image, size, boxes.reshape(-1, 4), quads.reshape(-1, 8))

    def _cells(self, scale: float, step: int) -> tuple[tuple[int, int], np.ndarray, np.ndarray]:
        """((width, height) of the page, the boxes (R, C, 4) of its cells, and the corners (R, C, 8) of each in the picture) as `resampled` takes them."""
        width, height = round(self.size[0] * scale), round(self.size[1] * scale)
        rows, columns = (np.append(np.arange(0, count - 1, step), count - 1) for count in self.nodes.shape[:2])
        across, down = (np.rint(ends * self.spacing_px * scale).astype(int) for ends in (columns, rows))
        # Pillow's quadrilaterals are given by corners of pixels, not by their centres.
        nodes = self.nodes[np.ix_(rows, columns)] + 0.5
        quads = np.concatenate([nodes[:-1, :-1], nodes[1:, :-1], nodes[1:, 1:], nodes[:-1, 1:]], axis=2)
        left, top = np.meshgrid(across[:-1], down[:-1])
        right, bottom = np.meshgrid(across[1:], down[1:])
        return (width, height), np.stack([left, top, right, bottom], axis=2), quads


def mesh_of(homography: np.ndarray, box: tuple[float, float, float, float], spacing: float, spacing_px: float) -> Mesh:
    """The `Mesh` of a part of a plane.

    Parameters
    ----------
    homography : (3, 3), from picture pixels to the plane
    box : (left, top, right, bottom) in the plane's units; right and bottom are moved to whole cells
    spacing, spacing_px : side of a mesh cell in the plane's units, and in pixels of the page
    """
    left, top, right, bottom = box
    across = left + spacing * np.arange(int(np.ceil((right - left) / spacing)) + 1)
    down = top + spacing * np.arange(int(np.ceil((bottom - top) / spacing)) + 1)
    plane = np.stack(np.meshgrid(across, down), axis=-1)
    return Mesh(project(np.linalg.inv(homography), plane), spacing_px)
