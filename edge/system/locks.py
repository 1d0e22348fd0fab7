"""Locks that one process has at a time, and which process that is: a locked file, or a name on this machine."""

import os
import socket
import struct
import threading
from contextlib import suppress

_WAITING, _CLOSE_S = 16, 2.0
_ASK_S = struct.pack("ll", 1, 0)
"""A struct timeval: one second."""


def lock_owner(path: str | os.PathLike[str]) -> str | None:
    """In words, the process that holds the flock(2) lock of the file `path`; None where it is not known (proc_locks(5))."""
    try:
        status = os.stat(path)
        wanted = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
        with open("/proc/locks", encoding="ascii") as file:
            rows = [line.split() for line in file]
    except OSError:
        return None
    numbers = [int(row[4]) for row in rows if row[1] == "FLOCK" and row[5] == wanted and row[4].isdecimal()]
    return describe_process(numbers[0]) if numbers else None


def describe_process(number: int) -> str | None:
    """A process in words: its command, where it is ours, and its number; None where there is none of that number."""
    try:
        with open(f"/proc/{number}/cmdline", "rb") as file:
            words = os.fsdecode(file.read()).split("\0")
    except OSError:
        # Another user's, on a system that hides them.
        return f"process {number}" if number > 0 else None
    place = next((i for i, word in enumerate(words) if os.path.basename(word) == "ecg-edge"), None)
    name = " ".join(["ecg-edge", *words[place + 1 : place + 2]]) if place is not None else os.path.basename(words[0])
    return f"'{name}' (process {number})"


class NamedLock:
    """A name that one process of this machine has at a time, whatever user it runs as; it is free again when that process ends.

    An abstract socket (unix(7)): no file, no permission, nothing left behind. A process that asks in vain connects to it, and so learns from
    the kernel which process has it.

    Raises
    ------
    BlockingIOError : another process has it; the text says which, in words.
    """

    def __init__(self, name: str):
        self._address = f"\0ecg-edge/{name}"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.bind(self._address)
            self._socket.listen(_WAITING)
        except OSError:
            self._socket.close()
            raise BlockingIOError(self._owner() or "another process") from None
        self._answering = threading.Thread(target=self._answer, daemon=True)
        self._answering.start()

    def close(self) -> None:
        """Release the name."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        # Until its thread has left the socket, the name is taken.
        self._answering.join(_CLOSE_S)
        self._socket.close()

    def _answer(self) -> None:
        with suppress(OSError):  # it was closed
            while True:
                self._socket.accept()[0].close()

    def _owner(self) -> str | None:
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
            # Waits while many others ask too.
            asking.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _ASK_S)
            asking.connect(self._address)
            number = struct.unpack("3i", asking.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
            return describe_process(number)
        return None
