"""python -m benchmarks summary: the table that a reader looks for, edge against float, of what the other commands have measured; `all` runs them."""

import argparse
import json
import sys
from pathlib import Path

from . import compare, formats, jobs

RESULTS = Path("benchmarks/results")


def rows(results):
    """[{model, format, runtime, …}] of every file by every runtime, from the JSON files in `results`; what was not measured is None."""
    latency, sizes, memory = (_load(results / f"{name}.json") or {} for name in ("latency", "size", "memory"))
    accuracy = _load(results / "distinct" / "accuracy.json") or {"models": []}
    runs = {(run["model"], run["format"], run["runtime"]): run for run in latency.get("runs", ()) if _is_plain(run)}
    peaks = {(run["model"], run["runtime"]): jobs.memory_mib(run).get("peak") for run in memory.get("reading", ())}
    reference = runs.get(("reference", "float32", "scikit-image, Keras"))
    found = []
    for (model, form, runtime), run in runs.items():
        if run.get("peer"):
            continue
        measured = "samples" in run
        held = reference is not None and measured
        found.append(
            {
                "model": model,
                "format": form,
                "runtime": runtime,
                "bytes": sizes.get("models", {}).get(model, {}).get(form),
                "accuracy": _accuracy(accuracy, model, form, runtime),
                "difference": _difference(accuracy, model, form, runtime),
                "shipped": _shipped(results, model, form, runtime),
                "total": run["stages"]["total"] if measured else None,
                "inference": run["stages"]["inference"] if measured else None,
                "faster": compare.ratio(reference["samples"]["total"], run["samples"]["total"]) if held else None,
                # Of int8 in a process that opens nothing else: `latency` loads the installed model and then the format's.
                "peak_mib": peaks.get((model, runtime)) if form == "int8" else jobs.memory_mib(run).get("peak"),
                "error": run.get("error"),
            }
        )
    return found


def _is_plain(run):
    return run["threads"] == 1 and run["kernels"] == "default"


def _load(path):
    return json.loads(path.read_text()) if path.is_file() else None


def _entry(accuracy, model, form, runtime):
    wanted = ("keras", "tensorflow") if form == "float32" else (form, runtime)
    entries = [e for m in accuracy["models"] if m["model"] == model for e in m["formats"]]
    return next((e for e in entries if (e["format"], e["runtime"]) == wanted), None)


def _accuracy(accuracy, model, form, runtime):
    """(accuracy, low, high) of pages on `distinct`, out of fold; float32 stands for Keras, whose numbers it gives."""
    entry = _entry(accuracy, model, form, runtime)
    return entry and (entry["pages"]["accuracy"], *entry["pages"]["interval"]["accuracy"])


def _difference(accuracy, model, form, runtime):
    """(difference to float, low, high) on the same pages, paired."""
    entry = _entry(accuracy, model, form, runtime)
    paired = entry and entry["pages"].get("against_keras")
    return paired and (paired["accuracy"]["difference"], *paired["accuracy"]["interval"])


def _shipped(results, model, form, runtime):
    """(difference to Keras, low, high) in the accuracy of pages of the shipped weights, where parity was measured on pages beyond training."""
    parity = _load(results / "all" / f"{model}-parity.json") or {}
    found = parity.get("formats", {}).get(form, {}).get(runtime)
    pages = found.get("pages") if isinstance(found, dict) else None
    paired = pages.get("accuracy") if isinstance(pages, dict) else None
    return (paired["difference"], *paired["interval"]) if isinstance(paired, dict) else None


def _words(value, digits=3, sign=""):
    if value is None:
        return "–"
    middle, low, high = value
    return f"{middle:{sign}.{digits}f} ({low:{sign}.{digits}f} to {high:{sign}.{digits}f})"


def to_markdown(found, where):
    """The table, and how to make it again."""
    lines = [
        "# Edge against float, one page",
        "",
        "`distinct`: 490 pages, out of fold, models that saw neither page nor printed identity; differences are paired, int8 against the same weights in"
        " Keras float32; all intervals are 95 %. Fold models are not kept: float16 and dynamic range have the shipped weights' difference to Keras instead, on"
        " pages that these were not trained on (225, `uncurated`; of `page`, which saw all pages in the end, on those). Time: one thread, a 2213 × 1572 report page from its bytes to the verdict, all rows by turns.",
        "",
        f"{where['cpu']}, {where['cores']} cores, load {where['load_average'][0]:.1f}, Python {where['python']}, commit {where['commit']}.",
        "",
        "| model | format | runtime | accuracy, `distinct` | Δ to float, `distinct` | Δ to float, shipped weights | ms for a page | of it inference | reference ÷ this | MB on disk | peak MiB |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in found:
        head = f"| `{row['model']}` | {row['format']} | {row['runtime']} |"
        cells = [_words(row["accuracy"]), _words(row["difference"], sign="+"), _words(row["shipped"], sign="+")]
        if row["error"]:
            cells += ["cannot be loaded", "–", "–"]
        else:
            total, inference = row["total"], row["inference"]
            cells += [f"{total['median']:.0f} ({total['low']:.0f}–{total['high']:.0f})", f"{inference['median']:.1f}"]
            cells.append(compare.words(row["faster"], 1) if row["faster"] else "–")
        cells.append(f"{row['bytes'] / 1e6:.2f}" if row["bytes"] else "–")
        cells.append(f"{row['peak_mib']:.0f}" if row["peak_mib"] else "–")
        lines.append(f"{head} {' | '.join(cells)} |")
    return "\n".join(lines) + "\n" + HOW


HOW = """
Files beside this one: `latency.md` (all stages, the reference, Keras, ONNX Runtime, MobileNetV2), `memory.md`, `size.md`, `scale.md`, `distinct/accuracy.md`. What they say,
and how another machine's figures are sent: [docs/benchmarks.md](../../docs/benchmarks.md).

```sh
make bench                                       # all of it; under a quarter of an hour
python -m benchmarks latency --threads 1 2       # and memory, size, scale, summary: each alone
```
"""


def add_options(command):
    """The options of `python -m benchmarks summary`."""
    command.add_argument("--out", type=Path, default=RESULTS)


def run(options):
    """`python -m benchmarks summary`."""
    latency = _load(options.out / "latency.json")
    if latency is None:
        raise FileNotFoundError(f"no {options.out / 'latency.json'}: run 'python -m benchmarks latency'")
    markdown = to_markdown(rows(options.out), latency["environment"])
    (options.out / "README.md").write_text(markdown)
    print(markdown)


def add_all_options(command):
    """The options of `python -m benchmarks all`."""
    command.add_argument("--out", type=Path, default=RESULTS)
    command.add_argument(
        "--seconds", type=float, default=3.0, help="limit for each measurement in each round (default 3)"
    )
    command.add_argument("--rounds", type=int, default=2)
    command.add_argument("--count", type=int, default=100, help="pages one after the other (default 100)")


def run_all(options):
    """`python -m benchmarks all`: every command of cost with its defaults, accuracy from the kept probabilities, and the table of all."""
    from . import accuracy, floors, latency, memory, scale, size

    out = ["--out", str(options.out)]
    pace = ["--rounds", str(options.rounds), "--seconds", str(options.seconds)]
    for module, arguments in (
        (accuracy, out), (formats, []), (latency, out + pace), (memory, out), (size, out), (floors, out), (scale, [*out, *pace, "--count", str(options.count)]),
    ):  # fmt: skip
        print(f"== {module.__name__.split('.')[-1]}", file=sys.stderr, flush=True)
        parser = argparse.ArgumentParser()
        module.add_options(parser)
        module.run(parser.parse_args(arguments))
    run(options)
