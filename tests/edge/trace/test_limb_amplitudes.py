"""Limb leads held against what two others say of them, at one gain."""

import numpy as np
import pytest

from ecg_edge.simulator.heart import simulate
from ecg_edge.trace.limb_amplitudes import OF_I_AND_II, differing

RATE_HZ = 500
NAMES = tuple(OF_I_AND_II)
TOGETHER = dict.fromkeys(NAMES, 0.0)


def limb_leads(seed=4):
    """{name: (2500,) mV} of a simulated heart, as noisy as they are read."""
    rng, leads = np.random.default_rng(seed), 2 * simulate("normal", seed=seed)[:6, :2500]
    one, two = leads[0], leads[1]
    return {name: a * one + b * two + rng.normal(0, 0.01, 2500) for name, (a, b) in OF_I_AND_II.items()}


def cut(signal, share=0.25):
    """A lead with its highest waves cut to a share of their height, in every beat alike."""
    limit = share * np.abs(signal).max()
    return np.where(np.abs(signal) > limit, np.sign(signal) * limit, signal)


def test_leads_that_agree_are_kept_also_where_rows_are_apart():
    """By a sample or two of the page, and whatever level they stand at."""
    leads = limb_leads()
    assert differing(leads, TOGETHER, RATE_HZ) == ()
    moved = leads | {"aVL": np.roll(leads["aVL"], 4) + 0.3}
    assert differing(moved, TOGETHER, RATE_HZ) == ()


@pytest.mark.parametrize("name", ["I", "II", "aVR", "aVF"])
def test_a_lead_whose_waves_are_cut_in_every_beat_is_told(name):
    leads = limb_leads()
    assert differing(leads | {name: cut(leads[name])}, TOGETHER, RATE_HZ) == (name,)


def test_leads_at_gains_of_their_own_are_none_that_differ():
    """As some programs print them."""
    gains = (1.0, 2.5, 0.6, 1.7, 3.0, 0.8)
    leads = {name: gain * signal for gain, (name, signal) in zip(gains, limb_leads().items(), strict=True)}
    assert differing(leads, TOGETHER, RATE_HZ) == ()


def test_of_too_few_leads_of_short_ones_and_of_those_of_another_time_nothing_is_told():
    leads = limb_leads()
    wrong = leads | {"I": cut(leads["I"])}
    assert differing({name: wrong[name] for name in NAMES[:4]}, TOGETHER, RATE_HZ) == ()
    assert differing(wrong, TOGETHER | {"aVR": 2.5, "aVL": 2.5, "aVF": 2.5}, RATE_HZ) == ()
    lost = {name: np.where(np.arange(2500) < 800, signal, np.nan) for name, signal in wrong.items()}
    assert differing(lost, TOGETHER, RATE_HZ) == ()
    flat = {name: np.zeros(2500) for name in NAMES}
    assert differing(flat, TOGETHER, RATE_HZ) == ()
