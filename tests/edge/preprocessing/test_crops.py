"""Crops of leads: of a report page its own, of any other page as a report would show them."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from ecg_edge.errors import PictureError, Reason
from ecg_edge.image import open_picture
from ecg_edge.layout import REPORT, RHYTHM, Arrangement, Box, Place
from ecg_edge.page.page import find_page
from ecg_edge.preprocessing.crops import crop, crop_as_report

SCALE = (200 / 25.4, 200 / 25.4)
REACH_PX = 3
"""How far a stroke may lie from where the report has it: 0.4 mm."""
EDGE_PX = 8


def an_arrangement(px_per_mm=SCALE, mm_per_s=25.0, mm_per_mv=10.0, at=(0, 0)):
    """The report's own arrangement, at another scale and place."""
    across, down = px_per_mm[0] * mm_per_s / (SCALE[0] * 25), px_per_mm[1] * mm_per_mv / (SCALE[1] * 10)
    places = []
    for index, name in enumerate(REPORT.lead_names):
        row, column = divmod(index, 4)
        row, column = (3, 0) if name == RHYTHM else (row, column)
        left, zero = at[0] + (152 + 492 * column) * across, at[1] + REPORT.rows_px[row] * down
        right = left + (492 if name != RHYTHM else 4 * 492) * across
        box = Box(round(left), round(zero - 150 * down), round(right), round(zero + 150 * down))
        places.append(Place(name, "II" if name == RHYTHM else name, box, zero, 2.5 * column))
    return Arrangement("3x4+1", tuple(places), px_per_mm, mm_per_s, mm_per_mv, 0.0, 1.0)


def share_near(ink, other):
    """The share of ink pixels that have ink of the other picture within `REACH_PX`."""
    near = ndimage.maximum_filter(other, 2 * REACH_PX + 1)
    return near[ink].mean() if ink.any() else 1.0


@pytest.fixture(scope="module")
def report(normal_page):
    return find_page(open_picture(normal_page).image)


def test_a_report_is_cut_along_its_template(report):
    """Views of the page, in the boxes' shapes."""
    crops = crop(report.gray, REPORT)
    assert tuple(crops) == REPORT.lead_names
    for name, box in REPORT.leads:
        assert np.array_equal(crops[name], report.gray[box.slices])
        assert np.shares_memory(crops[name], report.gray)


@pytest.mark.parametrize("shape", [(1571, 2213), (1572, 2214), (2213, 1572), (100, 100)])
def test_a_page_of_another_size_is_not_cut(shape):
    """The boxes would lie elsewhere on it."""
    with pytest.raises(ValueError, match=rf"^a page of 1572 x 2213 pixels is needed, not \({shape[0]}, {shape[1]}\)$"):
        crop(np.zeros(shape, np.uint8), REPORT)


def test_a_reports_own_arrangement_gives_its_own_crops(report):
    """By the leads found on it, as if it were any page: the same shapes, and the ink in the same places but for what is grid.

    Leads are found to two pixels: a separator beyond the last of a crop's columns may show there.
    """
    arrangement = report.arrangement
    crops, own = crop_as_report(report.ink, arrangement), crop(report.gray, REPORT)
    assert {name: image.shape for name, image in crops.items()} == {name: image.shape for name, image in own.items()}
    for name in own:
        ink, printed = crops[name][:, :-EDGE_PX] < 100, own[name][:, :-EDGE_PX] < 100
        assert ink.any()
        assert share_near(ink, printed) > 0.98, name
        # A grid's dots are single pixels, strokes are not.
        strokes = ndimage.binary_opening(printed, np.ones((2, 2)))
        assert share_near(strokes, ink) > 0.95, name


@pytest.mark.slow
def test_a_photographs_crops_are_those_of_the_report(report_photo, report):
    """Through the camera and back: most of each trace within a millimetre of where the report has it."""
    page = find_page(report_photo.image).upright()
    crops, own = crop_as_report(page.ink, page.arrangement), crop(report.gray, REPORT)
    for name in own:
        strokes = ndimage.binary_opening(own[name] < 100, np.ones((2, 2)))
        near = ndimage.maximum_filter(crops[name] < 128, 17)
        assert near[strokes].mean() > 0.9, name


@pytest.mark.parametrize("px_per_mm", [SCALE, (8.0, 8.0), (6.0, 9.0)])
@pytest.mark.parametrize("mm_per_s, mm_per_mv", [(25.0, 10.0), (50.0, 5.0)])
def test_scale_speed_and_gain_are_the_reports_afterwards(px_per_mm, mm_per_s, mm_per_mv):
    """A wave drawn at any of them has the report's size and place in the crop."""
    arrangement = an_arrangement(px_per_mm, mm_per_s, mm_per_mv, at=(20, 30))
    ink = np.zeros(
        (round(1700 * px_per_mm[1] / 7 * mm_per_mv / 10), round(2400 * px_per_mm[0] / 7 * mm_per_s / 25)), np.uint8
    )
    for place in arrangement.places:
        # A step of 1 mV from 1 s to 1.5 s after the lead's beginning.
        left, right = (round(place.box.left + t * mm_per_s * px_per_mm[0]) for t in (1.0, 1.5))
        top, zero = (round(place.zero_px - v * mm_per_mv * px_per_mm[1]) for v in (1.0, 0.0))
        ink[top:zero, left:right] = 255
    crops = crop_as_report(ink, arrangement)
    for name, box in REPORT.leads:
        rows, columns = np.nonzero(crops[name] < 128)
        column = 0 if name == RHYTHM else (box.left - 100) // 492
        zero = next(row for row in REPORT.rows_px if box.top <= row < box.bottom)
        begin = 152 + 492 * column - box.left
        extent = columns.min(), columns.max() + 1, rows.min(), rows.max() + 1
        expected = begin + 25 * SCALE[0], begin + 37.5 * SCALE[0], zero - box.top - 10 * SCALE[1], zero - box.top
        assert extent == pytest.approx(expected, abs=2.5), name


def test_beyond_the_page_a_crop_is_paper():
    """A lead that begins at the page's edge: white, as if nothing were printed there."""
    arrangement = an_arrangement(at=(-152, -463))
    crops = crop_as_report(np.full((1200, 2000), 255, np.uint8), arrangement)
    assert (crops["I"][:150] == 255).all() and (crops["I"][200:, 10:] == 0).all()


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["6x2", "6x2+1"])
def test_other_arrangements_are_refused_by_their_name(odd_pages, layout):
    """It is said what was found and what is read."""
    page = find_page(open_picture(next(page.path for page in odd_pages if page.layout == layout)).image)
    with pytest.raises(PictureError) as caught:
        crop_as_report(page.ink, page.arrangement)
    assert caught.value.reason is Reason.BAD_LAYOUT
    assert str(caught.value) == f"The page's leads are arranged as {layout}: this model reads 3x4+1 pages alone."


def test_the_right_name_without_the_right_leads_is_refused():
    """Cabrera's order has an aVR that is turned over."""
    arrangement = an_arrangement()
    places = tuple(replace(place, name="-aVR") if place.name == "aVR" else place for place in arrangement.places)
    with pytest.raises(PictureError) as caught:
        crop_as_report(np.zeros((1572, 2213), np.uint8), replace(arrangement, places=places))
    assert caught.value.reason is Reason.BAD_LAYOUT


def test_the_paper_is_white_and_ink_is_black():
    """As in the report's gray page, whose filters follow."""
    ink = np.zeros((1572, 2213), np.uint8)
    assert all((image == 255).all() for image in crop_as_report(ink, an_arrangement()).values())
    assert Image.fromarray(crop_as_report(ink, an_arrangement())["I"]).mode == "L"
