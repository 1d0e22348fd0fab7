"""python -m benchmarks latency: time of one page by stage, for each model, format, runtime and kernel set, against the reference and peers.

Every measurement has a process of its own, and all take turns (`jobs`), so that ratios hold whatever else the machine does.
"""

import argparse
from pathlib import Path

import numpy as np

from ecg_edge.classifier.runtime import RUNTIMES
from ecg_edge.diagnostics.page_cost import SCHEMA
from ecg_edge.layout import REPORT
from ecg_edge.result import STAGES

from . import compare, environment, formats, jobs

HALF = "models/cnn-float16.tflite"
KERNELS = {"default": "", "builtin": " without XNNPACK"}
OTHERS = ("reference", "keras", "onnx", "mobilenet")
SHOWN = ("open", "page", "filters", "trace", "inference")
PAGES = [Path("tests/data") / f"{name}.jpg" for name in ("normal", "abnormal", "infarction", "history")]


def edge_jobs(files, runtimes, threads, kernels, pages, most_s):
    """A job for each model file by each runtime, number of threads and kernel set."""
    found = []
    for (model, form), path in files.items():
        for runtime in runtimes:
            for count in threads:
                for kernel in kernels:
                    about = {"model": model, "format": form, "runtime": runtime, "threads": count, "kernels": kernel}
                    title = f"{model} {form}, {runtime}{KERNELS[kernel]}, {count} thread(s)"
                    held = {"file": str(path), "pages": [str(page) for page in pages], "most_s": most_s}
                    found.append({"module": "ecg_edge.diagnostics.page_cost", "title": title} | about | held)
    return found


def other_jobs(others, pages, most_s):
    """The reference, and peers of the paper's CNN, on one thread: those of `others`."""
    same = {"threads": 1, "kernels": "default", "most_s": most_s, "file": HALF}
    reference = {"model": "reference", "format": "float32", "runtime": "scikit-image, Keras"}
    found = [
        {"module": "benchmarks.reference", "pages": [str(page) for page in pages], "peer": "reference"}
        | reference
        | same
    ]
    for peer, model, form, runtime in (
        ("keras", "cnn", "float32", "Keras, 13 leads at once"),
        ("onnx", "cnn", "float32", "ONNX Runtime"),
        ("mobilenet", "MobileNetV2", "float32", "ai-edge-litert"),
        ("mobilenet", "MobileNetV2", "int8", "ai-edge-litert"),
    ):
        about = {"peer": peer, "model": model, "format": form, "runtime": runtime}
        found.append({"module": "benchmarks.peers"} | about | same)
    return [
        job | {"title": f"{job['model']} {job['format']}, {job['runtime']}"} for job in found if job["peer"] in others
    ]


def to_markdown(report):
    """A table of medians, with each row's ratio to the reference and of its inference to float32 by the same runtime."""
    where, runs = report["environment"], report["runs"]
    reference = next((run for run in runs if run["model"] == "reference" and "samples" in run), None)
    base = {
        (run["model"], run["runtime"], run["threads"], run["kernels"]): run
        for run in runs
        if run["format"] == "float32"
    }
    lines = [
        "# Latency of one page",
        "",
        f"{where['cpu']}, {where['cores']} cores, load {where['load_average'][0]:.1f} before and {report['load_average_after'][0]:.1f} after; Python"
        f" {where['python']}, commit {where['commit']}. Milliseconds for one {REPORT.width_px} × {REPORT.height_px} JPEG, medians; in brackets 95 %"
        f" intervals. All rows were measured by turns in {report['rounds']} rounds, each in a process of its own. Ratios hold between machines better than times.",
        "",
        "| model | runtime | threads | open | page | filters | trace | inference | total | p90 | p99 | processor | float32 ÷ this, inference | reference ÷ this | … by the processor's time |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for run in runs:
        head = f"| {run['model']} {run['format']} | {run['runtime']}{KERNELS[run['kernels']]} | {run['threads']} |"
        if "error" in run:
            lines.append(f"{head} {run['error']} | | | | | | | | | |")
            continue
        stages = run["stages"]
        cells = [f"{stages[s]['median']:.1f}" if stages.get(s, {}).get("median") else "–" for s in SHOWN]
        total, whole = stages["total"], "filters" in stages
        cells += [f"{total['median']:.1f} ({total['low']:.1f}–{total['high']:.1f})" if whole else "–"]
        cells += [f"{total['p90']:.1f}", f"{total['p99']:.1f}"] if whole else ["–", "–"]
        cells.append(f"{stages['cpu']['median']:.1f}")
        against = base.get((run["model"], run["runtime"], run["threads"], run["kernels"]))
        own = run["samples"]["inference"]
        known = against is not None and "samples" in against and against is not run
        cells.append(compare.words(compare.ratio(against["samples"]["inference"], own)) if known else "–")
        faster = whole and reference is not None and run is not reference
        for stage in ("total", "cpu"):
            ratio = compare.ratio(reference["samples"][stage], run["samples"][stage]) if faster else None
            cells.append(compare.words(ratio, 1) if ratio else "–")
        lines.append(f"{head} {' | '.join(cells)} |")
    return "\n".join([*lines, "", *_floors(runs)]) + "\n"


def _floors(runs):
    """Lines that say how far whole pages are from decoding alone."""
    found = []
    for run in runs:
        if "decode" in run and run["format"] == "int8" and run["kernels"] == "default":
            times = run["stages"]["total"]["median"], run["decode"]["median"]
            found.append(f"- {run['title']}: {times[0] / times[1]:.1f} × decoding the JPEG alone ({times[1]:.1f} ms)")
    return ["A page against the decoding of its JPEG in the same process:", "", *found] if found else []


def draw(report, path):
    """Stacked bars of the stages' medians."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    shown = [run for run in report["runs"] if "filters" in run.get("stages", {})]
    names = [run["title"].replace(", ", "\n", 1) for run in shown]
    figure, axis = plt.subplots(figsize=(10, 0.5 * len(shown) + 1.8), layout="constrained")
    left = np.zeros(len(shown))
    for stage in STAGES[:-1]:
        widths = np.array([run["stages"].get(stage, {"median": 0.0})["median"] for run in shown])
        axis.barh(names, widths, left=left, label=stage)
        left += widths
    for row, width in enumerate(left):
        axis.text(width, row, f" {width:.0f}", va="center", fontsize=8)
    axis.invert_yaxis()
    axis.tick_params(axis="y", labelsize=8)
    axis.set(
        xlabel="milliseconds for a page (sum of the stages' medians)",
        xscale="linear",
        title="Where the time of one page goes",
    )
    axis.set_xlim(0, 1.08 * left.max())
    figure.legend(*axis.get_legend_handles_labels(), ncols=7, loc="outside lower center")
    figure.savefig(path, dpi=100, metadata={"Software": None})
    plt.close(figure)


def write(report, out):
    """Write OUT/latency.json, latency.md and latency.png; the Markdown."""
    markdown = jobs.keep(Path(out), "latency", report, to_markdown(report), indent=None)
    draw(report, Path(out) / "latency.png")
    return markdown


def add_options(command):
    """The options of `python -m benchmarks latency`."""
    command.add_argument("--models", nargs="+", default=["page", "cnn", "crnn"])
    command.add_argument("--formats", nargs="+", choices=formats.FORMATS, default=list(formats.FORMATS))
    command.add_argument("--runtimes", nargs="+", choices=tuple(RUNTIMES), default=list(RUNTIMES))
    command.add_argument("--threads", nargs="+", type=int, default=[1])
    command.add_argument("--kernels", nargs="+", choices=tuple(KERNELS), default=["default"])
    command.add_argument("--pages", nargs="+", type=Path, help="report pages (default: those of tests/data)")
    command.add_argument(
        "--others", nargs="*", choices=OTHERS, default=list(OTHERS), help="the reference and peers (default: all)"
    )
    command.add_argument("--rounds", type=int, default=jobs.ROUNDS)
    command.add_argument(
        "--seconds", type=float, default=3.0, help="limit for each measurement in each round (default 3)"
    )
    command.add_argument("--out", default="benchmarks/results")


def run(options):
    """`python -m benchmarks latency`."""
    pages = options.pages or PAGES
    missing = [str(page) for page in pages if not page.is_file()]
    if missing:
        raise argparse.ArgumentTypeError(f"not there: {', '.join(missing)}")
    files = {key: path for key, path in formats.files_of(options.models).items() if key[1] in options.formats}
    if not files:
        raise argparse.ArgumentTypeError(f"not there: any file of {', '.join(options.models)}")
    todo = edge_jobs(files, options.runtimes, options.threads, options.kernels, pages, options.seconds)
    for job in other_jobs(options.others, pages, options.seconds):
        if job.get("peer") in ("onnx", "mobilenet"):
            jobs.answer(job | {"most_s": 0})  # what they run is made first, in another process
        todo.append(job)
    where = environment.record()
    runs = jobs.interleaved(todo, options.rounds)
    after = environment.record()["load_average"]
    report = {
        "schema": SCHEMA,
        "environment": where,
        "load_average_after": after,
        "rounds": options.rounds,
        "runs": runs,
    }
    print(write(report, options.out))
