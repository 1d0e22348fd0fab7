"""Accuracy of every model, format and runtime on a protocol, against Keras, from kept probabilities."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from convert.formats import FORMATS
from ecg_edge.runtime import RUNTIMES
from train import figures, metrics, predictions, splits

from . import environment

KERAS = ("keras", "tensorflow")
SHOWN = ("accuracy", "balanced_accuracy", "macro_f1")


def kept(protocol, model, folder=predictions.FOLDER):
    """{(format, runtime): Predictions} of all that are kept for a model, Keras first."""
    wanted = [KERAS, *((form, runtime) for form in FORMATS for runtime in RUNTIMES)]
    paths = {key: predictions.path_of(protocol, model, *key, folder) for key in wanted}
    return {key: predictions.load(path) for key, path in paths.items() if path.is_file()}


def rerun(protocol, model, runs, models, folder=predictions.FOLDER):
    """Predict anew with every format whose file is there: those of a run, else the shipped ones."""
    for form in FORMATS:
        suffix = "" if form == "int8" else f"-{form}"
        candidates = (
            Path(runs) / protocol / model / f"{model}-{form}.tflite",
            Path(models) / f"{model}{suffix}.tflite",
        )
        source = next((path for path in candidates if path.is_file()), None)
        if source is None:
            print(f"{model} {form}: no file; 'python -m convert --model {model}' makes it", file=sys.stderr)
            continue
        for runtime in RUNTIMES:
            out = predictions.path_of(protocol, model, form, runtime, folder)
            command = [
                sys.executable,
                "-m",
                "convert.work",
                "predict",
                "--source",
                source,
                "--out",
                out,
                "--runtime",
                runtime,
            ]
            if subprocess.run([str(part) for part in command], check=False).returncode:
                print(f"{model} {form}: not read by {runtime}", file=sys.stderr)


def measure(protocol, model, made):
    """Figures of one model for JSON: per format and runtime, per lead and per page, and paired against Keras."""
    rows = splits.parts_of(protocol)["test"]
    digests, labels = [digest for digest, _ in rows], np.array([label for _, label in rows])
    said = {key: _verdicts(predicted, digests) for key, predicted in made.items()}
    report = {"model": model, "protocol": protocol, "formats": []}
    for (form, runtime), verdicts in said.items():
        entry = {"format": form, "runtime": runtime, "made_by": made[form, runtime].made_by}
        for what, values in verdicts.items():
            count = len(values) // len(labels)
            truth, pages = np.repeat(labels, count), np.repeat(digests, count)
            entry[what] = metrics.summary(truth, values, pages)
            if KERAS in said and (form, runtime) != KERAS:
                entry[what]["against_keras"] = metrics.difference(truth, values, said[KERAS][what], pages)
        report["formats"].append(entry)
    return report


def _verdicts(predicted, digests):
    return {"leads": predicted.of(digests).argmax(axis=-1).ravel(), "pages": predicted.pages(digests).argmax(axis=-1)}


def to_markdown(reports, where):
    """One table over all models: page and lead figures with intervals, differences to Keras."""
    lines = [
        f"# Accuracy on `{where['protocol']}`",
        "",
        f"Test files of the protocol; 95 % intervals, bootstrap over distinct pages, differences paired. Commit {where['commit']}.",
        "",
        "| model | format | runtime | page accuracy | page macro-F1 | lead accuracy | Δ page macro-F1 to Keras | Δ lead accuracy to Keras |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for report in reports:
        for entry in report["formats"]:
            pages, leads = entry["pages"], entry["leads"]
            cells = [report["model"], entry["format"], entry["made_by"], _with_interval(pages, "accuracy"),
                     _with_interval(pages, "macro_f1"), _with_interval(leads, "accuracy"),
                     _change(pages, "macro_f1"), _change(leads, "accuracy")]  # fmt: skip
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def write(reports, protocol, out):
    """Write OUT/accuracy.json, accuracy.md, and a confusion matrix of the int8 model's pages as a picture for each model."""
    out = Path(out) / protocol
    out.mkdir(parents=True, exist_ok=True)
    where = {"protocol": protocol, **environment.record()}
    (out / "accuracy.json").write_text(json.dumps({"environment": where, "models": reports}, indent=1) + "\n")
    markdown = to_markdown(reports, where)
    (out / "accuracy.md").write_text(markdown)
    for report in reports:
        for entry in report["formats"]:
            if entry["format"] == "int8":
                for what in ("pages", "leads"):
                    title = f"{report['model']} int8, {protocol}, test {what}"
                    figures.draw_confusion(
                        entry[what]["confusion"], title, out / f"{report['model']}-int8-confusion-{what}.png"
                    )
                break
    return markdown


def _with_interval(figures_of, name):
    low, high = figures_of["interval"][name]
    return f"{figures_of[name]:.4f} ({low:.3f}–{high:.3f})"


def _change(figures_of, name):
    if "against_keras" not in figures_of:
        return "–"
    change = figures_of["against_keras"][name]
    low, high = change["interval"]
    return f"{change['difference']:+.4f} ({low:+.4f} to {high:+.4f})"
