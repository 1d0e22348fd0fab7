"""What is chosen on training pages: aggregation, temperature, threshold of doubt."""

import numpy as np
import pytest

from train import choices, metrics


def draw(count, sharpness, seed=0):
    """(leads, labels): pages whose leads point to the truth with some noise, drawn as sure as they are right at `sharpness` 1."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 4, count)
    logits = random.normal(0, 1.0, (count, 13, 4))
    logits[np.arange(count), :, labels] += 0.4
    leads = np.exp(sharpness * logits)
    return leads / leads.sum(axis=-1, keepdims=True), labels


def test_temperature_mends_what_is_too_sure():
    """Probabilities sharpened threefold get a temperature near three times as high, and end equally calibrated."""
    leads, labels = draw(2000, 1.0)
    pages = leads[:, 0]
    sharp = pages**3 / (pages**3).sum(axis=1, keepdims=True)
    (loss, mild), (sharp_loss, hot) = choices.fit_temperature(pages, labels), choices.fit_temperature(sharp, labels)
    assert hot == pytest.approx(3 * mild, rel=0.05) and sharp_loss == pytest.approx(loss, abs=0.01)


def test_calibration_error_falls_on_pages_not_seen():
    """Choices made on some pages calibrate others better than no choice does."""
    leads, labels = draw(600, 1.0)
    chosen = choices.choose(leads[:300], labels[:300])
    before = metrics.calibration_error(labels[300:], choices.Choices().apply(leads[300:]))
    after = metrics.calibration_error(labels[300:], chosen.apply(leads[300:]))
    assert after < 0.7 * before


def test_the_threshold_keeps_the_error_below_its_bound():
    """On pages drawn like those that it was chosen on, at most about `MAX_ERROR` of the sure verdicts are wrong."""
    leads, labels = draw(3000, 1.0)
    chosen = choices.choose(leads[:1000], labels[:1000])
    pages = chosen.apply(leads[1000:])
    sure = pages.max(axis=1) >= chosen.min_confidence
    wrong = pages.argmax(axis=1) != labels[1000:]
    assert 0 < sure.mean() < 1
    assert wrong[sure].mean() < choices.MAX_ERROR + 0.02 < wrong.mean()


def test_right_verdicts_need_no_threshold():
    """Where all verdicts are right, and there are enough of them, none is called uncertain."""
    pages = np.full((50, 4), 0.1) + 0.6 * np.eye(4)[np.arange(50) % 4]
    assert choices.choose_threshold(pages, np.arange(50) % 4) == 0.0


def test_wrong_verdicts_leave_only_the_surest():
    """Where no threshold keeps the error down, all but the surest are uncertain."""
    pages = np.full((20, 4), 0.1) + np.linspace(0.3, 0.6, 20)[:, None] * np.eye(4)[np.zeros(20, int)]
    assert choices.choose_threshold(pages, np.ones(20, int)) == pytest.approx(0.7)


def test_auc_is_that_of_scikit_learn():
    """Areas under the curve equal an independent implementation's, ties and all."""
    from sklearn.metrics import roc_auc_score

    random = np.random.default_rng(3)
    positive, score = random.random(200) < 0.3, np.round(random.random(200), 1)
    assert metrics.auc(positive, score) == pytest.approx(roc_auc_score(positive, score))
    assert metrics.auc(np.ones(3), np.arange(3)) is None


def test_brier_and_risk_coverage_of_known_rows():
    """Two rows, one right and one wrong: the wrong one is less sure and comes last."""
    pages = np.array([[0.6, 0.4, 0, 0], [0.9, 0.1, 0, 0]])
    assert metrics.brier(np.array([1, 0]), pages) == pytest.approx((0.72 + 0.02) / 2)
    coverage, error = metrics.risk_coverage(np.array([1, 0]), pages)
    assert coverage.tolist() == [0.5, 1.0] and error.tolist() == [0.0, 0.5]
    assert metrics.calibration_error(np.array([1, 0]), pages, bins=2) == pytest.approx((0.6 + 0.1) / 2)
