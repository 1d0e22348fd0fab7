"""What a model says under a protocol, with what was chosen for it on training pages, ready to be scored."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from ecg_edge.layout import CLASSES, REPORT
from train import choices, dataset, pooled, predictions, splits

PROTOCOLS = {
    "paper": "928 files as published, random by file, copies and all: test files",
    "distinct": "491 distinct pages, five folds grouped by printed identity: out of fold",
    "uncurated": "the 3x4+1 pages that version 2 leaves out, by the same fold models: out of fold",
    "uncurated-6x2": "pages of two columns, which version 2 leaves out, by the same fold models: out of fold",
    "uncurated-6x2+1": "pages of two columns and a strip, which version 2 leaves out, by the same fold models: out of fold",
}


@dataclass(frozen=True)
class Scored:
    """N test rows under a protocol: `digests` (N), `labels` (N) class indices, `leads` (N, 13, 4) probabilities, (N, 1, 4)
    of a model of whole pages, `plain` (N, 4) the pages' with nothing chosen (the mean over leads), `pages` (N, 4) after what was `chosen` by fold, `sure` (N)
    whether not uncertain."""

    digests: tuple
    labels: np.ndarray
    leads: np.ndarray
    plain: np.ndarray
    pages: np.ndarray
    sure: np.ndarray
    chosen: tuple
    made_by: str


def score(protocol, model, form, runtime, folder=predictions.FOLDER):
    """The `Scored` of one model in one format by one runtime.

    Raises
    ------
    FileNotFoundError : no probabilities of it are kept; the message says which command makes them.
    LookupError : the model does not read the layout of these pages.
    """
    made = _kept(protocol, model, form, runtime, folder)
    rows = [row for row in _rows(protocol) if row[0] in made[row[2]].digests]
    if not rows:
        raise FileNotFoundError(
            f"{model} was asked about none of the pages of {protocol}: it does not read their layout"
        )
    folds = np.array([fold for *_, fold in rows])
    digests, labels = tuple(digest for digest, *_ in rows), np.array([label for _, label, _ in rows])
    leads = np.empty((len(rows), *made[0].leads.shape[1:]), np.float32)
    plain, pages = np.empty((2, len(rows), len(CLASSES)))
    sure, chosen = np.empty(len(rows), bool), []
    for fold, predicted in enumerate(made):
        mine = folds == fold
        choice = choices.Choices() if protocol == "paper" else choose(made, fold)
        asked = [digest for digest, *_, tested in rows if tested == fold]
        leads[mine] = predicted.of(asked)
        plain[mine], pages[mine] = choices.Choices().apply(leads[mine]), choice.apply(leads[mine])
        sure[mine] = choice.sure(pages[mine], predicted.findings_of(asked))
        chosen.append(choice)
    return Scored(digests, labels, leads, plain, pages, sure, tuple(chosen), made[0].made_by)


def choose(made, fold):
    """The `Choices` for the model of a fold, `made` being what the models of all folds say.

    From what it says of its inner split; a model that leaves none out, the page model, has its choices from the four other folds' pages,
    each as judged by the model of the fold that it is tested in, weighted as it was in training.
    """
    inner = splits.parts_of("distinct", fold)["validation"]
    if all(digest in made[fold].digests for digest, _ in inner):
        rows = [row for row in inner if dataset.is_scored(row[0])]
        return choices.choose(made[fold].of([digest for digest, _ in rows]), [label for _, label in rows])
    return pooled.choose(made, [row for row in pooled.rows_of(made) if row.fold != fold])


def _kept(protocol, model, form, runtime, folder):
    """[Predictions], one for each fold; for `paper` the one model's."""
    if protocol != "paper":
        return predictions.load_folds(model, form, runtime, folder)
    path = predictions.path_of("paper", model, form, runtime, folder)
    if not path.is_file():
        raise FileNotFoundError(
            f"no probabilities of {model} {form} by {runtime} are kept for paper:"
            f" 'python -m convert --model {model} --split paper' makes them"
        )
    return [predictions.load(path)]


@cache
def _rows(protocol):
    """((sha256, class index, fold), ...) of the rows that a protocol scores; a contradicted label is not scored."""
    if protocol == "paper":
        return tuple((digest, label, 0) for digest, label in splits.parts_of("paper")["test"])
    source = "pages" if protocol == "distinct" else "extra_pages"
    layout = protocol.partition("-")[2] or REPORT.name
    return tuple(
        (row.sha256, CLASSES.index(row.label), row.fold)
        for row in splits.scored_rows()
        if row.source == source and row.layout == layout
    )
