"""From a picture to a flat page."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageDraw

from ecg_edge.drawing import draw_report
from ecg_edge.errors import PictureError, Reason
from ecg_edge.image import open_picture
from ecg_edge.layout import LEADS_12, REPORT, RHYTHM
from ecg_edge.page import DARK, find_page, holds_trace, layout_cost

SIZE = (2213, 1572)


@pytest.fixture(scope="module")
def normal(normal_page):
    return open_picture(normal_page).image


def refusal(image):
    with pytest.raises(PictureError) as caught:
        find_page(image)
    return caught.value.reason


def test_the_template_is_the_report_page():
    """Sizes, scale and boxes as DESIGN.md has them."""
    assert (REPORT.name, REPORT.size, REPORT.tolerance_px) == ("3x4+1", SIZE, 15)
    assert (REPORT.px_per_mm, REPORT.mm_per_s, REPORT.mm_per_mv) == (8, 25, 10)
    columns = {(150, 643): "I II III", (646, 1135): "aVR aVL aVF", (1140, 1625): "V1 V2 V3", (1630, 2125): "V4 V5 V6"}
    expected = {
        name: (left, top, right, top + 300)
        for (left, right), names in columns.items()
        for name, top in zip(names.split(), (300, 600, 900), strict=True)
    }
    expected[RHYTHM] = (150, 1250, 2125, 1480)
    assert {name: box.corners for name, box in REPORT.leads} == expected
    assert set(REPORT.lead_names) == {*LEADS_12, RHYTHM}


def test_boxes_do_not_overlap_and_lie_on_the_page():
    """No pixel belongs to two leads."""
    owners = np.zeros((REPORT.height_px, REPORT.width_px), int)
    for _, box in REPORT.leads:
        left, top, right, bottom = box.corners
        assert 0 <= left < right <= REPORT.width_px and 0 <= top < bottom <= REPORT.height_px
        owners[box.slices] += 1
    assert owners.max() == 1


def test_a_page_of_the_exact_size_is_untouched(few_pages):
    """Its gray levels are Pillow's "L" of the picture, bit for bit, and its scale is one."""
    for page in few_pages:
        image = open_picture(page.path).image
        found = find_page(image)
        assert np.array_equal(found.gray, np.asarray(image.convert("L")))
        assert found.scale == (1.0, 1.0) and found.template is REPORT


@pytest.mark.parametrize("dx, dy", [(15, 0), (-15, 0), (0, 15), (0, -15), (15, 15), (-15, -15), (15, -15), (7, -3)])
def test_a_page_within_fifteen_pixels_is_rescaled(normal, dx, dy):
    """The page comes to the template's size, and the scale says by how much."""
    width, height = SIZE[0] + dx, SIZE[1] + dy
    found = find_page(normal.resize((width, height), Image.Resampling.LANCZOS))
    assert found.gray.shape == SIZE[::-1]
    assert found.scale == (SIZE[0] / width, SIZE[1] / height)
    exact = find_page(normal).gray
    assert np.corrcoef(found.gray[300:1480:3].ravel(), exact[300:1480:3].ravel())[0, 1] > 0.9


@pytest.mark.parametrize("dx, dy", [(16, 0), (-16, 0), (0, 16), (0, -16), (-16, 15)])
def test_a_page_sixteen_pixels_off_is_refused_with_its_size(normal, dx, dy):
    """What is farther off is another geometry, and the message names both."""
    width, height = SIZE[0] + dx, SIZE[1] + dy
    with pytest.raises(PictureError) as caught:
        find_page(normal.resize((width, height)))
    assert caught.value.reason is Reason.BAD_LAYOUT
    assert str(caught.value) == (
        f"The picture has {width} x {height} pixels: this model reads report pages of 2213 x 1572 (± 15) alone."
    )


def test_pages_with_two_columns_are_refused(odd_pages):
    """6x2 and 6x2+1 have the same size and the same frame: their strokes tell them apart."""
    for page in odd_pages:
        with pytest.raises(PictureError) as caught:
            find_page(open_picture(page.path).image)
        assert caught.value.reason is Reason.BAD_LAYOUT
        assert str(caught.value) == Reason.BAD_LAYOUT.sentence


def test_every_published_page_is_read(all_pages):
    """All 491 pages of version 2 are 3x4+1, and none is refused."""
    for page in all_pages:
        assert page.layout == "3x4+1"
        assert find_page(open_picture(page.path).image).scale == (1.0, 1.0), page.path.name


def test_of_the_extra_pages_exactly_those_of_3x4_and_a_rhythm_strip_are_read(extra_pages):
    """Of the 409, the 225 of 3x4+1 pass and the 184 of 6x2 and 6x2+1 are all refused for their layout."""
    assert {page.layout for page in extra_pages} == {"3x4+1", "6x2", "6x2+1"}
    for page in extra_pages:
        image = open_picture(page.path).image
        if page.layout == "3x4+1":
            find_page(image)
        else:
            assert refusal(image) is Reason.BAD_LAYOUT, page.path.name


def test_layouts_are_well_apart(few_pages, odd_pages):
    """The cost of the right arrangement is far below the limit of 0.15, that of another one far above."""

    def cost(page):
        return layout_cost(np.asarray(open_picture(page.path).image.convert("L")) < DARK, REPORT)

    assert max(cost(page) for page in few_pages) < 0.05
    assert min(cost(page) for page in odd_pages) > 0.5


@pytest.mark.parametrize("colour", ["white", "black", "#888888", "#f7d9d9"])
def test_an_even_sheet_is_no_ecg(colour):
    """A blank page of the right size, of any colour."""
    assert refusal(Image.new("RGB", SIZE, colour)) is Reason.NOT_AN_ECG


@pytest.mark.parametrize("seed", range(3))
def test_noise_of_the_right_size_is_refused(seed):
    """Random pixels are ink everywhere."""
    noise = np.random.default_rng(seed).integers(0, 256, (1572, 2213, 3), dtype=np.uint8)
    assert refusal(Image.fromarray(noise)) is Reason.NOT_AN_ECG


@pytest.mark.parametrize("seed", range(3))
def test_a_picture_like_a_photograph_is_refused(seed):
    """Soft patches of light and dark, as in a photograph of anything."""
    small = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    assert refusal(Image.fromarray(small).resize(SIZE, Image.Resampling.BICUBIC)) in (
        Reason.NOT_AN_ECG,
        Reason.BAD_LAYOUT,
    )


def test_ruled_paper_and_text_are_refused(normal):
    """Lines everywhere and no separators; a page of writing."""
    ruled = Image.new("RGB", SIZE, "white")
    draw = ImageDraw.Draw(ruled)
    for y in range(0, SIZE[1], 40):
        draw.line((0, y, SIZE[0], y), fill="black", width=3)
    written = Image.new("RGB", SIZE, "white")
    draw = ImageDraw.Draw(written)
    for y in range(60, SIZE[1] - 60, 24):
        draw.text((120, y), "a page of writing that says nothing of hearts, over and over again " * 5, fill="black")
    for image in (ruled, written):
        assert refusal(image) in (Reason.NOT_AN_ECG, Reason.BAD_LAYOUT)


@pytest.mark.parametrize(
    "turn", [Image.Transpose.ROTATE_180, Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.FLIP_TOP_BOTTOM]
)
def test_a_page_upside_down_or_mirrored_is_refused(normal, turn):
    """Its size is right and its strokes are elsewhere."""
    assert refusal(normal.transpose(turn)) is Reason.BAD_LAYOUT


def test_a_page_whose_traces_are_wiped_out_is_no_ecg(normal):
    """Frame and print alone are no ECG."""
    wiped = normal.copy()
    for _, box in REPORT.leads:
        wiped.paste("white", box.corners)
    assert refusal(wiped) is Reason.NOT_AN_ECG


@pytest.mark.parametrize("stroke", range(3))
def test_a_page_without_one_separator_is_refused(normal, stroke):
    """Each of the separators counts: the worst one decides."""
    x = REPORT.separators_px[stroke]
    wiped = normal.copy()
    wiped.paste("white", (x - 6, 400, x + 7, 1130))
    assert refusal(wiped) is Reason.BAD_LAYOUT


def test_ink_in_half_of_the_columns_is_enough_and_too_much_is_not():
    """Both limits of `holds_trace`, at their edges."""
    dark = np.zeros((REPORT.height_px, REPORT.width_px), bool)
    for _, box in REPORT.leads:
        middle = box.left + (box.right - box.left + 1) // 2
        dark[box.top + 50 : box.top + 52, box.left : middle + 2] = True
    assert holds_trace(dark, REPORT)
    for _, box in REPORT.leads:
        dark[box.top + 50 : box.top + 52, box.left + (box.right - box.left) // 2 - 3 : box.right] = False
    assert not holds_trace(dark, REPORT)
    for _, box in REPORT.leads:
        dark[box.top : box.top + (box.bottom - box.top) // 2, box.left : box.right] = True
    assert not holds_trace(dark, REPORT)


def test_a_template_of_another_tolerance_is_honoured(normal):
    """The limit is the template's, not the code's."""
    with pytest.raises(PictureError):
        find_page(normal.resize((2214, 1572)), replace(REPORT, tolerance_px=0))


def test_a_printed_form_without_traces_is_no_ecg():
    """Grid, frame, names, pulses and separators alone are refused as `not_an_ecg`: dots of the grid are no trace."""
    empty = np.full((12, 5000), np.nan, np.float32)
    with pytest.raises(PictureError) as caught:
        find_page(draw_report(empty))
    assert caught.value.reason is Reason.NOT_AN_ECG
