"""Putting a converted model where the device finds it, with what was measured of it on its card."""

import json
from pathlib import Path

import numpy as np

from ecg_edge.classifier.runtime import RUNTIMES, Network, find_runtime
from ecg_edge.layout import CLASSES, REPORT
from train import choices, dataset, metrics, pooled, predictions, splits

from . import cards, parity

SHIPPED = {"cnn": ("int8", "float16"), "crnn": ("int8", "float16")}
"""Formats of each model that are kept in models/: from float16 the others can be made again."""

_ON_CARD = ("files", "distinct_pages", "lead_agreement", "page_agreement", "mean_difference")


def ship(model, version, run, files, measured, split, folder):
    """Copy the shipped formats into `folder` and write the int8 model's card; the card's path.

    Parameters
    ----------
    run : folder of the training
    files : {format: path}
    measured : {runtime: parity of the int8 file with Keras}
    split : `paper` or `all`; with `all`, calibration and figures come from the pooled out-of-fold predictions of `distinct`,
        which must pass the parity gate themselves

    Raises
    ------
    RuntimeError : the out-of-fold predictions do not pass the gate.
    """
    chosen, figures, pooled = from_folds(model) if split == "all" else _from_paper(model)
    for form in SHIPPED[model] if split == "all" else ("int8",):
        suffix = "" if form == "int8" else f"-{form}"
        (Path(folder) / f"{model}{suffix}.tflite").write_bytes(files[form].read_bytes())
    data, training = files["int8"].read_bytes(), json.loads((Path(run) / "run.json").read_text())
    fields = cards.make(
        model,
        version,
        data,
        cards.describe(Network(data, find_runtime())),
        {
            "data": f"DOI {dataset.DOI} version 2",
            "protocol": split,
            "trained_on": "pages",
            "pages": training["pages"]["train"],
            "distinct_pages": training["distinct_pages"]["train"],
            "epochs": training["best_epoch"],
            "seed": training["seed"],
            "tensorflow": training["tensorflow"],
            "commit": training["commit"],
        },
        chosen,
        figures,
        {
            "this file": on_card(measured),
            "out of fold": on_card(pooled),
        },
        [found["made_by"] for found in measured.values()],
        split,
    )
    return cards.write(fields, folder)


def on_card(measured):
    """{runtime: what of a parity stands on a card} of {runtime: parity}."""
    return {runtime: {key: found[key] for key in _ON_CARD} for runtime, found in measured.items()}


def _from_paper(model):
    """(choices, figures, no pooled parity) of a model of the paper's split: nothing is chosen, test files are scored."""
    rows = splits.parts_of("paper")["test"]
    made = predictions.load(predictions.path_of("paper", model, "int8", next(iter(RUNTIMES))))
    chosen = choices.Choices()
    pages = chosen.apply(made.of([digest for digest, _ in rows]))
    return {"choices": chosen, "ece": None, "brier": None}, {"paper": _figures(pages, rows)}, {}


def from_folds(model, on_extra=False):
    """(choices with ECE, Brier score and what their doubt is worth, figures by protocol, parity by runtime) from the pooled out-of-fold
    predictions.

    What ships is chosen on all of them, with `on_extra` on the extra pages too, which count as little as they do in training. What that
    is worth is measured fold by fold, with what the four other folds' pages choose.

    Raises
    ------
    RuntimeError : they do not pass the parity gate.
    """
    keras, *made = (
        predictions.load_folds(model, *key) for key in (("keras", "tensorflow"), *(("int8", r) for r in RUNTIMES))
    )
    rows = pooled.rows_of(keras)
    tested = [row for row in rows if row.source == "pages"]
    extra = [row for row in rows if row.source == "extra_pages" and row.layout == REPORT.name]
    parities = {
        runtime: parity.compare(_pool(folds), _pool(keras), _labelled(tested))
        for runtime, folds in zip(RUNTIMES, made, strict=True)
    }
    broken = [f"{runtime}: {words}" for runtime, found in parities.items() for words in parity.failures(found)]
    if broken:
        raise RuntimeError(f"out of fold, int8 does not pass the parity gate: {'; '.join(broken)}")
    folds, seen = made[0], rows if on_extra else tested
    by_others = [pooled.choose(folds, [row for row in seen if row.fold != fold]) for fold in range(splits.FOLDS)]
    judged, others = _judge(folds, tested, by_others), _judge(folds, extra, by_others)
    labels = pooled.labels_of(tested)
    trust = {
        "choices": pooled.choose(folds, seen),
        "ece": metrics.calibration_error(labels, judged),
        "brier": metrics.brier(labels, judged),
        "doubt": doubt_by_origin(folds, seen, by_others),
    }
    figures = {"distinct": _figures(judged, _labelled(tested)), "uncurated": _figures(others, _labelled(extra))}
    return trust, figures, parities


def _labelled(rows):
    """[(sha256, class index), ...] of rows of the fold file."""
    return [(row.sha256, CLASSES.index(row.label)) for row in rows]


def _judge(folds, rows, chosen):
    """(N, 4) probabilities of the pages of rows of the fold file, each by the `Choices` for its fold."""
    leads = pooled.leads_of(folds, rows)
    return np.concatenate([chosen[row.fold].apply(mine[None]) for row, mine in zip(rows, leads, strict=True)])


def doubt_by_origin(folds, rows, chosen):
    """{origin: {pages, read, error, interval}}: the share of pages that are not called uncertain and of wrong verdicts among them with its 95 %
    interval, each page by the `Choices` for its fold."""
    pages, labels, origins = _judge(folds, rows, chosen), pooled.labels_of(rows), pooled.origins_of(rows)
    sure = np.array(
        [
            chosen[row.fold].sure(page[None], folds[row.fold].findings_of([row.sha256]))[0]
            for row, page in zip(rows, pages, strict=True)
        ]
    )
    wrong = pages.argmax(axis=1) != labels
    found = {}
    for origin in dict.fromkeys(origins):
        kept = wrong[(origins == origin) & sure]
        found[str(origin)] = {
            "pages": int((origins == origin).sum()),
            "read": float(sure[origins == origin].mean()),
            "error": float(kept.mean()) if kept.size else None,
            "interval": metrics.share_interval(int(kept.sum()), kept.size),
        }
    return found


def _pool(folds):
    """The `Predictions` of every page that is scored by the model of the fold in which it is tested."""
    rows = pooled.rows_of(folds)
    return predictions.Predictions(tuple(row.sha256 for row in rows), pooled.leads_of(folds, rows), folds[-1].made_by)


def _figures(pages, rows):
    """What stands on a card of the (N, 4) probabilities of pages, `rows` being their [(sha256, class index), ...]."""
    summary = metrics.summary([label for _, label in rows], pages.argmax(axis=1), [digest for digest, _ in rows])
    return {key: summary[key] for key in ("accuracy", "balanced_accuracy", "macro_f1", "per_class", "interval")}
