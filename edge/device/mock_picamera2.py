"""A stand-in for picamera2, for tests and for machines without a camera: the part of it that `pi_camera` uses, with its signatures.

Names, parameters and their defaults are those of picamera2 0.3.38 (`picamera2/picamera2.py`, `request.py`, `job.py`), control names and
numbers those of libcamera (`control_ids_core.yaml`); tests hold them against what was recorded from there. Frames are of a scene that is given; exposure
and white balance come nearer to their ends from frame to frame, the lens scans when autofocus is triggered.
"""

import contextlib
import time
from concurrent.futures import CancelledError, Future
from types import SimpleNamespace

AF_AUTO, AF_MANUAL = 1, 0
AF_IDLE, AF_SCANNING, AF_FOCUSED, AF_FAILED = range(4)
SENSOR_PX = (4608, 2592)
SCAN_FRAMES = 4
CONTROLS = {
    "AeEnable": (False, True, None), "ExposureTime": (1, 66666, None), "AnalogueGain": (1.0, 16.0, None), "AwbEnable": (False, True, None),
    "ColourGains": (0.0, 32.0, None), "AfMode": (0, 2, 0), "AfRange": (0, 2, 0), "AfMetering": (0, 1, 0), "AfTrigger": (0, 1, 0),
    "AfWindows": ((0, 0, 0, 0), (65535, 65535, 65535, 65535), (0, 0, 0, 0)), "LensPosition": (0.0, 32.0, 1.0),
}  # fmt: skip
"""Controls that are advertised, as `camera_controls` gives them; a module with a fixed lens has none of those of autofocus."""
FIXED = {name: value for name, value in CONTROLS.items() if not name.startswith("Af") and name != "LensPosition"}


def make_module(
    scene,
    cameras=1,
    controls=CONTROLS,
    fail=None,
    hang=(),
    focuses=True,
    settles=True,
    sensor_px=SENSOR_PX,
    frame_s=0.0,
):
    """(module, calls): what `import picamera2` would give, and the calls of it as they are made.

    Parameters
    ----------
    scene : function of (number of the frame, controls in force, (width, height)) → (H, W, 3) uint8 RGB
    cameras : how many are attached
    controls : those that the module advertises
    fail : {method: exception} raised there
    hang : methods that give nothing: those that take a time limit raise at its end, others never return
    focuses, settles : whether autofocus succeeds, and exposure comes to an end
    """
    calls = []

    class Bound(Picamera2):
        _world = SimpleNamespace(scene=scene, cameras=cameras, controls=controls, fail=fail or {}, hang=hang, focuses=focuses,
                                 settles=settles, sensor_px=sensor_px, frame_s=frame_s, calls=calls)  # fmt: skip

    return SimpleNamespace(Picamera2=Bound), calls


class Job:
    """An operation in the camera's queue; here it is done, or never will be."""

    def __init__(self, functions, signal_function=None):
        self._future = Future()

    def get_result(self, timeout=None):
        """Its result; `TimeoutError` where it is not there in time."""
        return self._future.result(timeout)

    def cancel(self):
        """Make waiting for it an error."""
        self._future.set_exception(CancelledError())


class CompletedRequest:
    """A frame: valid until it is released."""

    def __init__(self, request, picam2):
        self._array, self._metadata, self._calls = *request, picam2._world.calls

    def make_array(self, name):
        """A copy of the frame."""
        assert name == "main"
        return self._array.copy()

    def get_metadata(self):
        """What is known of it."""
        return dict(self._metadata)

    def release(self):
        """Give the buffer back: its content is another's."""
        self._calls.append(("release",))
        self._array[:] = 0


class Picamera2:
    """A camera that is made by `make_module`."""

    _world = None

    @staticmethod
    def global_camera_info():
        """Replaced in `__init_subclass__`: it needs to know how many there are."""

    def __init_subclass__(cls):
        world = cls._world
        cls.global_camera_info = staticmethod(
            lambda: [
                {"Model": "imx708", "Location": 2, "Rotation": 180, "Id": f"/base/{n}", "Num": n}
                for n in range(world.cameras)
            ]
        )

    def __init__(self, camera_num=0, verbose_console=None, tuning=None, allocator=None):
        self._frame, self._scan, self._set, self._jobs = 0, None, {}, []
        self.started, self.is_open = False, True
        self._call("open", camera_num)
        self.sensor_resolution = self._world.sensor_px
        self.camera_properties = {"Model": "imx708", "ScalerCropMaximum": (0, 0, *self.sensor_resolution)}

    @property
    def camera_controls(self):
        """{name: (least, most, default)} of what is advertised."""
        return dict(self._world.controls)

    def create_still_configuration(
        self, main={}, lores=None, raw={}, transform=None, colour_space=None, buffer_count=1, controls={},  # noqa: B006
        display=None, encode=None, queue=True, sensor={}, use_case="still",  # noqa: B006
    ):  # fmt: skip
        """A configuration for stills."""
        return {
            "main": {"format": "BGR888", "size": self.sensor_resolution, **main},
            "buffer_count": buffer_count,
            "queue": queue,
        }

    def configure(self, camera_config=None):
        """Take a configuration, while stopped."""
        if self.started:
            raise RuntimeError("Camera must be stopped before configuring")
        self._call("configure", camera_config)
        self._size = camera_config["main"]["size"]

    def start(self, config=None, show_preview=False):
        """Let frames come."""
        self._call("start")
        self.started = True

    def set_controls(self, controls):
        """Set controls for the frames to come."""
        for name in controls:
            if name not in self._world.controls:
                raise RuntimeError(f"Control {name} is not advertised by libcamera")
        self._call("set_controls", dict(controls))
        self._set |= controls
        if controls.get("AeEnable"):
            self._frame = 0

    def capture_metadata(self, wait=None, signal_function=None):
        """The next frame's metadata."""
        self._call("capture_metadata", wait, limit_s=wait)
        return self._next()[1]

    @contextlib.contextmanager
    def captured_request(self, wait=None, flush=None):
        """The next frame, released at the end; with `flush` one exposed from now on."""
        self._call("captured_request", wait, flush, limit_s=wait)
        request = CompletedRequest(self._next(), self)
        try:
            yield request
        finally:
            request.release()

    def autofocus_cycle(self, wait=None, signal_function=None):
        """Scan for focus: a `Job` where `wait` is False."""
        assert wait is False, "without it there is no time limit"
        self.set_controls({"AfMode": AF_AUTO, "AfTrigger": 0})
        self._call("autofocus_cycle", wait)
        self._scan = SCAN_FRAMES
        job = Job([])
        self._jobs.append(job)
        return job

    def wait(self, job, timeout=None):
        """A job's result."""
        self._call("wait", timeout, limit_s=timeout)
        job._future.set_result(self._world.focuses)
        self._jobs.remove(job)
        return job.get_result(timeout)

    def cancel_all_and_flush(self):
        """Forget what is waited for."""
        self._call("cancel_all_and_flush")
        for job in self._jobs:
            job.cancel()
        self._jobs = []

    def stop(self):
        """Let no more frames come."""
        self._call("stop")
        self.started = False

    def close(self):
        """Release the camera."""
        self._call("close")
        self.is_open = self.started = False

    def _call(self, name, *values, limit_s=None):
        world = self._world
        world.calls.append((name, *values))
        if name in world.fail:
            raise world.fail[name]
        if name in world.hang:
            time.sleep(1e9 if limit_s is None else limit_s)
            raise TimeoutError

    def _next(self):
        """(array, metadata) of the next frame."""
        world = self._world
        assert self.started, "frames come while it is started"
        time.sleep(world.frame_s)
        self._frame += 1
        auto = self._set.get("AeEnable", True)
        away = 2.0**-self._frame if world.settles else 1.0 + self._frame % 2
        exposure_us = round(12_000 * (1 - away / 2)) if auto else self._set["ExposureTime"]
        gains = (1.9 - away, 1.6 + away) if self._set.get("AwbEnable", True) else self._set["ColourGains"]
        metadata = {
            "ExposureTime": exposure_us,
            "AnalogueGain": 1.5,
            "ColourGains": gains,
            "Lux": 310.5,
            "SensorTimestamp": time.monotonic_ns(),
        }
        if "LensPosition" in world.controls:
            metadata |= {
                "LensPosition": self._set.get("LensPosition", 4.2),
                "AfState": AF_FOCUSED if world.focuses else AF_FAILED,
            }
        return world.scene(self._frame, dict(self._set), self._size).copy(), metadata
