"""What a model says under a protocol, with what was chosen for it on training pages, ready to be scored."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from ecg_edge.layout import CLASSES, REPORT
from train import choices, dataset, predictions, splits

from .out_of_fold import inner_protocol

PROTOCOLS = {
    "paper": "928 files as published, random by file, copies and all: test files",
    "distinct": "491 distinct pages, five folds grouped by printed identity: out of fold",
    "uncurated": "the 3x4+1 pages that version 2 leaves out, by the same fold models: out of fold",
}


@dataclass(frozen=True)
class Scored:
    """N test rows under a protocol: `digests` (N), `labels` (N) class indices, `leads` (N, 13, 4) probabilities, `plain` and
    `pages` (N, 4) the pages' before and after calibration, `sure` (N) whether above the threshold of doubt, `chosen` by fold."""

    digests: tuple
    labels: np.ndarray
    leads: np.ndarray
    plain: np.ndarray
    pages: np.ndarray
    sure: np.ndarray
    chosen: tuple
    made_by: str


def path_of(protocol, model, form, runtime, folder=predictions.FOLDER):
    """The file of kept probabilities that a protocol is scored from."""
    return predictions.path_of("paper" if protocol == "paper" else "distinct", model, form, runtime, folder)


def score(protocol, model, form, runtime, folder=predictions.FOLDER):
    """The `Scored` of one model in one format by one runtime.

    Raises
    ------
    FileNotFoundError : no probabilities of it are kept; the message says which command makes them.
    """
    path = path_of(protocol, model, form, runtime, folder)
    if not path.is_file():
        makes = (
            f"python -m convert --model {model} --split paper"
            if protocol == "paper"
            else f"python -m benchmarks accuracy --model {model} --rerun"
        )
        raise FileNotFoundError(
            f"no probabilities of {model} {form} by {runtime} are kept for {protocol}: '{makes}' makes them"
        )
    made = predictions.load(path)
    rows = _rows(protocol)
    digests, labels = tuple(digest for digest, *_ in rows), np.array([label for _, label, _ in rows])
    folds = np.array([fold for *_, fold in rows])
    leads = made.of(digests)
    chosen = _choices(protocol, model, form, runtime, folder)
    plain, pages, sure = (
        np.empty((len(rows), len(CLASSES))),
        np.empty((len(rows), len(CLASSES))),
        np.empty(len(rows), bool),
    )
    for fold, choice in enumerate(chosen):
        mine = folds == fold
        if mine.any():
            plain[mine], pages[mine] = choice.aggregate(leads[mine]), choice.apply(leads[mine])
            sure[mine] = pages[mine].max(axis=1) >= choice.min_confidence
    return Scored(digests, labels, leads, plain, pages, sure, chosen, made.made_by)


@cache
def _rows(protocol):
    """((sha256, class index, fold), ...) of the rows that a protocol scores; a contradicted label is not scored."""
    if protocol == "paper":
        return tuple((digest, label, 0) for digest, label in splits.parts_of("paper")["test"])
    source = "pages" if protocol == "distinct" else "extra_pages"
    return tuple(
        (row.sha256, CLASSES.index(row.label), row.fold)
        for row in splits.read_distinct()
        if row.source == source and row.layout == REPORT.name and row.sha256[:16] not in dataset.UNSCORED
    )


@cache
def _choices(protocol, model, form, runtime, folder):
    """The `Choices` of each fold, from the pages of its inner split; for `paper` the plain mean, nothing being chosen."""
    if protocol == "paper":
        return (choices.Choices(),)
    return tuple(_choose(fold, model, form, runtime, folder) for fold in range(splits.FOLDS))


def _choose(fold, model, form, runtime, folder):
    inner = predictions.load(predictions.path_of(inner_protocol(fold), model, form, runtime, folder))
    labels = {row.sha256: CLASSES.index(row.label) for row in splits.read_distinct()}
    digests = [digest for digest in inner.digests if digest[:16] not in dataset.UNSCORED]
    return choices.choose(inner.of(digests), [labels[digest] for digest in digests])
