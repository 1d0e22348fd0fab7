"""Errors for callers and installations, and the reasons for which a picture is not read.

A refusal is an answer, not an error: it travels in a `Result` with a `Reason`. What is raised from
here is a caller's mistake or a broken installation.
"""

from __future__ import annotations

from enum import Enum
from numbers import Integral, Real


class EcgEdgeError(Exception):
    """Base of every error that ecg-edge raises."""

    def __new__(cls, *arguments: object) -> EcgEdgeError:
        # Those that are an OSError as well are made by its `__new__`, or engines that take errors from process to process (tblib, in Dask)
        # could not make them anew.
        maker: type[Exception] = OSError if issubclass(cls, OSError) else Exception
        return maker.__new__(cls, *arguments)


class UsageError(EcgEdgeError, ValueError):
    """An argument has a value that cannot be used."""


def check_number(name: str, value: object) -> None:
    """Raise `UsageError` where an argument is no number, of Python or NumPy."""
    if not isinstance(value, Real):
        raise UsageError(f"{name} must be a number, not {value!r}")


def check_whole_number(name: str, value: object) -> None:
    """Raise `UsageError` where an argument is no whole number, of Python or NumPy."""
    if not isinstance(value, Integral):
        raise UsageError(f"{name} must be a whole number, not {value!r}")


class InstallationError(EcgEdgeError, RuntimeError):
    """The installation cannot do what is asked; command lines end with status 3."""


class NoRuntimeError(InstallationError, ImportError):
    """No TensorFlow Lite runtime can be used."""


class MissingPackageError(InstallationError, ImportError):
    """A package that was asked for is not installed."""


class NoModelError(InstallationError, LookupError):
    """No model of that name is installed."""


class DamagedModelError(InstallationError):
    """A model file or its card is not what it should be."""


class CameraError(InstallationError, OSError):
    """The camera cannot be used."""


class CameraTimeoutError(CameraError, TimeoutError):
    """The camera did not answer within its time limit."""


class OutputError(InstallationError, OSError):
    """A result cannot be written where it was asked to be."""


class StoreError(InstallationError, OSError):
    """Results cannot be kept or found where they are stored."""


class StoreFullError(StoreError):
    """There is no room for a result: nothing of it was kept."""


class WorkerError(InstallationError):
    """A process ended before it answered."""


class WorkerTimeoutError(WorkerError, TimeoutError):
    """A process did not answer within its time limit, and was ended."""


class Reason(str, Enum):
    """Why a picture has no verdict: a value of the contract and a sentence for the person."""

    NOT_FOUND = "not_found", "There is no picture there: check the path."
    NOT_A_PICTURE = "not_a_picture", "The file cannot be opened as a picture: use a JPEG, PNG, TIFF or PDF file."
    TRUNCATED = "truncated", "The picture's file ends too early: copy or take it again."
    TOO_LARGE = "too_large", "The picture is too large: use one of at most 100 megapixels and 64 MB."
    UNSUPPORTED = "unsupported", "This kind of file is not supported: save it as JPEG or PNG."
    TOO_SMALL = "too_small", "The picture is too small to be read: move closer, or scan at a higher resolution."
    NO_PAGE = "no_page", "No page was found: lay the ECG flat, with all of it in the picture."
    NOT_AN_ECG = (
        "not_an_ecg",
        "The picture shows no ECG, or one too faint or too compressed to be seen: use a printed 12-lead ECG in even light.",
    )
    CUT_OFF = "cut_off", "Part of the page is outside the picture: take it again with all four corners in it."
    BAD_LAYOUT = (
        "bad_layout",
        "The layout of the leads is not known, or their names cannot be read: use a page on which I to V6 are named.",
    )
    BAD_SCALE = (
        "bad_scale",
        "The paper's scale cannot be found: give paper speed and gain, or use a picture that shows the grid.",
    )
    BAD_LIGHT = (
        "bad_light",
        "The light is too dark, too bright or too uneven: move the lamp and take the picture again.",
    )
    BLURRED = "blurred", "The picture is blurred: focus, hold still and take the picture again."
    COVERED = "covered", "Something covers the leads: remove it and take the picture again."
    LEADS_LOST = "leads_lost", "Too many leads cannot be followed: take a sharper, flatter picture."
    LEADS_MISSING = "leads_missing", "The page shows only some of the twelve leads: use a page with all of them."

    sentence: str

    def __new__(cls, value: str, sentence: str = "") -> Reason:
        member = str.__new__(cls, value)
        member._value_ = value
        member.sentence = sentence
        return member


FAILURES: frozenset[Reason] = frozenset(
    {Reason.NOT_FOUND, Reason.NOT_A_PICTURE, Reason.TRUNCATED, Reason.TOO_LARGE, Reason.UNSUPPORTED}
)
"""Reasons with which a picture could not be opened (status `failed`); with any other it is `refused`."""


class PictureError(EcgEdgeError, ValueError):
    """A picture cannot be opened or read: carries the `reason`, and how many `pages` its file holds (1 where that is not known); `Reader` turns it
    into a result."""

    def __init__(self, reason: Reason, message: str | None = None, pages: int = 1) -> None:
        super().__init__(message or reason.sentence)
        self.reason = reason
        self.pages = pages

    def kept(self) -> PictureError:
        """Itself, to be kept while others are tried: without the frames, and the errors before it, that hold what was looked at in memory."""
        self.__context__ = self.__cause__ = None
        return self.with_traceback(None)

    def __reduce__(self) -> tuple[type[PictureError], tuple[Reason, str, int]]:
        # Exceptions are pickled by their arguments: the reason would be lost on its way from a worker.
        return type(self), (self.reason, str(self), self.pages)
