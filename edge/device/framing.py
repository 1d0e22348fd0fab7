"""Hints for framing: how to move camera, page and light so that the page can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import PictureError, Reason
from ..page import quality
from ..page.page import find_page

if TYPE_CHECKING:
    from PIL import Image

SIDE_PX = 1600
"""The longer side to which a frame is reduced: a page is found in it, and twice as fast as in the whole frame."""
DARK = 50
"""Median of gray below which the frame is too dark for other hints."""
HINTS = {
    Reason.TOO_SMALL: "move closer",
    Reason.CUT_OFF: "move away: part of the page is outside",
    Reason.BLURRED: "hold still, or focus",
    Reason.COVERED: "remove what covers the page",
    Reason.BAD_LIGHT: "move the lamp: glare",
}
"""What to do about a reason; with any other reason there is no page."""
FOUND = "page found"


def framing_hint(image: Image.Image) -> str:
    """What to tell the person about a frame in RGB: `FOUND`, or what to do."""
    small = image.copy()
    small.thumbnail((SIDE_PX, SIDE_PX))
    histogram = small.convert("L").histogram()
    if sum(histogram[:DARK]) > sum(histogram) / 2:
        return "too dark"
    try:
        page = find_page(small)
        quality.check(quality.measure(page))
    except PictureError as error:
        return HINTS.get(error.reason, "no page")
    return FOUND
