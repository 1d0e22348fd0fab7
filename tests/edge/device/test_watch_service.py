"""The device's loop: pages in order, states shown, hangs and crashes survived, a clean end."""

import io
import json
import os
import random
import re
import signal
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from ecg_edge.device import systemd, watch_service
from ecg_edge.device.capture_service import PageRequest
from ecg_edge.device.settings import defaults
from ecg_edge.device.triggers import Task
from ecg_edge.device.watch_loop import WatchLoop
from ecg_edge.errors import CameraError, StoreError, StoreFullError, UsageError, WorkerError
from ecg_edge.store.result_store import Store
from ecg_edge.system import board, event_log

from .. import stand_ins
from ..random_kills import Device, many_kills
from ..waiting import LIMIT_S, Systemd, wait_for


@pytest.fixture
def device(tmp_path):
    """A `Device` that is ended with the test."""
    one = Device(tmp_path)
    yield one
    one.kill()


@pytest.mark.slow
def test_pages_are_read_stored_and_shown_until_it_is_told_to_end(device):
    """In order, with what the board said; SIGTERM ends it with 143."""
    device.start()
    device.wait("watch.ready")
    for name in ("a.jpg", "blurred.png", "unsure.jpg"):
        device.put(name)
        device.wait(f"page.stored.*{name}")
    assert device.end() == 128 + signal.SIGTERM
    assert [entry.result["status"] for entry in device.stored()] == ["read", "refused", "uncertain"]
    entry = device.stored()[0]
    assert Path(entry.picture).read_bytes() == b"picture" and entry.device["board"]["temperature_c"] == 48.5
    assert os.listdir(device.inbox) == []
    shown = [line for line in device.shown if line != "ready"]
    assert shown == [
        "busy",
        "done normal (91 %)",
        "busy",
        "refused The picture is blurred.",
        "busy",
        "uncertain normal (91 %, uncertain: low confidence)",
    ]
    assert device.shown[0] == "ready"
    assert re.search(r"^\S+Z?\S* info page.stored number=1 source=\S+a.jpg status=read verdict=normal confidence=0.91 ms=\d+ resident_mb=60 temperature_c=48.5$",
                     device.wait("number=1"), re.MULTILINE)  # fmt: skip
    assert "watch.ended pages=3 signal=SIGTERM" in device.lines[-1]


@pytest.mark.slow
def test_a_picture_at_which_the_process_hangs_or_dies_makes_way(device):
    """It is tried twice, then has a result that says so; the others are read."""
    device.start(process={"page_s": 3.0, "grace_s": 0.3})
    device.wait("watch.ready")
    device.put("hang.jpg")
    device.wait("worker.hung")
    device.put("after.jpg")
    device.wait("page.stored.*after.jpg")
    device.put("die.jpg")
    device.wait("page.stored.*die.jpg")
    assert device.end() == 143
    results = {os.path.basename(entry.result["source"]): entry.result for entry in device.stored()}
    assert list(results) == ["hang.jpg", "after.jpg", "die.jpg"]
    assert sorted(os.listdir(device.inbox)) == ["die.jpg", "hang.jpg"], "their pictures are nowhere else"
    assert (
        results["hang.jpg"]["message"] == "Reading this picture takes too long: save it anew, smaller, as JPEG or PNG."
    )
    assert results["die.jpg"]["message"].startswith("Reading this picture ends the reading process")
    assert results["hang.jpg"]["status"] == "failed" and results["after.jpg"]["status"] == "read"


@pytest.mark.slow
def test_a_name_that_is_no_utf_8_stops_nothing(device):
    """It is stored under its escapes, once, and the others are read."""
    bad = os.fsdecode(b"bad\xff\xfe.jpg")
    device.start(trigger={"after": "keep"}, log={"form": "json"})
    device.wait("watch.ready")
    device.put(bad)
    device.wait(r"page.stored.*bad")
    device.put("z.jpg")
    device.wait("page.stored.*z.jpg")
    assert device.end() == 143
    device.start(trigger={"after": "keep"})
    device.wait("watch.ready")
    device.put("later.jpg")
    device.wait("page.stored.*later.jpg")
    assert device.end() == 143
    assert [os.path.basename(entry.result["source"]) for entry in device.stored()] == [bad, "z.jpg", "later.jpg"]


@pytest.mark.slow
def test_each_page_of_a_file_is_stored(device):
    """Shown one after the other; the file is kept once, and goes from the folder when the last one is stored."""
    device.start()
    device.wait("watch.ready")
    device.put("scan-3pages.pdf", b"three pages")
    device.wait("number=3 source=.*#3")
    wait_for(lambda: os.listdir(device.inbox) == [])
    assert device.end() == 143
    stored = device.stored()
    names = [os.path.basename(entry.result["source"]) for entry in stored]
    assert names == ["scan-3pages.pdf#1", "scan-3pages.pdf#2", "scan-3pages.pdf#3"]
    assert [Path(entry.picture).read_bytes() for entry in stored] == [b"three pages"] * 3
    assert len({entry.picture for entry in stored}) == 1 and device.shown.count("done normal (91 %)") == 3


@pytest.mark.slow
def test_it_ends_after_the_page_in_hand(device):
    """Which is stored."""
    device.start(process={"page_s": 3.0, "grace_s": 0.3}, trigger={"kind": "folder"})
    device.wait("watch.ready")
    device.put("a.jpg")
    device.wait("page.stored")
    device.put("hang.jpg")
    wait_for(lambda: device.shown.count("busy") == 2)
    assert device.end() == 143
    assert any("page.not_read" in line for line in device.lines)
    assert os.listdir(device.inbox) == ["hang.jpg"] and len(device.stored()) == 1


@pytest.mark.slow
def test_systemd_is_told_and_asked(device, tmp_path):
    """Ready, alive every second or two even during a page, ending."""
    with Systemd(tmp_path / "notify") as systemd_:
        device.start({"NOTIFY_SOCKET": systemd_.path})
        device.wait("watch.ready")
        device.put("wait.jpg")
        wait_for(lambda: "busy" in device.shown)
        before = len(systemd_.told)
        wait_for(lambda: systemd_.told[before:].count("WATCHDOG=1") >= 4)
        assert "done" not in " ".join(device.shown)
        (device.inbox / ".go").touch()
        device.wait("page.stored")
        assert device.end() == 143
    assert "READY=1" in systemd_.told[:before] and systemd_.told[-1] == "STOPPING=1"


@pytest.mark.slow
def test_an_interval_takes_pictures_with_the_camera(device):
    """Whatever comes of one."""
    device.start(trigger={"kind": "interval", "interval_s": 0.3})
    device.wait("number=3")
    assert device.end(signal.SIGINT) == 130
    assert {entry.result["source"] for entry in device.stored()} == {"camera 0"}


@pytest.mark.slow
def test_a_camera_that_is_not_there_ends_it_before_it_is_ready(device):
    """systemd starts it again; a person reads why."""
    device.start(trigger={"kind": "interval"}, camera={"source": "none"})
    device.process.wait(LIMIT_S)
    assert (device.process.returncode, device.lines) == (3, ["ecg-edge: There is no camera 0."])


@pytest.mark.slow
def test_kills_at_any_moment_lose_nothing_that_was_acknowledged(device):
    """The whole group, with pages arriving; 200 times with `python -m tests.edge.random_kills 200`."""
    kills = 3
    counts = many_kills(device, kills, random.Random(1), "json")
    assert (
        counts["kills"] == kills
        and counts["torn"] == counts["lost"] == counts["acknowledged_and_lost"] == counts["twice"] == 0
    )


# The loop by itself


class StandIns:
    """Trigger, worker, store and indicator in one, that record what is asked of them and answer as told."""

    def __init__(self, tasks, answers):
        self.tasks, self.answers, self.calls, self.stopped = list(tasks), list(answers), [], False

    def next(self, timeout_s, stop):
        if self.tasks:
            return self.tasks.pop(0)
        stop.set()
        return None

    def done(self, task, kept=True):
        self.calls.append(("done", task.path))

    def call(self, path, limit_s, tick):
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def add(self, result, picture, suffix, device, origin):
        self.calls.append(("add", result["source"]))
        if isinstance(picture, Exception):
            raise picture
        return 1

    def show(self, state, text=""):
        self.calls.append((state, text))


def run(monkeypatch, tasks, answers):
    monkeypatch.setattr("ecg_edge.device.watch_loop.RETRY_S", 0.0)
    one, events = StandIns(tasks, answers), []
    WatchLoop(one, one, one, one, lambda level, event, **more: events.append((level, event, more)), page_s=1).run(
        threading.Event()
    )
    return one.calls, events


@pytest.mark.parametrize(
    "error, event", [(StoreFullError("full"), "store.full"), (StoreError("read-only"), "store.failed")]
)
def test_a_store_that_cannot_take_a_page_is_a_refusal_and_the_loop_goes_on(monkeypatch, error, event):
    """A picture in the folder waits there."""
    bad = stand_ins.Outcome(stand_ins.result_of("a.jpg"), error, ".jpg", {})
    good = stand_ins.Outcome(stand_ins.result_of("b.jpg"), b"", ".jpg", {})
    calls, events = run(monkeypatch, [Task("a.jpg", "a"), Task("b.jpg", "b")], [bad, good])
    assert calls[1:4] == [("busy", ""), ("add", "a.jpg"), ("refused", str(error))]
    assert ("done", "a.jpg") not in calls and ("done", "b.jpg") in calls
    assert events[0] == ("error", event, {"source": "a.jpg", "message": str(error)})


@pytest.mark.parametrize("error", [CameraError("The camera gave no picture."), WorkerError("It ended.")])
def test_a_picture_that_was_not_taken_is_a_refusal_and_the_loop_goes_on(monkeypatch, error):
    """The press is over."""
    good = stand_ins.Outcome(stand_ins.result_of(None), b"", ".jpg", {})
    calls, _ = run(monkeypatch, [Task(), Task()], [error, good])
    assert ("refused", str(error)) in calls and calls.count(("done", None)) == 2 and ("add", "camera 0") in calls


def pages_of(count, page, picture=b"file"):
    return stand_ins.Outcome(stand_ins.result_of(f"a.pdf#{page}"), picture if page == 1 else None, ".pdf", {}, count)


class Pages:
    """Worker that answers for a file of `count` pages and notes which were asked for; at page `ends` something happens."""

    def __init__(self, count, ends=None, error=None):
        self.count, self.ends, self.error, self.asked = count, ends, error, []

    def call(self, request, limit_s, tick):
        page = request.page if isinstance(request, PageRequest) else 1
        self.asked.append(page)
        if page == self.ends and self.error is not None:
            raise self.error
        return pages_of(self.count, page)


def run_pages(store, worker, tasks, stop=None):
    """(events, what was done with) of a loop over a real store."""
    one, events = StandIns(tasks, []), []
    log = lambda level, event, **more: events.append((event, more.get("source")))  # noqa: E731
    loop = WatchLoop(one, worker, store, one, log, page_s=1)
    with suppress(KeyboardInterrupt):
        loop.run(stop or threading.Event())
    return events, [call for call in one.calls if call == ("done", "a.pdf")]


FILE = Task("a.pdf", "a")


def test_pages_go_on_where_an_end_interrupted_them(tmp_path):
    """None is stored twice, and the file is done with when all are."""
    with Store(tmp_path / "store") as store:
        assert run_pages(store, Pages(3, 2, KeyboardInterrupt()), [FILE])[1] == []
        assert [entry.result["source"] for entry in store.list()] == ["a.pdf#1"] and not store.knows("a")
        run_pages(store, Pages(3, 3, KeyboardInterrupt()), [FILE])
        worker = Pages(3)
        assert run_pages(store, worker, [FILE])[1] == [("done", "a.pdf")]
        assert worker.asked == [1, 3], "of the first it is asked how many there are"
        assert [entry.result["source"] for entry in store.list()] == ["a.pdf#1", "a.pdf#2", "a.pdf#3"]
        assert len({entry.picture for entry in store.list()}) == 1 and store.knows("a", with_picture=True)


def test_told_to_end_between_two_pages_it_leaves_the_others_for_later(tmp_path):
    """After the page in hand."""
    stop = threading.Event()

    class Stopping(Pages):
        def call(self, request, limit_s, tick):
            stop.set()
            return super().call(request, limit_s, tick)

    with Store(tmp_path / "store") as store:
        worker = Stopping(3)
        assert run_pages(store, worker, [FILE], stop)[1] == [] and worker.asked == [1]
        assert len(list(store.list())) == 1 and not store.knows("a")


def test_a_page_at_which_the_process_ends_has_its_own_result(tmp_path, monkeypatch):
    """At the second try; the others are read."""
    monkeypatch.setattr("ecg_edge.device.watch_loop.RETRY_S", 0.0)
    with Store(tmp_path / "store") as store:
        worker = Pages(3, 2, WorkerError("It ended."))
        run_pages(store, worker, [FILE, FILE])
        results = [entry.result for entry in store.list()]
        assert [(result["source"], result["status"]) for result in results] == [
            ("a.pdf#1", "read"), ("a.pdf#2", "failed"), ("a.pdf#3", "read")
        ]  # fmt: skip
        assert results[1]["message"].startswith("Reading this picture ends the reading process")


def test_of_a_file_with_very_many_pages_the_rest_is_answered_for(tmp_path, monkeypatch):
    """By one result that says how many there are."""
    monkeypatch.setattr("ecg_edge.device.watch_loop.MAX_PAGES", 2)
    monkeypatch.setattr("ecg_edge.result.MAX_PAGES", 2)
    with Store(tmp_path / "store") as store:
        worker = Pages(10_000)
        assert run_pages(store, worker, [FILE])[1] == [("done", "a.pdf")] and worker.asked == [1, 2]
        last = list(store.list())[-1].result
        assert (last["source"], last["status"], last["reason"]) == ("a.pdf#3", "failed", "too_large")
        assert (
            last["message"]
            == "The file holds 10000 pages, and the first 2 were read: split it, or choose pages by number."
        )


# What it says and what it is told


def test_events_are_one_line_each_with_their_level():
    """Text or JSON; less than the level is left out; so is what is not known."""
    stream = io.StringIO()
    log = event_log.make_event_log("info", "text", stream)
    log("debug", "nothing")
    log("info", "page.stored", number=3, source="my page.jpg", confidence=0.91234567, reason=None, text="two\nlines")
    line = stream.getvalue()
    assert re.fullmatch(
        r'\S+T\S+\+00:00 info page.stored number=3 source="my page.jpg" confidence=0.912346 text="two\\nlines"\n', line
    )
    stream = io.StringIO()
    event_log.make_event_log("warning", "json", stream)("error", "store.full", message="full", path=Path("/x"))
    line = json.loads(stream.getvalue())
    assert line.pop("time") and line == {"level": "error", "event": "store.full", "message": "full", "path": "/x"}


def test_the_systemd_journal_gets_priorities(monkeypatch, capsys):
    """As sd-daemon(3) has them."""
    monkeypatch.setenv("JOURNAL_STREAM", "8:123")
    event_log.make_event_log()("warning", "store.found", picture="a.jpg")
    assert capsys.readouterr().err == "<4>store.found picture=a.jpg\n"


def test_nothing_is_told_where_systemd_did_not_start_us(monkeypatch):
    """Nor where it is gone."""
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert not systemd.notify("READY=1")
    monkeypatch.setenv("NOTIFY_SOCKET", "/nowhere/notify")
    assert not systemd.notify("READY=1")


def test_systemd_that_does_not_listen_holds_up_nothing(tmp_path, monkeypatch):
    """Its queue is full."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        start = time.monotonic()
        told = [systemd.notify("WATCHDOG=1") for _ in range(1000)]
    assert told[0] and not told[-1] and time.monotonic() - start < LIMIT_S


def test_pictures_may_not_arrive_where_results_are_stored(tmp_path):
    """They would be read again and again."""
    values = defaults()
    values["trigger"]["folder"] = values["store"]["folder"] = str(tmp_path)
    with Store(tmp_path) as kept, pytest.raises(StoreError, match="may not arrive where results are stored"):
        watch_service.make_trigger(values, kept)
    values["trigger"]["folder"] = ""
    with pytest.raises(UsageError, match="No folder is given"):
        watch_service.watch(values)


def test_the_board_says_what_it_can(tmp_path, monkeypatch):
    """Temperature from the kernel, throttling from vcgencmd, None where neither is."""
    (tmp_path / "temp").write_text("48312\n")
    assert board.temperature_c(tmp_path / "temp") == 48.312 and board.temperature_c(tmp_path / "none") is None
    monkeypatch.setattr(board, "TIMEOUT_S", LIMIT_S)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert board.throttled() is None
    tool = tmp_path / "vcgencmd"
    tool.write_text("#!/bin/sh\necho throttled=0x50005\n")
    tool.chmod(0o755)
    assert board.throttled() == ["undervoltage", "throttled", "undervoltage occurred", "throttling occurred"]
    tool.write_text("#!/bin/sh\necho 'error=1 error_msg=\"Command not registered\"'\n")
    assert board.throttled() is None
    (tmp_path / "model").write_bytes(b"Raspberry Pi 5 Model B Rev 1.0\0")
    assert board.model_name(tmp_path / "model") == "Raspberry Pi 5 Model B Rev 1.0"
    assert board.memory_mb() > 100 and board.resident_mb() > 10 and board.available_mb() > 10
