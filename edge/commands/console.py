"""What the commands share: exit statuses, options of the reader, and how results are shown."""

import io
import os
import sys

READ, UNREAD, WRONG_USAGE, CANNOT = 0, 1, 2, 3
STATUS = {"read": READ, "uncertain": READ, "refused": UNREAD, "failed": UNREAD}
"""The exit status of each status of a result."""


def add_command(commands, name, run, what, example):
    """Add a command, with an example in its help; its parser."""
    command = commands.add_parser(
        name, help=what, description=f"{what[0].upper()}{what[1:]}.", epilog=f"example: {example}"
    )
    command.set_defaults(run=run)
    return command


def add_model_options(command):
    """The options that `make_reader` looks at, and --json."""
    command.add_argument("--model", metavar="NAME", help="model (see 'ecg-edge models')")
    command.add_argument("--json", action="store_true", help="JSON, one result a line")
    command.add_argument(
        "--min-confidence", type=float, metavar="P", help="verdicts below are uncertain, 0 to 1 (default: the card's)"
    )
    command.add_argument("--runtime", metavar="NAME", help="ai-edge-litert or tflite-runtime (default: the faster)")
    command.add_argument("--threads", type=int, default=1, metavar="N", help="threads of the runtime (default 1)")
    command.add_argument("--mm-per-s", type=float, metavar="V", help="paper speed (default: read from the page)")
    command.add_argument("--mm-per-mv", type=float, metavar="V", help="gain (default: read from the page)")


def make_reader(options):
    """The `Reader` that the options ask for."""
    from ..reader import Reader

    return Reader(
        options.model,
        options.threads,
        options.min_confidence,
        options.runtime,
        mm_per_s=options.mm_per_s,
        mm_per_mv=options.mm_per_mv,
    )


def expand(paths):
    """The sources that the given paths stand for; a directory without pictures stands for itself, and is answered."""
    from ..image import MAX_BYTES, find_pictures

    sources = []
    for path in paths:
        if path == "-":
            data = io.BytesIO(sys.stdin.buffer.read(MAX_BYTES + 1))
            data.name = "-"
            sources.append(data)
        elif os.path.isdir(path):
            sources += find_pictures(path) or [path]
        else:
            sources.append(path)
    return sources


def show(result, as_json):
    """Print a result as a line."""
    print(result.to_json() if as_json else result.to_text(), flush=True)


def complain(error, status):
    """Print what is wrong on standard error; the exit status."""
    print(f"ecg-edge: {error}", file=sys.stderr)
    return status
