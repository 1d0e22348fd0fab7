"""What the commands share: options of the reader, and how results are shown."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeAlias

from ..words import printable

if TYPE_CHECKING:
    from ..image import Source
    from ..reader import Reader
    from ..result import Result

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
"""What a command adds its parser to."""


def add_command(
    commands: Commands, name: str, run: Callable[[argparse.Namespace], int], what: str, example: str
) -> argparse.ArgumentParser:
    """Add a command, with an example in its help; its parser."""
    command = commands.add_parser(
        name, help=what, description=f"{what[0].upper()}{what[1:]}.", epilog=f"example: {example}"
    )
    command.set_defaults(run=run)
    return command


def add_model_options(command: argparse.ArgumentParser) -> None:
    """Add the options that `make_reader` takes, and --json."""
    add_reader_options(command)
    command.add_argument("--json", action="store_true", help="JSON, one result a line")


def add_reader_options(command: argparse.ArgumentParser) -> None:
    """Add the options that `make_reader` takes."""
    command.add_argument("--model", metavar="NAME", help="model (see 'ecg-edge models')")
    command.add_argument(
        "--min-confidence",
        type=float,
        metavar="P",
        help="verdicts below this are uncertain, 0 to 1 (default: the card's)",
    )
    command.add_argument("--runtime", metavar="NAME", help="ai-edge-litert or tflite-runtime (default: the faster)")
    command.add_argument("--threads", type=int, default=1, metavar="N", help="threads of the runtime (default 1)")
    command.add_argument("--mm-per-s", type=float, metavar="V", help="paper speed (default: read from the page)")
    command.add_argument("--mm-per-mv", type=float, metavar="V", help="gain (default: read from the page)")


def make_reader(options: argparse.Namespace) -> Reader:
    """The `Reader` that the options ask for."""
    from ..reader import Reader

    return Reader(
        options.model,
        options.threads,
        options.min_confidence,
        options.runtime,
        mm_per_s=options.mm_per_s,
        mm_per_mv=options.mm_per_mv,
        rate_hz=getattr(options, "fs", None),
        guarded=True,
    )


def expand(paths: Iterable[str]) -> list[Source]:
    """The sources that the given paths stand for; a directory without known files stands for itself, and is answered. Other files in directories
    are counted on standard error."""
    from ..files.kinds import list_files
    from ..files.limits import MAX_BYTES

    sources: list[Source] = []
    for path in paths:
        if path == "-":
            data = io.BytesIO(sys.stdin.buffer.read(MAX_BYTES + 1))
            data.name = "-"
            sources.append(data)
        elif os.path.isdir(path):
            listing = list_files(path)
            sources += listing.known or [path]
            if listing.others:
                what = "1 file is" if listing.others == 1 else f"{listing.others} files are"
                print(f"{printable(path)}: {what} of no known kind, and not read", file=sys.stderr)
        else:
            sources.append(path)
    return sources


def show(result: Result, as_json: bool, verbose: bool = False) -> None:
    """Print a result as a line; a `verbose` one with all that is known of it below, indented."""
    print(result.to_json() if as_json else result.to_text(), flush=True)
    if verbose:
        from ..output.result_lines import result_lines

        for line in result_lines(result.to_dict(), result.min_confidence):
            print(f"    {line}", flush=True)


def show_rows() -> Callable[[Result], None]:
    """Print the head of a table as CSV; what prints a result as its next row."""
    import csv

    from ..output.result_table import COLUMNS, csv_cells, measured_cells, result_cells

    rows = csv.writer(sys.stdout, lineterminator="\n")
    rows.writerow(COLUMNS)
    sys.stdout.flush()

    def show_row(result: Result) -> None:
        known = result.to_dict()
        rows.writerow(csv_cells([*result_cells(known), *measured_cells(known)]))
        sys.stdout.flush()

    return show_row


def complain(error: Exception | str, status: int) -> int:
    """Print what is wrong on standard error; the exit status."""
    print(f"ecg-edge: {printable(str(error))}", file=sys.stderr)
    return status
