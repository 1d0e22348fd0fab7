"""The command line, `ecg-edge`."""

import argparse
import io
import os
import signal
import sys

from . import __version__, device_commands
from .console import CANNOT, READ, STATUS, WRONG_USAGE, add_command, add_model_options, complain, make_reader, show
from .errors import InstallationError, UsageError


def main(argv=None):
    """Run the command line; the exit status.

    0 every picture has a verdict · 1 one was refused or failed · 2 wrong usage · 3 the installation cannot do it ·
    130 interrupted · 143 terminated, each after the page in hand.
    """
    # A reader of our output that goes away ends us quietly, as it ends every command: here by the signal, and below
    # by the error, since a worker's pipe may break too.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    options = build_parser().parse_args(argv)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        status = options.run(options)
        sys.stdout.flush()
        return status
    except UsageError as error:
        return complain(error, WRONG_USAGE)
    except InstallationError as error:
        return complain(error, CANNOT)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except BrokenPipeError:
        _drop_output()
        return 128 + signal.SIGPIPE
    except OSError as error:
        # A full disk under standard output; other files' errors come as an OutputError.
        _drop_output()
        return complain(f"a result cannot be written ({error.strerror or error}).", CANNOT)


def build_parser():
    """The parser of the whole command line, a subparser for each command."""
    parser = argparse.ArgumentParser(
        prog="ecg-edge", description="Read printed 12-lead ECGs on this device. Not a medical device."
    )
    parser.add_argument("--version", action="version", version=f"ecg-edge {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    command = add_command(
        commands, "classify", _classify, "read pictures of ECG pages", "ecg-edge classify pages/ --json"
    )
    command.add_argument(
        "paths", nargs="+", metavar="PATH", help="picture, directory of pictures, or - for standard input"
    )
    add_model_options(command)
    command.add_argument("--overlay", metavar="DIR", help="write each picture with what was read drawn over it")
    command.add_argument("--signals", metavar="DIR", help="write the leads as signals in mV, CSV and WFDB")
    command.add_argument("--steps", metavar="DIR", help="write the gray page and each lead after each step (cnn, crnn)")
    command.add_argument("--jobs", type=int, default=1, metavar="N", help="processes (default 1)")

    command = add_command(commands, "demo", _demo, "draw simulated pages and read them", "ecg-edge demo --out demo/")
    command.add_argument("--out", metavar="DIR", help="keep the pages and their steps there")
    command.add_argument("--model", metavar="NAME", help="model (see 'ecg-edge models')")
    command.add_argument("--runtime", metavar="NAME", help="ai-edge-litert or tflite-runtime (default: the faster)")

    command = add_command(
        commands, "models", _models, "list the installed models, or show a card", "ecg-edge models cnn --json"
    )
    command.add_argument("name", nargs="?", metavar="NAME", help="show this model's card")
    command.add_argument("--json", action="store_true", help="JSON, one card a line")

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

    device_commands.add_to(commands)
    return parser


def _classify(options):
    writers = _writers(options)
    if writers and options.jobs != 1:
        raise UsageError("--steps, --overlay and --signals go with --jobs 1")
    reader = make_reader(options)
    if options.steps and reader.kind != "lead_image":
        raise UsageError(
            f"--steps shows what models of single leads see: add --model cnn ({reader.card.name} sees signals)"
        )
    sources = _expand(options.paths)
    results = (
        (_read_and_write(reader, source, writers, bool(options.overlay or options.signals)) for source in sources)
        if writers
        else reader.read_all(sources, options.jobs)
    )
    status, count = READ, 0
    with _Stop() as stop:
        try:
            for result in results:
                count += 1
                status = max(status, STATUS[result.status])
                show(result, options.json)
                _show_progress(count, len(sources))
                if stop.signal:
                    results.close()
                    break
        except InstallationError:
            # A signal to the whole group ends the workers too.
            if not stop.signal:
                raise
    return 128 + stop.signal if stop.signal else status


def _writers(options):
    """What is to be written of every picture that was opened: functions of result and stages."""
    writers = []
    if options.steps:
        from .steps import write_steps

        writers.append(lambda result, stages: stages.steps and write_steps(stages, options.steps))
    if options.overlay:
        from .overlay import write_overlay

        writers.append(lambda result, stages: write_overlay(stages.picture, result, stages, options.overlay))
    if options.signals:
        from .signals import write_signals_of

        writers.append(lambda result, stages: stages.traces and write_signals_of(stages, options.signals))
    return writers


def _read_and_write(reader, source, writers, trace):
    result, stages = reader.inspect(source, trace)
    if stages is not None:
        for write in writers:
            write(result, stages)
    return result


def _expand(paths):
    """The sources that the given paths stand for; a directory without pictures stands for itself, and is answered."""
    from .image import MAX_BYTES, find_pictures

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


def _demo(options):
    from . import demo
    from .reader import Reader

    results = demo.run(Reader(options.model, runtime=options.runtime), options.out)
    return max(STATUS[result.status] for result in results)


def _models(options):
    import json

    from .card import list_names, read_card

    status = READ
    for name in [options.name] if options.name else list_names():
        try:
            card = read_card(name)
            card.read_model()
        except InstallationError as error:
            status = complain(error, CANNOT)
            continue
        if options.json:
            print(json.dumps(card.fields))
        elif options.name:
            print(json.dumps(card.fields, indent=2))
        else:
            print(f"{card.name:<8} {card['version']:<8} {card['file.bytes'] / 1e6:6.1f} MB  {card['summary']}")
    return status


def _bench(options):
    import json

    from . import bench
    from .card import DEFAULT_MODEL
    from .runtime import find_runtime, usable_runtimes

    if not 0 < options.seconds < float("inf"):
        raise UsageError("--seconds must be above 0")
    pages = [source for source in _expand(options.paths) if isinstance(source, str)]
    if len(pages) < len(options.paths):
        raise UsageError("bench reads files, not standard input")
    names = options.runtime or [found.name for found in usable_runtimes()] or [None]
    for name in names:
        find_runtime(name)
    models = options.model or [DEFAULT_MODEL]
    report = bench.run(
        models, names, options.threads, pages, options.seconds, notice=lambda line: print(line, file=sys.stderr)
    )
    if options.out:
        bench.write(report, options.out)
    print(json.dumps(report) if options.json else bench.to_markdown(report), end="\n" if options.json else "")
    return CANNOT if all("error" in run for run in report["runs"]) else READ


class _Stop:
    """Within it, SIGINT and SIGTERM are kept in `signal` for after the page in hand; a second SIGINT ends at once."""

    signal = None

    def __enter__(self):
        self._former = {number: signal.signal(number, self._note) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_):
        for number, handler in self._former.items():
            signal.signal(number, handler)

    def _note(self, number, _frame):
        if self.signal == number == signal.SIGINT:
            raise KeyboardInterrupt
        self.signal = number


def _show_progress(done, of):
    if sys.stderr.isatty() and not sys.stdout.isatty():
        print(f"\r{done} of {of}", end="\n" if done == of else "", file=sys.stderr, flush=True)


def _drop_output():
    # What stands in the buffer would fail again at exit.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
