"""What people are told of a result, and the colour that it is shown in."""

from types import SimpleNamespace

import pytest

from ecg_edge.errors import Reason
from ecg_edge.layout import CLASSES
from ecg_edge.output.colours import CLASS_COLOURS, colour_class
from ecg_edge.output.wording import ADVICE, QUALITY_WORDS, REASONS, VERDICTS, advice, caution, confidence_word, percent
from ecg_edge.page import quality


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


def test_no_probability_is_called_certain():
    """Nor impossible."""
    assert [percent(share) for share in (1.0, 0.9996, 0.5, 0.0004, 0.0)] == [
        "100.0 %",
        "over 99.9 %",
        "50.0 %",
        "under 0.1 %",
        "0.0 %",
    ]


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
