"""What the models of the folds say of pages that they were not trained on, and what is chosen from it.

`folds` is the `predictions.Predictions` of each fold's model, by fold.
"""

import numpy as np

from ecg_edge.classifier import verdict
from ecg_edge.layout import CLASSES

from . import choices, metrics, predictions, splits

EXTRA_WEIGHT = 0.3
"""How much a page that version 2 leaves out counts beside the others where calibration is chosen."""
SPREADS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0)
"""How loosely the biases of calibration may be held (`choices.fit_calibration`); with pages of one origin alone, as the last says."""


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
    """The `choices.Choices` that rows of the fold file give: extra pages count as little as they do in training, biases are held as `choose_spread`
    says, and the threshold of doubt holds on each origin."""
    weights = np.where([row.source == "extra_pages" for row in rows], EXTRA_WEIGHT, 1.0)
    leads, labels, origins = leads_of(folds, rows), labels_of(rows), origins_of(rows)
    spread = choose_spread(choices.Choices().aggregate(leads), labels, weights, origins, [row.fold for row in rows])
    return choices.choose(leads, labels, weights, origins, spread)


def choose_spread(pages, labels, weights, origins, folds):
    """The one of `SPREADS` with the least mean over origins of the log-loss, of (N, 4) `pages` that are each calibrated by those of other `folds` (N).

    What calibration gains on the many pages of one origin must not be lost on the few of another: biases that suit the one's mix of classes do
    harm where the mix is another.
    """
    if len(set(origins)) == 1:
        return SPREADS[-1]
    folds, losses = np.asarray(folds), []
    for spread in SPREADS:
        held = np.empty(pages.shape)
        for fold in np.unique(folds):
            mine = folds == fold
            _, *chosen = choices.fit_calibration(pages[~mine], labels[~mine], weights[~mine], spread)
            held[mine] = verdict.calibrate(pages[mine], *chosen)
        by_origin = [
            metrics.log_loss(labels[origins == origin], held[origins == origin]) for origin in np.unique(origins)
        ]
        losses.append(np.mean(by_origin))
    return SPREADS[int(np.argmin(losses))]


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
