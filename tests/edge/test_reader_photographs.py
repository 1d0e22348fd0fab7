"""`Reader` on photographs and on pages that lie otherwise than reports do."""

import json

import numpy as np
import pytest

from ecg_edge import Reader
from ecg_edge.image import open_picture
from ecg_edge.layout import LEADS_12, REPORT
from ecg_edge.result import STAGES

from .pictures import without_times


@pytest.fixture(scope="module")
def photographed(tiny_reader, report_photo):
    return tiny_reader.inspect(report_photo.image)


def test_a_photograph_is_read(photographed, validate):
    """All leads, where they stand on the flat page, and where that lies in the picture."""
    result, stages = photographed
    validate(json.loads(result.to_json()))
    assert (result.status, result.reason) == ("read", None)
    assert [lead.name for lead in result.leads] == list(REPORT.lead_names)
    places = {place.name: place.box.corners for place in stages.arrangement.places}
    assert {lead.name: lead.box for lead in result.leads} == places
    assert result.page["layout"] == "3x4+1" and len(result.page["corners"]) == 4
    assert (result.page["width"], result.page["height"]) == stages.page.image.size
    assert (result.page["mm_per_s"], result.page["mm_per_mv"]) == (25, 10)
    assert result.page["px_per_mm"] == pytest.approx(8, rel=0.02)
    assert result.quality["px_per_mm"] > 2.6 and result.quality["leads_lost"] == 0
    assert stages.inputs.shape == (13, 150, 150)


def test_a_photographs_times_are_told_by_stage(photographed):
    """Tracing is one of them."""
    times = photographed[0].to_dict()["timing_ms"]
    assert all(times[stage] is not None and times[stage] >= 0 for stage in STAGES if stage != "measure")


def test_a_photographs_leads_are_the_pages(photographed, tiny_reader, normal_page):
    """What the model sees of each lead is mostly what it sees of the report itself, within a few of its pixels."""
    from scipy import ndimage

    seen, printed = photographed[1].inputs, tiny_reader.inspect(normal_page)[1].inputs
    ink = [array > 100 if np.median(array) < 128 else array < 155 for array in (seen, printed)]
    for name, mine, known in zip(REPORT.lead_names, *ink, strict=True):
        assert known.any() and ndimage.maximum_filter(mine, 9)[known].mean() > 0.8, name


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_report_that_lies_otherwise_is_read_as_if_it_stood(tiny_reader, normal_page, turns):
    """Turned by quarters, its rotation told; its verdict comes from leads that were looked for."""
    array = np.rot90(np.asarray(open_picture(normal_page).image), -turns)
    result = tiny_reader.read(array)
    assert result.status == "read"
    assert result.page["rotation"] == {1: 90, 2: 180, 3: -90}[turns] and result.page["corners"] is None
    assert [lead.name for lead in result.leads] == list(REPORT.lead_names)


@pytest.mark.slow
def test_following_the_leads_changes_no_verdict(tiny_reader, few_pages):
    """It adds signals, numbers, measurements and the lead that the strip shows alone."""
    for page in few_pages:
        result, stages = tiny_reader.inspect(page.path, trace=True)
        plain = without_times(tiny_reader.read(page.path))
        assert set(stages.traces.signals) == set(REPORT.lead_names)
        leads = [lead if lead["name"] in LEADS_12 else lead | {"lead": None} for lead in without_times(result)["leads"]]
        added = {"quality": plain["quality"], "leads": leads, "measurements": None}
        assert without_times(result) | added == plain
        assert result.measurements is not None and plain["measurements"] is None
        assert result.quality["leads_lost"] == 0 and plain["quality"]["leads_lost"] is None
        assert result.timing_ms["trace"] > 0


def test_given_speed_and_gain_are_taken_before_what_the_page_tells(tiny_folder, normal_page):
    """In results of pages that are looked at closely."""
    page = open_picture(normal_page).image.rotate(180)
    result = Reader("tiny", folder=tiny_folder, mm_per_s=50, mm_per_mv=5).read(page)
    assert (result.page["mm_per_s"], result.page["mm_per_mv"]) == (50, 5)
