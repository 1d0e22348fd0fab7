"""`ecg-edge watch`: the loop, put together from the settings."""

from __future__ import annotations

import os
import select
import signal
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING

from ..errors import StoreError
from ..store.forwarding import SENDERS, Forwarder
from ..store.result_store import Store, default_folder
from ..system import board
from ..system.event_log import EventHandler, EventLog, Level, ignore_event, make_event_log
from ..system.worker import Tick, Worker
from . import triggers
from .capture_service import CaptureService
from .indicator import Indicator, LedIndicator, TextIndicator
from .settings import Settings, check_together
from .systemd import notify
from .watch_loop import WatchLoop

if TYPE_CHECKING:
    from types import FrameType

MB = 1_000_000
EVENT_LEVELS: dict[str, Level] = {"store.damaged": "error", "store.picture_missing": "warning", "store.found": "warning",
                                  "worker.hung": "error", "worker.died": "error", "folder.others": "warning"}  # fmt: skip
"""The levels of events from store, worker and trigger; others are "info"."""


def watch(settings: Settings) -> int:
    """Run the loop until SIGINT or SIGTERM; the number of the signal."""
    check_together(settings)
    log = make_event_log(settings["log"]["level"], settings["log"]["form"])
    check_trigger(settings)
    with ExitStack() as resources, Stop() as stop:
        store = resources.enter_context(open_store(settings, log))
        worker = make_worker(settings, log)
        resources.callback(worker.close)
        worker.start(_alive)
        loop = open_loop(settings, log, store, worker, resources, _alive)
        log("info", "watch.ready", store=store.folder, trigger=settings["trigger"]["kind"], board=board.model_name(),
            memory_mb=board.memory_mb(), resident_mb=round(board.resident_mb() or 0, 1))  # fmt: skip
        notify("READY=1")
        loop.run(stop)
        notify("STOPPING=1")
        log("info", "watch.ended", pages=loop.pages, signal=signal.Signals(stop.number).name)
    return stop.number


def open_loop(
    settings: Settings, log: EventLog, store: Store, worker: Worker, resources: ExitStack, alive: Tick
) -> WatchLoop:
    """The `WatchLoop` over its trigger, indicator and forwarders, which `resources` closes."""
    trigger = make_trigger(settings, store, with_level(log))
    resources.callback(trigger.close)
    given = settings["lamp"]
    indicator: Indicator = TextIndicator() if given["kind"] == "text" else LedIndicator(given["led_pin"])
    resources.callback(indicator.close)
    for channel, make_sender in SENDERS.items():
        if settings[channel]["enabled"]:
            resources.callback(Forwarder(store, channel, make_sender(settings[channel]), log).close)
    if settings["home_assistant"]["enabled"]:
        from .home_assistant import HomeAssistant

        requested = threading.Event()
        resources.callback(HomeAssistant(settings, store, log, requested).close)
        trigger = triggers.WithRequests(trigger, requested)
    return WatchLoop(trigger, worker, store, indicator, log, alive, settings["process"]["page_s"])


def open_store(settings: Settings, log: EventLog) -> Store:
    """The `Store` of the settings, to be written to."""
    given = settings["store"]
    return Store(
        given["folder"] or default_folder(),
        quota_bytes=given["quota_mb"] * MB,
        keep_free_bytes=given["keep_free_mb"] * MB,
        on_event=with_level(log),
    )


def make_worker(settings: Settings, log: EventLog) -> Worker:
    """The `Worker` around a `CaptureService` of the settings."""
    with_camera = settings["trigger"]["kind"] != "folder"
    process = settings["process"]
    return Worker(CaptureService, (settings, with_camera), process["start_s"], process["grace_s"], with_level(log))


def check_trigger(settings: Settings) -> None:
    """Raise `UsageError` where the folder to be watched is none: before a store is made for it."""
    if settings["trigger"]["kind"] == "folder":
        triggers.check_folder(settings["trigger"]["folder"])


def make_trigger(settings: Settings, store: Store, on_event: EventHandler = ignore_event) -> triggers.Trigger:
    """The trigger of the settings."""
    given = settings["trigger"]
    if given["kind"] == "button":
        return triggers.ButtonTrigger(given["button_pin"])
    if given["kind"] == "interval":
        return triggers.IntervalTrigger(given["interval_s"])
    if os.path.realpath(given["folder"]) == os.path.realpath(store.folder):
        raise StoreError("Pictures may not arrive where results are stored: change [trigger] folder or [store] folder.")
    return triggers.FolderTrigger(given["folder"], store.knows, given["settle_s"], given["after"], on_event=on_event)


def with_level(log: EventLog) -> EventHandler:
    """What writes events of store, worker and trigger, which have no level, to the log."""

    def write(event: str, **details: object) -> None:
        log(EVENT_LEVELS.get(event, "info"), event, **details)

    return write


def _alive() -> None:
    notify("WATCHDOG=1")


class Stop:
    """Within it, SIGINT and SIGTERM set a flag: `number` is the signal's, 0 before one comes; a second SIGINT ends at once.

    A pipe, since a `threading.Event` that is set within a signal handler may wait for itself for ever.
    """

    number = 0

    def is_set(self) -> bool:
        """Whether a signal has come."""
        return self.number != 0

    def wait(self, timeout_s: float) -> bool:
        """Wait until one comes, `timeout_s` at most; whether one has."""
        select.select([self._reading], [], [], timeout_s)
        return self.is_set()

    def __enter__(self) -> Stop:
        self._reading, self._writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._former = {number: signal.signal(number, self._set) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._former.items():
            signal.signal(number, handler)
        os.close(self._reading)
        os.close(self._writing)

    def _set(self, number: int, _frame: FrameType | None) -> None:
        if self.number == number == signal.SIGINT:
            raise KeyboardInterrupt
        self.number = number
        os.write(self._writing, b"x")
