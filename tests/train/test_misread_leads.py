"""Learning which leads were misread: pages with their truth, and trees that say on the device what scikit-learn says."""

import numpy as np
import pytest

from ecg_edge.trace import misread_leads
from train import misread_leads as learning


@pytest.fixture(scope="module")
def judged():
    """40 pages of 12 leads: misread where what is not explained and the height together are great, most of the time."""
    rng, pages = np.random.default_rng(0), []
    for _ in range(40):
        evidence = rng.normal(size=(12, len(misread_leads.EVIDENCE))).astype(np.float32)
        score = evidence[:, 0] + evidence[:, 3] + 0.3 * rng.normal(size=12)
        pages.append(learning.Judged([f"lead {n}" for n in range(12)], evidence, np.where(score > 1.5, 0.0, 20.0)))
    return pages


def test_the_device_says_what_was_learnt(judged, tmp_path, monkeypatch):
    evidence = np.concatenate([page.evidence for page in judged])
    trees = learning.grow(evidence, learning.misread(judged))
    learning.write(trees, tmp_path / "misread_leads.npz")
    monkeypatch.setattr(misread_leads.resources, "files", lambda _: tmp_path)
    misread_leads._trees.cache_clear()
    try:
        said = misread_leads.probabilities({str(number): row for number, row in enumerate(evidence)})
    finally:
        monkeypatch.undo()
        misread_leads._trees.cache_clear()
    np.testing.assert_allclose(list(said.values()), trees.predict_proba(evidence)[:, 1], atol=1e-6)


def test_the_same_pages_give_the_same_file(judged, tmp_path):
    evidence, wrong = np.concatenate([page.evidence for page in judged]), learning.misread(judged)
    for name in ("one.npz", "other.npz"):
        learning.write(learning.grow(evidence, wrong), tmp_path / name)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "other.npz").read_bytes()


def test_figures_are_of_pages_that_the_trees_did_not_see(judged):
    """Of leads whose labels say nothing of their evidence none can be told."""
    found = learning.figures(judged)
    assert found["leads"] == 480 and found["auc"] > 0.9 and found["found_0.05"] > 0.5
    rng = np.random.default_rng(1)
    shuffled = [learning.Judged(page.names, page.evidence, rng.permutation(page.snr_db)) for page in judged]
    assert 0.35 < learning.figures(shuffled)["auc"] < 0.65


def test_the_shipped_trees_are_of_this_evidence():
    trees = misread_leads._trees()
    assert trees["feature"].min() >= 0 and trees["feature"].max() < len(misread_leads.EVIDENCE)
    used = np.bincount(trees["feature"][np.isfinite(trees["threshold"])], minlength=len(misread_leads.EVIDENCE))
    assert (used > 0).all()


@pytest.mark.parametrize("number", [0, 6])
def test_a_page_is_drawn_alike_and_read_near_its_truth(number, ptbxl):
    """A page of other makers and a report: most leads come back as they were drawn."""
    drawn = learning.draw(number)
    assert drawn.picture == learning.draw(number).picture
    judged = learning.read(number)
    assert set(judged.names) <= set(drawn.truth) and len(judged.names) >= 10
    assert judged.evidence.shape == (len(judged.names), len(misread_leads.EVIDENCE))
    assert np.median(judged.snr_db) > 15
