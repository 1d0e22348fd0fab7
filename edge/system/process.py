"""Processes that end with the parent that started them, and memory that is given back to the system."""

import ctypes
import multiprocessing
import os
import signal
import threading
from contextlib import suppress

_LARGE_BYTES = 1 << 20
_M_MMAP_THRESHOLD = -3  # glibc's malloc.h


def end_with_parent() -> None:
    """In a process of `multiprocessing`: leave interrupts to the parent, and end when it ends, even when it is killed."""
    # An interrupt from the keyboard reaches the whole group: the parent decides what it ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_when_parent_ends, daemon=True).start()


def _end_when_parent_ends() -> None:
    # A parent that is killed cannot end its processes: they end themselves, even from within a reading.
    parent = multiprocessing.parent_process()
    assert parent is not None, "called in a process that multiprocessing started"
    parent.join()
    os._exit(1)


def return_large_blocks() -> None:
    """Let glibc give large arrays back when they are freed: its threshold for this grows with use otherwise, and so does the process."""
    with suppress(AttributeError, OSError, TypeError):  # not the GNU C library
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)


def return_memory() -> None:
    """Give the memory that a reading no longer needs back to the system: the C library keeps it, in pieces, and the next picture takes as much again."""
    with suppress(AttributeError, OSError, TypeError):  # not the GNU C library
        ctypes.CDLL(None).malloc_trim(0)
