"""`Reader` with models of whole pages: the signals of all leads, and one verdict."""

import json

import numpy as np
import pytest

from ecg_edge import Reader, stages
from ecg_edge.classifier import page_input
from ecg_edge.errors import UsageError
from ecg_edge.layout import LEADS_12, REPORT
from ecg_edge.measure.contradictions import Contradiction
from ecg_edge.measure.person import Person
from ecg_edge.measure.uncertainty import SPREAD


class OneLead:
    """In place of a network that reads signals: sure of "abnormal" as far as V1 is known, undecided without it."""

    def __init__(self, data, runtime, threads):
        self.runtime, self.input_shape, self.seen = (
            runtime,
            (page_input.ROWS, page_input.SAMPLES, page_input.CHANNELS),
            [],
        )

    def quantisation(self):
        return {"input": {"dtype": "int8", "scale": 1 / 31, "zero_point": -1}}

    def run(self, windows):
        assert windows.dtype == np.int8 and windows.shape[1:] == self.input_shape
        self.seen.append(windows)
        known = (windows[:, LEADS_12.index("V1"), :, 1] == 30).mean(axis=1)
        return np.stack([0.25 - 0.2 * known, 0.25 + 0.6 * known, *[0.25 - 0.2 * known] * 2], axis=1)


class Sure(OneLead):
    """The same with logits, and a finding after the classes: sure even without V1, surer with it."""

    def run(self, windows):
        known = (windows[:, LEADS_12.index("V1"), :, 1] == 30).mean(axis=1)
        none = np.zeros(len(windows))
        return np.stack([none, 6 + 2 * known, none, none, -3 + none], axis=1)


def reader_of(network, tiny_folder, folder, monkeypatch, findings=None):
    """A `Reader` of whole pages with a stand-in for its network."""
    monkeypatch.setattr("ecg_edge.reader.Network", network)
    card = json.loads((tiny_folder / "tiny.json").read_text())
    shape = [1, page_input.ROWS, page_input.SAMPLES, page_input.CHANNELS]
    card["input"].update(kind="page_signal", shape=shape)
    if findings:
        card["output"]["findings"] = findings
    (folder / "tiny.json").write_text(json.dumps(card))
    (folder / "tiny.tflite").write_bytes((tiny_folder / "tiny.tflite").read_bytes())
    return Reader("tiny", folder=folder)


@pytest.fixture
def page_reader(tiny_folder, tmp_path, monkeypatch):
    return reader_of(OneLead, tiny_folder, tmp_path, monkeypatch)


def test_a_model_of_pages_reads_the_signals(page_reader, normal_page, validate):
    """One verdict of all leads; each lead has a weight, by what would go without it, and no probabilities."""
    result, stages = page_reader.inspect(normal_page)
    validate(json.loads(result.to_json()))
    assert (result.status, result.verdict) == ("read", "abnormal") and result.confidence > 0.8
    assert {lead.name: lead.weight for lead in result.leads} == {
        name: float(name == "V1") for name in REPORT.lead_names
    }
    assert {lead.probabilities for lead in result.leads} == {None} and result.findings is None
    assert stages.steps is None
    assert np.array_equal(stages.inputs, page_input.page_tensor(stages.traces.signals))
    first = page_reader.network.seen[0]
    assert np.array_equal(first, page_input.quantise(stages.inputs, 1 / 31, -1))


def test_a_page_whose_leads_are_followed_is_measured(page_reader, normal_page, validate):
    """Rate, intervals and axis, and the findings that they make; the line for a person has them, and the time that it took is told."""
    result = page_reader.read(normal_page)
    validate(json.loads(result.to_json()))
    measured = result.measurements
    assert measured["p_wave"] and "sinus_rhythm" in [each["code"] for each in measured["statements"]]
    assert set(measured["leads"]) == set(LEADS_12) and measured["uncertainty"] == SPREAD
    assert f", {measured['rate_per_min']:.0f} per minute, PR {measured['pr_ms']:.0f} ms" in result.to_text()
    assert result.timing_ms["measure"] > 0


def test_a_verdict_that_contradicts_what_was_measured_is_uncertain(page_reader, normal_page, validate, monkeypatch):
    """However sure the model is; the reason is told."""
    rule = Contradiction("abnormal", "Abnormal, but the rhythm is that of the sinus node.", any_of=("sinus_rhythm",))
    monkeypatch.setattr("ecg_edge.measure.contradictions.CONTRADICTIONS", (rule,))
    result = page_reader.read(normal_page)
    validate(json.loads(result.to_json()))
    assert (result.status, result.doubts, result.verdict) == ("uncertain", ("contradicts_measurements",), "abnormal")
    assert result.message == rule.reason and rule.reason in result.to_text()


def test_a_verdict_that_contradicts_what_else_was_found_is_uncertain(tiny_folder, tmp_path, normal_page, monkeypatch):
    """However sure the model is of its class; the same answer is read where the finding is another one."""
    doubting = reader_of(Sure, tiny_folder, tmp_path, monkeypatch, ["not_normal"]).read(normal_page)
    assert (doubting.status, doubting.doubts) == ("uncertain", ("contradicts_findings",))
    assert doubting.verdict == "abnormal" and doubting.confidence > 0.99 and doubting.findings["not_normal"] < 0.1
    assert "contradicts what else was found" in doubting.to_text()
    assert reader_of(Sure, tiny_folder, tmp_path, monkeypatch, ["ectopy"]).read(normal_page).status == "read"


@pytest.mark.slow
def test_limits_of_findings_depend_on_the_person(page_reader, normal_page, monkeypatch):
    """Whose page it is goes from `read` and `read_all` to the rules; what is no sex or age is said."""
    asked = []
    monkeypatch.setattr(stages, "as_json", lambda measured, person: asked.append(person))
    page_reader.read(normal_page, sex="male", age=41)
    list(page_reader.read_all([normal_page], sex="female"))
    page_reader.read(normal_page)
    assert asked == [Person("male", 41), Person("female"), Person()]
    for wrong in ({"sex": "m"}, {"age": -1}, {"age": float("nan")}):
        with pytest.raises(UsageError, match=next(iter(wrong))):
            page_reader.read(normal_page, **wrong)


def test_models_of_single_leads_measure_what_they_follow(tiny_reader, normal_page):
    """On a report page nothing, but where signals are asked for."""
    assert tiny_reader.read(normal_page).measurements is None
    result, _ = tiny_reader.inspect(normal_page, trace=True)
    assert result.measurements["rate_per_min"] > 0


@pytest.mark.slow
def test_a_model_of_pages_reads_any_layout(page_reader, odd_pages, validate):
    """6x2 too: two windows, their verdicts together; the leads by their places on this page."""
    for known in odd_pages:
        result, stages = page_reader.inspect(known.path)
        validate(json.loads(result.to_json()))
        assert (result.status, result.page["layout"]) == ("read", known.layout)
        assert [lead.name for lead in result.leads] == [place.name for place in stages.arrangement.places]
        assert [len(seen) for seen in page_reader.network.seen[-2:]] == [2, 2 * len(stages.traces.signals)]


def test_a_model_that_finds_things_besides_answers_with_logits(
    tiny_folder, tmp_path, monkeypatch, normal_page, validate
):
    """The verdict is that of the classes alone; the lead that makes it surer has a weight where it is sure without it, too."""
    result = reader_of(Sure, tiny_folder, tmp_path, monkeypatch, ["fibrillation"]).read(normal_page)
    validate(json.loads(result.to_json()))
    assert result.probabilities["abnormal"] == pytest.approx(1 / (1 + 3 * np.exp(-8)), abs=1e-6)
    assert sum(result.probabilities.values()) == pytest.approx(1)
    assert result.findings == {"fibrillation": pytest.approx(1 / (1 + np.exp(3)), abs=1e-6)}
    assert {lead.name: lead.weight for lead in result.leads} == {
        name: float(name == "V1") for name in REPORT.lead_names
    }


def test_without_anything_to_go_by_no_lead_has_weight(page_reader, normal_page, monkeypatch):
    """Where nothing changes the verdict no lead is told to."""
    monkeypatch.setattr(OneLead, "run", lambda self, windows: np.full((len(windows), 4), 0.25))
    result = page_reader.read(normal_page)
    assert {lead.weight for lead in result.leads} == {0.0}
