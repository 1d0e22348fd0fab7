"""One voice: what is said of a verdict is the same wherever it is shown."""

import re
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecg_edge.device.watch_loop import WatchLoop
from ecg_edge.layout import CLASSES
from ecg_edge.output.fhir import resources
from ecg_edge.output.overlay_panel import draw_panel
from ecg_edge.output.report import make_report
from ecg_edge.result import Doubt, LeadResult, Result, describe
from ecg_edge.store.result_store import Entry
from ecg_edge.words import DOUBTS, doubt_sentences, doubt_words, encodable, percent, printable, verdict_words

PAGE = {"width": 2213, "height": 1572, "layout": "3x4+1", "corners": None, "rotation": 0.0, "px_per_mm": 8.0, "mm_per_s": 25.0, "mm_per_mv": 10.0,
        "speed_from": "pulse", "gain_from": "assumed"}  # fmt: skip
SURE = Result(status="read", source="page.jpg", probabilities=dict(zip(CLASSES, (0.9996, 0.0004, 0.0, 0.0), strict=True)))  # fmt: skip
DOUBTFUL = Result(
    status="uncertain",
    source="page.jpg",
    probabilities=dict(zip(CLASSES, (0.7, 0.1, 0.1, 0.1), strict=True)),
    min_confidence=0.86,
    doubts=("low_confidence", "assumed_scale", "contradicts_measurements"),
    leads=(LeadResult("V1", (0, 0, 9, 9)), LeadResult("V2", (0, 0, 9, 9), "lost")),
    page=PAGE,
)


@given(st.floats(0, 1))
def test_no_probability_is_called_certain_or_impossible(probability):
    """Whole percent from 1 to 99; beyond them over and under."""
    words = percent(probability)
    found = re.fullmatch(r"(over |under )?(\d+) %", words)
    assert found and 1 <= int(found[2]) <= 99
    assert (found[1] == "over ") == (probability > 0.99) and (found[1] == "under ") == (probability < 0.01)
    assert abs(int(found[2]) - 100 * probability) <= 1.0


def test_limits_are_told_as_they_are():
    """The bounds themselves are numbers."""
    assert [percent(each) for each in (1.0, 0.991, 0.99, 0.5, 0.01, 0.009, 0.0)] == ["over 99 %", "over 99 %", "99 %", "50 %", "1 %", "under 1 %", "under 1 %"]  # fmt: skip


def test_every_doubt_has_words_and_a_sentence():
    """Also those that no reading has yet."""
    assert set(DOUBTS) == set(get_args(Doubt))


def test_all_doubts_the_assumed_scale_and_lost_leads_are_named():
    """Each once; of the scale which one is assumed, and as what."""
    known = DOUBTFUL.to_dict()
    assert doubt_words(known) == ["low confidence", "contradicts the measurements", "gain assumed", "lost: V2"]
    assert verdict_words(known) == "normal (70 %, uncertain: low confidence; contradicts the measurements; gain assumed; lost: V2)"  # fmt: skip
    sentences = " ".join(doubt_sentences(known, DOUBTFUL.min_confidence))
    assert (
        "below the 86 %" in sentences and "The gain could not be read from the page: 10 mm/mV is assumed." in sentences
    )
    assert "V2 could not be followed: the verdict was reached without it." in sentences


def test_a_sure_verdict_with_a_lost_lead_says_so():
    """It is no doubt, and no secret."""
    lost = Result(**{**vars(SURE), "leads": DOUBTFUL.leads})
    assert verdict_words(lost.to_dict()) == "normal (over 99 %, lost: V2)" and verdict_words(SURE.to_dict()) == "normal (over 99 %)"  # fmt: skip


def test_stored_results_of_earlier_versions_are_told_too():
    """They have neither doubts nor where a scale comes from."""
    assert verdict_words({"status": "uncertain", "verdict": "normal", "confidence": 0.5}) == "normal (50 %, uncertain: low confidence)"  # fmt: skip


class Shown:
    """An indicator that remembers."""

    def show(self, state, text=""):
        self.said = f"{state} {text}"


def spoken(result, monkeypatch):
    """What each surface says of a result: {surface: text}."""
    printed = []
    monkeypatch.setattr("ecg_edge.output.overlay_panel._print", lambda draw, rows, top: printed.extend(row.words for row in rows))  # fmt: skip
    monkeypatch.setattr("ecg_edge.output.pdf.Sheet.text", lambda sheet, x, y, words, *more, **style: written.append(words))  # fmt: skip
    written, indicator = [], Shown()
    draw_panel(result, 500)
    make_report(result, None, None)
    loop = WatchLoop(None, None, None, indicator, None)
    loop._show(result.to_dict())
    entry = Entry(1, "2026-11-29T10:00:00+00:00", result.to_dict(), {}, None)
    return {
        "line": describe(result.to_dict()),
        "watch": indicator.said,
        "fhir": resources(entry)[0]["conclusion"],
        "overlay": " ".join(printed),
        "report": " ".join(written),
    }


@pytest.mark.parametrize("surface", ["line", "watch", "fhir", "overlay", "report"])
def test_every_surface_says_the_same_number_and_all_doubts(surface, monkeypatch):
    """In few words or in sentences."""
    sure, doubtful = (spoken(result, monkeypatch)[surface] for result in (SURE, DOUBTFUL))
    assert "over 99 %" in sure and "70 %" in doubtful
    assert not re.search(r"100 ?%|99\.9|1\.00|0\.70", sure + doubtful)
    for one, other in (
        ("low confidence", "confidence is below"),
        ("contradicts the measurements", "The measurements contradict"),
        ("gain assumed", "gain could not be read"),
        ("V2", "V2"),
    ):
        assert one in doubtful or other in doubtful, (surface, one)


def test_an_uncertain_verdict_has_its_own_light(monkeypatch):
    """The person at the device need not read to know."""
    assert spoken(DOUBTFUL, monkeypatch)["watch"].startswith("uncertain ")
    assert spoken(SURE, monkeypatch)["watch"].startswith("done ")


def test_a_name_is_one_line_whatever_it_holds():
    """A line's end, a control of the terminal and a letter that is none are seen as escapes; all others stay."""
    assert printable("Müller\n\x1b[2J\udcff.jpg") == "Müller\\n\\x1b[2J\\udcff.jpg"


@given(st.text(max_size=20))
def test_what_is_shown_of_a_name_can_be_printed(name):
    """And is the name itself where that can be."""
    assert printable(name).isprintable() and (printable(name) == name) == name.isprintable()


def test_a_name_that_is_no_utf_8_becomes_its_escapes():
    """Those that are printed of it; all other names stay, lines' ends in them too."""
    assert encodable("Müller\n\udcff.jpg") == "Müller\n\\udcff.jpg"
    assert printable("\udcff") == encodable("\udcff")
