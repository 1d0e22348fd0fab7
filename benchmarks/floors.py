"""python -m benchmarks floors: what a page cannot cost less than: decoding its JPEG, and the multiply-adds of its network at the machine's peak."""

import json
import os
import sys
import time
from pathlib import Path

import numpy as np

from ecg_edge.diagnostics.page_cost import ask, decode_ms
from ecg_edge.diagnostics.timing import repeated, summary

from . import environment, formats, jobs
from .latency import PAGES

SIDE = 1024
LEADS = {"page": 1, "cnn": 13, "crnn": 13}
"""How often a network runs for the verdict on a page: once, or for each lead."""


def multiply_adds(data):
    """The multiply-adds of one run of .tflite bytes with a batch of one: convolutions, full connections and products of matrices."""
    from convert.from_float16 import operators

    total = 0
    for name, inputs, outputs in operators(data):
        size = int(np.prod([max(side, 1) for side in outputs[0]]))
        if name == "CONV_2D":
            total += size * int(np.prod(inputs[1][1:]))
        elif name == "DEPTHWISE_CONV_2D":
            total += size * int(np.prod(inputs[1][1:3]))
        elif name in ("FULLY_CONNECTED", "BATCH_MATMUL"):
            total += size * int(inputs[1][-1])
    return total


def peak_per_s():
    """float32 multiply-adds a second of one thread on this machine: NumPy's product of two square matrices, the best of some."""
    left, right = np.random.default_rng(0).random((2, SIDE, SIDE), np.float32)

    def once(_):
        start = time.perf_counter()
        left @ right
        return {"total": (time.perf_counter() - start) * 1000}

    return SIDE**3 / min(run["total"] for run in repeated(once, 2.0)) * 1000


def report(models):
    """{decode, peak, networks: {model: multiply-adds of a page and milliseconds at the peak}}."""
    data = [Path(page).read_bytes() for page in PAGES]
    decoded = repeated(lambda number: {"total": decode_ms(data[number % len(data)])}, 3.0)
    peak, networks = peak_per_s(), {}
    for (model, form), path in formats.files_of(models).items():
        if form == "int8":
            count = multiply_adds(path.read_bytes()) * LEADS.get(model, 1)
            networks[model] = {"multiply_adds": count, "ms_at_float32_peak": count / peak * 1000}
    floor = summary([run["total"] for run in decoded])
    return {"environment": environment.record(), "decode_ms": floor, "float32_per_s": peak, "networks": networks}


def to_markdown(found):
    """The table."""
    lines = [
        "# Floors",
        "",
        f"Decoding a report page's JPEG: {found['decode_ms']['median']:.1f} ms ({found['decode_ms']['low']:.1f}–{found['decode_ms']['high']:.1f}). One thread does"
        f" {found['float32_per_s'] / 1e9:.0f} thousand million float32 multiply-adds a second (NumPy's matrix product); int8 may be up to four times as fast where a processor has instructions for it.",
        "",
        "| model | multiply-adds for a page, millions | ms at float32's peak |",
        "|---|---|---|",
    ]
    for model, network in found["networks"].items():
        lines.append(f"| {model} | {network['multiply_adds'] / 1e6:.0f} | {network['ms_at_float32_peak']:.2f} |")
    return "\n".join(lines) + "\n"


def add_options(command):
    """The options of `python -m benchmarks floors`."""
    command.add_argument("--models", nargs="+", default=list(LEADS))
    command.add_argument("--out", type=Path, default=Path("benchmarks/results"))


def run(options):
    """`python -m benchmarks floors`."""
    # How many threads NumPy's product takes is settled when NumPy starts.
    one_thread = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
    found = ask("benchmarks.floors", options.models, os.environ | one_thread)
    if "error" in found:
        raise RuntimeError(f"floors cannot be measured: {found['error']}")
    print(jobs.keep(options.out, "floors", found, to_markdown(found)))


if __name__ == "__main__":
    print(json.dumps(report(json.load(sys.stdin))))
