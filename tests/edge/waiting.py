"""Waiting for what a test needs, never for a time: a state, a line, the end of a process; with limits that a busy machine does not reach."""

import os
import select
import socket
import threading
import time

LIMIT_S = 120.0
"""What has not come after so long does not come."""


def wait_for(condition, seconds=LIMIT_S):
    """The first value of `condition()` that is true."""
    until = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < until, f"it did not come within {seconds:g} s"
        time.sleep(0.02)
    return found


def read_line(pipe, seconds=LIMIT_S):
    """The next line of a process's pipe as text ("" at its end), and not a byte more: `communicate` gets all that follows.

    A pipe's own `readline` reads ahead, and `communicate` knows nothing of what it holds.
    """
    until, line = time.monotonic() + seconds, b""
    while not line.endswith(b"\n"):
        ready, _, _ = select.select([pipe], [], [], max(until - time.monotonic(), 0))
        assert ready, f"no line within {seconds:g} s; so far {line!r}"
        byte = os.read(pipe.fileno(), 1)
        if not byte:
            break
        line += byte
    return line.decode()


def is_running(process_id):
    """Whether a process has not ended, with all its threads; one whose end its parent has not asked after yet has.

    The first thread of a killed process is a zombie while others still end: until then its parent cannot know, and its files are open.
    """
    try:
        with open(f"/proc/{process_id}/stat") as file:
            state = file.read().rsplit(")", 1)[1].split()[0]
        return state != "Z" or len(os.listdir(f"/proc/{process_id}/task")) > 1
    except OSError:
        return False


def wait_for_end(*process_ids):
    """Wait until none of these processes is running."""
    wait_for(lambda: not any(map(is_running, process_ids)))


class Systemd:
    """In the place of systemd: a socket at `path` for NOTIFY_SOCKET, and in `told` what it was told, as text, in order."""

    def __init__(self, path):
        self.path, self.told = str(path), []
        self._channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._channel.bind(self.path)
        # All the time: few messages fit in its queue, and who notifies does not wait.
        self._listening = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self):
        self._listening.start()
        return self

    def __exit__(self, *_):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
            end.sendto(b"", self.path)
        self._listening.join(LIMIT_S)
        self._channel.close()

    def _listen(self):
        while text := self._channel.recv(1000):
            self.told.append(text.decode())
