"""python -m train split | prepare | fit | evaluate | page | centreline | misread | parts."""

import argparse
import json
import statistics
import sys
from pathlib import Path

from ecg_edge.layout import CLASSES, REPORT

from . import architectures, centreline, dataset, misread_leads, page_command, page_parts, predictions, prepare, splits


def main(argv=None):
    """Run the command line; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m train", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("split", help="make the splits anew from the data")
    command.add_argument("--data", help="folder of the data (default: $ECG_EDGE_DATA)")
    command.set_defaults(run=_split)
    command = commands.add_parser("prepare", help="preprocess every lead once, into a cache")
    command.add_argument("--data", help="folder of the data (default: $ECG_EDGE_DATA)")
    command.add_argument("--cache", default=prepare.CACHE)
    command.add_argument("--images", metavar="DIR", help="write the leads as the paper stores them, too")
    command.add_argument("--jobs", type=int, default=2)
    command.set_defaults(run=_prepare)
    command = commands.add_parser("fit", help="train a model, or go on where a run was killed")
    command.add_argument("--model", choices=("cnn", "crnn"), required=True)
    command.add_argument("--split", choices=("paper", "distinct", "all"), default="paper")
    command.add_argument("--fold", type=int, choices=range(splits.FOLDS))
    command.add_argument("--cache", default=prepare.CACHE)
    command.add_argument("--runs", default="runs", help="where runs are kept")
    command.set_defaults(run=_fit)
    command = commands.add_parser("evaluate", help="figures of a trained model on the paper's split")
    command.add_argument("--model", choices=("cnn", "crnn"), required=True)
    command.add_argument("--cache", default=prepare.CACHE)
    command.add_argument("--runs", default="runs")
    command.add_argument(
        "--predictions", default=predictions.FOLDER, help="where the Keras model's probabilities are kept"
    )
    command.add_argument("--rerun", action="store_true", help="predict anew even where probabilities are kept")
    command.add_argument("--out", default="benchmarks/results/paper")
    command.set_defaults(run=_evaluate, split="paper", fold=None)
    page_command.add_options(commands)
    command = commands.add_parser("centreline", help="the network that follows the middle of strokes, to its weights")
    command.add_argument("--data", help="folder of the data (default: $ECG_EDGE_DATA)")
    command.add_argument("--pages", type=int, default=centreline.PAGES, help="how many pages are drawn")
    command.add_argument("--epochs", type=int, default=centreline.EPOCHS)
    command.add_argument("--jobs", type=int, default=2)
    command.add_argument("--out", type=Path, default=centreline.OUT)
    command.set_defaults(run=_centreline)
    command = commands.add_parser(
        "misread", help="the trees that say which leads were misread; goes on where it was stopped"
    )
    command.add_argument("--data", help="folder of the data (default: $ECG_EDGE_DATA)")
    command.add_argument("--pages", type=int, default=misread_leads.PAGES, help="how many pages are drawn and read")
    command.add_argument("--jobs", type=int, default=2)
    command.add_argument("--out", type=Path, default=misread_leads.OUT)
    command.set_defaults(run=_misread)
    command = commands.add_parser(
        "parts", help="the network that says what each spot of a page is; goes on where it was killed"
    )
    command.add_argument("--data", help="folder of the data (default: $ECG_EDGE_DATA)")
    command.add_argument("--apart", type=int, choices=range(page_parts.GROUPS), help="leave this group of families out")
    command.add_argument("--each", type=int, default=page_parts.EACH, help="pages of each family")
    command.add_argument("--steps", type=int, default=page_parts.STEPS)
    command.add_argument("--jobs", type=int, default=1, help="processes that draw, and threads that train")
    command.add_argument("--runs", type=Path, default=page_parts.FOLDER)
    command.set_defaults(run=_parts)
    options = parser.parse_args(argv)
    try:
        return options.run(options)
    except (FileNotFoundError, ValueError) as error:
        print(f"train: {error}", file=sys.stderr)
        return 1


def run_folder(options):
    """The folder of one training: RUNS/SPLIT[-FOLD]/MODEL."""
    split = f"distinct-{options.fold}" if options.split == "distinct" else options.split
    return Path(options.runs) / split / options.model


def _split(options):
    pages = dataset.read_pages(options.data, extra=True)
    splits.write_paper(splits.make_paper([page for page in pages if not page.extra]))
    splits.write_distinct(splits.make_distinct(pages))
    return 0


def _prepare(options):
    pages = dataset.read_pages(options.data, extra=True)
    count = prepare.prepare(pages, options.cache, options.jobs)
    print(f"{count} pages of layout {REPORT.name} in {options.cache}")
    if options.images:
        parts = {part: [(r.name, r.sha256) for r in splits.read_paper() if r.part == part] for part in splits.PARTS}
        prepare.write_images(pages, parts, options.images)
    return 0


def _fit(options):
    from . import fit

    cache = prepare.LeadCache(options.cache)
    parts = splits.parts_of(options.split, options.fold)
    for part, rows in parts.items():
        counts = {label: sum(i == index for _, i in rows) for index, label in enumerate(CLASSES)}
        print(f"{part}: {len(rows)} pages {counts}")
    epochs = _median_of_best_epochs(options) if options.split == "all" else architectures.EPOCHS
    print(fit.fit(options.model, parts, cache, run_folder(options), epochs=epochs))
    return 0


def _median_of_best_epochs(options):
    """The epochs that the shipped model is trained for: the median of the folds' best."""
    runs = [predictions.record_of(f"distinct-{fold}", options.model) for fold in range(splits.FOLDS)]
    missing = [str(run) for run in runs if not run.is_file()]
    if missing:
        raise FileNotFoundError(f"no {missing[0]}: run 'python -m benchmarks accuracy --model {options.model} --rerun'")
    return round(statistics.median(json.loads(run.read_text())["best_epoch"] for run in runs))


def _centreline(options):
    found = centreline.make(options.pages, options.epochs, options.jobs, options.data, options.out)
    print(f"{options.out}: " + ", ".join(f"{name} {value:.4g}" for name, value in found.items()))
    return 0


def _misread(options):
    found = misread_leads.make(options.pages, options.jobs, options.data, options.out)
    print(f"{options.out}: " + ", ".join(f"{name} {value:.4g}" for name, value in found.items()))
    return 0


def _parts(options):
    print(page_parts.make(options.apart, options.steps, options.each, options.jobs, options.data, options.runs))
    return 0


def _evaluate(options):
    from . import evaluate

    parts = splits.parts_of("paper")
    path = predictions.path_of("paper", options.model, "keras", "tensorflow", options.predictions)
    if options.rerun or not path.is_file():
        weights = run_folder(options) / "best.keras"
        if not weights.is_file():
            raise FileNotFoundError(f"no {weights}: run 'python -m train fit --model {options.model}'")
        digests = [digest for rows in parts.values() for digest, _ in rows]
        predictions.save(evaluate.keras_predictions(weights, prepare.LeadCache(options.cache), digests), path)
    report = evaluate.evaluate(options.model, predictions.load(path), parts)
    evaluate.write(report, run_folder(options), options.out)
    print(evaluate.to_markdown(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
