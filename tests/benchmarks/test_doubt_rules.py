"""Ways to calibrate and to doubt, held against each other."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks import doubt, doubt_rules
from train.page_findings import FINDINGS

KEPT = json.loads((Path(__file__).parents[2] / "benchmarks/results/doubt/rules.json").read_text())


def drawn(count, seed):
    """A `Part` whose surer verdicts are more often right, and whose finding knows the truth somewhat, of two origins and five folds."""
    random = np.random.default_rng(seed)
    truth, sureness = random.integers(0, 4, count), random.uniform(0.2, 4, count)
    logits = random.normal(0, 1, (count, 4))
    logits[np.arange(count), truth] += 1.5
    said = np.exp(logits * sureness[:, None])
    findings = np.full((count, len(FINDINGS)), 0.5)
    findings[:, doubt_rules.NOT_NORMAL] = 1 / (1 + np.exp(-random.normal(np.where(truth == 0, -2, 2), 1.5)))
    origins = np.where(np.arange(count) % 3, "distinct", "uncurated 3x4+1")
    folds = random.integers(0, 5, count)
    return doubt_rules.Part(said / said.sum(axis=1, keepdims=True), findings, np.eye(4, dtype=bool)[truth], folds, origins, np.ones(count))  # fmt: skip


def test_the_rule_that_ships_is_the_one_that_doubt_tells_of():
    """Read, and wrong among read, of every origin, as `python -m benchmarks doubt` has them; and so are accuracy and ECE of its calibration."""
    ships = next(name for name in KEPT["rules"] if name.endswith("(ships)"))
    calibration = next(name for name in KEPT["calibrations"] if name.endswith("(ships)"))
    judged = doubt.judge()
    for origin, found in KEPT["rules"][ships].items():
        told = doubt.trust(judged[origin])
        # A card's threshold is rounded, so that a page at the border may fall on its other side.
        assert found["read"] == pytest.approx(told["read"], abs=1.5 / told["pages"]), origin
        assert found["error"] == pytest.approx(told["error_among_read"], abs=0.01), origin
    for origin in doubt.PAGES.values():
        told, found = doubt.trust(judged[origin]), KEPT["calibrations"][calibration][origin]
        assert (found["accuracy"], found["ece"]) == pytest.approx((told["accuracy"], told["ece"]), abs=1e-4), origin


def test_what_is_vetoed_is_not_read_and_comes_last():
    """The rest is read as without a veto."""
    pages, records = drawn(900, 0), drawn(200, 1)
    chosen = doubt_rules.choose(pages, 1.0)
    (plain, read), _ = doubt_rules.judge(doubt_rules.Rule(), pages, records, chosen)
    rule = doubt_rules.Rule(vetoed=lambda said, findings: doubt_rules.agreement(said, findings) <= 0)
    (score, kept), _ = doubt_rules.judge(rule, pages, records, chosen)
    vetoed = doubt_rules.agreement(doubt_rules.calibrated(pages, chosen), pages.findings) <= 0
    assert 0 < vetoed.sum() < len(vetoed) and np.array_equal(kept, read & ~vetoed)
    assert score[vetoed].max() < score[~vetoed].min() and np.array_equal(score[~vetoed], plain[~vetoed])


def test_a_rule_is_chosen_without_the_fold_that_it_judges():
    """Other labels of one fold's pages change nothing of what is said of them."""
    pages, records = drawn(900, 2), drawn(50, 3)
    mine = pages.folds == 2
    other = doubt_rules.Part(pages.said, pages.findings, pages.right.copy(), pages.folds, pages.origins, pages.weights)
    other.right[mine] = other.right[mine][:, [1, 2, 3, 0]]
    found = []
    for part in (pages, other):
        chosen = doubt_rules.choose(part, 1.0)
        (score, read), _ = doubt_rules.judge(doubt_rules.Rule(learnt=True), part, records, chosen)
        found.append((chosen[2], score[mine].tolist(), read[mine].tolist()))
    assert found[0] == found[1]


def test_a_finding_that_knows_something_is_learnt():
    """The area under the risk-coverage curve gets smaller."""
    pages, records = drawn(1500, 4), drawn(50, 5)
    chosen = doubt_rules.choose(pages, 1.0)
    wrong = pages.wrong(doubt_rules.calibrated(pages, chosen))
    areas = [
        doubt_rules.area_under_risk(doubt_rules.judge(rule, pages, records, chosen)[0][0], wrong)
        for rule in (doubt_rules.Rule(), doubt_rules.Rule(learnt=True))
    ]
    assert areas[1] < 0.9 * areas[0]


def test_the_area_under_risk_is_that_of_the_surest_first():
    """Nothing wrong: 0; the wrong one last: a share of its own only at full coverage."""
    assert doubt_rules.area_under_risk(np.array([1.0, 2.0]), np.array([False, False])) == 0
    assert doubt_rules.area_under_risk(np.array([1.0, 2.0]), np.array([True, False])) == pytest.approx((0 + 1 / 2) / 2)
