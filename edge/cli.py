"""The command line, `ecg-edge`."""

import argparse
import io
import os
import signal
import sys
from datetime import datetime, timezone

from . import __version__
from .errors import InstallationError, OutputError, PictureError, UsageError

READ, UNREAD, WRONG_USAGE, CANNOT = 0, 1, 2, 3
_STATUS = {"read": READ, "uncertain": READ, "refused": UNREAD, "failed": UNREAD}


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
        return _complain(error, WRONG_USAGE)
    except InstallationError as error:
        return _complain(error, CANNOT)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except BrokenPipeError:
        _drop_output()
        return 128 + signal.SIGPIPE
    except OSError as error:
        # A full disk under standard output; other files' errors come as an OutputError.
        _drop_output()
        return _complain(f"a result cannot be written ({error.strerror or error}).", CANNOT)


def build_parser():
    """The parser of the whole command line, a subparser for each command."""
    parser = argparse.ArgumentParser(
        prog="ecg-edge", description="Read printed 12-lead ECGs on this device. Not a medical device."
    )
    parser.add_argument("--version", action="version", version=f"ecg-edge {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    command = _add(commands, "classify", _classify, "read pictures of ECG pages", "ecg-edge classify pages/ --json")
    command.add_argument(
        "paths", nargs="+", metavar="PATH", help="picture, directory of pictures, or - for standard input"
    )
    _add_model_options(command)
    command.add_argument("--overlay", metavar="DIR", help="write each picture with what was read drawn over it")
    command.add_argument("--signals", metavar="DIR", help="write the leads as signals in mV, CSV and WFDB")
    command.add_argument("--steps", metavar="DIR", help="write the gray page and each lead after each step (cnn, crnn)")
    command.add_argument("--jobs", type=int, default=1, metavar="N", help="processes (default 1)")

    command = _add(commands, "demo", _demo, "draw simulated pages and read them", "ecg-edge demo --out demo/")
    command.add_argument("--out", metavar="DIR", help="keep the pages and their steps there")
    command.add_argument("--model", metavar="NAME", help="model (see 'ecg-edge models')")
    command.add_argument("--runtime", metavar="NAME", help="ai-edge-litert or tflite-runtime (default: the faster)")

    command = _add(
        commands, "models", _models, "list the installed models, or show a card", "ecg-edge models cnn --json"
    )
    command.add_argument("name", nargs="?", metavar="NAME", help="show this model's card")
    command.add_argument("--json", action="store_true", help="JSON, one card a line")

    command = _add(commands, "capture", _capture, "take a picture and read it", "ecg-edge capture --out page.jpg")
    command.add_argument(
        "--camera", default="0", metavar="N|DIR", help="camera number, or a folder of pictures (default 0)"
    )
    command.add_argument("--out", metavar="FILE", help="keep the picture there")
    command.add_argument(
        "--timeout", type=float, default=10.0, metavar="S", help="seconds to wait for the camera (default 10)"
    )
    _add_model_options(command)
    return parser


def _add(commands, name, run, what, example):
    command = commands.add_parser(
        name, help=what, description=f"{what[0].upper()}{what[1:]}.", epilog=f"example: {example}"
    )
    command.set_defaults(run=run)
    return command


def _add_model_options(command):
    command.add_argument("--model", metavar="NAME", help="model (see 'ecg-edge models')")
    command.add_argument("--json", action="store_true", help="JSON, one result a line")
    command.add_argument(
        "--min-confidence", type=float, metavar="P", help="verdicts below are uncertain, 0 to 1 (default: the card's)"
    )
    command.add_argument("--runtime", metavar="NAME", help="ai-edge-litert or tflite-runtime (default: the faster)")
    command.add_argument("--threads", type=int, default=1, metavar="N", help="threads of the runtime (default 1)")
    command.add_argument("--mm-per-s", type=float, metavar="V", help="paper speed (default: read from the page)")
    command.add_argument("--mm-per-mv", type=float, metavar="V", help="gain (default: read from the page)")


def _make_reader(options):
    from .reader import Reader

    return Reader(
        options.model,
        options.threads,
        options.min_confidence,
        options.runtime,
        mm_per_s=options.mm_per_s,
        mm_per_mv=options.mm_per_mv,
    )


def _classify(options):
    writers = _writers(options)
    if writers and options.jobs != 1:
        raise UsageError("--steps, --overlay and --signals go with --jobs 1")
    reader = _make_reader(options)
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
                status = max(status, _STATUS[result.status])
                _show(result, options.json)
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
    return max(_STATUS[result.status] for result in results)


def _models(options):
    import json

    from .card import list_names, read_card

    status = READ
    for name in [options.name] if options.name else list_names():
        try:
            card = read_card(name)
            card.read_model()
        except InstallationError as error:
            status = _complain(error, CANNOT)
            continue
        if options.json:
            print(json.dumps(card.fields))
        elif options.name:
            print(json.dumps(card.fields, indent=2))
        else:
            print(f"{card.name:<8} {card['version']:<8} {card['file.bytes'] / 1e6:6.1f} MB  {card['summary']}")
    return status


def _capture(options):
    from dataclasses import replace

    from .camera import FolderCamera, PiCamera
    from .result import unread

    if not 0 < options.timeout < float("inf"):
        raise UsageError("--timeout must be above 0")
    reader = _make_reader(options)
    camera = PiCamera(int(options.camera)) if options.camera.isdecimal() else FolderCamera(options.camera)
    try:
        shot = camera.capture(options.timeout)
    except PictureError as error:
        result = unread(f"camera {options.camera}", error.reason, str(error), captured_at=_now())
        _show(result, options.json)
        return _STATUS[result.status]
    finally:
        camera.close()
    taken = _now()
    if options.out:
        try:
            shot.image.save(options.out, quality=95)
        except (OSError, ValueError) as error:
            raise OutputError(f"{options.out}: cannot be written ({error}).") from error
    result = replace(reader.read(shot.image), source=options.out or f"camera {options.camera}", captured_at=taken)
    _show(result, options.json)
    return _STATUS[result.status]


def _now():
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


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


def _show(result, as_json):
    print(result.to_json() if as_json else result.to_text(), flush=True)


def _show_progress(done, of):
    if sys.stderr.isatty() and not sys.stdout.isatty():
        print(f"\r{done} of {of}", end="\n" if done == of else "", file=sys.stderr, flush=True)


def _drop_output():
    # What stands in the buffer would fail again at exit.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _complain(error, status):
    print(f"ecg-edge: {error}", file=sys.stderr)
    return status
