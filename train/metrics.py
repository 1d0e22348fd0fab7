"""Figures of merit from confusion matrices, with bootstrap intervals over distinct pages."""

from functools import lru_cache

import numpy as np

from ecg_edge.layout import CLASSES

SAMPLES = 2000
SEED = 11
LEVEL = 0.95


def confusion(true, predicted, weights=None):
    """(..., K, K) counts, rows the true and columns the predicted class.

    Parameters
    ----------
    true, predicted : (N,) int arrays of classes 0..K-1
    weights : (..., N) how often each row counts; once where None
    """
    k = len(CLASSES)
    cell = np.eye(k * k)[np.asarray(true) * k + np.asarray(predicted)]
    weights = np.ones(len(cell)) if weights is None else np.asarray(weights, dtype=float)
    return (weights @ cell).reshape(*weights.shape[:-1], k, k)


def rates(matrix):
    """{name: (...)} of (..., K, K) confusion matrices: accuracy, balanced_accuracy, macro_f1, and precision,
    recall and f1 weighted by class size, as the paper gives them.

    A class without rows is left out of the means; a class never predicted has precision 0.
    """
    precision, recall, f1, size = _by_class(matrix)
    present = size > 0
    share = size / size.sum(axis=-1, keepdims=True)

    def over_classes(values):
        return (values * present).sum(axis=-1) / present.sum(axis=-1)

    return {
        "accuracy": np.trace(matrix, axis1=-2, axis2=-1) / size.sum(axis=-1),
        "balanced_accuracy": over_classes(recall),
        "macro_f1": over_classes(f1),
        "precision": (precision * share).sum(axis=-1),
        "recall": (recall * share).sum(axis=-1),
        "f1": (f1 * share).sum(axis=-1),
    }


def per_class(matrix):
    """{class: {precision, recall, f1, rows}} of one (K, K) confusion matrix."""
    precision, recall, f1, size = _by_class(matrix)
    return {
        label: {"precision": float(precision[i]), "recall": float(recall[i]), "f1": float(f1[i]), "rows": int(size[i])}
        for i, label in enumerate(CLASSES)
    }


def summary(true, predicted, pages, weights=None, samples=SAMPLES):
    """The rates of `predicted` against `true` with `LEVEL` intervals, per class, and the confusion matrix, for JSON.

    `pages` (N,) names the distinct page of each row: the bootstrap draws pages, with all their leads and copies.
    """
    matrix = confusion(true, predicted, weights)
    draws = rates(_drawn(true, predicted, pages, weights, samples))
    return {
        "rows": int(matrix.sum()),
        "distinct_pages": int(len(np.unique(pages))),
        **{name: float(value) for name, value in rates(matrix).items()},
        "interval": {name: _interval(values) for name, values in draws.items()},
        "per_class": per_class(matrix),
        "confusion": matrix.astype(int).tolist(),
    }


def difference(true, predicted, reference, pages, weights=None, samples=SAMPLES):
    """{name: {difference, interval}} of the rates of `predicted` less those of `reference`, paired by page."""
    ours, theirs = (rates(confusion(true, values, weights)) for values in (predicted, reference))
    drawn, against = (rates(_drawn(true, values, pages, weights, samples)) for values in (predicted, reference))
    return {
        name: {"difference": float(ours[name] - theirs[name]), "interval": _interval(drawn[name] - against[name])}
        for name in ours
    }


def _by_class(matrix):
    right = np.diagonal(matrix, axis1=-2, axis2=-1)
    size, said = matrix.sum(axis=-1), matrix.sum(axis=-2)
    precision, recall = _ratio(right, said), _ratio(right, size)
    return precision, recall, _ratio(2 * right, size + said), size


def _ratio(over, under):
    return np.divide(over, under, out=np.zeros_like(over, dtype=float), where=under > 0)


def _drawn(true, predicted, pages, weights, samples):
    """(samples, K, K) confusion matrices: pages drawn with replacement, each with all its rows, the same pages for all who are compared."""
    _, page = np.unique(pages, return_inverse=True)
    k, count = len(CLASSES), page.max() + 1
    of_page = np.zeros((count, k * k))
    np.add.at(of_page, (page, np.asarray(true) * k + np.asarray(predicted)), 1.0 if weights is None else weights)
    return (_times(count, samples) @ of_page).reshape(samples, k, k)


@lru_cache(maxsize=4)
def _times(count, samples):
    """(samples, count) how often each of `count` pages is drawn."""
    return np.random.default_rng(SEED).multinomial(count, np.full(count, 1 / count), size=samples)


def _interval(values):
    tail = (1 - LEVEL) / 2
    return [float(value) for value in np.quantile(values, [tail, 1 - tail])]


def auc(positive, score):
    """The area under the ROC curve of `score` (N,) for the bool `positive` (N,); None where one side is empty."""
    from scipy.stats import rankdata

    positive = np.asarray(positive, dtype=bool)
    count = int(positive.sum())
    if count in (0, len(positive)):
        return None
    ranks = rankdata(score)
    return float((ranks[positive].sum() - count * (count + 1) / 2) / (count * (len(positive) - count)))


def calibration_error(true, probabilities, bins=10):
    """The expected calibration error of the most probable class: mean distance of confidence and accuracy over
    `bins` of equally many rows.

    References
    ----------
    Guo C. et al., "On calibration of modern neural networks", ICML 2017, PMLR 70:1321–1330; bins of equal mass after
    Nguyen K., O'Connor B., EMNLP 2015.
    """
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == true
    order = np.argsort(confidence, kind="stable")
    parts = [part for part in np.array_split(order, bins) if part.size]
    return float(sum(part.size * abs(confidence[part].mean() - right[part].mean()) for part in parts) / len(order))


def calibration_error_by_chance(probabilities, bins=10, samples=500):
    """{mean, upper}: the calibration error of a model that is as sure as it is right, on as many rows.

    Classes are drawn from the (N, K) `probabilities` themselves, `samples` times; `upper` is the `LEVEL` quantile. The measure
    is above 0 for a perfect model, and the more so the fewer rows there are.
    """
    edges, random = probabilities.cumsum(axis=1)[:, :-1], np.random.default_rng(SEED)
    errors = [
        calibration_error((random.random((len(edges), 1)) > edges).sum(axis=1), probabilities, bins)
        for _ in range(samples)
    ]
    return {"mean": float(np.mean(errors)), "upper": float(np.quantile(errors, LEVEL))}


def log_loss(true, probabilities):
    """The mean of -ln of the (N, K) probability of the true class."""
    return float(-np.log(probabilities[np.arange(len(true)), true]).mean())


def brier(true, probabilities):
    """The Brier score over all classes: mean squared distance from the one-hot truth, 0 at best and 2 at worst."""
    return float(((probabilities - np.eye(probabilities.shape[1])[true]) ** 2).sum(axis=1).mean())


def surest_first(true, probabilities, weights=None):
    """(confidence, kept, wrong), each (N,), the most confident rows first: how much is kept down to each row and how much of it is wrong.

    `weights` (N,) is how much each row counts; 1 where None.
    """
    confidence = probabilities.max(axis=1)
    order = np.argsort(-confidence, kind="stable")
    weights = np.ones(len(order)) if weights is None else np.asarray(weights, float)[order]
    wrong = (probabilities.argmax(axis=1) != np.asarray(true))[order]
    return confidence[order], np.cumsum(weights), np.cumsum(weights * wrong)


def risk_coverage(true, probabilities):
    """(coverage, error): the share of rows kept and the error among them, most confident rows first."""
    _, kept, wrong = surest_first(true, probabilities)
    return kept / kept[-1], wrong / kept


def share_interval(count, of):
    """[low, high] of a share of `count` among `of`, at `LEVEL`; None of none.

    References
    ----------
    Clopper C., Pearson E., "The use of confidence or fiducial limits illustrated in the case of the binomial", Biometrika 26, 1934.
    """
    from scipy.stats import beta

    if not of:
        return None
    tail = (1 - LEVEL) / 2
    low = beta.ppf(tail, count, of - count + 1) if count else 0.0
    high = beta.ppf(1 - tail, count + 1, of - count) if count < of else 1.0
    return [float(low), float(high)]
