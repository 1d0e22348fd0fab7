"""What a trained model is worth on its split: per lead and per page, with and without copies in training."""

import json
import os
from pathlib import Path

import numpy as np

from ecg_edge.layout import CLASSES

from . import figures, metrics, predictions
from .fit import to_tensor

PAPER = {
    "cnn": {"training accuracy": 0.9782, "accuracy": 0.9340, "precision": 0.9345, "recall": 0.9338, "f1": 0.9331},
    "crnn": {"training accuracy": 0.9882, "accuracy": 0.9372, "precision": 0.9374, "recall": 0.9372, "f1": 0.9370},
}
"""The paper's own figures (DOI 10.22214/ijraset.2024.59181), on its validation files."""


def keras_predictions(weights, cache, digests):
    """The `Predictions` of the Keras model in the file `weights`, in float32."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import keras
    import tensorflow

    model = keras.models.load_model(weights, compile=False)

    def run(images):
        return np.asarray(model.predict_on_batch(to_tensor(images)))

    return predictions.predict(run, cache, digests, f"Keras {keras.__version__}, TensorFlow {tensorflow.__version__}")


def evaluate(model, predicted, parts):
    """Figures for JSON: per part, and per part without pages that have a copy in training; per lead and per page.

    Parameters
    ----------
    model : name
    predicted : `Predictions` of all pages in `parts`
    parts : {part: [(sha256, class index), ...]}, one row for each file
    """
    trained = {digest for digest, _ in parts["train"]}
    report = {"model": model, "made_by": predicted.made_by, "paper": PAPER[model], "parts": {}, "without_copies": {}}
    for part, rows in parts.items():
        report["parts"][part] = _figures(predicted, rows)
        if part != "train":
            fresh = [row for row in rows if row[0] not in trained]
            report["without_copies"][part] = {
                "files": {label: sum(i == k for _, i in fresh) for k, label in enumerate(CLASSES)},
                **_figures(predicted, fresh),
            }
    fresh = [row for part in ("validation", "test") for row in parts[part] if row[0] not in trained]
    report["without_copies"]["validation and test"] = {
        "files": {label: sum(i == k for _, i in fresh) for k, label in enumerate(CLASSES)},
        **_figures(predicted, fresh),
    }
    return report


def _figures(predicted, rows):
    digests, labels = [digest for digest, _ in rows], np.array([label for _, label in rows])
    leads = predicted.of(digests)
    count = leads.shape[1]
    said = leads.argmax(axis=-1).ravel()
    return {
        "leads": metrics.summary(np.repeat(labels, count), said, np.repeat(digests, count)),
        "pages": metrics.summary(labels, predicted.pages(digests).argmax(axis=-1), digests),
    }


def to_markdown(report):
    """The report as a Markdown table, the paper's figures in its first row."""
    paper = report["paper"]
    lines = [
        f"# `{report['model']}` on the paper's own split",
        "",
        "928 files, random 70 / 15 / 15 by file, copies and all: figures made to be compared with the paper's, not believed. "
        f"{report['made_by']}. Precision, recall and F1 are weighted by class size; intervals are 95 %, bootstrap over distinct pages.",
        "",
        "| files | what | accuracy | precision | recall | F1 | rows (distinct pages) |",
        "|---|---|---|---|---|---|---|",
        f"| the paper, training | lead | {paper['training accuracy']:.4f} | | | | |",
        f"| the paper, validation | lead | {paper['accuracy']:.4f} | {paper['precision']:.4f} | {paper['recall']:.4f} | {paper['f1']:.4f} | |",
    ]
    named = [(part, figures) for part, figures in report["parts"].items()]
    named += [(f"{part}, no copy in training", figures) for part, figures in report["without_copies"].items()]
    for part, figures_of_part in named:
        for what in ("leads", "pages"):
            lines.append(_row(part, what, figures_of_part[what]))
    lines += ["", "Pages without a copy in training, by class:", ""]
    lines += ["| files | " + " | ".join(CLASSES) + " |", "|---|" + "---|" * len(CLASSES)]
    for part, figures_of_part in report["without_copies"].items():
        lines.append(f"| {part} | " + " | ".join(str(figures_of_part["files"][label]) for label in CLASSES) + " |")
    return "\n".join(lines) + "\n"


def _row(part, what, figures_of_part):
    low, high = figures_of_part["interval"]["accuracy"]
    values = " | ".join(f"{figures_of_part[name]:.4f}" for name in ("precision", "recall", "f1"))
    return (
        f"| {part} | {what[:-1]} | {figures_of_part['accuracy']:.4f} ({low:.3f}–{high:.3f}) | {values}"
        f" | {figures_of_part['rows']} ({figures_of_part['distinct_pages']}) |"
    )


def write(report, run_folder, out):
    """Write OUT/MODEL-paper.json, .md, its curves and its confusion matrices as pictures."""
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    stem = f"{report['model']}-paper"
    (out / f"{stem}.json").write_text(json.dumps(report, indent=1) + "\n")
    (out / f"{stem}.md").write_text(to_markdown(report))
    figures.draw_curves(Path(run_folder) / "history.csv", report["model"], out / f"{stem}-curves.png")
    for what in ("leads", "pages"):
        matrix = report["parts"]["test"][what]["confusion"]
        figures.draw_confusion(matrix, f"{report['model']}, test files, {what}", out / f"{stem}-confusion-{what}.png")
