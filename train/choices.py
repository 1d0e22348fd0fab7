"""What is chosen on training pages alone: how leads are aggregated, temperature and bias, the threshold of doubt."""

from dataclasses import asdict, dataclass, replace

import numpy as np

from ecg_edge.classifier import verdict
from ecg_edge.layout import CLASSES

from . import metrics
from .page_findings import FINDINGS

MAX_ERROR = 0.10
"""Share of wrong verdicts that is accepted among those that are not called uncertain."""
ORIGIN_ERROR = 0.20
"""The same among the pages of each origin alone. On 0.13 of those 3x4+1 pages that version 2 leaves out all models agree against the label: a
limit near that would call nearly all pages uncertain."""
LEAST = 1e-300
"""What a probability is taken for at least, so that its logarithm is a number."""


@dataclass(frozen=True)
class Choices:
    """`method` and `weights` of `ecg_edge.classifier.verdict.aggregate`, `temperature` and `bias` of its `calibrate`, `min_confidence`
    below which a verdict is uncertain."""

    method: str = "mean"
    weights: tuple | None = None
    temperature: float = 1.0
    bias: tuple | None = None
    min_confidence: float = 0.0

    def aggregate(self, leads):
        """(N, 4) probabilities of the pages whose (N, 13, 4) leads are given, not yet calibrated."""
        return np.stack([verdict.aggregate(page, self.method, self.weights) for page in leads])

    def apply(self, leads):
        """(N, 4) calibrated probabilities of the pages whose (N, 13, 4) leads are given."""
        return verdict.calibrate(self.aggregate(leads), self.temperature, self.bias)

    def sure(self, pages, findings=None):
        """(N,) bool: which verdicts of calibrated `pages` (N, 4) are not uncertain, with the probabilities of what the model finds besides (N, F),
        None or F = 0 where it finds nothing."""
        confident = pages.max(axis=1) >= self.min_confidence
        if findings is None or not findings.shape[1]:
            return confident
        said = zip(pages.argmax(axis=1), findings, strict=True)
        against = [verdict.findings_contradict(CLASSES[k], dict(zip(FINDINGS, row, strict=True))) for k, row in said]
        return confident & ~np.array(against, bool)

    def to_dict(self):
        """For JSON."""
        return asdict(self)


def choose(leads, labels, weights=None, origins=None, bias_spread=1.0):
    """The `Choices` for a model from the (N, 13, 4) probabilities that it gave to pages it was not trained on.

    `weights` (N,) is how much each page counts; all the same where None. `origins` (N,) names where each page comes from; the threshold of
    doubt then holds on each origin alone. `bias_spread` is how loosely biases are held (`fit_calibration`). Of the mean of probabilities, of log-probabilities, and both
    weighted by each lead's own accuracy, the one with the least penalised log-loss after calibration is taken.
    """
    labels = np.asarray(labels)
    accuracy = np.average(leads.argmax(axis=-1) == labels[:, None], axis=0, weights=weights)
    by_lead = tuple(float(value) for value in np.round(accuracy / accuracy.sum(), 4))
    candidates = [Choices(method, given) for method in ("mean", "log_mean") for given in (None, by_lead)]
    if leads.shape[1] == 1:
        candidates = candidates[:1]  # of a single row all say the same, but for rounding
    tried = [
        (*fit_calibration(candidate.aggregate(leads), labels, weights, bias_spread), candidate)
        for candidate in candidates
    ]
    _, temperature, bias, best = min(tried, key=lambda row: row[0])
    calibrated = replace(best, temperature=temperature, bias=bias)
    pages = calibrated.apply(leads)
    threshold = choose_threshold(pages, labels, weights=weights)
    if origins is not None:
        threshold = max(threshold, threshold_everywhere(pages, labels, origins))
    return replace(calibrated, min_confidence=threshold)


def fit_calibration(probabilities, labels, weights=None, bias_spread=1.0):
    """(loss, temperature, bias) of the vector scaling with the least penalised log-loss on (N, 4) `probabilities`, weighted by (N,).

    The logarithm of the temperature and each bias have a standard normal prior: an inner split holds three infarctions, and
    what so few pages do not say stays near "nothing to mend". The prior's width is not chosen; another standard deviation of the biases' is
    `bias_spread`, 0 for a temperature alone.
    """
    from scipy.optimize import minimize

    truth = np.eye(probabilities.shape[1])[labels]
    logs = np.log(np.maximum(probabilities, verdict.SMALLEST))
    weights = np.ones(len(truth)) if weights is None else np.asarray(weights, float)

    spread = np.append(1.0, np.full(truth.shape[1], bias_spread))

    def loss(chosen):
        log_temperature, *bias = spread * chosen
        scaled = verdict.calibrate(probabilities, np.exp(log_temperature), bias)
        away = (scaled - truth) * weights[:, None]
        right = np.maximum((scaled * truth).sum(axis=1), LEAST)  # the search may step far
        value = -(weights * np.log(right)).sum() + (chosen**2).sum() / 2
        slope = np.append(-(away * logs).sum() / np.exp(log_temperature), away.sum(axis=0))
        return value, spread * slope + chosen

    found = minimize(loss, np.zeros(1 + truth.shape[1]), jac=True, method="BFGS", options={"gtol": 1e-6})
    # Rounded well above the optimiser's tolerance: the same choices on every machine.
    temperature, *bias = np.round([np.exp(found.x[0]), *(spread * found.x)[1:]], 3).tolist()
    return float(found.fun), temperature, tuple(bias)


def choose_threshold(probabilities, labels, max_error=MAX_ERROR, weights=None):
    """The least confidence with which a verdict is not called uncertain.

    The lowest threshold at which at most `max_error` of the verdicts kept are wrong, one error more being counted than was
    seen; 0 where none need be called uncertain.

    References
    ----------
    Angelopoulos A. N. et al., "Conformal risk control", ICLR 2024 (the one error more); Geifman Y., El-Yaniv R.,
    "Selective classification for deep neural networks", NeurIPS 2017.
    """
    confidence, kept, wrong = metrics.surest_first(labels, probabilities, weights)
    allowed = np.flatnonzero((wrong + 1) / (kept + 1) <= max_error)
    if allowed.size == 0:
        return round(float(confidence[0]), 4)
    last = allowed[-1]
    return 0.0 if last == len(labels) - 1 else round(float(confidence[last]), 4)


def threshold_everywhere(probabilities, labels, origins, max_error=ORIGIN_ERROR):
    """The least confidence with which a verdict is not called uncertain, so that at most `max_error` of those kept are wrong of the pages of
    each of `origins` (N,), as `choose_threshold` counts."""
    parts = [np.asarray(origins) == origin for origin in np.unique(origins)]
    return max(choose_threshold(probabilities[part], np.asarray(labels)[part], max_error) for part in parts)
