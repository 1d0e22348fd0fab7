"""Putting a converted model where the device finds it, with what was measured of it on its card."""

import json
from pathlib import Path

import numpy as np

from ecg_edge.layout import CLASSES, REPORT
from ecg_edge.runtime import RUNTIMES, Network, find_runtime
from train import checkout, choices, dataset, metrics, predictions, splits

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
            "commit": checkout.describe(),
        },
        chosen,
        figures,
        {
            "this file": {runtime: {key: found[key] for key in _ON_CARD} for runtime, found in measured.items()},
            "out of fold": {runtime: {key: found[key] for key in _ON_CARD} for runtime, found in pooled.items()},
        },
        [found["made_by"] for found in measured.values()],
        split,
    )
    return cards.write(fields, folder)


def _from_paper(model):
    """(choices, figures, no pooled parity) of a model of the paper's split: nothing is chosen, test files are scored."""
    rows = splits.parts_of("paper")["test"]
    made = predictions.load(predictions.path_of("paper", model, "int8", next(iter(RUNTIMES))))
    chosen = choices.Choices()
    return {"choices": chosen, "ece": None, "brier": None}, {"paper": _figures(made, rows, chosen)}, {}


def from_folds(model):
    """(choices with ECE and Brier score, figures by protocol, parity by runtime) from the pooled out-of-fold predictions.

    Raises
    ------
    RuntimeError : they do not pass the parity gate.
    """
    rows = [
        row for row in splits.read_distinct() if row.sha256[:16] not in dataset.UNSCORED and row.layout == REPORT.name
    ]
    tested = [(row.sha256, CLASSES.index(row.label)) for row in rows if row.source == "pages"]
    extra = [(row.sha256, CLASSES.index(row.label)) for row in rows if row.source == "extra_pages"]
    keras, made = _pool(model, "keras", "tensorflow"), {runtime: _pool(model, "int8", runtime) for runtime in RUNTIMES}
    pooled = {runtime: parity.compare(found, keras, tested) for runtime, found in made.items()}
    broken = [f"{runtime}: {words}" for runtime, found in pooled.items() for words in parity.failures(found)]
    if broken:
        raise RuntimeError(f"out of fold, int8 does not pass the parity gate: {'; '.join(broken)}")
    first = next(iter(made.values()))
    leads, labels = first.of([digest for digest, _ in tested]), [label for _, label in tested]
    chosen = choices.choose(leads, labels)
    pages = chosen.apply(leads)
    trust = {
        "choices": chosen,
        "ece": metrics.calibration_error(labels, pages),
        "brier": metrics.brier(labels, pages),
    }
    figures = {"distinct": _figures(first, tested, chosen), "uncurated": _figures(first, extra, chosen)}
    return trust, figures, pooled


def _pool(model, form, runtime):
    """The `Predictions` of every page by the model of the fold in which it is tested."""
    digests, leads = [], []
    for fold, made in enumerate(predictions.load_folds(model, form, runtime)):
        parts = splits.parts_of("distinct", fold)
        mine = [digest for part in ("test", "extra") for digest, _ in parts[part]]
        digests += mine
        leads.append(made.of(mine))
    return predictions.Predictions(tuple(digests), np.concatenate(leads), made.made_by)


def _figures(made, rows, chosen):
    digests, labels = [digest for digest, _ in rows], [label for _, label in rows]
    summary = metrics.summary(labels, chosen.apply(made.of(digests)).argmax(axis=1), digests)
    return {key: summary[key] for key in ("accuracy", "balanced_accuracy", "macro_f1", "per_class", "interval")}
