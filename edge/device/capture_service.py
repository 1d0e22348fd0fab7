"""Camera and reader together: what the reading process does."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..errors import CameraError, PictureError
from ..files.kinds import HEAD_BYTES, kind_of
from ..files.limits import MAX_BYTES
from ..image import in_memory, name_of, read_bytes
from ..result import Result, unread
from ..system import board
from ..system.clock import utc_now
from ..system.locks import NamedLock
from ..words import encodable
from .camera import Camera, FolderCamera, Shot
from .settings import Settings

if TYPE_CHECKING:
    from PIL import Image

    from ..reader import Reader

JPEG_QUALITY = 95
SUFFIX = re.compile(r"\.\w{1,16}", re.ASCII)
"""The end of a picture's name that it keeps in the store; of another the kind's is taken, since a file's name may be of any bytes, and as long as one may be."""
FRAMING_HINT = "\0framing hint"
"""The request for a hint for framing; no path begins so."""
PREVIEW_SIDE_PX, PREVIEW_QUALITY = 960, 80
"""The longer side of a frame that is shown as a preview, and its quality as a JPEG."""


@dataclass(frozen=True)
class Outcome:
    """What became of a page: the `result`'s dict, the bytes of its `picture` (None where there are none to keep) with their `suffix`, and
    what `device` says of camera and board. The file holds so many `pages`; it is kept with the first of them."""

    result: dict[str, Any]
    picture: bytes | None
    suffix: str
    device: dict[str, Any]
    pages: int = 1


@dataclass(frozen=True)
class PageRequest:
    """The request for a further page, number `page`, of the file at `path`."""

    path: str
    page: int


class CaptureService:
    """Reads pictures at a path, or takes them with the camera; made in the process that does so.

    Parameters
    ----------
    settings : as `settings.read_settings` gives them
    with_camera : whether the camera is to be opened now, so that its faults show at the start
    """

    def __init__(self, settings: Settings, with_camera: bool = False):
        self._reader = make_reader(settings["reader"])
        self._settings = settings["camera"]
        self._camera: Camera | None = None
        if with_camera:
            self._opened()

    def __call__(self, request: str | bytes | PageRequest | None) -> Outcome | tuple[bool, str]:
        """The `Outcome` of a picture at a path or of its file's bytes (of several pages the first, or that of a `PageRequest`), or of one that the
        camera takes (None); for `FRAMING_HINT`, (whether the
        page is found, a hint for framing)."""
        if request == FRAMING_HINT:
            return self._framing_hint()
        if isinstance(request, PageRequest):
            return self._read(request.path, request.page)
        return self._capture() if request is None else self._read(request)

    def close(self) -> None:
        """Release the camera."""
        if self._camera is not None:
            self._camera.close()
        self._camera = None

    def _read(self, given: str | bytes, page: int = 1) -> Outcome:
        source = name_of(given)
        try:
            data = read_bytes(given)
        except PictureError as error:
            return self._outcome(unread(source, error.reason, str(error)), None, "", {})
        kind = kind_of(data[:HEAD_BYTES], source)
        several = kind is not None and kind.opener == "wfdb" and isinstance(given, str)
        result = self._reader.read(given if several else in_memory(data, source), page)
        # What is no picture at all, or a part of a record, is not ours to keep: it stays where it is.
        kept = page == 1 and (kind is None or kind.opener not in (None, "wfdb"))
        suffix = os.path.splitext(source)[1]
        if not SUFFIX.fullmatch(suffix):
            suffix = "".join(kind.suffixes[:1] if kind else ())
        return self._outcome(result, data if kept else None, suffix, {})

    def _framing_hint(self) -> tuple[bool, str]:
        return self.preview()[:2]

    def preview(self) -> tuple[bool, str, bytes]:
        """(whether the page is found, a hint for framing, the bytes of a small JPEG) of the camera's next frame."""
        from .framing import FOUND, framing_hint

        with self._reopen_after_errors():
            image = self._opened().preview(self._settings["timeout_s"]).image
        hint = framing_hint(image)
        image.thumbnail((PREVIEW_SIDE_PX, PREVIEW_SIDE_PX))
        return hint == FOUND, hint, encode(image, PREVIEW_QUALITY)

    def take(self) -> tuple[bytes, dict[str, Any]]:
        """(the bytes of a JPEG, the camera's metadata as JSON) of a picture that the camera takes."""
        with self._reopen_after_errors():
            shot = self._opened().capture(self._settings["timeout_s"])
        return encode(shot.image), {name: plain(value) for name, value in shot.metadata.items()}

    @property
    def reader(self) -> Reader:
        """The `Reader` of the settings."""
        return self._reader

    @property
    def camera_name(self) -> str:
        """The source that results name for a picture that the camera took."""
        return f"camera {self._settings['source']}"

    def _capture(self) -> Outcome:
        try:
            data, metadata = self.take()
        except PictureError as error:
            return self._outcome(unread(self.camera_name, error.reason, str(error)), None, "", {})
        # What is read is what is kept: the picture's file gives the same result again.
        return self._outcome(
            replace(self._reader.read(data), source=self.camera_name), data, ".jpg", {"camera": metadata}
        )

    def _opened(self) -> Camera:
        if self._camera is None:
            self._camera = open_camera(self._settings)
        return self._camera

    @contextmanager
    def _reopen_after_errors(self) -> Iterator[None]:
        """Close the camera after an error, so that it is opened anew for the next picture."""
        try:
            yield
        except CameraError:
            with suppress(Exception):
                self.close()
            raise

    def _outcome(self, result: Result, data: bytes | None, suffix: str, device: dict[str, Any]) -> Outcome:
        result = result if result.captured_at else replace(result, captured_at=utc_now())
        device = device | {"board": board.readings(), "resident_mb": round(board.resident_mb() or 0, 1)}
        return Outcome(
            result.to_dict(), data if data is None or len(data) <= MAX_BYTES else None, suffix, device, result.pages
        )


def make_reader(given: dict[str, Any], model: str | None = None) -> Reader:
    """The `Reader` of the settings of the section [reader], with another model where one is named."""
    from ..reader import Reader

    return Reader(
        model or given["model"] or None,
        given["threads"],
        None if given["min_confidence"] == "card" else given["min_confidence"],
        given["runtime"] or None,
        mm_per_s=None if given["mm_per_s"] == "page" else given["mm_per_s"],
        mm_per_mv=None if given["mm_per_mv"] == "page" else given["mm_per_mv"],
    )


def open_camera(settings: dict[str, Any]) -> Camera:
    """The `Camera` that the settings of the section [camera] name: a Raspberry Pi's by its number, or a folder."""
    source = settings["source"]
    if not source.isdecimal():
        return FolderCamera(source)
    from .pi_camera import PiCamera

    return LockedCamera(source, lambda: PiCamera(int(source), settings["frames"], tuple(settings["window"])))


class LockedCamera:
    """A camera that this process alone uses, from its opening to its closing.

    Raises
    ------
    CameraError : another ecg-edge uses it; the message says which.
    """

    capture: Callable[[float], Shot]
    preview: Callable[[float], Shot]

    def __init__(self, number: str, open_it: Callable[[], Camera]):
        try:
            self._lock = NamedLock(f"camera/{number}")
        except BlockingIOError as error:
            raise CameraError(
                f"Camera {number} is in use by {error}. End it, or use its page: 'serve --watch' is page and loop in one."
            ) from None
        try:
            self._camera = open_it()
        except BaseException:
            self._lock.close()
            raise
        self.capture, self.preview = self._camera.capture, self._camera.preview

    def close(self) -> None:
        """Release the camera, for other processes too."""
        try:
            self._camera.close()
        finally:
            self._lock.close()


def encode(image: Image.Image, quality: int = JPEG_QUALITY) -> bytes:
    """The bytes of a JPEG file of an image in RGB."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()


def plain(value: object) -> Any:
    """A value of a camera's metadata as JSON knows it."""
    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    return value if value is None or isinstance(value, (bool, int, float)) else encodable(str(value))
