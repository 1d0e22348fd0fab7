"""The device's loop: a trigger, a page, its result stored, and so on until it is told to end."""

import time
from typing import Any

from ..errors import CameraError, Reason, StoreError, StoreFullError, WorkerError, WorkerTimeoutError
from ..files.limits import MAX_PAGES
from ..image import page_name
from ..result import pages_left, unread
from ..store.result_store import Store
from ..system.event_log import EventLog
from ..system.worker import Tick, Worker
from ..words import verdict_words
from .capture_service import Outcome, PageRequest
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
            go_on = self._do(task, stop)
            shown_at = time.monotonic()
            if not go_on:
                self._pause(stop)

    def _pause(self, stop: StopFlag) -> None:
        until = time.monotonic() + RETRY_S
        while time.monotonic() < until and not stop.wait(WAIT_S):
            self._alive()

    def _do(self, task: Task, stop: StopFlag) -> bool:
        """Read the pages of a task one by one and store their results; False where the next should wait a little.

        Told to end between two pages of a file, it leaves the others for the next start.
        """
        page = last = pages = 1
        kept = False
        while page <= last:
            start = time.perf_counter()
            try:
                if page > 1 and self._is_stored(task, page, last):
                    page += 1
                    continue
                outcome = self._read(task, page, pages)
                pages = max(pages, outcome.pages)
                last = min(pages, MAX_PAGES + 1)
                number = self._keep(task, outcome, page, last)
            except (StoreError, CameraError, WorkerError) as error:
                self._refuse(task, error)
                return isinstance(error, WorkerError)
            self._attempts.pop(_origin(task, page), None)
            kept = kept or outcome.picture is not None
            if page == last:
                self._trigger.done(task, kept)
            if number is not None:
                self._tell(outcome, number, start)
            page += 1
            if page <= last and stop.is_set():
                break
        return True

    def _keep(self, task: Task, outcome: Outcome, page: int, last: int) -> int | None:
        """Store the result of a page: its number, None where an earlier run has stored it. Of a file with several pages the last one has the
        origin of the file: with it all of them are stored."""
        result, suffix = outcome.result, outcome.suffix or ".jpg"
        if last == 1:
            return self._store.add(result, outcome.picture, suffix, outcome.device, task.origin)
        if self._is_stored(task, page, last):
            return None
        origin = task.origin if page == last else _origin(task, page)
        first = None if page == 1 or task.origin is None else self._store.number_of(f"{task.origin}#1")
        return self._store.add(result, outcome.picture, suffix, outcome.device, origin, picture_of=first)

    def _is_stored(self, task: Task, page: int, last: int) -> bool:
        origin = task.origin if page == last else _origin(task, page)
        return origin is not None and self._store.number_of(origin) is not None

    def _tell(self, outcome: Outcome, number: int, start: float) -> None:
        result, device = outcome.result, outcome.device
        self.pages += 1
        self._show(result)
        self._log("info", "page.stored", number=number, source=result["source"], status=result["status"],
                  verdict=result["verdict"], confidence=result["confidence"], reason=result["reason"],
                  ms=round((time.perf_counter() - start) * 1000), resident_mb=device.get("resident_mb"),
                  **{key: value for key, value in (device.get("board") or {}).items() if value is not None})  # fmt: skip

    def _read(self, task: Task, page: int, pages: int) -> Outcome:
        if page > MAX_PAGES:
            return Outcome(pages_left(task.path or "", pages).to_dict(), None, "", {})
        origin = _origin(task, page)
        request = task.path if page == 1 or task.path is None else PageRequest(task.path, page)
        try:
            outcome: Outcome = self._worker.call(request, self._page_s, self._alive)
            return outcome
        except WorkerError as error:
            count = self._attempts[origin] = self._attempts.get(origin, 0) + 1
            if task.path is None or count < ATTEMPTS:
                raise
            what = "takes too long" if isinstance(error, WorkerTimeoutError) else "ends the reading process"
            result = unread(
                page_name(task.path, page, pages),
                Reason.UNSUPPORTED,
                f"Reading this picture {what}: save it anew, smaller, as JPEG or PNG.",
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
        if result["verdict"]:
            self._indicator.show("uncertain" if result["status"] == "uncertain" else "done", verdict_words(result))
        else:
            self._indicator.show("failed" if result["status"] == "failed" else "refused", result["message"])


def _origin(task: Task, page: int) -> str | None:
    """What identifies a page of a task; None for pictures of the camera."""
    return task.origin if task.origin is None else f"{task.origin}#{page}"
