"""What the models of the folds say of pages that they were not trained on."""

import numpy as np
import pytest

from train import choices, dataset, pooled, predictions, splits


@pytest.fixture
def folds():
    """Predictions of five folds, each about the pages that it tests but for its first, and about one that another tests."""
    random, every = np.random.default_rng(4), splits.read_distinct()
    made = []
    for fold in range(splits.FOLDS):
        asked = [row.sha256 for row in every if row.fold == fold][1:]
        asked.append(next(row.sha256 for row in every if row.fold != fold))
        leads = random.dirichlet(np.ones(4), (len(asked), 13)).astype(np.float32)
        made.append(predictions.Predictions(tuple(sorted(asked)), leads, "drawn"))
    return made


def test_each_page_is_judged_by_the_model_that_tests_it(folds):
    """Of all pages, in any order; a page that its fold's model was not asked about is none."""
    rows = pooled.rows_of(folds)
    assert len(rows) == len(set(rows)) and all(row.sha256 in folds[row.fold].digests for row in rows)
    assert 0 < len(splits.read_distinct()) - len(rows) <= splits.FOLDS + len(dataset.UNSCORED)
    shuffled = [rows[i] for i in np.random.default_rng(0).permutation(len(rows))]
    for row, leads in zip(shuffled, pooled.leads_of(folds, shuffled), strict=True):
        assert np.array_equal(leads, folds[row.fold].of([row.sha256])[0])


def test_extra_pages_count_as_in_training(folds):
    """The choices are those of the same rows weighted by hand."""
    rows = [row for row in pooled.rows_of(folds) if row.fold in (1, 2)]
    weights = [pooled.EXTRA_WEIGHT if row.source == "extra_pages" else 1.0 for row in rows]
    given = pooled.leads_of(folds, rows), pooled.labels_of(rows), np.array(weights), pooled.origins_of(rows)
    spread = pooled.choose_spread(given[0].mean(axis=1), *given[1:], [row.fold for row in rows])
    by_hand = choices.choose(*given, spread)
    assert pooled.choose(folds, rows) == by_hand
    assert by_hand != choices.choose(pooled.leads_of(folds, rows), pooled.labels_of(rows))


def test_pages_come_from_version_2_or_from_a_layout_that_it_leaves_out(folds):
    """Four origins, none of them empty."""
    rows = pooled.rows_of(folds)
    found = set(pooled.origins_of(rows))
    assert found == {"distinct", "uncurated 3x4+1", "uncurated 6x2", "uncurated 6x2+1"}


def test_biases_are_held_where_another_origin_would_lose_by_them():
    """A model that names one class too seldom on the many pages of one origin, and not on the few of another, which has none of that class."""
    random = np.random.default_rng(0)
    labels = np.concatenate([random.integers(0, 4, 600), random.integers(0, 2, 200)])
    origins = np.repeat(["near", "far"], [600, 200])
    logits = random.normal(0, 1, (800, 4))
    logits[np.arange(800), labels] += 2
    logits[:, 2] -= 1.0 * (origins == "near")
    logits[:, 2] += 1.0 * (origins == "far")
    pages = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    given, folds = np.ones(800), np.arange(800) % 5
    assert pooled.choose_spread(pages, labels, given, origins, folds) < 1.0
    assert pooled.choose_spread(pages[:600], labels[:600], given[:600], origins[:600], folds[:600]) == 1.0
    without = np.where(origins == "near", 1.0, 1e-6)
    assert pooled.choose_spread(pages, labels, without, np.repeat("near", 800), folds) == 1.0
