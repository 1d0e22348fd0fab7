"""A network that sees all leads of a page at once: its verdict, what it finds besides, and how much each lead spoke."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ..layout import CLASSES, LEADS_12
from . import verdict
from .card import Card
from .page_input import CHANNELS, ROWS, SAMPLES, Signals, quantise, strip_place, without
from .runtime import Network

Array = npt.NDArray[np.floating]

LEAST_FALL = float(np.log(2))
"""Leads are weighed against the one whose loss lowers the log odds of the verdict most, but against this at least: a lead without which the odds are not
even halved hardly spoke, also where no other spoke more."""


@dataclass(frozen=True)
class Answers:
    """What a network says of the windows of a page: `rows` (W, classes) probabilities, `log_rows` their logarithms, which do not end where a
    probability is 1 for all that floats can tell, `findings` (W, F) probabilities, and `features` of the leads as `Network.run_with_features` gives them, where the card
    says that the file has them."""

    rows: Array
    log_rows: Array
    findings: Array
    features: list[np.ndarray]


class PageModel:
    """A network that reads signals, and what its card says of its answers."""

    def __init__(self, network: Network, card: Card) -> None:
        self.network, self._card = network, card
        self._names = tuple(card["output"].get("findings", ()))
        self._lead_features: int | None = card["output"].get("lead_features")

    def answers(self, windows: Array) -> Answers:
        """The `Answers` to (W, ROWS, SAMPLES, CHANNELS) windows of a page, as `page_input.page_tensor` gives them."""
        levels = self.network.quantisation()["input"]
        tensor = quantise(windows, levels["scale"], levels["zero_point"])
        if self._lead_features is None:
            return self._said(self.network.run(tensor), [])
        return self._said(*self.network.run_with_features(tensor))

    def _said(self, output: Array, features: list[np.ndarray]) -> Answers:
        """The `Answers` in a network's output (W, classes + F)."""
        if self._names:  # models that find things besides answer with logits, of the classes first
            rows, findings = verdict.answers(output, len(CLASSES))
            logits = np.asarray(output[:, : len(CLASSES)], np.float64)
            return Answers(rows, logits - _log_sum(logits, axis=1)[:, None], findings, features)
        return Answers(output, np.log(np.maximum(output, verdict.SMALLEST)), np.zeros((len(output), 0)), features)

    def findings(self, answers: Answers) -> dict[str, float] | None:
        """{finding: probability} of a page: the mean of its windows'; None of a model that finds nothing besides its classes."""
        shares = answers.findings.mean(axis=0)
        return dict(zip(self._names, shares.tolist(), strict=True)) if self._names else None

    def weights(self, windows: Array, signals: Signals, answers: Answers, said: int) -> dict[str, float]:
        """{place: 0..1}: by how much the log odds of the class `said` fall when a place's signal is taken away, as a share of the largest fall.

        References
        ----------
        Zeiler M. D., Fergus R., "Visualizing and understanding convolutional networks", ECCV 2014, DOI 10.1007/978-3-319-10590-1_53 (occlusion).
        """
        left = self._run_without if self._lead_features is None else self._head_without
        log_rows = left(windows, signals, answers).log_rows.reshape(len(signals), len(windows), -1)
        whole = self.log_odds(answers.log_rows, said)
        falls = [max(whole - self.log_odds(rows, said), 0.0) for rows in log_rows]
        most = max(LEAST_FALL, *falls)
        return {name: fall / most for name, fall in zip(signals, falls, strict=True)}

    def _run_without(self, windows: Array, signals: Signals, answers: Answers) -> Answers:
        """The `Answers` to all windows without each place, one place after another, in one batch."""
        return self.answers(np.concatenate([without(windows, place, signals) for place in signals]))

    def _head_without(self, windows: Array, signals: Signals, answers: Answers) -> Answers:
        """As `_run_without`, of the features of what is left: those of an unknown lead are always the same, and only what stands as the strip changes several rows."""
        assert self._lead_features is not None
        strip, width = strip_place(signals), self._lead_features
        features = {place: answers.features for place in signals}
        if strip is not None:
            features[strip] = self.answers(without(windows, strip, signals)).features
        for row, lead in enumerate(LEADS_12):
            if lead in features and lead != strip:
                features[lead] = [values.copy() for values in answers.features]
                for values, nothing in zip(features[lead], self._nothing, strict=True):
                    values[:, row * width : (row + 1) * width] = nothing[:, row * width : (row + 1) * width]
        joined = [np.concatenate(parts) for parts in zip(*features.values(), strict=True)]
        return self._said(self.network.run_head(joined), joined)

    @cached_property
    def _nothing(self) -> list[np.ndarray]:
        """The features of a window of which nothing is known."""
        return self.answers(np.zeros((1, ROWS, SAMPLES, CHANNELS), np.float32)).features

    def log_odds(self, log_rows: Array, said: int) -> float:
        """The logarithm of the calibrated odds of a class on a page, of its windows' logarithms (W, classes): those of the verdict, but without the
        floor of probabilities, below which a sure verdict would not change with any lead."""
        rule, calibration = self._card["aggregation"], self._card["calibration"]
        page = log_rows.mean(axis=0) if rule["method"] == "log_mean" else _log_sum(log_rows, axis=0)
        page = page / calibration["temperature"] + np.asarray(calibration.get("bias") or 0.0)
        return float(page[said] - _log_sum(np.delete(page, said), axis=0))


def _log_sum(logs: Array, axis: int) -> Array:
    """The logarithm of the sum of what `logs` are the logarithms of."""
    most = logs.max(axis=axis, keepdims=True)
    total: Array = np.log(np.exp(logs - most).sum(axis=axis)) + most.squeeze(axis)
    return total
