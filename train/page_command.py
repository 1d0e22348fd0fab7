"""python -m train page prepare | fit | evaluate: the page model, out of fold and on all pages."""

import json
import sys
from pathlib import Path

import numpy as np

from ecg_edge.layout import CLASSES

from . import checkout, dataset, metrics, page_signals, predictions, splits
from .page_batches import Recipe

NAME = "page"
RUNS = Path("runs/page")
STAGES = ("inner", "whole")
"""Members that leave the fold's inner split out, whose word on it choices are made from; and members that are tested."""


def add_options(commands):
    """The options of `python -m train page`."""
    page = commands.add_parser("page", help="the page model: trace every page, train the folds, give its figures")
    steps = page.add_subparsers(dest="step", required=True)
    step = steps.add_parser("prepare", help="trace every page once; goes on where it was killed")
    step.add_argument("--data", help="folder of the data (default: $ECG_EDGE_DATA)")
    step.add_argument("--signals", type=Path, default=page_signals.CACHE, help="where traced signals are kept")
    step.add_argument("--jobs", type=int, default=1)
    step.set_defaults(run=prepare)
    step = steps.add_parser("fit", help="train a fold's members, or those on all pages; goes on where it was killed")
    step.add_argument("--fold", type=int, choices=range(splits.FOLDS), help="all pages where none is given")
    step.add_argument("--signals", type=Path, default=page_signals.CACHE)
    step.add_argument("--runs", type=Path, default=RUNS)
    step.add_argument("--threads", type=int, default=1)
    step.set_defaults(run=fit)
    step = steps.add_parser("evaluate", help="out-of-fold figures from kept probabilities")
    step.add_argument("--format", default="keras")
    step.add_argument("--runtime", default="tensorflow")
    step.set_defaults(run=evaluate)


def prepare(options):
    """Trace every page; the exit status."""
    page_signals.prepare(dataset.read_pages(options.data, extra=True), options.signals, options.jobs)
    return 0


def fit(options):
    """Train all members of one fold and keep what they say; the exit status."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    tf.config.threading.set_inter_op_parallelism_threads(options.threads)
    from . import page_fit

    recipe, windows, made = Recipe(), read_windows(options.signals), []
    for stage in STAGES if options.fold is not None else ("whole",):
        whole = stage == "whole"
        rows, extra = page_fit.rows_of(options.fold, whole=whole)
        for seed in range(recipe.members):
            path = member_path(options.runs, options.fold, stage, seed)
            if not path.is_file():
                path.parent.mkdir(parents=True, exist_ok=True)
                partial = path.with_name("partial_" + path.name)
                page_fit.fit(windows, rows, extra, seed, recipe).save(partial)
                partial.replace(path)
                print(f"{path}: {len(rows)} pages", file=sys.stderr, flush=True)
        if options.fold is not None:
            members = read_members(options.runs, options.fold, stage)
            asked = [digest for digest in page_fit.asked_of(options.fold, whole=whole) if digest in windows.digests]
            said = page_fit.predict(lambda seen, mine=members: mean_logits(mine, seen), windows, asked)
            made.append(predictions.Predictions(tuple(asked), said[:, None], f"TensorFlow {tf.__version__}"))
    if options.fold is not None:
        split = f"distinct-{options.fold}"
        predictions.save(joined(made), predictions.path_of(split, NAME, "keras", "tensorflow"))
        record = {"model": NAME, "recipe": recipe.to_dict(), "trained_on": "pages+extra", "commit": checkout.describe()}
        predictions.record_of(split, NAME).write_text(json.dumps(record, indent=1) + "\n")
    return 0


def joined(made):
    """The `Predictions` of several lists of pages as one."""
    digests = [digest for part in made for digest in part.digests]
    order = np.argsort(digests)
    leads = np.concatenate([part.leads for part in made])[order]
    return predictions.Predictions(tuple(digests[i] for i in order), leads, made[0].made_by)


def read_windows(folder=page_signals.CACHE):
    """The `Windows` of every page of `distinct` that could be traced."""
    return page_signals.windows_of(page_signals.load([row.sha256 for row in splits.read_distinct()], folder))


def member_path(runs, fold, stage, seed):
    """Where one member is kept."""
    return Path(runs) / ("all" if fold is None else f"distinct-{fold}") / f"{stage}-{seed}.keras"


def read_members(runs, fold, stage):
    """The Keras models of a fold's members; on all pages where `fold` is None.

    Raises
    ------
    FileNotFoundError : one of them was not trained.
    """
    import keras

    paths = [member_path(runs, fold, stage, seed) for seed in range(Recipe().members)]
    for path in paths:
        if not path.is_file():
            raise FileNotFoundError(f"no {path}: run 'python -m train page fit'")
    return [keras.models.load_model(path, compile=False) for path in paths]


def mean_logits(members, windows):
    """(N, 4): what `members` say of windows on average."""
    return np.mean([np.asarray(member(windows, training=False)) for member in members], axis=0)


def evaluate(options):
    """Print the out-of-fold figures by protocol and layout; the exit status."""
    print("\n".join(figures(predictions.load_folds(NAME, options.format, options.runtime))))
    return 0


def figures(folds):
    """Markdown lines: accuracy, macro-F1, recalls and AUCs of pages, each by the models of the fold that it is tested in.

    Parameters
    ----------
    folds : [`Predictions`] by fold
    """
    rows = [row for row in splits.read_distinct() if row.sha256[:16] not in dataset.UNSCORED]
    read = [row for row in rows if row.sha256 in folds[row.fold].digests]
    said = np.array([folds[row.fold].of([row.sha256])[0].mean(axis=0) for row in read])
    labels = np.array([CLASSES.index(row.label) for row in read])
    groups = np.array([_group(row) for row in read])
    lines = [
        "| pages | read | accuracy | macro-F1 | recall " + ", ".join(CLASSES) + " | AUC normal | AUC infarction |",
        "|---|---|---|---|---|---|---|",
    ]
    for group in dict.fromkeys(sorted(groups, key=lambda name: name != "pages")):
        mine = groups == group
        digests = [row.sha256 for row, one in zip(read, mine, strict=True) if one]
        found = metrics.summary(labels[mine], said[mine].argmax(axis=1), digests)
        recalls = ", ".join(f"{round(c['recall'] * c['rows'])}/{c['rows']}" for c in found["per_class"].values())
        areas = [metrics.auc(labels[mine] == k, said[mine][:, k]) for k in (0, 2)]
        lines.append(
            f"| {group} | {mine.sum()} of {sum(_group(row) == group for row in rows)} | {_value(found, 'accuracy')}"
            f" | {_value(found, 'macro_f1')} | {recalls} | {' | '.join('–' if a is None else f'{a:.3f}' for a in areas)} |"
        )
    return lines


def _group(row):
    return "pages" if row.source == "pages" else f"extra {row.layout}"


def _value(found, name):
    low, high = found["interval"][name]
    return f"{found[name]:.3f} ({low:.3f}–{high:.3f})"
