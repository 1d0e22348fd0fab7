"""What makes tracing fast changes nothing: runs and costs kept by pixel, paths searched for within bounds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy import ndimage

from ecg_edge import layout
from ecg_edge.arrangement import arrangement
from ecg_edge.page import ink
from ecg_edge.trace import beside_ink, ink_runs, lead_traces, path_search, search_bounds

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


def places_of(width=160):
    """Three leads one below the other."""
    return [
        layout.Place(name, name, layout.Box(0, zero - 60, width, zero + 60), float(zero), 0.0)
        for name, zero in (("I", 90), ("II", 210), ("III", 330))
    ]


def everywhere(place, height):
    """`SearchBounds` that leave nothing out."""
    columns = place.box.right - place.box.left
    return search_bounds.SearchBounds(np.zeros(columns, np.int64), np.full(columns, height), np.inf)


@pytest.mark.slow
@settings(max_examples=40)
@given(SEEDS)
def test_the_path_within_its_bounds_is_the_path_in_the_whole_page(seed):
    """Row for row and cost for cost."""
    drawn = scribble(seed)
    page = ink_runs.InkRuns(drawn, np.zeros(drawn.shape, bool), PX_PER_MM)
    places = places_of()
    others = [[(place, None) for place in places if place is not own] for own in places]
    found, costs = path_search._find_paths(page, places, range(3), others)
    whole = {i: everywhere(place, len(drawn)) for i, place in enumerate(places)}
    beside = {i: beside_ink.beside_ink(page, places[i], others[i]) for i in range(3)}
    expected, paid = path_search.paths_in_numpy(page, beside, whole, 160)
    for i in range(3):
        np.testing.assert_array_equal(found[i], expected[i])
        assert costs[i] == pytest.approx(paid[i], abs=1e-3)


def test_search_bounds_are_narrow_where_paper_separates_the_traces():
    """A flat trace is searched for about its own row, not over the other leads'."""
    drawn = np.zeros((420, 160), np.uint8)
    for row in (90, 210, 330):
        drawn[row : row + 3] = 255
    page, places = ink_runs.InkRuns(drawn, np.zeros(drawn.shape, bool), PX_PER_MM), places_of()
    beside = {1: beside_ink.beside_ink(page, places[1], [(places[0], None), (places[2], None)])}
    found = search_bounds.CoarseInk(page).row_costs({1: places[1]}, beside, {1: (0, 420)}, 160)[1].likely()
    assert 150 < found.top < 210 < found.bottom < 270
    assert found.cost_limit > 0


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
    """Against a walk up and down from every pixel of ink."""
    drawn = scribble(seed, width=50)
    page = ink_runs.InkRuns(drawn, np.zeros(drawn.shape, bool), PX_PER_MM)
    padded = np.pad(drawn >= ink_runs.INK, ((1, 1), (0, 0)))
    for row, x in zip(*np.nonzero(drawn >= ink_runs.INK), strict=True):
        column = padded[:, x]
        first, last = page.extent(row, x)
        assert first == row - column[: row + 1][::-1].argmin()
        assert last == row + column[row + 2 :].argmin()


@pytest.mark.slow
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


@settings(max_examples=40)
@given(SEEDS)
def test_letters_are_told_from_a_trace_without_a_look_where_it_goes_on(seed):
    """As if all parts of the ink were looked at: of traces whole and broken, with and without letters beside them."""
    drawn = scribble(seed)
    rng = np.random.default_rng(seed)
    for _ in range(rng.integers(0, 5)):
        row, x = rng.integers(40, 380), rng.integers(0, 110)
        drawn[row : row + rng.integers(2, 40), x : x + rng.integers(1, 40)] = 255
    page = ink_runs.InkRuns(drawn, np.zeros(drawn.shape, bool), PX_PER_MM)
    for place in places_of():
        x = np.arange(160)
        first, last = page.extent(np.clip(place.zero_px + rng.integers(-30, 30, 160), 0, 419).astype(int), x)
        found = lead_traces._in_letters(page, place, first, last)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(lead_traces, "_goes_on", lambda *_: 0)
            np.testing.assert_array_equal(found, lead_traces._in_letters(page, place, first, last))


def test_a_trace_that_goes_on_is_not_searched_for_letters(monkeypatch):
    """Which is what makes it fast."""
    drawn = np.zeros((420, 160), np.uint8)
    drawn[208:212] = 255
    page = ink_runs.InkRuns(drawn, np.zeros(drawn.shape, bool), PX_PER_MM)
    monkeypatch.setattr(ndimage, "label", None)
    rows = np.full(160, 209)
    assert not lead_traces._in_letters(page, places_of()[1], rows, rows).any()
