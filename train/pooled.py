"""What the models of the folds say of pages that they were not trained on, and what is chosen from it.

`folds` is the `predictions.Predictions` of each fold's model, by fold.
"""

import numpy as np

from ecg_edge.layout import CLASSES

from . import choices, predictions, splits

EXTRA_WEIGHT = 0.3
"""How much a page that version 2 leaves out counts beside the others where calibration is chosen."""


def rows_of(folds):
    """The rows of the fold file whose pages, of any layout, were asked about in the fold that tests them; a contradicted label is not scored."""
    return [row for row in splits.scored_rows() if row.sha256 in folds[row.fold].digests]


def labels_of(rows):
    """(N,) class indices of rows of the fold file."""
    return np.array([CLASSES.index(row.label) for row in rows], int)


def leads_of(folds, rows):
    """(N, 13, 4) probabilities of the pages of rows of the fold file, (N, 1, 4) of a model of whole pages: each by the model of its fold."""
    tested = np.array([row.fold for row in rows], int)
    leads = np.empty((len(rows), *folds[0].leads.shape[1:]), np.float32)
    for fold, made in enumerate(folds):
        mine = np.flatnonzero(tested == fold)
        if mine.size:
            leads[mine] = made.of([rows[i].sha256 for i in mine])
    return leads


def choose(folds, rows):
    """The `choices.Choices` that rows of the fold file give: extra pages count as little as they do in training, and the threshold of doubt
    holds on each origin."""
    weights = np.where([row.source == "extra_pages" for row in rows], EXTRA_WEIGHT, 1.0)
    return choices.choose(leads_of(folds, rows), labels_of(rows), weights, origins_of(rows))


def origins_of(rows):
    """(N,) where the pages of rows of the fold file come from: `distinct`, or of those that version 2 leaves out their layout."""
    return np.array(["distinct" if row.source == "pages" else f"uncurated {row.layout}" for row in rows])


def load_records(model, form, runtime, folder=predictions.FOLDER):
    """[`predictions.Predictions`] by fold of records of other hospitals, drawn and read back, each by the model of its fold.

    Raises
    ------
    FileNotFoundError : none are kept.
    """
    return predictions.load_folds(f"{model}-records", form, runtime, folder)
