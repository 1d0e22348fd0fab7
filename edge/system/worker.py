"""A process that answers calls, with a limit on each: one that hangs is asked to end, then killed, and started anew."""

from __future__ import annotations

import multiprocessing
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing import connection as connections
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from ..errors import EcgEdgeError, WorkerError, WorkerTimeoutError
from .event_log import EventHandler, ignore_event
from .process import end_with_parent, return_large_blocks

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess
    from types import FrameType

TICK_S = 0.5
"""How often a waiting caller's `tick` is called."""
Answer = Callable[[Any], Any]
"""A function of a request that gives its answer."""
Tick = Callable[[], object]
"""A function that a waiting caller calls now and then; what it returns is ignored."""


class _Running(NamedTuple):
    """A process and the caller's end of the pipe to it."""

    process: SpawnProcess
    pipe: connections.Connection


class Worker:
    """A process of its own, started when it is first needed.

    Parameters
    ----------
    make : function of a module, called in the process with `arguments` (both must be picklable); what it returns is called with each
        request, and closed in the end where it has a `close`
    start_timeout_s : limit for `make`
    grace_s : how long a process that was asked to end (SIGTERM) is waited for before it is killed
    on_event : told of starts and ends
    """

    def __init__(
        self,
        make: Callable[..., Answer],
        arguments: Sequence[object] = (),
        start_timeout_s: float = 60.0,
        grace_s: float = 3.0,
        on_event: EventHandler = ignore_event,
    ):
        self._make, self._arguments = make, arguments
        self._start_timeout_s, self._grace_s = start_timeout_s, grace_s
        self._on_event = on_event
        self._mutex = threading.Lock()
        self._running: _Running | None = None

    @property
    def process_id(self) -> int | None:
        """The process's number; None where none runs."""
        running = self._running
        return running.process.pid if running else None

    def start(self, tick: Tick | None = None) -> None:
        """Start the process, if none runs, and wait until it is ready; what `make` raises is raised here."""
        with self._exclusive(tick):
            self._start(tick)

    def call(self, request: object, timeout_s: float, tick: Tick | None = None) -> Any:
        """What the process answers to `request`, within `timeout_s`; `tick` is called now and then meanwhile.

        Raises
        ------
        WorkerTimeoutError : it did not answer in time; it was ended, and the next call starts a new one.
        WorkerError : it ended before it answered (the next call starts a new one), or it failed with another error than ours.
        EcgEdgeError : what the function raised there.
        """
        with self._exclusive(tick):
            running = self._start(tick)
            with suppress(OSError):  # it has ended: the answer says how
                running.pipe.send(request)
            return self._answer(running, timeout_s, tick)

    def close(self) -> None:
        """End the process."""
        with self._mutex:
            self._end()

    @contextmanager
    def _exclusive(self, tick: Tick | None) -> Iterator[None]:
        """One caller at a time; the `tick` of those that wait is called meanwhile too."""
        while not self._mutex.acquire(timeout=TICK_S):
            if tick:
                tick()
        try:
            yield
        finally:
            self._mutex.release()

    def _start(self, tick: Tick | None) -> _Running:
        """The process that runs, started where none does."""
        if self._running is not None and self._running.process.is_alive():
            return self._running
        self._end()
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_work, args=(theirs, self._make, self._arguments), daemon=True)
        process.start()
        theirs.close()
        self._running = running = _Running(process, ours)
        try:
            self._answer(running, self._start_timeout_s, tick)
        except EcgEdgeError:
            self._end()
            raise
        self._on_event("worker.started", process=process.pid)
        return running

    def _answer(self, running: _Running, timeout_s: float, tick: Tick | None) -> Any:
        process, pipe = running
        deadline = time.monotonic() + timeout_s
        while not connections.wait([pipe, process.sentinel], min(TICK_S, max(deadline - time.monotonic(), 0))):
            if tick:
                tick()
            if time.monotonic() >= deadline:
                number = process.pid
                how = self._end()
                self._on_event("worker.hung", process=number, timeout_s=timeout_s, ended_by=how)
                raise WorkerTimeoutError(
                    f"The reading process gave no answer within {timeout_s:g} s and was ended ({how})."
                )
        try:
            raised, answer = pipe.recv()
        except (EOFError, OSError):
            process.join(self._grace_s)
            code = process.exitcode
            self._end()
            self._on_event("worker.died", exit_code=code)
            raise WorkerError(f"The reading process ended before it answered ({_ended(code)}).") from None
        if raised:
            raise answer
        return answer

    def _end(self) -> str:
        """End the process, if there is one: how it ended, by SIGTERM or SIGKILL."""
        running, how = self._running, "SIGTERM"
        if running is not None:
            process, pipe = running
            with suppress(OSError):
                pipe.close()
            process.terminate()
            process.join(self._grace_s)
            if process.is_alive():
                how = "SIGKILL"
                process.kill()
                # A process that waits within the kernel (a driver that hangs) may outlive even this: it is left behind.
                process.join(self._grace_s)
            with suppress(ValueError):
                process.close()
        self._running = None
        return how


def _ended(code: int | None) -> str:
    if code is not None and code < 0:
        name = signal.Signals(-code).name
        return f"{name}, perhaps for want of memory" if name == "SIGKILL" else name
    return f"status {code}"


def _work(pipe: connections.Connection, make: Callable[..., Answer], arguments: Sequence[object]) -> None:
    """What the process does: answer requests until its caller is gone."""
    end_with_parent()
    signal.signal(signal.SIGTERM, _exit_once)
    return_large_blocks()
    answer: Answer | None = None
    try:
        try:
            answer = _send(pipe, lambda: make(*arguments), quiet=True)
            while answer is not None:
                _send(pipe, partial(answer, pipe.recv()))
        except (EOFError, OSError):
            pass  # the caller is gone
        finally:
            # The caller closes the pipe and then sends SIGTERM, which must not break off the closing that the first began.
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
    finally:
        close = getattr(answer, "close", None)
        if close is not None:
            close()


def _exit_once(number: int, frame: FrameType | None) -> NoReturn:
    signal.signal(number, signal.SIG_IGN)
    sys.exit(128 + number)


def _send(pipe: connections.Connection, function: Callable[[], Any], quiet: bool = False) -> Any:
    """Send what the function returns (with `quiet` nothing instead) or raises; what it returned."""
    try:
        value = function()
    except EcgEdgeError as error:
        pipe.send((True, error))
    except Exception as error:
        pipe.send((True, WorkerError(f"{type(error).__name__}: {error}")))
    else:
        pipe.send((False, None if quiet else value))
        return value
    return None
