"""Figures of merit, against scikit-learn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference

from train import metrics

verdicts = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=60)


@given(verdicts)
def test_rates_are_those_of_scikit_learn(pairs):
    """Accuracy, balanced accuracy, macro-F1 and the weighted means equal an independent implementation's."""
    true, predicted = map(np.array, zip(*pairs, strict=True))
    ours = metrics.rates(metrics.confusion(true, predicted))
    present = sorted(set(true))
    assert ours["accuracy"] == pytest.approx(reference.accuracy_score(true, predicted))
    recalls = reference.recall_score(true, predicted, labels=present, average=None, zero_division=0)
    assert ours["balanced_accuracy"] == pytest.approx(recalls.mean())
    f1 = reference.f1_score(true, predicted, labels=present, average="macro", zero_division=0)
    assert ours["macro_f1"] == pytest.approx(f1)
    for name, score in (
        ("precision", reference.precision_score),
        ("recall", reference.recall_score),
        ("f1", reference.f1_score),
    ):
        assert ours[name] == pytest.approx(score(true, predicted, average="weighted", zero_division=0))


def test_confusion_has_the_truth_in_rows():
    """A row is a true class and a column a predicted one."""
    matrix = metrics.confusion([0, 0, 3], [0, 1, 3])
    assert matrix[0].tolist() == [1, 1, 0, 0] and matrix[3, 3] == 1 and matrix.sum() == 3


def test_intervals_hold_the_figure_and_narrow_with_more_pages():
    """The bootstrap interval surrounds the figure, and is narrower on four times the pages."""
    random = np.random.default_rng(0)
    true = random.integers(0, 4, 400)
    predicted = np.where(random.random(400) < 0.8, true, (true + 1) % 4)
    pages = np.arange(400)
    wide, narrow = (metrics.summary(true[:n], predicted[:n], pages[:n]) for n in (100, 400))
    for found in (wide, narrow):
        low, high = found["interval"]["accuracy"]
        assert low < found["accuracy"] < high
    assert np.ptp(narrow["interval"]["accuracy"]) < 0.7 * np.ptp(wide["interval"]["accuracy"])


def test_copies_of_a_page_do_not_narrow_the_interval():
    """Eight copies of each page give the interval of the pages, not that of eight times as many."""
    random = np.random.default_rng(1)
    true = random.integers(0, 4, 60)
    predicted = np.where(random.random(60) < 0.7, true, (true + 1) % 4)
    pages = np.arange(60)
    once = metrics.summary(true, predicted, pages)
    copied = metrics.summary(np.repeat(true, 8), np.repeat(predicted, 8), np.repeat(pages, 8))
    assert copied["interval"]["accuracy"] == pytest.approx(once["interval"]["accuracy"])
    assert copied["distinct_pages"] == 60 and copied["rows"] == 480


def test_paired_difference_of_equal_verdicts_is_nothing():
    """A model against itself differs by 0, with an interval of 0."""
    true = np.array([0, 1, 2, 3, 0, 1])
    said = np.array([0, 1, 2, 0, 0, 2])
    change = metrics.difference(true, said, said, np.arange(6))["macro_f1"]
    assert change == {"difference": 0.0, "interval": [0.0, 0.0]}


def test_a_share_has_the_exact_binomial_interval():
    """3 of 30: the values of published tables; none and all have one open end; of none there is nothing to say."""
    assert metrics.share_interval(3, 30) == pytest.approx([0.0211, 0.2653], abs=1e-4)
    assert metrics.share_interval(0, 10) == pytest.approx([0.0, 0.3085], abs=1e-4)
    assert metrics.share_interval(10, 10) == pytest.approx([0.6915, 1.0], abs=1e-4)
    assert metrics.share_interval(0, 0) is None
