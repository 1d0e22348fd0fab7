"""`ecg-edge archive`: reads archives on many processes and machines, and goes on where it was ended."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

from ..errors import UsageError
from ..words import printable
from .console import Commands, add_command, add_reader_options
from .exit_status import EXIT_STATUS, SUCCESS

if TYPE_CHECKING:
    from types import FrameType

    from ..archive.journal import Journal
    from ..archive.workers import ReaderOptions

PARQUET, LINES = ".parquet", ".jsonl"
SHOW_EVERY = 10
"""After so many pictures their number is shown, where standard error is a terminal."""


def add_to(commands: Commands) -> None:
    """Add the command to the command line's subparsers."""
    command = add_command(
        commands,
        "archive",
        _archive,
        "read archives on many processes or machines; a run that was ended goes on where it was",
        "ecg-edge archive scans/ --out results.jsonl --jobs 4",
    )
    command.add_argument(
        "paths", nargs="+", metavar="PATH", help="files, folders, or addresses such as s3://bucket/pages"
    )
    command.add_argument("--out", required=True, metavar="FILE", help="results.jsonl or results.parquet")
    where = command.add_mutually_exclusive_group()
    where.add_argument("--jobs", type=int, metavar="N", help="processes of this machine (default: one for each core)")
    where.add_argument("--scheduler", metavar="ADDRESS", help="a Dask cluster's, such as tcp://host:8786")
    add_reader_options(command)


def _archive(options: argparse.Namespace) -> int:
    from ..archive.journal import Journal
    from ..archive.parquet import import_pyarrow, write_parquet
    from ..archive.workers import START_S, local_cluster, remote_cluster, usable_cores

    if not options.out.endswith((PARQUET, LINES)) or "://" in options.out:
        raise UsageError(f"--out must be a file of this machine that ends in {LINES} or {PARQUET}, not {options.out}")
    if options.jobs is not None and options.jobs < 1:
        raise UsageError("--jobs must be at least 1")
    is_parquet = options.out.endswith(PARQUET)
    lines = f"{options.out}{LINES}" if is_parquet else options.out
    if is_parquet:
        import_pyarrow()
    settings = _settings(options)
    if options.scheduler:
        print(f"{options.scheduler}: waiting for the scheduler, {START_S:g} s at most", file=sys.stderr, flush=True)
    with _terminated_as_exit(), Journal(options.out, lines, settings) as journal:
        with (
            remote_cluster(options.scheduler)
            if options.scheduler
            else local_cluster(options.jobs or usable_cores()) as client
        ):
            _read(client, options, journal)
        journal.commit()
        if is_parquet:
            write_parquet(lines, options.out)
        counts = ", ".join(f"{count} {status}" for status, count in sorted(journal.statuses.items()))
        files = f"{journal.pictures} file{'' if journal.pictures == 1 else 's'}"
        results = sum(journal.statuses.values())
        print(f"{options.out}: {files}, {results} result{'' if results == 1 else 's'} ({counts})")
        return max((EXIT_STATUS[status] for status in journal.statuses), default=SUCCESS)


def _read(client: Any, options: argparse.Namespace, journal: Journal) -> None:
    """Read what the journal does not have."""
    from ..archive.sources import find_pictures, stamp_of
    from ..archive.workers import read_pages

    stamps: dict[str, str] = {}

    def left() -> Iterator[str]:
        for path in find_pictures(options.paths, _tell_of_others):
            stamp = stamp_of(path)
            if not journal.has(path, stamp):
                stamps[path] = stamp
                yield path

    for path, results in read_pages(client, left(), _reader_options(options)):
        journal.add(path, results, stamps.pop(path))
        for result in results:
            if result["status"] == "failed":
                print(
                    f"{printable(result['source'])}: failed ({result['reason']}). {result['message']}", file=sys.stderr
                )
        if sys.stderr.isatty() and journal.pictures % SHOW_EVERY == 0:
            print(f"\r{journal.pictures} pictures", end="", file=sys.stderr, flush=True)


def _settings(options: argparse.Namespace) -> dict[str, Any]:
    """What results depend on, as the journal keeps it."""
    from ..classifier import card as cards

    card = cards.read_card(options.model or cards.DEFAULT_MODEL)
    return {"model": f"{card.name} {card['version']}", "min_confidence": options.min_confidence,
            "mm_per_s": options.mm_per_s, "mm_per_mv": options.mm_per_mv}  # fmt: skip


def _reader_options(options: argparse.Namespace) -> ReaderOptions:
    """The arguments of `Reader`; the models' folder is each worker's own."""
    return (options.model, options.threads, options.min_confidence, options.runtime, None, options.mm_per_s, options.mm_per_mv)  # fmt: skip


def _tell_of_others(path: str, count: int) -> None:
    what = "1 file is" if count == 1 else f"{count} files are"
    print(f"{printable(path)}: {what} of no known kind, and not read", file=sys.stderr)


@contextmanager
def _terminated_as_exit() -> Iterator[None]:
    """Within it SIGTERM ends by an exception, so that what is finished is written."""

    def end(number: int, frame: FrameType | None) -> NoReturn:
        signal.signal(number, signal.SIG_IGN)
        sys.exit(128 + number)

    former = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)
