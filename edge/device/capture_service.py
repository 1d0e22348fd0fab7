"""Camera and reader together: what the reading process does."""

import io
import os
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timezone

from ..errors import CameraError, PictureError
from ..image import MAX_BYTES, name_of, read_bytes
from ..result import unread
from ..system import board
from ..system.locks import NamedLock
from .camera import FolderCamera

JPEG_QUALITY = 95
FRAMING = "\0aim"
"""The request for a hint; no path is so."""
PREVIEW_SIDE_PX, PREVIEW_QUALITY = 960, 80
"""The longer side of a frame that is shown to the person who aims."""


@dataclass(frozen=True)
class Outcome:
    """What became of a page: the `result`'s dict, the bytes of its `picture` (None where there are none to keep) with their `suffix`, and
    what `device` says of camera and board."""

    result: dict
    picture: bytes | None
    suffix: str
    device: dict


class CaptureService:
    """Reads pictures at a path, or takes them with the camera; made in the process that does so.

    Parameters
    ----------
    settings : as `settings.read_settings` gives them
    with_camera : whether the camera is to be opened now, so that its faults show at the start
    """

    def __init__(self, settings, with_camera=False):
        self._reader = make_reader(settings["reader"])
        self._settings, self._camera = settings["camera"], None
        if with_camera:
            self._opened()

    def __call__(self, request):
        """The `Outcome` of a picture at a path or of its file's bytes, or of one that the camera takes (None); for `FRAMING`, (whether the page is
        found, a hint for aiming)."""
        if request == FRAMING:
            return self._show_framing()
        return self._capture() if request is None else self._read(request)

    def close(self):
        """Release the camera."""
        if self._camera is not None:
            self._camera.close()
        self._camera = None

    def _read(self, given):
        source = name_of(given)
        try:
            data = read_bytes(given)
        except PictureError as error:
            return self._outcome(unread(source, error.reason, str(error)), None, "", {})
        result = replace(self._reader.read(data), source=source)
        return self._outcome(result, data, os.path.splitext(source)[1], {})

    def _show_framing(self):
        return self.look()[:2]

    def look(self):
        """(whether the page is found, a hint for aiming, the bytes of a small JPEG) of the camera's next frame."""
        from .framing import FOUND, hint

        with self._fresh_after_errors():
            image = self._opened().look(self._settings["timeout_s"]).image
        text = hint(image)
        image.thumbnail((PREVIEW_SIDE_PX, PREVIEW_SIDE_PX))
        return text == FOUND, text, encode(image, PREVIEW_QUALITY)

    def take(self):
        """(the bytes of a JPEG, the camera's metadata as JSON) of a picture that the camera takes."""
        with self._fresh_after_errors():
            shot = self._opened().capture(self._settings["timeout_s"])
        return encode(shot.image), plain(shot.metadata)

    @property
    def reader(self):
        """The `Reader` of the settings."""
        return self._reader

    @property
    def camera_name(self):
        """What results call a picture that the camera took."""
        return f"camera {self._settings['source']}"

    def _capture(self):
        try:
            data, metadata = self.take()
        except PictureError as error:
            return self._outcome(unread(self.camera_name, error.reason, str(error)), None, "", {})
        # What is read is what is kept: the picture's file gives the same result again.
        return self._outcome(
            replace(self._reader.read(data), source=self.camera_name), data, ".jpg", {"camera": metadata}
        )

    def _opened(self):
        if self._camera is None:
            self._camera = open_camera(self._settings)
        return self._camera

    @contextmanager
    def _fresh_after_errors(self):
        """After an error the next picture is taken by a camera that is opened anew."""
        try:
            yield
        except CameraError:
            with suppress(Exception):
                self.close()
            raise

    def _outcome(self, result, data, suffix, device):
        result = result if result.captured_at else replace(result, captured_at=now())
        device = device | {"board": board.readings(), "resident_mb": round(board.resident_mb() or 0, 1)}
        return Outcome(result.to_dict(), data if data is None or len(data) <= MAX_BYTES else None, suffix, device)


def make_reader(given, model=None):
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


def open_camera(settings):
    """The `Camera` that the settings name: a Raspberry Pi's by its number, or a folder."""
    source = settings["source"]
    if not source.isdecimal():
        return FolderCamera(source)
    from .pi_camera import PiCamera

    return LockedCamera(source, lambda: PiCamera(int(source), settings["frames"], tuple(settings["window"])))


class LockedCamera:
    """A camera that this process alone holds, from its opening to its closing.

    Raises
    ------
    CameraError : another ecg-edge holds it; the message says which.
    """

    def __init__(self, number, open_it):
        try:
            self._claim = NamedLock(f"camera/{number}")
        except BlockingIOError as error:
            raise CameraError(
                f"Camera {number} is in use by {error}. End it, or use its page: 'serve --watch' is page and loop in one."
            ) from None
        try:
            self._camera = open_it()
        except BaseException:
            self._claim.close()
            raise
        self.capture, self.look = self._camera.capture, self._camera.look

    def close(self):
        """Release the camera, and let others have it."""
        try:
            self._camera.close()
        finally:
            self._claim.close()


def encode(image, quality=JPEG_QUALITY):
    """The bytes of a JPEG file of an RGB `PIL.Image`."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()


def plain(value):
    """A value of a camera's metadata as JSON knows it."""
    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def now():
    """The time in UTC, to the second, ISO 8601."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")
