"""Pictures that show a part of a page, or several pages."""

import numpy as np
import pytest
from PIL import Image

from ecg_edge.errors import PictureError, Reason
from ecg_edge.image import open_picture
from ecg_edge.layout import Arrangement, Box, Place
from ecg_edge.page import whole_page
from ecg_edge.page.page import find_page

pytestmark = pytest.mark.slow
TABLE = (70, 60, 50)


@pytest.fixture(scope="module")
def pages(normal_page):
    """Report pages by name."""
    return {path.stem: open_picture(path).image for path in normal_page.parent.glob("*.jpg")}


def refusal(image):
    """The error for which a picture is refused."""
    with pytest.raises(PictureError) as caught:
        find_page(image).upright()
    return caught.value


def beside(left, right, gap=0):
    """Two pages beside each other, with so much of a table between and above them."""
    image = Image.new("RGB", (left.width + gap + right.width, left.height + gap), TABLE)
    image.paste(left, (0, gap))
    image.paste(right, (left.width + gap, gap))
    return image


def part(image, left=0.0, top=0.0, right=1.0, bottom=1.0):
    """The part of an image between these shares of its sides."""
    width, height = image.size
    return image.crop((round(left * width), round(top * height), round(right * width), round(bottom * height)))


@pytest.mark.parametrize("gap", [0, 120])
def test_two_pages_beside_each_other_are_more_than_one(pages, gap):
    """Neither of them is read, with a table between them or not; nor one with half of another."""
    for second in (pages["infarction"], part(pages["abnormal"], right=0.5)):
        error = refusal(beside(pages["normal"], second, gap))
        assert (error.reason, str(error)) == (Reason.BAD_LAYOUT, whole_page.SEVERAL_PAGES)


def test_two_pages_below_each_other_are_refused(pages):
    """Eight rows are in no known order."""
    both = Image.new("RGB", (2213, 3144))
    both.paste(pages["normal"], (0, 0))
    both.paste(pages["abnormal"], (0, 1572))
    assert refusal(both).reason is Reason.BAD_LAYOUT


@pytest.mark.parametrize("name", ["normal", "infarction"])
@pytest.mark.parametrize("kept", [0.9, 0.8, 0.5])
def test_a_page_without_its_right_part_is_cut_off(pages, name, kept):
    """Also where most of the last column is there: half a second of it or more is not."""
    assert refusal(part(pages[name], right=kept)).reason is Reason.CUT_OFF


@pytest.mark.parametrize("missing", [0.1, 0.2, 0.5])
def test_a_page_without_its_left_part_is_cut_off(pages, missing):
    """The first column begins beyond the picture."""
    assert refusal(part(pages["infarction"], left=missing)).reason is Reason.CUT_OFF


def test_two_columns_without_part_of_the_second_are_cut_off(pages):
    """Of 5 s each the last 2 s are missing, or one."""
    for kept in (0.9, 0.7):
        assert refusal(part(pages["6x2"], right=kept)).reason is Reason.CUT_OFF


def test_the_rim_of_a_page_may_be_missing(pages):
    """What stands above, below and beside the leads, and a tenth of a column."""
    for image in (part(pages["normal"], right=0.95), part(pages["normal"], top=0.1, bottom=0.95)):
        assert find_page(image).upright().arrangement.layout == "3x4+1"


def test_a_row_at_the_pictures_lower_edge_is_cut_off(pages):
    """Of V3, V6 and the leads beside them only what is above 0 mV is there."""
    lowest = pages["normal"].crop((0, 0, 2213, 1066 + 12))
    assert refusal(lowest).reason is Reason.CUT_OFF


@pytest.mark.parametrize("side_px", [300, 400, 500, 600])
@pytest.mark.parametrize("name", ["normal", "6x2+1"])
def test_a_page_of_few_pixels_is_too_small(pages, name, side_px):
    """Its grid is too fine to be seen: that there is no ECG would not be true."""
    for filtered in (Image.Resampling.BOX, Image.Resampling.BICUBIC):
        small = pages[name].resize((side_px, round(side_px * 0.71)), filtered)
        assert refusal(small).reason is Reason.TOO_SMALL


@pytest.mark.parametrize("shift", [-0.01, 0.0, 0.01])
@pytest.mark.parametrize("name", ["normal", "abnormal", "infarction", "history"])
def test_a_page_whose_limb_leads_are_painted_over_is_refused(pages, name, shift):
    """No other order of leads is found in what is left, whichever way up."""
    image = pages[name].copy()
    width, height = image.size
    image.paste("white", (0, round(0.12 * height), round((0.52 + shift) * width), round(0.78 * height)))
    assert refusal(image).reason in (Reason.BAD_LAYOUT, Reason.LEADS_MISSING)


@pytest.mark.parametrize("name", ["normal", "abnormal", "infarction", "history"])
def test_a_strip_alone_lacks_leads(pages, name):
    """A rhythm strip cut out, on a table, with the row above it, and as the only row of a page: an ECG, as its pulse tells, but not of twelve leads."""
    strip, painted = part(pages[name], top=0.8), pages[name].copy()
    painted.paste("white", (0, 160, 2213, 1225))
    table = Image.new("RGB", (2513, 614), TABLE)
    table.paste(strip, (150, 150))
    for image in (strip, table, painted, part(pages[name], top=0.62)):
        error = refusal(image)
        assert (error.reason, str(error)) == (Reason.LEADS_MISSING, whole_page.STRIP)


def test_rows_are_counted_where_there_is_ink_alone():
    """Beside a page there may be a table, or nothing."""
    for ink in (np.zeros((800, 1000), np.uint8), np.full((800, 1000), 255, np.uint8)):
        assert whole_page.rows_on(ink, (8.0, 8.0)) == 0


@pytest.mark.parametrize("speed_from, refused", [("pulse", True), ("columns", True), ("option", False)])
def test_rows_longer_than_any_sheet_say_that_the_grid_is_another(speed_from, refused):
    """500 mm: what was taken for 5 mm is 2.5 mm, unless somebody says how fast that paper went."""
    places = tuple(
        Place(name, name, Box(100 + 1000 * n, 100, 1100 + 1000 * n, 300), 200.0, 2.5 * n)
        for n, name in enumerate("1234")
    )
    long = Arrangement("3x4", places, (8.0, 8.0), 50.0, 20.0, 0.0, 1.0, speed_from=speed_from)
    whole_page.check_length(Arrangement("3x4", places, (16.0, 16.0), 25.0, 10.0, 0.0, 1.0))
    if not refused:
        whole_page.check_length(long)
        return
    with pytest.raises(PictureError, match="500 mm") as caught:
        whole_page.check_length(long)
    assert caught.value.reason is Reason.BAD_SCALE
