"""Cameras: what takes pictures, and a folder of pictures in the place of one."""

import os
import time
from dataclasses import dataclass
from typing import Protocol

from ..errors import CameraError, Reason
from ..image import find_pictures, open_picture

DEFAULT_TIMEOUT_S = 20.0


@dataclass(frozen=True)
class Shot:
    """One picture taken: an RGB `PIL.Image` and the camera's `metadata`."""

    image: object
    metadata: dict


class Camera(Protocol):
    """What takes pictures."""

    def capture(self, timeout_s: float) -> Shot:
        """Take one picture within `timeout_s` seconds; `CameraTimeoutError` where that does not do."""

    def look(self, timeout_s: float) -> Shot:
        """One frame as it comes, for aiming: not focused, nothing chosen."""

    def close(self) -> None:
        """Release the camera."""


class FolderCamera:
    """A folder whose pictures are taken one after the other, sorted by name."""

    def __init__(self, folder):
        if not os.path.isdir(folder):
            raise CameraError(f"{folder} is no folder of pictures.")
        self._paths = iter(find_pictures(folder))
        self._folder = folder

    def capture(self, timeout_s=DEFAULT_TIMEOUT_S):
        """The next picture of the folder; waiting for none, it needs no limit."""
        path = next(self._paths, None)
        if path is None:
            raise CameraError(f"{self._folder} has no further picture. {Reason.NOT_FOUND.sentence}")
        return Shot(open_picture(path).image, {"path": path, "time": time.time()})

    look = capture

    def close(self):
        """Nothing is held."""
