"""The Raspberry Pi's camera, through picamera2: opened once, focused on the page, settled, locked, the sharpest of some frames kept.

Calls and their limits are those of picamera2 0.3.38, whose own waits have no limit; controls and what they mean are libcamera's
(`control_ids_core.yaml`). What a module does not advertise is left alone: without autofocus there is none to wait for. A wait inside the driver can
still have no end; a program that must go on all the same keeps the camera in a process of its own (`system.worker`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..errors import CameraError, CameraTimeoutError
from ..system import board
from .camera import DEFAULT_TIMEOUT_S, Shot

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

SIZES = ((700, 3.2), (1100, 8.0), (float("inf"), 12.5))
"""(the board's memory in MB, at most; megapixels of a still): two buffers, the picture and what reading it takes fit into that memory."""
BUFFERS = 2
FOCUS_SHARE = 0.4
"""The part of the time that focusing may take: a blurred picture is refused with that reason, without a picture there is none."""
AF_MANUAL, AF_MACRO, AF_WINDOWS = 0, 1, 1
"""Values of AfMode, AfRange and AfMetering."""
STEADY, STEADY_FRAMES, MOST_FRAMES = 0.03, 3, 40
"""Exposure and white balance have settled when they have changed by less than this part over so many frames in a row; the most that
are waited for."""
KEPT = (
    "ExposureTime",
    "AnalogueGain",
    "ColourGains",
    "ColourTemperature",
    "Lux",
    "LensPosition",
    "SensorTemperature",
    "SensorTimestamp",
    "ScalerCrop",
)
"""What is kept of a frame's metadata."""


class PiCamera:
    """The camera `number`.

    Parameters
    ----------
    number : as 'rpicam-hello --list-cameras' counts
    frames : how many are taken for a picture, of which the sharpest is kept
    window : (left, top, width, height) of where the page lies, as parts of the picture: focus and sharpness are judged there
    module : stands in for picamera2 in tests; otherwise it is imported here, not before
    memory_mb : the board's, where it is not to be asked

    Raises
    ------
    CameraError : no picamera2, no such camera, one that is in use or does not start; the message says what to do.
    """

    def __init__(
        self,
        number: int = 0,
        frames: int = 3,
        window: Sequence[float] = (0.2, 0.2, 0.6, 0.6),
        module: Any = None,
        memory_mb: int | None = None,
    ):
        module = module or _import_picamera2()
        self._frames, self._window = frames, window
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
            size = still_size(self._camera.sensor_resolution, memory_mb or board.memory_mb())
            # BGR888 is the name of what lies in memory as red, green, blue.
            still = self._camera.create_still_configuration(
                main={"format": "BGR888", "size": size}, buffer_count=BUFFERS
            )
            self._camera.configure(still)
            self._camera.start()
            self._known = set(self._camera.camera_controls)
        except Exception as error:
            self._camera.close()
            raise CameraError(f"Camera {number} cannot be started: {error}") from error
        self._model = cameras[number].get("Model")

    def capture(self, timeout_s: float = DEFAULT_TIMEOUT_S) -> Shot:
        """Focus, let exposure and white balance settle, lock all three, and take the sharpest of some frames, within `timeout_s`."""
        until = time.monotonic() + timeout_s
        with self._errors(timeout_s):
            focused = self._focus(timeout_s * FOCUS_SHARE)
            settled, metadata = self._settle(until)
            try:
                self._set(_locked(metadata))
                image, metadata, sharpness = self._sharpest(until)
            finally:
                self._set({"AeEnable": True, "ExposureTime": 0, "AnalogueGain": 0.0, "AwbEnable": True})
        known = {name: metadata[name] for name in KEPT if name in metadata}
        return Shot(
            image,
            {"model": self._model, "focused": focused, "settled": settled, "sharpness": round(sharpness, 3), **known},
        )

    def preview(self, timeout_s: float = DEFAULT_TIMEOUT_S) -> Shot:
        """The next frame as it comes, for framing."""
        with self._errors(timeout_s), self._camera.captured_request(wait=timeout_s) as frame:
            return Shot(_image_of(frame.make_array("main")), dict(frame.get_metadata()))

    def close(self) -> None:
        """Stop and release the camera."""
        try:
            self._camera.stop()
        finally:
            self._camera.close()

    def _focus(self, limit_s: float) -> bool | None:
        """Run one cycle of autofocus on the page and lock the lens: whether it focused, None where the lens is fixed."""
        if not {"AfMode", "LensPosition"} <= self._known:
            return None
        area = self._camera.camera_properties.get("ScalerCropMaximum")
        self._set(
            {
                "AfRange": AF_MACRO,
                **({"AfMetering": AF_WINDOWS, "AfWindows": [_within(area, self._window)]} if area else {}),
            }
        )
        job = self._camera.autofocus_cycle(wait=False)
        try:
            focused = bool(self._camera.wait(job, timeout=limit_s))
        except (TimeoutError, FutureTimeoutError):  # two classes before Python 3.11
            self._camera.cancel_all_and_flush()
            focused = False
        return focused

    def _settle(self, until: float) -> tuple[bool, dict[str, Any]]:
        """(whether exposure and white balance have settled, the last frame's metadata)."""
        former, steady = None, 0
        for _ in range(MOST_FRAMES):
            metadata = self._camera.capture_metadata(wait=_left(until))
            now = (
                metadata.get("ExposureTime", 1) * metadata.get("AnalogueGain", 1.0),
                *metadata.get("ColourGains", ()),
            )
            steady = steady + 1 if former and _are_close(former, now) else 0
            if steady >= STEADY_FRAMES:
                return True, metadata
            former = now
        return False, metadata

    def _sharpest(self, until: float) -> tuple[Image.Image, dict[str, Any], float]:
        """(image, metadata, sharpness) of the sharpest frame; each is exposed after this began."""
        frames = (self._frame(until) for _ in range(self._frames))
        array, metadata, sharpness = max(frames, key=lambda frame: frame[2])
        return _image_of(array), metadata, sharpness

    def _frame(self, until: float) -> tuple[np.ndarray, dict[str, Any], float]:
        """(array, metadata, sharpness) of a frame that is exposed from now on."""
        with self._camera.captured_request(wait=_left(until), flush=True) as frame:
            array, metadata = frame.make_array("main"), dict(frame.get_metadata())
        return array, metadata, sharpness_of(array, self._window)

    def _set(self, controls: dict[str, Any]) -> None:
        known = {name: value for name, value in controls.items() if name in self._known}
        if known:
            self._camera.set_controls(known)

    @contextmanager
    def _errors(self, timeout_s: float) -> Iterator[None]:
        try:
            yield
        except (TimeoutError, FutureTimeoutError) as error:
            self._camera.cancel_all_and_flush()
            raise CameraTimeoutError(f"The camera gave no picture within {timeout_s:g} s. Check its cable.") from error
        except (RuntimeError, OSError, KeyError) as error:
            raise CameraError(f"The camera gave no picture: {error}. Check its cable.") from error


def still_size(sensor_px: Sequence[int], memory_mb: float) -> tuple[int, int]:
    """(width, height) of a still: the sensor's, or smaller in its form where the board's memory asks for it; even numbers."""
    most = next(megapixels for limit_mb, megapixels in SIZES if memory_mb <= limit_mb)
    scale = min(1.0, (most * 1e6 / (sensor_px[0] * sensor_px[1])) ** 0.5)
    width, height = (int(side * scale) // 2 * 2 for side in sensor_px)
    return width, height


def sharpness_of(array: np.ndarray, window: Sequence[float]) -> float:
    """How much neighbouring pixels of an (H, W, 3) uint8 array differ within `window`, relative to its brightness; compares frames of one scene."""
    import numpy as np

    height, width = array.shape[:2]
    left, top, across, down = _within((0, 0, width, height), window)
    green = array[top : top + down : 2, left : left + across, 1].astype(np.int16)
    steps = np.abs(green[:, 2:] - green[:, :-2])
    return float(steps.mean() / max(green.mean(), 1.0)) if steps.size else 0.0


def _locked(metadata: dict[str, Any]) -> dict[str, Any]:
    """The controls that keep a frame's exposure, white balance and lens."""
    names = [name for name in ("ExposureTime", "AnalogueGain", "ColourGains") if name in metadata]
    lens = {"AfMode": AF_MANUAL, "LensPosition": metadata["LensPosition"]} if "LensPosition" in metadata else {}
    return {"AeEnable": False, "AwbEnable": False, **{name: metadata[name] for name in names}, **lens}


def _within(area: Sequence[int], window: Sequence[float]) -> tuple[int, int, int, int]:
    """(left, top, width, height) of a window within an area, whole numbers."""
    left, top, width, height = area
    return (
        round(left + window[0] * width),
        round(top + window[1] * height),
        round(window[2] * width),
        round(window[3] * height),
    )


def _are_close(former: Sequence[float], now: Sequence[float]) -> bool:
    return all(abs(a - b) <= STEADY * max(abs(a), abs(b)) for a, b in zip(former, now, strict=False))


def _left(until: float) -> float:
    """The seconds that are left, or a little: enough for a frame that is there already."""
    return max(until - time.monotonic(), 0.05)


def _image_of(array: np.ndarray) -> Image.Image:
    from PIL import Image

    return Image.fromarray(array[..., :3])


def _import_picamera2() -> Any:
    try:
        import picamera2
    except Exception as error:  # whatever a broken or mixed installation raises
        raise CameraError(
            f"picamera2 cannot be imported ({error}). On a Raspberry Pi: 'sudo apt install python3-picamera2', and an"
            " environment made with 'python3 -m venv --system-site-packages'. Elsewhere: a folder of pictures as the camera."
        ) from error
    return picamera2
