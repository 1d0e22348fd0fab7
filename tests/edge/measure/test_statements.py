"""Findings by published criteria."""

import json
from dataclasses import replace

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecg_edge.layout import LEADS_12
from ecg_edge.measure.lead_values import LeadValues
from ecg_edge.measure.measurements import Measurements, measure
from ecg_edge.measure.statements import RULES, statements

from .hearts import heart, in_columns
from .test_measurements import schema

PLAIN = LeadValues(0.0, 0.0, -0.02, 0.8, -0.3, 0.2, 10.0)
NORMAL = Measurements(
    rate_per_min=70.0,
    rr_s=(0.86, 0.84, 0.9),
    regular=True,
    scatter=0.02,
    pauses_s=(),
    beats={"dominant": 11, "premature_narrow": 0, "premature_wide": 0, "paced": 0},
    p_wave=True,
    p_ms=100.0,
    pr_ms=160.0,
    qrs_ms=90.0,
    qt_ms=400.0,
    qtc_ms={"bazett": 431.0, "fridericia": 420.0, "framingham": 421.0, "hodges": 417.0},
    axis_p_deg=50.0,
    axis_qrs_deg=40.0,
    axis_t_deg=45.0,
    sokolow_lyon_mv=2.0,
    cornell_mv=1.0,
    leads=dict.fromkeys(LEADS_12, PLAIN) | {"V1": LeadValues(0.02, 0.05, 0.0, 0.2, -0.9, -0.05, 0.0)},
)


def codes(measured, state="present", **known):
    """The codes of findings in that state."""
    return {each.code for each in statements(measured, **known) if each.state == state}


def with_leads(**values):
    """`NORMAL` with other values in some leads: V2={"st_j_mv": 0.3}."""
    return replace(NORMAL, leads=NORMAL.leads | {name: replace(PLAIN, **given) for name, given in values.items()})


def test_a_normal_page_shows_sinus_rhythm_and_nothing_else():
    """And nothing is left unassessed."""
    assert codes(NORMAL) == {"sinus_rhythm"} and not codes(NORMAL, "not_assessed")


@pytest.mark.parametrize(
    "code, changed",
    [
        ("bradycardia", {"rate_per_min": 55.0}),
        ("tachycardia", {"rate_per_min": 101.0}),
        ("irregular_without_p", {"scatter": 0.2, "p_wave": False}),
        ("paced_rhythm", {"beats": {"premature_narrow": 0, "premature_wide": 0, "paced": 3}}),
        ("premature_narrow", {"beats": {"premature_narrow": 1, "premature_wide": 0}}),
        ("premature_wide", {"beats": {"premature_narrow": 0, "premature_wide": 2}}),
        ("pause", {"pauses_s": (2.2, 3.2)}),
        ("long_pr", {"pr_ms": 210.0}),
        ("short_pr", {"pr_ms": 110.0}),
        ("wide_qrs", {"qrs_ms": 121.0}),
        ("left_axis", {"axis_qrs_deg": -40.0}),
        ("right_axis", {"axis_qrs_deg": 120.0}),
        ("extreme_axis", {"axis_qrs_deg": -120.0}),
        ("long_qtc", {"qtc_ms": {"framingham": 465.0}}),
        ("short_qtc", {"qtc_ms": {"framingham": 380.0}}),
        ("left_ventricular_voltage", {"sokolow_lyon_mv": 3.6}),
        ("left_ventricular_voltage", {"cornell_mv": 2.9}),
        ("reversed_arm_leads", {"axis_p_deg": 130.0, "leads": NORMAL.leads | {"I": LeadValues(0, 0, -0.8, 0.1, -0.9, -0.2, 60)}}),
        ("low_voltage", {"leads": dict.fromkeys(LEADS_12, LeadValues(0, 0, 0, 0.3, -0.1, 0.1, 0))}),
    ],
)  # fmt: skip
def test_each_finding_is_there_where_its_criterion_is_met(code, changed):
    """And it names the values that it rests on."""
    assert code not in codes(NORMAL)
    measured = replace(NORMAL, **changed)
    found = next(each for each in statements(measured) if each.code == code)
    assert found.state == "present" and found.values and None not in found.values.values()


@pytest.mark.parametrize(
    "code, leads",
    [
        ("st_elevation", {"II": {"st_j_mv": 0.12}, "aVF": {"st_j_mv": 0.1}}),
        ("st_elevation", {"V2": {"st_j_mv": 0.26}, "V3": {"st_j_mv": 0.3}}),
        ("st_depression", {"V4": {"st_j_mv": -0.1, "st_60_mv": -0.1}, "V5": {"st_j_mv": -0.06, "st_60_mv": -0.07}}),
        ("pathological_q", {"III": {"q_mv": -0.3, "q_ms": 40.0}, "aVF": {"q_mv": -0.2, "q_ms": 34.0}}),
        ("pathological_q", {"V2": {"q_mv": -1.0, "r_mv": 0.0, "s_mv": 0.0, "q_ms": 80.0}}),
        ("inverted_t", {"V5": {"t_mv": -0.2}, "V6": {"t_mv": -0.15}}),
    ],
)
def test_what_is_local_takes_two_contiguous_leads(code, leads):
    """Those two are named as its values; the same in one of them, or in leads that are no neighbours, is nothing."""
    found = next(each for each in statements(with_leads(**leads)) if each.code == code)
    assert {name.split(".")[0] for name in found.values if name.startswith(tuple(leads))} == set(leads)
    first, *rest = leads.items()
    if rest:
        assert code not in codes(with_leads(**dict([first])))
        assert code not in codes(with_leads(**{"aVL": first[1], "V6": rest[0][1]}))


def test_an_irregular_heart_too_fast_for_p_waves_is_suspected_of_fibrillation():
    """Where T leaves no room for P none is seen; a slower heart, or one without a QRS complex, is not assessed, and a regular one is none."""
    fast = replace(NORMAL, scatter=0.2, p_wave=None, rate_per_min=150.0)
    assert "irregular_without_p" in codes(fast)
    assert "irregular_without_p" not in codes(replace(fast, scatter=0.02)) | codes(replace(fast, p_wave=True))
    for unknown in ({"rate_per_min": 80.0}, {"qrs_ms": None}):
        assert "irregular_without_p" in codes(replace(fast, **unknown), "not_assessed")


def test_raised_st_of_the_middle_leads_depends_on_sex_and_age():
    """Where they are not given the least sensitive threshold is taken."""
    measured = with_leads(V2={"st_j_mv": 0.21}, V3={"st_j_mv": 0.22})
    assert "st_elevation" not in codes(measured) and "st_elevation" not in codes(measured, sex="male", age=30)
    assert "st_elevation" in codes(measured, sex="male", age=50) and "st_elevation" in codes(measured, sex="female")
    assert "long_qtc" in codes(replace(NORMAL, qtc_ms={"framingham": 455.0}), sex="male")


def test_depression_that_rises_is_no_finding():
    """Horizontal or falling: the later point is no higher."""
    rising = {"st_j_mv": -0.12, "st_60_mv": -0.06}
    assert "st_depression" not in codes(with_leads(V4=rising, V5=rising))


def test_bundle_branch_blocks_are_told_apart():
    """By V1, I and V6."""
    left = replace(with_leads(I={"q_mv": 0.0}, V6={"q_mv": 0.0}), qrs_ms=140.0)
    left = replace(left, leads=left.leads | {"V1": NORMAL.leads["V1"]})
    assert {"left_bundle_branch", "wide_qrs"} <= codes(left) and "right_bundle_branch" not in codes(left)
    right = replace(with_leads(V1={"r_mv": 1.0, "s_mv": -0.1}, I={}, V6={}), qrs_ms=140.0)
    assert {"right_bundle_branch", "wide_qrs"} <= codes(right) and "left_bundle_branch" not in codes(right)


def test_lost_leads_leave_findings_unassessed():
    """Those that need them; a finding that two others show all the same is there."""
    missing = {name: lead for name, lead in NORMAL.leads.items() if name != "V1"}
    measured = replace(NORMAL, leads=missing, sokolow_lyon_mv=None, qrs_ms=140.0)
    told = codes(measured, "not_assessed")
    assert {"left_bundle_branch", "right_bundle_branch", "st_elevation", "left_ventricular_voltage"} <= told
    raised = replace(PLAIN, st_j_mv=0.15)
    assert "st_elevation" in codes(replace(measured, leads=missing | {"V5": raised, "V6": raised}))


def test_nothing_measured_is_nothing_assessed():
    """Every rule says so, none raises."""
    assert codes(Measurements(), "not_assessed") == {rule.code for rule in RULES} and not codes(Measurements())


def test_every_rule_has_a_criterion_and_a_source_and_its_own_code():
    """Findings, never a diagnosis: no rule says that there is an infarction."""
    assert len({rule.code for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule.criterion and rule.source and "infarction" not in rule.text, rule.code


@given(st.sampled_from(["sinus rhythm", "atrial fibrillation", "anterior", "inferior", "left bundle branch block"]))
def test_statements_are_json_of_the_contract(name):
    """Under `measurements`, of hearts of several kinds."""
    measured = measure(in_columns(heart(name)))
    found = measured.to_dict() | {"statements": [each.to_dict() for each in statements(measured)]}
    whole = schema()
    whole["required"] = [*whole["required"], "statements"]
    jsonschema.validate(json.loads(json.dumps(found, allow_nan=False)), whole)


@pytest.mark.parametrize(
    "name, code",
    [
        ("sinus rhythm", "sinus_rhythm"),
        ("atrial fibrillation", "irregular_without_p"),
        ("sinus bradycardia", "bradycardia"),
        ("sinus tachycardia", "tachycardia"),
        ("premature ventricular beats", "premature_wide"),
        ("left bundle branch block", "left_bundle_branch"),
    ],
)
def test_simulated_hearts_show_what_they_were_made_with(name, code):
    """On a page with columns and a strip."""
    assert code in codes(measure(in_columns(heart(name))))
