"""Hints for aiming a camera at a page."""

from ..errors import PictureError, Reason
from ..page import quality
from ..page.page import find_page

SIDE_PX = 1600
"""The longer side of the picture that is looked at: a page is found in it, and twice as fast as in all of it."""
DARK = 50
"""Median of gray below which nothing else is worth saying."""
HINTS = {
    Reason.TOO_SMALL: "move closer",
    Reason.CUT_OFF: "move away: part of the page is outside",
    Reason.BLURRED: "hold still, or focus",
    Reason.COVERED: "take away what lies on the page",
    Reason.BAD_LIGHT: "move the lamp: glare",
}
"""What to do about a reason; about others that there is no page."""
FOUND = "page found"


def hint(image):
    """What to tell the person who aims, of an RGB `PIL.Image`: `FOUND`, or what to do."""
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
