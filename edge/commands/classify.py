"""`ecg-edge classify`: reads pictures of ECG pages."""

import signal
import sys

from ..errors import InstallationError, UsageError
from .console import READ, STATUS, add_command, add_model_options, expand, make_reader, show


def add_to(commands):
    """Add the command to the command line's subparsers."""
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


def _classify(options):
    writers = _writers(options)
    if writers and options.jobs != 1:
        raise UsageError("--steps, --overlay and --signals go with --jobs 1")
    reader = make_reader(options)
    if options.steps and reader.kind != "lead_image":
        raise UsageError(
            f"--steps shows what models of single leads see: add --model cnn ({reader.card.name} sees signals)"
        )
    sources = expand(options.paths)
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
        from ..output.step_images import write_steps

        writers.append(lambda result, stages: stages.steps and write_steps(stages, options.steps))
    if options.overlay:
        from ..output.overlay import write_overlay

        writers.append(lambda result, stages: write_overlay(stages.picture, result, stages, options.overlay))
    if options.signals:
        from ..output.signal_files import write_signals_of

        writers.append(lambda result, stages: stages.traces and write_signals_of(stages, options.signals))
    return writers


def _read_and_write(reader, source, writers, trace):
    result, stages = reader.inspect(source, trace)
    if stages is not None:
        for write in writers:
            write(result, stages)
    return result


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
