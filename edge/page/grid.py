"""The grid of ECG paper in a picture: its lines' directions, their pitch and their perspective.

The lines of ruled paper are, locally, harmonics of one frequency in each of two directions: a tile's spectrum shows them as a row of peaks, even
where noise and blur hide the lines from the eye. The frequencies of many tiles give the homography.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from ..compiled.library import address, compiled
from .spectra import STEP_PX, Harmonics, normalised, spectra_of

MIN_PERIOD_PX, MAX_PERIOD_PX = 9.0, 56.0
"""Pitches of the bold lines (5 mm) that are searched for in the picture."""
MIN_CELLS = 30
"""A page is at least so many cells long: so heavier lines at every fifth bold one are not taken for the bold ones."""


DIRECTIONS_DEG = np.arange(0.0, 180.0, 2.0)
PERIODS_PX = np.exp(np.arange(np.log(MIN_PERIOD_PX), np.log(MAX_PERIOD_PX), 0.03))
SHEAR, STRETCH = 10, 11
"""How far the two families of lines may be from perpendicular (in steps of direction) and from equal pitch (in steps of period)."""

MIN_SCORE = 2.0
"""Mean height of a family's harmonics over their surroundings with which a tile is taken to show it."""
MIN_TILES = 6
SEED_SHARE = 0.7
"""How much of the picture's extent, from its middle, is searched for the seed."""
LONGER, LONGER_SHARE, LONGER_TILES = (2.0, 2.5), 0.8, 24
"""By what factors cells may be longer than found, how clear they are then relative to those found, and how many tiles are compared."""
MAX_UNEVEN = 0.2
"""Logarithm of how much farther apart their lines may be in one direction than in the other."""
AS_EVEN = 0.02
"""Of lengths of cells that are as even, to so much of that logarithm, the clearest is taken: 4 mm are two cells of 2 mm, and no lines are so far apart."""
NEAR, NEARER = 0.12, 0.04
"""How far from a neighbour's, and from a fit's frequencies a tile's are searched for, as shares of them."""


@dataclass(frozen=True)
class Grid:
    """A grid seen in perspective: `homography` (3, 3) takes picture pixels to grid cells (u across, v down; lines a cell apart, but
    from where to count is open), `score` is the median height of the grid's peaks over their surroundings, `tiles` (N, 2) the
    centres in picture pixels of where it was seen; `longer` is a homography to longer cells, which are drawn nearly as clearly, or None."""

    homography: np.ndarray
    score: float
    tiles: np.ndarray
    longer: np.ndarray | None = None


class TileFit(NamedTuple):
    """What is found in one tile: the `frequencies` (2, 2) of both families of lines in cycles per pixel, and the `scores` (2,) of their harmonics."""

    frequencies: np.ndarray
    scores: np.ndarray


def find_grid(rgb: np.ndarray, other_than: Grid | None = None) -> Grid | None:
    """The clearest `Grid` of a (H, W, 3) uint8 picture, or None where none is seen.

    A millimetre should have some two to eleven pixels in the picture. u is the family of lines that runs more nearly across in the picture:
    a page turned by a quarter stays turned. The tiles of a grid `other_than` are not used as seeds: what lies under the page may be squared too.
    """
    centres, spectra = spectra_of(normalised(rgb))
    free = np.ones(len(centres), bool) if other_than is None else _apart(centres, other_than.tiles)
    seed = _seed(centres, spectra, max(rgb.shape) / MIN_CELLS, free)
    if seed is None:
        return None
    seen = _grow(centres, spectra, *seed)
    for _ in range(3):
        if len(seen) < MIN_TILES:
            return None
        homography = _fit(centres, seen)
        seen = _fit_tiles(centres, spectra, homography)
    if len(seen) < MIN_TILES:
        return None
    score = float(np.median([fit.scores.min() for fit in seen.values()]))
    homography = _across_first(_fit(centres, seen))
    return Grid(homography, score, centres[sorted(seen)], _longer(centres, spectra, sorted(seen), homography))


def _longer(centres: np.ndarray, spectra: np.ndarray, tiles: list[int], homography: np.ndarray) -> np.ndarray | None:
    """The homography to cells twice or two and a half times as long, in one direction or both, where lines so far apart are nearly as
    clear and about as far apart in both; else None. Where every millimetre is ruled, 2 or 2.5 mm may be taken for 5 mm."""
    tiles = tiles[:: -(-len(tiles) // LONGER_TILES)]
    near = frequencies(homography, centres[tiles])
    scores = {factor: np.median(_refine(spectra, tiles, near / factor, NEARER)[1], axis=0) for factor in (1.0, *LONGER)}
    across, down = 1 / np.median(np.linalg.norm(near, axis=2), axis=0)
    pairs = [
        (abs(np.log(across * a / (down * b))), a, b)
        for a in scores
        for b in scores
        if a * b > 1 and scores[a][0] >= LONGER_SHARE * scores[1.0][0] and scores[b][1] >= LONGER_SHARE * scores[1.0][1]
    ]
    even = min(pairs, default=(np.inf, 1, 1))[0] + AS_EVEN
    alike = [pair for pair in pairs if pair[0] <= even]
    uneven, a, b = max(alike, key=lambda pair: scores[pair[1]][0] + scores[pair[2]][1], default=(np.inf, 1, 1))
    return np.diag([1 / a, 1 / b, 1.0]) @ homography if uneven <= MAX_UNEVEN else None


def _apart(centres: np.ndarray, tiles: np.ndarray) -> np.ndarray:
    """(N,) bool: which centres (N, 2) are none of `tiles` (M, 2)."""
    return np.abs(centres[:, None] - tiles).max(axis=2).min(axis=1) > 1


def _refine(
    spectra: np.ndarray, tiles: Sequence[int] | np.ndarray, guesses: Sequence[np.ndarray] | np.ndarray, reach: float
) -> tuple[np.ndarray, np.ndarray]:
    """(vectors (N, 2, 2), scores (N, 2)): each tile's best two frequencies within `reach` (a share) of its guesses (N, 2, 2)."""
    best = np.array(guesses, float)
    steps = np.linspace(-1.0, 1.0, 7)
    tile = np.asarray(tiles)[:, None, None, None]
    for _ in range(4):
        width = reach * np.hypot(best[..., 0], best[..., 1])[..., None, None]
        fx = best[..., 0, None, None] + width * steps[:, None]
        fy = best[..., 1, None, None] + width * steps[None, :]
        fx, fy = np.broadcast_arrays(fx, fy)
        scores = Harmonics(fx, fy).scores(spectra, tile).reshape(*best.shape[:2], -1)
        place = scores.argmax(axis=-1)[..., None]
        best = np.stack(
            [np.take_along_axis(f.reshape(scores.shape), place, axis=-1)[..., 0] for f in (fx, fy)], axis=-1
        )
        reach /= 3
    return best, np.take_along_axis(scores, place, axis=-1)[..., 0]


@lru_cache(maxsize=1)
def _searched() -> tuple[np.ndarray, np.ndarray, Harmonics]:
    """(fx, fy, harmonics) of all directions and periods that are searched for: the same in every picture."""
    direction = np.deg2rad(DIRECTIONS_DEG)[:, None]
    fx, fy = np.cos(direction) / PERIODS_PX, np.sin(direction) / PERIODS_PX
    return fx, fy, Harmonics(fx, fy)


def _seed(
    centres: np.ndarray, spectra: np.ndarray, longest_px: float, free: np.ndarray
) -> tuple[int, np.ndarray] | None:
    """(tile, (2, 2) frequencies) of the `free` (N,) tile with the clearest two families, toward the middle; None where none is clear."""
    fx, fy, harmonics = _searched()
    turn, best = len(DIRECTIONS_DEG) // 2, 0.0
    off = np.abs(centres - centres.mean(axis=0)) / (np.ptp(centres, axis=0) / 2 + 1)
    for number in np.flatnonzero(free & (off.max(axis=1) <= SEED_SHARE)):
        scores = harmonics.scores(spectra, int(number))
        pairs = np.minimum(scores, np.roll(_partners(scores), turn, axis=0)) + 0.1 * scores
        if pairs.max() > best:
            best, tile, kept = pairs.max(), number, scores
            first = np.unravel_index(np.argmax(pairs), pairs.shape)
    if best < MIN_SCORE:
        return None
    rows = (first[0] + turn + np.arange(-SHEAR, SHEAR + 1)) % len(DIRECTIONS_DEG)
    columns = np.clip(first[1] + np.arange(-STRETCH, STRETCH + 1), 0, len(PERIODS_PX) - 1)
    near = kept[np.ix_(rows, columns)] * _PITCH_WEIGHTS
    row, column = np.unravel_index(np.argmax(near), near.shape)
    second = rows[row], columns[column]
    vectors = np.array([(fx[place], fy[place]) for place in (first, second)])
    return tile, _fundamental(spectra, tile, vectors, longest_px)


_PITCH_WEIGHTS = 1 - 0.8 * np.abs(np.arange(-STRETCH, STRETCH + 1)) * np.log(PERIODS_PX[1] / PERIODS_PX[0])
"""The weight of a second family by how far its pitch is from the first's."""


def _partners(scores: np.ndarray) -> np.ndarray:
    """The best score within `SHEAR` of every direction and `STRETCH` of every period, weighted by pitch."""
    library = compiled()
    if library is None:
        return _partners_in_numpy(scores)
    height, width = scores.shape
    scores, best, scratch = (
        np.ascontiguousarray(scores),
        np.empty(scores.shape),
        np.empty(height * (width + 2 * STRETCH)),
    )
    library["partners"](height, width, SHEAR, STRETCH, *map(address, (scores, _PITCH_WEIGHTS, scratch, best)))
    return best


def _partners_in_numpy(scores: np.ndarray) -> np.ndarray:
    """As `_partners`."""
    from scipy import ndimage

    widest = ndimage.maximum_filter1d(scores, 2 * SHEAR + 1, axis=0, mode="wrap")
    padded = np.pad(widest, ((0, 0), (STRETCH, STRETCH)), mode="edge")
    count = scores.shape[1]
    return np.asarray(np.max([padded[:, i : i + count] * weight for i, weight in enumerate(_PITCH_WEIGHTS)], axis=0))


def _fundamental(spectra: np.ndarray, tile: int, vectors: np.ndarray, longest_px: float) -> np.ndarray:
    """The lowest frequencies (2, 2) of which these are whole multiples and whose harmonics are all present."""
    _, scores = _refine(spectra, [tile], [vectors], NEARER)
    for divisor in (5, 4, 3, 2):
        lower, found = _refine(spectra, [tile], [vectors / divisor], NEARER)
        longest = 1 / np.hypot(*lower[0].T).min()
        if longest <= longest_px and found.min() >= max(0.75 * scores.min(), MIN_SCORE):
            return lower[0]
    return vectors


def _grow(centres: np.ndarray, spectra: np.ndarray, start: int, vectors: np.ndarray) -> dict[int, TileFit]:
    """{tile: fit} from the clearest tile outward, each searched for near its neighbour's."""
    seen: dict[int, TileFit] = {}
    front, visited = {start: vectors}, {start}
    while front:
        tiles = list(front)
        found, scores = _refine(spectra, tiles, [front[tile] for tile in tiles], NEAR)
        front = {}
        for tile, vector, score in zip(tiles, found, scores, strict=True):
            if score.min() < MIN_SCORE and tile != start:
                continue
            seen[tile] = TileFit(vector, score)
            distance = np.abs(centres - centres[tile]).max(axis=1)
            for near in np.flatnonzero(distance < 1.5 * STEP_PX):
                if near not in visited:
                    visited.add(near)
                    front[near] = vector
    return seen


def _fit_tiles(centres: np.ndarray, spectra: np.ndarray, homography: np.ndarray) -> dict[int, TileFit]:
    """{tile: fit} of every tile that shows about what the homography predicts there."""
    tiles = np.flatnonzero(_depth(homography, centres) > 0.2 * _depth(homography, centres.mean(axis=0)[None]))
    found, scores = _refine(spectra, tiles, frequencies(homography, centres[tiles]), NEARER)
    return {
        tile: TileFit(vector, score)
        for tile, vector, score in zip(tiles, found, scores, strict=True)
        if score.min() >= MIN_SCORE
    }


def _fit(centres: np.ndarray, seen: dict[int, TileFit]) -> np.ndarray:
    """The (3, 3) homography from pixels to cells: least squares on the tiles' frequencies, outliers given less weight.

    For u = (a·p) / (c·p) the local frequency is the gradient of u; six numbers, since it does not depend on shifts.
    """
    tiles = sorted(seen)
    points = centres[tiles]
    measured = np.array([seen[tile].frequencies for tile in tiles])
    origin, scale = points.mean(axis=0), max(np.ptp(points, axis=0).max(), 1.0)
    local = (points - origin) / scale
    unit = np.hypot(measured[..., 0], measured[..., 1]).mean()
    target = (measured / unit).ravel()

    parameters = np.concatenate([np.median(measured / unit, axis=0).ravel(), [0.0, 0.0]])
    # A small ridge on the perspective, which a handful of tiles does not determine.
    ridge = np.diag([0, 0, 0, 0, 1e-3, 1e-3])
    for _ in range(15):
        # In one call as they are, and with each of them a little larger.
        now, *larger = _frequencies_of(parameters + 1e-6 * np.eye(7, 6, -1), local)
        jacobian = (np.array(larger) - now).T / 1e-6
        residual = target - now
        spread = 1.5 * np.median(np.abs(residual)) + 1e-4
        weighted = jacobian / (1.0 + (residual / (2 * spread)) ** 2)[:, None]
        step = np.linalg.solve(weighted.T @ jacobian + ridge, weighted.T @ residual - ridge @ parameters)
        parameters = parameters + step
        if np.abs(step).max() < 1e-7:
            break
    to_local = np.array([[1 / scale, 0, -origin[0] / scale], [0, 1 / scale, -origin[1] / scale], [0, 0, 1]])
    return np.diag([unit * scale, unit * scale, 1.0]) @ _matrix(parameters) @ to_local


def _matrix(parameters: np.ndarray) -> np.ndarray:
    a, b, c, d, e, f = parameters
    return np.array([[a, b, 0.0], [c, d, 0.0], [e, f, 1.0]])


def _frequencies_of(parameters: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(M, 4 N): what `frequencies` gives at the points (N, 2) for each `_matrix` of the (M, 6) parameters."""
    (a, b, c, d, e, f), (x, y) = parameters.T[:, :, None], points.T
    depth = e * x + f * y + 1
    u, v = (a * x + b * y) / depth, (c * x + d * y) / depth
    found = np.stack([a - u * e, b - u * f, c - v * e, d - v * f], axis=-1) / depth[..., None]
    return found.reshape(len(parameters), -1)


def _depth(homography: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(N,): the third homogeneous coordinate; it falls to zero toward the horizon."""
    return points @ homography[2, :2] + homography[2, 2]


def frequencies(homography: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(N, 2, 2): the frequencies of both families at the points (N, 2): the gradients of u and v, in cells per pixel."""
    depth = _depth(homography, points)[:, None, None]
    cells = points @ homography[:2, :2].T + homography[:2, 2]
    return (homography[:2, :2] - cells[..., None] / depth * homography[2, :2]) / depth


def _across_first(homography: np.ndarray) -> np.ndarray:
    """The homography with u running rightward and v downward, as near to the picture's own axes as quarter turns allow."""
    linear = homography[:2, :2]
    if abs(linear[0, 0] * linear[1, 1]) < abs(linear[0, 1] * linear[1, 0]):
        homography = homography[[1, 0, 2]]
    return np.diag([*np.sign([homography[0, 0], homography[1, 1]]), 1.0]) @ homography
