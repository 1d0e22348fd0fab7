"""Training the fold models of `distinct` and keeping what they say of pages that they were not trained on."""

import subprocess
import sys
from pathlib import Path

import numpy as np

from ecg_edge.runtime import RUNTIMES
from train import predictions, splits

FLOAT = ("keras", "tensorflow")
KEPT = (FLOAT, *(("int8", runtime) for runtime in RUNTIMES))
"""Formats and runtimes whose probabilities are kept."""

PARTS = ("test", "extra", "validation")


def inner_protocol(fold):
    """The name under which the inner validation pages of a fold are kept."""
    return f"distinct-inner-{fold}"


def run(model, runs="runs", folder=predictions.FOLDER):
    """Train, convert and predict the five fold models of `model`; what is there already is not done again.

    Keeps `distinct/MODEL-FORMAT-RUNTIME.npz`, each page predicted by the model of the fold in which it is tested, and
    `distinct-inner-FOLD/...`, from which choices are made.
    """
    for fold in range(splits.FOLDS):
        run_fold(model, fold, runs)
    for form, runtime in KEPT:
        tested = []
        for fold in range(splits.FOLDS):
            made = predictions.load(_file(runs, model, fold, form, runtime))
            parts = splits.parts_of("distinct", fold)
            tested.append(_only(made, [*parts["test"], *parts["extra"]]))
            inner = predictions.path_of(inner_protocol(fold), model, form, runtime, folder)
            predictions.save(_only(made, parts["validation"]), inner)
        predictions.save(_merge(tested), predictions.path_of("distinct", model, form, runtime, folder))


def run_fold(model, fold, runs="runs"):
    """Train one fold model, convert it to int8 and let Keras and every runtime predict its pages."""
    here = Path(runs) / f"distinct-{fold}" / model
    where = ("--split", "distinct", "--fold", fold)
    weights, int8 = here / "best.keras", here / f"{model}-int8.tflite"
    if not (here / "run.json").is_file():
        _python("train", "fit", "--model", model, *where, "--runs", runs)
    if not int8.is_file():
        _python("convert.work", "convert", "--source", weights, "--out", int8, "--format", "int8", *where)
    for form, runtime in KEPT:
        out = _file(runs, model, fold, form, runtime)
        if not out.is_file():
            work = (
                ("keras", "--source", weights)
                if (form, runtime) == FLOAT
                else ("predict", "--source", int8, "--runtime", runtime)
            )
            _python("convert.work", *work, "--out", out, *where, "--parts", *PARTS)


def _file(runs, model, fold, form, runtime):
    return Path(runs) / f"distinct-{fold}" / model / f"{form}-{runtime}.npz"


def _only(made, rows):
    digests = tuple(sorted(digest for digest, _ in rows))
    return predictions.Predictions(digests, made.of(digests), made.made_by)


def _merge(made):
    digests = [digest for each in made for digest in each.digests]
    leads = np.concatenate([each.leads for each in made])
    order = np.argsort(digests)
    return predictions.Predictions(tuple(digests[i] for i in order), leads[order], made[0].made_by)


def _python(module, *arguments):
    print(module, *arguments, file=sys.stderr, flush=True)
    done = subprocess.run(
        [sys.executable, "-m", module, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"python -m {module} {' '.join(map(str, arguments))} failed: {done.stderr[-500:]}")
