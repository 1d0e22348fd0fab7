"""What people are told of a result, and the colour that it is shown in."""

from types import SimpleNamespace
from typing import get_args

import pytest

from ecg_edge.classifier.card import read_card
from ecg_edge.errors import Reason
from ecg_edge.layout import CLASSES, ScaleSource
from ecg_edge.output.colours import CLASS_COLOURS, colour_class
from ecg_edge.output.wording import (
    ADVICE,
    GENERAL_ADVICE,
    MODEL_FINDINGS,
    QUALITY_WORDS,
    REASONS,
    SCALE_SOURCES,
    VERDICTS,
    advice,
    caution,
    confidence_word,
    is_digital,
    model_findings,
    model_findings_words,
    scale_words,
)
from ecg_edge.page import quality
from ecg_edge.result import unread


def test_every_class_has_a_name_and_a_colour():
    """So has a result without a class."""
    assert tuple(VERDICTS) == CLASSES
    assert set(CLASS_COLOURS) == {*CLASSES, None}
    assert set(REASONS) <= {reason.value for reason in Reason}


def test_a_result_has_the_colour_of_its_class_where_it_is_sure():
    """Nobody is calmed or alarmed by a guess."""
    assert colour_class("read", "normal", 0.95) == "normal" and colour_class("read", "infarction", 0.8) == "infarction"
    assert (
        colour_class("read", "normal", 0.6) is None
        and colour_class("uncertain", "normal", 0.95) is None
        and colour_class("refused", None, None) is None
    )


@pytest.mark.parametrize("reason", list(Reason), ids=lambda reason: reason.value)
def test_every_reason_has_something_that_helps(reason):
    """Beside its own sentence; none but reasons have."""
    assert advice(reason.value) or reason is Reason.NOT_FOUND
    assert set(ADVICE) <= {reason.value for reason in Reason}


def test_confidence_is_high_fair_or_low():
    """From the calibrated probability; each has its sentence."""
    assert [confidence_word(share) for share in (0.95, 0.8, 0.4)] == ["high", "fair", "low"]
    assert [caution(share).split()[0].lower() for share in (0.95, 0.8, 0.4)] == ["high", "fair", "low"]


def test_the_limits_that_people_read_are_those_that_hold():
    """And every number has its words."""
    numbers = quality.measure(SimpleNamespace(flat=None))
    assert set(QUALITY_WORDS) == set(numbers)
    for limit in quality.LIMITS:
        _, unit, meaning = QUALITY_WORDS[limit.name]
        assert (
            f"Refused above {100 * limit.most:g} %." in meaning
            if unit == "%"
            else f"Refused above {limit.most:g}." in meaning
        )


def test_a_scale_is_told_with_where_it_comes_from():
    """An assumed one is never called printed; what is not known is left out."""
    page = {"mm_per_s": 25.0, "mm_per_mv": 10.0, "speed_from": "print", "gain_from": "assumed"}
    assert scale_words(page) == "25 mm/s (as printed), 10 mm/mV (assumed)"
    assert scale_words({"mm_per_s": None, "mm_per_mv": None, "speed_from": None, "gain_from": None}) == ""
    assert set(SCALE_SOURCES) == set(get_args(ScaleSource))


def test_what_the_model_finds_has_words_and_the_voice_of_probabilities():
    """Every finding of the shipped card; where there is little room those that are likelier than not."""
    assert set(MODEL_FINDINGS) == set(read_card("page")["output"]["findings"])
    found = {"infarction": 0.996, "hypertrophy": 0.5, "ectopy": 0.49}
    assert model_findings_words(found) == "infarction of any age (over 99 %), hypertrophy (50 %)"
    assert [words for words, _ in model_findings(found, least=0.0)] == ["infarction of any age", "hypertrophy", "premature beats"]  # fmt: skip
    assert model_findings_words(None) == model_findings_words({"ectopy": 0.1}) == ""


def test_digital_ecgs_are_told_nothing_of_light_and_camera():
    """Known by their name, or since no page was looked for in what was opened."""
    refused = unread("IM0001", Reason.BAD_SCALE, timing_ms={"open": 3.0, "total": 4.0})
    assert is_digital(refused.to_dict()) and is_digital(unread("x/leads.CSV", Reason.TRUNCATED).to_dict())
    photograph = unread("IM0001", Reason.BAD_SCALE, timing_ms={"open": 3.0, "page": 9.0, "total": 12.0})
    assert not is_digital(photograph.to_dict()) and not is_digital(unread("page.pdf", Reason.TRUNCATED).to_dict())
    for reason in Reason:
        assert not set(advice(reason, True)) & {*GENERAL_ADVICE, *ADVICE.get(reason, ())}, reason
