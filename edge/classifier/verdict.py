"""From what a network says of leads or windows to a verdict on the page."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ..errors import DamagedModelError

SMALLEST = 1e-4
"""Probabilities are kept above it before logarithms: an int8 output has steps of 1/256, and 0 means 'less than a step'."""

NORMAL, NOT_NORMAL = "normal", "not_normal"
"""The class and the finding that say opposite things."""

Weights = Sequence[float] | np.ndarray | None


def _mean(leads: np.ndarray, weights: Weights) -> np.ndarray:
    return np.average(leads, axis=0, weights=weights)


def _log_mean(leads: np.ndarray, weights: Weights) -> np.ndarray:
    return np.exp(np.average(np.log(np.maximum(leads, SMALLEST)), axis=0, weights=weights))


AGGREGATIONS: dict[str, Callable[[np.ndarray, Weights], np.ndarray]] = {"mean": _mean, "log_mean": _log_mean}


def aggregate(leads: np.ndarray, method: str = "mean", weights: Weights = None) -> np.ndarray:
    """(classes,) probabilities of the page from the (leads, classes) of its leads; they sum to 1.

    `mean` is the arithmetic and `log_mean` the geometric mean, each weighted by lead where `weights` (leads,) are given.
    """
    if method not in AGGREGATIONS:
        raise DamagedModelError(f"the card asks for an aggregation {method!r} that is not known")
    try:
        page = AGGREGATIONS[method](np.asarray(leads, dtype=np.float64), weights)
    except (ValueError, TypeError, ZeroDivisionError) as error:
        raise DamagedModelError(f"the card's weights do not fit {len(leads)} leads: {error}") from error
    return page / page.sum()


def answers(logits: np.ndarray, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """(N, classes) probabilities and (N, F) those of findings, of the logits (N, classes + F) of a network: classes exclude each other, and
    their probabilities sum to 1; findings do not."""
    logits = np.asarray(logits, np.float64)
    chances = np.exp(logits[:, :classes] - logits[:, :classes].max(axis=1, keepdims=True))
    return chances / chances.sum(axis=1, keepdims=True), (1 + np.tanh(logits[:, classes:] / 2)) / 2


def calibrate(
    probabilities: np.ndarray, temperature: float = 1.0, bias: Sequence[float] | np.ndarray | None = None
) -> np.ndarray:
    """Probabilities (..., classes) after vector scaling: p^(1/T) times e^bias, normalised.

    T above 1 makes them less sure; `bias` (classes,), none where None, speaks for classes that the network names too seldom.

    References
    ----------
    Guo C. et al., "On calibration of modern neural networks", ICML 2017, PMLR 70:1321–1330.
    """
    scaled: np.ndarray = np.log(np.maximum(probabilities, SMALLEST)) / temperature
    if bias is not None:
        scaled = scaled + bias
    scaled = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return scaled / scaled.sum(axis=-1, keepdims=True)


def findings_contradict(said: str, findings: Mapping[str, float] | None) -> bool:
    """Whether what a model finds besides its classes speaks against its verdict `said`: *normal* of an ECG that it finds more likely not normal, or
    another class of one that it finds more likely normal. False of a model that finds nothing besides."""
    if findings is None or NOT_NORMAL not in findings:
        return False
    return (said == NORMAL) == (findings[NOT_NORMAL] > 1 / 2)
