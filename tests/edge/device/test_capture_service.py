"""Cameras and the capture service: a folder in the place of a camera, camera and reader together, hints for framing."""

import json
import sys

import numpy as np
import pytest
from PIL import Image

from ecg_edge.device import framing
from ecg_edge.device.camera import FolderCamera
from ecg_edge.device.capture_service import FRAMING_HINT, CaptureService, PageRequest, open_camera, plain
from ecg_edge.device.mock_picamera2 import make_module
from ecg_edge.device.settings import defaults
from ecg_edge.errors import CameraError, CameraTimeoutError, PictureError, Reason
from ecg_edge.image import open_picture

from ..files import made
from .frames import CHECKS, names

# A folder in its place


def test_a_folder_gives_its_pictures_one_after_the_other(tmp_path):
    """Sorted by name; after the last there is none."""
    for turn, name in enumerate(("b.png", "a.png")):
        Image.fromarray(CHECKS // (turn + 1)).save(tmp_path / name)
    camera = FolderCamera(tmp_path)
    shots = [camera.capture(1) for _ in range(2)]
    assert [np.asarray(shot.image).max() for shot in shots] == [110, 220]
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
    Image.fromarray(CHECKS).save(tmp_path / "b.png")
    camera = FolderCamera(tmp_path)
    with pytest.raises(PictureError) as caught:
        camera.capture()
    assert caught.value.reason is Reason.NOT_A_PICTURE
    assert np.array_equal(np.asarray(camera.capture().image), CHECKS)


# Camera and reader together


@pytest.fixture
def capture_service(monkeypatch, own_cameras, normal_page, tiny_folder):
    """`capture_service(**stand-in)` is a `CaptureService` with the model `tiny` and a stand-in that sees a page; and its calls."""
    from ecg_edge.classifier import card

    monkeypatch.setattr(card, "models_folder", lambda: tiny_folder)
    page = np.asarray(open_picture(normal_page).image)
    values = defaults()
    values["reader"]["model"] = "tiny"
    values["camera"]["timeout_s"] = 0.6
    opened = []

    def call(**more):
        module, calls = make_module(lambda frame, controls, size: page, sensor_px=page.shape[1::-1], **more)
        monkeypatch.setitem(sys.modules, "picamera2", module)
        opened.append(CaptureService(values, with_camera=True))
        return opened[-1], calls

    yield call
    for one in opened:
        one.close()


def test_a_picture_of_the_camera_is_read_and_kept_with_what_the_camera_said(capture_service, tiny_reader):
    """The kept file gives the same result again."""
    one, _ = capture_service()
    outcome = one(None)
    assert (
        outcome.result["status"] == "read" and outcome.result["source"] == "camera 0" and outcome.result["captured_at"]
    )
    assert outcome.device["camera"]["focused"] is True and set(outcome.device["board"]) == {
        "temperature_c",
        "throttled",
    }
    again = tiny_reader.read(outcome.picture).to_dict()
    assert again["probabilities"] == outcome.result["probabilities"] and again["sha256"] == outcome.result["sha256"]
    json.dumps(outcome.device)


def test_after_an_error_the_camera_is_opened_anew(capture_service):
    """It was pulled out, and is back."""
    one, calls = capture_service()
    one._camera._camera._camera._behaviour.hang = ("capture_metadata",)
    with pytest.raises(CameraTimeoutError):
        one(None)
    assert names(calls)[-1] == "close"
    one._settings["timeout_s"] = 5.0
    sys.modules["picamera2"].Picamera2._behaviour.hang = ()
    assert one(None).result["status"] == "read" and names(calls).count("open") == 2


def test_a_picture_at_a_path_is_kept_as_it_is(capture_service, normal_page, tmp_path):
    """And so are a file's bytes; one that cannot be opened at all is a result without one."""
    one, _ = capture_service()
    outcome = one(str(normal_page))
    assert (
        outcome.picture == normal_page.read_bytes()
        and outcome.suffix == ".jpg"
        and outcome.result["source"] == str(normal_page)
    )
    of_bytes = one(normal_page.read_bytes())
    assert of_bytes.picture == outcome.picture and of_bytes.result["probabilities"] == outcome.result["probabilities"]
    gone = one(str(tmp_path / "gone.jpg"))
    assert (gone.result["status"], gone.result["reason"], gone.picture) == ("failed", "not_found", None)


def test_each_page_of_a_file_has_an_outcome(capture_service, normal_page, tmp_path):
    """By its number; the file's bytes come with the first."""
    one, _ = capture_service()
    page = Image.open(normal_page).convert("RGB")
    (tmp_path / "scan.tif").write_bytes(made.tiff(page, made.flat("white", (500, 400))))
    path = str(tmp_path / "scan.tif")
    first, second = one(path), one(PageRequest(path, 2))
    assert [(outcome.result["source"], outcome.result["status"], outcome.pages) for outcome in (first, second)] == [
        (f"{path}#1", "read", 2),
        (f"{path}#2", "refused", 2),
    ]
    assert first.picture == (tmp_path / "scan.tif").read_bytes() and second.picture is None
    assert first.result["message"] is None and first.suffix == second.suffix == ".tif"


def test_what_is_no_picture_is_not_kept(capture_service, tmp_path):
    """A letter stays where it is."""
    one, _ = capture_service()
    for name, reason in (("letter.docx", "unsupported"), ("record.hea", "not_a_picture")):
        (tmp_path / name).write_bytes(b"PK\x03\x04")
        outcome = one(str(tmp_path / name))
        assert (outcome.result["reason"], outcome.picture) == (reason, None)
    Image.fromarray(CHECKS).save(tmp_path / "nameless", "PNG")
    assert one(str(tmp_path / "nameless")).suffix == ".png", "as its bytes say, where its name does not"
    for end in ("\udcff", "x" * 200):
        Image.fromarray(CHECKS).save(tmp_path / f"odd.{end}", "PNG")
        assert one(str(tmp_path / f"odd.{end}")).suffix == ".png", "or where the store could not hold its end"
    (tmp_path / "page.jpg").write_bytes(b"no picture")
    assert one(str(tmp_path / "page.jpg")).picture == b"no picture"


def test_metadata_is_kept_as_json_knows_it():
    """Whatever libcamera gives."""
    given = {"ScalerCrop": (0, 0, 4, 3), "ColourGains": [1.5, 2.0], "Other": object, 3: None, "Flag": True}
    assert plain(given) == {
        "ScalerCrop": [0, 0, 4, 3],
        "ColourGains": [1.5, 2.0],
        "Other": str(object),
        "3": None,
        "Flag": True,
    }


def test_a_camera_is_named_by_number_or_folder(tmp_path):
    """Digits alone are a number; others that Python takes for digits are not."""
    settings = defaults()["camera"]
    assert isinstance(open_camera(settings | {"source": str(tmp_path)}), FolderCamera)
    with pytest.raises(CameraError, match="is no folder of pictures"):
        open_camera(settings | {"source": "²"})
    with pytest.raises(CameraError, match="picamera2 cannot be imported"):
        open_camera(settings | {"source": "0"})


# Framing


@pytest.mark.slow
def test_hints_say_what_to_do(normal_page, one_photo):
    """Of a page that is found, one that is too far, darkness, and no page."""
    page = open_picture(normal_page).image
    assert framing.framing_hint(one_photo.image) == framing.FOUND
    assert framing.framing_hint(page.point(lambda level: level // 8)) == "too dark"
    far = Image.new("RGB", page.size, (120, 110, 100))
    far.paste(page.resize((page.width // 6, page.height // 6)), (300, 300))
    assert framing.framing_hint(far) in ("move closer", "no page")
    assert framing.framing_hint(Image.new("RGB", (800, 600), (120, 110, 100))) == "no page"


@pytest.mark.slow
def test_the_capture_service_gives_hints_of_what_the_camera_sees(capture_service, one_photo):
    """One frame, as it comes."""
    one, calls = capture_service()
    one._camera._camera._camera._behaviour.scene = lambda frame, controls, size: np.asarray(one_photo.image)
    assert one(FRAMING_HINT) == (True, framing.FOUND)
    assert names(calls).count("captured_request") == 1 and "autofocus_cycle" not in names(calls)
