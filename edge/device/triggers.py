"""What starts a page: a picture in a folder, a button, the time."""

import os
import threading
import time
from dataclasses import dataclass

from ..errors import InstallationError, UsageError
from ..image import SUFFIXES
from .indicator import import_gpiozero, pin_message

LOOK_S = 1.0
"""How often a folder is looked at."""
BOUNCE_S = 0.05
"""A button's contacts chatter for some milliseconds when they close."""


@dataclass(frozen=True)
class Task:
    """A page to be read: a picture at `path`, or where it is None one that the camera is to take. `origin` is the same for the same picture."""

    path: str | None = None
    origin: str | None = None


class FolderTrigger:
    """Pictures that arrive in a folder, in the order of their arrival; each when it has not changed for `settle_s`.

    `knows` is a function of an origin: whether a result of that picture is stored already, and, `with_picture`, the picture with it; `after` is
    "keep" or "delete".
    """

    def __init__(self, folder, knows, settle_s=2.0, after="keep", clock=time.monotonic):
        if not os.path.isdir(folder):
            raise UsageError(f"{folder} is no folder: make it, or change [trigger] folder.")
        self._folder, self._knows, self._settle_s, self._after, self._clock = folder, knows, settle_s, after, clock
        self._since = {}  # name: (what it is like, since when)
        self._past = set()  # origins that are done with
        self._looked = None

    def next(self, timeout_s, stop):
        """The next `Task`; None where there is none within `timeout_s`, or when `stop` (an event) is set."""
        deadline = self._clock() + timeout_s
        while not stop.is_set():
            task = self._look()
            left_s = deadline - self._clock()
            if task or left_s <= 0:
                return task
            stop.wait(min(LOOK_S, left_s))
        return None

    def done(self, task, kept=True):
        """The task's result is stored: the picture is not given again. Only one that was `kept` with its result may go."""
        self._past.add(task.origin)
        if self._after == "delete" and kept:
            # Only what was read: a picture that changed meanwhile is another one.
            try:
                if _origin(task.path, os.stat(task.path)) == task.origin:
                    os.unlink(task.path)
            except OSError:
                pass  # gone, or not ours to remove: it is known and will not be read again

    def close(self):
        """Nothing is held."""

    def _look(self):
        now, seen, ready = self._clock(), {}, []
        try:
            files = list(os.scandir(self._folder))
        except OSError as error:
            raise InstallationError(f"{self._folder} cannot be listed ({error.strerror}).") from error
        for file in files:
            if file.name.startswith(".") or not file.name.lower().endswith(SUFFIXES):
                continue
            try:
                status = file.stat()
                if not file.is_file():
                    continue
            except OSError:
                continue  # gone since it was listed
            origin = _origin(file.path, status)
            if origin in self._past:
                continue
            former, since = self._since.get(file.name, (None, now))
            seen[file.name] = (origin, since if former == origin else now)
            if now - seen[file.name][1] >= self._settle_s:
                ready.append((status.st_mtime_ns, file.path, origin))
        self._since = seen
        for _, path, origin in sorted(ready):
            if not self._knows(origin):
                return Task(path, origin)
            # Stored just before an end: only what comes after is left to do.
            self.done(Task(path, origin), self._knows(origin, with_picture=True))
        return None


class ButtonTrigger:
    """A button at a pin, to ground; pressed while a page is read, it starts none after it."""

    def __init__(self, pin, factory=None):
        gpiozero = import_gpiozero()
        self._pressed = threading.Event()
        try:
            self._button = gpiozero.Button(pin, bounce_time=BOUNCE_S, pin_factory=factory)
        except Exception as error:
            raise InstallationError(pin_message(pin, error)) from error
        self._button.when_pressed = self._pressed.set

    def next(self, timeout_s, stop):
        """The next `Task`; None where there is none within `timeout_s`."""
        return Task() if not stop.is_set() and self._pressed.wait(timeout_s) else None

    def done(self, task, kept=True):
        """Presses during the page are forgotten."""
        self._pressed.clear()

    def close(self):
        """Release the pin."""
        self._button.close()


class IntervalTrigger:
    """A page each `interval_s`, counted from the start of the one before; what is missed is not made up for."""

    def __init__(self, interval_s, clock=time.monotonic):
        self._interval_s, self._clock = interval_s, clock
        self._due = clock()

    def next(self, timeout_s, stop):
        """The next `Task`; None where there is none within `timeout_s`."""
        left_s = self._due - self._clock()
        if left_s > 0:
            stop.wait(min(left_s, timeout_s))
        if stop.is_set() or self._clock() < self._due:
            return None
        self._due = self._clock() + self._interval_s
        return Task()

    def done(self, task, kept=True):
        """Nothing is left to do."""

    def close(self):
        """Nothing is held."""


def _origin(path, status):
    """What a picture is known by: name, size and time of its last change."""
    return f"{os.path.basename(path)} {status.st_size} {status.st_mtime_ns}"
