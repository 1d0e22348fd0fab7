import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy import ndimage

from ecg_edge.compiled import library
from ecg_edge.page import darkness
from ecg_edge.page import ink as of_ink
from ecg_edge.page.ink import (
    _darkest,
    _levels,
    _without_fading,
    darkness_of,
    ink_of,
    with_coloured_print,
)

HEIGHT, WIDTH = 400, 640


def paper(grid=(240, 150, 150), ink=(20, 20, 30)):
    """(H, W, 3) uint8: a page of 8 px/mm with a grid of millimetres, and a wave drawn in strokes of three pixels; and where."""
    page = np.full((HEIGHT, WIDTH, 3), 250, np.uint8)
    for line in range(3, HEIGHT, 8):
        page[line] = grid
    for line in range(5, WIDTH, 8):
        page[:, line] = grid
    drawn = np.zeros((HEIGHT, WIDTH), bool)
    x = np.arange(20, WIDTH - 20)
    y = np.rint(200 + 60 * np.sin(x / 50)).astype(int)
    for down in (-1, 0, 1):
        drawn[y + down, x] = True
    page[drawn] = ink
    return page, drawn


@pytest.mark.parametrize("grid", [(240, 150, 150), (255, 60, 40), (190, 140, 220), (170, 170, 170)])
def test_grids_of_any_colour_vanish(grid):
    """By their colour, or by their darkness where they are grey."""
    page, drawn = paper(grid)
    ink = ink_of(page)
    assert ink.shape == drawn.shape
    assert ink.dtype == np.uint8
    assert ink[drawn].min() > 200
    assert np.percentile(ink[~drawn], 99.5) < 40


@settings(max_examples=25)
@given(
    light=st.tuples(*[st.floats(0.35, 1.0)] * 3),
    slope=st.floats(-0.4, 0.4),
    shadow=st.tuples(st.floats(0.55, 1.0), st.integers(120, WIDTH - 120)),
)
def test_uneven_light_and_shadow_are_removed(light, slope, shadow):
    """Whatever the colour of the light, the direction in which it falls off, and the place of a broad shadow."""
    page, drawn = paper()
    fall = 1 - np.abs(slope) * np.linspace(0, 1, WIDTH)[:: 1 if slope > 0 else -1]
    fall[shadow[1] :] *= shadow[0]
    ink = ink_of((page * fall[:, None] * np.array(light)).astype(np.uint8))
    edge = np.abs(np.arange(WIDTH) - shadow[1]) < 24
    assert np.mean(ink[drawn & ~edge] > 128) > 0.98
    assert np.mean(ink[~drawn & ~edge] > 128) < 0.01


def test_a_thick_black_bar_stays_ink():
    """The paper under it is found from what lies around it."""
    page, _ = paper()
    page[60:90, 100:400] = 10
    assert ink_of(page)[62:88, 102:398].min() > 200


def test_a_report_page_keeps_its_strokes_alone(few_pages):
    """Ink is black print: what is nearly black in the file is solid, and dots, frame and paper are not there."""
    for page in few_pages:
        pixels = np.asarray(Image.open(page.path).convert("RGB"))
        ink, gray = ink_of(pixels), pixels.max(axis=2)
        assert np.percentile(ink[gray < 40], 1) > 200
        assert np.percentile(ink[gray > 190], 99.9) < 100


def test_an_empty_page_has_no_ink():
    """No solid ink is made up from noise."""
    noise = np.random.default_rng(0).normal(235, 4, (200, 300, 3))
    assert ink_of(np.clip(noise, 0, 255).astype(np.uint8)).max() < 255


def test_darkness_is_relative_to_the_paper():
    """Half as bright as the paper around is half dark, in bright light and in dim."""
    page = np.full((160, 160, 3), 200, np.uint8)
    page[70:74, 40:120] = 100
    for scale in (1.0, 0.5):
        dark = darkness_of((page * scale).astype(np.uint8))
        assert abs(int(dark[72, 80]) - 128) <= 4
        assert dark[20, 20] == 0


def test_a_page_smaller_than_a_patch_is_no_page():
    """It could not be told what is paper and what is ink."""
    with pytest.raises(ValueError, match="a page has at least 32 x 32 pixels, not 40 x 20"):
        ink_of(np.zeros((20, 40, 3), np.uint8))


def test_a_grid_nearly_as_dark_as_a_blurred_trace_vanishes():
    """It repeats itself from cell to cell, and traces do not, however they lie on it."""
    page, drawn = paper((150, 150, 150), (60, 60, 60))
    for lines in (page[3::40], page[4::40], page[:, 5::40], page[:, 6::40]):
        lines[lines.min(axis=2) > 60] = 80
    noise = np.random.default_rng(0).normal(0, 3, page.shape)
    blurred = np.clip(ndimage.gaussian_filter(page.astype(float), (1.2, 1.2, 0)) + noise, 0, 255).astype(np.uint8)
    for turned in (blurred, blurred.transpose(1, 0, 2)):
        ink = ink_of(turned)
        ink = ink if turned is blurred else ink.T
        middle = ndimage.minimum_filter1d(drawn.astype(int), 3, axis=0) > 0
        away = ~ndimage.binary_dilation(drawn, iterations=4)
        assert np.mean(ink[middle] > 128) > 0.9
        assert np.mean(ink[away] > 64) < 0.01


def test_coloured_ink_is_read_in_the_channel_that_separates_it_from_its_grid():
    """Blue strokes on a red grid are bright in blue, and the grid in red."""
    page, drawn = paper((200, 110, 110), (20, 25, 190))
    blurred = ndimage.gaussian_filter(page.astype(float), (1.5, 1.5, 0)).astype(np.uint8)
    ink = ink_of(blurred)
    assert np.mean(ink[ndimage.minimum_filter1d(drawn.astype(int), 3, axis=0) > 0] > 128) > 0.95
    assert np.mean(ink[~ndimage.binary_dilation(drawn, iterations=4)] > 64) < 0.01


@pytest.mark.parametrize("offset", [0, 3, 6])
def test_a_saturated_grid_on_white_paper_is_no_ink(offset):
    """Pure red, as programs draw it: as dark as coloured ink in two channels, but it repeats from cell to cell."""
    page = np.full((600, 800, 3), 255, np.uint8)
    page[offset::40] = page[:, offset::40] = (255, 0, 0)
    page[300:303] = 0
    ink = ink_of(page)
    assert ink[300:303].min() > 200
    assert max(ink[:298].max(), ink[306:].max()) < 40


@pytest.mark.parametrize("colour", [(20, 40, 220), (200, 20, 20)])
def test_coloured_strokes_on_white_paper_are_ink(colour):
    """They are as bright as the grid in one channel, and far darker than it in another."""
    page, drawn = paper((232, 130, 130), colour)
    page[page == 250] = 255
    ink = ink_of(page)
    assert ink[drawn].min() > 200
    assert np.percentile(ink[~drawn], 99.5) < 40


def faded_page(veil):
    """(H, W, 3) uint8: traces and a grid on paper over which a reflection lies in the middle that takes `veil` (0..1) of all contrast."""
    page = np.full((800, 1600, 3), 225, np.float32)
    page[::40], page[:, ::40] = 205, 205
    for row in range(100, 800, 200):
        page[row : row + 3] = 60
        for x in range(60, 1600, 160):
            page[row - 60 : row, x : x + 3] = 60
    y, x = np.mgrid[:800, :1600]
    share = veil * np.exp(-(((y - 400) / 250) ** 2) - ((x - 800) / 250) ** 2)[..., None]
    return np.rint(page * (1 - share) + 250 * share).astype(np.uint8)


def test_what_a_reflection_has_faded_is_as_dark_as_the_rest():
    """Traces in its middle are ink, paper and grid there are none; without a reflection nothing changes."""
    ink = ink_of(faded_page(0.6))
    assert ink[300:303, 600:1000].min() > 140
    assert ink[230:290, 905:935].max() < 60
    clean = faded_page(0.0)
    dark = darkness_of(clean)
    darkest = _darkest(dark)
    assert _without_fading(dark, darkest, *_levels(dark, darkest)) is dark


@pytest.mark.parametrize("white", [(255, 255, 255), (250, 244, 230)])
@pytest.mark.parametrize(("ink", "grid"), [((20, 40, 220), (235, 70, 60)), ((200, 20, 20), (40, 60, 200))])
def test_coloured_strokes_on_a_grid_of_another_colour_are_ink(ink, grid, white):
    """Dark in one channel alone, where the grid is bright: on white paper and on any other; black ones stay as they were."""
    page, drawn = paper(grid, ink)
    page[(page == 250).all(axis=2)] = white
    found = ink_of(page)
    assert found[drawn].min() > 200
    assert np.percentile(found[~drawn], 99.5) < 40


def test_coloured_handwriting_leaves_black_traces_as_they_are():
    """Most strokes are black: the brightest channel is still taken, in which a red grid and blue writing vanish."""
    page, drawn = paper((235, 70, 60))
    page[drawn & (np.arange(WIDTH) > WIDTH - 60)] = (20, 40, 220)
    page[(page == 250).all(axis=2)] = (250, 244, 230)
    found = ink_of(page)
    black = drawn & (np.arange(WIDTH) < WIDTH - 80)
    assert found[black].min() > 200 and np.percentile(found[~drawn], 99.5) < 40


@pytest.mark.parametrize("height, width", [(60 * 32 - 1, 40 * 32), (20 * 32, 20 * 32 - 1), (20 * 32 - 3, 20 * 32)])
def test_a_page_that_ends_within_a_patch_is_read_by_its_whole_ones(height, width):
    """One row short of a whole patch was taken for one by one of two sums over patches, and the other had none there."""
    page = np.full((height, width), 20, np.uint8)
    page[40::64] = 200
    page[:, :64] = np.minimum(page[:, :64], 90)  # as a reflection fades them
    darkest = _darkest(page)
    assert darkest.shape == (height // 32, width // 32)
    assert _without_fading(page, darkest, 40.0, 200.0).shape == page.shape


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_darkness_relative_to_paper_is_the_same_compiled_and_in_numpy(seed):
    """To the bit, for every brightness on every paper."""
    if library.compiled() is None:
        pytest.skip("nothing has been compiled: there was no C compiler when the package was installed")
    rng = np.random.default_rng(seed)
    bright = np.tile(np.arange(256, dtype=np.uint8), (90, 1))
    paper = rng.integers(1, 256, (90, 1), dtype=np.uint8)
    paper = np.broadcast_to(paper, bright.shape)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(of_ink, "_paper", lambda blocks, shape: paper)
        found = of_ink._relative_to_paper(bright.copy(), np.zeros((1, 1), np.uint8))
    np.testing.assert_array_equal(found, darkness._than_paper_in_numpy(bright.copy(), paper))


@pytest.mark.parametrize("colour", [(200, 20, 20), (20, 40, 220)])
def test_names_in_colour_are_seen_where_they_are_asked_for(colour):
    """Red and blue print on a red grid; the grid, which is as saturated, repeats and stays paper. What is not printed in colour stays as it is."""
    page, drawn = paper(grid=(240, 110, 110))
    page = (page * 0.93).astype(np.uint8)  # no export on pure white
    plain = with_coloured_print(Image.fromarray(page), ink_of(page))
    word = np.zeros(drawn.shape, bool)
    for left in range(60, 200, 20):
        word[60:80, left : left + 4] = word[60:64, left : left + 12] = True
    page[word] = colour
    ink = ink_of(page)
    seen = with_coloured_print(Image.fromarray(page), ink)
    assert plain is None and ink[word].max() < 60
    assert np.percentile(seen[word], 10) > 110 and (seen[drawn] >= ink[drawn]).all()
    assert np.percentile(seen[~word & ~drawn], 99.5) < 60


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_grids_and_fading_are_taken_away_the_same_compiled_and_in_numpy(seed):
    """To the bit, for every darkness on every grid, and by gains that end half way between whole numbers."""
    if library.compiled() is None:
        pytest.skip("nothing has been compiled: there was no C compiler when the package was installed")
    rng = np.random.default_rng(seed)
    dark = np.tile(np.arange(256, dtype=np.uint8), (90, 1))
    grid = np.broadcast_to(rng.integers(0, 256, (90, 1), dtype=np.uint8), dark.shape)
    np.testing.assert_array_equal(darkness.without_grid(dark, grid), darkness._without_grid_in_numpy(dark, grid))
    gain = rng.choice([1, 1.5, 2.25, 1 / 0.3, rng.uniform(1, 3.4)], dark.shape).astype(np.float32)
    np.testing.assert_array_equal(darkness.times(dark, gain), darkness._times_in_numpy(dark, gain))


@given(st.integers(1, 60), st.integers(1, 90), st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_what_repeats_is_the_same_compiled_and_in_numpy(height, width, cell_px, seed):
    """Pages that are smaller than a cell, and larger than four; views that are turned, too."""
    dark = np.random.default_rng(seed).integers(0, 256, (width, height)).astype(np.uint8).T
    np.testing.assert_array_equal(darkness.periodic(dark, cell_px), darkness._periodic_in_numpy(dark, cell_px))
    np.testing.assert_array_equal(darkness.greatest_around(dark), darkness._greatest_around_in_scipy(dark))


def test_grey_ink_that_hides_dark_lines_is_whole_where_it_crosses_them():
    """A plot's pixels: what lies on a line is as dark as beside it, not darker; the crossings of lines stay grid."""
    page = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    page[4::40], page[5::40], page[:, 4::40], page[:, 5::40] = 150, 150, 150, 150
    page[160:240, 300:305] = page[200:204, 60:580] = 110
    ink = ink_of(page)
    assert ink[162:238, 301:304].min() > 200 and ink[201:203, 62:578].min() > 200
    drawn = np.zeros((HEIGHT, WIDTH), bool)
    drawn[158:242, 298:307] = drawn[198:206, 58:582] = True
    assert ink[~drawn].max() < 100
