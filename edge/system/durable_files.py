"""Files that are wholly there or wholly absent, whatever ends the process or the power."""

import fcntl
import os
from contextlib import suppress

PART = ".part"
"""The suffix of files that are being written; those that still have it after a crash are not finished and can be removed."""


def write_whole(path: str, data: bytes) -> None:
    """Write `data` as the file `path`: temporary name, fsync, rename, fsync of the directory.

    When it returns, the file survives a power cut; when it raises `OSError`, or never returns, there is no such file
    or the whole one.
    """
    part = f"{path}{PART}"
    try:
        with open(part, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.rename(part, path)
        sync_folder(os.path.dirname(path))
    except BaseException:
        with suppress(OSError):
            os.unlink(part)
        raise


def sync_folder(folder: str) -> None:
    """Make the names in `folder` survive a power cut."""
    handle = os.open(folder or ".", os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: str) -> None:
    """Make `folder` and those above it where they are missing, so that they survive a power cut."""
    folder = os.path.abspath(folder)
    missing = []
    while not os.path.isdir(folder):
        missing.append(folder)
        folder = os.path.dirname(folder)
    for path in reversed(missing):
        os.mkdir(path)
        sync_folder(os.path.dirname(path))


def remove(path: str) -> None:
    """Remove a file that may be gone already."""
    with suppress(FileNotFoundError):
        os.unlink(path)


def free_name(folder: str, name: str) -> str:
    """`name`, or the name with a count where it is taken in `folder`."""
    stem, suffix = os.path.splitext(name)
    count = 1
    while os.path.exists(os.path.join(folder, name)):
        count += 1
        name = f"{stem}-{count}{suffix}"
    return name


def take_lock(path: str | os.PathLike[str]) -> int:
    """Lock the file `path` for this process until the returned handle is closed; `BlockingIOError` where another process has locked it."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        os.close(handle)
        raise
    return handle
