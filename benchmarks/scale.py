"""python -m benchmarks scale: how cost grows with pages, with the picture's size, with threads and with processes."""

import io
import json
import sys
import time
from pathlib import Path

from ecg_edge.diagnostics.page_cost import SCHEMA, in_both_units, peak_mib, resident_mib
from ecg_edge.diagnostics.timing import repeated

from . import environment, jobs
from .latency import PAGES

MEGAPIXELS = (1, 2, 3.5, 6, 12, 24, 48)
JOBS = (1, 2, 4)
ASPECT = 2213 / 1572


def marks(count):
    """The numbers of pages after which a long run is looked at: 1, 2, 5, 10, … and the last."""
    found, step = [], 1
    while step < count:
        found += [number for number in (step, 2 * step, 5 * step) if number < count]
        step *= 10
    return [*found, count]


def pages(job):
    """Pages one after the other in one process: pages, seconds and memory at some points of the way."""
    from ecg_edge.reader import Reader

    reader, points = Reader(job["model"], runtime=job["runtime"]), []
    reader.read(job["pages"][0])
    start, used = time.perf_counter(), time.process_time()
    for number in range(1, job["count"] + 1):
        reader.read(job["pages"][number % len(job["pages"])])
        if number in job["marks"]:
            spent = {"seconds": time.perf_counter() - start, "cpu_s": time.process_time() - used}
            held = in_both_units({"resident": resident_mib(), "peak": peak_mib()})
            points.append({"pages": number} | held | spent)
            print(points[-1], file=sys.stderr, flush=True)
    return {"samples": {}, "points": points}


def size(job):
    """One page, enlarged or reduced to a number of megapixels, as a JPEG: it is laid flat as any photograph is."""
    from PIL import Image

    from ecg_edge.reader import Reader

    height = round((job["megapixels"] * 1e6 / ASPECT) ** 0.5)
    with Image.open(job["pages"][0]) as page:
        grown = page.convert("RGB").resize((round(height * ASPECT), height), Image.Resampling.BICUBIC)
    held = io.BytesIO()
    grown.save(held, "JPEG", quality=90)
    del grown
    data, reader, before = held.getvalue(), Reader(job["model"], runtime=job["runtime"]), peak_mib()
    seen = []

    def once(_):
        used = time.process_time()
        result = reader.read(data)
        seen.append(result.status if result.reason is None else result.reason.value)
        return {"total": result.timing_ms["total"], "cpu": (time.process_time() - used) * 1000}

    runs = repeated(once, job["most_s"], warm_up=1, least=3)
    samples = {stage: [run[stage] for run in runs] for stage in ("total", "cpu")}
    return {"samples": samples, "status": seen[-1]} | in_both_units({"before": before, "peak": peak_mib()})


def workers(job):
    """Pages a second with so many processes, once they are ready."""
    from ecg_edge.reader import Reader

    sources = [job["pages"][number % len(job["pages"])] for number in range(job["count"] + job["jobs"] * 2)]
    results, taken = Reader(job["model"], runtime=job["runtime"]).read_all(sources, job["jobs"]), 0
    # The first results come when the processes are ready: what follows is the pace.
    for _ in range(job["jobs"] * 2):
        next(results)
    start = time.perf_counter()
    for _ in results:
        taken += 1
    return {"samples": {"total": [(time.perf_counter() - start) / taken * 1000]}}


def threads(job):
    """One page with so many threads of the runtime."""
    from ecg_edge.reader import Reader

    reader = Reader(job["model"], job["threads"], runtime=job["runtime"])

    def once(number):
        return dict(reader.read(job["pages"][number % len(job["pages"])]).timing_ms)

    runs = repeated(once, job["most_s"])
    return {"samples": {stage: [run[stage] for run in runs] for stage in ("inference", "total")}}


WORKS = {"pages": pages, "size": size, "workers": workers, "threads": threads}


def report(models, runtime, paths, count, rounds, most_s):
    """The whole report, as JSON."""
    common = {
        "module": "benchmarks.scale",
        "runtime": runtime,
        "pages": [str(path) for path in paths],
        "most_s": most_s,
    }
    first = {"model": models[0]} | common
    along = first | {"work": "pages", "count": count, "marks": marks(count), "title": f"{count} pages"}
    sizes = [first | {"work": "size", "megapixels": mp, "title": f"{mp} megapixels"} for mp in MEGAPIXELS]
    spread = [first | {"work": "workers", "jobs": n, "count": 24, "title": f"{n} processes"} for n in JOBS]
    several = [
        common | {"work": "threads", "model": model, "threads": n, "title": f"{model}, {n} threads"}
        for model in models for n in JOBS
    ]  # fmt: skip
    return {
        "schema": SCHEMA,
        "environment": environment.record(),
        "pages": jobs.interleaved([along], 1)[0],
        "sizes": jobs.interleaved(sizes, 1),
        "processes": jobs.interleaved(spread, rounds),
        "threads": jobs.interleaved(several, rounds),
        "load_average_after": environment.record()["load_average"],
    }


def to_markdown(found):
    """The tables."""
    where = found["environment"]
    lines = [
        "# Scale",
        "",
        f"{where['cpu']}, {where['cores']} cores, load {where['load_average'][0]:.1f} before and {found['load_average_after'][0]:.1f} after. Default model.",
        "",
        "## Pages, one after the other in one process",
        "",
        "| pages | seconds | ms a page | processor, ms a page | held MiB | peak MiB |",
        "|---|---|---|---|---|---|",
    ]
    for at in found["pages"].get("points", ()):
        each, cpu = (at[name] / at["pages"] * 1000 for name in ("seconds", "cpu_s"))
        memory = at["memory_mib"]
        lines.append(
            f"| {at['pages']} | {at['seconds']:.1f} | {each:.0f} | {cpu:.0f} | {memory['resident']:.0f} | {memory['peak']:.0f} |"
        )
    lines += [
        "",
        "## Size of the picture",
        "",
        "The same page, resized; what is no report to the pixel is laid flat by its grid first.",
        "",
    ]
    lines += ["| megapixels | outcome | ms | processor, ms | peak MiB |", "|---|---|---|---|---|"]
    for run in found["sizes"]:
        if "error" in run:
            lines.append(f"| {run['megapixels']} | {run['error']} | | | |")
            continue
        stages = run["stages"]
        lines.append(
            f"| {run['megapixels']} | {run['status']} | {stages['total']['median']:.0f} | {stages['cpu']['median']:.0f} | {run['memory_mib']['peak']:.0f} |"
        )
    lines += [
        "",
        "## Processes (`--jobs`)",
        "",
        "| processes | ms a page | pages a second | against one |",
        "|---|---|---|---|",
    ]
    alone = found["processes"][0]["stages"]["total"]["median"]
    for run in found["processes"]:
        each = run["stages"]["total"]["median"]
        lines.append(f"| {run['jobs']} | {each:.0f} | {1000 / each:.2f} | {alone / each:.2f} |")
    lines += [
        "",
        "## Threads of the runtime",
        "",
        "| model | threads | inference, ms | total, ms |",
        "|---|---|---|---|",
    ]
    for run in found["threads"]:
        lines.append(
            f"| {run['model']} | {run['threads']} | {run['stages']['inference']['median']:.1f} | {run['stages']['total']['median']:.1f} |"
        )
    return "\n".join(lines) + "\n"


def draw(found, path):
    """Four charts: time and memory by pages, time and memory by size, pace by processes."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 2, figsize=(10, 7), layout="constrained")
    points = found["pages"]["points"]
    counts = [at["pages"] for at in points]
    each = points[-1]["seconds"] / counts[-1]
    axes[0, 0].loglog(counts, [at["seconds"] for at in points], "o-", label="measured")
    axes[0, 0].loglog(counts, [each * count for count in counts], "--", color="0.5", label="in proportion")
    axes[0, 0].set(xlabel="pages", ylabel="seconds", title="Time grows with the pages")
    axes[0, 0].legend()
    axes[0, 1].semilogx(counts, [at["memory_mib"]["resident"] for at in points], "o-", label="between pages")
    axes[0, 1].semilogx(counts, [at["memory_mib"]["peak"] for at in points], "s-", label="peak so far")
    axes[0, 1].set(xlabel="pages", ylabel="MiB", title="Memory does not", ylim=(0, None))
    axes[0, 1].legend(loc="lower right")
    sizes = [run for run in found["sizes"] if "stages" in run]
    axis, megapixels = axes[1, 0], [run["megapixels"] for run in sizes]
    axis.plot(
        megapixels, [run["stages"]["cpu"]["median"] / 1000 for run in sizes], "o-", label="seconds of the processor"
    )
    axis.set(
        xlabel="megapixels", ylabel="seconds", title="Size of the picture (3.5: a report as it comes)", ylim=(0, None)
    )
    other = axis.twinx()
    other.plot(megapixels, [run["memory_mib"]["peak"] for run in sizes], "s--", color="tab:orange", label="peak MiB")
    other.set(ylabel="peak MiB", ylim=(0, None))
    axis.legend(
        *[a + b for a, b in zip(axis.get_legend_handles_labels(), other.get_legend_handles_labels(), strict=True)],
        loc="lower right",
    )
    numbers = [run["jobs"] for run in found["processes"]]
    paces = [1000 / run["stages"]["total"]["median"] for run in found["processes"]]
    axes[1, 1].bar([str(number) for number in numbers], paces)
    for at, pace in enumerate(paces):
        axes[1, 1].text(at, pace, f"× {pace / paces[0]:.2f}", ha="center", va="bottom")
    axes[1, 1].set(
        xlabel=f"processes, on {found['environment']['usable_cores']} cores", ylabel="pages a second", title="--jobs"
    )
    axes[1, 1].margins(y=0.12)
    figure.savefig(path, dpi=100, metadata={"Software": None})
    plt.close(figure)


def add_options(command):
    """The options of `python -m benchmarks scale`."""
    command.add_argument("--models", nargs="+", default=["page", "cnn"])
    command.add_argument("--runtime", default="ai-edge-litert")
    command.add_argument("--pages", nargs="+", type=Path, help="report pages (default: those of tests/data)")
    command.add_argument("--all", action="store_true", help="every page of the data set, again and again")
    command.add_argument("--count", type=int, default=100, help="pages, one after the other (default 100)")
    command.add_argument("--rounds", type=int, default=2)
    command.add_argument("--seconds", type=float, default=3.0)
    command.add_argument("--out", type=Path, default=Path("benchmarks/results"))


def run(options):
    """`python -m benchmarks scale`."""
    paths = options.pages or PAGES
    if options.all:
        from train.dataset import data_directory

        paths = [
            path for folder in ("pages", "extra_pages") for path in sorted((data_directory() / folder).rglob("*.jpg"))
        ]
    found = report(options.models, options.runtime, paths, options.count, options.rounds, options.seconds)
    for part in ("pages", "sizes", "processes", "threads"):
        for run in found[part] if isinstance(found[part], list) else [found[part]]:
            run.pop("marks", None)
    print(jobs.keep(options.out, "scale", found, to_markdown(found)))
    draw(found, options.out / "scale.png")


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    print(json.dumps(WORKS[asked["work"]](asked)))
