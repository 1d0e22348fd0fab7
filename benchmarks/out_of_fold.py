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

TESTED, INNER = ("test", "extra"), ("validation",)


def inner_protocol(fold):
    """The name under which the inner validation pages of a fold are kept."""
    return f"distinct-inner-{fold}"


def run(model, runs="runs", folder=predictions.FOLDER):
    """Train, convert and predict the five fold models of `model`; what is there already is not done again.

    Keeps `distinct/MODEL-FORMAT-RUNTIME.npz`, each page predicted by the model of the fold in which it is tested, and
    `distinct-inner-FOLD/...`, from which choices are made.
    """
    for fold in range(splits.FOLDS):
        _run_fold(model, fold, Path(runs))
    for form, runtime in KEPT:
        made = [
            predictions.load(_part_file(Path(runs), model, fold, "tested", form, runtime))
            for fold in range(splits.FOLDS)
        ]
        predictions.save(_merge(made), predictions.path_of("distinct", model, form, runtime, folder))
        for fold in range(splits.FOLDS):
            inner = predictions.load(_part_file(Path(runs), model, fold, "inner", form, runtime))
            predictions.save(inner, predictions.path_of(inner_protocol(fold), model, form, runtime, folder))


def _run_fold(model, fold, runs):
    here = runs / f"distinct-{fold}" / model
    _python("train", "fit", "--model", model, "--split", "distinct", "--fold", fold, "--runs", runs)
    weights, int8 = here / "best.keras", here / f"{model}-int8.tflite"
    where = ("--split", "distinct", "--fold", fold)
    if not int8.is_file():
        _python("convert.work", "convert", "--source", weights, "--out", int8, "--format", "int8", *where)
    for name, parts in (("tested", TESTED), ("inner", INNER)):
        for form, runtime in KEPT:
            out = _part_file(runs, model, fold, name, form, runtime)
            if out.is_file():
                continue
            if (form, runtime) == FLOAT:
                _python("convert.work", "keras", "--source", weights, "--out", out, *where, "--parts", *parts)
            else:
                _python(
                    "convert.work",
                    "predict",
                    "--source",
                    int8,
                    "--out",
                    out,
                    *where,
                    "--parts",
                    *parts,
                    "--runtime",
                    runtime,
                )


def _part_file(runs, model, fold, name, form, runtime):
    return runs / f"distinct-{fold}" / model / f"{name}-{form}-{runtime}.npz"


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
