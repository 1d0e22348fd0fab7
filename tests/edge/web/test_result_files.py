"""What can be looked at: signals on paper, the report, the pictures of every step; and the reading service that makes them."""

import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ecg_edge.device.capture_service import CaptureService
from ecg_edge.device.mock_picamera2 import make_module
from ecg_edge.device.settings import defaults
from ecg_edge.errors import CameraError, MissingPackageError, NoModelError
from ecg_edge.output import signal_plot
from ecg_edge.output.pdf import Sheet, width_mm, wrapped
from ecg_edge.result import STAGES
from ecg_edge.web.reading_service import PREVIEW, ReadingRequest, ReadingService
from ecg_edge.words import percent

SVG = "{http://www.w3.org/2000/svg}"
has_poppler = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed")


@given(st.lists(st.one_of(st.none(), st.floats(-3, 3)), max_size=120), st.integers(1, 7))
def test_no_peak_is_lost_when_a_signal_is_thinned(values, repeat):
    """Each known stretch keeps its extremes, its ends and its place in time; nothing is drawn where nothing is known."""
    signal = np.array([np.nan if value is None else value for value in values for _ in range(repeat)], float)
    drawn = list(signal_plot.curves(signal, 500))
    stretches = list(signal_plot.pieces(signal))
    assert len(drawn) == len(stretches)
    for (start, stop), curve in zip(stretches, drawn, strict=True):
        known = signal[start:stop]
        assert curve[:, 1].max() == known.max() and curve[:, 1].min() == known.min()
        assert curve[0, 0] == start / 500 and curve[-1, 0] == (stop - 1) / 500
        assert (np.diff(curve[:, 0]) > 0).all()
        assert np.array_equal(signal[np.rint(curve[:, 0] * 500).astype(int)], curve[:, 1])


def test_a_lead_is_drawn_to_scale():
    """25 mm a second, 10 mm a millivolt, upwards; what is lost is grey; the grid ends with the picture."""
    signal = np.zeros(1250)
    signal[500] = 1.0
    signal[800:900] = np.nan
    root = ElementTree.fromstring(signal_plot.draw_lead(signal, 500, "V2"))
    wide, high = (int(part) for part in root.get("viewBox").split()[2:])
    assert wide == 65 and high % 5 == 0 and int(root.get("width")) == 4 * wide
    points = [
        tuple(map(float, point.split(",")))
        for line in root.iter(f"{SVG}polyline")
        for point in line.get("points").split()
    ]
    zero = points[0][1]
    assert (25.0, zero - 10.0) in points
    lost = [rect for rect in root.iter(f"{SVG}rect") if rect.get("fill") == signal_plot.LOST]
    assert [(rect.get("x"), rect.get("width")) for rect in lost] == [("40.00", "5.00")]
    assert root.find(f"{SVG}title").text == "Lead V2"


@pytest.mark.parametrize("signal", [np.full(100, np.nan), np.zeros(0), np.full(3, 9.0)], ids=["lost", "empty", "tall"])
def test_leads_of_which_little_is_known_are_drawn_too(signal):
    """Whatever was traced."""
    ElementTree.fromstring(signal_plot.draw_lead(signal, 500, "I"))


def test_text_is_measured_and_wrapped():
    """By the font's own widths."""
    assert width_mm("", 10) == 0 and width_mm("iiii", 10) < width_mm("WWWW", 10)
    lines = wrapped("one two three four five six", 10, 20)
    assert (
        len(lines) > 1
        and all(width_mm(line, 10) <= 20 for line in lines)
        and " ".join(lines) == "one two three four five six"
    )


@has_poppler
def test_a_sheet_is_a_pdf_that_others_read(tmp_path):
    """Its text with marks that mean something in PDF; its picture; one page of its size."""
    file = BytesIO()
    Image.new("RGB", (20, 10), (200, 0, 0)).save(file, "JPEG")
    sheet = Sheet(297, 210, "A title (of é)")
    sheet.text(20, 20, r"Marks: ( ) \ é – and λ")
    sheet.picture(file.getvalue(), (20, 10), 100, 100, 40, 20)
    sheet.lines([[(0, 0), (10, 10)], []], (0, 0, 0), 0.2)
    (tmp_path / "a.pdf").write_bytes(sheet.to_bytes())
    done = subprocess.run(["pdftotext", tmp_path / "a.pdf", "-"], capture_output=True, text=True)
    assert done.stderr == "" and done.stdout.strip() == r"Marks: ( ) \ é – and ?"
    told = subprocess.run(["pdfinfo", tmp_path / "a.pdf"], capture_output=True, text=True).stdout
    assert (
        re.search(r"Title: +A title \(of é\)", told)
        and re.search(r"Pages: +1\n", told)
        and "841.89 x 595.28 pts (A4)" in told
    )
    subprocess.run(["pdftoppm", "-r", "50", "-png", tmp_path / "a.pdf", tmp_path / "a"], check=True)
    shown = Image.open(tmp_path / "a-1.png").convert("RGB")
    assert shown.getpixel((round(120 * 50 / 25.4), round(110 * 50 / 25.4)))[0] > 150


def test_a_sheet_is_the_same_bytes_each_time():
    """Whenever it is made."""
    made = []
    for _ in range(2):
        sheet = Sheet(297, 210, "A title")
        sheet.text(20, 20, "Words", bold=True)
        sheet.area(10, 10, 5, 5, (255, 0, 0))
        made.append(sheet.to_bytes())
    assert made[0] == made[1] and made[0].startswith(b"%PDF-1.7")


def test_without_the_library_a_sheet_names_its_extra(monkeypatch):
    """Which setup.cfg has."""
    monkeypatch.setitem(sys.modules, "reportlab", None)
    for module in [name for name in sys.modules if name.startswith("reportlab.")]:
        monkeypatch.delitem(sys.modules, module)
    with pytest.raises(MissingPackageError, match=r"pip install 'ecg-edge\[report\]'"):
        Sheet(297, 210, "A title")


@pytest.fixture
def read(shared_worker):
    """Read a page with everything that can be looked at."""
    return lambda page, model="page": shared_worker.call(
        ReadingRequest(page.path.read_bytes(), page.path.name, model, True), 60
    )


@pytest.mark.slow
def test_every_lead_has_its_steps_and_its_signal(read, few_pages, odd_pages):
    """Whatever the layout and the model; pictures that open, of no more pixels than are shown."""
    for page, model in ((few_pages[0], "page"), (few_pages[0], "cnn"), (odd_pages[0], "page")):
        answer = read(page, model)
        names = [lead["name"] for lead in answer.result["leads"]]
        for name in names:
            assert f"signal-{name}.svg" in answer.files
            for step in answer.steps:
                assert f"lead-{name}-{step['key']}{step['suffix']}" in answer.files, (name, step)
        for name, data in answer.files.items():
            if name.endswith((".jpg", ".png")):
                assert max(Image.open(BytesIO(data)).size) <= 1600, name
        assert ("input-1.png" in answer.files) == (model == "page")
        assert sum(map(len, answer.files.values())) < 4_000_000


@pytest.mark.slow
@has_poppler
def test_the_report_says_what_the_result_says(read, shared_worker, few_pages, no_ecg, tmp_path):
    """On one page; of a refusal the reason."""
    for answer, words in (
        (
            read(few_pages[0]),
            (
                "Read: confidence",
                "25 mm/s (as this device always prints it)",
                "25 mm/s, 10 mm/mV at this sheet",
                "Not a medical device",
                "rhythm",
            ),
        ),
        (
            shared_worker.call(ReadingRequest(no_ecg, "face.jpg", None, True), 60),
            ("Not read", "Not a medical device", "se a printed 12-lead ECG"),
        ),
        (
            shared_worker.call(ReadingRequest(b"none", "x.jpg", None, True), 60),
            ("Not opened", "The file cannot be opened as a picture"),
        ),
    ):
        (tmp_path / "a.pdf").write_bytes(answer.files["report.pdf"])
        told = subprocess.run(["pdftotext", "-layout", tmp_path / "a.pdf", "-"], capture_output=True, text=True)
        text = " ".join(told.stdout.split())
        assert told.stderr == "" and told.stdout.count("\f") == 1
        for word in words:
            assert word in text
        if answer.result["verdict"]:
            assert percent(answer.result["confidence"]) in text and "The model finds" in text


# The reading service


class Stage:
    """Notes what it is set to."""

    def __init__(self):
        self.seen = []

    value = property(lambda self: self.seen[-1], lambda self, number: self.seen.append(STAGES[number]))


def test_the_stages_are_told_as_they_begin(few_pages):
    """In the order in which they are timed."""
    stage = Stage()
    answer = ReadingService(defaults(), stage=stage)(ReadingRequest(few_pages[0].path.read_bytes(), "a.jpg"))
    assert stage.seen == [
        name
        for name in ("open", "page", "trace", "measure", "filters", "inference", "verdict")
        if answer.result["timing_ms"][name] is not None
    ]
    assert answer.files == {} and answer.picture == few_pages[0].path.read_bytes()


def test_a_model_is_loaded_once_and_few_stay(few_pages, monkeypatch):
    """On a small board one beside the settings' own; one that there is not is an error, and the service lives on."""
    monkeypatch.setattr("ecg_edge.system.board.memory_mb", lambda: 400)
    service, data = ReadingService(defaults()), few_pages[0].path.read_bytes()
    assert (
        service(ReadingRequest(data, "a", None)).result["model"]["name"] == "page"
        and service._reader("page") is service._capture_service.reader
    )
    cnn = service._reader("cnn")
    assert service._reader("cnn") is cnn and service(ReadingRequest(data, "a", "cnn")).result["model"]["name"] == "cnn"
    service._reader("crnn")
    assert list(service._other_readers) == ["crnn"]
    with pytest.raises(NoModelError):
        service(ReadingRequest(data, "a", "none"))


@pytest.fixture
def with_camera(monkeypatch, own_cameras, few_pages):
    """A reading service with a stand-in for the camera, that sees a page."""
    page = np.asarray(Image.open(few_pages[0].path).convert("RGB"))
    module, _ = make_module(lambda frame, controls, size: page, sensor_px=page.shape[1::-1])
    monkeypatch.setitem(sys.modules, "picamera2", module)
    opened = []

    def call():
        opened.append(ReadingService(defaults(), with_camera=True))
        return opened[-1]

    yield call
    for service in opened:
        service.close()


@pytest.mark.slow
def test_the_reading_service_shows_what_the_camera_sees(with_camera):
    """Frames with hints, and pictures that are read and can be kept."""
    service = with_camera()
    found, hint, jpeg = service(PREVIEW)
    assert isinstance(found, bool) and hint and max(Image.open(BytesIO(jpeg)).size) <= 960
    answer = service(ReadingRequest(None, "x", None, True))
    assert (
        answer.result["source"] == "camera 0"
        and answer.result["captured_at"]
        and answer.device["camera"]["focused"] is True
    )
    assert answer.picture.startswith(b"\xff\xd8") and "overlay.jpg" in answer.files


def test_a_second_process_is_told_who_has_the_camera(with_camera):
    """Here the second is this one again."""
    with_camera()
    with pytest.raises(CameraError, match=rf"^Camera 0 is in use by .* \(process {os.getpid()}\)\."):
        CaptureService(defaults(), with_camera=True)
