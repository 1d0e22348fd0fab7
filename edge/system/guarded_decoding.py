"""Decoders of other makers in a process of their own: what ends them, or makes them hang, costs a page and not the run."""

from __future__ import annotations

import os

from ..errors import PictureError, Reason, WorkerError, WorkerTimeoutError
from ..files.kinds import Kind, Opener
from ..image import Decode, DecodedPage, decode_page
from .worker import Worker

GUARDED: frozenset[Opener] = frozenset({"pdf", "heif", "dicom"})
"""What the extras bring: libraries of their own, written in other languages, that files from anywhere reach."""
START_S, PAGE_S = 60.0, 60.0
"""Limits for the process to start and for a page to be opened; drawing a PDF's page has one of its own, of the processor's time."""
ANEW = "save the page anew, as JPEG or PNG."
ENDS = f"Opening this file ends the process that decodes it: {ANEW}"
HANGS = f"Opening this file takes more than {PAGE_S:g} s: {ANEW}"


class GuardedDecoding:
    """Does what `image.decode_page` does, of `GUARDED` kinds in one process for all files, which is started with the first of them and anew after
    each that ended it. It is gone when this is."""

    def __init__(self, decode: Decode = decode_page) -> None:
        self._worker = Worker(_Decoding, (decode,), START_S)

    @property
    def process_id(self) -> int | None:
        """The process's number; None where none runs."""
        return self._worker.process_id

    def __call__(self, data: bytes, kind: Kind | None, page: int) -> DecodedPage:
        """The page of number `page` of a file's bytes, of this kind.

        Raises
        ------
        PictureError : it cannot be opened, or the process ended or hung with it.
        """
        if kind is None or kind.opener not in GUARDED:
            return decode_page(data, kind, page)
        try:
            found: DecodedPage = self._worker.call((data, kind, page), PAGE_S)
            return found
        except WorkerTimeoutError as error:
            raise PictureError(Reason.UNSUPPORTED, HANGS) from error
        except WorkerError as error:
            raise PictureError(Reason.UNSUPPORTED, ENDS) from error


class _Decoding:
    """What the process does."""

    def __init__(self, decode: Decode) -> None:
        # Ctrl-C at a terminal is for the command, which finishes the page in hand: this process ends with it, by its pipe.
        os.setsid()
        self._decode = decode

    def __call__(self, request: tuple[bytes, Kind | None, int]) -> DecodedPage:
        return self._decode(*request)
