"""python -m train page prepare | draw | fit | try | evaluate: the page model, out of fold and on all pages."""

import json
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from ecg_edge.classifier import verdict
from ecg_edge.errors import UsageError
from ecg_edge.layout import CLASSES

from . import checkout, dataset, metrics, page_drawn, page_records, page_signals, pooled, predictions, splits
from .page_batches import MEMBERS

NAME = "page"
RECORDS = "page-records"
"""Under which is kept what the models of the folds say of records of other hospitals, drawn and read back."""
RUNS = Path("runs/page")
FOLDS = (*range(splits.FOLDS), None)
"""None stands for all pages: the model that ships."""


def add_options(commands):
    """The options of `python -m train page`."""
    page = commands.add_parser("page", help="the page model: trace every page, train the folds, give its figures")
    steps = page.add_subparsers(dest="step", required=True)
    step = steps.add_parser("prepare", help="trace every page once; goes on where it was killed")
    step.add_argument("--data", help="folder of the data (default: $ECG_EDGE_DATA)")
    step.add_argument("--signals", type=Path, default=page_signals.CACHE, help="where traced signals are kept")
    step.add_argument("--jobs", type=int, default=1)
    step.set_defaults(run=prepare)
    step = steps.add_parser(
        "draw", help="draw records of other hospitals on paper and trace them; goes on where it was killed"
    )
    step.add_argument("--data", help="folder of the data (default: $ECG_EDGE_DATA)")
    step.add_argument("--kind", nargs="+", choices=page_drawn.KINDS, default=page_drawn.KINDS[:1])
    step.add_argument("--jobs", type=int, default=1)
    step.set_defaults(run=draw)
    step = steps.add_parser("fit", help="train the members; goes on where it was killed")
    step.add_argument("--fold", type=int, nargs="+", choices=range(splits.FOLDS), help="(default: all, and all pages)")
    step.add_argument("--signals", type=Path, default=page_signals.CACHE)
    step.add_argument("--runs", type=Path, default=RUNS)
    step.add_argument("--threads", type=int, default=1)
    step.set_defaults(run=fit)
    step = steps.add_parser(
        "try", help="train the folds by a recipe of your own, beside what ships, and give its figures"
    )
    step.add_argument("name", help="under which its members are kept")
    step.add_argument("--seeds", type=int, nargs="+", default=tuple(MEMBERS), help="(default: the shipped members')")
    step.add_argument("--set", nargs="+", default=(), metavar="FIELD=VALUE", help="what is otherwise: record_share=1.0")
    step.add_argument("--signals", type=Path, default=page_signals.CACHE)
    step.add_argument("--runs", type=Path, default=RUNS)
    step.add_argument("--threads", type=int, default=1)
    step.set_defaults(run=attempt)
    step = steps.add_parser("evaluate", help="out-of-fold figures from kept probabilities")
    step.add_argument("--format", default="keras")
    step.add_argument("--runtime", default="tensorflow")
    step.set_defaults(run=evaluate)


def prepare(options):
    """Trace every page; the exit status."""
    page_signals.prepare(dataset.read_pages(options.data, extra=True), options.signals, options.jobs)
    return 0


def draw(options):
    """Draw and trace every record of other hospitals; the exit status."""
    page_drawn.prepare(options.kind, data=options.data, jobs=options.jobs)
    return 0


def fit(options):
    """Train all members of the folds asked for, or else of every fold and of all pages, and keep what they say; the exit status."""
    _use_threads(options.threads)
    windows = read_windows(options.signals)
    for fold in options.fold or FOLDS:
        rows = _train(fold, MEMBERS, options.runs, windows)
        made = _ask(read_whole(options.runs, fold), fold, windows)
        predictions.save(made, predictions.path_of(split_of(fold), NAME, "keras", "tensorflow"))
        record = {
            "model": NAME,
            "seeds": list(MEMBERS),
            "members": [recipe.to_dict() for recipe in MEMBERS.values()],
            "trained_on": "pages+extra+records",
            "pages": sum(digest in windows.digests for digest, _ in rows),
            "tensorflow": made.made_by.split()[-1],
            "commit": checkout.describe(),
        }
        predictions.record_of(split_of(fold), NAME).write_text(json.dumps(record, indent=1) + "\n")
    return 0


def attempt(options):
    """Train members of every fold by other recipes, go on where it was killed, and print the out-of-fold figures; the exit status."""
    kinds = list(MEMBERS.values())
    recipes = {seed: changed(MEMBERS.get(seed, kinds[seed % len(kinds)]), options.set) for seed in options.seeds}
    _use_threads(options.threads)
    windows, made, runs = read_windows(options.signals), [], options.runs / "try" / options.name
    _keep_recipes(recipes, runs / "recipes.json")
    for fold in range(splits.FOLDS):
        _train(fold, recipes, runs, windows)
        made.append(_ask(read_whole(runs, fold, recipes), fold, windows))
    print("\n".join(figures(made)))
    return 0


def _keep_recipes(recipes, path):
    """Write down by what recipes the members beside `path` are trained.

    Raises
    ------
    UsageError : there are members of the same seed by another recipe: their figures would be taken for this one's.
    """
    known = json.loads(path.read_text()) if path.is_file() else {}
    wanted = {str(seed): recipe.to_dict() for seed, recipe in recipes.items()}
    if other := [seed for seed in wanted if known.get(seed, wanted[seed]) != wanted[seed]]:
        raise UsageError(f"{path.parent} holds members of another recipe (seed {', '.join(other)}): take another name")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(known | wanted, indent=1) + "\n")


def changed(recipe, pairs):
    """The `Recipe` with other values for some of its fields, given as FIELD=VALUE.

    Raises
    ------
    UsageError : there is no such field, or the value is not of its kind.
    """
    values = recipe.to_dict()
    for pair in pairs:
        name, _, value = pair.partition("=")
        try:
            values[name] = type(values[name])(value)
        except (KeyError, ValueError) as error:
            raise UsageError(f"no recipe has {pair}: its fields are {', '.join(values)}") from error
    return replace(recipe, **values)


def _use_threads(count):
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(count)
    tf.config.threading.set_inter_op_parallelism_threads(count)


def _train(fold, recipes, runs, windows):
    """Train the members of a fold that are not kept yet, {seed: `Recipe`}; the rows that they train on."""
    from . import page_fit

    rows, extra = page_fit.rows_of(fold)
    for seed, recipe in recipes.items():
        path = member_path(runs, fold, seed)
        if not path.is_file():
            beside = read_seen_records().without(fold) if recipe.record_share else None
            _keep(page_fit.fit(windows, rows, extra, seed, recipe, beside), path)
            print(f"{path}: {len(rows)} pages", file=sys.stderr, flush=True)
    return rows


def _ask(model, fold, windows):
    """The `Predictions` of the pages that a fold's Keras model is asked about."""
    import tensorflow as tf

    from . import page_fit

    asked = [digest for digest in page_fit.asked_of(fold) if digest in windows.digests]
    said = page_fit.predict(model, windows, asked)
    return predictions.of_pages(asked, said, f"TensorFlow {tf.__version__}")


@cache
def read_seen_records():
    """The `page_records.SeenRecords` of every fold: read once, and only where they are needed."""
    return page_records.read()


def _keep(model, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name("partial_" + path.name)
    model.save(partial)
    partial.replace(path)


def split_of(fold):
    """The name of a fold among the splits; `all` where it is None."""
    return "all" if fold is None else f"distinct-{fold}"


def read_windows(folder=page_signals.CACHE):
    """The `Windows` of every page of `distinct` that could be traced."""
    return page_signals.windows_of(page_signals.load([row.sha256 for row in splits.read_distinct()], folder))


def member_path(runs, fold, seed):
    """Where one member is kept."""
    return Path(runs) / split_of(fold) / f"{seed}.keras"


def read_whole(runs, fold, recipes=MEMBERS):
    """The Keras model of a fold, all its members {seed: `Recipe`} in one; of those on all pages where `fold` is None.

    Raises
    ------
    FileNotFoundError : one of them was not trained.
    """
    import keras

    from . import page_network

    paths = [member_path(runs, fold, seed) for seed in recipes]
    for path in paths:
        if not path.is_file():
            raise FileNotFoundError(f"no {path}: run 'python -m train page fit'")
    members = [keras.models.load_model(path, compile=False) for path in paths]
    return page_network.assemble(members, [recipe.finds for recipe in recipes.values()])


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
    asked = splits.scored_rows()
    rows = pooled.rows_of(folds)
    said, labels = pooled.leads_of(folds, rows).mean(axis=1), pooled.labels_of(rows)
    groups = np.array([_group(row) for row in rows])
    lines = [
        "| pages | read | accuracy | macro-F1 | log-loss | recall "
        + ", ".join(CLASSES)
        + " | AUC normal | AUC infarction |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for group in dict.fromkeys(sorted(groups, key=lambda name: name != "pages")):
        mine = groups == group
        digests = [row.sha256 for row, one in zip(rows, mine, strict=True) if one]
        found = metrics.summary(labels[mine], said[mine].argmax(axis=1), digests)
        recalls = ", ".join(f"{round(c['recall'] * c['rows'])}/{c['rows']}" for c in found["per_class"].values())
        areas = [metrics.auc(labels[mine] == k, said[mine][:, k]) for k in (0, 2)]
        lines.append(
            f"| {group} | {mine.sum()} of {sum(_group(row) == group for row in asked)} | {_value(found, 'accuracy')}"
            f" | {_value(found, 'macro_f1')} | {metrics.log_loss(labels[mine], np.maximum(said[mine], verdict.SMALLEST)):.3f} | {recalls} | {' | '.join('–' if a is None else f'{a:.3f}' for a in areas)} |"
        )
    return lines


def _group(row):
    return "pages" if row.source == "pages" else f"extra {row.layout}"


def _value(found, name):
    low, high = found["interval"][name]
    return f"{found[name]:.3f} ({low:.3f}–{high:.3f})"
