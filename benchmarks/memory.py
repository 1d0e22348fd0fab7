"""python -m benchmarks memory: what a process holds after imports, after loading, at its peak; checked bytes against a mapped file."""

import json
import sys
import time
from importlib import import_module
from pathlib import Path

from ecg_edge.classifier.runtime import RUNTIMES
from ecg_edge.diagnostics.page_cost import SCHEMA, in_both_units, peak_mib, resident_mib

from . import environment, formats, jobs
from .latency import PAGES


def measure(job):
    """What one process holds that loads a model in one way and runs it once: {samples: {"load": [ms]}, memory_mib, memory_mb}."""
    import numpy as np

    import_module("ecg_edge.classifier.card")  # what a reader imports counts before
    from ecg_edge.classifier.runtime import Network, find_runtime

    runtime = find_runtime(job["runtime"])
    memory, start = {"imports": resident_mib()}, time.perf_counter()
    if job["way"] == "mapped":
        interpreter = runtime.interpreter.Interpreter(model_path=job["file"], num_threads=1)
        detail = interpreter.get_input_details()[0]
        interpreter.allocate_tensors()
        memory["loaded"], loaded = resident_mib(), time.perf_counter()
        interpreter.set_tensor(detail["index"], np.zeros(detail["shape"], detail["dtype"]))
        interpreter.invoke()
    else:
        import hashlib

        data = Path(job["file"]).read_bytes()
        hashlib.sha256(data).hexdigest()
        network = Network(data, runtime)
        memory["loaded"], loaded = resident_mib(), time.perf_counter()
        levels = network.quantisation()["input"]
        network.run(np.zeros((1, *network.input_shape), levels["dtype"]))
    memory |= {"run": resident_mib(), "peak": peak_mib()}
    return {"samples": {"load": [(loaded - start) * 1000]}} | in_both_units(memory)


def report(models, runtimes, pages):
    """The whole report, as JSON."""
    todo = []
    for (model, form), path in formats.files_of(models).items():
        for runtime in runtimes:
            about = {"model": model, "format": form, "runtime": runtime, "file": str(path)}
            for way in ("checked bytes", "mapped"):
                title = f"{model} {form}, {runtime}, {way}"
                todo.append({"module": "benchmarks.memory", "way": way, "title": title} | about)
    reading = [
        {"module": "ecg_edge.diagnostics.page_cost", "model": model, "runtime": runtime, "threads": 1, "most_s": 0, "title": f"{model}, {runtime}",
         "pages": [str(page) for page in pages]}
        for model in models for runtime in runtimes
    ]  # fmt: skip
    return {
        "schema": SCHEMA,
        "environment": environment.record(),
        "loading": jobs.interleaved(todo, 1),
        "reading": jobs.interleaved(reading, 1),
    }


def to_markdown(found):
    """Two tables: loading, and reading pages."""
    lines = [
        "# Memory",
        "",
        "MiB that the process holds (VmRSS; VmHWM for the peak); each row is a process of its own.",
        "",
        "## Reading report pages",
        "",
        "| model, int8 | runtime | at start | imports | model loaded | between pages | peak |",
        "|---|---|---|---|---|---|---|",
    ]
    for run in found["reading"]:
        if "error" in run:
            lines.append(f"| {run['model']} | {run['runtime']} | {run['error']} | | | | |")
            continue
        memory = jobs.memory_mib(run)
        cells = " | ".join(f"{memory[name]:.0f}" for name in ("start", "imports", "loaded", "between_pages", "peak"))
        lines.append(f"| {run['model']} | {run['runtime']} | {cells} |")
    lines += [
        "",
        "## Loading: bytes that were read and checked, against the mapped file",
        "",
        "`imports` is before the model; after loading, after one run of a batch of one, and the peak. Reading and hashing are in the time.",
        "",
        "| model | runtime | way | imports | loaded | after one run | peak | ms to load |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for run in found["loading"]:
        head = f"| {run['model']} {run['format']} | {run['runtime']} | {run['way']} |"
        if "error" in run:
            lines.append(f"{head} {run['error']} | | | | |")
            continue
        cells = " | ".join(f"{jobs.memory_mib(run)[name]:.0f}" for name in ("imports", "loaded", "run", "peak"))
        lines.append(f"{head} {cells} | {run['stages']['load']['median']:.0f} |")
    return "\n".join(lines) + "\n"


def add_options(command):
    """The options of `python -m benchmarks memory`."""
    command.add_argument("--models", nargs="+", default=["page", "cnn", "crnn"])
    command.add_argument("--runtimes", nargs="+", choices=tuple(RUNTIMES), default=list(RUNTIMES))
    command.add_argument("--pages", nargs="+", type=Path, default=PAGES)
    command.add_argument("--out", type=Path, default=Path("benchmarks/results"))


def run(options):
    """`python -m benchmarks memory`."""
    found = report(options.models, options.runtimes, options.pages)
    print(jobs.keep(options.out, "memory", found, to_markdown(found)))


if __name__ == "__main__":
    print(json.dumps(measure(json.load(sys.stdin))))
