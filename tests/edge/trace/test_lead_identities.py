"""Limb leads that contradict each other are told from those that do not, and names that were taken for each other from both."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecg_edge.layout import CLASSES, LEADS_12
from ecg_edge.simulator.heart import simulate
from ecg_edge.trace.lead_identities import IDENTITIES, contradictions

RATE_HZ = 500
LIMB = LEADS_12[:6]
TOGETHER = dict.fromkeys(LIMB, 0.0)
IN_COLUMNS = {name: 2.5 * (number // 3) for number, name in enumerate(LIMB)}
PENCIL_MV = 0.015
"""As unsteady as a trace that is read."""
TIME_S = np.arange(2500) / RATE_HZ


def limb_leads(kind="normal", seed=0, start_s=TOGETHER):
    """{name: (1250,) mV} of the limb leads of a simulated heart from where each begins, as unsteady as they are read."""
    heart = dict(zip(LEADS_12, simulate(kind, seed=seed), strict=True))
    return shown(heart, start_s, seed)


def loop(start_s=TOGETHER):
    """The same of a heart whose vector turns: I and III peak at different times, and no two leads are alike."""
    one, three = (
        sum(height * np.exp(-((((TIME_S - at) % 0.8) - 0.3) ** 2) / 2 / width**2) for height, at, width in waves)
        for waves in (
            ((1.0, 0.0, 0.012), (0.3, 0.25, 0.05)),
            ((0.8, 0.07, 0.016), (-0.6, -0.06, 0.014), (0.2, 0.35, 0.05)),
        )
    )
    heart = (one, one + three, three, -one - three / 2, (one - three) / 2, one / 2 + three)
    return shown(dict(zip(LIMB, heart, strict=True)), start_s)


def shown(heart, start_s, seed=0):
    rng = np.random.default_rng(seed)
    return {
        name: heart[name][round(start_s[name] * RATE_HZ) :][:1250] + rng.normal(0, PENCIL_MV, 1250) for name in LIMB
    }


def none_at_all():
    """(1250,) mV of what is no lead."""
    return np.interp(np.arange(1250), np.arange(0, 1251, 50), np.random.default_rng(3).normal(0, 0.5, 26))


@pytest.mark.parametrize("names, weights", IDENTITIES, ids=lambda value: "".join(map(str, value)))
def test_each_identity_holds(names, weights):
    """By Einthoven's and Goldberger's definitions, whatever I and III are."""
    one, three = np.random.default_rng(0).normal(size=(2, 100))
    two = one + three
    leads = dict(zip(LIMB, (one, two, three, -(one + two) / 2, (one - three) / 2, (two + three) / 2), strict=True))
    assert np.abs(sum(weight * leads[name] for name, weight in zip(names, weights, strict=True))).max() < 1e-12


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("start_s", [TOGETHER, IN_COLUMNS], ids=["together", "columns"])
def test_leads_that_were_read_rightly_do_not_contradict_each_other(kind, start_s):
    """Of every class."""
    for seed in range(3):
        assert contradictions(limb_leads(kind, seed, start_s), start_s, RATE_HZ) == ((), False)


@settings(max_examples=20, deadline=None)
@given(gains=st.lists(st.floats(0.3, 3), min_size=6, max_size=6), seed=st.integers(0, 5))
def test_a_gain_of_its_own_for_each_lead_is_no_contradiction(gains, seed):
    """Some programs print each lead as high as its row is."""
    leads = limb_leads("abnormal", seed)
    leads = {name: gain * leads[name] for name, gain in zip(LIMB, gains, strict=True)}
    assert contradictions(leads, TOGETHER, RATE_HZ) == ((), False)


def test_what_a_page_that_is_not_flat_does_to_its_leads_is_no_contradiction():
    """Rows some milliseconds apart in time, and lifted by as much as their waves are high."""
    time_s = np.arange(1250) / RATE_HZ
    for number in range(6):
        leads = loop(IN_COLUMNS)
        lead = LIMB[number]
        leads[lead] = np.roll(leads[lead], 6) + 0.4 * np.sin(2 * time_s + number)
        assert contradictions(leads, IN_COLUMNS, RATE_HZ) == ((), False), lead


@pytest.mark.parametrize("wrong", LIMB)
def test_a_lead_that_is_none_is_the_one_that_is_found(wrong):
    """Where the others were recorded together with it."""
    assert contradictions(loop() | {wrong: none_at_all()}, TOGETHER, RATE_HZ) == ((wrong,), False)


def test_of_three_leads_alone_it_is_not_known_which_is_none():
    """A column of them is lost whole, and the other one is kept."""
    leads = loop(IN_COLUMNS) | {"III": none_at_all()}
    assert contradictions(leads, IN_COLUMNS, RATE_HZ) == (("I", "II", "III"), False)


CABRERA = ("aVL", "I", "aVR", "II", "aVF", "III")


@pytest.mark.parametrize(
    "order, taken_for, start_s",
    [(LIMB, CABRERA, TOGETHER), (CABRERA, LIMB, TOGETHER), (CABRERA, LIMB, IN_COLUMNS)],
    ids=["standard, together", "Cabrera, together", "Cabrera, columns"],
)
def test_the_standard_and_the_order_of_cabrera_are_told_apart(order, taken_for, start_s):
    """By signs that no gain has: rows in one order that bear the names of the other."""
    columns = [start_s[name] for name in LIMB]
    leads = loop(dict(zip(order, columns, strict=True)))
    if order is CABRERA:  # printed turned over
        leads["aVR"] = -leads["aVR"]
    read = dict(zip(taken_for, (leads[name] for name in order), strict=True))
    if taken_for is CABRERA:
        read["aVR"] = -read["aVR"]
    assert contradictions(read, dict(zip(taken_for, columns, strict=True)), RATE_HZ) == ((), True)


@pytest.mark.parametrize("one, other", [("I", "II"), ("II", "III")])
def test_leads_of_one_column_in_each_others_rows_are_misnamed(one, other):
    """All but I and III, which stand in Einthoven's law in one way."""
    leads = loop(IN_COLUMNS)
    leads[one], leads[other] = leads[other], leads[one]
    assert contradictions(leads, IN_COLUMNS, RATE_HZ) == ((), True)


def test_what_is_too_short_or_does_not_move_says_nothing():
    """Neither a contradiction nor a wrong name."""
    leads = limb_leads() | {"II": np.random.default_rng(0).normal(0, 1, 1250)}
    short = {name: signal[:500] for name, signal in leads.items()}
    flat = leads | {"III": np.zeros(1250)}
    assert contradictions(short, TOGETHER, RATE_HZ) == ((), False)
    assert contradictions({name: flat[name] for name in ("I", "II", "III")}, TOGETHER, RATE_HZ) == ((), False)
    assert contradictions({}, {}, RATE_HZ) == ((), False)
