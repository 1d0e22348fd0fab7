"""Which bends of the paper a homography leaves, by the phase of the grid.

Lines of known pitch are carriers, demodulated over cells (Takeda M., Ina H., Kobayashi S., "Fourier-transform method of fringe-pattern analysis", J. Opt. Soc. Am.
72 (1), 1982, 156–160, DOI 10.1364/JOSA.72.000156). What grows evenly over the whole page is found first and last, by all cells together; between, a polynomial whose
steps from cell to cell are those of the phases.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from .warp import CELL_MM, Mesh

if TYPE_CHECKING:
    from PIL import Image

DRAFT_PX_PER_MM = 4
CELL_PX = int(CELL_MM * DRAFT_PX_PER_MM)
MANY_CELLS, MANY_CELL_PX = 6000, 12
"""More cells than a sheet of A3 has are another multiple of its grid, for which fewer pixels each are enough."""
SMOOTH_CELLS = 1.5
LEAST_POWER = 1e-6
"""The power of a carrier on paper that is not quite blank; no division by zero where it is."""
CHANCE = 0.2
"""Coherence that noise has by chance after that smoothing."""
WAVES = (1, 2, 3, 4, 5)
"""Harmonics of the grid in waves a cell: those of bold lines, of which the last is that of millimetres, too."""
LINES = (1, 5)
"""Those of bold lines and of millimetres, whose coherence says where there is a grid: of more waves, one agrees by chance more often."""
PASSES = ((3, 6), (6, 2), (12, 1))
"""Of each pass the degree of the displacement, and how many cells the draft takes for flat."""
MAX_DRIFT, SMALL_DRIFT = 0.05, 0.008
"""Up to how many cells a cell the lines may drift as a homography leaves them, and after that."""
DRIFT_STEP, FINER, ROUNDS = 0.0015, 4, 3
"""How far apart the drifts are that are searched first, half of what five waves a cell can tell over a page, and how much finer the best is known after each of so many rounds more."""
CLEAR_DRIFT = 50.0
"""So many cells must agree with a drift: noise has 1, and 10 with the best of all that are searched."""
LEAST_AGREEMENT, LEAST_CERTAIN = 0.4, 0.1
"""So much of the certainty of all cells must agree with the last one, and of so many cells: a few patches of noise agree with one another."""
LEAST_CERTAINTY = 1.0
"""Where the certainty of all cells is less on average, as if it were so much: what is hardly a grid bends nothing."""
CLEAR_COHERENCE = 0.2
"""The last pass, of the sharpest bends, is made where the coherence of a quarter of the cells is at least so high: what is no grid has no bends.
Noise has up to 0.07, faint and bent grids have more than 0.3."""


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
    for number, (degree, step) in enumerate(PASSES, 1):
        if number == len(PASSES) and np.quantile(strength, 0.75) < CLEAR_COHERENCE:
            break
        values = normalised(mesh.colours(image, cell_px / mesh.spacing_px, step))
        drift = MAX_DRIFT if number == 1 else SMALL_DRIFT
        across, strength_across = _displacement(values, 1, degree, cell_px, drift)
        down, strength_down = _displacement(values, 0, degree, cell_px, drift)
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
    values: np.ndarray, axis: int, degree: int, cell_px: int, drift: float
) -> tuple[np.ndarray, np.ndarray]:
    """((R, C) displacement of the lines along `axis` in cells, which drift by up to `drift` cells a cell, (R, C) coherence of the clearer of `LINES`)."""
    fields = _carriers(values, axis, WAVES, cell_px)
    even = {wave: field / (np.abs(field) + np.median(np.abs(field)) + LEAST_POWER) for wave, field in fields.items()}
    cells = _plane(even, drift, CLEAR_DRIFT)
    # The polynomial alone: the residual of single cells is more often noise of compression and of strokes than paper.
    smoothed = {wave: _smoothed(field) for wave, field in _moved_by(cells, fields).items()}
    cells = cells + _surface(smoothed, degree)
    certain = {
        wave: np.exp(1j * np.angle(field)) * _sure(smoothed[wave][1])
        for wave, field in _moved_by(cells, fields).items()
    }
    all_certain = sum(float(np.abs(field).sum()) for field in certain.values())
    least = LEAST_AGREEMENT * max(all_certain, LEAST_CERTAIN * cells.size)
    cells = cells + _plane(certain, SMALL_DRIFT, least)
    wave = min(fields)
    offset = np.angle(_moved_by(cells, {wave: fields[wave]})[wave].sum()) / (2 * np.pi * wave)
    return cells - offset, np.max([smoothed[wave][1] for wave in LINES], axis=0)


def _sure(coherence: np.ndarray) -> np.ndarray:
    """0..1: by how much cells agree with their neighbours more than noise does by chance."""
    return np.clip(coherence - CHANCE, 0, 1)


def _moved_by(cells: np.ndarray, fields: dict[int, np.ndarray]) -> dict[int, np.ndarray]:
    """The fields as they would be without a displacement (R, C) in cells."""
    return {wave: field * np.exp(2j * np.pi * wave * cells) for wave, field in fields.items()}


def _plane(fields: dict[int, np.ndarray], reach: float, least: float) -> np.ndarray:
    """(R, C) displacement in cells that grows evenly across and down, by up to `reach` cells a cell, by which the phases of the fields of all waves, whose sizes are
    their weights, agree best over the whole page; none where not as many as the `least` agree.

    Where compression leaves a pattern of its own in one of the waves, phases of neighbours agree with it; over the page the grid's stand out.
    """
    rows, columns = next(iter(fields.values())).shape
    middle = np.arange(rows) - rows / 2, np.arange(columns) - columns / 2
    sums = {wave: np.abs(field).sum() + LEAST_POWER for wave, field in fields.items()}

    def agreement(down: np.ndarray, across: np.ndarray) -> np.ndarray:
        """(n, m): how many cells agree with drifts (n,) down and (m,) across, in cells a cell."""
        found = np.zeros((down.size, across.size))
        once = [np.exp(2j * np.pi * np.outer(drift, at)) for drift, at in zip((down, across), middle, strict=True)]
        # By n waves a cell phases grow n times as fast.
        of_rows, of_columns = np.ones_like(once[0]), np.ones_like(once[1])
        for wave in range(1, max(fields) + 1):
            of_rows, of_columns = of_rows * once[0], of_columns * once[1]
            if wave in fields:
                found += np.abs(of_rows @ fields[wave] @ of_columns.T) ** 2 / sums[wave]
        return found

    best, steps = np.zeros(2), np.linspace(-reach, reach, 2 * round(reach / DRIFT_STEP) + 1)
    for finer in range(ROUNDS + 1):
        found = agreement(best[0] + steps, best[1] + steps)
        best = best + steps[list(np.unravel_index(found.argmax(), found.shape))]
        steps = DRIFT_STEP / FINER**finer * np.linspace(-1, 1, 2 * FINER + 1)
    if found.max() < least:
        return np.zeros((rows, columns))
    return np.asarray(best[0] * middle[0][:, None] + best[1] * middle[1])


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
        sure = _sure(coherence)
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
    usual = max(np.concatenate([each.ravel() for each in weights]).mean(), LEAST_CERTAINTY)
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
