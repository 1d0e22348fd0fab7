"""What a reading saw on its way, as results say it."""

from types import SimpleNamespace

import pytest

from ecg_edge.errors import PictureError, Reason
from ecg_edge.layout import Arrangement, Box, Place
from ecg_edge.measure.measurements import Measurements
from ecg_edge.stages import Stages, check_leads, check_speed, leads_found


def stages(named, strip_leads):
    """Stages of a page with lead I and a strip of this printed name, of which the traces say what it shows."""
    boxes = Box(0, 0, 10, 10), Box(0, 10, 40, 20)
    places = Place("I", "I", boxes[0], 5.0, 0.0), Place("rhythm", named, boxes[1], 15.0, 0.0)
    found = Arrangement("3x4+1", places, (8.0, 8.0), 25.0, 10.0, 0.1, 1.0)
    page = SimpleNamespace(template=None, found=found, arrangement=found)
    traces = SimpleNamespace(strip_leads=strip_leads, lost={"I": 0.0, "rhythm": 0.0})
    return Stages(SimpleNamespace(recording=None), page, traces)


@pytest.mark.parametrize("named", [None, "III"])
def test_a_strip_bears_the_name_of_what_it_shows(named):
    """Not the printed one that was misread, in results and wherever else places are asked for."""
    seen = stages(named, {"rhythm": "V1"})
    assert [lead.lead for lead in leads_found(seen)] == ["I", "V1"]
    assert [place.lead for place in seen.arrangement.places] == ["I", "V1"]


def test_a_strip_of_which_the_leads_say_nothing_bears_its_printed_name():
    """Or none."""
    assert [lead.lead for lead in leads_found(stages("II", {}))] == ["I", "II"]
    assert [lead.lead for lead in leads_found(stages(None, {}))] == ["I", None]


@pytest.mark.parametrize(
    "names, said",
    [(["rhythm"], "The recording has none of the twelve"), (["I", "V9"], "The recording has only I of the twelve")],
)
def test_what_leads_there_are_is_said_in_words(names, said):
    """None of them is not "only none"."""
    with pytest.raises(PictureError, match=said):
        check_leads(names, "recording")


@pytest.mark.parametrize(
    "speed_from, mm_per_s, qt_ms, rate, refused",
    [
        ("columns", 25.0, 690.0, 37.0, True),
        ("assumed", 25.0, 690.0, 37.0, True),
        ("pulse", 25.0, 690.0, 37.0, False),
        ("option", 25.0, 690.0, 37.0, False),
        ("columns", 50.0, 690.0, 37.0, False),
        ("columns", 25.0, 520.0, 37.0, False),
        ("columns", 25.0, 690.0, 60.0, False),
        ("columns", 25.0, None, 37.0, False),
    ],
)
def test_a_speed_that_no_pulse_says_and_the_waves_contradict_is_refused(speed_from, mm_per_s, qt_ms, rate, refused):
    """What a person or a pulse says is believed."""
    found = Arrangement("3x4", (), (8.0, 8.0), mm_per_s, 10.0, 0.1, 1.0, speed_from=speed_from)
    measured = Measurements(qt_ms=qt_ms, rate_per_min=rate)
    if not refused:
        check_speed(found, measured)
        return
    with pytest.raises(PictureError, match="give the paper speed") as caught:
        check_speed(found, measured)
    assert caught.value.reason is Reason.BAD_SCALE
