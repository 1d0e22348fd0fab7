"""What reading a picture gives: `Result`, and its JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from . import __version__
from .errors import FAILURES, Reason
from .files.limits import MAX_PAGES
from .layout import CLASSES, ScaleSource
from .words import encodable, printable, verdict_words

if TYPE_CHECKING:
    from .signals import Signals

SCHEMA = "ecg-edge/result/2"
STAGES = ("open", "page", "leads", "filters", "trace", "measure", "inference", "verdict", "total")
DISCLAIMER = "Not a medical device: for research and education, never for diagnosis or treatment."

SHOWN = {
    "rate_per_min": "{} per minute",
    "pr_ms": "PR {} ms",
    "qrs_ms": "QRS {} ms",
    "qt_ms": "QT {} ms",
    "qtc_ms": "QTc {} ms",
    "axis_qrs_deg": "axis {}°",
}
"""The measurements that the line for a person has, in its order."""
SHOWN_QTC = "fridericia"
"""The formula of the QTc in that line; JSON has all four."""

Status = Literal["read", "uncertain", "refused", "failed"]
LeadState = Literal["read", "lost"]
Doubt = Literal[
    "low_confidence",
    "assumed_scale",
    "contradicts_measurements",
    "contradicts_findings",
    "strip_of_another_time",
    "unlike_training",
    "leads_lost",
]
"""Why a result is `uncertain`."""


class PageInfo(TypedDict):
    """The page of a result: pixels, layout, the sheet's corners in the picture, degrees of rotation, and its scale."""

    width: int
    height: int
    layout: str | None
    corners: list[list[float]] | None
    rotation: float | None
    px_per_mm: float | None
    mm_per_s: float | None
    mm_per_mv: float | None
    speed_from: ScaleSource | None
    gain_from: ScaleSource | None


class ModelInfo(TypedDict):
    """The model of a result."""

    name: str
    version: str
    sha256: str


class RuntimeInfo(TypedDict):
    """The runtime of a result."""

    name: str
    version: str
    threads: int


@dataclass(frozen=True)
class LeadResult:
    """One lead: its `name`, `box` (left, top, right, bottom) in page pixels (None of a digital ECG), `state` (read, lost) and
    `probabilities` {class: 0..1}; None where the model reads all leads at once, which then gives a `weight`.

    `name` is the place's (I … V6, rhythm, rhythm2, …), `lead` which lead is shown there: of a strip the one whose name is printed, None where
    that was not read.
    """

    name: str
    box: tuple[int, int, int, int] | None
    state: LeadState = "read"
    probabilities: dict[str, float] | None = None
    weight: float | None = None
    lead: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The lead as in JSON."""
        return {
            "name": self.name,
            "lead": self.lead,
            "box": None if self.box is None else list(self.box),
            "state": self.state,
            "probabilities": _rounded(self.probabilities),
            "weight": self.weight,
        }


@dataclass(frozen=True)
class Result:
    """A reading: `status` is read, uncertain (doubtful), refused (seen, not read) or failed (not opened).

    `verdict` is a class or None, `confidence` its calibrated probability, `reason` a `Reason` or None, `message` a
    sentence for the person or None, `doubts` why it is uncertain, `timing_ms` {stage: milliseconds}. What is unknown is None.
    `measurements` is what JSON has under that name, of a page whose leads were followed; `findings` {name: probability} what the model finds
    besides its classes, uncalibrated; None of a model that finds nothing else.
    `measurements` is what JSON has under that name, of a page whose leads were followed. `captured_at` is when the camera took the picture,
    `recorded_at` when the ECG was recorded (ISO 8601, as exact as it is known). `page` is None of a digital ECG too.
    `source` is a path as `os.fsdecode` gives it, with which its file can be opened; what becomes JSON has escapes for bytes that are no UTF-8.
    `signals` are the leads in mV where `Reader(signals=True)` could follow them, `pages` is how many pages the file holds (1 where that was not
    seen); neither is in JSON.
    """

    status: Status
    source: str
    sha256: str | None = None
    probabilities: dict[str, float] | None = None
    min_confidence: float | None = None
    reason: Reason | None = None
    message: str | None = None
    doubts: tuple[Doubt, ...] = ()
    leads: tuple[LeadResult, ...] = ()
    page: PageInfo | None = None
    quality: dict[str, float | None] = field(default_factory=dict)
    model: ModelInfo | None = None
    runtime: RuntimeInfo | None = None
    measurements: dict[str, Any] | None = None
    findings: dict[str, float] | None = None
    timing_ms: dict[str, float] = field(default_factory=dict)
    captured_at: str | None = None
    recorded_at: str | None = None
    signals: Signals | None = field(default=None, repr=False, compare=False)
    pages: int = field(default=1, repr=False, compare=False)

    @property
    def verdict(self) -> str | None:
        """The most probable class; None where the picture was not read."""
        probabilities = self.probabilities
        return max(CLASSES, key=lambda label: probabilities[label]) if probabilities else None

    @property
    def confidence(self) -> float | None:
        """The verdict's calibrated probability; None where there is no verdict."""
        return max(self.probabilities.values()) if self.probabilities else None

    def to_dict(self) -> dict[str, Any]:
        """The result as in JSON: every field of the contract, unknown ones None; of a file's name that is no UTF-8 its bytes as escapes."""
        return {
            "schema": SCHEMA,
            "source": encodable(self.source),
            "sha256": self.sha256,
            "status": self.status,
            "verdict": self.verdict,
            "confidence": None if self.confidence is None else round(self.confidence, 6),
            "probabilities": _rounded(self.probabilities),
            "reason": None if self.reason is None else self.reason.value,
            "message": None if self.message is None else encodable(self.message),
            "doubts": list(self.doubts),
            "leads": [lead.to_dict() for lead in self.leads],
            "page": self.page,
            "quality": self.quality,
            "model": self.model,
            "runtime": self.runtime,
            "measurements": self.measurements,
            "findings": _rounded(self.findings),
            "timing_ms": {stage: self.timing_ms.get(stage) for stage in STAGES},
            "captured_at": self.captured_at,
            "recorded_at": self.recorded_at,
            "ecg_edge": __version__,
        }

    def to_json(self) -> str:
        """The result as one line of JSON."""
        return json.dumps(self.to_dict())

    def to_text(self) -> str:
        """The result as one line for a person."""
        return f"{printable(self.source)}: {describe(self.to_dict())}"


def describe(result: Mapping[str, Any]) -> str:
    """What came of a page, in words, of the dict of its result."""
    if result["verdict"] is None:
        return f"{result['status']} ({result['reason']}): {result['message']}"
    note = f": {result['message']}" if result["message"] else ""
    measured = "".join(f", {words}" for words in _measured(result.get("measurements") or {}))
    return f"{verdict_words(result)}{measured}{note}"


def _measured(measurements: Mapping[str, Any]) -> Iterator[str]:
    """Rate, intervals and axis in words, as far as they were measured."""
    qtc_ms = (measurements.get("qtc_ms") or {}).get(SHOWN_QTC)
    for name, words in SHOWN.items():
        value = qtc_ms if name == "qtc_ms" else measurements.get(name)
        if value is not None:
            yield words.format(round(value))


def unread(source: str, reason: Reason, message: str | None = None, **known: Any) -> Result:
    """The `Result` of a picture that could not be opened (failed) or read (refused)."""
    status: Status = "failed" if reason in FAILURES else "refused"
    return Result(status=status, source=source, reason=reason, message=message or reason.sentence, **known)


def pages_left(name: str, pages: int, **known: Any) -> Result:
    """The failed `Result` that answers for the pages after `MAX_PAGES` of a file of this name."""
    message = f"The file holds {pages} pages, and the first {MAX_PAGES} were read: split it, or choose pages by number."
    return unread(f"{name}#{MAX_PAGES + 1}", Reason.TOO_LARGE, message, pages=pages, **known)


def by_class(probabilities: Iterable[float]) -> dict[str, float]:
    """{class: float} of (classes,) probabilities."""
    return {label: float(value) for label, value in zip(CLASSES, probabilities, strict=True)}


def _rounded(probabilities: Mapping[str, float] | None) -> dict[str, float] | None:
    return None if probabilities is None else {label: round(value, 6) for label, value in probabilities.items()}
