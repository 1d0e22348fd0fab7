"""Pages in other kinds of files: read as the same page in a PNG, in what time, and damaged.

    python -m benchmarks.file_kinds same            # the drawn pages of other makers, as raster and vector PDF, HEIC, DICOM
    python -m benchmarks.file_kinds cost            # a PDF's page to its verdict against the PNG's, by turns
    python -m benchmarks.file_kinds guard           # what the process costs that `classify` opens files in
    python -m benchmarks.file_kinds mutations       # damaged PDF, HEIC and DICOM files

Needs the extras `pdf`, `heic` and `dicom`.
"""

import argparse
import itertools
import json
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image

from ecg_edge import Reader
from ecg_edge.classifier import card as cards
from ecg_edge.diagnostics.page_cost import MB_PER_MIB, peak_mib
from ecg_edge.errors import PictureError, WorkerError, WorkerTimeoutError
from ecg_edge.image import open_file, open_picture
from ecg_edge.system.guarded_decoding import GuardedDecoding
from ecg_edge.system.worker import Worker
from train import checkout, tables

from . import foreign, mutations, reading
from .file_writers import LOSSLESS, OTHER_FACE, VECTOR, WRITERS, VectorPage, dicom, drawn_pages, raster_pdf, saved
from .reading_table import wilson

RESULTS = Path("benchmarks/results/files")
RUNS = Path("runs/files")


def facts(result):
    """What should be the same of a page in any kind of file."""
    page = result.page or {}
    return [result.status, result.reason and result.reason.value, result.verdict,
            *(page.get(name) for name in ("layout", "mm_per_s", "mm_per_mv"))]  # fmt: skip


def same(options):
    """Read each drawn page, and those of the public digitiser, in every kind of file: how many are as in the PNG. What has the PNG's very pixels is
    not read again. Each page's rows are kept as they come."""
    reader, rows = Reader(), []
    found = Path(tables.read(str(foreign.FOUND / "cases.csv"))[0]) / foreign.FOUND
    others = ((path.name, Image.open(path).convert("RGB"), {}) for path in sorted(found.glob("*.[pj]*g")))
    pages = itertools.islice(itertools.chain(drawn_pages(), others), options.first, options.limit)
    for name, image, vectors in pages:
        expected, pixels = None, np.asarray(image)
        files = {kind: write(image) for kind, write in (WRITERS | LOSSLESS).items() if kind in options.kinds}
        files |= {kind: data for kind, data in vectors.items() if kind in options.kinds}
        for kind, data in files.items():
            row = {
                "page": name,
                "kind": kind,
                "same": True,
                "identical": np.array_equal(open_picture(data).image, pixels),
            }
            if not row["identical"]:
                expected = expected or facts(reader.read(saved(image, "PNG")))
                seen = facts(reader.read(data))
                row |= {"same": seen == expected, "png": expected, "seen": seen}
            rows.append(row)
            print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    counts = {}
    for kind in options.kinds:
        of_kind = [row["same"] for row in rows if row["kind"] == kind]
        identical = sum(row["identical"] for row in rows if row["kind"] == kind)
        counts[kind] = {
            "same": sum(of_kind),
            "identical": identical,
            "pages": len(of_kind),
            "interval": wilson(sum(of_kind), len(of_kind)),
        }
    return {"counts": counts, "differ": [row for row in rows if not row["same"]]}


def cost(options):
    """Seconds of the processor for a page as PNG, raster and vector PDF, by turns; the medians' quotients."""
    reader = Reader()
    pages = [(image, vectors[VECTOR]) for _, image, vectors in drawn_pages()][:: options.stride]
    files = [
        {"PNG": saved(image, "PNG"), "raster PDF": raster_pdf(image), "vector PDF": vector} for image, vector in pages
    ]
    ratios = {kind: [] for kind in ("raster PDF", "vector PDF")}
    for page in files:
        times = {kind: [] for kind in page}
        for _ in range(options.rounds):
            for kind, data in page.items():
                start = time.process_time()
                reader.read(data)
                times[kind].append(time.process_time() - start)
        for kind in ratios:
            ratios[kind].append(statistics.median(times[kind]) / statistics.median(times["PNG"]))
    return {
        kind: {"median": round(statistics.median(values), 3), "most": round(max(values), 3), "pages": len(values)}
        for kind, values in ratios.items()
    }


def guard(options):
    """Seconds of the processor, of both processes, to open a page here and in the process that `classify` opens it in; and to start that."""
    image = Image.open("tests/data/abnormal.jpg").convert("RGB")
    guarded, found = GuardedDecoding(), {}

    def seconds(data, decode):
        start = time.process_time() + _cpu_s(guarded.process_id)
        open_file(data, decode=decode)
        return time.process_time() + _cpu_s(guarded.process_id) - start

    found["start"] = round(seconds(dicom(image), guarded), 3)
    for kind, write in WRITERS.items():
        data = write(image)
        pairs = [(seconds(data, None), seconds(data, guarded)) for _ in range(options.rounds)]
        here, there = (statistics.median(side) for side in zip(*pairs, strict=True))
        found[kind] = {"here": round(here, 3), "guarded": round(there, 3)}
    return found


def _cpu_s(process_id):
    """Seconds of the processor that a process has had, 0 of none."""
    return 0.0 if process_id is None else int(Path(f"/proc/{process_id}/schedstat").read_text().split()[0]) / 1e9


class Opening:
    """Opens files, or with `whole` reads them, in a process of its own, as the device's reading process does: what a `Worker` runs."""

    def __init__(self, whole=False):
        self._reader = Reader() if whole else None

    def __call__(self, data):
        """(what came of it, seconds of the processor, MB at most) of a file's bytes."""
        Path("/proc/self/clear_refs").write_text("5")
        start = time.process_time()
        if self._reader is not None:
            result = self._reader.read(data)
            outcome = result.reason.value if result.reason else result.status
        else:
            try:
                open_picture(data)
                outcome = "opened"
            except PictureError as error:
                outcome = error.reason.value
        return outcome, time.process_time() - start, peak_mib() * MB_PER_MIB


def bases(paths, folder, sides=(500, 2300)):
    """Harmless files in `folder` to be damaged: each page in every kind and size, and a vector PDF."""
    files = []
    for path in paths:
        for side in sides:
            image = Image.open(path).convert("RGB")
            image.thumbnail((side, side))
            for kind, write in WRITERS.items():
                files.append(Path(folder) / f"{path.stem}-{side}-{kind.replace(' ', '-')}")
                files[-1].write_bytes(write(image))
    page = VectorPage(Image.new("RGB", (800, 600), "white"), 4)
    page.line([(10, 10), (700, 500)], (0, 0, 0), 3)
    files.append(Path(folder) / "vector")
    files[-1].write_bytes(page.sheet.to_bytes())
    return files


def open_damaged(numbers, files, make=Opening, arguments=(), limit_s=mutations.HANGS_S):
    """Yield [outcome, seconds, MB] of damaged files, each opened by a process that may end or hang (the outcome alone then) and is started anew.

    It hangs when a file has cost it `limit_s` of the processor's time: on a machine with other work a good file may take as long by the clock.
    """
    worker = Worker(make, arguments, start_timeout_s=300)
    before_s = 0.0

    def end_where_it_hangs():
        if _cpu_s(worker.process_id) - before_s > limit_s:
            raise WorkerTimeoutError(f"{limit_s:g} s of the processor's time")

    try:
        for number in numbers:
            data, _ = mutations.mutate(number, files)
            worker.start()
            before_s = _cpu_s(worker.process_id)
            try:
                yield worker.call(data, mutations.LOST_S, end_where_it_hangs)
            except WorkerTimeoutError:
                worker.close()
                yield ["hung"]
            except WorkerError:
                yield ["ended"]
    finally:
        worker.close()


def summarised(rows):
    """What the rows of `open_damaged` come to: counts, most seconds and MB.

    Neither the numbers nor the bytes of those that ended a process are told: they would be a recipe against the decoder's other users.
    """
    seconds, peaks_mb = (sorted(row[column] for row in rows if len(row) > 1) for column in (1, 2))
    return {"files": len(rows), "outcomes": dict(Counter(row[0] for row in rows).most_common()),
            "over_5_s": sum(each > mutations.LIMIT_S for each in seconds), "over_300_mb": sum(each > mutations.LIMIT_MB for each in peaks_mb),
            "seconds": {"median": round(seconds[len(seconds) // 2], 4), "most": round(seconds[-1], 2)}, "peak_mb": round(peaks_mb[-1], 1)}  # fmt: skip


def damaged(options):
    """Damaged PDF, HEIC and DICOM files, other ones each time: what `summarised` says of them.

    A run that was ended goes on where it was while the code is the same; what is kept for that stays under `runs/`, until all are done.
    """
    paths = sorted(Path("tests/data").glob("*.jpg"))[:3]
    kept = RUNS / f"{_name(options)}-{reading.code_of(cards.DEFAULT_MODEL)}.jsonl"
    kept.parent.mkdir(parents=True, exist_ok=True)
    known = list(reading.rows_in(kept))
    first, *rows = known or [random.SystemRandom().randrange(2**62)]
    with tempfile.TemporaryDirectory() as folder, open(kept, "a") as file:
        print("" if known else first, file=file, flush=True)  # a run that was ended may have left half a line
        files = bases(paths, folder)
        for row in open_damaged(range(first + len(rows), first + options.count), files, arguments=(options.whole,)):
            rows.append(row)
            print(json.dumps(row), file=file, flush=True)
    kept.unlink()
    return {"whole": options.whole} | summarised(rows)


def _name(options):
    """What the file of results of a run is called."""
    return f"{options.what}-whole" if options.what == "mutations" and options.whole else options.what


def main():
    """Run one of them; print and keep what it comes to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("same", "cost", "guard", "mutations"))
    parser.add_argument("--first", type=int, default=0, metavar="N", help="same: from this of the pages on, from 0")
    parser.add_argument("--limit", type=int, metavar="N", help="same: up to this of the pages")
    kinds = (*WRITERS, *LOSSLESS, VECTOR, OTHER_FACE)
    parser.add_argument("--kinds", nargs="+", choices=kinds, default=kinds, metavar="KIND", help="same: these alone")
    parser.add_argument("--stride", type=int, default=5, metavar="N", help="cost: every Nth drawn page (default 5)")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="cost, guard: rounds (default 5)")
    parser.add_argument("--count", type=int, default=3000, metavar="N", help="mutations: files (default 3000)")
    parser.add_argument("--whole", action="store_true", help="mutations: read to the verdict what can be opened")
    options = parser.parse_args()
    found = {"same": same, "cost": cost, "guard": guard, "mutations": damaged}[options.what](options)
    found = {"commit": checkout.describe()} | found
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"{_name(options)}.json").write_text(json.dumps(found, indent=2) + "\n")
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
