"""Cameras, on a stand-in whose methods have the signatures of picamera2 0.3.38."""

import contextlib
import sys
import types

import numpy as np
import pytest
from PIL import Image

from ecg_edge.camera import DEFAULT_TIMEOUT_S, FolderCamera, PiCamera
from ecg_edge.errors import CameraError, CameraTimeoutError, InstallationError, PictureError, Reason

SCENE = np.random.default_rng(3).integers(0, 256, (24, 32, 3), dtype=np.uint8)


class Request:
    """CompletedRequest: an array that is valid until it is released."""

    def __init__(self, calls):
        self.calls = calls
        self.array = SCENE.copy()

    def make_array(self, name):
        assert name == "main"
        return self.array.copy()

    def get_metadata(self):
        return {"ExposureTime": 9000, "SensorTimestamp": 12}

    def release(self):
        self.calls.append("release")
        self.array[:] = 0


def stand_in(cameras=1, fail_in="", error=None):
    """A module with a `Picamera2` that notes its calls, and raises `error` in the method `fail_in`."""
    calls = []

    def note(name):
        calls.append(name)
        if name == fail_in:
            raise error

    class Picamera2:
        @staticmethod
        def global_camera_info():
            return [
                {"Model": "imx708", "Location": 2, "Rotation": 180, "Id": f"/base/{n}", "Num": n}
                for n in range(cameras)
            ]

        def __init__(self, camera_num=0, verbose_console=None, tuning=None, allocator=None):
            note("open")
            self.number, self.is_open, self.started = camera_num, True, False

        def create_still_configuration(
            self, main={}, lores=None, raw={}, transform=None, colour_space=None, buffer_count=1, controls={},  # noqa: B006
            display=None, encode=None, queue=True, sensor={}, use_case="still",  # noqa: B006
        ):  # fmt: skip
            return {"main": {"format": "BGR888", **main}, "buffer_count": buffer_count}

        def configure(self, camera_config=None):
            assert not self.started
            calls.append(camera_config["main"]["format"])
            note("configure")

        def start(self, config=None, show_preview=False):
            note("start")
            self.started = True

        @contextlib.contextmanager
        def captured_request(self, wait=None, flush=None):
            calls.append(wait)
            note("capture")
            request = Request(calls)
            try:
                yield request
            finally:
                request.release()

        def cancel_all_and_flush(self):
            note("cancel")

        def stop(self):
            note("stop")
            self.started = False

        def close(self):
            note("close")
            self.is_open = self.started = False

    return types.SimpleNamespace(Picamera2=Picamera2), calls


def test_a_picture_is_taken():
    """Red, green and blue in this order, with the metadata, after the request was released."""
    module, calls = stand_in()
    camera = PiCamera(0, module)
    shot = camera.capture(2.5)
    assert shot.image.mode == "RGB" and np.array_equal(np.asarray(shot.image), SCENE)
    assert shot.metadata == {"ExposureTime": 9000, "SensorTimestamp": 12}
    camera.close()
    assert calls == ["open", "BGR888", "configure", "start", 2.5, "capture", "release", "stop", "close"]


def test_the_camera_is_opened_once_for_many_pictures():
    """Opening again would exhaust the memory that cameras use."""
    module, calls = stand_in()
    camera = PiCamera(0, module)
    for _ in range(3):
        camera.capture()
    assert calls.count("open") == calls.count("start") == 1 and calls.count("release") == 3
    assert calls.count(DEFAULT_TIMEOUT_S) == 3, "picamera2's own wait has no limit"


def test_a_camera_that_hangs_is_an_error_within_the_limit():
    """The pending job is cancelled, so that the camera can be closed."""
    module, calls = stand_in(fail_in="capture", error=TimeoutError())
    camera = PiCamera(0, module)
    with pytest.raises(CameraTimeoutError) as caught:
        camera.capture(0.5)
    assert str(caught.value) == "The camera gave no picture within 0.5 s."
    assert isinstance(caught.value, TimeoutError) and isinstance(caught.value, InstallationError)
    camera.close()
    assert calls[-4:] == ["capture", "cancel", "stop", "close"]


def test_the_time_limit_of_a_future_counts_before_python_3_11_too(monkeypatch):
    """There it is a class of its own, and picamera2's jobs are futures."""

    class Elapsed(Exception):
        pass

    monkeypatch.setattr("ecg_edge.camera.FutureTimeoutError", Elapsed)
    module, calls = stand_in(fail_in="capture", error=Elapsed())
    with pytest.raises(CameraTimeoutError):
        PiCamera(0, module).capture(0.5)
    assert calls[-1] == "cancel"


def test_a_camera_that_fails_to_take_a_picture_says_why():
    """The camera's own words."""
    module, _ = stand_in(fail_in="capture", error=RuntimeError("Camera frontend has timed out!"))
    with pytest.raises(CameraError, match="^The camera gave no picture: Camera frontend has timed out!$"):
        PiCamera(0, module).capture()


@pytest.mark.parametrize("cameras, number", [(0, 0), (1, 1), (2, 5)])
def test_without_the_camera_the_person_is_told_where_to_look(cameras, number):
    """How many were found, and what to check; nothing is opened."""
    module, calls = stand_in(cameras)
    with pytest.raises(CameraError) as caught:
        PiCamera(number, module)
    assert str(caught.value) == (
        f"There is no camera {number}: {cameras} found. Check the ribbon cable, then 'rpicam-hello --list-cameras'."
    )
    assert calls == []


def test_a_camera_in_use_says_so():
    """picamera2 raises RuntimeError where another program holds it."""
    module, _ = stand_in(fail_in="open", error=RuntimeError("Camera __init__ sequence did not complete."))
    with pytest.raises(CameraError) as caught:
        PiCamera(0, module)
    assert str(caught.value) == (
        "Camera 0 cannot be opened, perhaps another program holds it: Camera __init__ sequence did not complete."
    )


@pytest.mark.parametrize("step", ["configure", "start"])
@pytest.mark.parametrize("error", [RuntimeError("no memory"), OSError(12, "no memory"), TypeError("no memory")])
def test_a_camera_that_does_not_start_is_closed(step, error):
    """Whatever goes wrong between opening and starting, it is released."""
    module, calls = stand_in(fail_in=step, error=error)
    with pytest.raises(CameraError, match="^Camera 0 cannot be started: .*no memory$"):
        PiCamera(0, module)
    assert calls[-1] == "close"


def test_a_camera_that_does_not_stop_is_closed_all_the_same():
    """Closing is what releases it."""
    module, calls = stand_in(fail_in="stop", error=RuntimeError("stuck"))
    camera = PiCamera(0, module)
    with pytest.raises(RuntimeError, match="^stuck$"):
        camera.close()
    assert calls[-2:] == ["stop", "close"]


def test_without_picamera2_the_message_says_where_it_comes_from(monkeypatch):
    """From the system's packages, not from pip; elsewhere a folder does."""
    monkeypatch.setitem(sys.modules, "picamera2", None)
    with pytest.raises(CameraError) as caught:
        PiCamera()
    assert str(caught.value) == (
        "picamera2 cannot be imported (import of picamera2 halted; None in sys.modules). On a Raspberry Pi: 'sudo apt install"
        " python3-picamera2', and an environment made with 'python3 -m venv --system-site-packages'. Elsewhere: --camera FOLDER."
    )


def test_a_picamera2_that_is_broken_shows_its_real_error(monkeypatch):
    """No module named libcamera, inside a virtual environment: the most frequent of all."""

    class Finder:
        def find_spec(self, name, path=None, target=None):
            if name == "picamera2":
                raise ModuleNotFoundError("No module named 'libcamera'")

    monkeypatch.delitem(sys.modules, "picamera2", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Finder(), *sys.meta_path])
    with pytest.raises(
        CameraError, match=r"^picamera2 cannot be imported \(No module named 'libcamera'\)\. On a Raspberry Pi: "
    ):
        PiCamera()


def test_the_module_is_imported_where_none_is_given(monkeypatch):
    """The system's picamera2, when a camera is asked for and not before."""
    module, calls = stand_in()
    monkeypatch.setitem(sys.modules, "picamera2", module)
    PiCamera()
    assert calls[0] == "open"


# A folder in its place


def test_a_folder_gives_its_pictures_one_after_the_other(tmp_path):
    """Sorted by name; after the last there is none."""
    for turn, name in enumerate(("b.png", "a.png")):
        Image.fromarray(SCENE // (turn + 1)).save(tmp_path / name)
    camera = FolderCamera(tmp_path)
    shots = [camera.capture(1) for _ in range(2)]
    assert [np.asarray(shot.image).max() for shot in shots] == [(SCENE // 2).max(), SCENE.max()]
    assert [shot.metadata["path"] for shot in shots] == [str(tmp_path / "a.png"), str(tmp_path / "b.png")]
    with pytest.raises(CameraError) as caught:
        camera.capture()
    assert str(caught.value) == f"{tmp_path} has no further picture. There is no picture there: check the path."
    camera.close()


def test_a_folder_that_is_not_there_is_no_camera(tmp_path):
    """Nor is a file."""
    (tmp_path / "file").touch()
    for path in (tmp_path / "none", tmp_path / "file"):
        with pytest.raises(CameraError) as caught:
            FolderCamera(path)
        assert str(caught.value) == f"{path} is no folder of pictures."


def test_a_bad_picture_in_a_folder_does_not_end_the_series(tmp_path):
    """It is an error of that picture; the next one can be taken."""
    (tmp_path / "a.png").write_bytes(b"x")
    Image.fromarray(SCENE).save(tmp_path / "b.png")
    camera = FolderCamera(tmp_path)
    with pytest.raises(PictureError) as caught:
        camera.capture()
    assert caught.value.reason is Reason.NOT_A_PICTURE
    assert np.array_equal(np.asarray(camera.capture().image), SCENE)
