"""How much of a file is read: bytes, pixels, pages and time."""

from __future__ import annotations

from ..errors import PictureError, Reason

MAX_BYTES = 64 * 2**20
MAX_PIXELS = 100_000_000
MAX_SIDE = 20_000
"""No page, and no picture of one, is so long: a damaged file may say so, and takes the memory of all that it says."""
MAX_PAGES = 100
"""So many pages of a file are read where none are chosen; those after them are answered by one result that says so."""
MAX_PAGE_NUMBER = 10_000
"""Pages are counted, and can be chosen, up to this number."""
MAX_SEQUENCE_PIXELS = 10 * MAX_PIXELS
"""Frames of an animation are made of those before them: a frame may need so many pixels together with all of them."""
RENDER_S = 5.0
"""A page of a PDF that is not drawn in so many seconds of the processor's time is given up."""


def check_pixels(width: int, height: int) -> None:
    """Refuse a picture of so many pixels before memory is taken for it.

    Raises
    ------
    PictureError : `too_large`.
    """
    if max(width, height) > MAX_SIDE:
        raise PictureError(
            Reason.TOO_LARGE, f"The picture has {width} x {height} pixels: give one of at most {MAX_SIDE} a side."
        )
    if width * height > MAX_PIXELS:
        raise PictureError(
            Reason.TOO_LARGE, f"The picture has {width} x {height} pixels: give one of at most 100 megapixels."
        )
