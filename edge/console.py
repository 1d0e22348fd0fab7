"""What the commands share: exit statuses, options of the reader, and how results are shown."""

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
    from .reader import Reader

    return Reader(
        options.model,
        options.threads,
        options.min_confidence,
        options.runtime,
        mm_per_s=options.mm_per_s,
        mm_per_mv=options.mm_per_mv,
    )


def show(result, as_json):
    """Print a result as a line."""
    print(result.to_json() if as_json else result.to_text(), flush=True)


def describe(result):
    """What came of a page, in words, of the dict of its result."""
    if result["verdict"] is None:
        return f"{result['status']} ({result['reason']}): {result['message']}"
    doubt = " (uncertain)" if result["status"] == "uncertain" else ""
    note = f": {result['message']}" if result["message"] else ""
    return f"{result['verdict']} {result['confidence']:.2f}{doubt}{note}"


def complain(error, status):
    """Print what is wrong on standard error; the exit status."""
    print(f"ecg-edge: {error}", file=sys.stderr)
    return status
