"""What starts a page: a picture in a folder, a button, the time."""

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from ..errors import InstallationError, UsageError
from ..files.kinds import kind_of_path
from ..system.event_log import EventHandler, ignore_event
from .indicator import import_gpiozero, pin_message

POLL_S = 1.0
"""How often a folder is listed."""
HEADER, NO_SAMPLES = ".hea", " alone"
"""The header of a WFDB record, and what is said of one without any file of its name beside it."""
SAMPLES_S = 60.0
"""A header waits so long for its samples: they are copied after it, or have another name."""
BOUNCE_S = 0.05
"""A button's contacts bounce for some milliseconds when they close."""


@dataclass(frozen=True)
class Task:
    """A page to be read: a picture at `path`, or where it is None one that the camera is to take. `origin` is the same for the same picture."""

    path: str | None = None
    origin: str | None = None


class StopFlag(Protocol):
    """What tells a waiting loop to end, such as a `threading.Event`."""

    def is_set(self) -> bool:
        """Whether it is to end."""

    def wait(self, timeout_s: float, /) -> bool:
        """Wait until it is, `timeout_s` at most; whether it is."""


class Trigger(Protocol):
    """What starts pages."""

    def next(self, timeout_s: float, stop: StopFlag) -> Task | None:
        """The next `Task`; None where there is none within `timeout_s`, or when `stop` is set."""

    def done(self, task: Task, kept: bool = True) -> None:
        """The task is done with; `kept` says whether its picture was stored with its result."""

    def close(self) -> None:
        """Release what starts them."""


class IsStored(Protocol):
    """A function that says whether the result of a picture is stored already."""

    def __call__(self, origin: str, with_picture: bool = False) -> bool:
        """Whether the result of that origin is stored; `with_picture`, whether the picture is too."""


class FolderTrigger:
    """Pictures that arrive in a folder, in the order of their arrival; each when it has not changed for `settle_s`.

    What `is_stored` already is not given again; `after` its result is stored, a picture stays in the folder ("keep") or is removed ("delete").
    Files of a kind that is known and not read are given too, to be answered for; of others, and of folders, which are not looked into, `on_event` is told how many there are, when more come.
    """

    def __init__(
        self,
        folder: str,
        is_stored: IsStored,
        settle_s: float = 2.0,
        after: Literal["keep", "delete"] = "keep",
        clock: Callable[[], float] = time.monotonic,
        on_event: EventHandler = ignore_event,
    ):
        check_folder(folder)
        self._folder, self._is_stored, self._settle_s = folder, is_stored, settle_s
        self._after, self._clock, self._on_event = after, clock, on_event
        self._known: dict[str, bool] = {}  # origin: whether its kind is known
        self._others = 0
        self._since: dict[str, tuple[str, float]] = {}  # name: (its origin and what is beside it, since when)
        self._done: set[str | None] = set()  # origins that are done with

    def next(self, timeout_s: float, stop: StopFlag) -> Task | None:
        """The next `Task`; None where there is none within `timeout_s`, or when `stop` is set."""
        deadline = self._clock() + timeout_s
        while not stop.is_set():
            task = self._find()
            left_s = deadline - self._clock()
            if task or left_s <= 0:
                return task
            stop.wait(min(POLL_S, left_s))
        return None

    def done(self, task: Task, kept: bool = True) -> None:
        """The task's result is stored: the picture is not given again. Only one that was `kept` with its result may go."""
        self._done.add(task.origin)
        if self._after == "delete" and kept and task.path is not None:
            # Only what was read: a picture that changed meanwhile is another one.
            try:
                if _origin(task.path, os.stat(task.path)) == task.origin:
                    os.unlink(task.path)
            except OSError:
                pass  # gone, or not ours to remove: it is known and will not be read again

    def close(self) -> None:
        """There is nothing to close."""

    def _find(self) -> Task | None:
        now, seen, ready, known, folders = self._clock(), {}, [], {}, 0
        try:
            files = list(os.scandir(self._folder))
        except OSError as error:
            raise InstallationError(f"{self._folder} cannot be listed ({error.strerror}).") from error
        for file in files:
            if file.name.startswith("."):
                continue
            try:
                status = file.stat()
                if not file.is_file():
                    folders += 1
                    continue
            except OSError:
                continue  # gone since it was listed
            origin = _origin(file.path, status)
            if origin in self._known:
                known[origin] = self._known[origin]
            else:
                kind = kind_of_path(file.path)
                known[origin] = kind is not None
                if kind is not None and kind.beside is not None:
                    self._done.add(origin)  # the file beside it answers for both
            if origin in self._done or not known[origin]:
                continue
            content = origin + _beside(file.path)
            former, since = self._since.get(file.name, (None, now))
            seen[file.name] = (content, since if former == content else now)
            settle_s = self._settle_s if content != f"{origin}{NO_SAMPLES}" else max(self._settle_s, SAMPLES_S)
            if now - seen[file.name][1] >= settle_s:
                ready.append((status.st_mtime_ns, file.path, origin))
        self._since, self._known = seen, known
        self._tell_of_others(len(known) - sum(known.values()) + folders)
        for _, path, origin in sorted(ready):
            if not self._is_stored(origin):
                return Task(path, origin)
            # Stored just before an end: only what comes after is left to do.
            self.done(Task(path, origin), self._is_stored(origin, with_picture=True))
        return None

    def _tell_of_others(self, count: int) -> None:
        if count > self._others:
            self._on_event("folder.others", folder=self._folder, files=count)
        self._others = count


class ButtonTrigger:
    """A button at a pin, to ground; pressed while a page is read, it starts none after it."""

    def __init__(self, pin: int, factory: object = None):
        gpiozero = import_gpiozero()
        self._pressed = threading.Event()
        try:
            self._button = gpiozero.Button(pin, bounce_time=BOUNCE_S, pin_factory=factory)
        except Exception as error:
            raise InstallationError(pin_message(pin, error)) from error
        self._button.when_pressed = self._pressed.set

    def next(self, timeout_s: float, stop: StopFlag) -> Task | None:
        """The next `Task`; None where there is none within `timeout_s`."""
        return Task() if not stop.is_set() and self._pressed.wait(timeout_s) else None

    def done(self, task: Task, kept: bool = True) -> None:
        """Presses during the page are forgotten."""
        self._pressed.clear()

    def close(self) -> None:
        """Release the pin."""
        self._button.close()


class IntervalTrigger:
    """A page each `interval_s`, counted from the start of the one before; what is missed is not made up for."""

    def __init__(self, interval_s: float, clock: Callable[[], float] = time.monotonic):
        self._interval_s, self._clock = interval_s, clock
        self._due = clock()

    def next(self, timeout_s: float, stop: StopFlag) -> Task | None:
        """The next `Task`; None where there is none within `timeout_s`."""
        left_s = self._due - self._clock()
        if left_s > 0:
            stop.wait(min(left_s, timeout_s))
        if stop.is_set() or self._clock() < self._due:
            return None
        self._due = self._clock() + self._interval_s
        return Task()

    def done(self, task: Task, kept: bool = True) -> None:
        """Nothing is left to do."""

    def close(self) -> None:
        """There is nothing to close."""


class WithRequests:
    """A trigger beside which a picture may be asked for, by setting `requested`; asked for while a page is read, it starts none after it."""

    def __init__(self, trigger: Trigger, requested: threading.Event):
        self._trigger, self._requested = trigger, requested

    def next(self, timeout_s: float, stop: StopFlag) -> Task | None:
        """The next `Task`: one that was asked for first."""
        if self._requested.is_set() and not stop.is_set():
            return Task()
        return self._trigger.next(timeout_s, stop)

    def done(self, task: Task, kept: bool = True) -> None:
        """Requests during the page are forgotten."""
        self._requested.clear()
        self._trigger.done(task, kept)

    def close(self) -> None:
        """Release what starts them."""
        self._trigger.close()


def check_folder(folder: str) -> None:
    """Raise `UsageError` where a folder for a `FolderTrigger` is none."""
    if not os.path.isdir(folder):
        raise UsageError(f"{folder} is no folder: make it, or change [trigger] folder.")


def _beside(path: str) -> str:
    """What identifies the files beside a record's header that belong to it by their name; empty of files that stand alone."""
    if not path.lower().endswith(HEADER):
        return ""
    folder, stem = os.path.split(path[: -len(HEADER)])
    try:
        names = sorted(os.listdir(folder))
        found = [name for name in names if os.path.splitext(name)[0] == stem and not name.lower().endswith(HEADER)]
        return "".join(f" {_origin(name, os.stat(os.path.join(folder, name)))}" for name in found) or NO_SAMPLES
    except OSError:
        return NO_SAMPLES  # gone since it was listed


def _origin(path: str, status: os.stat_result) -> str:
    """What identifies a picture: name, size and time of its last change."""
    return f"{os.path.basename(path)} {status.st_size} {status.st_mtime_ns}"
