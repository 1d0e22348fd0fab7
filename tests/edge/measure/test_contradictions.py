"""Where a verdict and what was measured cannot both be true."""

import pytest

from ecg_edge.layout import CLASSES
from ecg_edge.measure.contradictions import CONTRADICTIONS, contradictions
from ecg_edge.measure.statements import RULES


def told(*present, not_assessed=()):
    """Statements as JSON has them."""
    return [{"code": code, "state": "present"} for code in present] + [
        {"code": code, "state": "not_assessed"} for code in not_assessed
    ]


def test_an_infarction_shows_in_st_q_or_t():
    """One finding is enough; so is one that hides them, or one that could not be assessed."""
    (reason,) = contradictions("infarction", told("sinus_rhythm", "tachycardia"))
    assert "infarction" in reason.lower()
    for code in ("st_elevation", "st_depression", "pathological_q", "inverted_t", "wide_qrs"):
        assert not contradictions("infarction", told("sinus_rhythm", code))
        assert not contradictions("infarction", told("sinus_rhythm", not_assessed=(code,)))


@pytest.mark.parametrize("code", ["irregular_without_p", "tachycardia", "left_bundle_branch", "right_bundle_branch", "paced_rhythm", "st_elevation", "pause"])  # fmt: skip
def test_a_normal_page_has_no_such_finding(code):
    """What could not be assessed speaks against nothing; other verdicts are not contradicted by it."""
    assert len(contradictions("normal", told("sinus_rhythm", code))) == 1
    assert not contradictions("normal", told("sinus_rhythm", not_assessed=(code,)))
    assert not contradictions("abnormal", told(code)) and not contradictions("history", told(code))


def test_rules_name_verdicts_and_findings_that_there_are():
    """Each with a sentence of its own."""
    codes = {rule.code for rule in RULES}
    for rule in CONTRADICTIONS:
        assert rule.verdict in CLASSES and set(rule.any_of + rule.none_of) <= codes
        assert bool(rule.any_of) != bool(rule.none_of) and rule.reason.endswith(".")
    assert len({rule.reason for rule in CONTRADICTIONS}) == len(CONTRADICTIONS)
