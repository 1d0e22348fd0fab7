"""Results as lines of JSON, with a journal of the pictures they are of: a run that is killed goes on where it was, nothing lost, nothing twice.

Lines are appended and forced to the disk first, then the journal's, which say where the lines of each picture end. What stands after the last end
that the journal knows was being written at a kill: it is cut off, and its pictures are read again.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO

from ..errors import OutputError, UsageError
from ..system.durable_files import sync_folder, take_lock
from ..system.locks import lock_owner

SCHEMA = "ecg-edge/archive/1"
SUFFIX = ".journal"
COMMIT_S, COMMIT_PICTURES = 1.0, 200
"""What is written at most so late, and after so many pictures: a kill costs no more than their reading."""
ANY_STAMP = "*"
"""Of entries of version 1.0.0, which have none: they hold whatever the picture's stamp is."""
DIGEST_BYTES = 16
"""Of each finished picture's path so much is kept in memory."""


class Journal:
    """The results in the file `lines`, and which pictures they are of in the one `path`; for one process at a time.

    Parameters
    ----------
    out : the file that was asked for: the journal stands beside it
    lines : where results are appended, a line each
    settings : what the results depend on; another run with the same journal must have the same

    Raises
    ------
    UsageError : the files are another run's, in use, or do not belong together.
    OutputError : they cannot be written.
    """

    def __init__(self, out: str, lines: str, settings: dict[str, Any]):
        self.path, self.lines = f"{out}{SUFFIX}", lines
        self.statuses: Counter[str] = Counter()
        """How many results have each status, of earlier runs too."""
        self.pictures = 0
        """How many pictures are finished, in earlier runs too."""
        self._done: set[bytes] = set()
        self._waiting: list[tuple[dict[str, Any], bytes]] = []
        self._committed_at = time.monotonic()
        with _as_output_errors(out):
            self._lock = self._take_lock()
            try:
                end, good = self._read(settings)
                self._lines, self._journal = _open_at(lines, end), _open_at(self.path, good)
                if not good:
                    self._write_journal([{"schema": SCHEMA, "settings": settings}])
                sync_folder(os.path.dirname(os.path.abspath(lines)))
            except BaseException:
                os.close(self._lock)
                raise

    def __contains__(self, path: str) -> bool:
        """Whether the picture at a path, of which no stamp is known, is finished."""
        return self.has(path)

    def has(self, path: str, stamp: str = "") -> bool:
        """Whether the picture at a path is finished as it stands there now: `stamp` is another where it has changed, and empty where none is known
        or nothing is there."""
        return any(_digest(path, known) in self._done for known in (stamp, ANY_STAMP))

    def add(self, path: str, results: Sequence[dict[str, Any]], stamp: str = "") -> None:
        """Take the results of a picture, one for each of its pages; they are written in a while, at `commit` or `close` at the latest. `stamp` is
        what it had when it was given to be read, empty where none is known."""
        text = "".join(f"{json.dumps(result)}\n" for result in results).encode()
        statuses = [result["status"] for result in results]
        entry = {"path": path, "stamp": stamp, "sha256": results[0]["sha256"], "statuses": statuses}
        self._waiting.append((entry, text))
        self._count(path, stamp, statuses)
        if len(self._waiting) >= COMMIT_PICTURES or time.monotonic() - self._committed_at >= COMMIT_S:
            self.commit()

    def commit(self) -> None:
        """Write what was taken: when this returns, it survives a power cut."""
        with _as_output_errors(self.lines):
            entries = []
            for entry, text in self._waiting:
                self._lines.write(text)
                entries.append(entry | {"end": self._lines.tell()})
            _sync(self._lines)
            self._write_journal(entries)
        self._waiting.clear()
        self._committed_at = time.monotonic()

    def close(self) -> None:
        """Write what was taken, and let others write."""
        try:
            self.commit()
        finally:
            for file in (self._lines, self._journal):
                file.close()
            os.close(self._lock)

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _take_lock(self) -> int:
        try:
            return take_lock(self.path)
        except BlockingIOError:
            who = lock_owner(self.path) or "another ecg-edge"
            raise UsageError(f"{self.path} is in use by {who}: wait for it, or give another --out.") from None

    def _read(self, settings: dict[str, Any]) -> tuple[int, int]:
        """(end of the lines, end of the journal) as far as both are whole."""
        end = good = 0
        with open(self.path, "rb") as journal:
            for line in journal:
                if not line.endswith(b"\n"):
                    break  # half written at a kill
                entry = self._parse(line)
                if good == 0:
                    self._check(entry, settings)
                else:
                    end = entry["end"]
                    self._count(entry["path"], entry.get("stamp", ANY_STAMP), entry["statuses"])
                good += len(line)
        size = os.path.getsize(self.lines) if os.path.exists(self.lines) else 0
        if size and not good:
            raise UsageError(f"{self.lines} is there already, without a journal of its pictures: give another --out.")
        if size < end:
            raise UsageError(
                f"{self.lines} is shorter than its journal says: bring it back, or remove both and begin anew."
            )
        return end, good

    def _parse(self, line: bytes) -> dict[str, Any]:
        try:
            entry: dict[str, Any] = json.loads(line)
            if "schema" in entry or {"path", "statuses", "end"} <= entry.keys():
                return entry
        except (ValueError, AttributeError):
            pass
        raise UsageError(f"{self.path} is no journal of 'ecg-edge archive': give another --out.")

    def _check(self, head: dict[str, Any], settings: dict[str, Any]) -> None:
        if head.get("schema") != SCHEMA:
            raise UsageError(f"{self.path} is no journal of this version of 'ecg-edge archive': give another --out.")
        known = head.get("settings") or {}
        other = [
            f"{name} {known.get(name)}, not {value}" for name, value in settings.items() if known.get(name) != value
        ]
        if other:
            raise UsageError(f"{self.path} was begun with {'; '.join(other)}: give another --out, or the same options.")

    def _count(self, path: str, stamp: str, statuses: Sequence[str]) -> None:
        self._done.add(_digest(path, stamp))
        self.statuses.update(statuses)
        self.pictures += 1

    def _write_journal(self, entries: Sequence[dict[str, Any]]) -> None:
        self._journal.write("".join(f"{json.dumps(entry)}\n" for entry in entries).encode())
        _sync(self._journal)


def _digest(path: str, stamp: str = "") -> bytes:
    key = f"{path}\0{stamp}" if stamp else path
    return hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=DIGEST_BYTES).digest()


def _open_at(path: str, end: int) -> BinaryIO:
    """A file opened to be written on from `end`, its folder made; what stands after it is cut off."""
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    file = open(path, "r+b" if os.path.exists(path) else "w+b")  # noqa: SIM115 - closed by `Journal.close`
    file.truncate(end)
    file.seek(end)
    return file


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


@contextmanager
def _as_output_errors(path: str) -> Iterator[None]:
    try:
        yield
    except (UsageError, OutputError):
        raise
    except OSError as error:
        raise OutputError(f"{path} cannot be written ({error.strerror or error}): check folder and disk.") from error
