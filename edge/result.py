"""What reading a picture gives: `Result`, and its JSON."""

import json
from dataclasses import dataclass, field

from . import __version__
from .errors import FAILURES
from .layout import CLASSES

SCHEMA = "ecg-edge/result/1"
STAGES = ("open", "page", "leads", "filters", "trace", "inference", "verdict", "total")
DISCLAIMER = "Not a medical device: for research and education, never for diagnosis or treatment."


@dataclass(frozen=True)
class LeadResult:
    """One lead: its `name`, `box` (left, top, right, bottom) in page pixels, `state` (read, lost) and
    `probabilities` {class: 0..1}; None where the model reads all leads at once, which then gives a `weight`."""

    name: str
    box: tuple
    state: str = "read"
    probabilities: dict | None = None
    weight: float | None = None

    def to_dict(self):
        """The lead as in JSON."""
        return {
            "name": self.name,
            "box": list(self.box),
            "state": self.state,
            "probabilities": _rounded(self.probabilities),
            "weight": self.weight,
        }


@dataclass(frozen=True)
class Result:
    """A reading: `status` is read, uncertain (doubtful), refused (seen, not read) or failed (not opened).

    `verdict` is a class or None, `confidence` its calibrated probability, `reason` a `Reason` or None, `message` a
    sentence for the person or None, `timing_ms` {stage: milliseconds}. What is unknown is None.
    """

    status: str
    source: str
    sha256: str | None = None
    probabilities: dict | None = None
    min_confidence: float | None = None
    reason: object = None
    message: str | None = None
    leads: tuple = ()
    page: dict | None = None
    quality: dict = field(default_factory=dict)
    model: dict | None = None
    runtime: dict | None = None
    timing_ms: dict = field(default_factory=dict)
    captured_at: str | None = None

    @property
    def verdict(self):
        """The most probable class; None where the picture was not read."""
        return max(CLASSES, key=self.probabilities.get) if self.probabilities else None

    @property
    def confidence(self):
        """The verdict's calibrated probability; None where there is no verdict."""
        return self.probabilities[self.verdict] if self.probabilities else None

    def to_dict(self):
        """The result as in JSON: every field of the contract, unknown ones None."""
        return {
            "schema": SCHEMA,
            "source": self.source,
            "sha256": self.sha256,
            "status": self.status,
            "verdict": self.verdict,
            "confidence": None if self.confidence is None else round(self.confidence, 6),
            "probabilities": _rounded(self.probabilities),
            "reason": None if self.reason is None else self.reason.value,
            "message": self.message,
            "leads": [lead.to_dict() for lead in self.leads],
            "page": self.page,
            "quality": self.quality,
            "model": self.model,
            "runtime": self.runtime,
            "timing_ms": {stage: self.timing_ms.get(stage) for stage in STAGES},
            "captured_at": self.captured_at,
            "ecg_edge": __version__,
        }

    def to_json(self):
        """The result as one line of JSON."""
        return json.dumps(self.to_dict())

    def to_text(self):
        """The result as one line for a person."""
        return f"{self.source}: {describe(self.to_dict())}"


def describe(result):
    """What came of a page, in words, of the dict of its result."""
    if result["verdict"] is None:
        return f"{result['status']} ({result['reason']}): {result['message']}"
    doubt = " (uncertain)" if result["status"] == "uncertain" else ""
    note = f": {result['message']}" if result["message"] else ""
    return f"{result['verdict']} {result['confidence']:.2f}{doubt}{note}"


def unread(source, reason, message=None, **known):
    """The `Result` of a picture that could not be opened (failed) or read (refused)."""
    status = "failed" if reason in FAILURES else "refused"
    return Result(status=status, source=source, reason=reason, message=message or reason.sentence, **known)


def by_class(probabilities):
    """{class: float} of (classes,) probabilities."""
    return {label: float(value) for label, value in zip(CLASSES, probabilities, strict=True)}


def _rounded(probabilities):
    return None if probabilities is None else {label: round(value, 6) for label, value in probabilities.items()}
