"""Cameras: what takes pictures, and a folder of pictures in the place of one."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from ..errors import CameraError, Reason
from ..files.kinds import SUFFIXES, list_files
from ..image import open_picture

if TYPE_CHECKING:
    from PIL import Image

DEFAULT_TIMEOUT_S = 20.0


@dataclass(frozen=True)
class Shot:
    """A picture that was taken: in RGB, and the camera's `metadata` of it."""

    image: Image.Image
    metadata: dict[str, Any]


class Camera(Protocol):
    """What takes pictures."""

    def capture(self, timeout_s: float) -> Shot:
        """Take one picture within `timeout_s` seconds; `CameraTimeoutError` where that does not do."""

    def preview(self, timeout_s: float) -> Shot:
        """The next frame as it comes, for framing: not focused, nothing chosen."""

    def close(self) -> None:
        """Release the camera."""


class FolderCamera:
    """A folder whose pictures are taken one after the other, sorted by name."""

    def __init__(self, folder: str | os.PathLike[str]):
        if not os.path.isdir(folder):
            raise CameraError(f"{folder} is no folder of pictures.")
        self._paths = iter([path for path in list_files(folder).known if path.lower().endswith(SUFFIXES)])
        self._folder = folder

    def capture(self, timeout_s: float = DEFAULT_TIMEOUT_S) -> Shot:
        """The next picture of the folder, which is there already: the limit plays no part."""
        path = next(self._paths, None)
        if path is None:
            raise CameraError(f"{self._folder} has no further picture. {Reason.NOT_FOUND.sentence}")
        return Shot(open_picture(path).image, {"path": path, "time": time.time()})

    preview = capture

    def close(self) -> None:
        """There is nothing to close."""
