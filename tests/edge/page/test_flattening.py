"""Flat pages from pictures: by the grid in photographs of ruled paper and of report pages, by the outline where there is none."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageDraw

from benchmarks.outcomes import similarity_residual
from ecg_edge.errors import PictureError, Reason
from ecg_edge.image import open_picture
from ecg_edge.layout import REPORT
from ecg_edge.page import flattening
from ecg_edge.page.flattening import PX_PER_MM, flat_candidates

from ..conftest import RIM_PX
from ..papers import clouds, ruled


@pytest.fixture(scope="module")
def flat_ruled(ruled_photo):
    return flatten(ruled_photo.image)


@pytest.fixture(scope="module")
def flat_report(report_photo):
    return flatten(report_photo.image)


def flatten(image):
    """The likeliest candidate for its page."""
    return next(flat_candidates(image))


def flatness_mm(flat, warp, box, px_per_mm):
    """The root mean square in mm by which page points, followed into the picture by `warp` and back by the mesh, lie off a similarity; and
    the similarity's scale."""
    from scipy.interpolate import griddata

    left, top, right, bottom = box
    printed = np.stack(np.meshgrid(np.linspace(left, right, 14), np.linspace(top, bottom, 9)), axis=-1).reshape(-1, 2)
    lines = (np.arange(0.0, side + 1, 20.0) for side in flat.image.size)
    points = np.stack(np.meshgrid(*lines), axis=-1).reshape(-1, 2)
    back = griddata(flat.mesh.to_picture(points), points, warp(printed))
    assert np.isfinite(back).all(), "all of the grid is on the flat page"
    scale = np.sqrt(((back - back.mean(axis=0)) ** 2).sum() / ((printed - printed.mean(axis=0)) ** 2).sum())
    return similarity_residual(printed, back) / px_per_mm, scale


def refusal(image):
    with pytest.raises(PictureError) as caught:
        flatten(image)
    return caught.value.reason


def on_a_table(corners, size=(1500, 1150), table=(70, 50, 40), px_per_mm=4.0, grid=True):
    """A sheet with these corners, seen straight from above but for a turn of the whole, on an even table; ruled but for 6 mm of rim."""
    corners = np.asarray(corners, float)
    across = corners[1] - corners[0]
    unit = across / np.hypot(*across)
    axes = np.stack([unit, [-unit[1], unit[0]]], axis=1)
    picture = ruled(size, lambda points: (points - corners[0]) @ axes / (5 * px_per_mm), noise=2.0)
    columns, rows = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    own_mm = (np.stack([columns, rows], axis=-1) - corners[0]) @ axes / px_per_mm
    extent_mm = np.array([np.hypot(*across), np.hypot(*(corners[3] - corners[0]))]) / px_per_mm
    rim = 6.0 if grid else 1e4
    picture[~((own_mm > rim) & (own_mm < extent_mm - rim)).all(axis=-1)] = (250, 250, 248)
    picture[~((own_mm > 0) & (own_mm < extent_mm)).all(axis=-1)] = table
    return Image.fromarray(picture)


def rectangle(middle, extent, turn_deg):
    """(4, 2) corners clockwise from the upper left."""
    a = np.deg2rad(turn_deg)
    half = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * np.array(extent) / 2
    return half @ np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]]) + middle


def corner_error(found, true):
    """The largest distance of a corner from its own, as a share of the sheet's longer side, wherever counting begins."""
    distances = [np.hypot(*(np.roll(found, turn, axis=0) - true).T).max() for turn in range(4)]
    return min(distances) / np.hypot(*(true[1] - true[0]))


# By the grid


@pytest.mark.slow
def test_ruled_paper_comes_flat_at_8_px_per_mm(flat_ruled, ruled_photo):
    """Within half a millimetre, bends and folds too, and at the scale that its grid says to one in a hundred."""
    width, height = ruled_photo.size
    box = (2 * RIM_PX, 2 * RIM_PX, width - 2 * RIM_PX, height - 2 * RIM_PX)
    off_mm, scale = flatness_mm(flat_ruled, ruled_photo.photo.warp, box, ruled_photo.px_per_mm)
    assert off_mm <= 0.5
    assert scale * ruled_photo.px_per_mm == pytest.approx(PX_PER_MM, rel=0.01)
    assert flat_ruled.px_per_mm == (PX_PER_MM, PX_PER_MM)


@pytest.mark.slow
def test_a_report_page_comes_flat(flat_report, report_photo):
    """Its grid is of dots and its traces pull at it: within a dot's distance, a millimetre."""
    frame = REPORT.frame
    box = (frame.left + 20, frame.top + 20, frame.right - 20, frame.bottom - 20)
    off_mm, _ = flatness_mm(flat_report, report_photo.photo.warp, box, report_photo.px_per_mm)
    assert off_mm <= 1.0


@pytest.mark.slow
def test_a_report_page_that_is_flat_stays_so(normal_page):
    """Within half a millimetre; its dots stand 0.9 % farther apart than its traces' millimetres."""
    page = open_picture(normal_page).image
    frame = REPORT.frame
    box = (frame.left + 20, frame.top + 20, frame.right - 20, frame.bottom - 20)
    off_mm, scale = flatness_mm(flatten(page), lambda points: points, box, 7.945)
    assert off_mm <= 0.5 and scale == pytest.approx(PX_PER_MM / 7.945, rel=0.005)


def test_the_flat_image_shows_what_the_mesh_says(flat_ruled, ruled_photo):
    """Looked up in the picture by `to_picture` a page's pixels are those of the flat image, within what smoothing leaves."""
    rng = np.random.default_rng(0)
    points = rng.uniform(0.3, 0.7, (3000, 2)) * flat_ruled.image.size
    seen = np.asarray(ruled_photo.image.convert("L"), float)
    places = np.rint(flat_ruled.mesh.to_picture(points)).astype(int)
    inside = (places >= 0).all(axis=1) & (places < ruled_photo.image.size).all(axis=1)
    assert inside.mean() > 0.98
    x, y = places[inside].T
    column, row = points[inside].astype(int).T
    flat = np.asarray(flat_ruled.image.convert("L"), float)[row, column]
    assert np.corrcoef(seen[y, x], flat)[0, 1] > 0.6


def test_resolution_and_clarity_are_those_of_the_picture(flat_ruled, ruled_photo):
    """Its pixels a millimetre, in the direction in which there are fewer, within what perspective does; and a clear grid."""
    width, height = ruled_photo.size
    middle = np.array([[width / 2, height / 2]])
    steps = [ruled_photo.photo.warp(middle + step) - ruled_photo.photo.warp(middle - step) for step in np.eye(2) * 30]
    true = min(np.hypot(*step[0]) for step in steps) / 60 * ruled_photo.px_per_mm
    assert flat_ruled.picture_px_per_mm == pytest.approx(true, rel=0.06)
    assert flat_ruled.grid_score > 2
    rows, columns = flat_ruled.mesh.nodes.shape[:2]
    assert flat_ruled.strength.shape == (rows - 1, columns - 1)
    assert flat_ruled.image.size == flat_ruled.mesh.size


TABLES = ((70, 50, 40), (20, 40, 25), (190, 150, 120))
TURNS_DEG = (0.0, 4.0, -8.0)
EXTENTS = ((1120, 800), (1300, 940))
"""The second is nearly all of the picture."""
LYING = [(table, turn, EXTENTS[(i + j) % 2]) for i, table in enumerate(TABLES) for j, turn in enumerate(TURNS_DEG)]
"""Each table with each turn, and each of these with both extents: every pair once, half of all triples."""


@pytest.mark.slow
@pytest.mark.parametrize("table, turn_deg, extent", LYING)
def test_the_sheets_corners_are_found_on_any_table(table, turn_deg, extent):
    """Within 1.5 % of its longer side; the sheet is whole."""
    corners = rectangle((750, 575), extent, turn_deg)
    flat = flatten(on_a_table(corners, table=table))
    assert corner_error(flat.corners, corners) <= 0.015
    assert flat.whole


@pytest.mark.slow
@pytest.mark.parametrize("turn_deg", [0.0, -2.0])
def test_in_dim_light_the_end_of_the_picture_is_no_side(turn_deg):
    """A dark table differs from white more than from paper in half the light."""
    corners = rectangle((750, 575), (1120, 800), turn_deg)
    bright = on_a_table(corners, table=(20, 40, 25))
    flat = flatten(bright.point(lambda level: level * 0.55))
    assert corner_error(flat.corners, corners) <= 0.015


@pytest.mark.slow
def test_corners_begin_at_the_flat_pages_upper_left():
    """Clockwise from there, also on a page that lies on its side."""
    corners = rectangle((575, 750), (1120, 800), 80.0)
    flat = flatten(on_a_table(corners, size=(1150, 1500)))
    left, top = flat.mesh.to_picture([[0, 0]])[0]
    assert np.hypot(*(flat.corners - [left, top]).T).argmin() == 0
    x, y = flat.corners.T
    assert np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)) > 0


@pytest.mark.slow
@pytest.mark.parametrize("shift", [(500, 0), (-500, 0), (0, 380)])
def test_a_sheet_that_leaves_the_picture_is_not_whole(shift):
    """Beyond the picture no side is seen; the rest is flattened."""
    corners = rectangle(np.array((750, 575)) + shift, (1120, 800), 3.0)
    flat = flatten(on_a_table(corners))
    assert not flat.whole


@pytest.mark.slow
def test_what_is_beyond_the_sheet_is_white():
    """A table beside a page is no ink: from a millimetre beyond the sheet's end on."""
    corners = rectangle((750, 575), (1120, 800), 3.0)
    flat = flatten(on_a_table(corners, table=(20, 15, 10)))
    darkest = np.asarray(flat.image).min(axis=2)
    assert (darkest < 90).mean() < 0.002


@pytest.mark.parametrize("px_per_mm, refused", [(2.2, True), (3.2, False)])
def test_a_millimetre_has_enough_pixels_or_the_picture_is_too_small(px_per_mm, refused):
    """The limit is of the picture: between these two."""
    picture = Image.fromarray(ruled((800, 600), lambda points: points / (5 * px_per_mm)))
    if refused:
        assert refusal(picture) is Reason.TOO_SMALL
    else:
        assert flatten(picture).picture_px_per_mm == pytest.approx(px_per_mm, rel=0.06)


@pytest.mark.slow
def test_large_pictures_are_no_sharper_than_they_need_be():
    """Of twenty pixels a millimetre eight are left."""
    small = on_a_table(rectangle((750, 575), (1120, 800), 3.0))
    large = flatten(small.resize((3600, 2760), Image.Resampling.BICUBIC))
    assert large.picture_px_per_mm == pytest.approx(9.6, rel=0.06)
    assert large.px_per_mm == (PX_PER_MM, PX_PER_MM)
    assert np.abs(np.array(large.image.size) - flatten(small).image.size).max() <= 80


# By the outline


def test_a_sheet_without_a_grid_is_flattened_by_its_outline():
    """A4's proportions, and no word of its scale."""
    corners = np.array([[160, 120], [1290, 190], [1240, 1010], [120, 940]], float)
    picture = Image.new("RGB", (1400, 1100), (60, 45, 35))
    draw = ImageDraw.Draw(picture)
    draw.polygon([tuple(corner) for corner in corners], fill=(238, 236, 230))
    draw.line([tuple(corners[0] * 0.8 + corners[2] * 0.2), tuple(corners[0] * 0.2 + corners[2] * 0.8)], "black", 4)
    flat = flatten(picture)
    assert flat.px_per_mm is None and flat.grid_score == 0 and flat.whole
    assert corner_error(flat.corners, corners) <= 0.015
    width, height = flat.image.size
    assert width / height == pytest.approx(297 / 210, rel=0.03)
    assert np.median(np.asarray(flat.image)[:10]) > 200, "no table at its edges"
    ends = flat.mesh.to_picture([[0.2 * width, 0.2 * height], [0.8 * width, 0.8 * height]])
    along = corners[2] - corners[0]
    off = np.cross(ends - corners[0], along / np.hypot(*along))
    assert np.abs(off).max() < 20, "the line from corner to corner stays one"


def test_a_sheet_that_stands_has_a4s_proportions_too():
    """Its longer side is its height."""
    picture = Image.new("RGB", (900, 1200), (60, 45, 35))
    ImageDraw.Draw(picture).polygon([(150, 120), (760, 130), (750, 1010), (140, 1000)], fill=(238, 236, 230))
    width, height = flatten(picture).image.size
    assert height / width == pytest.approx(297 / 210, rel=0.03)


@pytest.mark.slow
def test_a_sheet_seen_from_the_front_keeps_its_own_proportions():
    """Not all exports and sheets have A4's: stretched to these, their seconds would be wrong."""
    for corners in (
        [(150, 100), (1250, 100), (1250, 950), (150, 950)],
        [(160, 80), (1260, 120), (1229, 969), (129, 929)],
    ):
        picture = Image.new("RGB", (1400, 1100), (60, 45, 35))
        ImageDraw.Draw(picture).polygon(corners, fill=(238, 236, 230))
        width, height = flatten(picture).image.size
        assert width / height == pytest.approx(1100 / 850, rel=0.02)


@pytest.mark.parametrize("kind", ["black", "white", "noise", "clouds", "one pixel", "a line"])
def test_where_there_is_neither_grid_nor_sheet_there_is_no_page(kind):
    """Of any size."""
    pictures = {
        "black": np.zeros((600, 800, 3), np.uint8),
        "white": np.full((600, 800, 3), 255, np.uint8),
        "noise": np.random.default_rng(1).integers(0, 256, (600, 800, 3), dtype=np.uint8),
        "clouds": clouds((800, 600), 8),
        "one pixel": np.full((1, 1, 3), 255, np.uint8),
        "a line": np.full((2, 3000, 3), 200, np.uint8),
    }
    assert refusal(Image.fromarray(pictures[kind])) is Reason.NO_PAGE


@pytest.mark.slow
def test_strokes_are_no_grid(odd_pages):
    page = next(page for page in odd_pages if page.layout == "6x2+1")  # on white paper
    with Image.open(page.path) as drawn:
        found = list(flat_candidates(drawn.convert("RGB")))
    assert [flat.px_per_mm for flat in found] == [None]


@pytest.mark.parametrize(
    ("coherence", "score", "is_grid"), [(0.14, 2.2, False), (0.35, 2.2, True), (0.14, 3.1, True), (0.05, 3.1, False)]
)
def test_a_grid_that_hardly_repeats_is_none(monkeypatch, coherence, score, is_grid):
    """A frame and traces of a page whose grid was whitened away reach 0.14: it was bent by them, and all leads were wrong. A photograph's grid
    may be as weak where it is bent, and its lines are clearer then."""
    straighten, find_grid = flattening.straightening.straighten, flattening.grid.find_grid

    def with_coherence(*arguments):
        mesh, strength = straighten(*arguments)
        return mesh, np.full_like(strength, coherence)

    def with_score(*arguments, **options):
        found = find_grid(*arguments, **options)
        return found and replace(found, score=score)

    monkeypatch.setattr(flattening.straightening, "straighten", with_coherence)
    monkeypatch.setattr(flattening.grid, "find_grid", with_score)
    sheet = Image.fromarray(ruled((1200, 900), lambda points: points / 30))
    if is_grid:
        assert next(flat_candidates(sheet)).px_per_mm is not None
    else:
        assert refusal(sheet) is Reason.NO_PAGE
