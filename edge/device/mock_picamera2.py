"""A stand-in for picamera2, for tests and for machines without a camera: the part of it that `pi_camera` uses, with its signatures.

Names, parameters and their defaults are those of picamera2 0.3.38 (`picamera2/picamera2.py`, `request.py`, `job.py`), control names and
numbers those of libcamera (`control_ids_core.yaml`); tests compare them with what was recorded from there. Frames are of a scene that is
given; exposure and white balance come nearer to their final values from frame to frame, autofocus succeeds or fails at once.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

AF_AUTO, AF_MANUAL = 1, 0
AF_IDLE, AF_SCANNING, AF_FOCUSED, AF_FAILED = range(4)
SENSOR_PX = (4608, 2592)
CONTROLS: dict[str, tuple[Any, Any, Any]] = {
    "AeEnable": (False, True, None), "ExposureTime": (1, 66666, None), "AnalogueGain": (1.0, 16.0, None), "AwbEnable": (False, True, None),
    "ColourGains": (0.0, 32.0, None), "AfMode": (0, 2, 0), "AfRange": (0, 2, 0), "AfMetering": (0, 1, 0), "AfTrigger": (0, 1, 0),
    "AfWindows": ((0, 0, 0, 0), (65535, 65535, 65535, 65535), (0, 0, 0, 0)), "LensPosition": (0.0, 32.0, 1.0),
}  # fmt: skip
"""Controls that are advertised, as `camera_controls` gives them; a module with a fixed lens has none of those of autofocus."""
FIXED = {name: value for name, value in CONTROLS.items() if not name.startswith("Af") and name != "LensPosition"}


Scene = Callable[[int, dict[str, Any], tuple[int, int]], "np.ndarray"]
"""A function of (number of the frame, controls in force, (width, height)) that gives an (H, W, 3) uint8 frame in RGB."""


@dataclass
class Behaviour:
    """How the stand-in behaves.

    Parameters
    ----------
    scene : gives the frames
    cameras : how many are attached
    controls : those that the module advertises
    fail : {method: exception} raised there
    hang : methods that give nothing: those that take a time limit raise at its end, others never return
    focuses, settles : whether autofocus succeeds, and exposure comes to an end
    sensor_px : (width, height) of the sensor
    frame_s : seconds from frame to frame
    calls : what was called, as (name, *arguments)
    """

    scene: Scene
    cameras: int = 1
    controls: Mapping[str, tuple[Any, Any, Any]] = field(default_factory=lambda: CONTROLS)
    fail: Mapping[str, Exception] = field(default_factory=dict)
    hang: Collection[str] = ()
    focuses: bool = True
    settles: bool = True
    sensor_px: tuple[int, int] = SENSOR_PX
    frame_s: float = 0.0
    calls: list[tuple[Any, ...]] = field(default_factory=list)


def make_module(scene: Scene, **behaviour: Any) -> tuple[SimpleNamespace, list[tuple[Any, ...]]]:
    """(module, calls): what `import picamera2` would give, with this `Behaviour`, and the calls of it as they are made."""
    given = Behaviour(scene, **behaviour)

    class Bound(Picamera2):
        _behaviour = given

        @staticmethod
        def global_camera_info() -> list[dict[str, Any]]:
            return [
                {"Model": "imx708", "Location": 2, "Rotation": 180, "Id": f"/base/{n}", "Num": n}
                for n in range(given.cameras)
            ]

    return SimpleNamespace(Picamera2=Bound), given.calls


class Job:
    """An operation in the camera's queue; here it is done, or never will be."""

    def __init__(self, functions: Collection[Callable[[], Any]], signal_function: Any = None):
        self._future: Future[bool] = Future()

    def get_result(self, timeout: float | None = None) -> bool:
        """Its result; `TimeoutError` where it is not there in time."""
        return self._future.result(timeout)

    def cancel(self) -> None:
        """Make waiting for it an error."""
        self._future.set_exception(CancelledError())


class CompletedRequest:
    """A frame: valid until it is released."""

    def __init__(self, request: tuple[np.ndarray, dict[str, Any]], picam2: Picamera2):
        self._array, self._metadata = request
        self._calls = picam2._behaviour.calls

    def make_array(self, name: str) -> np.ndarray:
        """A copy of the frame."""
        assert name == "main"
        return self._array.copy()

    def get_metadata(self) -> dict[str, Any]:
        """What is known of it."""
        return dict(self._metadata)

    def release(self) -> None:
        """Give the buffer back: what it held is no longer valid."""
        self._calls.append(("release",))
        self._array[:] = 0


class Picamera2:
    """A camera that is made by `make_module`."""

    _behaviour: Behaviour

    @staticmethod
    def global_camera_info() -> list[dict[str, Any]]:
        """The cameras that are attached: none, unless `make_module` says otherwise."""
        return []

    def __init__(self, camera_num: int = 0, verbose_console: Any = None, tuning: Any = None, allocator: Any = None):
        self._frame = 0
        self._set: dict[str, Any] = {}
        self._jobs: list[Job] = []
        self.started, self.is_open = False, True
        self._call("open", camera_num)
        self.sensor_resolution = self._behaviour.sensor_px
        self.camera_properties = {"Model": "imx708", "ScalerCropMaximum": (0, 0, *self.sensor_resolution)}

    @property
    def camera_controls(self) -> dict[str, tuple[Any, Any, Any]]:
        """{name: (least, most, default)} of what is advertised."""
        return dict(self._behaviour.controls)

    def create_still_configuration(
        self, main: dict[str, Any] = {}, lores: Any = None, raw: Any = {}, transform: Any = None, colour_space: Any = None,  # noqa: B006
        buffer_count: int = 1, controls: dict[str, Any] = {}, display: Any = None, encode: Any = None, queue: bool = True,  # noqa: B006
        sensor: Any = {}, use_case: str = "still",  # noqa: B006
    ) -> dict[str, Any]:  # fmt: skip
        """A configuration for stills."""
        return {
            "main": {"format": "BGR888", "size": self.sensor_resolution, **main},
            "buffer_count": buffer_count,
            "queue": queue,
        }

    def configure(self, camera_config: Any = None) -> None:
        """Take a configuration, while stopped."""
        if self.started:
            raise RuntimeError("Camera must be stopped before configuring")
        self._call("configure", camera_config)
        self._size = camera_config["main"]["size"]

    def start(self, config: Any = None, show_preview: Any = False) -> None:
        """Let frames come."""
        self._call("start")
        self.started = True

    def set_controls(self, controls: dict[str, Any]) -> None:
        """Set controls for the frames to come."""
        for name in controls:
            if name not in self._behaviour.controls:
                raise RuntimeError(f"Control {name} is not advertised by libcamera")
        self._call("set_controls", dict(controls))
        self._set |= controls
        if controls.get("AeEnable"):
            self._frame = 0

    def capture_metadata(self, wait: float | None = None, signal_function: Any = None) -> dict[str, Any]:
        """The next frame's metadata."""
        self._call("capture_metadata", wait, limit_s=wait)
        return self._next()[1]

    @contextlib.contextmanager
    def captured_request(self, wait: float | None = None, flush: bool | None = None) -> Iterator[CompletedRequest]:
        """The next frame, released at the end; with `flush` one exposed from now on."""
        self._call("captured_request", wait, flush, limit_s=wait)
        request = CompletedRequest(self._next(), self)
        try:
            yield request
        finally:
            request.release()

    def autofocus_cycle(self, wait: bool | None = None, signal_function: Any = None) -> Job:
        """Scan for focus: a `Job` where `wait` is False."""
        assert wait is False, "without it there is no time limit"
        self.set_controls({"AfMode": AF_AUTO, "AfTrigger": 0})
        self._call("autofocus_cycle", wait)
        job = Job([])
        self._jobs.append(job)
        return job

    def wait(self, job: Job, timeout: float | None = None) -> bool:
        """A job's result."""
        self._call("wait", timeout, limit_s=timeout)
        job._future.set_result(self._behaviour.focuses)
        self._jobs.remove(job)
        return job.get_result(timeout)

    def cancel_all_and_flush(self) -> None:
        """Forget what is waited for."""
        self._call("cancel_all_and_flush")
        for job in self._jobs:
            job.cancel()
        self._jobs = []

    def stop(self) -> None:
        """Let no more frames come."""
        self._call("stop")
        self.started = False

    def close(self) -> None:
        """Release the camera."""
        self._call("close")
        self.is_open = self.started = False

    def _call(self, name: str, *values: Any, limit_s: float | None = None) -> None:
        behaviour = self._behaviour
        behaviour.calls.append((name, *values))
        if name in behaviour.fail:
            raise behaviour.fail[name]
        if name in behaviour.hang:
            time.sleep(1e9 if limit_s is None else limit_s)
            raise TimeoutError

    def _next(self) -> tuple[np.ndarray, dict[str, Any]]:
        """(array, metadata) of the next frame."""
        behaviour = self._behaviour
        assert self.started, "frames come while it is started"
        time.sleep(behaviour.frame_s)
        self._frame += 1
        auto = self._set.get("AeEnable", True)
        away = 2.0**-self._frame if behaviour.settles else 1.0 + self._frame % 2
        exposure_us = round(12_000 * (1 - away / 2)) if auto else self._set["ExposureTime"]
        gains = (1.9 - away, 1.6 + away) if self._set.get("AwbEnable", True) else self._set["ColourGains"]
        metadata = {
            "ExposureTime": exposure_us,
            "AnalogueGain": 1.5,
            "ColourGains": gains,
            "Lux": 310.5,
            "SensorTimestamp": time.monotonic_ns(),
        }
        if "LensPosition" in behaviour.controls:
            metadata |= {
                "LensPosition": self._set.get("LensPosition", 4.2),
                "AfState": AF_FOCUSED if behaviour.focuses else AF_FAILED,
            }
        return behaviour.scene(self._frame, dict(self._set), self._size).copy(), metadata
