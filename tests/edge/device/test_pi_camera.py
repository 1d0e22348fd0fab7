"""Taking pictures with the Raspberry Pi's camera, on the stand-in that is shipped."""

import sys
from concurrent.futures import TimeoutError as FutureTimeoutError

import numpy as np
import pytest
from PIL import Image

from ecg_edge.device import pi_camera
from ecg_edge.device.mock_picamera2 import FIXED, make_module
from ecg_edge.device.pi_camera import PiCamera, sharpness_of, still_size
from ecg_edge.errors import CameraError, CameraTimeoutError, InstallationError

from .frames import CHECKS, SMALL_PX, names, opened, sharp_at


def test_a_picture_is_focused_settled_locked_and_taken():
    """In this order; afterwards exposure and white balance are free again."""
    camera, calls = opened(sharp_at(0))
    shot = camera.capture(5)
    assert shot.image.size == SMALL_PX and shot.image.mode == "RGB"
    assert np.asarray(shot.image)[0, 0, 0] == 230, "red, green and blue in this order"
    order = [name for name in names(calls) if name not in ("release", "capture_metadata")]
    assert order == ["open", "configure", "start", "set_controls", "set_controls", "autofocus_cycle", "wait", "set_controls",
                     *["captured_request"] * 3, "set_controls"]  # fmt: skip
    set_to = [given for name, *rest in calls if name == "set_controls" for given in rest]
    assert set_to[0] == {"AfRange": 1, "AfMetering": 1, "AfWindows": [(13, 10, 38, 29)]}
    locked = set_to[2]
    assert (locked["AeEnable"], locked["AwbEnable"], locked["AfMode"], locked["LensPosition"]) == (False, False, 0, 4.2)
    assert 11_000 < locked["ExposureTime"] < 12_001 and locked["ColourGains"][0] == pytest.approx(1.9, abs=0.06)
    assert set_to[3] == {"AeEnable": True, "ExposureTime": 0, "AnalogueGain": 0.0, "AwbEnable": True}
    assert shot.metadata["focused"] is True and shot.metadata["settled"] is True and shot.metadata["model"] == "imx708"
    assert shot.metadata["ExposureTime"] == locked["ExposureTime"]


def test_the_sharpest_frame_is_kept():
    """Whichever of them it is; every frame is released."""
    for best in (0, 1, 2):
        camera, calls = opened(lambda frame, controls, size: CHECKS)
        taken = [0]

        def scene(frame, controls, size, best=best, taken=taken):
            if controls.get("AeEnable") is False:
                taken[0] += 1
                return sharp_at(best + 1)(taken[0], controls, size) // np.uint8(1) + np.uint8(taken[0] == best + 1)
            return CHECKS

        camera._camera._behaviour.scene = scene
        shot = camera.capture(5)
        assert np.asarray(shot.image)[0, 0, 0] == 231, best
        assert names(calls).count("release") == 3


def test_frames_are_exposed_after_they_were_asked_for():
    """None that lay in the queue before the lens was locked."""
    camera, calls = opened()
    camera.capture(5)
    assert all(call[2] is True for call in calls if call[0] == "captured_request")


def test_a_module_with_a_fixed_lens_is_not_focused():
    """Nor told to; exposure and white balance are."""
    camera, calls = opened(controls=FIXED)
    shot = camera.capture(5)
    assert "autofocus_cycle" not in names(calls) and shot.metadata["focused"] is None and shot.metadata["settled"]


def test_a_lens_that_finds_no_focus_gives_a_picture_all_the_same():
    """Which says so, and is refused for its blur if it is blurred."""
    assert opened(focuses=False)[0].capture(5).metadata["focused"] is False


def test_a_lens_that_never_ends_its_scan_costs_a_part_of_the_time():
    """The rest is for the picture; what was waited for is cancelled."""
    camera, calls = opened(hang=("wait",))
    shot = camera.capture(1.0)
    assert ("wait", 0.4) in calls and shot.metadata["focused"] is False
    assert names(calls).index("cancel_all_and_flush") < names(calls).index("captured_request")


def test_light_that_never_settles_is_waited_for_some_frames():
    """And said."""
    camera, calls = opened(settles=False)
    assert camera.capture(5).metadata["settled"] is False
    assert names(calls).count("capture_metadata") == pi_camera.MOST_FRAMES


@pytest.mark.parametrize("where", ["capture_metadata", "captured_request"])
def test_a_camera_that_hangs_is_an_error_within_the_limit(where):
    """What is waited for is cancelled, so that the camera can be closed, and exposure is freed."""
    camera, calls = opened(hang=(where,))
    with pytest.raises(CameraTimeoutError) as caught:
        camera.capture(0.5)
    assert all(0 < call[1] <= 0.5 for call in calls if call[0] in ("wait", where))
    assert str(caught.value) == "The camera gave no picture within 0.5 s. Check its cable."
    assert isinstance(caught.value, TimeoutError) and isinstance(caught.value, InstallationError)
    camera.close()
    assert [name for name in names(calls) if name != "set_controls"][-3:] == ["cancel_all_and_flush", "stop", "close"]


def test_every_wait_has_a_limit():
    """Of those that take one."""
    camera, calls = opened()
    camera.capture(5)
    camera.preview(5)
    limits = [call[1] for call in calls if call[0] in ("wait", "capture_metadata", "captured_request")]
    assert limits and all(isinstance(limit, float | int) and 0 < limit <= 5 for limit in limits)


def test_the_time_limit_of_a_future_counts_before_python_3_11_too(monkeypatch):
    """There it is a class of its own, and picamera2's jobs are futures."""

    class Elapsed(Exception):
        pass

    assert FutureTimeoutError is TimeoutError or sys.version_info < (3, 11)
    monkeypatch.setattr(pi_camera, "FutureTimeoutError", Elapsed)
    camera, _ = opened(fail={"capture_metadata": Elapsed()})
    with pytest.raises(CameraTimeoutError):
        camera.capture(0.5)


@pytest.mark.parametrize(
    "error", [RuntimeError("Camera frontend has timed out!"), OSError(5, "I/O"), KeyError("AfState")]
)
def test_a_camera_that_is_pulled_out_says_so(error):
    """Its own words; the frames that were taken are released."""
    camera, _ = opened(fail={"captured_request": error})
    with pytest.raises(CameraError, match=r"^The camera gave no picture: .*\. Check its cable\.$"):
        camera.capture(1)


def test_the_camera_is_opened_once_for_many_pictures():
    """With few buffers: opening again would exhaust the memory that cameras use."""
    camera, calls = opened()
    for _ in range(3):
        camera.capture(5)
    assert names(calls).count("open") == names(calls).count("start") == 1
    assert next(call[1] for call in calls if call[0] == "configure")["buffer_count"] == 2


@pytest.mark.parametrize(
    "sensor, memory_mb, size",
    [
        ((4608, 2592), 4000, (4608, 2592)),
        ((4608, 2592), 1000, (3770, 2120)),
        ((4608, 2592), 500, (2384, 1340)),
        ((9152, 6944), 8000, (4058, 3078)),
        ((1456, 1088), 500, (1456, 1088)),
    ],
)
def test_a_still_is_as_large_as_the_boards_memory_allows(sensor, memory_mb, size):
    """In the sensor's form, even numbers."""
    assert still_size(sensor, memory_mb) == size and abs(size[0] / size[1] - sensor[0] / sensor[1]) < 0.01


def test_sharpness_is_that_of_the_page():
    """Not of what lies around it; nor does light change it much."""
    blurred = np.asarray(Image.fromarray(CHECKS).resize((16, 12)).resize(SMALL_PX, Image.Resampling.BILINEAR))
    everywhere, window = (0, 0, 1, 1), (0.25, 0.25, 0.5, 0.5)
    assert sharpness_of(CHECKS, everywhere) > 1.2 * sharpness_of(blurred, everywhere)
    assert sharpness_of(CHECKS // 2, everywhere) == pytest.approx(sharpness_of(CHECKS, everywhere), rel=0.1)
    flat_page = CHECKS.copy()
    flat_page[8:40, 8:56] = 128
    assert sharpness_of(flat_page, window) == 0 < sharpness_of(flat_page, everywhere)


# What is not there


@pytest.mark.parametrize("cameras, number", [(0, 0), (1, 1), (2, 5)])
def test_without_the_camera_the_person_is_told_where_to_look(cameras, number):
    """How many were found, and what to check; nothing is opened."""
    module, calls = make_module(sharp_at(1), cameras=cameras)
    with pytest.raises(CameraError) as caught:
        PiCamera(number, module=module)
    assert str(caught.value) == (
        f"There is no camera {number}: {cameras} found. Check the ribbon cable, then 'rpicam-hello --list-cameras'."
    )
    assert calls == []


def test_a_camera_in_use_says_so():
    """picamera2 raises RuntimeError where another program holds it."""
    with pytest.raises(CameraError) as caught:
        opened(fail={"open": RuntimeError("Camera __init__ sequence did not complete.")})
    assert str(caught.value) == (
        "Camera 0 cannot be opened, perhaps another program holds it: Camera __init__ sequence did not complete."
    )


@pytest.mark.parametrize("step", ["configure", "start"])
@pytest.mark.parametrize("error", [RuntimeError("no memory"), OSError(12, "no memory"), TypeError("no memory")])
def test_a_camera_that_does_not_start_is_closed(step, error):
    """Whatever goes wrong between opening and starting, it is released."""
    module, calls = make_module(sharp_at(1), fail={step: error})
    with pytest.raises(CameraError, match="^Camera 0 cannot be started: .*no memory$"):
        PiCamera(module=module)
    assert names(calls)[-1] == "close"


def test_a_camera_that_does_not_stop_is_closed_all_the_same():
    """Closing is what releases it."""
    camera, calls = opened(fail={"stop": RuntimeError("stuck")})
    with pytest.raises(RuntimeError, match="^stuck$"):
        camera.close()
    assert names(calls)[-2:] == ["stop", "close"]


def test_without_picamera2_the_message_says_where_it_comes_from(monkeypatch):
    """From the system's packages, not from pip; elsewhere a folder does."""
    monkeypatch.setitem(sys.modules, "picamera2", None)
    with pytest.raises(CameraError) as caught:
        PiCamera()
    assert str(caught.value) == (
        "picamera2 cannot be imported (import of picamera2 halted; None in sys.modules). On a Raspberry Pi: 'sudo apt install"
        " python3-picamera2', and an environment made with 'python3 -m venv --system-site-packages'. Elsewhere: a folder of pictures as"
        " the camera."
    )


@pytest.mark.parametrize(
    "error",
    [
        ModuleNotFoundError("No module named 'libcamera'"),
        ValueError("numpy.dtype size changed, may indicate binary incompatibility"),
    ],
)
def test_a_picamera2_that_is_broken_shows_its_real_error(monkeypatch, error):
    """No module named libcamera, inside a virtual environment: the most frequent of all; then pip's NumPy 2 beside apt's simplejpeg."""

    class Finder:
        def find_spec(self, name, path=None, target=None):
            if name == "picamera2":
                raise error

    monkeypatch.delitem(sys.modules, "picamera2", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Finder(), *sys.meta_path])
    with pytest.raises(CameraError, match=rf"^picamera2 cannot be imported \({error}\)\. On a Raspberry Pi: "):
        PiCamera()
