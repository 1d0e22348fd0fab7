"""What is chosen on training pages alone: how leads are aggregated, the temperature, the threshold of doubt."""

from dataclasses import asdict, dataclass

import numpy as np

from ecg_edge import verdict

from . import metrics

MAX_ERROR = 0.10
"""Share of wrong verdicts that is accepted among those that are not called uncertain."""

_SMALLEST = 1e-6


@dataclass(frozen=True)
class Choices:
    """`method` and `weights` of `ecg_edge.verdict.aggregate`, `temperature` of its `calibrate`, `min_confidence` below which a
    verdict is uncertain."""

    method: str = "mean"
    weights: tuple | None = None
    temperature: float = 1.0
    min_confidence: float = 0.0

    def aggregate(self, leads):
        """(N, 4) probabilities of the pages whose (N, 13, 4) leads are given, not yet calibrated."""
        return np.stack([verdict.aggregate(page, self.method, self.weights) for page in leads])

    def apply(self, leads):
        """(N, 4) calibrated probabilities of the pages whose (N, 13, 4) leads are given."""
        return verdict.calibrate(self.aggregate(leads), self.temperature)

    def to_dict(self):
        """For JSON."""
        return asdict(self)


def choose(leads, labels):
    """The `Choices` for a model from the (N, 13, 4) probabilities that it gave to pages it was not trained on.

    Of the mean of probabilities, of log-probabilities, and both weighted by each lead's own accuracy, the one with the least
    log-loss after temperature scaling is taken.
    """
    labels = np.asarray(labels)
    accuracy = (leads.argmax(axis=-1) == labels[:, None]).mean(axis=0)
    weights = tuple(float(value) for value in np.round(accuracy / accuracy.sum(), 4))
    candidates = [Choices(method, given) for method in ("mean", "log_mean") for given in (None, weights)]
    tried = [(*fit_temperature(candidate.aggregate(leads), labels), candidate) for candidate in candidates]
    _, temperature, best = min(tried, key=lambda row: row[0])
    calibrated = Choices(best.method, best.weights, temperature)
    threshold = choose_threshold(calibrated.apply(leads), labels)
    return Choices(best.method, best.weights, temperature, threshold)


def fit_temperature(probabilities, labels):
    """(log-loss, temperature) of the temperature with the least log-loss on (N, 4) `probabilities`."""
    from scipy.optimize import minimize_scalar

    def loss(log_temperature):
        scaled = verdict.calibrate(probabilities, np.exp(log_temperature))
        return -np.log(np.maximum(scaled[np.arange(len(labels)), labels], _SMALLEST)).mean()

    found = minimize_scalar(loss, bounds=(np.log(0.1), np.log(10)), method="bounded")
    return float(found.fun), round(float(np.exp(found.x)), 4)


def choose_threshold(probabilities, labels, max_error=MAX_ERROR):
    """The least confidence with which a verdict is not called uncertain.

    The lowest threshold at which at most `max_error` of the verdicts kept are wrong, one error more being counted than was
    seen; 0 where none need be called uncertain.

    References
    ----------
    Angelopoulos A. N. et al., "Conformal risk control", ICLR 2024 (the one error more); Geifman Y., El-Yaniv R.,
    "Selective classification for deep neural networks", NeurIPS 2017.
    """
    confidence = np.sort(probabilities.max(axis=1))[::-1]
    count = np.arange(1, len(labels) + 1)
    _, error = metrics.risk_coverage(np.asarray(labels), probabilities)
    bound = (error * count + 1) / (count + 1)
    kept = np.flatnonzero(bound <= max_error)
    if kept.size == 0:
        return round(float(confidence[0]), 4)
    last = kept[-1]
    return 0.0 if last == len(labels) - 1 else round(float(confidence[last]), 4)
