"""Results, their JSON and their reasons."""

import copy
import json
import pickle
import re
from importlib import resources

import jsonschema
import pytest

from ecg_edge import __version__, errors
from ecg_edge.errors import FAILURES, EcgEdgeError, PictureError, Reason
from ecg_edge.layout import CLASSES
from ecg_edge.result import STAGES, LeadResult, Result, by_class, unread

SURE = {"normal": 0.91, "abnormal": 0.05, "infarction": 0.03, "history": 0.01}


@pytest.fixture(scope="module")
def validate():
    schema = json.loads((resources.files("ecg_edge") / "result.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema).validate


def read_result(**changes):
    known = {
        "status": "read", "source": "page.jpg", "sha256": "0" * 64, "probabilities": SURE, "min_confidence": 0.5,
        "leads": (LeadResult("I", (150, 300, 643, 600), probabilities=SURE, lead="I"), LeadResult("rhythm", (1, 2, 3, 4), "lost", weight=0.1)),
        "page": {"width": 2213, "height": 1572, "layout": "3x4+1", "corners": None, "rotation": 0, "px_per_mm": 8.0,
                 "mm_per_s": 25.0, "mm_per_mv": 10.0, "speed_from": "report", "gain_from": "option"},
        "model": {"name": "cnn", "version": "1", "sha256": "a" * 64},
        "runtime": {"name": "tflite-runtime", "version": "2.14.0", "threads": 1},
        "timing_ms": {"open": 1.5, "total": 30},
    }  # fmt: skip
    return Result(**{**known, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"status": "uncertain", "doubts": ("low_confidence", "leads_lost")},
        {"message": "The file holds 3 pictures; the first was read."},
        {"findings": {"infarction": 0.97, "ectopy": 0.0}},
        {"captured_at": "2026-11-24T02:00:00+00:00"},
        {"leads": (), "page": None, "model": None, "runtime": None, "timing_ms": {}, "sha256": None},
        {"quality": {"sharpness": 0.4, "light": None}},
        {"source": "caf\u00e9 \udcff\n.jpg"},
    ],
)
def test_results_with_a_verdict_follow_the_schema(validate, changes):
    """read and uncertain, with all that is known and with nothing else."""
    validate(json.loads(read_result(**changes).to_json()))


@pytest.mark.parametrize("reason", list(Reason))
def test_results_without_a_verdict_follow_the_schema(validate, reason):
    """Every reason, with its own sentence or another message; failures are those to open."""
    for message in (None, "Another sentence."):
        fields = json.loads(unread("page.jpg", reason, message).to_json())
        validate(fields)
        assert fields["status"] == ("failed" if reason in FAILURES else "refused")
        assert (fields["reason"], fields["message"]) == (reason.value, message or reason.sentence)
        assert fields["verdict"] is fields["confidence"] is fields["probabilities"] is None


def spoilt(**changes):
    return {**json.loads(read_result().to_json()), **changes}


@pytest.mark.parametrize(
    "wrong",
    [
        spoilt(verdict=None),
        spoilt(confidence=None),
        spoilt(status="refused"),
        spoilt(status="guessed"),
        spoilt(reason="not_found"),
        spoilt(confidence=1.2),
        spoilt(sha256="abc"),
        spoilt(schema="ecg-edge/result/1"),
        spoilt(status="uncertain"),
        spoilt(doubts=["low_confidence"]),
        spoilt(status="uncertain", doubts=["a_feeling"]),
        spoilt(extra=1),
        spoilt(probabilities={"normal": 1.0}),
        {key: value for key, value in spoilt().items() if key != "captured_at"},
    ],
)
def test_the_schema_refuses_what_is_against_the_contract(validate, wrong):
    """A schema that takes everything would hold nobody to anything."""
    with pytest.raises(jsonschema.ValidationError):
        validate(wrong)


def test_the_json_has_every_field_of_the_contract_in_its_order():
    """Unknown is null, never absent."""
    for result in (read_result(), unread("x", Reason.NOT_FOUND)):
        assert list(json.loads(result.to_json())) == [
            "schema",
            "source",
            "sha256",
            "status",
            "verdict",
            "confidence",
            "probabilities",
            "reason",
            "message",
            "doubts",
            "leads",
            "page",
            "quality",
            "model",
            "runtime",
            "measurements",
            "findings",
            "timing_ms",
            "captured_at",
            "recorded_at",
            "ecg_edge",
        ]
        assert tuple(json.loads(result.to_json())["timing_ms"]) == STAGES
        assert json.loads(result.to_json())["ecg_edge"] == __version__


def test_a_result_is_one_line():
    """Whatever stands in its names."""
    result = read_result(source="a\nb\u2028c.jpg")
    assert "\n" not in result.to_json() and result.to_json().isascii()
    assert json.loads(result.to_json())["source"] == "a\nb\u2028c.jpg"


def test_the_verdict_is_the_most_probable_class():
    """Of two that are equal, the first in the order of the classes."""
    for label in CLASSES:
        assert read_result(probabilities={**dict.fromkeys(CLASSES, 0.1), label: 0.7}).verdict == label
    assert read_result(probabilities=dict.fromkeys(CLASSES, 0.25)).verdict == "normal"
    assert read_result().confidence == 0.91
    assert unread("x", Reason.BLURRED).verdict is None and unread("x", Reason.BLURRED).confidence is None


def test_probabilities_are_rounded_in_json_alone():
    """Six places are more than an int8 model knows."""
    result = read_result(probabilities={"normal": 1 / 3, "abnormal": 1 / 3, "infarction": 1 / 6, "history": 1 / 6})
    fields = json.loads(result.to_json())
    assert fields["probabilities"]["normal"] == fields["confidence"] == 0.333333
    assert result.confidence == 1 / 3


def test_by_class_names_the_probabilities():
    """In the order of every model's output."""
    assert by_class([0.1, 0.2, 0.3, 0.4]) == {"normal": 0.1, "abnormal": 0.2, "infarction": 0.3, "history": 0.4}
    with pytest.raises(ValueError):
        by_class([0.5, 0.5])


def test_a_person_reads_one_line():
    """The text of each kind of result."""
    assert read_result().to_text() == "page.jpg: normal (91 %, lost: rhythm)"
    assert (
        read_result(status="uncertain").to_text() == "page.jpg: normal (91 %, uncertain: low confidence; lost: rhythm)"
    )
    assert read_result(message="The file holds 3 pictures; the first was read.").to_text() == (
        "page.jpg: normal (91 %, lost: rhythm): The file holds 3 pictures; the first was read."
    )
    measured = {
        "rate_per_min": 71.6,
        "pr_ms": 160.0,
        "qrs_ms": None,
        "qtc_ms": {"fridericia": 411.0},
        "axis_qrs_deg": -0.0,
    }
    assert read_result(measurements=measured, status="uncertain").to_text() == (
        "page.jpg: normal (91 %, uncertain: low confidence; lost: rhythm), 72 per minute, PR 160 ms, QTc 411 ms, axis 0°"
    )
    assert "\n" not in unread("x\n.jpg", Reason.NOT_FOUND).to_text()
    assert unread("x.jpg", Reason.NOT_FOUND).to_text() == (
        "x.jpg: failed (not_found): There is no picture there: check the path."
    )


def test_the_reasons_are_those_of_the_design():
    """Reasons are a contract: none added, none lost, none renamed."""
    assert [reason.value for reason in Reason] == [
        "not_found",
        "not_a_picture",
        "truncated",
        "too_large",
        "unsupported",
        "too_small",
        "no_page",
        "not_an_ecg",
        "cut_off",
        "bad_layout",
        "bad_scale",
        "bad_light",
        "blurred",
        "covered",
        "leads_lost",
        "leads_missing",
    ]
    assert [reason.value for reason in Reason if reason in FAILURES] == (
        ["not_found", "not_a_picture", "truncated", "too_large", "unsupported"]
    )


def test_the_schema_has_the_same_reasons_classes_and_stages():
    """Two lists of one thing are one list."""
    schema = json.loads((resources.files("ecg_edge") / "result.schema.json").read_text())["properties"]
    assert schema["reason"]["enum"] == [*(reason.value for reason in Reason), None]
    assert schema["verdict"]["enum"] == [*CLASSES, None]
    assert tuple(schema["timing_ms"]["required"]) == STAGES


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_one_sentence_that_tells_the_person_what_to_do(reason):
    """What is wrong, a colon, what to do: one sentence, one full stop."""
    assert re.fullmatch(r"[A-Z][^.:]+: [a-z][^.:]+\.", reason.sentence), reason.sentence
    assert len(reason.sentence) <= 120
    assert str.__str__(reason) == reason.value and Reason(reason.value) is reason


def test_measurements_have_every_field_or_none(validate):
    """A place for what later versions measure, by its own names."""
    schema = json.loads((resources.files("ecg_edge") / "result.schema.json").read_text())
    fields = schema["$defs"]["measurements"]["required"]
    validate(json.loads(read_result(measurements=dict.fromkeys(fields)).to_json()))
    with pytest.raises(jsonschema.ValidationError):
        validate(json.loads(read_result(measurements={"rate_per_min": 71.0}).to_json()))


def test_a_result_cannot_be_changed():
    """It is an answer that was given."""
    with pytest.raises(AttributeError):
        read_result().status = "refused"


@pytest.mark.parametrize(
    "thing", [PictureError(Reason.BLURRED), PictureError(Reason.TRUNCATED, "Words."), errors.CameraError("x")]
)
def test_errors_survive_the_way_from_another_process(thing):
    """Pickled and copied they keep their words and reasons."""
    for twin in (pickle.loads(pickle.dumps(thing)), copy.copy(thing)):
        assert type(twin) is type(thing) and str(twin) == str(thing)
        assert getattr(twin, "reason", None) is getattr(thing, "reason", None)


def test_results_survive_the_way_from_another_process():
    """As `read_all` with several jobs sends them."""
    for result in (read_result(), unread("x", Reason.BLURRED)):
        twin = pickle.loads(pickle.dumps(result))
        assert twin == result and twin.reason is result.reason


@pytest.mark.parametrize(
    "child, builtin",
    [
        ("UsageError", ValueError), ("InstallationError", RuntimeError), ("NoRuntimeError", ImportError), ("NoModelError", LookupError),
        ("DamagedModelError", RuntimeError), ("CameraError", OSError), ("CameraTimeoutError", TimeoutError), ("OutputError", OSError),
        ("PictureError", ValueError),
    ],
)  # fmt: skip
def test_every_error_is_ours_and_one_that_a_stranger_would_catch(child, builtin):
    """One base, and the builtin of its kind."""
    assert issubclass(getattr(errors, child), EcgEdgeError) and issubclass(getattr(errors, child), builtin)
    assert getattr(errors, child).__doc__.count(".") == 1 or child == "PictureError"
