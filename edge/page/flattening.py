"""From any picture of a page to a flat one at 8 px/mm: by its grid, or by the outline of its sheet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..errors import PictureError, Reason
from . import grid, sheet, spectra, straightening, warp
from .pixels import enlarged

if TYPE_CHECKING:
    from PIL import Image

PX_PER_MM = 8.0
WORK_PX = 1600
"""The longer side of the copy in which the grid is searched for."""
MAX_PX = 5e6
"""A flat page has no more pixels, a quarter above A4's: what is larger is another multiple of its grid, or a sheet for which fewer pixels
to the millimetre are enough."""
MIN_PX_PER_MM = 2.6
LEAST_FACTOR = 0.6
"""A picture is made smaller only by a factor below this: the copy is a third of the memory of a reading."""
REDUCING_GAP = 1.0
"""A picture is made smaller by means over squares of pixels first, as far as it stays larger than the copy by this factor: of twelve megapixels that takes
less than half of the time of weighing each of them."""
GRIDS = 2
"""So many grids are tried: those of a tablecloth or a squared pad under the page may be clearer than the page's."""
SAME_SHARE = 0.03
"""Grids whose frequencies differ by no more than this share are one."""
UNCHANGED_SHARE = 0.01
"""The sides of a page that is the picture itself may differ from it by this share of the longer one."""
MARGIN_CELLS = 5
AROUND_CELLS = 20
"""How far beyond the outermost tiles that show the grid the page extends, and the sheet's sides are searched for."""
DRAFT_CELL_PX = warp.CELL_MM * sheet.DRAFT_PX_PER_MM
SURE_SHARE = 0.6
"""How much of the tiles' extent, from its middle, is certainly paper: at the rim something else may have been taken for grid."""
RULED, CERTAINLY_RULED = 0.22, 0.6
"""How clear the grid is in a row of cells that may belong to the page, and in one that does, relative to the clearer half of rows."""
RULED_CELLS = 3
"""So many cells beside each other show the grid where it begins: one alone does so by chance, far from the page."""
MIN_COHERENCE, CLEAR_SCORE, MIN_UNCLEAR_COHERENCE = 0.08, 2.5, 0.2
"""A quarter of a page's cells agree in the phase of their grid with those around them at least by the first share; by the last where the clearest
lines are no clearer than the score between. Traces, names and the noise of compression alone reach 0.07, with a frame around them 0.14 at a score of
2.2; photographs that bend and blur a grid most 0.15 at 3.1, other pages with a grid more than 0.3."""
SIDE_SLACK_CELLS = 3
"""How far within the ruled part a side may be found; one farther in is no side."""
A4_MM = (297.0, 210.0)
RECTANGLE_SHARE = 0.02
"""A sheet whose opposite sides and whose diagonals differ by no more than this share is seen from the front: its proportions are its own."""


@dataclass(frozen=True)
class Flat:
    """A page flattened from a picture.

    `image` is RGB; `mesh` says where the page lies in the picture; `px_per_mm` is (across, down), or None where there was no grid; `corners`
    (4, 2) of the sheet in picture pixels, clockwise from the flat page's upper left; `whole` whether all its sides are in the picture, which
    has `picture_size` (width, height); `picture_px_per_mm` is the resolution of the picture; `grid_score` the clarity of its grid, 0 where
    there was none; `strength` (R, C) of it over the page; `unchanged` whether the page is the picture itself, neither turned nor bent, at the
    expected scale. `with_cells` flattens the picture again by the same grid, given how many of the cells that it was taken to have are 5 mm; it holds
    the picture, and is None where there was no grid.
    """

    image: Image.Image
    mesh: warp.Mesh
    px_per_mm: tuple[float, float] | None
    corners: np.ndarray
    whole: bool
    picture_size: tuple[int, int]
    picture_px_per_mm: float
    grid_score: float
    strength: np.ndarray
    unchanged: bool = False
    with_cells: Callable[[float], Flat] | None = field(default=None, repr=False, compare=False)


def flat_candidates(image: Image.Image, px_per_mm: float | None = None) -> Iterator[Flat]:
    """Yield the candidates for the `Flat` page of an RGB picture, the likeliest first: by its clearest grid, by another, by an outline.

    `px_per_mm` is the scale of a picture that may be the page itself: a grid of that scale is not tried with longer cells.

    Raises
    ------
    PictureError : where there is none at all: `no_page` with neither a grid nor a sheet, `too_small` with too few pixels to a millimetre.
    """
    work = _resized(image, WORK_PX / max(image.size))
    to_work = np.diag([work.width / image.width, work.height / image.height, 1.0])
    refusals: list[PictureError] = []
    none_yet, certain = True, None
    for found in _grids(work):
        if certain is not None and found.tiles is certain.tiles:
            continue
        try:
            page = replace(
                _by_grid(image, work, found, to_work), with_cells=partial(_with_cells, image, work, found, to_work)
            )
            if px_per_mm and _is_unchanged(page, px_per_mm):
                page, certain = replace(page, unchanged=True), found
            yield page
            none_yet = False
        except PictureError as error:
            if error.reason is not Reason.NO_PAGE:  # what was no grid says nothing about the sheet
                refusals.append(error.kept())
    try:
        if not refusals:
            yield _by_outline(image, work)
    except PictureError as error:
        refusals.append(error.kept())
    if none_yet and refusals:
        raise refusals.pop(0)


def _grids(image: Image.Image) -> Iterator[grid.Grid]:
    """Yield the grids of a picture that are tried, each followed by itself with longer cells where it has such."""
    found: grid.Grid | None = None
    for _ in range(GRIDS):
        known: grid.Grid | None = found
        found = grid.find_grid(np.asarray(image), other_than=known)
        if found is None or (known is not None and _is_same(found, known)):
            return
        yield found
        if found.longer is not None:
            yield replace(found, homography=found.longer)


def _is_unchanged(page: Flat, px_per_mm: float) -> bool:
    """Whether a page lies in its picture neither turned nor bent, at this scale."""
    width, height = page.image.size
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], float)
    expected = np.diff(corners, axis=0) * px_per_mm / np.array(page.px_per_mm)
    off = np.abs(np.diff(page.mesh.to_picture(corners), axis=0) - expected)
    return bool(off.max() <= UNCHANGED_SHARE * max(width, height))


def _is_same(found: grid.Grid, known: grid.Grid) -> bool:
    """Whether two grids are one that was found on two sides of what lies on it."""
    middle = known.tiles.mean(axis=0)[None]
    here, there = (grid.frequencies(each.homography, middle) for each in (found, known))
    return bool(np.abs(here - there).max() <= SAME_SHARE * np.abs(there).max())


def _by_grid(image: Image.Image, work: Image.Image, found: grid.Grid, to_work: np.ndarray) -> Flat:
    """The flat page whose grid was found in `work`, the picture or a small copy of it, to whose pixels `to_work` (3, 3) takes the picture's.

    Raises
    ------
    PictureError : `too_small`, or `no_page` where no lines run through the page at that pitch: strokes were taken for a grid.
    """
    homography, tiles = found.homography @ to_work, warp.project(np.linalg.inv(to_work), found.tiles)
    cells = warp.project(homography, tiles)
    low, high = np.floor(cells.min(axis=0)), np.ceil(cells.max(axis=0))
    picture_px_per_mm = _resolution(homography, tiles)
    if picture_px_per_mm < MIN_PX_PER_MM:
        raise PictureError(Reason.TOO_SMALL)
    # Its sides are looked for at fewer pixels to the millimetre than the small copy has.
    sides, goes_on, first, edge = _sheet(work, found.homography, low, high, _resolution(found.homography, found.tiles))
    margin = np.array([MARGIN_CELLS, MARGIN_CELLS])
    mesh = warp.mesh_of(homography, (*(low - margin), *(high + margin)), 1.0, warp.CELL_MM * PX_PER_MM)
    source, factor = _near_resolution(image, picture_px_per_mm)
    mesh, strength = straightening.straighten(source, mesh.scaled(factor), spectra.normalised)
    least = MIN_COHERENCE if found.score >= CLEAR_SCORE else MIN_UNCLEAR_COHERENCE
    if np.quantile(strength, 0.75) < least:
        raise PictureError(Reason.NO_PAGE)
    certain = [_ruled(strength, axis, CERTAINLY_RULED) for axis in (0, 1)]
    rows, columns = _ruled(strength, 1, RULED), _ruled(strength, 0, RULED)
    mesh, strength = mesh.part(rows, columns), strength[rows, columns]
    # Cells of whole pixels, for what is computed cell by cell.
    mesh = warp.Mesh(mesh.nodes, int(mesh.spacing_px * min(1.0, np.sqrt(MAX_PX / np.prod(mesh.size))))).between_pixels()
    px_per_mm = mesh.spacing_px / warp.CELL_MM
    flat, mesh = mesh.resample(source), mesh.scaled(1 / factor)
    ruled = np.array([[part.start, part.stop] for part in certain]).T + low - margin - first
    sides = sheet.without_inner(sides, ruled.ravel() * DRAFT_CELL_PX, SIDE_SLACK_CELLS * DRAFT_CELL_PX)
    ends = {name: None if name in goes_on else side for name, side in sides.items()}
    _blank_beyond(flat, sheet.depth(ends, (warp.project(homography, mesh.nodes) - first) * DRAFT_CELL_PX))
    corners = warp.project(np.linalg.inv(homography), sheet.corners_of(sides, edge) / DRAFT_CELL_PX + first)
    whole = all(side is not None for side in sides.values())
    return Flat(
        flat, mesh, (px_per_mm, px_per_mm), corners, whole, image.size, picture_px_per_mm, found.score, strength
    )


def _with_cells(image: Image.Image, work: Image.Image, found: grid.Grid, to_work: np.ndarray, count: float) -> Flat:
    """As `_by_grid`, where `count` of the grid's cells are 5 mm: only then are the waves known by which bends are removed.

    Raises
    ------
    PictureError : as there.
    """
    longer = np.diag([1 / count, 1 / count, 1.0])
    return _by_grid(image, work, replace(found, homography=longer @ found.homography), to_work)


def _ruled(strength: np.ndarray, axis: int, share: float) -> slice:
    """The slice of rows (`axis` 1) or columns (0) of cells in which the grid is seen: no letterhead, no table."""
    from scipy import ndimage

    profile = np.quantile(strength, 0.75, axis=axis)
    clear = profile >= share * np.median(np.sort(profile)[len(profile) // 2 :])
    wide = ndimage.binary_opening(clear, np.ones(RULED_CELLS))
    ruled = np.flatnonzero(wide if wide.any() else clear)
    return slice(max(ruled[0] - 1, 0), min(ruled[-1] + 2, len(profile)))


def _blank_beyond(flat: Image.Image, depth: np.ndarray) -> None:
    """Make white what lies beyond the sheet: where `depth` (R, C), given at the mesh's nodes, is not positive."""
    from PIL import Image

    if (depth > 0).all():
        return
    within = enlarged(depth, flat.size[::-1])
    flat.paste("white", mask=Image.fromarray(within <= 0))


def _sheet(
    image: Image.Image, homography: np.ndarray, low: np.ndarray, high: np.ndarray, image_px_per_mm: float
) -> tuple[sheet.Sides, frozenset[str], np.ndarray, np.ndarray]:
    """The sheet on which the grid's cells `low` to `high` lie: (sides in a draft's pixels, names of those beyond which paper may go on, the cell at the draft's
    upper left, the draft's own edges (4,))."""
    from scipy import ndimage

    around = np.array([AROUND_CELLS, AROUND_CELLS])
    first, last = _clipped_to_picture(homography, image.size, low - around, high + around)
    mesh = warp.mesh_of(homography, (*first, *last), 1.0, DRAFT_CELL_PX)
    # Reduced first: bilinear samples of a finer picture would alias with the millimetre lines.
    factor = min(1.0, 2 * sheet.DRAFT_PX_PER_MM / image_px_per_mm)
    draft = mesh.scaled(factor).colours(_resized(image, factor), step=6)
    columns, rows = np.meshgrid(np.arange(0, draft.shape[1], 4), np.arange(0, draft.shape[0], 4))
    places = mesh.to_picture(np.stack([columns.ravel(), rows.ravel()], axis=1))
    inside = ((places >= 0) & (places <= np.array(image.size) - 1)).all(axis=1).reshape(rows.shape)
    # Sampled every four pixels: what lies between two samples is in the picture where both are.
    inside = ndimage.binary_erosion(inside, np.ones((3, 3)), border_value=1)
    seen = np.repeat(np.repeat(inside, 4, axis=0), 4, axis=1)[: draft.shape[0], : draft.shape[1]]
    middle, half = (low + high) / 2, SURE_SHARE * (high - low) / 2
    box = np.concatenate([middle - half - first, middle + half - first]) * DRAFT_CELL_PX
    sides = sheet.find_sides(draft, seen, box)
    goes_on = sheet.paper_beyond(draft, seen, sides)
    return sides, goes_on, first, np.array([0, 0, draft.shape[1], draft.shape[0]], float)


def _clipped_to_picture(
    homography: np.ndarray, size: tuple[int, int], low: np.ndarray, high: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The part of the cells `low` to `high` that is in the picture and not near the horizon."""
    width, height = size
    edge = np.linspace(0, 1, 9)
    border = np.concatenate(
        [np.stack([edge * width, 0 * edge], 1), np.stack([edge * width, 0 * edge + height], 1),
         np.stack([0 * edge, edge * height], 1), np.stack([0 * edge + width, edge * height], 1)]
    )  # fmt: skip
    depth = border @ homography[2, :2] + homography[2, 2]
    middle = np.array([width / 2, height / 2]) @ homography[2, :2] + homography[2, 2]
    reached = warp.project(homography, border[depth / middle > 0.1])
    return np.maximum(low, np.floor(reached.min(axis=0))), np.minimum(high, np.ceil(reached.max(axis=0)))


def _by_outline(image: Image.Image, work: Image.Image) -> Flat:
    """The flat page of a sheet without a grid, found in `work`, a small copy of the image: its scale unknown, as long as A4 and of A4's proportions
    where it is not seen from the front."""
    corners = sheet.find_outline(np.asarray(work))
    if corners is None:
        raise PictureError(Reason.NO_PAGE)
    corners = (corners + 0.5) * (image.width / work.width) - 0.5
    sides = np.hypot(*(corners - np.roll(corners, -1, axis=0)).T)
    across, down = sides[0] + sides[2], sides[1] + sides[3]
    width_mm, height_mm = A4_MM if across >= down else A4_MM[::-1]
    diagonals = np.hypot(*(corners[:2] - corners[2:]).T)
    if all(min(pair) >= (1 - RECTANGLE_SHARE) * max(pair) for pair in (sides[::2], sides[1::2], diagonals)):
        width_mm, height_mm = A4_MM[0] * across / max(across, down), A4_MM[0] * down / max(across, down)
    plane = np.array([[0, 0], [width_mm, 0], [width_mm, height_mm], [0, height_mm]])
    homography = warp.homography_of(corners, plane)
    spacing_mm = warp.CELL_MM
    box = (spacing_mm / 2, spacing_mm / 2, width_mm - spacing_mm / 2, height_mm - spacing_mm / 2)
    picture_px_per_mm = float(max(sides[0] + sides[2], sides[1] + sides[3]) / 2 / max(width_mm, height_mm))
    if picture_px_per_mm < MIN_PX_PER_MM:
        raise PictureError(Reason.TOO_SMALL)
    mesh = warp.mesh_of(homography, box, spacing_mm, spacing_mm * PX_PER_MM)
    source, factor = _near_resolution(image, picture_px_per_mm)
    flat = mesh.scaled(factor).resample(source)
    return Flat(flat, mesh, None, corners, True, image.size, picture_px_per_mm, 0.0, np.zeros((1, 1)))


def _resolution(homography: np.ndarray, points: np.ndarray) -> float:
    """The median picture pixels per millimetre, in the direction in which there are the fewest, at the points (N, 2)."""
    cells = grid.frequencies(homography, points)
    return float(np.median(1 / np.linalg.norm(cells, axis=2).max(axis=1))) / warp.CELL_MM


def _near_resolution(image: Image.Image, picture_px_per_mm: float) -> tuple[Image.Image, float]:
    """(image, factor): the picture, made smaller by `factor` where it has many more pixels than the flat page will."""
    factor = min(1.0, 1.2 * PX_PER_MM / picture_px_per_mm)
    return (image, 1.0) if factor > LEAST_FACTOR else (_resized(image, factor), factor)


def _resized(image: Image.Image, factor: float) -> Image.Image:
    """The picture, smaller by `factor`; as it is where that is 1 or more."""
    from PIL import Image

    if factor >= 1:
        return image
    size = round(image.width * factor), round(image.height * factor)
    return image.resize(size, Image.Resampling.BILINEAR, reducing_gap=REDUCING_GAP)
