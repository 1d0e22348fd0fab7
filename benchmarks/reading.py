"""What the reader makes of photographs, scans, pages of other layouts, drawn records and pictures that are no ECG.

Each picture's outcome is one line under runs/reading/, written as soon as it is known; a run goes on where one by the same code stopped.
"""

import argparse
import hashlib
import json
import multiprocessing
import os
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

from . import environment, name_hash, not_ecg, outcomes, reading_table

TUNE_SHARE = 0.4
"""Of the report pages, by their names; the rest, and PTB-XL's fold 9, is tested on."""
SEVERITIES = (1, 2, 3)
SIGNAL_SEVERITIES = (0, 2)

PROTOCOL = """Thresholds are chosen on the tune split: 40 % of the report pages by a hash of their names, PTB-XL's fold 8, the
simulator's backgrounds for training, and those of the pictures that are no ECG whose names hash so. This is the {split} split: other
pages, fold {folds}, other backgrounds, other seeds (base {seed}), and kinds of pictures that were never tuned on ({kinds}). The order of
pictures, their seeds and the split are hashes of names: no run chooses them. The 26 real pages are in no split and are judged by eye.
Shares with Wilson intervals, medians with bootstrap intervals (2,000 draws), 95 %."""


@dataclass(frozen=True)
class Task:
    """One picture to read: `what` is measured, its `name`, the file or record, the photograph's `severity` (0: none) and `seed`, and
    what is `expected` (a layout)."""

    what: str
    name: str
    file: str = ""
    severity: int = 0
    seed: int = 0
    expected: str | None = None

    @property
    def key(self):
        """What tells it from all other tasks."""
        return f"{self.what}/{self.name}/{self.severity}/{self.seed}"


def split_of(name):
    """The split of a report page, by its name."""
    return "tune" if name_hash.share("reading", name) < TUNE_SHARE else "test"


def tasks_of(what, options):
    """The `Task`s of one kind, in the order of a hash of their names, at most `options.limit` of a severity (and style of paper)."""
    tasks = {"camera": _camera_tasks, "pages": _page_tasks, "extra": _extra_tasks, "real": _real_tasks,
             "others": _other_tasks, "signals": _signal_tasks, "time": _time_tasks}[what](options)  # fmt: skip
    tasks.sort(key=lambda task: name_hash.share("order", task.name))
    groups = {}
    for task in tasks:
        groups.setdefault((task.severity, task.file if what == "signals" else None), []).append(task)
    return [task for group in groups.values() for task in group[: options.limit]]


def _page_files(options, extra):
    from train.dataset import read_pages

    pages = [page for page in read_pages(options.data, extra=True) if page.extra == extra]
    return [page for page in pages if split_of(page.sha256) == options.split]


def _camera_tasks(options):
    pages = _page_files(options, False)
    return [Task("camera", p.key, str(p.path), s, _seed(options, "camera", p.key, s), p.layout)
            for s in options.severity or SEVERITIES for p in pages]  # fmt: skip


def _page_tasks(options):
    return [Task("pages", p.key, str(p.path), expected=p.layout) for p in _page_files(options, False)]


def _extra_tasks(options):
    return [Task("extra", p.key, str(p.path), expected=p.layout) for p in _page_files(options, True)]


def _real_tasks(options):
    from train.dataset import data_directory

    folder = options.data or data_directory()
    files = sorted((folder / "real_pages").glob("*.jpg")) if folder else []
    return [Task("real", path.stem, str(path)) for path in files]


def _other_tasks(options):
    return [
        Task("others", row.file_name, row.kind, row.severity, expected=row.origin)
        for row in not_ecg.corpus(options.split)
    ]


def _signal_tasks(options):
    from train.records import read_records

    records = read_records(options.data, folds=outcomes.FOLDS[options.split])
    return [Task("signals", f"{style}-{r.ecg_id}", style, s, _seed(options, "signals", f"{style}-{r.ecg_id}", s))
            for style in ("report", "paper") for s in options.severity or SIGNAL_SEVERITIES for r in records]  # fmt: skip


def _time_tasks(options):
    pages = _page_files(options, False)[: min(options.limit or 5, 5)]
    return [Task("time", p.key, str(p.path), 2, _seed(options, "time", p.key, 2)) for p in pages]


def _seed(options, *words):
    return int(name_hash.share("seed", options.split, str(options.seed), *map(str, words)) * 2**31)


READING = ("arrangement", "classifier", "compiled", "errors.py", "files", "formats", "image.py", "layout.py", "measure", "page", "preprocessing", "reader.py", "result.py",
           "signals.py", "stages.py", "system/batch.py", "system/clock.py", "system/process.py", "trace", "words.py")  # fmt: skip
"""The packages and modules of `ecg_edge` that a picture goes through."""


def code_of(model):
    """A digest of the code and the model that read: outcomes of other code are not mixed with these."""
    from ecg_edge.classifier import card

    digest = hashlib.sha256(card.read_card(model).path.read_bytes())
    for path in code_files():
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def code_files():
    """The files under `READING`, data among them, sorted."""
    import ecg_edge

    home = Path(ecg_edge.__file__).resolve().parent
    found = [path for name in READING for path in ([home / name] if name.endswith(".py") else (home / name).rglob("*"))]
    return sorted(path for path in found if path.is_file() and "__pycache__" not in path.parts)


def collect(tasks, path, code, options):
    """{key: row} of all tasks: those that `path` (JSONL) holds of this code, the rest measured and appended."""
    known = {} if options.rerun else read_rows(path, code)
    waiting = [task for task in tasks if task.key not in known]
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a") as file:
        for count, (task, seen) in enumerate(_measured(waiting, options), 1):
            row = {"key": task.key, "code": code, **asdict(task), **seen}
            file.write(json.dumps(row) + "\n")
            file.flush()
            known[task.key] = row
            print(f"\r{task.what}: {count} of {len(waiting)}", end="", file=sys.stderr, flush=True)
    if waiting:
        print(file=sys.stderr)
    return {task.key: known[task.key] for task in tasks}


def read_rows(path, code):
    """{key: row} of the rows in a JSONL file that this code made."""
    return {row["key"]: row for row in rows_in(path) if row["code"] == code}


def rows_in(path):
    """Yield the rows in a JSONL file, where there is one; a line that was cut off is left out."""
    for line in path.read_text().splitlines() if path.is_file() else ():
        try:
            yield json.loads(line)
        except json.JSONDecodeError:
            continue


def _measured(tasks, options):
    """Yield (task, row) as they are done."""
    if options.jobs == 1 or len(tasks) < 2:
        for task in tasks:
            yield task, outcomes.measure(task, _reader(options.model), options.split)
        return
    # Threads of numerical libraries would fight over the cores that the workers have already.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with ProcessPoolExecutor(options.jobs, multiprocessing.get_context("spawn")) as pool:
        done = {pool.submit(_measure_in_worker, task, options.model, options.split): task for task in tasks}
        for future in as_completed(done):
            yield done[future], future.result()


def _measure_in_worker(task, model, split):
    return outcomes.measure(task, _reader(model), split)


@lru_cache(maxsize=1)
def _reader(model):
    from ecg_edge import Reader

    return Reader(model)


def add_options(command):
    """The options of `python -m benchmarks reading`."""
    command.add_argument("--what", nargs="+", choices=tuple(outcomes.MEASURES), default=list(outcomes.MEASURES))
    command.add_argument(
        "--severity", nargs="+", type=int, choices=(0, 1, 2, 3), help="of camera and signals (default: all)"
    )
    command.add_argument("--split", choices=("tune", "test"), default="test")
    command.add_argument("--model", default="crnn")
    command.add_argument("--limit", type=int, help="at most so many pictures of each kind and severity")
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--jobs", type=int, default=1)
    command.add_argument("--rerun", action="store_true", help="measure again what is known")
    command.add_argument("--sheet", action="store_true", help="a contact sheet of the real pages with their overlays")
    command.add_argument("--data", type=Path)
    command.add_argument("--runs", type=Path, default=Path("runs/reading"))
    command.add_argument("--out", type=Path, default=Path("benchmarks/results/reading"))


def run(options):
    """`python -m benchmarks reading`."""
    if options.jobs < 1 or (options.limit is not None and options.limit < 1):
        raise argparse.ArgumentTypeError("--jobs and --limit must be at least 1")
    code = code_of(options.model)
    measured = {}
    for what in options.what:
        tasks = tasks_of(what, options)
        path = options.runs / f"{what}-{options.split}-{options.model}.jsonl"
        measured[what] = list(collect(tasks, path, code, options).values())
    kinds = ", ".join(sorted(not_ecg.NEVER_TUNED))
    about = {
        "split": options.split,
        "model": options.model,
        "seed": options.seed,
        "limit": options.limit,
        "code": code,
        "protocol": PROTOCOL.format(
            split=options.split, folds=outcomes.FOLDS[options.split][0], seed=options.seed, kinds=kinds
        ),
        "missing": not_ecg.missing() if "others" in options.what else {},
        "environment": environment.record(),
    }
    print(reading_table.write(measured, about, options.out))
    if options.sheet:
        sheet = real_sheet(tasks_of("real", options), _reader(options.model))
        sheet.save(options.out / f"real-{options.model}.jpg", quality=80)


def real_sheet(tasks, reader):
    """One picture of the real pages with their overlays, in the order of their names."""
    from ecg_edge.image import open_picture
    from ecg_edge.output import overlay

    tiles = []
    for task in sorted(tasks, key=lambda task: task.name):
        result, stages = reader.inspect(task.file, trace=True)
        drawn = overlay.draw_overlay(open_picture(task.file).image, result, stages)
        tiles.append((f"{task.name}: {result.verdict or result.reason.value}", drawn))
    return not_ecg.contact_sheet(tiles, columns=3, tile_px=(900, 560))
