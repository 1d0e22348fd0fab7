"""Accuracy of every model, format and runtime under a protocol, against Keras, from kept probabilities."""

import json
import sys
from functools import lru_cache
from pathlib import Path

import numpy as np

from convert.formats import FORMATS
from ecg_edge.classifier.runtime import RUNTIMES
from ecg_edge.layout import CLASSES
from train import figures, metrics, predictions

from . import environment, out_of_fold, protocols

KERAS = ("keras", "tensorflow")
INFARCTION = CLASSES.index("infarction")
COVERAGES = (0.7, 0.9)
"""Shares of pages, the surest, of which the error is told."""
TRUST = {"ece": metrics.calibration_error, "brier": metrics.brier, "log_loss": metrics.log_loss}
DRAWS = 500


def measure(protocol, model, runtimes=tuple(RUNTIMES), folder=predictions.FOLDER):
    """Figures of one model for JSON: per format and runtime, per lead and per page, and paired against Keras.

    Raises
    ------
    FileNotFoundError : nothing is kept of the model, or of the int8 model by one of `runtimes`.
    """
    wanted = {("int8", runtime) for runtime in runtimes}
    scored = {}
    for key in (KERAS, *((form, runtime) for form in FORMATS for runtime in runtimes)):
        try:
            scored[key] = protocols.score(protocol, model, *key, folder)
        except FileNotFoundError:
            if key in wanted:
                raise
    entries = []
    for (form, runtime), found in scored.items():
        entry = {"format": form, "runtime": runtime, "made_by": found.made_by, **_figures(found)}
        if KERAS in scored and (form, runtime) != KERAS:
            for what in _verdicts(found):
                ours, theirs = _verdicts(found)[what], _verdicts(scored[KERAS])[what]
                truth, digests = _rows_of(found, what)
                entry[what]["against_keras"] = metrics.difference(truth, ours, theirs, digests)
        entries.append(entry)
    return {"model": model, "protocol": protocol, "formats": entries}


def _rows_of(found, what):
    count = found.leads.shape[1] if what == "leads" else 1
    return np.repeat(found.labels, count), np.repeat(found.digests, count)


def _verdicts(found):
    said = {"pages": found.pages.argmax(axis=-1)}
    # A model of whole pages has no word on a lead.
    return said if found.leads.shape[1] == 1 else {"leads": found.leads.argmax(axis=-1).ravel(), **said}


def _figures(found):
    report = {}
    for what, said in _verdicts(found).items():
        truth, digests = _rows_of(found, what)
        report[what] = metrics.summary(truth, said, digests)
    pages = report["pages"]
    pages["auc"] = {
        label: _with_bootstrap(found, lambda rows, k=k: metrics.auc(found.labels[rows] == k, found.pages[rows, k]))
        for k, label in enumerate(CLASSES)
    }
    pages["infarction_against_rest"] = _infarction(found)
    pages["nothing_chosen"] = {
        **metrics.summary(found.labels, found.plain.argmax(axis=1), found.digests),
        "doubt": _errors(found.labels, found.plain),
    }
    pages["calibration"] = {
        name + when: measure(found.labels, probabilities)
        for name, measure in TRUST.items()
        for when, probabilities in (("_before", found.plain), ("", found.pages))
    }
    pages["calibration"]["ece_by_chance"] = metrics.calibration_error_by_chance(found.pages)
    pages["doubt"] = _doubt(found)
    pages["chosen"] = [choice.to_dict() for choice in found.chosen]
    return report


def _infarction(found):
    """Sensitivity and specificity of the verdict `infarction`, and the AUC of its probability."""
    truth, said = found.labels == INFARCTION, found.pages.argmax(axis=1) == INFARCTION
    return {
        "auc": _with_bootstrap(found, lambda rows: metrics.auc(truth[rows], found.pages[rows, INFARCTION])),
        "sensitivity": _with_bootstrap(found, lambda rows: _share(said[rows], truth[rows])),
        "specificity": _with_bootstrap(found, lambda rows: _share(~said[rows], ~truth[rows])),
    }


def _doubt(found):
    """What the threshold of doubt does, and the error at `COVERAGES`."""
    wrong = found.pages.argmax(axis=1) != found.labels
    return {
        "coverage": float(found.sure.mean()),
        "error": float(wrong[found.sure].mean()) if found.sure.any() else None,
        **_errors(found.labels, found.pages),
    }


def _errors(labels, probabilities):
    """Shares of wrong verdicts, of all pages and of the surest."""
    coverage, error = metrics.risk_coverage(labels, probabilities)
    return {
        "error_at_coverage": {str(share): float(error[np.searchsorted(coverage, share)]) for share in COVERAGES},
        "error_of_all": float(error[-1]),
    }


def _with_bootstrap(found, statistic):
    """{value, interval} of a statistic of row numbers, drawn over distinct pages."""
    values = [value for value in map(statistic, _drawn_rows(tuple(found.digests))) if value is not None]
    tail = (1 - metrics.LEVEL) / 2
    interval = [float(value) for value in np.quantile(values, [tail, 1 - tail])] if values else None
    return {"value": statistic(np.arange(len(found.labels))), "interval": interval}


@lru_cache(maxsize=1)
def _drawn_rows(digests):
    """[(M,) numbers of rows], `DRAWS` of them: distinct pages drawn with replacement, each with all its rows."""
    names, page, count = np.unique(digests, return_inverse=True, return_counts=True)
    order, start = np.argsort(page, kind="stable"), np.cumsum(count) - count
    random, drawn = np.random.default_rng(metrics.SEED), []
    for _ in range(DRAWS):
        pages = random.integers(0, len(names), len(names))
        lengths = count[pages]
        first = start[pages] - (np.cumsum(lengths) - lengths)
        drawn.append(order[np.repeat(first, lengths) + np.arange(lengths.sum())])
    return drawn


def _share(said, among):
    return float(said[among].mean()) if among.any() else None


def to_markdown(reports, where):
    """Tables over all models: page and lead figures with intervals, differences to Keras, calibration, each class."""
    lines = [
        f"# Accuracy on `{where['protocol']}`",
        "",
        f"{protocols.PROTOCOLS[where['protocol']]}. 95 % intervals, bootstrap over distinct pages, differences paired. "
        f"Commit {where['commit']}.",
        "",
    ]
    entries = [(report["model"], entry) for report in reports for entry in report["formats"]]
    lines += _table(
        (
            "page accuracy",
            "page balanced accuracy",
            "page macro-F1",
            "lead accuracy",
            "Δ page macro-F1 to Keras",
            "Δ lead accuracy to Keras",
        ),
        entries,
        lambda entry: (
            _with_interval(entry["pages"], "accuracy"),
            _with_interval(entry["pages"], "balanced_accuracy"),
            _with_interval(entry["pages"], "macro_f1"),
            _with_interval(entry["leads"], "accuracy") if "leads" in entry else "–",
            _change(entry["pages"], "macro_f1"),
            _change(entry["leads"], "accuracy") if "leads" in entry else "–",
        ),
    )
    lines += ["", "Recall (precision) of pages by class:", ""]
    lines += _table(
        CLASSES, entries, lambda entry: [_of_class(entry["pages"]["per_class"][label]) for label in CLASSES]
    )
    lines += [
        "",
        "Pages with nothing chosen (the mean over leads) → with aggregation, temperature and bias as chosen on training pages."
        " In brackets the ECE that a model as sure as it is right would show on so many pages: mean, and 95 % quantile.",
        "",
    ]
    lines += _table(
        ("accuracy", "macro-F1", "ECE", "Brier", "log-loss", "error at 70 / 90 % coverage"),
        entries,
        lambda entry: _before_and_after(entry["pages"]),
    )
    lines += ["", "Infarction against the rest, and refusal by doubt (pages):", ""]
    lines += _table(
        ("AUC", "sensitivity", "specificity", "sure, error among them"), entries, lambda entry: _trust(entry["pages"])
    )
    return "\n".join(lines) + "\n"


def _table(titles, entries, cells):
    lines = [f"| model | format | runtime | {' | '.join(titles)} |", "|---|---|---|" + "---|" * len(titles)]
    return lines + [
        f"| {model} | {entry['format']} | {entry['made_by']} | {' | '.join(cells(entry))} |" for model, entry in entries
    ]


def _of_class(found):
    return f"{found['recall']:.3f} ({found['precision']:.3f}) of {found['rows']}"


def _before_and_after(pages):
    before, calibration, chance = pages["nothing_chosen"], pages["calibration"], pages["calibration"]["ece_by_chance"]
    errors = [
        " / ".join(f"{error:.3f}" for error in found["doubt"]["error_at_coverage"].values())
        for found in (before, pages)
    ]
    return (
        *(f"{before[name]:.3f} → {pages[name]:.3f}" for name in ("accuracy", "macro_f1")),
        f"{calibration['ece_before']:.3f} → {calibration['ece']:.3f} ({chance['mean']:.3f}, {chance['upper']:.3f})",
        *(f"{calibration[f'{name}_before']:.3f} → {calibration[name]:.3f}" for name in ("brier", "log_loss")),
        f"{errors[0]} → {errors[1]}",
    )


def _trust(pages):
    infarction, doubt = pages["infarction_against_rest"], pages["doubt"]
    sure = "–" if doubt["error"] is None else f"{doubt['coverage']:.3f}, {doubt['error']:.3f}"
    return (*(_value(infarction[name]) for name in ("auc", "sensitivity", "specificity")), sure)


def _value(found):
    if found["value"] is None:
        return "–"
    return f"{found['value']:.3f} ({found['interval'][0]:.3f}–{found['interval'][1]:.3f})"


def _with_interval(figures_of, name):
    low, high = figures_of["interval"][name]
    return f"{figures_of[name]:.4f} ({low:.3f}–{high:.3f})"


def _change(figures_of, name):
    if "against_keras" not in figures_of:
        return "–"
    change = figures_of["against_keras"][name]
    low, high = change["interval"]
    return f"{change['difference']:+.4f} ({low:+.4f} to {high:+.4f})"


def write(reports, protocol, out):
    """Write OUT/PROTOCOL/accuracy.json and accuracy.md, and for each model's int8 pictures; the Markdown."""
    out = Path(out) / protocol
    out.mkdir(parents=True, exist_ok=True)
    where = {"protocol": protocol, **environment.record()}
    (out / "accuracy.json").write_text(json.dumps({"environment": where, "models": reports}, indent=1) + "\n")
    markdown = to_markdown(reports, where)
    (out / "accuracy.md").write_text(markdown)
    for report in reports:
        _draw(report, protocol, out)
    return markdown


def _draw(report, protocol, out):
    model = report["model"]
    entry = next(entry for entry in report["formats"] if entry["format"] == "int8")
    found = protocols.score(protocol, model, "int8", entry["runtime"])
    for what in _verdicts(found):
        title = f"{model} int8, {protocol}, {what}"
        figures.draw_confusion(entry[what]["confusion"], title, out / f"{model}-int8-confusion-{what}.png")
    title = f"{model} int8, {protocol}"
    figures.draw_reliability(found.labels, found.plain, found.pages, title, out / f"{model}-int8-reliability.png")
    figures.draw_risk_coverage(found.labels, found.pages, title, out / f"{model}-int8-risk-coverage.png")


def add_options(command):
    """The options of `python -m benchmarks accuracy`."""
    command.add_argument("--model", "--models", dest="models", nargs="+", default=["cnn", "crnn", "page"])
    command.add_argument("--protocol", nargs="+", choices=tuple(protocols.PROTOCOLS), default=list(protocols.PROTOCOLS))
    command.add_argument("--runtime", nargs="+", choices=tuple(RUNTIMES), default=list(RUNTIMES))
    command.add_argument(
        "--rerun", action="store_true", help="train the fold models and predict anew, or go on with it"
    )
    command.add_argument("--runs", default="runs")
    command.add_argument("--out", default="benchmarks/results")


def run(options):
    """`python -m benchmarks accuracy`: 0, or 1 where nothing is kept for a protocol that was asked for."""
    for model in options.models if options.rerun else ():
        print(f"{model}: fold models ...", file=sys.stderr, flush=True)
        out_of_fold.run(model, options.runs)
    done = True
    for protocol in options.protocol:
        reports, missing = [], False
        for model in options.models:
            try:
                reports.append(measure(protocol, model, tuple(options.runtime)))
            except (FileNotFoundError, LookupError) as error:
                missing = missing or isinstance(error, FileNotFoundError)
                print(f"benchmarks: {error}", file=sys.stderr)
        if reports:
            print(write(reports, protocol, options.out))
        done = done and bool(reports or not missing)
    return 0 if done else 1
