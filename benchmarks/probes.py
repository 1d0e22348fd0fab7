"""What can be learnt, and what can be remembered: a logistic regression on parts of a page, and the nearest neighbour."""

import numpy as np

from ecg_edge.layout import CLASSES
from train import metrics, splits
from train.dataset import is_scored

COMPONENTS, STRENGTHS = (64, 256), (0.01, 0.1, 1.0, 10.0)
"""Principal components and inverse regularisation among which a fold's inner validation pages choose."""


def folds_of(digests):
    """[(train, validation, test)] of `distinct`, as (n,) indices into `digests`."""
    place = {digest: i for i, digest in enumerate(digests)}
    parts = [splits.parts_of("distinct", fold) for fold in range(splits.FOLDS)]
    return [tuple(np.array([place[digest] for digest, _ in each[part]]) for part in splits.PARTS) for each in parts]


def probe(features, labels, folds):
    """(N,) classes by logistic regression on the (N, D) `features`, each page by a fold that did not train on it.

    In each fold the pair of `COMPONENTS` and `STRENGTHS` with the best macro-F1 on the inner validation pages is
    fitted again on training and validation pages.
    """
    said = np.full(len(labels), -1)
    products = [feature @ feature.T if feature.shape[1] > COMPONENTS[0] else None for feature in features]
    for train, validation, test in folds:
        seen = _reduce(features, products, train)
        scores = {}
        for count in COMPONENTS if any(product is not None for product in products) else COMPONENTS[:1]:
            for strength in STRENGTHS:
                guess = _fitted(seen, count, strength, labels, train)(validation)
                scores[count, strength] = float(metrics.rates(metrics.confusion(labels[validation], guess))["macro_f1"])
        both = np.concatenate([train, validation])
        said[test] = _fitted(_reduce(features, products, both), *max(scores, key=scores.get), labels, both)(test)
    return said


def _fitted(seen, count, strength, labels, train):
    """A function from indices to classes: a regression fitted to the first `count` numbers of each feature."""
    from sklearn.linear_model import LogisticRegression

    values = np.concatenate([feature[:, :count] for feature in seen], axis=1)
    model = LogisticRegression(C=strength, max_iter=3000).fit(values[train], labels[train])
    return lambda rows: model.predict(values[rows])


def _reduce(features, products, train):
    """[(N, K)] of each feature: few numbers are brought to unit variance; many become principal components, from the
    feature's (N, N) inner `products`, over the largest component's deviation. Both are fitted to `train`."""
    reduced = []
    for feature, product in zip(features, products, strict=True):
        if product is None:
            spread = feature[train].std(axis=0)
            reduced.append((feature - feature[train].mean(axis=0)) / np.where(spread > 0, spread, 1))
            continue
        kernel = product[:, train].astype(float)
        kernel = kernel - kernel.mean(axis=1, keepdims=True) - kernel[train].mean(axis=0) + kernel[train].mean()
        size, axes = np.linalg.eigh(kernel[train])
        largest = np.argsort(size)[::-1][: min(COMPONENTS[-1], len(train) - 1)]
        largest = largest[size[largest] > 1e-6 * size.max()]
        values = kernel @ axes[:, largest] / np.sqrt(size[largest])
        reduced.append(values / values[train].std(axis=0).max())
    return reduced


def distances(pictures):
    """(L, N, N) Euclidean distances of the (N, L, D) pictures of L leads, lead by lead."""
    found = []
    for lead in np.moveaxis(pictures, 1, 0).astype(np.float32):
        size = (lead**2).sum(axis=1)
        found.append(np.sqrt(np.maximum(size[:, None] + size - 2 * lead @ lead.T, 0)))
    return np.stack(found)


def nearest_class(apart, labels, train, test):
    """(len(test),) classes by memory: each lead votes for the class of its nearest lead in `train`; of classes with equal
    votes that whose neighbours are nearer wins.

    `apart` is (L, N, N) from `distances`; `train` and `test` are indices.
    """
    train, test = np.unique(train), np.asarray(test)
    between = apart[:, test][:, :, train]
    votes = np.eye(len(CLASSES))[labels[train][between.argmin(axis=2)]]
    count = votes.sum(axis=0)
    mean = (votes * between.min(axis=2)[:, :, None]).sum(axis=0) / np.maximum(count, 1)
    return (count - mean / (mean.max() + 1)).argmax(axis=1)


def memoriser_figures(apart, pages, folds):
    """{split: figures} of the nearest neighbour, a memoriser, on `page_features.PageFeatures` when files are split at random and when pages are kept apart."""
    from sklearn.model_selection import StratifiedKFold

    labels, digests = pages.labels, np.array(pages.digests)
    shuffled = StratifiedKFold(splits.FOLDS, shuffle=True, random_state=splits.SEED)
    place = {digest: i for i, digest in enumerate(pages.digests)}
    paper = {part: np.array([place[d] for d, _ in rows]) for part, rows in splits.parts_of("paper").items()}
    files = np.concatenate([paper[part] for part in splits.PARTS])
    tested = paper["test"], nearest_class(apart, labels, paper["train"], paper["test"])
    new = ~np.isin(paper["test"], paper["train"])
    scored = np.flatnonzero([is_scored(digest) for digest in pages.digests])

    def by_folds(rows, pairs):
        said = np.empty(len(rows), int)
        for train, test in pairs:
            said[test] = nearest_class(apart, labels, rows[train], rows[test])
        return said

    everything = np.arange(len(labels))
    ungrouped = by_folds(everything, shuffled.split(everything, labels))
    grouped = by_folds(everything, [(np.concatenate([train, inner]), test) for train, inner, test in folds])
    rows = {
        "files at random: the test files of `paper`": tested,
        "files at random: five folds of all files": (files, by_folds(files, shuffled.split(files, labels[files]))),
        "those test files of `paper` without a copy in training": (tested[0][new], tested[1][new]),
        "distinct pages at random, five folds": (scored, ungrouped[scored]),
        "`distinct`: five folds, no printed ID in two": (scored, grouped[scored]),
    }
    return {name: metrics.summary(labels[i], said, digests[i]) for name, (i, said) in rows.items()}
