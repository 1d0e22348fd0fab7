"""`Reader`: a model, and what it takes to read a picture with it."""

from __future__ import annotations

import io
import multiprocessing
import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import image
from .classifier import card as cards
from .classifier import verdict
from .classifier.page_input import page_tensor
from .classifier.page_model import PageModel
from .classifier.runtime import Network, find_runtime
from .errors import DamagedModelError, InstallationError, PictureError, Reason, UsageError
from .files.limits import MAX_PAGES
from .layout import LEADS_12, WHOLE_LAYOUTS
from .measure.contradictions import contradictions
from .measure.measurements import measure
from .measure.person import UNKNOWN_PERSON, Person, Sex
from .measure.uncertainty import with_uncertainty
from .page import quality
from .page.cover import uncovered_ink
from .page.page import find_page
from .preprocessing import filters
from .preprocessing.crops import crop, crop_as_report
from .result import ModelInfo, Result, RuntimeInfo, by_class, pages_left, unread
from .stages import Stages, doubts_of, leads_by_row, leads_by_weight, leads_found, page_info
from .system.process import end_with_parent, return_memory
from .trace.lead_traces import trace_page

if TYPE_CHECKING:
    from .image import Source

PAGE_SIGNAL = "page_signal"
"""The kind of input of models that read all leads of a page at once, as signals; others read pictures of single leads."""

ANY_LAYOUT = "any"
"""What the card of a model says that reads pages of every known layout; else the only one's name."""


class Reader:
    """Reads pictures of ECG pages with one model. For one thread at a time; make one for each worker.

    Parameters
    ----------
    model : name of an installed model; the default one where None
    threads : threads of the runtime
    min_confidence : 0..1; verdicts below are `uncertain`; the card's threshold where None
    runtime : "ai-edge-litert" or "tflite-runtime"; the fastest that works where None
    folder : directory of models; the installed ones where None
    mm_per_s, mm_per_mv : paper speed and gain where they are known; read from the page where None
    signals : whether results carry the leads as `Signals`, of every page whose leads could be followed

    Raises
    ------
    InstallationError : no runtime, no model, a damaged model or card.
    UsageError : an argument has a value that cannot be used.
    """

    def __init__(
        self,
        model: str | None = None,
        threads: int = 1,
        min_confidence: float | None = None,
        runtime: str | None = None,
        folder: str | os.PathLike[str] | None = None,
        mm_per_s: float | None = None,
        mm_per_mv: float | None = None,
        signals: bool = False,
    ) -> None:
        if min_confidence is not None and not 0 <= min_confidence <= 1:
            raise UsageError(f"min_confidence must be from 0 to 1, not {min_confidence}")
        for name, value in (("mm_per_s", mm_per_s), ("mm_per_mv", mm_per_mv)):
            if value is not None and not 0 < value < float("inf"):
                raise UsageError(f"{name} must be above 0, not {value}")
        self.card = cards.read_card(model or cards.DEFAULT_MODEL, folder)
        self._arguments = (
            self.card.path.stem, threads, min_confidence, runtime, self.card.path.parent, mm_per_s, mm_per_mv, signals
        )  # fmt: skip
        self.kind = self.card["input.kind"]
        data = self.card.read_model()
        self.network = Network(data, find_runtime(runtime), threads)
        expected = tuple(self.card["input.shape"][1:])
        if self.network.input_shape != expected:
            raise DamagedModelError(
                f"{self.card.path}: the model takes {self.network.input_shape}, the card says {expected}"
            )
        self._page_model = PageModel(self.network, self.card) if self.kind == PAGE_SIGNAL else None
        self.min_confidence = self.card["min_confidence"] if min_confidence is None else min_confidence
        self.signals = signals
        self._given = {"mm_per_s": mm_per_s, "mm_per_mv": mm_per_mv}
        self._model: ModelInfo = {
            "name": self.card.name,
            "version": self.card["version"],
            "sha256": self.card["file.sha256"],
        }
        found = self.network.runtime
        self._runtime: RuntimeInfo = {"name": found.name, "version": found.version, "threads": threads}

    def read(self, source: Source, page: int | None = None, sex: Sex | None = None, age: float | None = None) -> Result:
        """The `Result` of a picture: a path, bytes, binary file object, `PIL.Image` or (H, W, 3) uint8 RGB array; of a file with several pages
        that of number `page`, where None the first, with a message that says so. Limits of some findings depend on the person's `sex` and `age`
        (years).

        A picture that cannot be opened or read is a result too, with `status` failed or refused.
        """
        result = self.inspect(source, keep=False, page=page, person=Person(sex, age))[0]
        return_memory()
        return result

    def inspect(
        self,
        source: Source,
        trace: bool = False,
        keep: bool = True,
        tell: Callable[[str], None] | None = None,
        page: int | None = None,
        person: Person = UNKNOWN_PERSON,
    ) -> tuple[Result, Stages | None]:
        """(`Result`, `Stages`) of a picture, as `read` takes it; the stages go as far as it was read, None where it was not opened.

        With `trace` the leads are followed as signals even where the model does not need them; without `keep` the picture's pixels are let
        go of when its page is flat; `tell` is called with the name of each stage of `timing_ms` as it begins.
        """
        clock = _Clock(tell)
        seen: dict[str, Any] = {"person": person}
        known: dict[str, Any] = {"model": self._model, "runtime": self._runtime}
        try:
            with clock.stage("open"):
                seen["picture"] = picture = image.open_picture(source, 1 if page is None else page)
            known |= {"sha256": picture.sha256, "pages": picture.pages}
            self._see(seen, clock, trace or self.signals, keep)
        except PictureError as error:
            if "page" in seen:
                known["page"] = page_info(seen["page"])
                known["quality"] = seen.get("quality") or quality.measure(seen["page"])
            stages = Stages(**seen) if "picture" in seen else None
            known["signals"] = stages.signals if stages and self.signals else None
            known["measurements"] = stages.measurements if stages else None
            if stages and error.reason is Reason.LEADS_MISSING:
                known["leads"] = leads_found(stages)
            known.setdefault("pages", error.pages)
            name = image.page_name(image.name_of(source), page or 1, known["pages"])
            return unread(name, error.reason, self._message(error), timing_ms=clock.done(), **known), stages
        stages = Stages(**seen)
        known["signals"] = stages.signals if self.signals else None
        known["measurements"] = stages.measurements
        inputs, answers, weights = stages.inputs, None, None
        assert inputs is not None  # a page that was read, and not refused
        with clock.stage("inference"):
            if self._page_model is None:
                rows = self.network.probabilities(inputs)
            else:
                answers = self._page_model.answers(inputs)
                rows = answers.rows
        with clock.stage("verdict"):
            probabilities = self._verdict(rows)
            if self._page_model is not None and answers is not None and stages.traces is not None:
                said = int(np.argmax(probabilities))
                weights = self._page_model.weights(inputs, stages.traces.signals, answers, said)
                known["findings"] = self._page_model.findings(answers)
        message = (
            f"The file holds {picture.pages} pages; the first was read." if picture.pages > 1 and page is None else None
        )
        return self._result(stages, rows, weights, probabilities, clock, known | {"message": message}), stages

    def read_all(
        self,
        sources: Iterable[Source],
        jobs: int = 1,
        pages: Sequence[int] | None = None,
        sex: Sex | None = None,
        age: float | None = None,
    ) -> Iterator[Result]:
        """Yield the `Result` of each page of each source, in order and as soon as it is there, with `jobs` processes.

        Those of a file with several pages are called `scan.pdf#1`, `scan.pdf#2`, …; with `pages` only these numbers are read of each source,
        without it all up to `MAX_PAGES` and, if there are more, a result that says so.
        """
        if jobs < 1:
            raise UsageError(f"jobs must be at least 1, not {jobs}")
        person = Person(sex, age)
        if jobs == 1:
            for source in sources:
                yield from read_pages(partial(self.read, sex=sex, age=age), source, pages)
        else:
            yield from _read_with_workers((self._arguments, person), sources, jobs, pages)

    def _see(self, seen: dict[str, Any], clock: _Clock, trace: bool, keep: bool) -> None:
        """Fill `seen` with what `Stages` holds, as far as it goes."""
        with clock.stage("page"):
            seen["page"] = find_page(seen["picture"].image, **self._given)
            seen["page"] = page = seen["page"].upright()
            if not keep:
                # Twelve megapixels are as much memory as all that follows.
                seen["picture"] = replace(seen["picture"], image=None)
                if page.template is None:  # a report is its own flat page
                    return_memory()
        if trace or self.kind == PAGE_SIGNAL or page.template is None:
            with clock.stage("trace"):
                if page.template is not None and not keep and self.kind == PAGE_SIGNAL:
                    seen["page"] = page = page.without_image()
                    return_memory()
                ink = page.ink if page.flat is None or page.image is None else uncovered_ink(page.ink, page.image)
                seen["traces"] = trace_page(ink, page.arrangement)
            seen["quality"] = quality.measure(page, seen["traces"])
            # To be followed for its overlay alone refuses no page that is read without.
            if self.kind == PAGE_SIGNAL or page.template is None:
                quality.check(seen["quality"])
            with clock.stage("measure"):
                signals, found = Stages(**seen).signals, page.arrangement
                known = found.speed_from != "assumed", found.gain_from != "assumed"
                seen["measured"] = None if signals is None else with_uncertainty(measure(signals), *known)
            shown = [place.name for place in page.arrangement.places if place.name in LEADS_12]
            if len(shown) < len(LEADS_12):
                raise PictureError(
                    Reason.LEADS_MISSING,
                    f"The page shows only {', '.join(shown)} of the twelve leads: use a page with all of them.",
                )
        if self.kind == PAGE_SIGNAL:
            with clock.stage("filters"):
                seen["inputs"] = page_tensor(seen["traces"].signals)
            return
        with clock.stage("leads"):
            crops = crop(page.gray, page.template) if page.template else crop_as_report(page.ink, page.arrangement)
        with clock.stage("filters"):
            seen["steps"] = {name: filters.lead_steps(gray) for name, gray in crops.items()}
            seen["inputs"] = np.stack([filters.to_model_input(step.ink) for step in seen["steps"].values()])

    def _message(self, error: PictureError) -> str:
        """What a refusal tells the person: of leads in no known order also which layouts this model reads."""
        message = str(error)
        if error.reason is not Reason.BAD_LAYOUT or message != error.reason.sentence:
            return message
        only = self.card["input.layout"]
        read = f"{', '.join(WHOLE_LAYOUTS)} pages" if only == ANY_LAYOUT else f"{only} pages alone"
        return f"{message} This model reads {read} (rows x columns + rhythm strips)."

    def _verdict(self, rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """(classes,) calibrated probabilities of the page."""
        rule, calibration = self.card["aggregation"], self.card["calibration"]
        page = verdict.aggregate(rows, rule["method"], rule.get("weights"))
        return verdict.calibrate(page, calibration["temperature"], calibration.get("bias"))

    def _result(
        self,
        stages: Stages,
        rows: npt.NDArray[Any],
        weights: dict[str, float] | None,
        page: npt.NDArray[Any],
        clock: _Clock,
        known: dict[str, Any],
    ) -> Result:
        flat = stages.page
        assert flat is not None  # without a page there is no verdict
        probabilities = by_class(page)
        info = page_info(flat)
        said = max(probabilities, key=probabilities.__getitem__)
        against = contradictions(said, (known["measurements"] or {}).get("statements", ()))
        doubts = doubts_of(probabilities[said] >= self.min_confidence, info, bool(against))
        known |= {"message": " ".join([*filter(None, [known["message"]]), *against]) or None}
        return Result(
            status="uncertain" if doubts else "read",
            source=stages.picture.source,
            probabilities=probabilities,
            min_confidence=self.min_confidence,
            doubts=doubts,
            leads=leads_by_row(stages, rows) if weights is None else leads_by_weight(stages, weights),
            page=info,
            quality=stages.quality or quality.measure(flat),
            timing_ms=clock.done(),
            **known,
        )


class _Clock:
    """Milliseconds by stage."""

    def __init__(self, tell: Callable[[str], None] | None = None) -> None:
        self._start = time.perf_counter()
        self._stages: dict[str, float] = {}
        self._tell = tell or (lambda name: None)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        self._tell(name)
        start = time.perf_counter()
        try:
            yield
        finally:
            self._stages[name] = round((time.perf_counter() - start) * 1000, 3)

    def done(self) -> dict[str, float]:
        return {**self._stages, "total": round((time.perf_counter() - self._start) * 1000, 3)}


@lru_cache(maxsize=1)
def _reader_of(arguments: tuple[Any, ...]) -> Reader:
    return Reader(*arguments)


def read_pages(
    read: Callable[[Source, int], Result], source: Source, pages: Sequence[int] | None = None
) -> Iterator[Result]:
    """Yield what `read` gives for each page of a source: those of `pages`, or where None all, as `Reader.read_all` does."""
    source = image.to_memory(source)  # it is read anew for each page
    for page in pages or (1,):
        result = read(_from_the_beginning(source), page)
        yield result
    if pages is None:
        for page in range(2, min(result.pages, MAX_PAGES) + 1):
            yield read(_from_the_beginning(source), page)
        if result.pages > MAX_PAGES:
            yield _pages_left(source, result)


def _pages_left(source: Source, first: Result) -> Result:
    return pages_left(image.name_of(source), first.pages, sha256=first.sha256, model=first.model, runtime=first.runtime)


def _from_the_beginning(source: Source) -> Source:
    if isinstance(source, io.BytesIO):
        source.seek(0)
    return source


def _read_in_worker(arguments: tuple[tuple[Any, ...], Person], source: Source, page: int) -> Result:
    of_reader, person = arguments
    return _reader_of(of_reader).read(source, page, person.sex, person.age)


def _read_with_workers(
    arguments: tuple[tuple[Any, ...], Person], sources: Iterable[Source], jobs: int, pages: Sequence[int] | None
) -> Iterator[Result]:
    pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), end_with_parent)
    waiting: deque[tuple[Source, int, Future[Result]]] = deque()

    def begin(source: Source, numbers: Iterable[int]) -> list[tuple[Source, int, Future[Result]]]:
        return [(source, page, pool.submit(_read_in_worker, arguments, source, page)) for page in numbers]

    def end() -> Iterator[Result]:
        source, page, future = waiting.popleft()
        result = future.result()
        # Of the first page it is known how many there are: the others come before what was begun after it.
        if pages is None and page == 1 and result.pages > 1:
            waiting.extendleft(reversed(begin(source, range(2, min(result.pages, MAX_PAGES) + 1))))
        yield result
        if pages is None and page == MAX_PAGES < result.pages:
            yield _pages_left(source, result)

    try:
        for source in sources:
            waiting += begin(image.to_memory(source), pages or (1,))
            # Few in flight: an archive's results do not pile up in memory.
            while len(waiting) >= 2 * jobs:
                yield from end()
        while waiting:
            yield from end()
    except BrokenProcessPool as error:
        raise InstallationError(
            "A process ended before its page was read, perhaps for want of memory: use fewer --jobs."
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
