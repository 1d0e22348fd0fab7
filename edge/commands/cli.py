"""The command line, `ecg-edge`: its commands, and what their errors become."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence

from .. import __version__
from ..errors import InstallationError, UsageError
from . import anonymise, archive, bench, capture, classify, demo, doctor, history, install_service, models, serve, watch
from .console import complain
from .exit_status import CANNOT_RUN, WRONG_USAGE

COMMANDS = (classify, demo, models, bench, capture, watch, serve, history, doctor, install_service, anonymise, archive)
"""In the order of the help. They are light: what a command needs is imported when it runs."""

ONE_THREAD = "1"
"""So many threads NumPy's products and equations take where nobody says otherwise, which has to be known before NumPy is imported: ours are so small that to share one costs a hundred
times as much processor's time as to compute it."""

OPTIONS = {"rate_hz": "fs"}
"""Options that are called otherwise than the argument that they give."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status.

    0 every picture has a verdict · 1 one was refused or failed · 2 wrong usage · 3 the installation cannot do it ·
    130 interrupted · 143 terminated, each after the page in hand.
    """
    # A reader of our output that goes away ends us quietly, as it ends every command: here by the signal, and below
    # by the error, since a worker's pipe may break too.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", os.environ.get("OMP_NUM_THREADS", ONE_THREAD))
    options = build_parser().parse_args(argv)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        status: int = options.run(options)
        sys.stdout.flush()
        return status
    except UsageError as error:
        return complain(_by_option(str(error), options), WRONG_USAGE)
    except InstallationError as error:
        return complain(error, CANNOT_RUN)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except BrokenPipeError:
        _drop_output()
        return 128 + signal.SIGPIPE
    except OSError as error:
        # A full disk under standard output; other files' errors come as an OutputError.
        _drop_output()
        return complain(f"a result cannot be written ({error.strerror or error}).", CANNOT_RUN)


def build_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line, a subparser for each command."""
    parser = argparse.ArgumentParser(
        prog="ecg-edge", description="Read printed 12-lead ECGs on this device. Not a medical device."
    )
    parser.add_argument("--version", action="version", version=f"ecg-edge {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add_to(commands)
    return parser


def _by_option(message: str, options: argparse.Namespace) -> str:
    """A message about an argument of Python's, by the option that gave it: "min_confidence must be …" as "--min-confidence must be …"."""
    name, space, rest = message.partition(" must be ")
    name = OPTIONS.get(name, name)
    return f"--{name.replace('_', '-')}{space}{rest}" if space and name in vars(options) else message


def _drop_output() -> None:
    # What stands in the buffer would fail again at exit.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
