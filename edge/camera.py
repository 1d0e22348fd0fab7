"""Cameras: the Raspberry Pi's through picamera2, or a folder of pictures in its place."""

import os
import time
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from typing import Protocol

from .errors import CameraError, CameraTimeoutError, Reason
from .image import find_pictures, open_picture

DEFAULT_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Shot:
    """One picture taken: an RGB `PIL.Image` and the camera's `metadata`."""

    image: object
    metadata: dict


class Camera(Protocol):
    """What takes pictures."""

    def capture(self, timeout_s: float) -> Shot:
        """Take one picture within `timeout_s` seconds; `CameraTimeoutError` where that does not do."""

    def close(self) -> None:
        """Release the camera."""


class PiCamera:
    """The Raspberry Pi's camera, opened once.

    picamera2 comes from the system's packages and is imported here, not before. `module` stands in for it in tests.
    Calls and their limits are those of picamera2 0.3.38: its default wait has none.
    """

    def __init__(self, number=0, module=None):
        module = module or _import_picamera2()
        cameras = module.Picamera2.global_camera_info()
        if number >= len(cameras):
            raise CameraError(
                f"There is no camera {number}: {len(cameras)} found. Check the ribbon cable, then 'rpicam-hello --list-cameras'."
            )
        try:
            self._camera = module.Picamera2(number)
        except (RuntimeError, OSError) as error:
            raise CameraError(f"Camera {number} cannot be opened, perhaps another program holds it: {error}") from error
        try:
            # BGR888 is the name of what lies in memory as red, green, blue.
            self._camera.configure(self._camera.create_still_configuration(main={"format": "BGR888"}))
            self._camera.start()
        except Exception as error:
            self._camera.close()
            raise CameraError(f"Camera {number} cannot be started: {error}") from error

    def capture(self, timeout_s=DEFAULT_TIMEOUT_S):
        """Take one picture within `timeout_s` seconds."""
        from PIL import Image

        try:
            request = self._camera.captured_request(wait=timeout_s)
            with request as frame:
                array, metadata = frame.make_array("main"), frame.get_metadata()
        except (TimeoutError, FutureTimeoutError) as error:  # two classes before Python 3.11
            self._camera.cancel_all_and_flush()
            raise CameraTimeoutError(f"The camera gave no picture within {timeout_s:g} s.") from error
        except RuntimeError as error:
            raise CameraError(f"The camera gave no picture: {error}") from error
        return Shot(Image.fromarray(array[..., :3]), dict(metadata))

    def close(self):
        """Stop and release the camera."""
        try:
            self._camera.stop()
        finally:
            self._camera.close()


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

    def close(self):
        """Nothing is held."""


def open_camera(source):
    """The `Camera` of a source: the number of a Raspberry Pi's camera, or a folder."""
    return PiCamera(int(source)) if source.isdecimal() else FolderCamera(source)


def _import_picamera2():
    try:
        import picamera2
    except ImportError as error:
        raise CameraError(
            f"picamera2 cannot be imported ({error}). On a Raspberry Pi: 'sudo apt install python3-picamera2', and an"
            " environment made with 'python3 -m venv --system-site-packages'. Elsewhere: --camera FOLDER."
        ) from error
    return picamera2
