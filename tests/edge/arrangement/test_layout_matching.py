"""Orders of leads compared with a page."""

from ecg_edge.arrangement import coarse_page, lead_names
from ecg_edge.arrangement.layout_matching import FACE_FITS, matches_of

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
