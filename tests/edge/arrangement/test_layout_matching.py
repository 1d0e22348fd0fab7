"""Orders of leads compared with a page."""

from ecg_edge.arrangement import coarse_page, lead_names
from ecg_edge.arrangement.layout_matching import FACE_FITS, _choices, matches_of

from .test_arrangement import DRAWN, ROWS_3X4, drawn_ink


def test_once_names_are_read_no_other_typefaces_are_looked_for(monkeypatch):
    """All names of a page are printed in one: the orders that are compared later are read in the faces that fitted those names best."""
    asked, faces_of = [], lead_names.NameMatcher.faces_of

    def counted(*arguments):
        asked.append(faces_of(*arguments))
        return asked[-1]

    monkeypatch.setattr(lead_names.NameMatcher, "faces_of", counted)
    matches = matches_of(coarse_page.coarse_page_of(*coarse_page.reduced(drawn_ink(ROWS_3X4), DRAWN)))
    assert matches[0].pattern.layout == "3x4+1" and sum(matches[0].fits) / len(matches[0].fits) >= FACE_FITS
    assert len(asked) < len(matches)
    assert all(match.face in asked[-1] for match in matches if match.cost > matches[0].cost and len(asked) == 1)


def test_of_rows_the_strongest_and_those_that_follow_each_other_are_chosen():
    """By what is weaker among them than the others of theirs, and by the strongest that is left out; crowded rows are none."""
    found = [(0.0, 1.0), (100.0, 1.0), (200.0, 0.5), (300.0, 1.0)]
    assert _choices(found, 3, 0.85) == [(0.5, [0.0, 100.0, 300.0])]
    assert _choices(found, 4, 0.85) == [(0.5, [0.0, 100.0, 200.0, 300.0])]
    assert _choices([(0.0, 1.0), (100.0, 1.0), (110.0, 1.0)], 3, 0.85) == []
    assert _choices(found, 5, 0.85) == [] and _choices([(0.0, 0.0)], 1, 0.85) == []
