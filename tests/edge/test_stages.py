"""What a reading saw on its way, as results say it."""

from types import SimpleNamespace

import pytest

from ecg_edge.errors import PictureError
from ecg_edge.layout import Arrangement, Box, Place
from ecg_edge.stages import Stages, check_leads, leads_found


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
