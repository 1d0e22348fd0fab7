"""The sides of a sheet beyond its grid, and the outline of one without a grid."""

from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from ecg_edge.compiled import library
from ecg_edge.page import sheet
from ecg_edge.page.sheet import WINDOW_MM, corners_of, depth, find_outline, find_sides, paper_beyond, without_inner

from ..papers import clouds

SIZE = (340, 260)
TABLE = (120, 90, 60)
SIDES = {"left": (40.0, 0.0), "top": (30.0, 0.0), "right": (300.0, 0.0), "bottom": (225.0, 0.0)}
BOX = (110, 90, 230, 170)
"""What is certainly on the sheet."""
SLOPE = st.floats(-0.025, 0.025)


def draft(sides, table=TABLE, paper=(240, 238, 235), noise=2.0, seed=0):
    """A (H, W, 3) uint8 picture of a sheet with these sides on a table, a pixel to the millimetre."""
    rows, columns = np.mgrid[: SIZE[1], : SIZE[0]]
    inside = depth(sides, np.stack([columns, rows], axis=-1)) + 1 > 0
    rng = np.random.default_rng(seed)
    picture = np.where(inside[..., None], paper, table) + rng.normal(0, noise, (*SIZE[::-1], 3))
    return np.clip(picture, 0, 255).astype(np.uint8)


def everywhere(picture):
    return np.ones(picture.shape[:2], bool)


def found_near(found, sides, slack_px=WINDOW_MM):
    """Whether each side is where it is drawn, within what is compared, along the part of the sheet that was looked along."""
    for name, (offset, slope) in sides.items():
        low, high = (BOX[1], BOX[3]) if name in ("left", "right") else (BOX[0], BOX[2])
        for at in (low, high):
            assert found[name][0] + found[name][1] * at == pytest.approx(offset + slope * at, abs=slack_px), name
    return True


# Sides


@pytest.mark.slow
@settings(max_examples=20)
@given(st.lists(st.tuples(st.floats(-25, 25), SLOPE), min_size=4, max_size=4), st.integers(0, 99))
def test_sides_are_found_where_they_are(moved, seed):
    """Wherever the sheet ends, up to 1.4 degrees from the grid."""
    sides = {name: (offset + by, slope) for (name, (offset, _)), (by, slope) in zip(SIDES.items(), moved, strict=True)}
    picture = draft(sides, seed=seed)
    assert found_near(find_sides(picture, everywhere(picture), BOX), sides)


@pytest.mark.parametrize("table", [(20, 20, 25), (200, 180, 150), (240, 120, 120), (60, 120, 200), (255, 255, 200)])
def test_tables_of_any_colour_end_a_sheet(table):
    """Darker, lighter in no channel, or of another colour: one channel is enough."""
    picture = draft(SIDES, table)
    assert found_near(find_sides(picture, everywhere(picture), BOX), SIDES)


def test_a_table_as_white_as_the_paper_shows_no_side():
    """None is better than a guess."""
    picture = draft(SIDES, (236, 234, 231))
    assert set(find_sides(picture, everywhere(picture), BOX).values()) == {None}


@pytest.mark.parametrize("name", SIDES)
def test_a_side_that_the_sheet_does_not_have_is_none(name):
    """A picture that the paper leaves on one side: the other three are found."""
    sides = SIDES | {name: None}
    picture = draft(sides)
    found = find_sides(picture, everywhere(picture), BOX)
    assert found[name] is None
    assert found_near(found, {other: side for other, side in sides.items() if side})


def test_what_the_picture_does_not_reach_is_no_side():
    """White beyond the picture ends no sheet, though it ends the picture."""
    picture = draft(dict.fromkeys(SIDES), paper=(190, 185, 180))
    seen = everywhere(picture)
    seen[:, 280:] = False
    picture[:, 280:] = 255
    assert set(find_sides(picture, seen, BOX).values()) == {None}


@pytest.mark.parametrize("width", [1, 2, 3])
def test_rules_and_frames_are_no_sides(width):
    """A printed frame within the sheet, however dark: beyond it the paper goes on."""
    picture = Image.fromarray(draft(SIDES))
    ImageDraw.Draw(picture).rectangle((60, 48, 280, 205), outline="black", width=width)
    picture = np.asarray(picture)
    assert found_near(find_sides(picture, everywhere(picture), BOX), SIDES)


def test_writing_is_no_side():
    """Words and traces up to the edge of what is looked at."""
    picture = Image.fromarray(draft(SIDES))
    draw = ImageDraw.Draw(picture)
    for y in range(36, 220, 8):
        draw.text((48, y), "hearts and lines " * 3, fill=(40, 40, 40))
    picture = np.asarray(picture)
    assert found_near(find_sides(picture, everywhere(picture), BOX), SIDES)


def test_a_soft_shadow_over_the_sheet_is_no_side():
    """Light falls to two thirds over a third of its width."""
    light = np.interp(np.arange(SIZE[0]), [150, 260], [1.0, 0.67])[:, None]
    picture = (draft(SIDES) * light).astype(np.uint8)
    assert found_near(find_sides(picture, everywhere(picture), BOX), SIDES)


def test_what_lies_beyond_the_table_is_no_side():
    """The first end of the paper counts, not the clearest line on the way out."""
    sides = SIDES | {"right": (270.0, 0.0)}
    picture = draft(sides, table=(170, 150, 120))
    picture[:, 310:] = (90, 70, 50)
    assert found_near(find_sides(picture, everywhere(picture), BOX), sides)


@pytest.mark.parametrize("size", [(1, 1), (2, 30), (30, 2), (9, 9), (60, 40)])
def test_small_drafts_have_no_sides(size):
    """Nor do they do harm."""
    picture = np.full((*size, 3), 200, np.uint8)
    box = (size[1] / 2, size[0] / 2, size[1] / 2 + 0.4, size[0] / 2 + 0.4)
    assert set(find_sides(picture, everywhere(picture), box).values()) == {None}


def test_beyond_the_edge_of_a_draft_there_is_no_side():
    """Where what is certainly on the sheet goes as far as the draft does."""
    picture = draft(dict.fromkeys(SIDES))
    assert set(find_sides(picture, everywhere(picture), (0, 0, *SIZE)).values()) == {None}


# What is made of sides


@pytest.mark.parametrize(
    ("beyond", "goes_on"),
    [((240, 238, 235), True), ((252, 250, 249), True), ((205, 238, 235), False), ((120, 90, 60), False)],
)
def test_paper_goes_on_where_a_printed_grid_ends_and_all_beyond_is_as_light(beyond, goes_on):
    """A pink grid on lighter paper, above and below; a table is darker in one channel at least."""
    picture = draft(SIDES, beyond, paper=(236, 200, 195))
    expected = {"top", "bottom"} if goes_on else set()
    assert paper_beyond(picture, everywhere(picture), SIDES) == expected
    unseen = everywhere(picture)
    unseen[:30] = False
    assert paper_beyond(picture, unseen, SIDES) == expected - {"top"}
    assert paper_beyond(picture, everywhere(picture), dict.fromkeys(SIDES)) == set()


def test_sides_deep_within_what_is_ruled_are_none():
    """A side may seem to lie a little within, not more."""
    box = (50, 30, 290, 225)
    sides = SIDES | {"left": (58.0, 0.0), "top": (45.0, 0.0), "bottom": None}
    kept = without_inner(sides, box, slack=10)
    assert kept == sides | {"top": None}
    assert without_inner(sides, box, slack=7) == sides | {"top": None, "left": None}
    # A slope counts by where the side is in the middle of the box.
    tilted = {**dict.fromkeys(SIDES), "right": (300 - 0.1 * 255, 0.1)}
    assert without_inner(tilted, box, slack=10) == {**dict.fromkeys(SIDES), "right": tilted["right"]} | (
        {"right": None} if 300 - 25.5 + 0.1 * 127.5 < 280 else {}
    )


def test_depth_is_the_distance_to_the_nearest_side_less_the_rim():
    """Positive within, negative beyond; without sides the sheet has no end."""
    points = np.array([[170.0, 128.0], [45.0, 128.0], [20.0, 128.0], [170.0, 228.0]])
    assert depth(SIDES, points).tolist() == [96, 4, -21, -4]
    assert (depth(dict.fromkeys(SIDES), points) > 500).all()


def test_corners_are_where_sides_meet():
    """Clockwise from the upper left; a side that is not seen is the edge of what was looked at."""
    sides = {"left": (40.0, 0.1), "top": (30.0, 0.0), "right": (300.0, 0.0), "bottom": (200.0, 0.05)}
    corners = corners_of(sides, (0, 0, *SIZE))
    for corner, pair in zip(
        corners, (("left", "top"), ("right", "top"), ("right", "bottom"), ("left", "bottom")), strict=True
    ):
        (x0, along_y), (y0, along_x) = sides[pair[0]], sides[pair[1]]
        np.testing.assert_allclose(corner, [x0 + along_y * corner[1], y0 + along_x * corner[0]])
    assert corners_of(dict.fromkeys(SIDES), (1, 2, 30, 40)).tolist() == [[1, 2], [30, 2], [30, 40], [1, 40]]


# Outlines

CORNERS = np.array([[130, 110], [1070, 130], [1040, 780], [150, 760]], float)
MOVES = st.lists(st.tuples(st.floats(-90, 90), st.floats(-90, 90)), min_size=4, max_size=4).map(np.array)


@lru_cache
def table(size, seed):
    return Image.fromarray((clouds(size, seed) * 0.3 + (60, 45, 30)).astype(np.uint8))


def photo(corners, seed=0, size=(1200, 900), marks=True):
    """A bright quadrilateral on a darker, uneven table; with marks drawn on it."""
    picture = table(size, seed).copy()
    draw = ImageDraw.Draw(picture)
    draw.polygon([tuple(corner) for corner in corners], fill=(240, 236, 228))
    middle = corners.mean(axis=0)
    for row in np.linspace(-0.3, 0.3, 7) if marks else ():
        ends = [middle + (side, row) * np.ptp(corners, axis=0) * (0.35, 1) for side in (-1, 1)]
        draw.line([tuple(end) for end in ends], fill=(30, 30, 60), width=3)
    return np.asarray(picture)


def corner_error(found, true):
    """The largest distance of a corner from its own, as a share of the sheet's longer side, wherever counting begins."""
    distances = [np.hypot(*(np.roll(found, turn, axis=0) - true).T).max() for turn in range(4)]
    return min(distances) / np.ptp(true, axis=0).max()


@pytest.mark.slow
@settings(max_examples=25)
@given(MOVES, st.integers(0, 2))
def test_the_outline_of_a_bright_sheet_is_found(moves, seed):
    """Its corners within 1.5 % of its size."""
    corners = CORNERS + moves
    found = find_outline(photo(corners, seed))
    assert corner_error(found, corners) <= 0.015
    x, y = found.T
    assert np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)) > 0, "clockwise, as y runs down"


@pytest.mark.parametrize("turn_deg, share", [(0, 0.015), (20, 0.015), (45, 0.02), (70, 0.015), (90, 0.015)])
def test_a_turned_sheet_has_its_outline_too(turn_deg, share):
    """Of a diamond the corners are a little blunt."""
    a = np.deg2rad(turn_deg)
    turn = np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]])
    corners = (np.array([[-300, -200], [300, -200], [300, 200], [-300, 200]]) @ turn) + (600, 450)
    assert corner_error(find_outline(photo(corners)), corners) <= share


def test_a_bright_region_with_three_sides_of_the_picture_is_no_sheet():
    """Its fourth side is the edge of a panel that leans with the print: seen as a sheet, the rows below would be stretched against those above. A sheet cut off at two sides is one."""
    panel = np.full((900, 1200, 3), 250, np.uint8)
    columns, rows = np.meshgrid(np.arange(1200), np.arange(900))
    panel[columns > 1000 - 0.02 * rows] = 150
    assert find_outline(panel) is None
    panel[rows > 800] = 150
    assert find_outline(panel) is not None


@pytest.mark.slow
def test_a_sheets_outline_in_a_large_picture_is_as_exact():
    """Corners are told in the picture's own pixels."""
    corners = CORNERS * 2
    assert corner_error(find_outline(photo(corners, size=(2400, 1800))), corners) <= 0.015


ROUND = pytest.param(
    "a disc", marks=pytest.mark.xfail(reason="issue 24: what lies beyond the four sides does not count")
)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["white", "black", "noise", "clouds", "a spot", ROUND, "one pixel", "a line"])
def test_where_there_is_no_sheet_there_is_no_outline(kind):
    """Even pictures, noise, patches, what is too small and what is round."""
    picture = Image.new("RGB", (600, 450), "black")
    draw = ImageDraw.Draw(picture)
    pictures = {
        "white": np.full((450, 600, 3), 255, np.uint8),
        "black": np.zeros((450, 600, 3), np.uint8),
        "noise": np.random.default_rng(0).integers(0, 256, (450, 600, 3), dtype=np.uint8),
        "clouds": clouds((600, 450), 3),
        "one pixel": np.full((1, 1, 3), 200, np.uint8),
        "a line": np.full((1, 900, 3), 200, np.uint8),
    }
    if kind == "a spot":
        draw.rectangle((20, 20, 100, 80), fill="white")
    elif kind == "a disc":
        draw.ellipse((150, 75, 450, 375), fill="white")
    assert find_outline(pictures.get(kind, np.asarray(picture))) is None


@settings(max_examples=60)
@given(
    st.integers(1, 60), st.integers(5, 90), st.floats(-5, 95), st.sampled_from([-1, 1]), st.sampled_from([0.6, 0.95, 1.0]),
    st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_what_is_compiled_finds_the_steps_of_numpy(height, width, start, direction, known, seed):
    """Wherever enough rows are known; lines that leave the draft, and colours that are alike, too."""
    if library.compiled() is None:
        pytest.skip("nothing has been compiled: there was no C compiler when the package was installed")
    rng = np.random.default_rng(seed)
    mean = (rng.integers(0, 4, (height, width, 3)) * rng.choice([1, 7.3])).astype(np.float32)
    whole = (rng.random((height, width)) < known).astype(np.uint8)
    offsets = np.arange(start, width if direction > 0 else 0, direction)
    falls = rng.choice([0, 0.02, 0.5]) * (np.arange(height) - height / 2)
    steps, share = sheet._steps(mean, whole, offsets, falls, direction)
    expected, expected_share = sheet._steps_in_numpy(mean, whole, offsets, falls, direction)
    np.testing.assert_array_equal(share, expected_share)
    np.testing.assert_array_equal(steps[share >= sheet.MIN_SEEN], expected[share >= sheet.MIN_SEEN])
