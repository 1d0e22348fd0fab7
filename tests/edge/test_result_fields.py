"""What readings fill into the fields of a result."""

import pytest

from ecg_edge import Reader
from ecg_edge.layout import LEADS_12, Box, Place
from ecg_edge.output.wording import title_of
from ecg_edge.stages import _shown


@pytest.fixture(scope="module")
def page_reader():
    return Reader("page")


def test_a_page_of_known_geometry_says_so(page_reader, normal_page):
    """Its speed and gain are those of all such pages."""
    page = page_reader.read(normal_page).page
    assert (page["mm_per_s"], page["speed_from"]) == (25.0, "report")
    assert (page["mm_per_mv"], page["gain_from"]) == (10.0, "report")


def test_speed_and_gain_that_were_given_are_the_results(normal_page):
    """Whatever is usual on such pages: the signals are in the scale that was given."""
    page = Reader("page", mm_per_s=50.0, mm_per_mv=5.0).read(normal_page).page
    assert (page["mm_per_s"], page["speed_from"]) == (50.0, "option")
    assert (page["mm_per_mv"], page["gain_from"]) == (5.0, "option")


@pytest.mark.slow
def test_a_page_that_is_laid_flat_says_where_its_scale_comes_from(page_reader, odd_pages):
    """These have pulses of 10 mm on every row."""
    for page in odd_pages:
        found = page_reader.read(page.path).page
        assert (found["mm_per_mv"], found["gain_from"]) == (10.0, "pulse")
        assert found["mm_per_s"] == 25.0 and found["speed_from"] in ("pulse", "columns")


@pytest.mark.slow
def test_each_lead_says_what_it_shows(page_reader, tiny_reader, few_pages):
    """The twelve themselves, a strip the lead whose name is printed; without traces its name is not read."""
    known = set()
    for page in few_pages:
        leads = {lead.name: lead.lead for lead in page_reader.read(page.path).leads}
        assert all(leads[name] == name for name in LEADS_12)
        known.add(leads["rhythm"])
    assert known <= {"II", "III", None} and known & {"II", "III"}
    assert {lead.name: lead.lead for lead in tiny_reader.read(few_pages[0].path).leads}["rhythm"] is None


def test_inverted_avr_is_avr():
    """As Cabrera's order prints it: the signal is turned back, and the lead is called by its name."""
    place = Place("aVR", "-aVR", Box(0, 0, 10, 10), 5.0, 0.0)
    strip = Place("rhythm", None, Box(0, 0, 10, 10), 5.0, 0.0)
    assert (_shown(place), _shown(strip)) == ("aVR", None)
    assert (title_of(place), title_of(strip)) == ("aVR", "rhythm")


@pytest.mark.slow
def test_a_result_in_doubt_says_why(normal_page):
    """One that is sure has no doubts."""
    doubtful = Reader("page", min_confidence=1.0).read(normal_page)
    assert (doubtful.status, doubtful.doubts) == ("uncertain", ("low_confidence",))
    sure = Reader("page", min_confidence=0.0).read(normal_page)
    assert (sure.status, sure.doubts) == ("read", ())
