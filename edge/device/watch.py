"""`ecg-edge watch`: the parts of the loop, put together from the settings."""

import os
import select
import signal
from contextlib import ExitStack

from ..errors import StoreError
from ..store.outbox import SENDERS, Forwarder
from ..store.store import Store, default_folder
from ..system import board
from ..system.event_log import make_event_log
from ..system.worker import Worker
from . import triggers
from .capture_service import CaptureService
from .indicator import LedIndicator, TextIndicator
from .loop import WatchLoop
from .settings import check_together
from .systemd import notify

MB = 1_000_000
MENDED = {"store.damaged": "error", "store.picture_missing": "warning", "store.found": "warning", "worker.hung": "error",
          "worker.died": "error"}  # fmt: skip
"""Events that are worse than others, with their level."""


def watch(settings):
    """Run the loop until SIGINT or SIGTERM; the number of the signal."""
    check_together(settings)
    note = make_event_log(settings["log"]["level"], settings["log"]["form"])
    with ExitStack() as open_parts, Stop() as stop:
        store = open_parts.enter_context(open_store(settings, note))
        worker = make_worker(settings, note)
        open_parts.callback(worker.close)
        worker.start(_alive)
        loop = open_loop(settings, note, store, worker, open_parts, _alive)
        note("info", "watch.ready", store=store.folder, trigger=settings["trigger"]["kind"], board=board.model_name(),
             memory_mb=board.memory_mb(), resident_mb=round(board.resident_mb() or 0, 1))  # fmt: skip
        notify("READY=1")
        loop.run(stop)
        notify("STOPPING=1")
        note("info", "watch.ended", pages=loop.pages, signal=signal.Signals(stop.number).name)
    return stop.number


def open_loop(settings, note, store, worker, open_parts, alive):
    """The `WatchLoop` over its trigger, indicator and forwarders, which `open_parts` (an `ExitStack`) closes."""
    trigger = make_trigger(settings, store)
    open_parts.callback(trigger.close)
    indicator = TextIndicator() if settings["lamp"]["kind"] == "text" else LedIndicator(settings["lamp"]["led_pin"])
    open_parts.callback(indicator.close)
    for channel, make_sender in SENDERS.items():
        if settings[channel]["enabled"]:
            open_parts.callback(Forwarder(store, channel, make_sender(settings[channel]), note).close)
    return WatchLoop(trigger, worker, store, indicator, note, alive, settings["process"]["page_s"])


def open_store(settings, note):
    """The `Store` of the settings, to be written to."""
    given = settings["store"]
    return Store(
        given["folder"] or default_folder(),
        quota_bytes=given["quota_mb"] * MB,
        keep_free_bytes=given["keep_free_mb"] * MB,
        notice=with_level(note),
    )


def make_worker(settings, note):
    """The `Worker` around a `CaptureService` of the settings."""
    with_camera = settings["trigger"]["kind"] != "folder"
    process = settings["process"]
    return Worker(CaptureService, (settings, with_camera), process["start_s"], process["grace_s"], with_level(note))


def make_trigger(settings, store):
    """The trigger of the settings."""
    given = settings["trigger"]
    if given["kind"] == "button":
        return triggers.ButtonTrigger(given["button_pin"])
    if given["kind"] == "interval":
        return triggers.IntervalTrigger(given["interval_s"])
    if os.path.realpath(given["folder"]) == os.path.realpath(store.folder):
        raise StoreError("Pictures may not arrive where results are stored: change [trigger] folder or [store] folder.")
    return triggers.FolderTrigger(given["folder"], store.knows, given["settle_s"], given["after"])


def with_level(note):
    """A notice of events, without their level, that goes on to a journal's `note`."""
    return lambda event, **details: note(MENDED.get(event, "info"), event, **details)


def _alive():
    notify("WATCHDOG=1")


class Stop:
    """Within it, SIGINT and SIGTERM are noted: `number` is the signal's, `is_set` and `wait` are as an event's; a second SIGINT ends at once.

    A pipe, since an event that is set within a signal handler may wait for itself for ever.
    """

    number = None

    def is_set(self):
        """Whether a signal has come."""
        return self.number is not None

    def wait(self, timeout_s):
        """Wait until one comes, `timeout_s` at most; whether one has."""
        select.select([self._reading], [], [], timeout_s)
        return self.is_set()

    def __enter__(self):
        self._reading, self._writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._former = {number: signal.signal(number, self._note) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_):
        for number, handler in self._former.items():
            signal.signal(number, handler)
        os.close(self._reading)
        os.close(self._writing)

    def _note(self, number, _frame):
        if self.number == number == signal.SIGINT:
            raise KeyboardInterrupt
        self.number = number
        os.write(self._writing, b"x")
