"""The pictures of an archive: in folders of this machine, and in object stores (s3://, gs://, …) through fsspec; listed as they are needed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..errors import InstallationError, UsageError
from ..files.kinds import HEAD_BYTES, kind_of_path
from ..files.limits import MAX_BYTES


def is_url(path: str) -> bool:
    """Whether a path names something in an object store."""
    return "://" in path


def whole_paths(paths: Sequence[str]) -> list[str]:
    """The paths as the journal knows them, absolute, each once: what lies below another of them is left out."""
    given = dict.fromkeys(_without_slash(path) if is_url(path) else os.path.abspath(path) for path in paths)
    return [path for path in given if not any(folder in given for folder in _above(path))]


def find_pictures(paths: Sequence[str], on_others: Callable[[str, int], object]) -> Iterator[str]:
    """Yield the files of known kinds at and below `paths`, in order of their names folder by folder; a path at which there are none is yielded
    itself, and is answered by a failed result. `on_others` is told of a path that holds so many files of no known kind.

    Raises
    ------
    UsageError, InstallationError : an address of no known kind; one that cannot be listed, or whose package is missing.
    """
    for path in whole_paths(paths):
        others = found = 0
        for file, is_known in _in_store(path) if is_url(path) else _in_folder(path):
            if is_known:
                found += 1
                yield file
            else:
                others += 1
        if not found:
            yield path
        if others:
            on_others(path, others)


def stamp_of(path: str) -> str:
    """Size and time of the last change of a file of this machine, in seconds: what another content under the same name changes. Empty of others."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return ""
    return f"{status.st_size} {int(status.st_mtime)}"


def read_stored(url: str) -> bytes:
    """The bytes of a file in an object store, at most `MAX_BYTES` and one; FileNotFoundError where there is none."""
    store, path = _store_of(url)
    with store.open(path, "rb") as file:
        data: bytes = file.read(MAX_BYTES + 1)
    return data


def _without_slash(url: str) -> str:
    short = url.rstrip("/")
    return url if short.endswith(":") else short


def _above(path: str) -> Iterator[str]:
    """The folders that a path lies in."""
    while (folder := os.path.dirname(path)) != path and folder:
        yield folder
        path = folder


def _in_folder(path: str) -> Iterator[tuple[str, bool]]:
    """(path, whether its kind is known) of a file, or of those in a folder; folders that cannot be listed are known, to be answered for."""
    if not os.path.isdir(path):
        yield path, True
        return
    closed: list[str] = []
    for folder, below, files in os.walk(path, onerror=lambda error: closed.append(os.fspath(error.filename))):
        below.sort()
        for name in sorted(files):
            file = os.path.join(folder, name)
            kind = kind_of_path(file)
            is_known = kind is not None
            if kind is not None and kind.beside is not None:
                continue  # its header answers for it
            if is_known or not name.startswith("."):  # what systems and programs put there is nobody's page
                yield file, is_known
    yield from ((folder, True) for folder in closed)


def _in_store(url: str) -> Iterator[tuple[str, bool]]:
    store, path = _store_of(url)

    def head(file: str) -> bytes:
        data: bytes = store.cat_file(file, 0, HEAD_BYTES)
        return data

    try:
        if not store.isdir(path):
            yield url, True
            return
        for folder, _, files in store.walk(path):
            for name in sorted(files):
                file = f"{folder.rstrip('/')}/{name}"
                is_known = kind_of_path(file, head) is not None
                if is_known or not name.startswith("."):
                    yield store.unstrip_protocol(file), is_known
    except OSError as error:
        raise InstallationError(f"{url} cannot be listed ({error}): check address, network and credentials.") from error


def _store_of(url: str) -> tuple[Any, str]:
    """(file system, path in it) of an address."""
    from fsspec.core import url_to_fs

    try:
        store, path = url_to_fs(url)
    except ValueError as error:
        raise UsageError(
            f"{url}: {error}. Give a path, or an address that fsspec knows, such as s3://bucket/pages."
        ) from error
    except ImportError as error:
        raise InstallationError(f"{url}: {error}.") from error
    return store, path
