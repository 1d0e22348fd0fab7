"""From a picture to a flat page, the right way up, with its leads arranged.

A picture in the report geometry of the data set is flat as it is and goes through unchanged; any other picture is flattened first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain, islice
from operator import length_hint
from typing import TYPE_CHECKING

import numpy as np

from ..arrangement import arrangement
from ..arrangement.refusals import OtherOrderError
from ..arrangement.scale import grid_multiple, refined
from ..arrangement.tilt import tilt_of, tilts_of
from ..errors import PictureError, Reason
from ..layout import REPORT, Arrangement, Template
from ..preprocessing.crops import TRACE_PX_PER_MM
from . import flattening
from .dark_screen import as_on_paper
from .flattening import Flat
from .frame_lines import without_frame
from .ink import PATCH_PX, ink_of, with_coloured_print
from .pixels import DarkPixels, luma
from .report_geometry import is_report, unlike
from .whole_page import (
    LEAST_LONG_PX,
    NotOnePageError,
    check_whole,
    clipped,
    is_bright,
    with_better_reason,
    with_scale_of_grid,
)

if TYPE_CHECKING:
    from PIL import Image

DARK = 128
"""Gray levels below it are ink: traces, print, and the single pixels of grid dots."""

MAX_ATTEMPTS = 6
"""So many orientations are tried in one picture, all candidates for its page together: a refusal takes as long as all of them. No photograph,
drawn record or real page of the tune split that is read needs more than six."""
LEAST_TILT = 0.0012
"""Rows of a page without a grid that fall by more, 0.3 mm over 250 mm, are levelled: their traces would drift by 0.03 mV."""
LEAST_ASKEW = 0.006
"""What has a report's size and rows that fall by more, a third of a degree, was scanned askew. Rows of all pages of two columns in the data set fall by
0.0044 at most."""


@dataclass(frozen=True)
class Search:
    """The search for the page in one picture: `mm_per_s` and `mm_per_mv` where the caller knows them, and `attempts`, an iterator with an
    item for each orientation that may still be tried."""

    mm_per_s: float | None = None
    mm_per_mv: float | None = None
    attempts: Iterator[int] = field(default_factory=lambda: iter(range(MAX_ATTEMPTS)))

    @property
    def known(self) -> dict[str, float | None]:
        """Speed and gain, as arguments by name."""
        return {"mm_per_s": self.mm_per_s, "mm_per_mv": self.mm_per_mv}


@dataclass(frozen=True)
class Page:
    """A flat page; as it comes from `find_page` it may still be turned by quarters, `upright` has the right way up.

    `image` is RGB, None once it is released; `px_per_mm` (across, down) or None where no grid gives it; `template` is `REPORT` where its boxes
    are the leads' to the pixel, else None; `flat` the `Flat` page that was taken from the picture, turned upright, or None where the picture
    was flat as it was, resized by `scale` (x, y) and turned by `turns` quarters; `tilt` by how many pixels a
    column its rows fell before they were levelled, where no grid did it; `search` is the picture's; `found` the arrangement of the
    leads once it is known; `others` yields the other candidates for the page in the picture; `refused` is the reason why the same page was
    refused as a report page.
    """

    image: Image.Image | None
    px_per_mm: tuple[float, float] | None
    template: Template | None = None
    flat: Flat | None = None
    scale: tuple[float, float] = (1.0, 1.0)
    turns: int = 0
    tilt: float = 0.0
    search: Search = field(default_factory=Search)
    found: Arrangement | None = None
    others: Iterable[Page] = ()
    refused: Reason | None = None

    @cached_property
    def gray(self) -> np.ndarray:
        """(H, W) uint8 luma of the page."""
        return luma(self._pixels)

    @cached_property
    def ink(self) -> np.ndarray:
        """(H, W) uint8 ink of the traces, 0 paper and grid; of any page but a report also without a frame."""
        ink = ink_of(self._pixels)
        return ink if self.template else without_frame(ink)

    @property
    def _pixels(self) -> Image.Image:
        """`image`, of a page that has it."""
        assert self.image is not None, "the image of this page was released"
        return self.image

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        if self.image is not None:
            return self.image.size
        height, width = self.ink.shape
        return width, height

    @cached_property
    def arrangement(self) -> Arrangement:
        """The arrangement of the leads of an `upright` page."""
        if self.found is not None:
            return self.found
        found, known = None, self.search.known
        if self.template is not None and self.px_per_mm is not None:
            found = arrangement.find_report(self.ink, self.px_per_mm, **known)
        if found is None:
            found = arrangement.find_arrangement(self.ink, self.px_per_mm, **known)
        found = clipped(refined(found, self.ink, self.px_per_mm is not None), self.ink.shape)
        if self.template is not None:
            contradicts = *found.contradicts, *unlike(self.template, found, **known)
            found = replace(found, contradicts=contradicts, on_report=True)
        return found

    def without_image(self) -> Page:
        """A report page without its image, which is half of the memory that it holds: its ink is computed first, and all else from that."""
        page = replace(self, image=None)
        vars(page)["ink"] = self.ink
        return page

    def upright(self) -> Page:
        """The page the right way up, its leads arranged; itself where that is known already. Where this is no page, the other candidates in
        the picture are tried.

        Raises
        ------
        PictureError : no known arrangement is recognised; `reason` says why.
        """
        if self.template is not None or self.found is not None:
            return self
        refusals = [] if self.refused is None else [PictureError(self.refused)]
        for page, arrange in self._attempts():
            try:
                return with_scale_of_grid(arrange(page), self)
            except NotOnePageError:
                raise
            except PictureError as error:
                if isinstance(error, OtherOrderError) and page.px_per_mm is not None:
                    raise  # by its outline alone the page would be read in the order that its names are not in
                refusals.append(error.kept())
        raise with_better_reason(refusals.pop(0), self)

    def _attempts(self) -> Iterator[tuple[Page, Callable[[Page], Page]]]:
        """Yield each candidate for the page with each method of arranging it, while attempts are left."""
        for page in self.others if self.refused else chain([self], self.others):
            for arrange in (_arranged, _arranged_in_colour, _rescaled):
                yield page, arrange
                if not length_hint(self.search.attempts):
                    return

    @property
    def corners(self) -> np.ndarray | None:
        """(4, 2) x, y of the sheet's corners in the picture, clockwise from the page's upper left; None for a picture that is the page."""
        return None if self.flat is None else self.flat.corners

    @property
    def rotation_deg(self) -> float:
        """By how many degrees the page is turned clockwise in the picture, -180 to 180."""
        width, height = self.size
        left, right = self.to_picture([[0.25 * width, 0.5 * height], [0.75 * width, 0.5 * height]])
        return float(np.degrees(np.arctan2(*(right - left)[::-1])))

    def to_picture(self, points: np.ndarray | list[list[float]]) -> np.ndarray:
        """(N, 2) picture pixels of (N, 2) page pixels."""
        at: np.ndarray = np.asarray(points, float)
        if self.tilt:
            cos, sin = np.array([1.0, self.tilt]) / np.hypot(1.0, self.tilt)
            middle = (np.array(self.size) - 1) / 2
            at = (at - middle) @ np.array([[cos, sin], [-sin, cos]]) + middle
        if self.flat is not None:
            return self.flat.mesh.to_picture(at)
        width, height = self.size
        x, y = at.T
        for _ in range(self.turns):
            # One turn of rot90 takes what was right to the top: back again.
            x, y, width, height = height - 1 - y, x, height, width
        return np.stack([x, y], axis=1) / self.scale


def find_page(image: Image.Image, *, mm_per_s: float | None = None, mm_per_mv: float | None = None) -> Page:
    """The `Page` in an RGB `PIL.Image`, flat, at any quarter turn.

    Parameters
    ----------
    image
    mm_per_s, mm_per_mv
        Paper speed and gain where the caller knows them.

    Raises
    ------
    PictureError : there is no page in it, or too few pixels to a millimetre; `reason` says which.
    """
    search, refused = Search(mm_per_s, mm_per_mv), None
    if _is_report_sized(image.size):
        try:
            return _report_page(image, search)
        except PictureError as error:
            refused = error.reason
    return _flattened_page(image, search, refused)


def _is_report_sized(size: tuple[int, int]) -> bool:
    """Whether a picture has the report's size, landscape or portrait, within its tolerance."""
    report = sorted(REPORT.size)
    return all(abs(a - b) <= REPORT.tolerance_px for a, b in zip(sorted(size), report, strict=True))


def _report_page(image: Image.Image, search: Search) -> Page:
    """The `Page` of a picture that has the report's geometry.

    Raises
    ------
    PictureError : it is no flat page of that scale.
    """
    from PIL import Image

    is_portrait = image.height > image.width
    width, height = REPORT.size
    size = (height, width) if is_portrait else (width, height)
    scale = size[0] / image.width, size[1] / image.height
    if image.size != size:
        image = image.resize(size, Image.Resampling.BICUBIC)
    page = Page(image, (TRACE_PX_PER_MM, TRACE_PX_PER_MM), scale=scale, search=search)
    if not is_portrait and is_report(DarkPixels(image, DARK)):
        return replace(page, template=REPORT)
    if abs(tilt_of(page.ink)) > LEAST_ASKEW:
        raise PictureError(Reason.BAD_LAYOUT)
    page = _arranged(page)
    if page.arrangement.pulses and page.arrangement.gain_from == "assumed":
        # Pulses of another size say that it is of this size by chance.
        raise PictureError(Reason.BAD_SCALE)
    return replace(page, found=replace(page.arrangement, on_report=True))


def _flattened_page(image: Image.Image, search: Search, refused: Reason | None) -> Page:
    """The `Page` in any picture, flattened by its grid or its outline, or taken as it is where paper fills it.

    `refused` is the reason why it is no report page, where it has a report's size."""
    image = as_on_paper(image)
    candidates = flattening.flat_candidates(image, px_per_mm=TRACE_PX_PER_MM if refused else None)
    try:
        first = next(candidates)
    except PictureError as error:
        if error.reason is not Reason.NO_PAGE or not is_bright(image):
            raise
        return _unflattened(image, search)
    # What has no clear grid may be a panel on a page that fills the picture, or beats as regular as lines.
    is_unclear = first.grid_score < flattening.CLEAR_SCORE and is_bright(image)
    as_it_is = (_unflattened(image, search) for _ in range(is_unclear))
    others = chain((_from_flat(flat, search) for flat in candidates), as_it_is)
    return replace(_from_flat(first, search), others=others, refused=refused if first.unchanged else None)


def _unflattened(image: Image.Image, search: Search) -> Page:
    """The `Page` of a picture that is one, of a scale that is not known.

    Raises
    ------
    PictureError : `too_small`.
    """
    small = _at_page_size(image)
    if max(image.size) < LEAST_LONG_PX or min(small.size) < PATCH_PX:
        raise PictureError(Reason.TOO_SMALL)
    return Page(small, None, scale=(small.width / image.width, small.height / image.height), search=search)


def _from_flat(flat: Flat, search: Search) -> Page:
    return Page(flat.image, flat.px_per_mm, flat=flat, search=search)


def _arranged_in_colour(page: Page) -> Page:
    """As `_arranged`, by what is printed in colour, too, the likeliest way up alone; traces are followed without it.

    Raises
    ------
    PictureError : nothing is, or the page cannot be arranged by it either.
    """
    ink = with_coloured_print(page._pixels, page.ink)
    if ink is None:
        raise PictureError(Reason.BAD_LAYOUT)
    return _arranged(page, ink)


def _arranged(page: Page, seen: np.ndarray | None = None) -> Page:
    """The page turned upright, with its arrangement by its ink, or by (H, W) uint8 that is `seen` with more on it."""
    search, in_colour = page.search, seen is not None
    seen = page.ink if seen is None else seen
    attempts = islice(search.attempts, 1) if in_colour else search.attempts
    turns, found = arrangement.arrange(seen, page.px_per_mm, attempts=attempts, **search.known)
    seen, ink = (np.ascontiguousarray(np.rot90(each, turns)) for each in (seen, page.ink))
    image = page._pixels.rotate(90 * turns, expand=True) if turns else page._pixels
    level = _arranged_level(image, seen, search, in_colour) if page.px_per_mm is None else None
    image, ink, seen, found, tilt = level or (image, ink, seen, found, 0.0)
    found = clipped(refined(found, seen, page.px_per_mm is not None), ink.shape)
    flat = page.flat
    if flat is not None:
        flat = replace(
            flat,
            image=image,
            mesh=flat.mesh.turned(turns),
            strength=np.rot90(flat.strength, turns),
            with_cells=None,
            corners=np.roll(flat.corners, turns, axis=0),
        )
    px_per_mm = page.px_per_mm
    if px_per_mm is not None and turns % 2 == 1:
        across, down = px_per_mm
        px_per_mm = down, across
    arranged = replace(
        page, image=image, px_per_mm=px_per_mm, flat=flat, turns=turns, tilt=tilt, found=found, others=()
    )
    vars(arranged)["ink"] = ink
    check_whole(arranged, found)
    return arranged


def _arranged_level(
    image: Image.Image, seen: np.ndarray, search: Search, in_colour: bool
) -> tuple[Image.Image, np.ndarray, np.ndarray, Arrangement, float] | None:
    """(an upright page without a grid turned so that it is level, its ink, the same with what is printed in colour where that is asked for, its arrangement, by how many pixels a column
    its rows fell); None where it lies level.

    Raises
    ------
    PictureError : as `arrangement.find_arrangement`, at the likeliest of the slopes, where it cannot be arranged at any.
    """
    refusal = None
    for tilt in tilts_of(seen):
        if abs(tilt) <= LEAST_TILT:
            return None
        level, ink = _levelled(image, tilt)
        coloured = with_coloured_print(level, ink) if in_colour else None
        with_print = ink if coloured is None else coloured
        try:
            return level, ink, with_print, arrangement.find_arrangement(with_print, None, **search.known), tilt
        except PictureError as error:
            refusal = refusal or error.kept()
    raise refusal or PictureError(Reason.BAD_LAYOUT)


def _levelled(image: Image.Image, tilt: float) -> tuple[Image.Image, np.ndarray]:
    """(an upright page whose rows fall by `tilt` turned so that they are level, its ink)."""
    from PIL import Image

    paper = np.median(np.asarray(image)[::PATCH_PX, ::PATCH_PX].reshape(-1, 3), axis=0).astype(int)
    image = image.rotate(float(np.degrees(np.arctan(tilt))), Image.Resampling.BICUBIC, fillcolor=tuple(paper.tolist()))
    return image, without_frame(ink_of(image))


def _rescaled(page: Page) -> Page:
    """As `_arranged`, where what was taken for 5 mm of grid is another multiple of its lines: the scale is that of the pulses.

    Raises
    ------
    PictureError : their scale is the grid's, or the page cannot be arranged at theirs either.
    """
    if page.px_per_mm is None or page.flat is None or page.flat.with_cells is None:
        raise PictureError(Reason.BAD_SCALE)
    search = page.search
    _, found = arrangement.arrange(
        page.ink, None, other_than=page.px_per_mm[0], attempts=search.attempts, **search.known
    )
    # Pulses and traces tell which lines were seen, and these the scale.
    multiple = grid_multiple(found.px_per_mm[0] / page.px_per_mm[0])
    if multiple is None:
        raise PictureError(Reason.BAD_SCALE)
    return _arranged(_from_flat(page.flat.with_cells(multiple), search))


def _at_page_size(image: Image.Image) -> Image.Image:
    """The picture at about the size of a flat page: its longer side at most as long as a report's."""
    from PIL import Image

    factor = REPORT.width_px / max(image.size)
    if factor >= 1:
        return image
    return image.resize((round(image.width * factor), round(image.height * factor)), Image.Resampling.BILINEAR)
