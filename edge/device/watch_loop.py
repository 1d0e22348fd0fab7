"""The device's loop: a trigger, a page, its result stored, and so on until it is told to end."""

import time
from typing import Any

from ..errors import CameraError, Reason, StoreError, StoreFullError, WorkerError, WorkerTimeoutError
from ..result import unread
from ..store.result_store import Store
from ..system.event_log import EventLog
from ..system.worker import Tick, Worker
from .capture_service import Outcome
from .indicator import Indicator
from .triggers import StopFlag, Task, Trigger

SHOW_S = 2.0
"""How long the outcome of a page is shown before the device is ready again, unless another page comes."""
ATTEMPTS = 2
"""A picture with which the reading process has ended so often gets a result that says so, and the next is read."""
EVENTS: dict[type[Exception], str] = {
    StoreFullError: "store.full",
    StoreError: "store.failed",
    CameraError: "camera.failed",
    WorkerError: "page.not_read",
}
"""The events of errors for which a page is refused, the narrower first."""
WAIT_S = 0.5
RETRY_S = 5.0
"""After an error that is not the picture's: a full disk, a camera that is gone."""


class WatchLoop:
    """The loop, over trigger, reading process, store and indicator.

    Parameters
    ----------
    trigger : starts pages
    worker : runs a `CaptureService`, or what answers its requests likewise
    store : opened to write
    indicator : shows the states
    log : told of each page
    alive : called now and then, at least every second or two
    page_s : limit for one page, in seconds
    """

    def __init__(
        self,
        trigger: Trigger,
        worker: Worker,
        store: Store,
        indicator: Indicator,
        log: EventLog,
        alive: Tick = lambda: None,
        page_s: float = 120.0,
    ):
        self._trigger, self._worker, self._store, self._indicator = trigger, worker, store, indicator
        self._log, self._alive, self._page_s = log, alive, page_s
        self._attempts: dict[str | None, int] = {}
        self.pages = 0

    def run(self, stop: StopFlag) -> None:
        """Go on until `stop` is set, then end after the page that is being read."""
        self._indicator.show("ready")
        shown_at = None
        while not stop.is_set():
            self._alive()
            if shown_at is not None and time.monotonic() - shown_at >= SHOW_S:
                self._indicator.show("ready")
                shown_at = None
            task = self._trigger.next(WAIT_S, stop)
            if task is None:
                continue
            self._indicator.show("busy")
            go_on = self._do(task)
            shown_at = time.monotonic()
            if not go_on:
                self._pause(stop)

    def _pause(self, stop: StopFlag) -> None:
        until = time.monotonic() + RETRY_S
        while time.monotonic() < until and not stop.wait(WAIT_S):
            self._alive()

    def _do(self, task: Task) -> bool:
        """Read a page and store its result; False where the next should wait a little."""
        start = time.perf_counter()
        try:
            outcome = self._read(task)
            result, device = outcome.result, outcome.device
            number = self._store.add(result, outcome.picture, outcome.suffix or ".jpg", device, task.origin)
        except (StoreError, CameraError, WorkerError) as error:
            self._refuse(task, error)
            return isinstance(error, WorkerError)
        self._attempts.pop(task.origin, None)
        self._trigger.done(task, outcome.picture is not None)
        self.pages += 1
        self._show(result)
        self._log("info", "page.stored", number=number, source=result["source"], status=result["status"],
                  verdict=result["verdict"], confidence=result["confidence"], reason=result["reason"],
                  ms=round((time.perf_counter() - start) * 1000), resident_mb=device.get("resident_mb"),
                  **{key: value for key, value in (device.get("board") or {}).items() if value is not None})  # fmt: skip
        return True

    def _read(self, task: Task) -> Outcome:
        try:
            outcome: Outcome = self._worker.call(task.path, self._page_s, self._alive)
            return outcome
        except WorkerError as error:
            count = self._attempts[task.origin] = self._attempts.get(task.origin, 0) + 1
            if task.path is None or count < ATTEMPTS:
                raise
            what = "takes too long" if isinstance(error, WorkerTimeoutError) else "ends the reading process"
            result = unread(
                task.path, Reason.UNSUPPORTED, f"Reading this picture {what}: save it anew, smaller, as JPEG or PNG."
            )
            return Outcome(result.to_dict(), None, "", {})

    def _refuse(self, task: Task, error: Exception) -> None:
        event = next(name for kind, name in EVENTS.items() if isinstance(error, kind))
        self._indicator.show("refused", str(error))
        self._log("error", event, source=task.path or "camera", message=str(error))
        # The press of a button is over; a picture in a folder waits there.
        if task.path is None:
            self._trigger.done(task)

    def _show(self, result: dict[str, Any]) -> None:
        if result["status"] in ("read", "uncertain"):
            doubt = " (uncertain)" if result["status"] == "uncertain" else ""
            self._indicator.show("done", f"{result['verdict']} {result['confidence']:.2f}{doubt}")
        else:
            self._indicator.show("refused", result["message"])
