"""`ecg-edge capture`: a picture is taken, read and kept."""

import json
import re

import numpy as np
import pytest
from PIL import Image

from ecg_edge.errors import CameraTimeoutError


@pytest.fixture
def here(monkeypatch):
    """Camera and reader in this process, which has the model `tiny`; `settings` are those that the command asked for."""
    from ecg_edge.commands import capture
    from ecg_edge.device.capture_service import CaptureService

    class Here:
        settings, asked, closed = None, [], False

        def start(self, tick=None):
            self.service = CaptureService(self.settings, True)

        def call(self, request, timeout_s):
            self.asked.append((request, timeout_s))
            return self.service(request)

        def close(self):
            self.closed = True

    one = Here()

    def make(settings):
        one.settings = settings
        return one

    monkeypatch.setattr(capture, "make_process", make)
    return one


@pytest.mark.slow
def test_a_picture_is_captured_from_a_folder_and_read(run, here, few_pages, tmp_path, validate):
    """The picture is kept where it was asked for, and the result says when it was taken."""
    (tmp_path / "in").mkdir()
    shown = Image.open(few_pages[0].path).convert("RGB")
    shown.save(tmp_path / "in" / "page.png")
    status, out, _ = run("capture", "--camera", tmp_path / "in", "--out", tmp_path / "out.png", "--json")
    line = json.loads(out)
    validate(line)
    assert (status, line["status"], line["source"]) == (0, "read", str(tmp_path / "out.png"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", line["captured_at"])
    kept = np.asarray(Image.open(tmp_path / "out.png"), int)
    assert np.abs(kept - np.asarray(shown, int)).mean() < 4, "as JPEG has it"
    assert line["sha256"] and here.closed


@pytest.mark.slow
def test_a_captured_picture_is_kept_as_it_was_read(run, here, few_pages, tmp_path):
    """As a JPEG its bytes, which give the same result again."""
    status, out, _ = run("capture", "--camera", few_pages[0].path.parent, "--out", tmp_path / "out.jpg", "--json")
    again = json.loads(run("classify", tmp_path / "out.jpg", "--json")[1])
    assert again["probabilities"] == json.loads(out)["probabilities"] and again["sha256"] == json.loads(out)["sha256"]


def test_hints_are_shown_until_the_page_lies_still(run, here, few_pages, tmp_path, monkeypatch):
    """Then the picture is taken."""
    hints = iter([(False, "too dark"), (True, "page found"), (False, "move closer"), *[(True, "page found")] * 3])
    monkeypatch.setattr("ecg_edge.device.capture_service.CaptureService._framing_hint", lambda self: next(hints))
    (tmp_path / "page.jpg").write_bytes(few_pages[0].path.read_bytes())
    status, out, err = run("capture", "--camera", tmp_path, "--preview")
    assert status == 0 and re.fullmatch(r"camera .*: \w+ \(\d\d %\)\n", out)
    assert err.splitlines() == ["too dark", "page found", "move closer", "page found", "page found", "page found"]


def test_a_captured_picture_that_is_bad_is_a_result(run, here, tmp_path, validate):
    """Not a traceback."""
    (tmp_path / "a.jpg").write_bytes(b"no picture")
    status, out, err = run("capture", "--camera", tmp_path, "--json")
    line = json.loads(out)
    validate(line)
    assert (status, err, line["status"], line["reason"]) == (1, "", "failed", "not_a_picture")
    assert line["source"] == f"camera {tmp_path}" and line["captured_at"]


@pytest.mark.slow
@pytest.mark.parametrize("out", ["none/page.jpg", "page.nosuch"])
def test_a_captured_picture_that_cannot_be_kept_ends_with_3(run, here, normal_page, tmp_path, out):
    """A folder that is not there, a format that is not known."""
    status, shown, err = run("capture", "--camera", normal_page.parent, "--out", tmp_path / out)
    assert (status, shown) == (3, "") and err.startswith(f"ecg-edge: {tmp_path / out}: cannot be written (")


@pytest.mark.parametrize("camera", ["none", "²"])
def test_a_camera_that_is_not_there_ends_with_3(run, here, camera):
    """A folder that does not exist; and what is a digit to Python and no number."""
    assert run("capture", "--camera", camera) == (3, "", f"ecg-edge: {camera} is no folder of pictures.\n")


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf"])
def test_a_camera_has_a_limit(run, value):
    """Never is no limit."""
    assert run("capture", "--timeout", value) == (2, "", "ecg-edge: --timeout must be above 0\n")


def test_a_camera_that_hangs_ends_with_3_and_is_closed(run, here, monkeypatch):
    """On every path the process that holds it is ended; the camera's limit comes before the process's."""

    def hang(self):
        raise CameraTimeoutError("The camera gave no picture within 2 s.")

    monkeypatch.setattr("ecg_edge.device.capture_service.CaptureService._opened", lambda self: None)
    monkeypatch.setattr("ecg_edge.device.capture_service.CaptureService._capture", hang)
    assert run("capture", "--camera", "1", "--timeout", "2") == (
        3,
        "",
        "ecg-edge: The camera gave no picture within 2 s.\n",
    )
    assert here.closed and here.settings["camera"]["timeout_s"] == 2.0 and here.asked[0][1] > 60
