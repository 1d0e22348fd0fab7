"""Locks of one process at a time: locked files, and names of this machine."""

import os
import subprocess
import sys

import pytest

from ecg_edge.device.capture_service import LockedCamera
from ecg_edge.errors import CameraError
from ecg_edge.system.durable_files import take_lock
from ecg_edge.system.locks import NamedLock, describe_process, lock_owner

from ..waiting import read_line

HOLD = """
import signal, sys
from ecg_edge.system.durable_files import take_lock
from ecg_edge.system.locks import NamedLock
held = take_lock(sys.argv[2]), NamedLock(sys.argv[3])
print(flush=True)
signal.pause()
"""


@pytest.fixture
def other(tmp_path):
    """A process called 'ecg-edge watch' that holds a lock and a name; (process, lock, name)."""
    script, lock, name = tmp_path / "ecg-edge", tmp_path / "lock", f"test/{os.getpid()}"
    script.write_text(HOLD)
    process = subprocess.Popen([sys.executable, script, "watch", lock, name], stdout=subprocess.PIPE)
    assert read_line(process.stdout) == "\n"
    yield process, lock, name
    process.kill()
    process.communicate()


def test_a_lock_is_said_to_be_whose_it_is(other):
    """By command and number; free when the process has ended, however."""
    process, lock, _ = other
    assert lock_owner(lock) == f"'ecg-edge watch' (process {process.pid})"
    with pytest.raises(BlockingIOError):
        take_lock(lock)
    process.kill()
    process.wait()
    assert lock_owner(lock) is None
    os.close(take_lock(lock))


def test_a_name_is_had_by_one_process_at_a_time(other):
    """The second is told whose it is, again and again; free when the process has ended, however."""
    process, _, name = other
    for _ in range(20):
        with pytest.raises(BlockingIOError, match=rf"^'ecg-edge watch' \(process {process.pid}\)$"):
            NamedLock(name)
    process.kill()
    process.wait()
    NamedLock(name).close()
    NamedLock(name).close()


def test_a_camera_is_had_by_one_process_at_a_time():
    """The message says what to do; a camera that does not open is free again, and so is one that was closed."""
    number = f"test-{os.getpid()}"

    class Camera:
        capture = preview = None

        def close(self):
            pass

    def broken():
        raise CameraError("no camera")

    with pytest.raises(CameraError, match="^no camera$"):
        LockedCamera(number, broken)
    held = LockedCamera(number, Camera)
    with pytest.raises(CameraError, match=rf"^Camera {number} is in use by .*\(process {os.getpid()}\)\. End it, or"):
        LockedCamera(number, Camera)
    held.close()
    LockedCamera(number, Camera).close()


def test_what_is_not_there_has_no_owner(tmp_path):
    """Nor has a process that has ended a name."""
    assert lock_owner(tmp_path / "none") is None
    assert describe_process(0) is None
