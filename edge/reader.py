"""`Reader`: a model, and what it takes to read a picture with it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
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
from .errors import DamagedModelError, PictureError, Reason, UsageError, check_number, check_whole_number
from .files.times import given_recording_time
from .layout import WHOLE_LAYOUTS
from .measure.contradictions import contradictions
from .measure.measurements import measure
from .measure.person import UNKNOWN_PERSON, Person, Sex
from .measure.uncertainty import with_uncertainty
from .page import quality
from .page.cover import uncovered_ink
from .page.page import find_page
from .preprocessing import filters
from .preprocessing.crops import crop, crop_as_report
from .result import ModelInfo, Result, RuntimeInfo, by_class, unread
from .stages import Stages, check_leads, check_speed, doubts_of, leads_by_row, leads_by_weight, leads_found, page_info
from .system.batch import read_pages, read_with_workers
from .system.clock import StageClock
from .system.process import return_memory
from .trace.lead_traces import trace_page, traces_of

if TYPE_CHECKING:
    from .image import Source

PAGE_SIGNAL = "page_signal"
"""The kind of input of models that read all leads of a page at once, as signals; others read pictures of single leads."""

DRAWN_ONLY = "This is a digital ECG, and the model {name} reads pictures of leads alone: take the model page."

BADLY_RECORDED = "Too much of the leads is missing, or the limb leads contradict each other: look whether each has its right name and sign."
MISNAMED = "The limb leads contradict each other, whatever their gains: look whether each has its right name and sign."

LARGE_PIXELS = 4_000_000
"""Of larger pictures the memory that is no longer needed is given back to the system at once. That of smaller ones is kept for the next: to be given as much anew takes
the system an eighth of a reading."""

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
    rate_hz : samples a second of digital ECGs whose file does not say it
    guarded : whether PDF, HEIC and DICOM files are decoded in a process of their own, so that one that ends its decoder is a `failed` result

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
        rate_hz: float | None = None,
        guarded: bool = False,
    ) -> None:
        named = {"min_confidence": min_confidence, "mm_per_s": mm_per_s, "mm_per_mv": mm_per_mv, "rate_hz": rate_hz}
        for name, value in named.items():
            if value is not None:
                check_number(name, value)
        if min_confidence is not None and not 0 <= min_confidence <= 1:
            raise UsageError(f"min_confidence must be from 0 to 1, not {min_confidence}")
        for name, value in (("mm_per_s", mm_per_s), ("mm_per_mv", mm_per_mv), ("rate_hz", rate_hz)):
            if value is not None and not 0 < value < float("inf"):
                raise UsageError(f"{name} must be above 0, not {value}")
        self.card = cards.read_card(model or cards.DEFAULT_MODEL, folder)
        self._arguments = (
            self.card.path.stem, threads, min_confidence, runtime, self.card.path.parent, mm_per_s, mm_per_mv, signals, rate_hz, guarded
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
        self._rate_hz = rate_hz
        self._large = True
        self._decode = None
        if guarded:
            from .system.guarded_decoding import GuardedDecoding

            self._decode = GuardedDecoding()
        self._given = {"mm_per_s": mm_per_s, "mm_per_mv": mm_per_mv}
        self._model: ModelInfo = {
            "name": self.card.name,
            "version": self.card["version"],
            "sha256": self.card["file.sha256"],
        }
        found = self.network.runtime
        self._runtime: RuntimeInfo = {"name": found.name, "version": found.version, "threads": threads}

    def read(
        self,
        source: Source,
        page: int | None = None,
        sex: Sex | None = None,
        age: float | None = None,
        recorded_at: str | None = None,
    ) -> Result:
        """The `Result` of a picture: a path, bytes, binary file object, `PIL.Image` or (H, W, 3) uint8 RGB array; of a file with several pages
        that of number `page`, where None the first, with a message that says so. Limits of some findings depend on the person's `sex` and `age`
        (years). `recorded_at` is when the ECG was recorded, where that is known (ISO 8601).

        A digital ECG (the path of a WFDB header; CSV, DICOM waveform) is read without a picture: the result has no `page`, and its leads no box.
        A picture that cannot be opened or read is a result too, with `status` failed or refused.
        """
        self._large = True
        result = self.inspect(source, keep=False, page=page, person=Person(sex, age), recorded_at=recorded_at)[0]
        if self._large:
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
        recorded_at: str | None = None,
    ) -> tuple[Result, Stages | None]:
        """(`Result`, `Stages`) of a picture, as `read` takes it; the stages go as far as it was read, None where it was not opened.

        With `trace` the leads are followed as signals even where the model does not need them; without `keep` the picture's pixels are let
        go of when its page is flat; `tell` is called with the name of each stage of `timing_ms` as it begins.
        """
        clock = StageClock(tell)
        seen: dict[str, Any] = {"person": person}
        known: dict[str, Any] = {"model": self._model, "runtime": self._runtime}
        known["recorded_at"] = None if recorded_at is None else given_recording_time(recorded_at)
        try:
            with clock.stage("open"):
                # Under no other name: what is let go of on the way would stay in memory.
                seen["picture"] = image.open_file(source, 1 if page is None else page, self._rate_hz, self._decode)
            known |= {"sha256": seen["picture"].sha256, "pages": seen["picture"].pages}
            known["recorded_at"] = known["recorded_at"] or seen["picture"].recorded_at
            if seen["picture"].recording is None:
                self._see(seen, clock, trace or self.signals, keep)
            else:
                self._hear(seen, clock)
        except PictureError as error:
            if "page" in seen:
                known["page"] = page_info(seen["page"])
            if "page" in seen or "quality" in seen:
                known["quality"] = seen.get("quality") or quality.measure(seen["page"])
            stages = Stages(**seen) if "picture" in seen else None
            known["signals"] = stages.signals if stages and self.signals else None
            known["measurements"] = stages.measurements if stages else None
            if stages and stages.traces is not None and error.reason is Reason.LEADS_MISSING:
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
        first = stages.picture.pages > 1 and page is None
        known["message"] = (
            f"The file holds {stages.picture.pages} pages; the first was read." if first else stages.picture.note
        )
        return self._result(stages, rows, weights, probabilities, clock, known), stages

    def read_all(
        self,
        sources: Iterable[Source],
        jobs: int = 1,
        pages: Sequence[int] | None = None,
        sex: Sex | None = None,
        age: float | None = None,
        recorded_at: str | None = None,
    ) -> Iterator[Result]:
        """Yield the `Result` of each page of each source, in order and as soon as it is there, with `jobs` processes.

        Those of a file with several pages are called `scan.pdf#1`, `scan.pdf#2`, …; with `pages` only these numbers are read of each source,
        without it all up to `MAX_PAGES` and, if there are more, a result that says so.
        """
        if isinstance(sources, (str, os.PathLike, bytes, bytearray, memoryview)) or hasattr(sources, "read"):
            raise UsageError("sources are several: give a list of them, such as ['page.jpg'], or one to 'read'")
        check_whole_number("jobs", jobs)
        if jobs < 1:
            raise UsageError(f"jobs must be at least 1, not {jobs}")
        if pages is not None and not isinstance(pages, Sequence):
            raise UsageError(f"pages are numbers, such as [1, 2], not {pages!r}")
        person = Person(sex, age)
        if jobs == 1:
            for source in sources:
                yield from read_pages(partial(self.read, sex=sex, age=age, recorded_at=recorded_at), source, pages)
        else:
            read = partial(_read_in_worker, (self._arguments, person, recorded_at))
            yield from read_with_workers(read, sources, jobs, pages)

    def _see(self, seen: dict[str, Any], clock: StageClock, trace: bool, keep: bool) -> None:
        """Fill `seen` with what `Stages` holds, as far as it goes."""
        width, height = seen["picture"].size
        self._large = width * height > LARGE_PIXELS
        with clock.stage("page"):
            seen["page"] = find_page(seen["picture"].image, **self._given)
            if self._large and not keep:
                return_memory()
            seen["page"] = page = seen["page"].upright()
            if not keep:
                # Twelve megapixels are as much memory as all that follows.
                seen["picture"] = replace(seen["picture"], image=None)
                if self._large:
                    return_memory()
        if trace or self.kind == PAGE_SIGNAL or page.template is None:
            with clock.stage("trace"):
                if page.template is not None and not keep and self.kind == PAGE_SIGNAL:
                    seen["page"] = page = page.without_image()
                ink = page.ink if page.flat is None or page.image is None else uncovered_ink(page.ink, page.image)
                seen["traces"] = trace_page(ink, page.arrangement)
            seen["quality"] = quality.measure(page, seen["traces"])
            # To be followed for its overlay alone refuses no page that is read without.
            if self.kind == PAGE_SIGNAL or page.template is None:
                quality.check(seen["quality"], seen["traces"].lost_as_misread)
                quality.check_names(seen["traces"])
            with clock.stage("measure"):
                signals, found = Stages(**seen).signals, page.arrangement
                known = found.speed_from != "assumed", found.gain_from != "assumed"
                seen["measured"] = None if signals is None else with_uncertainty(measure(signals), *known)
            check_leads(place.name for place in page.arrangement.places)
            check_speed(found, seen["measured"])
        if self.kind == PAGE_SIGNAL:
            with clock.stage("filters"):
                seen["inputs"] = page_tensor(seen["traces"].signals)
            return
        with clock.stage("leads"):
            crops = crop(page.gray, page.template) if page.template else crop_as_report(page.ink, page.arrangement)
        with clock.stage("filters"):
            seen["steps"] = {name: filters.lead_steps(gray) for name, gray in crops.items()}
            seen["inputs"] = np.stack([filters.to_model_input(step.ink) for step in seen["steps"].values()])

    def _hear(self, seen: dict[str, Any], clock: StageClock) -> None:
        """The same of a digital ECG."""
        found = seen["picture"].recording
        if self.kind != PAGE_SIGNAL:
            raise PictureError(Reason.UNSUPPORTED, DRAWN_ONLY.format(name=self.card.name))
        seen["traces"] = traces_of(found.leads, found.start_s, found.lost)
        seen["quality"] = quality.measure(None, seen["traces"])
        if quality.find_problem(seen["quality"]) is not None:
            raise PictureError(Reason.LEADS_LOST, BADLY_RECORDED)
        if seen["traces"].misnamed:
            raise PictureError(Reason.BAD_LAYOUT, MISNAMED)
        with clock.stage("measure"):
            # What is uncertain on paper is not so here.
            signals = Stages(**seen).signals
            seen["measured"] = None if signals is None else measure(signals)
        check_leads(found.leads, "recording")
        with clock.stage("filters"):
            seen["inputs"] = page_tensor(found.leads)

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
        clock: StageClock,
        known: dict[str, Any],
    ) -> Result:
        probabilities = by_class(page)
        info = None if stages.page is None else page_info(stages.page)
        said = max(probabilities, key=probabilities.__getitem__)
        against = contradictions(said, (known["measurements"] or {}).get("statements", ()))
        lost = (stages.quality or {}).get("leads_lost")
        # Where no lead was followed nothing rests on the scale, and the arrangement may not be known.
        scale = stages.page.arrangement.contradicts if stages.page is not None and stages.traces is not None else ()
        doubts = doubts_of(
            probabilities[said] >= self.min_confidence,
            info,
            lost,
            scale_contradicted=bool(scale),
            measurements_contradict=bool(against),
            findings_contradict=verdict.findings_contradict(said, known.get("findings")),
            strips_apart=stages.measured is not None and stages.measured.strips_apart,
        )
        known |= {"message": " ".join([*filter(None, [known["message"]]), *against, *scale]) or None}
        return Result(
            status="uncertain" if doubts else "read",
            source=stages.picture.source,
            probabilities=probabilities,
            min_confidence=self.min_confidence,
            doubts=doubts,
            leads=leads_by_row(stages, rows) if weights is None else leads_by_weight(stages, weights),
            page=info,
            quality=stages.quality or quality.measure(stages.page),
            timing_ms=clock.done(),
            **known,
        )


@lru_cache(maxsize=1)
def _reader_of(arguments: tuple[Any, ...]) -> Reader:
    return Reader(*arguments)


def _read_in_worker(arguments: tuple[tuple[Any, ...], Person, str | None], source: Source, page: int) -> Result:
    of_reader, person, recorded_at = arguments
    return _reader_of(of_reader).read(source, page, person.sex, person.age, recorded_at)
