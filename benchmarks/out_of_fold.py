"""Training the fold models of `distinct` and keeping what they say of pages that they were not trained on."""

import shutil
import subprocess
import sys
from pathlib import Path

from ecg_edge.classifier.runtime import RUNTIMES
from train import page_command, predictions, splits

FLOAT = ("keras", "tensorflow")
KEPT = (FLOAT, *(("int8", runtime) for runtime in RUNTIMES))
"""Formats and runtimes whose probabilities are kept."""

PARTS = ("test", "extra", "validation")
"""Pages that a fold model is asked about: those tested in its fold, and its inner split, from which choices are made."""


def run(model, runs="runs", folder=predictions.FOLDER):
    """Train, convert and predict the five fold models of `model`; what is kept already is not done again.

    Raises
    ------
    RuntimeError : the page model is trained by its own commands.
    """
    if model == page_command.NAME:
        raise RuntimeError("the folds of the page model are trained, converted and asked by 'make page'")
    for fold in range(splits.FOLDS):
        run_fold(model, fold, runs, folder)


def run_fold(model, fold, runs="runs", folder=predictions.FOLDER):
    """Train one fold model, convert it to int8 and let Keras and every runtime predict its pages.

    Keeps FOLDER/distinct-FOLD/MODEL-FORMAT-RUNTIME.npz, and MODEL.json of the training.
    """
    split = f"distinct-{fold}"
    kept = {key: predictions.path_of(split, model, *key, folder) for key in KEPT}
    record = predictions.record_of(split, model, folder)
    if record.is_file() and all(path.is_file() for path in kept.values()):
        return
    here = Path(runs) / split / model
    where = ("--split", "distinct", "--fold", fold)
    weights, int8 = here / "best.keras", here / f"{model}-int8.tflite"
    if not (here / "run.json").is_file():
        _python("train", "fit", "--model", model, *where, "--runs", runs)
    if not int8.is_file():
        _python("convert.work", "convert", "--source", weights, "--out", int8, "--format", "int8", *where)
    for (form, runtime), out in kept.items():
        if not out.is_file():
            keras = (form, runtime) == FLOAT
            work = ("keras", "--source", weights) if keras else ("predict", "--source", int8, "--runtime", runtime)
            _python("convert.work", *work, "--out", out, *where, "--parts", *PARTS)
    shutil.copyfile(here / "run.json", record)


def _python(module, *arguments):
    print(module, *arguments, file=sys.stderr, flush=True)
    done = subprocess.run(
        [sys.executable, "-m", module, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"python -m {module} {' '.join(map(str, arguments))} failed: {done.stderr[-500:]}")
