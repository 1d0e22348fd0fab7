"""`ecg-edge classify`: reads pictures of ECG pages."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Generator, Iterator, Sequence, Set
from functools import partial
from typing import TYPE_CHECKING

from ..errors import InstallationError, UsageError
from ..files.limits import MAX_PAGE_NUMBER, MAX_PAGES
from ..formats import DEFAULT_FORMATS, SIGNAL_FORMATS
from .console import Commands, add_command, add_model_options, expand, make_reader, show_rows
from .console import show as show_line
from .exit_status import EXIT_STATUS, SUCCESS

if TYPE_CHECKING:
    from types import FrameType

    from ..image import Source
    from ..measure.person import Person
    from ..reader import Reader
    from ..result import Result
    from ..stages import Stages

    Writer = Callable[[Result, Stages], object]


def add_to(commands: Commands) -> None:
    """Add the command to the command line's subparsers."""
    command = add_command(
        commands, "classify", _classify, "read pictures of ECG pages", "ecg-edge classify pages/ --json"
    )
    command.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="picture, PDF, DICOM file or digital ECG (.hea, .csv), directory of them, or - for standard input",
    )
    add_model_options(command)
    command.add_argument("--overlay", metavar="DIR", help="write each picture with what was read drawn over it")
    command.add_argument("--signals", metavar="DIR", help="write the leads as signals in mV")
    command.add_argument(
        "--signals-format",
        type=_formats,
        action="extend",
        metavar="NAME[,NAME]",
        help=f"of {', '.join(SIGNAL_FORMATS)} (WFDB records without gaps; a DICOM 12-lead ECG), with --signals (default {','.join(DEFAULT_FORMATS)})",
    )
    command.add_argument(
        "--fhir", metavar="DIR", help="write each reading as a FHIR R4 Bundle, with the signals of its leads"
    )
    command.add_argument("--report", metavar="DIR", help="write each reading as a PDF, and into the Bundle of --fhir")
    command.add_argument("--subject", metavar="REF", help="with --fhir: the patient (Patient/123, or its address)")
    command.add_argument("--steps", metavar="DIR", help="write the gray page and each lead after each step (cnn, crnn)")
    command.add_argument(
        "--pages",
        type=_numbers,
        metavar="N,N-N",
        help="of PDF, TIFF and other files with several pages only these (default all)",
    )
    command.add_argument(
        "--verbose", action="store_true", help="text: probabilities, all measurements and findings too"
    )
    command.add_argument("--csv", action="store_true", help="CSV: a row for each result, with what was measured")
    command.add_argument("--sex", choices=("female", "male"), help="of the person: limits of ST and QTc depend on it")
    command.add_argument("--age", type=float, metavar="YEARS", help="of the person: limits of ST depend on it")
    command.add_argument(
        "--recorded-at", metavar="TIME", help="when the ECG was recorded (2026-11-24, or ISO 8601 with time and zone)"
    )
    command.add_argument("--fs", type=float, metavar="HZ", help="sampling rate of CSV files that do not say it")
    command.add_argument("--jobs", type=int, default=1, metavar="N", help="processes (default 1)")


def _formats(text: str) -> list[str]:
    """The names in a list with commas, as the command line gives them."""
    names = text.split(",")
    for name in names:
        if name not in SIGNAL_FORMATS:
            raise argparse.ArgumentTypeError(f"there is no format {name!r}: {', '.join(SIGNAL_FORMATS)}")
    return names


def _numbers(text: str) -> list[int]:
    """The numbers of pages in a list with commas, in which 2-4 is 2, 3, 4; each once."""
    numbers: dict[int, None] = {}
    for part in text.split(","):
        first, _, last = part.partition("-")
        if not (first.isdecimal() and (last or first).isdecimal() and part[-1] != "-"):
            raise argparse.ArgumentTypeError(f"{part!r} is no number of a page: give 1,3 or 2-4")
        if not 1 <= int(first) <= int(last or first) <= MAX_PAGE_NUMBER:
            raise argparse.ArgumentTypeError(
                f"pages are numbered from 1 to {MAX_PAGE_NUMBER}, the smaller first: {part!r}"
            )
        numbers |= dict.fromkeys(range(int(first), int(last or first) + 1))
    return list(numbers)


def _classify(options: argparse.Namespace) -> int:
    if options.signals_format and not options.signals:
        raise UsageError("--signals-format goes with --signals")
    if options.subject and not options.fhir:
        raise UsageError("--subject goes with --fhir")
    if options.csv and options.json:
        raise UsageError("--csv and --json are two forms of the same: give one of them")
    if options.verbose and (options.csv or options.json):
        raise UsageError("--verbose goes with text: leave out --json and --csv, which have everything")
    writers = _writers(options)
    if writers and options.jobs != 1:
        raise UsageError("--steps, --overlay, --signals, --fhir and --report go with --jobs 1")
    reader = make_reader(options)
    if options.steps and reader.kind != "lead_image":
        raise UsageError(
            f"--steps shows what models of single leads see: add --model cnn ({reader.card.name} sees signals)"
        )
    sources = expand(options.paths)
    with_traces = bool(options.overlay or options.signals or options.fhir or options.report)
    from ..measure.person import Person
    from ..output.wording import is_digital

    person = Person(options.sex, options.age)
    results = (
        _read_and_write(reader, sources, writers, with_traces, options.pages, person, options.recorded_at)
        if writers
        else _read(reader, sources, options.jobs, options.pages, person, options.recorded_at)
    )
    show = show_rows() if options.csv else partial(show_line, as_json=options.json, verbose=options.verbose)
    status, count, total = SUCCESS, 0, len(sources) * len(options.pages or (1,))
    digital: set[bool] = set()
    with _Stop() as stop:
        try:
            for result in results:
                count += 1
                digital.add(is_digital(result.to_dict()))
                status = max(status, EXIT_STATUS[result.status])
                show(result)
                if options.pages is None and result.pages > 1 and result.source.endswith("#1"):
                    total += min(result.pages, MAX_PAGES + 1) - 1
                _show_progress(count, total)
                if stop.signal:
                    results.close()
                    break
        except InstallationError:
            # A signal to the whole group ends the workers too.
            if not stop.signal:
                raise
    for line in _unused(options, digital):
        print(f"ecg-edge: {line}", file=sys.stderr)
    return 128 + stop.signal if stop.signal else status


def _unused(options: argparse.Namespace, digital: Set[bool]) -> Iterator[str]:
    """Yield what to say of options that were not used: of pictures alone for a digital ECG, or the other way round; `digital` is whether results were
    of one."""
    if options.fs is not None and True not in digital:
        yield "--fs is for digital ECGs, and there was none: not used"
    given = [name for name in ("overlay", "steps", "mm_per_s", "mm_per_mv") if getattr(options, name) is not None]
    if given and True in digital:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        yield f"digital ECGs have no picture, no paper speed and no gain: {names} not used for them"


def _writers(options: argparse.Namespace) -> list[Writer]:
    """What is to be written of every picture that was opened: functions of result and stages."""
    writers: list[Writer] = []
    if options.steps:
        from ..output.step_images import write_steps

        writers.append(lambda result, stages: stages.steps and write_steps(stages, options.steps))
    if options.overlay:
        from ..output.overlay import write_overlay

        # Over a digital ECG there is nothing to draw.
        writers.append(
            lambda result, stages: (
                stages.picture.recording or write_overlay(stages.picture, result, stages, options.overlay)
            )
        )
    if options.signals:
        from ..output.signal_files import write_signals_of

        formats = dict.fromkeys(options.signals_format or DEFAULT_FORMATS)
        writers.append(lambda result, stages: write_signals_of(stages, options.signals, formats, result.recorded_at))
    if options.fhir or options.report:
        writers.append(_write_documents(options))
    return writers


def _write_documents(options: argparse.Namespace) -> Writer:
    """What writes a reading's report and its Bundle, which holds the report too."""
    from ..output.fhir import check_subject, write_fhir_of
    from ..output.files import write_bytes
    from ..output.report import report_of
    from ..system.clock import utc_now

    subject = None if options.subject is None else check_subject(options.subject)

    def write(result: Result, stages: Stages) -> None:
        read_at, report = utc_now(), None
        if options.report:
            report = report_of(result, stages, read_at)
            write_bytes(options.report, f"{stages.picture.stem}-report.pdf", report)
        if options.fhir:
            write_fhir_of(result, stages, options.fhir, read_at, subject, report)

    return write


def _read(
    reader: Reader,
    sources: Sequence[Source],
    jobs: int,
    pages: Sequence[int] | None,
    person: Person,
    recorded_at: str | None,
) -> Generator[Result, None, None]:
    yield from reader.read_all(sources, jobs, pages, person.sex, person.age, recorded_at)


def _read_and_write(
    reader: Reader,
    sources: Sequence[Source],
    writers: Sequence[Writer],
    with_traces: bool,
    pages: Sequence[int] | None,
    person: Person,
    recorded_at: str | None,
) -> Generator[Result, None, None]:
    from ..system.batch import read_pages

    def read_and_write(source: Source, page: int) -> Result:
        result, stages = reader.inspect(source, with_traces, page=page, person=person, recorded_at=recorded_at)
        if stages is not None:
            for write in writers:
                write(result, stages)
        return result

    for source in sources:
        yield from read_pages(read_and_write, source, pages)


class _Stop:
    """Within it, SIGINT and SIGTERM are kept in `signal` for after the page in hand; a second SIGINT ends at once."""

    signal: int | None = None

    def __enter__(self) -> _Stop:
        self._former = {number: signal.signal(number, self._set) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._former.items():
            signal.signal(number, handler)

    def _set(self, number: int, _frame: FrameType | None) -> None:
        if self.signal == number == signal.SIGINT:
            raise KeyboardInterrupt
        self.signal = number


def _show_progress(done: int, of: int) -> None:
    if sys.stderr.isatty() and not sys.stdout.isatty():
        print(f"\r{done} of {of}", end="\n" if done == of else "", file=sys.stderr, flush=True)
