"""What makes tracing fast changes nothing: runs, and what they cost, instead of pixels; what is known of report pages."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy import ndimage

from ecg_edge.arrangement import arrangement
from ecg_edge.page import ink
from ecg_edge.trace import ink_runs

PX_PER_MM = (8.0, 8.0)
SEEDS = st.integers(0, 2**32 - 1)


def scribble(seed, height=420, width=160):
    """(height, width) uint8 ink: three traces with waves, specks, a gap."""
    rng = np.random.default_rng(seed)
    page = np.zeros((height, width), np.uint8)
    for zero in (90, 210, 330):
        rows = zero + np.cumsum(rng.normal(0, 1.2, width)) * rng.uniform(0, 1)
        at = int(rng.integers(20, width - 20))
        rows[at : at + 4] -= rng.uniform(-60, 140)
        for x, (row, after) in enumerate(zip(rows, [*rows[1:], rows[-1]], strict=True)):
            low, high = sorted(np.clip([row, after], 2, height - 4).astype(int))
            page[low - 1 : high + 3, x] = rng.integers(90, 256)
        gap = int(rng.integers(0, width - 8))
        page[zero - 20 : zero + 20, gap : gap + int(rng.integers(0, 8))] = 0
    specks = rng.random(page.shape) < 0.002
    page[specks] = rng.integers(1, 256, specks.sum())
    return page


@settings(max_examples=40)
@given(SEEDS, st.integers(1, 9))
def test_pixels_side_by_side_are_the_opening_by_a_line(seed, half):
    """Against `scipy.ndimage`, at the edges too, for lines of an odd number of pixels."""
    side, rng = 2 * half + 1, np.random.default_rng(seed)
    marked = ndimage.binary_dilation(rng.random((20, 60)) < 0.02, np.ones((1, int(rng.integers(1, 20)))))
    expected = ndimage.maximum_filter1d(ndimage.minimum_filter1d(marked.astype(np.uint8), side, axis=1), side, axis=1)
    rows, x = np.nonzero(marked)
    got = np.zeros_like(marked)
    got[rows, x] = ink_runs._side_by_side(rows, x, side, 60)
    np.testing.assert_array_equal(got, expected > 0)


@settings(max_examples=30)
@given(SEEDS)
def test_a_run_s_first_and_last_row_are_found_for_each_of_its_pixels(seed):
    """Against a walk up and down from every pixel of ink; climbing costs what the paper on the way says."""
    drawn = scribble(seed, width=50)
    page = ink_runs.InkRuns(drawn, np.zeros(drawn.shape, bool), PX_PER_MM)
    padded = np.pad(drawn >= ink_runs.INK, ((1, 1), (0, 0)))
    for row, x in zip(*np.nonzero(drawn >= ink_runs.INK), strict=True):
        column = padded[:, x]
        first, last = page.extent(row, x)
        assert first == row - column[: row + 1][::-1].argmin()
        assert last == row + column[row + 2 :].argmin()
    paper = np.cumsum(np.maximum(1 - np.arange(256) / ink_runs.SOLID, 0)[drawn], axis=0)
    rows, x = np.indices(drawn.shape).reshape(2, -1)
    expected = ink_runs.CLIMB_PAPER_COST * paper[rows, x] + ink_runs.CLIMB_INK_COST * rows
    # Paper is counted in sixteenths of a pixel.
    assert np.abs(page.climb_cost(rows, x) - expected).max() <= ink_runs.CLIMB_PAPER_COST * len(drawn) / 32


def test_a_tall_page_is_climbed_without_overflow():
    """The sum of its paper is larger than the numbers of sixteen bits that it is kept in hold of so fine levels."""
    page = ink_runs.InkRuns(np.zeros((9000, 3), np.uint8), np.zeros((9000, 3), bool), PX_PER_MM)
    cost = page.climb_cost(np.arange(9000), np.ones(9000, int))
    assert np.diff(cost).min() > 0


def test_a_report_page_is_arranged_as_any_page_would_be(few_pages):
    """Boxes, base lines, scale, pulses and the strip's lead: what is known of reports is not searched for, and nothing else changes."""
    scale = (200 / 25.4, 200 / 25.4)
    for page in few_pages:
        seen = ink.ink_of(Image.open(page.path).convert("RGB"))
        any_, report = arrangement.find_arrangement(seen, scale), arrangement.find_report(seen, scale)
        assert report.places == any_.places
        assert (report.layout, report.pulses, report.px_per_mm) == (any_.layout, any_.pulses, any_.px_per_mm)


def test_a_page_without_a_report_s_pulses_is_no_report(few_pages):
    """It is looked at as any page."""
    seen = ink.ink_of(Image.open(few_pages[0].path).convert("RGB")).copy()
    seen[:, :145] = 0
    assert arrangement.find_report(seen, (200 / 25.4, 200 / 25.4)) is None


def test_ink_of_an_image_is_that_of_its_pixels(few_pages):
    """An RGB picture and its array give the same, on white and in the light of a lamp."""
    pixels = np.asarray(Image.open(few_pages[0].path).convert("RGB"))
    for light in (1.0, np.array([0.9, 0.8, 0.6])):
        page = (pixels * light).astype(np.uint8)
        np.testing.assert_array_equal(ink.ink_of(Image.fromarray(page)), ink.ink_of(page))
