"""A strip is named by the lead that it shows where its printed name was not read, or was misread."""

import numpy as np
import pytest

from ecg_edge.layout import LEADS_12, Box, Place
from ecg_edge.simulator.heart import simulate
from ecg_edge.trace.strip_leads import strip_leads

RATE_HZ = 500


def page(strip="II", named=None, late_s=0.0):
    """(places, signals) of a page of 3 rows, 4 columns and a strip that shows a lead, as unsteady as they are read."""
    rng = np.random.default_rng(0)
    heart = dict(zip(LEADS_12, simulate("normal", seed=1), strict=True))
    heart = {name: signal + rng.normal(0, 0.01, signal.size) for name, signal in heart.items()}
    places, signals = [], {}
    for number, name in enumerate(LEADS_12):
        first = 1250 * (number // 3)
        places.append(Place(name, name, Box(0, 0, 1, 1), 0.0, first / RATE_HZ))
        signals[name] = heart[name][first : first + 1250]
    places.append(Place("rhythm", named, Box(0, 0, 1, 1), 0.0, 0.0))
    signals["rhythm"] = np.roll(heart[strip], round(late_s * RATE_HZ))
    return places, signals


@pytest.mark.parametrize("named", [None, "V3", "II"])
def test_a_strip_is_named_by_what_it_shows(named):
    """Whether its name was not read or misread, and some milliseconds off as well."""
    for late_s in (0.0, 0.012, -0.02):
        assert strip_leads(*page("V1", named, late_s), RATE_HZ) == {"rhythm": "V1"}


@pytest.mark.parametrize("strip", ["II", "V1"])
def test_a_name_that_was_read_rightly_stays(strip):
    """Nothing is said of it."""
    assert strip_leads(*page(strip, strip), RATE_HZ) == {}


def test_a_strip_of_another_time_is_not_named():
    """Some devices print it so: it resembles no lead, and its name stays as it was read."""
    assert strip_leads(*page("II", None, 0.3), RATE_HZ) == {} == strip_leads(*page("II", "II", 0.3), RATE_HZ)


def test_a_strip_that_shows_an_augmented_lead_is_not_named():
    """No device prints one: it resembles it by chance."""
    assert strip_leads(*page("aVL", None), RATE_HZ) == {}


def test_what_was_lost_says_nothing():
    """Neither of a name that was read nor of one that was not; nor do leads without a strip."""
    places, signals = page("II", "II")
    lost = {name: np.full_like(signal, np.nan) for name, signal in signals.items()}
    assert strip_leads(places, lost, RATE_HZ) == {} == strip_leads(places[:-1], signals, RATE_HZ)
