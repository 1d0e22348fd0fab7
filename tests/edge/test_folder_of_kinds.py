"""A folder of twelve kinds of files, by the command line, the device's loop and the page: each file is answered for, none passed over in silence."""

import io
import itertools
import json
import threading

import pytest
from PIL import Image

from ecg_edge.device.capture_service import CaptureService
from ecg_edge.device.settings import defaults
from ecg_edge.device.triggers import SAMPLES_S, FolderTrigger
from ecg_edge.device.watch_loop import WatchLoop
from ecg_edge.store.result_store import Store

from .commands.conftest import command
from .files import made

STATUSES = ("read", "uncertain", "refused", "failed")
AECG = b'<?xml version="1.0"?>\n<AnnotatedECG xmlns="urn:hl7-org:v3"></AnnotatedECG>'


def files():
    """{name: bytes} of the twelve kinds, small: none is an ECG; and a text, which is of no known kind."""
    page, other = (Image.new("RGB", (240, 160), colour) for colour in ("white", "gray"))

    def encoded(form):
        held = io.BytesIO()
        page.save(held, form)
        return held.getvalue()

    return {
        "01.jpg": encoded("JPEG"),
        "02.png": encoded("PNG"),
        "03.tif": made.tiff(page, other),
        "04.pdf": made.pdf(page, other),
        "05.heic": made.heic(page),
        "06.dcm": made.dicom_picture(page),
        "07.xml": AECG,
        "08.scp": bytes(16) + b"SCPECG",
        "09.hea": b"record 12 500 5000\n",
        "10.docx": b"PK\x03\x04 a text",
        "11.mp4": b"\0\0\0\x18ftypisom",
        "12.pdf": b"%PDF-1.7 broken",
    }


EXPECTED = sorted({*files(), "03.tif#1", "03.tif#2", "04.pdf#1", "04.pdf#2"} - {"03.tif", "04.pdf"})
"""What results call them: a line for each page."""


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "twelve"
    place.mkdir()
    for name, data in files().items():
        (place / name).write_bytes(data)
    (place / "notes.txt").write_text("a text")
    return place


def names_of(results):
    return sorted(result["source"].rpartition("/")[2] for result in results)


def check(results):
    """Each is there, with a reason and what to do."""
    assert names_of(results) == EXPECTED
    for result in results:
        assert result["status"] in STATUSES and (result["verdict"] or (result["reason"] and result["message"])), result
    failed = {result["source"].rpartition("/")[2] for result in results if result["status"] == "failed"}
    assert {"10.docx", "11.mp4", "12.pdf"} <= failed


def test_the_command_line_answers_for_each(folder):
    """And counts the one that is of no kind."""
    done = command("classify", str(folder), "--json")
    check([json.loads(line) for line in done.stdout.splitlines()])
    assert done.returncode == 1 and "1 file is of no known kind, and not read" in done.stderr


class InProcess:
    """A worker that works here."""

    def __init__(self):
        self.service = CaptureService(defaults())

    def call(self, request, timeout_s, tick=None):
        return self.service(request)


class Shown:
    """An indicator, and the log: what was shown and noted."""

    def __init__(self):
        self.states, self.events = [], []

    def show(self, state, text=""):
        self.states.append((state, text))

    def log(self, level, event, **details):
        self.events.append((event, details))

    def close(self):
        """There is nothing to close."""


def test_the_device_answers_for_each(folder, tmp_path):
    """In the history, in the log, and by the light. Each look at the clock is a minute later: a header without samples is waited for no longer."""
    shown, stop, minutes = Shown(), threading.Event(), itertools.count(step=SAMPLES_S)
    with Store(tmp_path / "store") as store:

        def on_event(event, **details):
            shown.log("warning", event, **details)

        trigger = FolderTrigger(str(folder), store.knows, 0.0, clock=lambda: next(minutes), on_event=on_event)
        loop = WatchLoop(trigger, InProcess(), store, shown, shown.log)
        real_next = trigger.next

        def until_done(timeout_s, flag):
            task = real_next(0.0, flag)
            if task is None:
                stop.set()
            return task

        trigger.next = until_done
        loop.run(stop)
        entries = list(store.list())
    check([entry.result for entry in entries])
    stored = [details for event, details in shown.events if event == "page.stored"]
    assert names_of(stored) == EXPECTED
    told = [(state, text) for state, text in shown.states if state in ("refused", "failed")]
    assert [state for state, _ in told] == [each.result["status"] for each in entries if each.result["verdict"] is None]
    assert all(text for _, text in told)
    assert ("folder.others", {"folder": str(folder), "files": 1}) in shown.events


def test_the_page_answers_for_each(tmp_path):
    """All at once, by a form: each is in the list, with its reason."""
    pytest.importorskip("starlette")
    from starlette.testclient import TestClient

    from ecg_edge.web.access import Access
    from ecg_edge.web.app import make_app
    from ecg_edge.web.metrics import Metrics
    from ecg_edge.web.middleware import Limits
    from ecg_edge.web.reading_queue import ReadingQueue
    from ecg_edge.web.reading_service import ReadingService
    from ecg_edge.web.services import Services
    from ecg_edge.web.session_cache import SessionCache

    worker = InProcess()
    worker.service = ReadingService(defaults())
    metrics = Metrics(lambda: {})
    queue = ReadingQueue(worker, None, 60.0, 4, metrics)
    services = Services(
        queue,
        SessionCache(50_000_000, 3600),
        None,
        Access(),
        metrics,
        False,
        "page",
        2**22,
        lambda: {"ok": True},
        lambda *a, **k: None,
    )
    browser = TestClient(
        make_app(services, Limits(frozenset(), 2**22)), base_url="http://127.0.0.1", follow_redirects=False
    )
    given = [("picture", item) for item in files().items()]
    assert browser.post("/read", files=given).headers["location"] == "/history"
    listed = browser.get("/v1/results").json()["results"]
    results = [each["result"] for each in listed]
    # A form reads the first page of a file, whose message says that there are more.
    assert names_of(results) == sorted(name.replace("#2", "#1") for name in EXPECTED if not name.endswith("#2"))
    assert all(result["verdict"] or (result["reason"] and result["message"]) for result in results)
    text = browser.get("/history").text
    assert all(name in text for name in files())
