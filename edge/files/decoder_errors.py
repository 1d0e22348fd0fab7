"""What decoders raise, as reasons why a picture is not read."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import PictureError, Reason

DAMAGED = "The {kind} file ends too early or is damaged: copy it again, or save the page as JPEG or PNG."
TOO_LARGE = ("DecompressionBombError", "MemoryError")
"""Errors of decoders that say that a picture is too large."""


@contextmanager
def as_picture_errors(damaged: str | None = None) -> Iterator[None]:
    """Within it, whatever a decoder raises on damaged bytes becomes a `PictureError`, with the sentence `damaged` unless it is too large; decoders'
    warnings, which say nothing to a person, are kept quiet."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except PictureError:
            raise
        except Exception as error:
            if type(error).__name__ in TOO_LARGE:
                raise PictureError(Reason.TOO_LARGE) from error
            raise PictureError(Reason.TRUNCATED, damaged) from error
