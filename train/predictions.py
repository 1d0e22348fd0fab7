"""Probabilities that a model gave to the leads of pages: small files, from which every figure can be computed again."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecg_edge.classifier import verdict
from ecg_edge.layout import CLASSES

from .splits import FOLDS

FOLDER = Path("benchmarks/predictions")
FURTHER = ("findings", "allowed", "tests")
"""Arrays that not all predictions have."""


@dataclass(frozen=True)
class Predictions:
    """`leads` (N, 13, 4) float32 probabilities of the pages `digests` (N SHA-256, sorted); `made_by` says with what; `findings` (N, F) float32
    probabilities of what it found besides, None of a model that says classes alone. Of records in place of pages, `allowed` (N, 4) bool are
    the classes any one of which is right, and `tests` (N) bool which of them nothing may be chosen by."""

    digests: tuple
    leads: np.ndarray
    made_by: str
    findings: np.ndarray | None = None
    allowed: np.ndarray | None = None
    tests: np.ndarray | None = None

    def of(self, digests):
        """(len(digests), 13, 4): the rows of these pages."""
        return self.leads[self._rows(digests)]

    def findings_of(self, digests):
        """(len(digests), F): what was found on these pages; F is 0 of a model that says classes alone."""
        found = np.empty((len(self.digests), 0), np.float32) if self.findings is None else self.findings
        return found[self._rows(digests)]

    def _rows(self, digests):
        place = {digest: i for i, digest in enumerate(self.digests)}
        return [place[digest] for digest in digests]

    def pages(self, digests, method="mean", weights=None):
        """(len(digests), 4): the pages' probabilities, aggregated over leads as the device does."""
        return np.stack([verdict.aggregate(leads, method, weights) for leads in self.of(digests)])


def path_of(protocol, model, form, runtime, folder=FOLDER):
    """Where the predictions of one model in one format by one runtime are kept."""
    return Path(folder) / protocol / f"{model}-{form}-{runtime}.npz"


def record_of(split, model, folder=FOLDER):
    """Where the record of the training is kept that the predictions of one model on one split come from."""
    return Path(folder) / split / f"{model}.json"


def load_folds(model, form, runtime, folder=FOLDER):
    """[Predictions] of the five fold models of `distinct`, in the order of the folds.

    Raises
    ------
    FileNotFoundError : those of a fold are not kept; the message says which command makes them.
    """
    paths = [path_of(f"distinct-{fold}", model, form, runtime, folder) for fold in range(FOLDS)]
    for path in paths:
        if not path.is_file():
            raise FileNotFoundError(
                f"no probabilities of {model} {form} by {runtime} are kept in {path.parent}:"
                f" 'python -m benchmarks accuracy --model {model} --rerun' makes them"
            )
    return [load(path) for path in paths]


def save(predictions, path):
    """Write predictions; the same bytes for the same content."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # A kill while writing leaves no half file that a later run would take for whole.
    partial = path.with_name("partial_" + path.name)
    np.savez_compressed(
        partial,
        digests=np.array(predictions.digests),
        leads=predictions.leads.astype(np.float32),
        made_by=np.array(predictions.made_by),
        **{name: kept for name in FURTHER if (kept := getattr(predictions, name)) is not None},
    )
    partial.replace(path)


def load(path):
    """The `Predictions` in a file."""
    with np.load(path) as file:
        further = {name: file[name] for name in FURTHER if name in file}
        return Predictions(tuple(file["digests"].tolist()), file["leads"], str(file["made_by"]), **further)


def of_pages(digests, said, made_by):
    """The `Predictions` of a model of whole pages from what it `said` of each, (N, 4 + F)."""
    said = np.asarray(said, np.float32)
    return Predictions(tuple(digests), said[:, None, : len(CLASSES)], made_by, said[:, len(CLASSES) :])


def predict(run, cache, digests, made_by):
    """The `Predictions` of the pages `digests` by `run`, a function of (13, 150, 150) uint8 leads to (13, 4)."""
    digests = tuple(sorted(set(digests)))
    return Predictions(digests, np.stack([run(cache[digest]) for digest in digests]), made_by)
