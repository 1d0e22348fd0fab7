"""`ecg-edge doctor`: looks whether this machine can do it, and says what to do."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from .console import Commands, add_command
from .exit_status import CANNOT_RUN, SUCCESS

WORDS = {"good": "ok", "warning": "warning", "bad": "problem", "absent": "missing"}
"""What people read for a finding's verdict; JSON has the verdict."""


def add_to(commands: Commands) -> None:
    """Add the command to the command line's subparsers."""
    command = add_command(
        commands,
        "doctor",
        _doctor,
        "check whether this machine can run ecg-edge, and say what helps",
        "ecg-edge doctor --json",
    )
    command.add_argument("--config", metavar="FILE", help="configuration: check what it asks for")
    command.add_argument("--serve", action="store_true", help="check whether the page can be served, too")
    command.add_argument("--store", metavar="DIR", help="folder of the stored results (default: the usual one)")
    command.add_argument("--camera", metavar="N|DIR", help="the camera (default: the configuration's, or 0)")
    command.add_argument("--json", action="store_true", help="JSON, one finding a line")


def _doctor(options: argparse.Namespace) -> int:
    import json

    from ..device.settings import read_settings
    from ..diagnostics.machine_checks import BAD, examine
    from ..store.result_store import default_folder

    worst, settings, counts = SUCCESS, read_settings(options.config), dict.fromkeys(WORDS, 0)
    folder = options.store or settings["store"]["folder"] or default_folder()
    for finding in examine(folder, options.camera or settings["camera"]["source"], settings, options.serve):
        if options.json:
            print(json.dumps(finding.to_dict()), flush=True)
        else:
            remedy = f"\n{'':10}what helps: {finding.remedy}" if finding.remedy else ""
            print(f"{WORDS[finding.verdict]:<9} {finding.name}: {finding.found}{remedy}", flush=True)
        worst = CANNOT_RUN if finding.verdict == BAD else worst
        counts[finding.verdict] += 1
    if not options.json:
        print(closing_line(counts))
    return worst


def closing_line(counts: Mapping[str, int]) -> str:
    """What all findings come to, of how many there are of each verdict."""
    problems, warnings, missing = (counts[verdict] for verdict in ("bad", "warning", "absent"))
    said = f"Not ready: {_number_of(problems, 'problem')} to be mended" if problems else "Ready to read pages"
    more = [_number_of(warnings, "warning")] if warnings else []
    more += (
        [f"{_number_of(missing, 'part')} missing that {'is' if missing == 1 else 'are'} not needed for what is set"]
        if missing
        else []
    )
    return f"{said}{'; ' if more else ''}{', '.join(more)}."


def _number_of(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
