"""Time of one page, per stage, for each model, format and runtime; each measured in a process of its own."""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from convert.formats import FORMATS
from ecg_edge.errors import EcgEdgeError
from ecg_edge.layout import REPORT
from ecg_edge.runtime import RUNTIMES

from . import environment

STAGES = ("open", "page", "leads", "filters", "trace", "inference", "verdict", "total")


def find_files(models, shipped="models", runs="runs"):
    """{(model, format): path} of all .tflite files that are there: shipped ones, else those of a run."""
    found = {}
    for model in models:
        for form in FORMATS:
            suffix = "" if form == "int8" else f"-{form}"
            places = (
                Path(shipped) / f"{model}{suffix}.tflite",
                Path(runs) / "paper" / model / f"{model}-{form}.tflite",
            )
            there = [path for path in places if path.is_file()]
            if there:
                found[model, form] = there[0]
    return found


def measure(files, runtimes, threads, pages, warm_up=3, repetitions=30):
    """[{model, format, runtime, threads, stages}] of each file by each runtime; what cannot run says why in `error`."""
    results = []
    for (model, form), path in files.items():
        for runtime in runtimes:
            for count in threads:
                job = {"model": model, "format": form, "file": str(path), "runtime": runtime, "threads": count,
                       "pages": [str(page) for page in pages], "warm_up": warm_up, "repetitions": repetitions}  # fmt: skip
                print(f"{model} {form} {runtime} {count} thread(s) ...", file=sys.stderr, flush=True)
                done = subprocess.run([sys.executable, "-m", "benchmarks.latency"], input=json.dumps(job), text=True,
                                      capture_output=True, check=False)  # fmt: skip
                answer = json.loads(done.stdout) if done.returncode == 0 else {"error": _last_line(done.stderr)}
                results.append({key: job[key] for key in ("model", "format", "runtime", "threads")} | answer)
    return results


def measure_one(job):
    """Time one file by one runtime in this process: {stage: {median, p90}} in milliseconds, and who did it."""
    from ecg_edge import card
    from ecg_edge.reader import Reader
    from ecg_edge.runtime import Network, find_runtime

    reader = Reader(job["model"] if (card.models_folder() / f"{job['model']}.json").is_file() else None, job["threads"],
                    runtime=job["runtime"])  # fmt: skip
    # The stages around the network are the reader's own; only the network is another format's.
    reader.network = Network(Path(job["file"]).read_bytes(), find_runtime(job["runtime"]), job["threads"])
    data = [Path(page).read_bytes() for page in job["pages"]]
    rounds = job["warm_up"] + job["repetitions"]
    taken = []
    for i in range(rounds):
        start = time.perf_counter()
        result = reader.read(data[i % len(data)])
        total = (time.perf_counter() - start) * 1000
        if result.verdict is None:
            raise SystemExit(f"{job['pages'][i % len(data)]}: {result.message}")
        # What a model does without takes no time.
        taken.append([*(result.timing_ms.get(stage, 0.0) for stage in STAGES[:-1]), total])
    times = np.array(taken[job["warm_up"] :])
    return {
        "runtime_version": reader.network.runtime.version,
        "repetitions": job["repetitions"],
        "stages": {
            stage: {"median": float(np.median(times[:, i])), "p90": float(np.quantile(times[:, i], 0.9))}
            for i, stage in enumerate(STAGES)
        },
    }


def to_markdown(results, where):
    """A table of medians, p90 in brackets, with each row's ratio to the same model's float32 in the same runtime."""
    lines = [
        "# Latency of one page",
        "",
        f"{where['cpu']}, {where['cores']} cores, load {where['load_average'][0]:.1f}; Python {where['python']}. Milliseconds for one"
        f" {REPORT.width_px} × {REPORT.height_px} JPEG, median (p90). Ratios hold between machines better than times.",
        "",
        "| model | format | runtime | threads | open | page | filters | inference | total | inference ÷ float32 |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    base = {(r["model"], r["runtime"], r["threads"]): r["stages"]["inference"]["median"]
            for r in results if r["format"] == "float32" and "stages" in r}  # fmt: skip
    for r in results:
        head = f"| {r['model']} | {r['format']} | {r['runtime']} | {r['threads']} |"
        if "error" in r:
            lines.append(f"{head} {r['error']} | | | | | |")
            continue
        cells = [
            f"{r['stages'][s]['median']:.1f} ({r['stages'][s]['p90']:.1f})"
            for s in ("open", "page", "filters", "inference", "total")
        ]
        against = base.get((r["model"], r["runtime"], r["threads"]))
        cells.append(f"{r['stages']['inference']['median'] / against:.2f}" if against else "–")
        lines.append(f"{head} {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def draw(results, path):
    """Stacked bars of the stages' medians."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    shown = [r for r in results if "stages" in r]
    names = [f"{r['model']} {r['format']}\n{r['runtime']}, {r['threads']} thread(s)" for r in shown]
    figure, axis = plt.subplots(figsize=(9, 0.5 * len(shown) + 1.5), layout="constrained")
    left = np.zeros(len(shown))
    for stage in STAGES[:-1]:
        widths = np.array([r["stages"][stage]["median"] for r in shown])
        axis.barh(names, widths, left=left, label=stage)
        left += widths
    axis.invert_yaxis()
    axis.set(xlabel="milliseconds for a page (medians)", title="Where the time of one page goes")
    axis.legend(ncols=6, loc="upper center", bbox_to_anchor=(0.5, -0.1 if len(shown) > 6 else -0.3))
    figure.savefig(path, dpi=100, metadata={"Software": None})
    plt.close(figure)


def write(results, out):
    """Write OUT/latency.json, latency.md and latency.png; the Markdown."""
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    where = environment.record()
    (out / "latency.json").write_text(json.dumps({"environment": where, "results": results}, indent=1) + "\n")
    markdown = to_markdown(results, where)
    (out / "latency.md").write_text(markdown)
    draw(results, out / "latency.png")
    return markdown


def add_options(command):
    """The options of `python -m benchmarks latency`."""
    command.add_argument("--models", nargs="+", default=["cnn", "crnn"])
    command.add_argument("--runtimes", nargs="+", choices=tuple(RUNTIMES), default=list(RUNTIMES))
    command.add_argument("--threads", nargs="+", type=int, default=[1])
    command.add_argument("--pages", nargs="+", type=Path, help="report pages (default: those of tests/data)")
    command.add_argument("--warm-up", type=int, default=3)
    command.add_argument("--repetitions", type=int, default=30)
    command.add_argument("--out", default="benchmarks/results")


def run(options):
    """`python -m benchmarks latency`."""
    pages = options.pages or [
        Path("tests/data") / f"{name}.jpg" for name in ("normal", "abnormal", "infarction", "history")
    ]
    missing = [str(page) for page in pages if not page.is_file()]
    files = find_files(options.models)
    if missing or not files:
        raise argparse.ArgumentTypeError(f"not there: {', '.join(missing) or 'any model file'}")
    results = measure(files, options.runtimes, options.threads, pages, options.warm_up, options.repetitions)
    print(write(results, options.out))


def _last_line(text):
    lines = text.strip().splitlines()
    return lines[-1] if lines else "ended without a word"


if __name__ == "__main__":
    try:
        print(json.dumps(measure_one(json.load(sys.stdin))))
    except EcgEdgeError as error:
        sys.exit(str(error))
