"""Damaged pictures through `Reader.read`: each must give a result or a reason, in time and within memory.

A picture's bytes are flipped, cut, repeated or swapped, by a seed of its number alone. Each process reads its share and writes down, picture by picture,
what came out, so that one that crashes or hangs is known by its number. Time is the processor's, since the machine may be shared; memory is the largest
resident set since the picture's reading began (Linux: `/proc/self/clear_refs`), in megabytes of a million bytes.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

from train import checkout

RUNS = Path("runs/mutations")
"""Where the lines of a run are kept, by code and model: it goes on where it was killed."""
LIMIT_S, LIMIT_MB = 5.0, 300.0
ONE_THREAD = {"OMP_NUM_THREADS": "1"}
"""As the device's unit has it: a second thread of the linear algebra spins while it waits, up to a second of the processor's time."""
HANGS_S, LOST_S = 30.0, 900.0
"""A process hangs when a picture has cost so much of the processor's time, or so much time at all."""
SIDE_PX = (250, 800)
"""The range of the longer side of bases that are made anew; pages of the data set are taken with their own bytes as well."""


def add_options(command):
    """The options of the command."""
    command.add_argument("--count", type=int, default=10_000, metavar="N", help="pictures (default 10000)")
    command.add_argument("--first", type=int, default=0, metavar="N", help="number of the first (default 0)")
    command.add_argument("--jobs", type=int, default=1, metavar="N", help="processes at a time (default 1)")
    command.add_argument("--model", metavar="NAME", help="model (default: the default one)")
    command.add_argument("--out", default="benchmarks/results/mutations.json", metavar="FILE")


def flip(data, random):
    """Some bytes anywhere, or many within one place, get other values."""
    data = bytearray(data)
    start, stop = 0, len(data)
    if random.random() < 0.5:
        start = random.randrange(len(data))
        stop = min(start + random.choice((16, 256, 4096)), len(data))
    for _ in range(random.choice((1, 1, 4, 16, 256))):
        data[random.randrange(start, stop)] = random.randrange(256)
    return bytes(data)


def flip_head(data, random):
    """Bytes of the head, where sizes, kinds and tables stand."""
    return flip(data[:600], random) + data[600:]


def cut(data, random):
    """The end is missing, or a piece from within."""
    if random.random() < 0.5:
        return data[: random.randrange(len(data))]
    start = random.randrange(len(data))
    return data[:start] + data[start + random.randrange(1, len(data)) :]


def repeat(data, random):
    """A piece stands twice or many times over."""
    start = random.randrange(len(data))
    piece = data[start : start + random.choice((1, 16, 512, 8192))]
    return data[:start] + piece * random.choice((2, 3, 50)) + data[start:]


def swap(data, random):
    """Two pieces stand in each other's place."""
    size = random.choice((4, 64, 1024))
    a, b = sorted(random.randrange(max(len(data) - size, 1)) for _ in range(2))
    if b - a < size:
        return flip(data, random)
    return data[:a] + data[b : b + size] + data[a + size : b] + data[a : a + size] + data[b + size :]


KINDS = {"flip": flip, "flip head": flip_head, "cut": cut, "repeat": repeat, "swap": swap}


def bases(paths, folder):
    """Files in `folder` to be damaged: each page with its own bytes, and smaller in each format that can be read."""
    from PIL import Image

    made = []
    formats = (("JPEG", {"quality": 85}), ("PNG", {}), ("TIFF", {"compression": "tiff_lzw"}), ("TIFF", {}), ("BMP", {}), ("WEBP", {"quality": 80}),
               ("JPEG", {"quality": 70, "progressive": True}))  # fmt: skip
    for i, path in enumerate(paths):
        made.append(Path(path))
        for j, (form, options) in enumerate(formats):
            with Image.open(path) as image:
                side = SIDE_PX[0] + (SIDE_PX[1] - SIDE_PX[0]) * ((i * len(formats) + j) % 7) // 6
                image = image.convert("RGB")
                image.thumbnail((side, side))
                made.append(folder / f"{i}-{j}.{form.lower()}")
                image.save(made[-1], form, **options)
    return made


def mutate(number, files):
    """(bytes, kind) of picture `number`: a base, damaged once or twice."""
    chance = random.Random(number)
    data = files[number % len(files)].read_bytes()
    kind = chance.choice(list(KINDS))
    data = KINDS[kind](data, chance)
    if data and chance.random() < 0.3:
        data = KINDS[chance.choice(list(KINDS))](data, chance)
    return data, kind


def read_share(numbers, files, model, folder=None):
    """Yield {number, kind, status, reason, seconds, peak_mb, grown_mb} of each picture, read in this process."""
    from ecg_edge import Reader
    from ecg_edge.diagnostics.page_cost import MB_PER_MIB, peak_mib, resident_mib
    from ecg_edge.system.process import return_large_blocks

    return_large_blocks()  # as the device's reading process does
    reader = Reader(model, folder=folder)
    for number in numbers:
        data, kind = mutate(number, files)
        before_mb = resident_mib() * MB_PER_MIB
        Path("/proc/self/clear_refs").write_text("5")
        start = time.process_time()
        result = reader.read(data)
        seconds, most_mb = time.process_time() - start, peak_mib() * MB_PER_MIB
        yield {"number": number, "kind": kind, "status": result.status, "reason": result.reason and result.reason.value,
               "seconds": round(seconds, 3), "peak_mb": round(most_mb, 1), "grown_mb": round(most_mb - before_mb, 1)}  # fmt: skip


def read_all(numbers, files, model=None, folder=None, script=None, kept=None):
    """(lines, ended): the lines of `read_share` in processes of their own, one after the other, and the numbers at which one ended or hung.

    With `kept`, a file, lines are written there as they come, and what stands there is not read again.
    """
    with tempfile.TemporaryDirectory() as scratch:
        kept = Path(kept or Path(scratch) / "lines")
        known = _lines(kept)
        while left := [number for number in numbers if number not in known]:
            job = {
                "numbers": left,
                "files": [str(file) for file in files],
                "model": model,
                "folder": folder and str(folder),
            }
            _run(script or [sys.executable, "-m", "benchmarks.mutations"], job, kept)
            known = _lines(kept)
            lost = next((number for number in left if number not in known), None)
            if lost is not None:
                print(f"picture {lost}: the process ended or hung", file=sys.stderr, flush=True)
                known[lost] = {"number": lost, "ended": True}
                with open(kept, "a") as file:
                    print("", json.dumps(known[lost]), sep="\n", file=file)
    lines = [known[number] for number in numbers]
    return [line for line in lines if "ended" not in line], [line["number"] for line in lines if "ended" in line]


def _lines(kept):
    """{number: line} of what a file holds."""
    from . import reading  # not in the processes whose memory is measured

    return {line["number"]: line for line in reading.rows_in(kept)}


def _run(script, job, kept):
    with tempfile.TemporaryFile("w+") as given:
        json.dump(job, given)
        given.seek(0)
        with open(kept, "a") as sink:
            sink.write("\n")  # a kill may have left half a line
        with (
            open(kept, "a") as sink,
            subprocess.Popen(script, stdin=given, stdout=sink, env=os.environ | ONE_THREAD) as process,
        ):
            size, since = 0, (time.monotonic(), 0.0)
            while process.poll() is None:
                time.sleep(0.2)
                used_s = _processor_s(process.pid)
                if os.path.getsize(kept) != size:
                    size, since = os.path.getsize(kept), (time.monotonic(), used_s)
                elif used_s - since[1] > HANGS_S or time.monotonic() - since[0] > LOST_S:
                    process.kill()


def _processor_s(process):
    """The seconds of the processor's time that a process has had; 0 where it is gone."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def summarise(lines, ended):
    """What the lines come to."""
    seconds = sorted(line["seconds"] for line in lines)
    return {
        "commit": checkout.describe(),
        "pictures": len(lines) + len(ended),
        "crashed_or_hung": ended,
        "status": dict(Counter(line["status"] for line in lines)),
        "reasons": dict(Counter(line["reason"] for line in lines if line["reason"])),
        "kinds": dict(Counter(line["kind"] for line in lines)),
        "seconds": {
            "median": seconds[len(seconds) // 2],
            "p99": seconds[int(len(seconds) * 0.99)],
            "most": seconds[-1],
        },
        "peak_mb": max(line["peak_mb"] for line in lines),
        "most_grown": sorted(lines, key=lambda line: -line["grown_mb"])[:5],
        "slowest": sorted(lines, key=lambda line: -line["seconds"])[:5],
        "over_5_s": [line["number"] for line in lines if line["seconds"] > LIMIT_S],
        "over_300_mb": dict(
            Counter(str(line["reason"] or line["status"]) for line in lines if line["peak_mb"] > LIMIT_MB)
        ),
    }


def run(options):
    """Read the pictures, print and keep what they come to; 1 where one crashed, hung or went over a limit."""
    from . import reading

    pages = sorted(Path("tests/data").rglob("*.jpg"))
    numbers = range(options.first, options.first + options.count)
    keep = RUNS / reading.code_of(options.model)
    keep.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(options.jobs) as pool:
        files = bases(pages, Path(folder))

        def read(share):
            kept = keep / f"{options.first}-{options.count}-{share + 1}of{options.jobs}.jsonl"
            return read_all(numbers[share :: options.jobs], files, options.model, kept=kept)

        shares = list(pool.map(read, range(options.jobs)))
    lines, ended = (list(chain(*part)) for part in zip(*shares, strict=True))
    found = summarise(lines, sorted(ended))
    Path(options.out).write_text(json.dumps(found, indent=2) + "\n")
    print(json.dumps(found, indent=2))
    return int(bool(ended or found["over_5_s"] or found["over_300_mb"]))


def main():
    """Read the share that standard input names: a line a picture."""
    job = json.load(sys.stdin)
    for line in read_share(job["numbers"], [Path(file) for file in job["files"]], job["model"], job["folder"]):
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
