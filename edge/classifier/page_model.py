"""A network that sees all leads of a page at once: its verdict, what it finds besides, and how much each lead spoke."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..layout import CLASSES
from . import verdict
from .card import Card
from .page_input import Signals, quantise, without
from .runtime import Network

Array = npt.NDArray[np.floating]

LEAST_FALL = float(np.log(2))
"""Leads are weighed against the one whose loss lowers the log odds of the verdict most, but against this at least: a lead without which the odds are not
even halved hardly spoke, also where no other spoke more."""


@dataclass(frozen=True)
class Answers:
    """What a network says of the windows of a page: `rows` (W, classes) probabilities, `log_rows` their logarithms, which do not end where a
    probability is 1 for all that floats can tell, and `findings` (W, F) probabilities."""

    rows: Array
    log_rows: Array
    findings: Array


class PageModel:
    """A network that reads signals, and what its card says of its answers."""

    def __init__(self, network: Network, card: Card) -> None:
        self.network, self._card = network, card
        self._names = tuple(card["output"].get("findings", ()))

    def answers(self, windows: Array) -> Answers:
        """The `Answers` to (W, ROWS, SAMPLES, CHANNELS) windows of a page, as `page_input.page_tensor` gives them."""
        levels = self.network.quantisation()["input"]
        said = self.network.run(quantise(windows, levels["scale"], levels["zero_point"]))
        if self._names:  # models that find things besides answer with logits, of the classes first
            rows, findings = verdict.answers(said, len(CLASSES))
            logits = np.asarray(said[:, : len(CLASSES)], np.float64)
            return Answers(rows, logits - _log_sum(logits, axis=1)[:, None], findings)
        return Answers(said, np.log(np.maximum(said, verdict.SMALLEST)), np.zeros((len(said), 0)))

    def findings(self, answers: Answers) -> dict[str, float] | None:
        """{finding: probability} of a page: the mean of its windows'; None of a model that finds nothing besides its classes."""
        shares = answers.findings.mean(axis=0)
        return dict(zip(self._names, shares.tolist(), strict=True)) if self._names else None

    def weights(self, windows: Array, signals: Signals, answers: Answers, said: int) -> dict[str, float]:
        """{place: 0..1}: by how much the log odds of the class `said` fall when a place's signal is taken away, as a share of the largest fall.

        All pages without one place go through the network in one batch.

        References
        ----------
        Zeiler M. D., Fergus R., "Visualizing and understanding convolutional networks", ECCV 2014, DOI 10.1007/978-3-319-10590-1_53 (occlusion).
        """
        left = np.concatenate([without(windows, name, signals) for name in signals])
        log_rows = self.answers(left).log_rows.reshape(len(signals), len(windows), -1)
        whole = self.log_odds(answers.log_rows, said)
        falls = [max(whole - self.log_odds(rows, said), 0.0) for rows in log_rows]
        most = max(LEAST_FALL, *falls)
        return {name: fall / most for name, fall in zip(signals, falls, strict=True)}

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
