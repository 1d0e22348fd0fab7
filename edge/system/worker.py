"""A process that answers calls, with a limit on each: one that hangs is asked to end, then killed, and started anew."""

import multiprocessing
import signal
import sys
import threading
import time
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing import connection as connections

from ..errors import EcgEdgeError, WorkerError, WorkerTimeoutError
from .process import end_with_parent, return_large_blocks

SLICE_S = 0.5
"""How often a waiting caller may do something else."""


class Worker:
    """A process of its own, started when it is first needed.

    Parameters
    ----------
    make : function of a module, called in the process with `arguments` (both must be picklable); what it returns is called with each
        request, and closed in the end where it has a `close`
    start_timeout_s : limit for `make`
    grace_s : how long a process that was asked to end (SIGTERM) is waited for before it is killed
    notice : a function of (event, **details), told of starts and ends
    """

    def __init__(self, make, arguments=(), start_timeout_s=60.0, grace_s=3.0, notice=None):
        self._make, self._arguments = make, arguments
        self._start_timeout_s, self._grace_s = start_timeout_s, grace_s
        self._notice = notice or (lambda event, **details: None)
        self._mutex = threading.Lock()
        self._process = self._connection = None

    @property
    def process_id(self):
        """The process's number; None where none runs."""
        return self._process and self._process.pid

    def start(self, tick=None):
        """Start the process, if none runs, and wait until it is ready; what `make` raises is raised here."""
        with self._turn(tick):
            self._start(tick)

    def call(self, request, timeout_s, tick=None):
        """What the process answers to `request`, within `timeout_s`; `tick` is called now and then meanwhile.

        Raises
        ------
        WorkerTimeoutError : it did not answer in time; it was ended, and the next call starts a new one.
        WorkerError : it ended before it answered (the next call starts a new one), or it failed with another error than ours.
        EcgEdgeError : what the function raised there.
        """
        with self._turn(tick):
            self._start(tick)
            with suppress(OSError):  # it has ended: the answer says how
                self._connection.send(request)
            return self._answer(timeout_s, tick)

    def close(self):
        """End the process."""
        with self._mutex:
            self._end()

    @contextmanager
    def _turn(self, tick):
        """One caller at a time; those that wait may do something else meanwhile too."""
        while not self._mutex.acquire(timeout=SLICE_S):
            if tick:
                tick()
        try:
            yield
        finally:
            self._mutex.release()

    def _start(self, tick):
        if self._process is not None and self._process.is_alive():
            return
        self._end()
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(theirs, self._make, self._arguments), daemon=True)
        self._process.start()
        theirs.close()
        try:
            self._answer(self._start_timeout_s, tick)
        except EcgEdgeError:
            self._end()
            raise
        self._notice("worker.started", process=self._process.pid)

    def _answer(self, timeout_s, tick):
        deadline = time.monotonic() + timeout_s
        while not connections.wait(
            [self._connection, self._process.sentinel], min(SLICE_S, max(deadline - time.monotonic(), 0))
        ):
            if tick:
                tick()
            if time.monotonic() >= deadline:
                number = self._process.pid
                how = self._end()
                self._notice("worker.hung", process=number, timeout_s=timeout_s, ended_by=how)
                raise WorkerTimeoutError(
                    f"The reading process gave no answer within {timeout_s:g} s and was ended ({how})."
                )
        try:
            raised, answer = self._connection.recv()
        except (EOFError, OSError):
            self._process.join(self._grace_s)
            code = self._process.exitcode
            self._end()
            self._notice("worker.died", exit_code=code)
            raise WorkerError(f"The reading process ended before it answered ({_ended(code)}).") from None
        if raised:
            raise answer
        return answer

    def _end(self):
        """End the process: how it ended, by SIGTERM or SIGKILL."""
        process, how = self._process, "SIGTERM"
        if process is not None:
            with suppress(OSError):
                self._connection.close()
            process.terminate()
            process.join(self._grace_s)
            if process.is_alive():
                how = "SIGKILL"
                process.kill()
                # A process in the kernel's hands (a driver that hangs) may outlive even this: it is left behind.
                process.join(self._grace_s)
            with suppress(ValueError):
                process.close()
        self._process = self._connection = None
        return how


def _ended(code):
    if code is not None and code < 0:
        name = signal.Signals(-code).name
        return f"{name}, perhaps for want of memory" if name == "SIGKILL" else name
    return f"status {code}"


def _work(connection, make, arguments):
    """What the process does: answer requests until its caller is gone."""
    end_with_parent()
    signal.signal(signal.SIGTERM, _exit_once)
    return_large_blocks()
    answer = None
    try:
        try:
            answer = _send(connection, lambda: make(*arguments), quiet=True)
            while answer is not None:
                _send(connection, partial(answer, connection.recv()))
        except (EOFError, OSError):
            pass  # the caller is gone
        finally:
            # The caller closes the pipe and then sends SIGTERM, which must not break off the closing that the first began.
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
    finally:
        if hasattr(answer, "close"):
            answer.close()


def _exit_once(number, frame):
    signal.signal(number, signal.SIG_IGN)
    sys.exit(128 + number)


def _send(connection, function, quiet=False):
    """Send what the function returns (with `quiet` nothing instead) or raises; what it returned."""
    try:
        value = function()
    except EcgEdgeError as error:
        connection.send((True, error))
    except Exception as error:
        connection.send((True, WorkerError(f"{type(error).__name__}: {error}")))
    else:
        connection.send((False, None if quiet else value))
        return value
    return None
