"""How often the page model is wrong where it is sure."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks import doubt
from train import pooled
from train.page_findings import FINDINGS

RESULTS = Path(__file__).parents[2] / "benchmarks/results/doubt"


def test_kept_figures_are_those_that_kept_probabilities_give():
    """Of every origin, records too; those of the shipped model."""
    kept = json.loads((RESULTS / "doubt.json").read_text())
    found = {origin: doubt.trust(judged) for origin, judged in doubt.judge().items()}
    assert set(found) == set(kept["origins"]) >= {*doubt.PAGES.values(), "PTB-XL fold 9", "LUDB", "other devices"}
    for origin, figures in found.items():
        for name, value in figures.items():
            assert value == pytest.approx(kept["origins"][origin]["trust"][name], abs=1e-9), (origin, name)


def test_no_record_is_judged_by_two_folds():
    """Each stands in the predictions of one."""
    names = [name for made in pooled.load_records("page", "int8", doubt.RUNTIME) for name in made.digests]
    assert len(names) == len(set(names)) > 600


def test_what_is_called_normal_is_counted(monkeypatch):
    """Of two sure infarctions one is called normal, without a doubt; one of low likelihood does not count."""
    findings = np.full((4, len(FINDINGS)), np.nan)
    findings[:3, FINDINGS.index("infarction")] = 1
    findings[3, FINDINGS.index("not_normal")] = 0
    known = [
        doubt.page_drawn.Drawn(str(i), "ptbxl", str(i), 9, findings[i], None, likelihood)
        for i, likelihood in enumerate((100, 80, 15, 100))
    ]
    monkeypatch.setattr(doubt.page_drawn, "every_record", lambda data: known)
    pages = np.array([[0.9, 0, 0.1, 0], [0.1, 0, 0.9, 0], [0.8, 0, 0.1, 0.1], [0.95, 0, 0.05, 0]])
    sure, wrong = np.array([True, True, False, True]), np.array([True, False, True, False])
    counts = doubt.missed(doubt.Judged(("0", "1", "2", "3"), pages, sure, wrong))
    assert counts["infarction"] == {"records": 2, "called_normal": 1, "and_read": 1}
    assert counts["normal"] == {"records": 1, "called_normal": 1, "and_read": 1}
    assert counts["odds"]["auroc"] == 1.0
