"""Whether a picture shows one page, and all of it: leads that reach beyond the picture, and pages beside each other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..arrangement import rows
from ..arrangement.coarse_page import PX_PER_MM, reduced
from ..arrangement.scale import refined
from ..arrangement.strips import is_strip
from ..errors import PictureError, Reason
from ..layout import Arrangement, Box
from .flattening import CLEAR_SCORE, MIN_PX_PER_MM

if TYPE_CHECKING:
    from PIL import Image

    from .flattening import Flat
    from .page import Page

DARK = 128
"""Ink (of 255) of a stroke."""
MAX_BEYOND_MM = 6.0
"""How much of a row of leads may be outside the picture, at one end: a tenth of a column. Of pages that are read rightly three are."""
LEAST_ROOM_MM = 3.0
"""How far the 0 mV of a row is from the picture's upper and lower edge at least; 4.5 of the pages that are read rightly."""
BESIDE_MM, COVERED = 100.0, 0.5
"""Another page is there where half as many rows of traces or more stand beside the leads, over so many millimetres, in so much of their width: a panel beside
the leads is no wider."""
MIN_CUT_ROWS = 2
PAGES_S, FAST_MM_PER_S, MAX_COLUMN_CHANGE = (10.0, 5.0), 40.0, 0.08
"""The columns of a page show 10 s together, or half of that at 50 mm/s: others are parts of a page, or misread."""
OPENED_S, BEFORE_MM = (2.5, 5.0), 9.0
"""But for columns of a book's figures, cut to so many seconds, of which each is opened by pulses so near before it."""
MAX_ROW_S = 16.0
"""Rows of a page are no longer: those of two pages beside each other were taken for one."""
LONGEST_SHEET_MM = 420.0
"""No sheet of A3 or less holds longer rows: the lines of the grid were taken for others. Of 1,500 drawn and real pages that were read all that were longer were misread, and none of the
others was longer than 276."""
LEAST_LONG_PX = MIN_PX_PER_MM * 250
"""A sheet that fills its picture has 250 mm of columns at least: of fewer pixels it is too small, and its grid is too fine to be seen."""
SAME_SCALE = 0.04
"""Logarithm of how far pulses and ends of traces may be from the scale of a grid that is the same."""
BRIGHT, MIN_BRIGHT_SHARE = 140, 0.5
"""A picture without grid or outline is a sheet that fills it where so much of it is so bright."""
SEVERAL_PAGES = "There is more than one page in the picture: take one of each, or cut them apart."
TOO_LONG = (
    "By the grid the rows would be {mm:.0f} mm long, longer than a sheet of A3: give the paper speed if they are."
)
STRIP = "The picture shows a strip of one or two rows: use a page with all of the twelve leads."


class NotOnePageError(PictureError):
    """Leads were made out, of more than one page (`bad_layout`) or of a part of one (`cut_off`): no other candidate for the page in its picture is tried."""


def check_columns(found: Arrangement) -> None:
    """Refuse columns that show no usual number of seconds, unless each of them is opened by pulses.

    Raises
    ------
    PictureError : `bad_layout`.
    """
    starts = sorted({place.start_s for place in found.places})
    if len(starts) < 2:
        return
    page_s = starts[1] * len(starts)
    usual = PAGES_S if found.mm_per_s >= FAST_MM_PER_S else PAGES_S[:1]
    if any(abs(page_s / seconds - 1) <= MAX_COLUMN_CHANGE for seconds in usual):
        return
    if OPENED_S[0] <= starts[1] <= OPENED_S[1] and found.gap_mm > 0 and _are_opened(found):
        return
    said = f"At {found.mm_per_s:g} mm/s, which was given, the columns would show {page_s:.0f} s: leave it out."
    raise PictureError(Reason.BAD_LAYOUT, said if found.speed_from == "option" else None)


def _are_opened(found: Arrangement) -> bool:
    """Whether pulses stand before each column, in most of its rows."""
    before = BEFORE_MM * found.px_per_mm[0]
    lefts: dict[float, list[int]] = {}
    for place in found.places:
        lefts.setdefault(place.start_s, []).append(place.box.left)
    return all(
        sum(0 <= min(edges) - right <= before for _, right, _, _ in found.pulses) > len(edges) / 2
        for edges in lefts.values()
    )


def clipped(found: Arrangement, shape: tuple[int, ...]) -> Arrangement:
    """The arrangement with its boxes clipped to a page of `shape` (H, W), and an inverted -aVR under its own name.

    Raises
    ------
    PictureError : `cut_off` where part of a lead would stand beyond the page, `bad_layout` where the columns have no usual length.
    """
    check_columns(found)
    height, width = shape
    places = []
    for place in found.places:
        left, top, right, bottom = place.box.corners
        box = Box(max(left, 0), max(top, 0), min(right, width), min(bottom, height))
        if box.left >= box.right or box.top >= box.bottom:
            raise PictureError(Reason.CUT_OFF)
        places.append(replace(place, box=box, name=place.name.lstrip("-")))
    return replace(found, places=tuple(places))


def with_scale_of_grid(found: Page, likeliest: Page) -> Page:
    """A page that was arranged without a grid, at the scale of the clear grid of the `likeliest` candidate in its picture, where its own is nearly that; else as it is.

    Raises
    ------
    PictureError : as `clipped`.
    """
    grid = likeliest.flat
    if found.px_per_mm is not None or likeliest.px_per_mm is None or grid is None or grid.grid_score < CLEAR_SCORE:
        return found
    width, height = found.size
    across, down = np.ptp(found.to_picture(np.array([[0, height / 2], [width, height / 2]])), axis=0)
    scale = grid.picture_px_per_mm * width / float(np.hypot(across, down))
    if np.abs(np.log(np.array(found.arrangement.px_per_mm) / scale)).max() > SAME_SCALE:
        return found
    rescaled = refined(replace(found.arrangement, px_per_mm=(scale, scale)), found.ink)
    return replace(found, found=clipped(rescaled, found.ink.shape))


def check_length(found: Arrangement) -> None:
    """Refuse the scale of a grid by which rows would be longer than a sheet, unless their paper speed was given.

    Raises
    ------
    PictureError : `bad_scale`.
    """
    edges_px = [edge for place in found.places for edge in (place.box.left, place.box.right)]
    length_mm = (max(edges_px) - min(edges_px)) / found.px_per_mm[0]
    if length_mm > LONGEST_SHEET_MM and found.speed_from != "option":
        raise PictureError(Reason.BAD_SCALE, TOO_LONG.format(mm=length_mm))


def check_whole(page: Page, found: Arrangement) -> None:
    """Refuse an upright page, arranged as `found`, that is not the only one in its picture or not all in it, or whose grid cannot be what it was taken for.

    Raises
    ------
    NotOnePageError
    PictureError : as `check_length`.
    """
    if page.px_per_mm is not None:
        check_length(found)
    across, down = found.px_per_mm
    starts = sorted({place.start_s for place in found.places})
    zeros = sorted({place.zero_px for place in found.places})
    if len(starts) > 1:
        column_px = (starts[1] - starts[0]) * found.mm_per_s * across
        first_px = float(np.median([place.box.left for place in found.places if place.start_s == starts[-1]]))
        ends_px = first_px - (len(starts) - 1) * column_px, first_px + column_px
    else:
        ends_px = min(place.box.left for place in found.places), max(place.box.right for place in found.places)
    row_s = (ends_px[1] - ends_px[0]) / across / found.mm_per_s
    if row_s > MAX_ROW_S or _is_beside(page.ink, ends_px, (across, down), len(zeros) / 2):
        raise NotOnePageError(Reason.BAD_LAYOUT, SEVERAL_PAGES)
    columns = np.arange(ends_px[0], ends_px[1] + across, across)
    for zero in zeros:
        shown = _shown(page, columns, zero)
        beyond = shown.size if not shown.any() else max(shown.argmax(), shown[::-1].argmax())
        if beyond > MAX_BEYOND_MM:
            raise NotOnePageError(Reason.CUT_OFF)
    for zero in (zeros[0] - LEAST_ROOM_MM * down, zeros[-1] + LEAST_ROOM_MM * down):
        if _shown(page, columns, zero).mean() < 0.5:
            raise NotOnePageError(Reason.CUT_OFF)


def _shown(page: Page, columns: np.ndarray, row: float) -> np.ndarray:
    """(n,) bool: which of these columns (n,) of a row of the page are in its picture."""
    points = np.stack([columns, np.full(columns.size, row)], axis=1)
    if page.flat is None:
        width, height = page.size
    else:
        (width, height), points = page.flat.picture_size, page.to_picture(points)
    return ((points >= -0.5) & (points <= np.array([width, height]) - 0.5)).all(axis=1)


def _is_beside(ink: np.ndarray, ends_px: tuple[float, float], px_per_mm: tuple[float, float], least: float) -> bool:
    """Whether at least so many rows of traces stand beside the leads, which are between `ends_px`, over so much as only another page has."""
    left, right = (min(max(round(end), 0), ink.shape[1]) for end in ends_px)
    for beside in (ink[:, :left], ink[:, right:]):
        if beside.shape[1] >= BESIDE_MM * px_per_mm[0] and rows_on(np.ascontiguousarray(beside), px_per_mm) >= least:
            return True
    return False


def rows_on(ink: np.ndarray, px_per_mm: tuple[float, float]) -> int:
    """How many rows of traces there are over most of the width of (H, W) uint8 ink."""
    try:
        _, dark = reduced(ink, px_per_mm)
    except PictureError:
        return 0
    tracks = rows.tracks_of(dark, PX_PER_MM)
    x, y = rows.flat_points(tracks, PX_PER_MM)
    wide = np.ptp(x) >= BESIDE_MM * PX_PER_MM if x.size else False
    return sum(share >= COVERED for _, share in rows.find_rows(x, y, tracks, PX_PER_MM)) if wide else 0


def runs_out(flat: Flat, page_ink: np.ndarray) -> bool:
    """Whether strokes run across the page to where the picture ends, at one end or the other of two rows or more."""
    nodes = flat.mesh.nodes
    inside = ((nodes >= 0) & (nodes <= np.array(flat.picture_size) - 1)).all(axis=2)
    whole = inside[1:, 1:] & inside[:-1, 1:] & inside[1:, :-1] & inside[:-1, :-1]
    rows, columns = whole.shape
    # Cells of a page at another scale than it was flattened for are no whole number of pixels.
    side = min(round(flat.mesh.spacing_px), page_ink.shape[0] // rows, page_ink.shape[1] // columns)
    ink = page_ink[: rows * side, : columns * side].reshape(rows, side, columns, side) >= DARK
    # A trace or a rule has ink in nearly every column of a cell; what covers the paper, in most of its pixels.
    crossed = (ink.any(axis=1).mean(axis=2) > 0.8) & (ink.mean(axis=(1, 3)) < 0.4) & whole
    ends = np.zeros(rows, bool)
    for order in (slice(None), slice(None, None, -1)):
        at = whole[:, order].argmax(axis=1)
        cut = whole.any(axis=1) & (at > 0)
        ends |= cut & crossed[:, order][np.arange(rows), at]
    return int(ends.sum()) >= MIN_CUT_ROWS


def with_better_reason(error: PictureError, page: Page) -> PictureError:
    """A refusal that says better what is wrong with a page whose leads could not be arranged, or the refusal itself."""
    unread = error.reason in (Reason.BAD_LAYOUT, Reason.NOT_AN_ECG)
    if unread and page.flat is not None and max(page.flat.picture_size) < LEAST_LONG_PX:
        return PictureError(Reason.TOO_SMALL)
    if error.reason is Reason.BAD_LAYOUT and page.flat is not None and runs_out(page.flat, page.ink):
        return PictureError(Reason.CUT_OFF)
    if error.reason in (Reason.BAD_LAYOUT, Reason.BAD_SCALE, Reason.NOT_AN_ECG) and is_strip(page.ink, page.px_per_mm):
        return PictureError(Reason.LEADS_MISSING, STRIP)
    if error.reason in (Reason.BAD_LAYOUT, Reason.BAD_SCALE) and page.px_per_mm is None:
        return PictureError(Reason.NOT_AN_ECG)
    return error


def is_bright(image: Image.Image) -> bool:
    """Whether a picture without grid or outline may be a sheet that fills it."""
    return float((np.asarray(image.convert("L").reduce(8)) >= BRIGHT).mean()) >= MIN_BRIGHT_SHARE
