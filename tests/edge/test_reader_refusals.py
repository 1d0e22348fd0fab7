"""`Reader` on bad pictures: results with a reason, never an error."""

import gc
import io
import json
import tracemalloc
import weakref
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from ecg_edge import Reader, errors, reader
from ecg_edge.errors import Reason
from ecg_edge.image import open_file
from ecg_edge.layout import LEADS_12, WHOLE_LAYOUTS
from ecg_edge.output.wording import found_words
from ecg_edge.page import quality

from .pictures import bad_pictures, encoded, without_times

BAD = list(bad_pictures(Path(__file__).parents[1] / "data" / "normal.jpg"))


@pytest.mark.slow
@pytest.mark.parametrize("what", BAD)
def test_a_bad_picture_is_a_result_with_a_reason(tiny_reader, normal_page, validate, what):
    """Nothing raises; every result says in a sentence what to do, and follows the schema."""
    source, reason = bad_pictures(normal_page)[what]
    result, stages = tiny_reader.inspect(source)
    validate(json.loads(result.to_json()))
    assert (result.reason, result.verdict, result.probabilities, result.leads) == (Reason(reason), None, None, ())
    assert result.status == ("failed" if result.reason in errors.FAILURES else "refused")
    assert result.message.endswith(".") and result.model["name"] == "tiny"
    assert (result.sha256 is None) == (result.status == "failed") == (stages is None)
    assert (result.page is None) == (stages is None or stages.page is None)


@pytest.mark.slow
def test_a_page_of_two_columns_is_refused_after_it_was_read_as_such(tiny_reader, odd_pages, validate):
    """What was found travels with the refusal: the page, its layout, its signals and its quality."""
    for known in odd_pages:
        result, stages = tiny_reader.inspect(known.path)
        validate(json.loads(result.to_json()))
        assert (result.status, result.reason) == ("refused", Reason.BAD_LAYOUT)
        assert result.message == f"The page's leads are arranged as {known.layout}: this model reads 3x4+1 pages alone."
        assert (result.page["layout"], result.page["rotation"], result.page["mm_per_s"]) == (known.layout, 0, 25)
        assert stages.arrangement.layout == known.layout and set(stages.traces.signals) >= set(LEADS_12)
        assert result.quality == stages.quality and quality.find_problem(result.quality) is None
        assert stages.steps is stages.inputs is None


@pytest.mark.slow
@pytest.mark.parametrize("model", ["tiny", "page"])
def test_leads_in_no_known_order_are_refused_with_the_orders_that_the_model_reads(
    tiny_reader, normal_page, validate, model
):
    """A mirrored page: models of single leads read one layout, the model of pages all; each says which."""
    with Image.open(normal_page) as page:
        mirrored = page.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    result = (tiny_reader if model == "tiny" else Reader("page")).read(mirrored)
    validate(json.loads(result.to_json()))
    assert result.reason is Reason.BAD_LAYOUT and result.message.startswith(Reason.BAD_LAYOUT.sentence)
    read = {"tiny": ("3x4+1",), "page": WHOLE_LAYOUTS}[model]
    assert f"reads {', '.join(read)} pages" in result.message and ("alone" in result.message) == (model == "tiny")


@pytest.mark.slow
def test_limb_leads_alone_are_listed(tiny_reader, odd_pages, validate):
    """The page shows six of the twelve: no verdict, and the leads that are there with box, state and words that say so."""
    with Image.open(odd_pages[0].path) as page:
        half = page.convert("RGB")
    half.paste("white", (half.width // 2 + 20, 0, *half.size))
    result, stages = tiny_reader.inspect(half)
    validate(json.loads(result.to_json()))
    limb = LEADS_12[:6]
    assert (result.status, result.reason, result.verdict) == ("refused", Reason.LEADS_MISSING, None)
    assert f"only {', '.join(limb)} of the twelve" in result.message
    assert [(lead.name, lead.lead, lead.state, lead.probabilities, lead.weight) for lead in result.leads] == [
        (name, name, "read", None, None) for name in limb
    ]
    assert [lead.box for lead in result.leads] == [place.box.corners for place in stages.arrangement.places]
    words = found_words(result.leads, whole=False)
    assert words == "Leads found: I, II, III, aVR, aVL, aVF"
    assert found_words(result.leads, whole=True) == "All 6 leads found"
    assert found_words([replace(result.leads[0], state="lost"), *result.leads[1:]], whole=True) == "Leads lost: I"


def test_a_refusal_keeps_what_was_seen(tiny_reader, validate):
    """A blank sheet: the picture and the page, without leads."""
    result, stages = tiny_reader.inspect(Image.new("RGB", (2213, 1572), "white"))
    validate(json.loads(result.to_json()))
    assert stages.picture.image.size == (2213, 1572) and stages.page is not None
    assert stages.arrangement is stages.traces is None
    assert result.page["layout"] is result.page["rotation"] is None
    assert (result.page["width"], result.page["height"]) == stages.page.image.size


@pytest.mark.slow
def test_a_refusal_leaves_nothing_of_its_page_in_memory(tiny_reader, normal_page):
    """What each attempt raised would keep what it looked at: a device that is shown many bad pictures would fill up until Python looks for cycles."""
    with Image.open(normal_page) as page:
        mirrored = page.convert("RGB").transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    assert tiny_reader.read(mirrored).reason is Reason.BAD_LAYOUT
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        tiny_reader.read(mirrored)
        kept, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        gc.enable()
    assert kept < 1e6 < most


@pytest.mark.slow
def test_a_photograph_is_let_go_of_before_its_traces_are_followed(tiny_reader, one_photo, monkeypatch):
    """Its pixels are as much memory as all that follows."""
    opened, there = [], {}

    def opening(*arguments):
        picture = open_file(*arguments)
        opened.append(weakref.ref(picture.image))
        return picture

    monkeypatch.setattr(reader.image, "open_file", opening)
    data = encoded(one_photo.image, "JPEG", quality=95)
    tiny_reader.inspect(
        data, keep=False, trace=True, tell=lambda stage: there.update({stage: opened[-1:] and opened[0]() is not None})
    )
    assert there["page"] and not there["trace"]


def test_a_bad_picture_has_its_name_all_the_same(tiny_reader):
    """Also where it could not be opened: a stream by its name, bytes as bytes."""
    named = io.BytesIO(b"")
    named.name = "-"
    assert [tiny_reader.read(s).source for s in (named, b"", io.BytesIO(), "none.jpg")] == [
        "-",
        "bytes",
        "stream",
        "none.jpg",
    ]


@pytest.mark.slow
def test_a_bad_picture_leaves_no_trace_in_the_next_result(tiny_reader, normal_page):
    """State between pictures is the worst that a reader could keep."""
    before = without_times(tiny_reader.read(normal_page))
    for what in ("a cut file", "a dark room", "one bright pixel", "two columns", "a blank sheet"):
        tiny_reader.read(bad_pictures(normal_page)[what][0])
    assert without_times(tiny_reader.read(normal_page)) == before
