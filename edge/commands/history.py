"""`ecg-edge history`: lists or exports the stored results."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from itertools import chain
from typing import TYPE_CHECKING

from ..errors import StoreError, UsageError
from ..layout import CLASSES
from .console import Commands, add_command
from .exit_status import EXIT_STATUS, SUCCESS

if TYPE_CHECKING:
    from ..store.result_store import Entry


def add_to(commands: Commands) -> None:
    """Add the command to the command line's subparsers."""
    command = add_command(
        commands,
        "history",
        _history,
        "list or export the stored results",
        "ecg-edge history --since 2026-11-01 --csv",
    )
    command.add_argument("--store", metavar="DIR", help="folder of the stored results (default: the usual one)")
    command.add_argument("--number", type=int, metavar="N", help="only the result of this number")
    command.add_argument("--status", choices=EXIT_STATUS, help="only results with this status")
    command.add_argument("--verdict", choices=CLASSES, help="only results with this verdict")
    command.add_argument("--model", metavar="NAME", help="only results of this model")
    command.add_argument("--since", metavar="TIME", help="only pages from this time on (a date or ISO 8601; UTC)")
    command.add_argument("--until", metavar="TIME", help="only pages before this time")
    command.add_argument("--limit", type=int, metavar="N", help="only the newest N")
    command.add_argument("--subject", metavar="REF", help="with --fhir: the patient (Patient/123, or its address)")
    form = command.add_mutually_exclusive_group()
    for name, what in (("csv", "CSV"), ("json", "JSON, one result a line"), ("fhir", "a FHIR R4 Bundle")):
        form.add_argument(f"--{name}", action="store_const", dest="form", const=name, default="text", help=what)


def _history(options: argparse.Namespace) -> int:
    from ..output.fhir import check_subject
    from ..store.history import FORMS, parse_time, write_fhir
    from ..store.result_store import Store, default_folder

    if options.limit is not None and options.limit < 1:
        raise UsageError("--limit must be at least 1")
    if options.number is not None and options.number < 1:
        raise UsageError("--number must be at least 1")
    if options.subject is not None and options.form != "fhir":
        raise UsageError("--subject goes with --fhir")
    subject = None if options.subject is None else check_subject(options.subject)
    since, until = (time and parse_time(time) for time in (options.since, options.until))
    if since and until and since >= until:
        raise UsageError("--until must be later than --since")
    folder = options.store or default_folder()
    with Store(folder, write=False) as store:
        entries: Iterable[Entry]
        if options.number is not None:
            entry = store.get(options.number)
            if entry is None:
                raise StoreError(f"{folder}: there is no result of number {options.number}")
            entries = [entry]
        else:
            newest = options.limit is not None
            entries = store.list(
                options.status,
                options.verdict,
                options.model,
                since,
                until,
                limit=options.limit or -1,
                newest_first=newest,
            )
            entries = reversed(list(entries)) if newest else entries
        first = next(entries := iter(entries), None)
        if first is None:
            print(f"{folder}: no such results", file=sys.stderr)
        else:
            entries = chain([first], entries)
        if options.form == "fhir":
            write_fhir(entries, sys.stdout, subject)
        else:
            FORMS[options.form](entries, sys.stdout)
    return SUCCESS
