"""`ecg-edge bench`: measures time and memory of a page on this machine."""

from __future__ import annotations

import argparse
import os
import sys

from ..errors import OutputError, PictureError, UsageError
from .console import Commands, add_command, expand
from .exit_status import CANNOT_RUN, SUCCESS


def add_to(commands: Commands) -> None:
    """Add the command to the command line's subparsers."""
    command = add_command(
        commands,
        "bench",
        _bench,
        "measure time and memory of a page on this machine",
        "ecg-edge bench --out this-pi.json",
    )
    command.add_argument("paths", nargs="*", metavar="PATH", help="pictures to read (default: drawn report pages)")
    command.add_argument("--model", nargs="+", metavar="NAME", help="models (default: the default one)")
    command.add_argument("--runtime", nargs="+", metavar="NAME", help="runtimes (default: all that work here)")
    command.add_argument("--threads", nargs="+", type=int, default=[1], metavar="N", help="threads (default 1)")
    command.add_argument(
        "--seconds", type=float, default=20.0, metavar="S", help="limit for each measurement (default 20)"
    )
    command.add_argument("--out", metavar="FILE", help="write all that was measured there, as JSON")
    command.add_argument("--json", action="store_true", help="print it as JSON in place of the table")


def _bench(options: argparse.Namespace) -> int:
    import json

    from ..classifier.card import DEFAULT_MODEL, read_card
    from ..classifier.runtime import find_runtime, usable_runtimes
    from ..diagnostics import page_cost

    if not 0 < options.seconds < float("inf"):
        raise UsageError("--seconds must be above 0")
    pages = [source for source in expand(options.paths) if isinstance(source, str)]
    if len(pages) < len(options.paths):
        raise UsageError("bench reads files, not standard input")
    names = options.runtime or [found.name for found in usable_runtimes()] or [None]
    for name in names:
        find_runtime(name)
    models = options.model or [DEFAULT_MODEL]
    for model in models:
        read_card(model)
    for page in pages:
        _check(page)
    if options.out and not os.path.isdir(os.path.dirname(os.path.abspath(options.out))):
        raise OutputError(f"{options.out}: its folder does not exist: make it, or give another --out.")
    report = page_cost.run(
        models, names, options.threads, pages, options.seconds, notice=lambda line: print(line, file=sys.stderr)
    )
    if options.out:
        page_cost.write(report, options.out)
    print(json.dumps(report) if options.json else page_cost.to_markdown(report), end="\n" if options.json else "")
    return CANNOT_RUN if all("error" in run for run in report["runs"]) else SUCCESS


def _check(page: str) -> None:
    """Refuse what cannot be opened, before anything is measured."""
    from ..image import open_picture

    if not os.path.isfile(page):
        raise UsageError(f"{page}: there is no picture there: check the path")
    try:
        open_picture(page)
    except PictureError as error:
        raise UsageError(f"{page}: {error}") from error
