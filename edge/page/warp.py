"""From a picture to a flat page: homographies, the displacement by curl and folds, and one resampling.

The displacement that the homography leaves is measured by the grid's phase: a carrier of known pitch, demodulated over cells
(Takeda M., Ina H., Kobayashi S., "Fourier-transform method of fringe-pattern analysis", J. Opt. Soc. Am. 72 (1), 1982, 156–160,
DOI 10.1364/JOSA.72.000156).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .pixels import resampled

if TYPE_CHECKING:
    from PIL import Image

CELL_MM = 5.0
DRAFT_PX_PER_MM = 4
CELL_PX = int(CELL_MM * DRAFT_PX_PER_MM)
MANY_CELLS, MANY_CELL_PX = 6000, 12
"""More cells than a sheet of A3 has are another multiple of its grid, for which fewer pixels each are enough."""
SMOOTH_CELLS = 1.5
LEAST_POWER = 1e-6
"""The power of a carrier on paper that is not quite blank; no division by zero where it is."""
ROWS_OF_CELLS = 6
"""So many rows of a mesh's cells are resampled at once."""
CHANCE = 0.2
"""Coherence that noise has by chance after that smoothing."""
PASSES = (((1, 5), 3, 6), ((1, 5), 6, 2), ((1, 5), 12, 1))
"""Of each pass the harmonics, in waves a cell (bold lines, millimetres), the degree of the displacement, and how many
cells the draft takes for flat."""
CLEAR_COHERENCE = 0.2
"""The last pass, of the sharpest bends, is made where the coherence of a quarter of the cells is at least so high: what is no grid has no bends.
Noise has up to 0.07, faint and bent grids have more than 0.3."""


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


def straighten(
    image: Image.Image, mesh: Mesh, normalised: Callable[[np.ndarray], np.ndarray]
) -> tuple[Mesh, np.ndarray]:
    """The mesh with the bends of the paper removed, by the phase of the grid in the flat page.

    Parameters
    ----------
    image : the RGB picture of the mesh
    mesh : with the cells of the grid, 5 mm, but for the displacement that is to be found
    normalised : function of (H, W, 3) uint8 to (H, W) float32 with dark lines negative

    Returns
    -------
    (mesh, (R, C) float32 strength of the grid in each cell, as amplitude over the spread of the page)
    """
    cell_px = CELL_PX if mesh.nodes[..., 0].size <= MANY_CELLS else MANY_CELL_PX
    strength = np.ones(1, np.float32)
    for number, (waves, degree, step) in enumerate(PASSES, 1):
        if number == len(PASSES) and np.quantile(strength, 0.75) < CLEAR_COHERENCE:
            break
        values = normalised(mesh.colours(image, cell_px / mesh.spacing_px, step))
        across, strength_across = _displacement(values, 1, waves, degree, cell_px)
        down, strength_down = _displacement(values, 0, waves, degree, cell_px)
        del values  # before the next are made
        mesh = _moved(mesh, np.stack([across, down], axis=-1))
        # The sharpest bends follow noise, too, beyond the paper: the last pass does not say where there is a grid.
        strength = np.minimum(strength_across, strength_down) if number < len(PASSES) else strength
    return mesh, strength


def _carriers(values: np.ndarray, axis: int, waves: tuple[int, ...], cell_px: int) -> dict[int, np.ndarray]:
    """{cycles: (R, C) complex}: the amplitude and phase of so many `waves` a cell along `axis`, for each cell of `cell_px`."""
    rows, columns = values.shape[0] // cell_px, values.shape[1] // cell_px
    blocks = values[: rows * cell_px, : columns * cell_px].reshape(rows, cell_px, columns, cell_px)
    # The wave is constant along its crests: the mean along these comes first, for a fraction of the memory.
    profiles = blocks.mean(axis=1 if axis == 1 else 3)
    shape, length = ((columns, cell_px), columns) if axis == 1 else ((rows, cell_px, 1), rows)
    places, found = np.arange(length * cell_px) + 0.5, {}
    for cycles in waves:
        wave = np.exp(-2j * np.pi * cycles * places / cell_px).astype(np.complex64)
        # Lines are dark, negative: hence the sign.
        found[cycles] = -(profiles * wave.reshape(shape)).mean(axis=2 if axis == 1 else 1)
    return found


def _smooth(field: np.ndarray, sigma: float = SMOOTH_CELLS) -> np.ndarray:
    from scipy import ndimage

    return ndimage.gaussian_filter(field.real, sigma) + 1j * ndimage.gaussian_filter(field.imag, sigma)


def _smoothed(field: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(the smoothed field, 0..1 for each cell of a complex field: how far it and its neighbours agree in phase)."""
    from scipy import ndimage

    power, smooth = ndimage.gaussian_filter(np.abs(field) ** 2, SMOOTH_CELLS), _smooth(field)
    return smooth, np.minimum(np.abs(smooth) ** 2 / (power + LEAST_POWER), 1.0)


def _displacement(
    values: np.ndarray, axis: int, waves: tuple[int, ...], degree: int, cell_px: int
) -> tuple[np.ndarray, np.ndarray]:
    """((R, C) displacement of the lines along `axis` in cells, (R, C) coherence of the clearest of `waves`)."""
    fields = _carriers(values, axis, waves, cell_px)
    # The polynomial alone: the residual of single cells is more often noise of compression and of strokes than paper.
    smoothed = {wave: _smoothed(field) for wave, field in fields.items()}
    cells = _surface(smoothed, degree)
    wave = min(fields)
    offset = np.angle((fields[wave] * np.exp(2j * np.pi * wave * cells)).sum()) / (2 * np.pi * wave)
    return cells - offset, np.max([coherence for _, coherence in smoothed.values()], axis=0)


def _surface(smoothed: dict[int, tuple[np.ndarray, np.ndarray]], degree: int) -> np.ndarray:
    """(R, C) smooth displacement in cells: the polynomial whose steps from cell to cell are those of the phases of fields, smoothed and with coherence.

    Each of its terms is a polynomial of the row times one of the column, so that the sums of products of two terms over all cells are taken along rows
    first, of all pairs of polynomials, and then down columns.
    """
    rows, columns = next(iter(smoothed.values()))[0].shape
    across = np.polynomial.chebyshev.chebvander(np.linspace(-1, 1, columns), degree)
    down = np.polynomial.chebyshev.chebvander(np.linspace(-1, 1, rows), degree)
    order = np.add.outer(np.arange(degree + 1), np.arange(degree + 1))
    # Of the row first, as below.
    kept = np.flatnonzero((order > 0) & (order <= degree))
    certainties = {}
    for wave, (_, coherence) in smoothed.items():
        sure = np.clip(coherence - CHANCE, 0, 1)
        # The inverse variance of a phase, in cells.
        certainties[wave] = wave**2 * sure / (1 - 0.99 * sure)
    square, right = np.zeros((order.size, order.size)), np.zeros(order.shape)
    weights: list[np.ndarray] = []
    for axis, (of_row, of_column) in enumerate(((np.diff(down, axis=0), across), (down, np.diff(across, axis=0)))):
        certainty = steps = np.zeros(1)
        for wave, (smooth, _) in smoothed.items():
            ahead, here = _neighbours(smooth, axis)
            step = -np.angle(ahead * np.conj(here)) / (2 * np.pi * wave)
            weights.append(np.minimum(*_neighbours(certainties[wave], axis)))
            certainty, steps = certainty + weights[-1], steps + weights[-1] * step
        both = _pairs(of_row).T @ (certainty @ _pairs(of_column))
        square = square + both.reshape([degree + 1] * 4).swapaxes(1, 2).reshape(square.shape)
        right = right + of_row.T @ steps @ of_column
    usual = np.concatenate([each.ravel() for each in weights]).mean() + 1e-12
    # High orders are held back where the grid is not clear.
    ridge = np.diag(1e-3 * order.ravel()[kept] ** 4)
    coefficients = np.zeros(order.size)
    coefficients[kept] = np.linalg.solve(square[np.ix_(kept, kept)] / usual + ridge, right.ravel()[kept] / usual)
    return np.asarray(down @ coefficients.reshape(order.shape) @ across.T)


def _pairs(values: np.ndarray) -> np.ndarray:
    """(n, k * k): the products of each two of (n, k) values."""
    return (values[:, :, None] * values[:, None]).reshape(len(values), -1)


def _neighbours(field: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """(values of the second to the last, of the first to the last but one) along an axis."""
    ahead = np.take(field, np.arange(1, field.shape[axis]), axis)
    here = np.take(field, np.arange(field.shape[axis] - 1), axis)
    return ahead, here


def _moved(mesh: Mesh, cells: np.ndarray) -> Mesh:
    """The mesh moved by a displacement (R - 1, C - 1, 2) in cells, known at the middles of its own."""
    from scipy import ndimage

    rows, columns = mesh.nodes.shape[:2]
    across, down = np.arange(columns) - 0.5, np.arange(rows) - 0.5
    places = np.stack(np.meshgrid(down, across, indexing="ij"))
    moved = [ndimage.map_coordinates(cells[..., axis], places, order=1, mode="nearest") for axis in (0, 1)]
    points = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=-1) + np.stack(moved, axis=-1)
    nodes = mesh.to_picture(points.reshape(-1, 2) * mesh.spacing_px).reshape(mesh.nodes.shape)
    return Mesh(nodes, mesh.spacing_px)
