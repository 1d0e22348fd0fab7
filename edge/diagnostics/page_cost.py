"""What a page costs on this machine: `ecg-edge bench`, and one measurement in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import Any

from ..errors import EcgEdgeError, OutputError, UsageError
from ..result import STAGES
from ..system import board
from . import machine
from .timing import repeated, summary

SCHEMA = "ecg-edge/bench/2"
"""In ecg-edge/bench/1 `memory_mb` held MiB, and there was no `memory_mib`."""
FORMATS = ("float32", "float16", "dynamic", "int8")
IMPORTED = ("numpy", "scipy.ndimage", "PIL.Image")
"""What nobody can do without who reads pictures with NumPy and SciPy: a start is compared with it."""
IMPORTS = f"import {', '.join(IMPORTED)}"
KEPT_SAMPLES = 400
JPEG_QUALITY = 95
COLD_STARTS = 5
MB_PER_MIB = 2**20 / 1e6


def run(
    models: Sequence[str],
    runtimes: Sequence[str | None] = (None,),
    threads: Sequence[int] = (1,),
    pages: Sequence[str | Path] = (),
    most_s: float = 20.0,
    cold_starts: int = COLD_STARTS,
    notice: Callable[[str], object] = lambda line: None,
) -> dict[str, Any]:
    """Measure models on this machine: a dict for JSON, a run for each model, runtime and number of threads.

    Parameters
    ----------
    models, runtimes : names; the fastest runtime that works where None
    pages : paths of pictures; drawn report pages where there are none
    most_s : seconds that a run goes on at most
    notice : function of a line, told what is being measured
    """
    environment, runs = machine.record(), []
    cold = None
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(page) for page in pages] or draw_pages(folder)
        for model, runtime, count in product(models, runtimes, threads):
            notice(f"{model}, {runtime or 'the fastest runtime'}, {count} thread(s) ...")
            job = {"model": model, "runtime": runtime, "threads": count, "pages": paths, "most_s": most_s}
            runs.append(in_own_process(job))
        if cold_starts:
            notice("cold starts ...")
            cold = time_cold_starts(paths[0], models[0], cold_starts)
    after = {"load_average_after": machine.record()["load_average"], "temperature_c_after": board.temperature_c()}
    shown = {"pages": "given" if pages else "drawn", "cold_start": cold, "runs": runs}
    return {"schema": SCHEMA, "environment": environment | after} | shown


def in_own_process(job: Mapping[str, Any]) -> dict[str, Any]:
    """What `measure` finds in a process that has done nothing else; the job with `error` where it ended otherwise."""
    return described(job) | ask("ecg_edge.diagnostics.page_cost", job)


def ask(module: str, job: Mapping[str, Any], environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What a module, run in a process of its own, answers as JSON to a job as JSON; {"error": the last line that it printed} where it ended
    otherwise."""
    done = subprocess.run(
        [sys.executable, "-m", module], input=json.dumps(job), text=True, capture_output=True, env=environment
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        return {"error": lines[-1] if lines else f"ended with {done.returncode}"}
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


def described(job: Mapping[str, Any]) -> dict[str, Any]:
    """What was to be measured."""
    known = {"model": job["model"], "format": job.get("format", "int8"), "runtime": job.get("runtime")}
    return known | {"threads": job["threads"], "kernels": job.get("kernels", "default")}


def measure(job: Mapping[str, Any]) -> dict[str, Any]:
    """Read pages again and again in this process: {stages: {stage: summary in ms}, decode, cpu, memory_mib, memory_mb, …}.

    `job` names `model`, `runtime`, `threads`, `pages` (paths) and `most_s`; where it has a `file`, that model runs in place of the installed
    one, within the same stages; `kernels` as `runtime.KERNELS`.
    """
    memory = {"start": resident_mib()}
    start = time.perf_counter()
    for name in IMPORTED:
        import_module(name)

    from ..classifier.runtime import Network, find_runtime
    from ..reader import Reader

    memory["imports"], imported = resident_mib(), time.perf_counter()
    runtime = find_runtime(job.get("runtime"))
    reader = Reader(job["model"], job["threads"], runtime=runtime.name)
    path = Path(job["file"]) if job.get("file") else reader.card.path.with_suffix(".tflite")
    if job.get("file") or job.get("kernels", "default") != "default":
        reader.network = Network(path.read_bytes(), runtime, job["threads"], job.get("kernels", "default"))
    memory["loaded"], loaded = resident_mib(), time.perf_counter()
    data = [Path(page).read_bytes() for page in job["pages"]]

    def once(number: int) -> dict[str, float]:
        begun, used = time.perf_counter(), time.process_time()
        result = reader.read(data[number % len(data)])
        spent = {"total": (time.perf_counter() - begun) * 1000, "cpu": (time.process_time() - used) * 1000}
        if result.verdict is None:
            raise UsageError(f"the page cannot be read: {result.message}")
        return {stage: result.timing_ms.get(stage, 0.0) for stage in STAGES} | spent

    runs = repeated(once, job["most_s"])
    memory["peak"], memory["between_pages"] = peak_mib(), resident_mib()
    decoded = repeated(lambda number: {"total": decode_ms(data[number % len(data)])}, job["most_s"] / 4)
    samples = {stage: [run[stage] for run in runs] for stage in (*STAGES, "cpu")}
    return described(job) | {
        "runtime": runtime.name,
        "runtime_version": runtime.version,
        "bytes": path.stat().st_size,
        "pages": len(data),
        "imports_ms": round((imported - start) * 1000, 1),
        "load_ms": round((loaded - imported) * 1000, 1),
        **in_both_units(memory),
        "stages": {stage: summary(times) for stage, times in samples.items()},
        "decode": summary([run["total"] for run in decoded]),
        "samples": {stage: [round(ms, 3) for ms in times[:KEPT_SAMPLES]] for stage, times in samples.items()},
    }


def decode_ms(data: bytes) -> float:
    """Milliseconds for decoding a picture's bytes and nothing else: no reading takes less."""
    import io

    from PIL import Image

    start = time.perf_counter()
    with Image.open(io.BytesIO(data)) as picture:
        picture.load()
    return (time.perf_counter() - start) * 1000


def draw_pages(folder: str | Path) -> list[str]:
    """Write a drawn report page of each class, for machines that have no others; their paths."""
    from ..layout import CLASSES
    from ..simulator.heart import simulate
    from ..simulator.report_page import draw_report

    paths = [str(Path(folder) / f"{kind}.jpg") for kind in CLASSES]
    for kind, path in zip(CLASSES, paths, strict=True):
        draw_report(simulate(kind, seed=1)).save(path, "JPEG", quality=JPEG_QUALITY)
    return paths


def time_cold_starts(page: str, model: str, count: int) -> dict[str, dict[str, float]]:
    """{"imports", "verdict"}: summaries in ms of whole processes that import what all need, and that read one page; one after the other."""
    commands = {
        "imports": [sys.executable, "-c", IMPORTS],
        "verdict": [sys.executable, "-m", "ecg_edge", "classify", page, "--model", model],
    }
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(count + 1):
        for name, command in commands.items():
            start = time.perf_counter()
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                raise UsageError(f"{name}: {_failure_of(done)}")
            if number:  # the first one fills the system's cache
                taken[name].append((time.perf_counter() - start) * 1000)
    return {name: summary(times) for name, times in taken.items()}


def _failure_of(done: subprocess.CompletedProcess[str]) -> str:
    """What a failed process said: the last line that it wrote, or how it ended where it wrote none, as when a signal ended it."""
    lines = (done.stderr or done.stdout).strip().splitlines()
    if lines:
        return lines[-1]
    return (
        f"ended by signal {-done.returncode}"
        if done.returncode < 0
        else f"ended with status {done.returncode} and no message"
    )


def resident_mib() -> float | None:
    """Memory that this process holds now, in MiB."""
    return _status_mib("VmRSS")


def peak_mib() -> float | None:
    """The most that it ever held, in MiB; the peak of getrusage begins with the parent's."""
    return _status_mib("VmHWM")


def in_both_units(mib: Mapping[str, float | None]) -> dict[str, dict[str, float | None]]:
    """{"memory_mib": …, "memory_mb": …} of memory by name in MiB (2^20 bytes; None where unknown), the latter in 10^6 bytes."""
    return {
        "memory_mib": {name: value and round(value, 1) for name, value in mib.items()},
        "memory_mb": {name: value and round(value * MB_PER_MIB, 1) for name, value in mib.items()},
    }


def _status_mib(name: str) -> float | None:
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.is_file() else ()
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(name + ":")), None)


def to_markdown(report: Mapping[str, Any]) -> str:
    """The table of a report."""
    where = report["environment"]
    lines = [
        f"{where['board'] or where['cpu']}, {where['usable_cores']} cores, {where['machine']}, governor {where['governor'] or 'unknown'}, "
        f"load {where['load_average'][0]:.1f} before and {where['load_average_after'][0]:.1f} after; Python {where['python']}.",
        "",
        *(["**Emulated: the times mean nothing.**", ""] if where["emulated"] else []),
        "| model | runtime | threads | open | trace | filters | inference | other | total (95 %) | p90 | p99 | ÷ decode | peak MB |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for found in report["runs"]:
        head = f"| {found['model']} {found['format']} | {found['runtime']} {found.get('runtime_version', '')} | {found['threads']} |"
        if "error" in found:
            lines.append(f"{head} {found['error']} | | | | | | | | | |")
            continue
        stages, total = found["stages"], found["stages"]["total"]
        shown = [stages[stage]["median"] for stage in ("open", "trace", "filters", "inference")]
        # Of a page laid flat, of what is measured on it and of the verdict; medians of parts need not add up to that of the whole.
        cells = [f"{median:.1f}" for median in (*shown, max(total["median"] - sum(shown), 0.0))]
        cells += [f"{total['median']:.1f} ({total['low']:.1f}–{total['high']:.1f})"]
        cells += [f"{total['p90']:.1f}", f"{total['p99']:.1f}", f"{total['median'] / found['decode']['median']:.1f}"]
        peak = found["memory_mb"]["peak"]
        lines.append(f"{head} {' | '.join([*cells, 'unknown' if peak is None else f'{peak:.0f}'])} |")
    if report["cold_start"]:
        cold = report["cold_start"]
        lines += [
            "",
            f"From nothing to the first verdict {cold['verdict']['median']:.0f} ms; `{IMPORTS}` alone {cold['imports']['median']:.0f} ms.",
        ]
    return "\n".join(lines) + "\n"


def write(report: Mapping[str, Any], path: str | Path) -> None:
    """Write a report as JSON.

    Raises
    ------
    OutputError : it cannot be written there.
    """
    try:
        Path(path).write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror or error}).") from error


if __name__ == "__main__":
    try:
        print(json.dumps(measure(json.load(sys.stdin))))
    except EcgEdgeError as error:
        sys.exit(str(error))
