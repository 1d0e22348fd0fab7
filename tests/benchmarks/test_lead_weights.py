"""Whether leads that are said to have spoken most matter most: the summary of it, and a page."""

import numpy as np
import pytest

from benchmarks import lead_weights
from ecg_edge import Reader


def test_the_summary_counts_pages_on_which_the_heaviest_matter_more():
    """Beside medians, with intervals."""
    row = {"heaviest": 2.0, "random": 1.0, "lightest": 0.0}
    rows = [dict.fromkeys(lead_weights.REMOVED, row), dict.fromkeys(lead_weights.REMOVED, row | {"heaviest": 0.5})]
    found = lead_weights.summary(rows)[3]
    assert (found["more"], found["pages"], found["heaviest"], found["difference"]) == (1, 2, 1.25, 0.25)
    assert found["interval"][0] < 0.5 < found["interval"][1]
    report = {"environment": {"commit": "x"}, "pages": 2, "sure": 0, "all_pages": {3: found}, "sure_pages": {}}
    assert "| all | 3 | 1.25 | 1.00 | 0.00 | 1 of 2" in lead_weights.to_markdown(report)


@pytest.mark.parametrize("label", ["infarction", "normal"])
def test_on_a_page_the_heaviest_leads_matter_more_than_random_ones(page_paths, label, monkeypatch):
    """By the shipped model, on pages of which it is sure."""
    monkeypatch.setattr(lead_weights, "DRAWS", 3)
    found, confidence = lead_weights.falls(Reader(), page_paths[label], np.random.default_rng(0))
    assert confidence > 0.9 and found[3]["heaviest"] > found[3]["random"] > found[3]["lightest"]


@pytest.fixture
def page_paths(few_pages):
    """{class: path} of the pages in tests/data."""
    return {page.label: page.path for page in few_pages}
