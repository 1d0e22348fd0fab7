"""python -m benchmarks compare A.json B.json: how much faster one is than the other, with intervals."""

import json
from pathlib import Path

import numpy as np

DRAWS = 2000
KEY = ("model", "format", "runtime", "threads", "kernels")


def ratio(before, after, draws=DRAWS, seed=0):
    """(ratio, low, high): the median of `before` over that of `after`, above 1 where the latter is faster, with a 95 % bootstrap interval.

    References
    ----------
    Efron B., Tibshirani R., "An Introduction to the Bootstrap", 1993, chapter 13: the percentile interval.
    """
    before, after = np.asarray(before, float), np.asarray(after, float)
    rng = np.random.default_rng(seed)
    drawn = [np.median(rng.choice(times, (draws, len(times))), axis=1) for times in (before, after)]
    low, high = np.quantile(drawn[0] / drawn[1], (0.025, 0.975))
    return float(np.median(before) / np.median(after)), float(low), float(high)


def words(found, digits=2):
    """A ratio as text: 2.41 (2.33–2.50)."""
    value, low, high = found
    return f"{value:.{digits}f} ({low:.{digits}f}–{high:.{digits}f})"


def runs_of(report):
    """{(model, format, runtime, threads, kernels): run} of a report of `ecg-edge bench` or of `python -m benchmarks latency`."""
    runs = report.get("runs") or report.get("results") or []
    return {tuple(run.get(key) for key in KEY): run for run in runs if "samples" in run}


def to_markdown(first, second, names, stage="total"):
    """The table of what both reports measured."""
    before, after = runs_of(first), runs_of(second)
    shared = [key for key in before if key in after]
    lines = [
        f"{stage}: {names[0]} ÷ {names[1]}, above 1 where {names[1]} is faster; medians, 95 % bootstrap intervals.",
        "",
        f"| model | runtime | threads | {names[0]}, ms | {names[1]}, ms | ratio |",
        "|---|---|---|---|---|---|",
    ]
    for key in shared:
        times = [runs[key]["samples"][stage] for runs in (before, after)]
        cells = [f"{np.median(part):.1f}" for part in times]
        lines.append(f"| {key[0]} {key[1]} | {key[2]} | {key[3]} | {' | '.join(cells)} | {words(ratio(*times))} |")
    where = [report["environment"] for report in (first, second)]
    if where[0]["cpu"] != where[1]["cpu"]:
        lines += ["", f"Two machines: {where[0]['cpu']} and {where[1]['cpu']}."]
    loads = " and ".join(f"{report['load_average'][0]:.1f}" for report in where)
    return (
        "\n".join(
            [
                *lines,
                "",
                f"Load {loads}. Only what was measured in one run by turns is free of what else the machines did.",
            ]
        )
        + "\n"
    )


def add_options(command):
    """The options of `python -m benchmarks compare`."""
    command.add_argument("first", type=Path)
    command.add_argument("second", type=Path)
    command.add_argument(
        "--stage", default="total", help="open, page, trace, filters, inference, verdict or total (default)"
    )


def _report(path):
    """The report that a file holds."""
    try:
        report = json.loads(path.read_text())
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise SystemExit(f"{path}: no report can be read from it ({error})") from None
    if not isinstance(report, dict):
        raise SystemExit(f"{path}: this is no report of 'ecg-edge bench' or of the benchmark latency")
    return report


def run(options):
    """`python -m benchmarks compare`."""
    reports = [_report(path) for path in (options.first, options.second)]
    if not set(runs_of(reports[0])) & set(runs_of(reports[1])):
        raise RuntimeError("the two files measured nothing in common")
    print(to_markdown(*reports, [options.first.stem, options.second.stem], options.stage))
