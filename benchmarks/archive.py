"""python -m benchmarks archive: `ecg-edge archive` with 1 and 2 processes, what its own work takes, and what a million pages cost by that."""

import itertools
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from ecg_edge.archive.journal import Journal
from ecg_edge.archive.sources import find_pictures
from ecg_edge.archive.workers import local_cluster, read_page, read_pages
from ecg_edge.diagnostics.page_cost import MB_PER_MIB, resident_mib
from train import checkout

OPTIONS = (None, 1, None, None, None, None, None)
"""The default reader's."""
JOBS = (1, 2)
TARGET = 1.8
MILLION = 1_000_000
HANDED, ENTRIES = 2000, 20_000
"""So many pictures are taken for what the driver alone does: given to processes that do not read, and taken up from a journal."""


def add_options(command):
    """The options of the command."""
    command.add_argument("--pages", type=int, default=60, metavar="N", help="pages a round (default 60)")
    command.add_argument("--rounds", type=int, default=3, metavar="N", help="rounds, by turns (default 3)")
    command.add_argument("--out", default="benchmarks/results/archive.json", metavar="FILE")


def links(folder, count):
    """A folder of so many pages: names of their own for those of the tests."""
    pages = sorted(Path("tests/data").glob("*.jpg"))
    for number, page in zip(range(count), itertools.cycle(pages), strict=False):
        (folder / f"{number:06d}.jpg").symlink_to(page.resolve())
    return folder


def pace(folder, jobs, read=read_page, processes=True):
    """(pages a second once every process has read two, seconds of the processor for each in all processes, bytes of a line)."""
    with (
        tempfile.TemporaryDirectory() as scratch,
        local_cluster(jobs, processes) as client,
        Journal(f"{scratch}/out.jsonl", f"{scratch}/out.jsonl", {}) as journal,
    ):
        found = read_pages(client, find_pictures([str(folder)], print), OPTIONS, read)
        for path, results in itertools.islice(found, 2 * jobs):
            journal.add(path, results)
        start, used, taken = time.perf_counter(), _processor_s(client), 0
        for path, results in found:
            journal.add(path, results)
            taken += 1
        seconds, used = time.perf_counter() - start, _processor_s(client) - used
        journal.commit()
        return taken / seconds, used / taken, os.path.getsize(journal.lines) / journal.pictures


def _processor_s(client):
    """Seconds of the processor that the driver and its workers have had."""
    return time.process_time() + sum(client.run(time.process_time).values())


def stand_in(options, path, page):
    """A result as long as a real one, at once."""
    return {"source": path, "sha256": "0" * 64, "status": "read", "text": "x" * 5000}, 1


def resume_s(count, folder):
    """Seconds to take up a journal of so many pictures, and the MB that the process grows by."""
    lines = str(folder / "many.jsonl")
    with Journal(lines, lines, {}) as journal:
        for number in range(count):
            journal.add(f"/archive/{number:09d}.jpg", [{"sha256": "0" * 64, "status": "read"}])
    before, start = resident_mib(), time.perf_counter()
    with Journal(lines, lines, {}):
        return time.perf_counter() - start, (resident_mib() - before) * MB_PER_MIB


def run(options):
    """Measure by turns, print and keep what was found; 1 where two processes do not give 1.8 times one's pace."""
    paces, costs = ({jobs: [] for jobs in JOBS} for _ in range(2))
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for name, count in (("pages", options.pages), ("many", HANDED)):
            (folder / name).mkdir()
            links(folder / name, count)
        size = 0.0
        for number in range(options.rounds):
            for jobs in JOBS if number % 2 == 0 else JOBS[::-1]:
                print(f"round {number + 1} of {options.rounds}: {jobs} processes ...", file=sys.stderr, flush=True)
                each, cost, size = pace(folder / "pages", jobs)
                paces[jobs].append(round(each, 3))
                costs[jobs].append(round(cost, 3))
        before = resident_mib()
        _, handed_s, _ = pace(folder / "many", 2, stand_in, processes=False)
        handed_mb = (resident_mib() - before) * MB_PER_MIB
        taken_up_s, grown_mb = resume_s(ENTRIES, folder)
    one, two = (statistics.median(paces[jobs]) for jobs in JOBS)
    cost, more = (statistics.median(costs[jobs]) for jobs in JOBS)
    found = {
        "commit": checkout.describe(),
        "load": [round(load, 2), round(os.getloadavg()[0], 2)],
        "pages_per_s": {str(jobs): paces[jobs] for jobs in JOBS},
        "processor_s_a_page": {str(jobs): costs[jobs] for jobs in JOBS},
        "two_against_one": round(two / one, 3),
        "two_against_one_by_processor": round(2 * cost / more, 3),
        "driver": {
            "pictures": HANDED,
            "processor_ms_a_picture": round(handed_s * 1000, 2),
            "grown_mb": round(handed_mb, 1),
        },
        "resume": {"pictures": ENTRIES, "seconds": round(taken_up_s, 2), "grown_mb": round(grown_mb, 1)},
        "million_pages": {
            "core_hours": round(MILLION * cost / 3600, 1),
            "processes_that_one_driver_serves": round(cost / handed_s),
            "lines_gb": round(size * MILLION / 1e9, 2),
            "resume_s": round(taken_up_s * MILLION / ENTRIES),
            "resume_mb": round(max(grown_mb, 0.0) * MILLION / ENTRIES),
        },
    }
    Path(options.out).write_text(json.dumps(found, indent=2) + "\n")
    print(json.dumps(found, indent=2))
    return int(two / one < TARGET)
