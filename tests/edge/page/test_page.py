"""From a picture to a flat page."""

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageDraw

from ecg_edge.arrangement import arrangement
from ecg_edge.errors import PictureError, Reason
from ecg_edge.image import open_picture
from ecg_edge.layout import LEADS_12, REPORT, RHYTHM
from ecg_edge.page import flattening, warp
from ecg_edge.page import page as page_module
from ecg_edge.page.page import DARK, MAX_ATTEMPTS, Page, find_page
from ecg_edge.page.report_geometry import MIN_STROKE_SHARE, holds_trace, layout_cost
from ecg_edge.simulator.heart import simulate
from ecg_edge.simulator.report_page import draw_report

from ..papers import clouds, ruled

pytestmark = pytest.mark.slow
SIZE = (2213, 1572)


@pytest.fixture(scope="module")
def normal(normal_page):
    return open_picture(normal_page).image


@pytest.fixture(scope="module")
def upright_photo(report_photo):
    return find_page(report_photo.image).upright()


def refusal(image):
    with pytest.raises(PictureError) as caught:
        find_page(image).upright()
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
        assert found.scale == (1.0, 1.0) and found.template is REPORT and found.arrangement.on_report


@pytest.mark.parametrize("dx, dy", [(15, 0), (-15, 0), (0, 15), (0, -15), (15, 15), (-15, -15), (15, -15), (7, -3)])
def test_a_page_within_fifteen_pixels_is_rescaled(normal, dx, dy):
    """The page comes to the template's size, and the scale says by how much."""
    width, height = SIZE[0] + dx, SIZE[1] + dy
    found = find_page(normal.resize((width, height), Image.Resampling.LANCZOS))
    assert found.gray.shape == SIZE[::-1]
    assert found.scale == (SIZE[0] / width, SIZE[1] / height)
    exact = find_page(normal).gray
    assert np.corrcoef(found.gray[300:1480:3].ravel(), exact[300:1480:3].ravel())[0, 1] > 0.9


@pytest.mark.parametrize("dx, dy", [(16, 0), (-16, 15), (-900, -640)])
def test_a_page_of_another_size_is_flattened(normal, dx, dy):
    """What is farther off is another picture of it: read by its grid, and no template."""
    page = find_page(normal.resize((SIZE[0] + dx, SIZE[1] + dy), Image.Resampling.LANCZOS)).upright()
    assert page.template is None and page.flat is not None and page.px_per_mm == (8, 8)
    assert (page.arrangement.layout, page.turns) == ("3x4+1", 0) and not page.arrangement.on_report


def test_pages_with_two_columns_are_arranged(odd_pages):
    """6x2 and 6x2+1 have the same size and the same frame: untouched too, they are found to hold their own leads."""
    for known in odd_pages:
        image = open_picture(known.path).image
        page = find_page(image)
        assert page.upright() is page and page.template is None and page.flat is None and page.scale == (1.0, 1.0)
        assert page.arrangement.layout == known.layout and page.arrangement.on_report
        assert np.array_equal(page.gray, np.asarray(image.convert("L")))


def test_every_published_page_is_read(all_pages):
    """All 491 pages of version 2 are 3x4+1, and none is refused."""
    for page in all_pages:
        assert page.layout == "3x4+1"
        assert find_page(open_picture(page.path).image).scale == (1.0, 1.0), page.path.name


def test_of_the_extra_pages_exactly_those_of_3x4_and_a_rhythm_strip_are_reports(extra_pages):
    """Of the 409, the strokes of the 225 of 3x4+1 are where the template has them, and those of the other 184 are not."""
    assert {page.layout for page in extra_pages} == {"3x4+1", "6x2", "6x2+1"}
    for page in extra_pages:
        dark = np.asarray(open_picture(page.path).image.convert("L")) < DARK
        is_report = holds_trace(dark, REPORT) and layout_cost(dark, REPORT) <= 1 - MIN_STROKE_SHARE
        assert is_report == (page.layout == "3x4+1"), page.path.name


@pytest.mark.parametrize("layout", ["6x2", "6x2+1"])
def test_extra_pages_of_two_columns_are_arranged(extra_pages, layout):
    """A few of them, from one end of the list to the other: all leads under their names."""
    pages = [page for page in extra_pages if page.layout == layout]
    for known in pages[:: -(-len(pages) // 4)]:
        page = find_page(open_picture(known.path).image)
        assert page.arrangement.layout == layout, known.path.name
        assert {place.name for place in page.arrangement.places} >= set(LEADS_12)


def test_layouts_are_well_apart(few_pages, odd_pages):
    """The cost of the right arrangement is far below the limit of 0.15, that of another one far above."""

    def cost(page):
        return layout_cost(np.asarray(open_picture(page.path).image.convert("L")) < DARK, REPORT)

    assert max(cost(page) for page in few_pages) < 0.05
    assert min(cost(page) for page in odd_pages) > 0.5


# What is no ECG


NOTHING = (Reason.NO_PAGE, Reason.NOT_AN_ECG)


@pytest.mark.parametrize("colour", ["white", "black", "#888888", "#f7d9d9"])
def test_an_even_sheet_is_no_ecg(colour):
    """A blank page of the right size, of any colour: bright ones are sheets, dark ones nothing."""
    expected = Reason.NOT_AN_ECG if colour in ("white", "#f7d9d9") else Reason.NO_PAGE
    assert refusal(Image.new("RGB", SIZE, colour)) is expected


@pytest.mark.parametrize("size", [(1, 1), (31, 400), (3000, 2), (20, 20), (640, 480)])
@pytest.mark.parametrize("colour", ["white", "black"])
def test_pictures_of_any_size_are_refused_and_do_no_harm(size, colour):
    """One pixel, a line, a blank sheet that is smaller than a letter."""
    assert refusal(Image.new("RGB", size, colour)) in (*NOTHING, Reason.TOO_SMALL)


def test_noise_of_the_right_size_is_refused():
    """Random pixels are ink everywhere."""
    noise = np.random.default_rng(0).integers(0, 256, (1572, 2213, 3), dtype=np.uint8)
    assert refusal(Image.fromarray(noise)) in NOTHING


def test_a_picture_like_a_photograph_is_refused():
    """Soft patches of light and dark, as in a photograph of anything."""
    assert refusal(Image.fromarray(clouds((1600, 1200), 1))) in (*NOTHING, Reason.BAD_LAYOUT)


def written():
    """A page of writing."""
    page = Image.new("RGB", SIZE, "white")
    draw = ImageDraw.Draw(page)
    for y in range(60, SIZE[1] - 60, 24):
        draw.text((120, y), "a page of writing that says nothing of hearts, over and over again " * 5, fill="black")
    return page


def form():
    """Grid, frame, names, pulses and separators of a report, and no traces."""
    return draw_report(np.full((12, 5000), np.nan, np.float32))


def grid_paper():
    """A sheet of it that fills the picture."""
    return Image.fromarray(ruled((1500, 1000), lambda points: points / 30))


def test_writing_paper_is_no_ecg():
    """Lines everywhere and no separators."""
    page = Image.new("RGB", SIZE, "white")
    draw = ImageDraw.Draw(page)
    for y in range(0, SIZE[1], 40):
        draw.line((0, y, SIZE[0], y), fill="black", width=3)
    assert refusal(page) is Reason.NOT_AN_ECG


@pytest.mark.parametrize("page", [written, form, grid_paper])
def test_pages_without_traces_are_not_told_to_be_cut_off(page):
    """They are refused for whatever reason but that: to take the picture again would not help."""
    assert refusal(page()) in (Reason.NOT_AN_ECG, Reason.BAD_LAYOUT)


def test_a_page_whose_traces_are_wiped_out_is_no_ecg(normal):
    """Frame and print alone are no ECG."""
    wiped = normal.copy()
    for _, box in REPORT.leads:
        wiped.paste("white", box.corners)
    assert refusal(wiped) is Reason.NOT_AN_ECG


@pytest.mark.parametrize("turn", [Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.FLIP_TOP_BOTTOM])
def test_a_mirrored_page_is_refused(normal, turn):
    """Its names cannot be read."""
    assert refusal(normal.transpose(turn)) in (Reason.BAD_LAYOUT, Reason.CUT_OFF)


@pytest.mark.parametrize("box", [(0, 0, 1100, 1572), (900, 300, 2213, 1572)])
def test_half_a_page_is_refused(normal, box):
    """Not half read."""
    assert refusal(normal.crop(box)) in (Reason.BAD_LAYOUT, Reason.CUT_OFF)


# Which way up


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_report_that_lies_otherwise_is_turned(normal, turns):
    """By quarters, to the pixel; and it is said by how much it was turned."""
    page = find_page(Image.fromarray(np.rot90(np.asarray(normal), -turns))).upright()
    assert (page.turns, page.arrangement.layout) == (turns, "3x4+1")
    assert np.array_equal(page.gray, np.asarray(normal.convert("L")))
    assert page.rotation_deg == pytest.approx({1: 90, 2: 180, 3: -90}[turns])


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("scale", [(1.0, 1.0), (0.9, 1.05)])
def test_a_turned_pages_points_are_where_its_pixels_came_from(turns, scale):
    """`to_picture` undoes quarter turns and the rescaling before them."""
    columns, rows = np.meshgrid(np.arange(9), np.arange(6))
    turned = np.rot90(np.stack([columns, rows], axis=-1), turns)
    page = Page(Image.new("RGB", turned.shape[1::-1]), None, scale=scale, turns=turns)
    y, x = np.mgrid[: turned.shape[0], : turned.shape[1]]
    found = page.to_picture(np.stack([x.ravel(), y.ravel()], axis=1))
    np.testing.assert_allclose(found, turned.reshape(-1, 2) / scale)


def test_photographed_pages_are_read(upright_photo, report_photo):
    """Flat, upright, at the scale of the grid; what stands on the page lies where the camera saw it, within a millimetre and a half."""
    page, photo = upright_photo, report_photo.photo
    assert page.arrangement.layout == "3x4+1" and page.template is None
    assert [place.name for place in page.arrangement.places] == list(REPORT.lead_names)
    lefts = {column: 152 + 492 * column for column in range(4)}
    scale = np.hypot(*np.diff(photo.warp(np.array([[900.0, 900.0], [1000.0, 900.0]])), axis=0)[0]) / 100
    for index, place in enumerate(page.arrangement.places[:12]):
        printed = np.array([[lefts[index % 4], REPORT.rows_px[index // 4]]], float)
        found = page.to_picture([[place.box.left, place.zero_px]])
        off_mm = np.hypot(*(found - photo.warp(printed))[0]) / scale / report_photo.px_per_mm
        assert off_mm <= 1.5, place.name


def test_a_photographed_pages_rotation_is_the_cameras(upright_photo, report_photo):
    """Clockwise in degrees, within three: perspective turns one part more than another."""
    turn = report_photo.photo.parameters["view"]["turn_deg"]
    assert (upright_photo.rotation_deg - turn + 180) % 360 - 180 == pytest.approx(0, abs=3)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_photograph_turned_is_the_same_page(report_photo, upright_photo, turns):
    """Turned by quarters it is flattened anew, and the leads are found in the same places of the picture."""
    if report_photo.photo.parameters["seed"] != 32:
        pytest.skip("one photograph is enough")
    array = report_photo.photo.image
    page = find_page(Image.fromarray(np.rot90(array, turns))).upright()
    assert page.arrangement.layout == "3x4+1"
    origin = np.stack(np.meshgrid(np.arange(array.shape[1]), np.arange(array.shape[0])), axis=-1)
    turned = np.rot90(origin, turns)
    for place, known in zip(page.arrangement.places, upright_photo.arrangement.places, strict=True):
        x, y = np.rint(page.to_picture([[place.box.left, place.zero_px]])[0]).astype(int)
        expected = upright_photo.to_picture([[known.box.left, known.zero_px]])[0]
        assert np.hypot(*(turned[y, x] - expected)) <= 1.5 * report_photo.px_per_mm


def test_corners_of_a_photograph_go_round_from_the_upper_left(upright_photo, report_photo):
    """Those of the sheet as it is read, clockwise; within 3 % of its longer side where they are in the picture."""
    if report_photo.photo.parameters["framing"] != "lying":
        pytest.skip("the corners are outside of the picture")
    true, found = report_photo.photo.corners, upright_photo.corners
    assert np.hypot(*(found - true).T).max() <= 0.03 * np.hypot(*(true[1] - true[0]))


def test_a_report_scanned_askew_is_levelled(normal):
    """It has a report's size, and its rows run across those of a straight one."""
    page = find_page(normal.rotate(1, Image.Resampling.BICUBIC, fillcolor="white")).upright()
    assert page.template is None
    assert page.rotation_deg == pytest.approx(-1, abs=0.2)


def test_what_is_given_is_taken(normal):
    """Speed and gain that the caller knows reach the arrangement."""
    page = find_page(normal.resize((1600, 1137)), mm_per_s=50, mm_per_mv=5).upright()
    assert (page.arrangement.mm_per_s, page.arrangement.mm_per_mv) == (50, 5)


def test_a_speed_that_a_report_contradicts_is_said(normal):
    """Its geometry is that of 25 mm/s, which its narrow pulses do not tell."""
    said = find_page(normal, mm_per_s=50.0).upright().arrangement.contradicts
    assert said == ("Report pages of this geometry are printed at 25 mm/s, and 50 mm/s was given.",)
    assert find_page(normal, mm_per_s=25.0).upright().arrangement.contradicts == ()


def test_a_speed_at_which_no_page_is_that_long_is_said(normal):
    """At 12.5 mm/s its columns would show twice of what pages show."""
    with pytest.raises(PictureError, match="would show 20 s"):
        _ = find_page(normal, mm_per_s=12.5).upright().arrangement


def test_pulses_of_another_height_on_a_report_are_said(normal):
    """Its geometry is that of 10 mm/mV, which pulses of 14 mm deny."""
    drawn = normal.copy()
    pen, (left, right) = ImageDraw.Draw(drawn), REPORT.pulse_px
    for base in REPORT.rows_px:
        pen.rectangle((left + 4, base - 86, right - 4, base - 74), "white")
        pen.line([(left, base - 70), (left, base - 112), (right, base - 112), (right, base - 70)], "black", 4)
    page = find_page(drawn).upright()
    assert page.template is REPORT
    said = ("The calibration pulses are not 10 mm high, as on report pages of this geometry.",)
    assert page.arrangement.contradicts == said
    assert find_page(drawn, mm_per_mv=14.0).upright().arrangement.contradicts == ()


def with_chest_names(page, names):
    """A report page with these of V4, V5 and V6 printed by V4, V5 and V6, None no name."""
    drawn, spots = (
        page.copy(),
        {name: (1631, base - 29) for name, base in zip(("V4", "V5", "V6"), REPORT.rows_px, strict=False)},
    )
    for name, spot in zip(names, spots.values(), strict=True):
        x, y = spots.get(name, (spot[0], spot[1] + 60))
        drawn.paste(page.crop((x, y, x + 36, y + 28)), spot)
    return drawn


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("V5", "V4", "V6"), "another order"),
        (("V6", "V5", "V4"), "another order"),
        (("V4", "V4", "V4"), "another order"),
        ((None, None, None), "names cannot be read"),
    ],
)
def test_a_report_whose_chest_leads_bear_other_names_is_refused(normal, names, said):
    """Rows, columns and all else are as on any: its leads are not those of their places."""
    with pytest.raises(PictureError, match=said) as refused:
        _ = find_page(with_chest_names(normal, names)).upright().arrangement
    assert refused.value.reason is Reason.BAD_LAYOUT


@pytest.mark.parametrize("names", [("V5", "V4", "V6"), ("V6", "V5", "V4"), (None, None, None)])
def test_a_drawn_report_whose_chest_leads_bear_other_names_is_refused(names):
    """Its names are in another face than the device's."""
    with pytest.raises(PictureError) as refused:
        _ = find_page(with_chest_names(draw_report(tall_waves(0)), names)).upright().arrangement
    assert refused.value.reason is Reason.BAD_LAYOUT


@pytest.mark.parametrize("seed", range(6))
def test_a_drawn_report_with_tall_waves_through_its_names_is_read(seed):
    assert find_page(draw_report(tall_waves(seed))).upright().arrangement.layout == "3x4+1"


def tall_waves(seed):
    """(12, 5000) mV of a heart twice as large as most."""
    return 2 * simulate("infarction", seed=seed)


def test_a_report_whose_names_are_in_place_is_read(normal):
    """Names that were printed anew are as good as the old ones."""
    assert find_page(with_chest_names(normal, ("V4", "V5", "V6"))).upright().arrangement.layout == "3x4+1"


# The report's own strokes


@pytest.mark.parametrize("stroke", range(3))
def test_a_page_without_one_separator_is_no_template(normal, stroke):
    """Each of the separators counts, the worst one decides; then the leads are looked for."""
    x = REPORT.separators_px[stroke]
    wiped = normal.copy()
    wiped.paste("white", (x - 6, 400, x + 7, 1130))
    page = find_page(wiped)
    assert page.template is None
    assert page.arrangement.layout == "3x4+1"


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


def test_so_many_orientations_are_tried_in_a_picture_and_no_more(upright_photo, monkeypatch):
    """All candidates for its page together: others are not even flattened when no attempts are left. The reason is the first one's."""
    tried, flattened, find = [], [], arrangement.find_arrangement
    monkeypatch.setattr(arrangement, "find_arrangement", lambda *args, **known: tried.append(1) or find(*args, **known))
    mirrored = upright_photo.image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    flat = replace(upright_photo.flat, image=mirrored)
    first = Page(Image.new("RGB", (1200, 900), "white"), (8.0, 8.0))
    other = Page(mirrored, flat.px_per_mm, flat=flat, search=first.search)
    others = (flattened.append(1) or other for _ in range(100))
    with pytest.raises(PictureError) as caught:
        replace(first, others=others).upright()
    assert caught.value.reason is Reason.NOT_AN_ECG
    assert 1 < len(tried) <= MAX_ATTEMPTS and 0 < len(flattened) < MAX_ATTEMPTS


def test_a_refused_report_is_released_before_the_picture_is_flattened(normal, monkeypatch):
    """Its pixels and its ink are half of what a reading may hold: nothing keeps them, the refusal least of all."""
    seen, held, flat_candidates = [], [], flattening.flat_candidates

    def keep_track(page):
        seen.append(weakref.ref(page))
        return arranged(page)

    def flatten(*args, **scale):
        held.extend(page() is not None for page in seen)
        return flat_candidates(*args, **scale)

    arranged = page_module._arranged
    monkeypatch.setattr(page_module, "_arranged", keep_track)
    monkeypatch.setattr(flattening, "flat_candidates", flatten)
    gc.disable()
    try:
        refusal(normal.transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    finally:
        gc.enable()
    assert held == [False]


def test_a_page_without_its_image_keeps_its_size_and_its_ink(normal):
    """And so its arrangement and its points in the picture."""
    page = find_page(normal)
    released = page.without_image()
    assert released.image is None and released.size == page.size == SIZE
    assert released.ink is page.ink and released.arrangement == page.arrangement
    assert released.rotation_deg == page.rotation_deg == 0


def test_a_grid_read_at_another_multiple_of_its_lines_is_corrected_by_the_pulses(upright_photo, report_photo):
    """As if 2 or 3 mm, or two bold lines, had been taken for 5 mm, one in each photograph: the same page, leads and scale."""
    factor = {31: 0.4, 32: 0.6, 33: 2.0}[report_photo.photo.parameters["seed"]]
    flat = next(flattening.flat_candidates(report_photo.image))
    mesh = warp.Mesh(flat.mesh.nodes, flat.mesh.spacing_px / factor)
    wrong = replace(
        flat, image=flat.image.resize(mesh.size), mesh=mesh, with_cells=lambda n: flat.with_cells(n * factor)
    )
    page = Page(wrong.image, wrong.px_per_mm, flat=wrong).upright()
    assert page.arrangement.layout == upright_photo.arrangement.layout
    for place, known in zip(page.arrangement.places, upright_photo.arrangement.places, strict=True):
        middle, there = ([[box.left + box.right, box.top + box.bottom]] for box in (place.box, known.box))
        off = page.to_picture(np.array(middle) / 2) - upright_photo.to_picture(np.array(there) / 2)
        assert place.name == known.name and np.hypot(*off[0]) < 5 * page.flat.picture_px_per_mm


def test_other_candidates_are_tried_where_the_likeliest_is_no_page(upright_photo):
    """Blank ruled paper first: then the page; without another candidate, the first one's reason."""
    blank = np.full((900, 1200, 3), 255, np.uint8)
    first = Page(Image.fromarray(blank), (8.0, 8.0))
    flat = upright_photo.flat
    found = replace(first, others=iter([Page(flat.image, flat.px_per_mm, flat=flat)])).upright()
    assert found.arrangement.layout == upright_photo.arrangement.layout
    with pytest.raises(PictureError) as caught:
        first.upright()
    assert caught.value.reason is Reason.NOT_AN_ECG


@pytest.mark.parametrize("tilt", [-0.014, 0.005])
def test_a_levelled_pages_points_are_where_its_pixels_came_from(tilt):
    """Of a page without a grid whose rows were not level: a dot drawn on it, found again."""
    image = Image.new("RGB", (900, 500), "white")
    ImageDraw.Draw(image).ellipse((696, 96, 704, 104), fill="black")
    level, _ = page_module._levelled(image, tilt)
    page = Page(level, None, tilt=tilt)
    rows, columns = np.nonzero(np.asarray(level)[:, :, 0] < 100)
    (x, y), *_ = page.to_picture([[float(columns.mean()), float(rows.mean())]])
    assert abs(rows.mean() - 100) > 1 and (x, y) == pytest.approx((700, 100), abs=0.7)
