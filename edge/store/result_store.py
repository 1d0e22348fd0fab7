"""Results in SQLite, with the pictures beside them, so that each page is wholly there or wholly absent.

A picture is written first (temporary name, fsync, rename, fsync of the directory), then its row in one transaction with
`synchronous=FULL`: a row without its picture cannot be, and a picture without a row is what a crash left behind. It is moved
to `found/`, not removed. Order is that of the rows' numbers, never of the clock, which a board without a battery
sets back.
"""

import json
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ..errors import StoreError, StoreFullError
from ..system import durable_files, locks
from ..system.clock import utc_now
from ..system.event_log import EventHandler, ignore_event
from ..words import encodable
from . import schema
from .storage_errors import as_store_errors, nothing_seen

DATABASE, PICTURES, FOUND, DAMAGED, LOCK = "results.db", "pictures", "found", "damaged", "lock"
SUFFIXES = ("", "-wal", "-shm")
"""What SQLite calls its files, after the database's name."""
LOG_PAGES = 200
"""The write-ahead log is merged into the database at 0.8 MB (SQLite's own default is 4 MB), so that it takes little of a small disk."""
WRITING = "journal_mode = WAL", "synchronous = FULL", f"wal_autocheckpoint = {LOG_PAGES}"
"""Settings of the database where it is written."""


@dataclass(frozen=True)
class Entry:
    """One stored page: its `number`, `result` (the dict of its JSON), what the `device` knew of itself and its camera, and
    the path of its `picture`, None where there is none (any more)."""

    number: int
    stored_at: str
    result: dict[str, Any]
    device: dict[str, Any]
    picture: str | None


def default_folder() -> str:
    """Where results are stored by default: systemd's state directory, else the user's data directory."""
    data = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    return os.environ.get("STATE_DIRECTORY") or os.path.join(data, "ecg-edge")


class Store:
    """The results in `folder`, for one writing process at a time and any number of reading ones; for threads too.

    Parameters
    ----------
    folder : made where it is missing (when writing)
    write : whether results are to be added; otherwise the folder must be there, and nothing in it is changed
    quota_bytes : the oldest pictures are removed when those in the folder take more than this; None for no limit
    keep_free_bytes : and when the disk has less left than this
    on_event : told of what was repaired, set aside or removed

    Raises
    ------
    StoreError : the folder cannot be used; another process writes there; the database is of a newer version.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        write: bool = True,
        quota_bytes: int | None = None,
        keep_free_bytes: int = 0,
        on_event: EventHandler = ignore_event,
    ):
        self.folder = os.path.abspath(folder)
        self._write, self._quota_bytes, self._keep_free_bytes = write, quota_bytes, keep_free_bytes
        self._on_event = on_event
        self._mutex = threading.RLock()
        self._lock: int | None = None
        self._connection: sqlite3.Connection | None = None
        with as_store_errors(self.folder):
            if write:
                durable_files.make_folder(self.path(PICTURES))
                durable_files.make_folder(self.path(FOUND))
                self._lock = self._take_lock()
            elif not os.path.isfile(self.path(DATABASE)):
                raise nothing_seen(self.folder)
            try:
                self._open()
                if write:
                    self._tidy()
            except BaseException:
                self.close()
                raise

    def path(self, *names: str) -> str:
        """The path of something in the store's folder."""
        return os.path.join(self.folder, *names)

    def add(
        self,
        result: dict[str, Any],
        picture: bytes | None = None,
        suffix: str = ".jpg",
        device: dict[str, Any] | None = None,
        origin: str | None = None,
        picture_of: int | None = None,
    ) -> int:
        """Keep a page: its number. When this returns, it survives a power cut.

        Parameters
        ----------
        result : as `Result.to_dict` gives it
        picture : the bytes of its picture file, kept as they are, with `suffix`; None for none
        device : what is known of camera and board
        origin : by which the same page is known when it comes again, for `knows`
        picture_of : of a further page of a file, the number of the page with which the file is kept as picture

        Raises
        ------
        StoreFullError : the disk is full; nothing of the page is kept, and the store can be used on.
        StoreError : the disk cannot be written, or the origin is there already.
        """
        with self._mutex, as_store_errors(self.folder):
            name = None
            if picture is not None:
                self._make_room(len(picture))
                name = f"{self._next_number():09d}{suffix.lower()}"
                durable_files.write_whole(self.path(PICTURES, name), picture)
            try:
                return self._insert(result, name, len(picture or b""), device, origin, picture_of)
            except BaseException:
                if name:
                    with suppress(OSError):
                        durable_files.remove(self.path(PICTURES, name))
                raise

    def get(self, number: int) -> Entry | None:
        """The `Entry` of that number; None where there is none."""
        return next(self._entries("WHERE number = ?", (number,)), None)

    def list(
        self,
        status: str | None = None,
        verdict: str | None = None,
        model: str | None = None,
        since: str | None = None,
        until: str | None = None,
        after: int = 0,
        limit: int = -1,
        newest_first: bool = False,
        before: int | None = None,
        text: str | None = None,
    ) -> Iterator[Entry]:
        """Yield the entries that fit, in the order in which they came.

        `since` and `until` (exclusive) compare with the time of capture, ISO 8601 in UTC; `after` and `before` (exclusive) are numbers;
        `text` stands in the source, in letters of any case.
        """
        wanted = {"status = ?": status, "verdict = ?": verdict, "model = ?": model,
                  "coalesce(captured_at, stored_at) >= ?": since, "coalesce(captured_at, stored_at) < ?": until,
                  "number > ?": after, "number < ?": before, "instr(lower(source), lower(?)) > 0": text and encodable(text)}  # fmt: skip
        given = {clause: value for clause, value in wanted.items() if value is not None}
        order = "DESC" if newest_first else "ASC"
        return self._entries(f"WHERE {' AND '.join(given)} ORDER BY number {order} LIMIT ?", (*given.values(), limit))

    def knows(self, origin: str, with_picture: bool = False) -> bool:
        """Whether a page of that origin is stored, or was until a person removed it; `with_picture`, whether its picture is, or was until the quota did."""
        kept = f" AND (picture_bytes > 0 OR {schema.FIRST.format('picture_bytes')} > 0)" if with_picture else ""
        with self._mutex, as_store_errors(self.folder):
            found = f"SELECT 1 FROM results WHERE origin = ?1{kept} UNION SELECT 1 FROM removed WHERE origin = ?1"
            return bool(self._database.execute(found, (encodable(origin),)).fetchone())

    def number_of(self, origin: str) -> int | None:
        """The number of the page of that origin; None where none is stored."""
        return self._first("SELECT number FROM results WHERE origin = ?", encodable(origin))

    def open_channel(self, channel: str) -> None:
        """Start to record what a channel has sent: a new one begins with the next page."""
        self._change("INSERT OR IGNORE INTO outbox SELECT ?, coalesce(max(number), 0) FROM results", (channel,))

    def next_unsent(self, channel: str) -> Entry | None:
        """The oldest `Entry` that the channel has not sent; None where it has sent all."""
        sent = self._first("SELECT sent FROM outbox WHERE channel = ?", channel)
        return None if sent is None else next(self.list(after=sent, limit=1), None)

    def mark_sent(self, channel: str, number: int) -> None:
        """Record that the channel has sent all pages up to this number."""
        self._change("UPDATE outbox SET sent = ? WHERE channel = ? AND sent < ?", (number, channel, number))

    def close(self) -> None:
        """Close the database and let others write."""
        with self._mutex:
            if self._connection is not None:
                with suppress(sqlite3.Error):
                    self._connection.close()
            if self._lock is not None:
                os.close(self._lock)
            self._connection = self._lock = None

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _take_lock(self) -> int:
        try:
            return durable_files.take_lock(self.path(LOCK))
        except BlockingIOError:
            who = locks.lock_owner(self.path(LOCK)) or "another ecg-edge"
            raise StoreError(
                f"{self.folder} is in use by {who}. End it ('systemctl stop ecg-edge'), or give another folder."
            ) from None

    # The database

    @property
    def _database(self) -> sqlite3.Connection:
        assert self._connection is not None, "the store is open"
        return self._connection

    def _open(self) -> None:
        """Open the database; a bad one is set aside, with its pictures, and a new one made."""
        if not self._write:
            self._connection = self._connect_to_read()
            return
        try:
            self._connection = self._connect()
            problem = schema.find_damage(self._connection)
        except sqlite3.DatabaseError as error:
            if not schema.is_damage(error):
                raise
            problem = str(error)
        if problem:
            if self._connection is not None:
                self._connection.close()
            aside = self._set_aside()
            self._on_event("store.damaged", problem=problem, kept_in=aside)
            self._connection = self._connect()
        newest = schema.version_of(self._database)
        if newest > schema.VERSION:
            raise StoreError(
                f"{self.path(DATABASE)} was written by a newer ecg-edge (version {newest}): install that one."
            )
        schema.migrate(self._database)
        durable_files.sync_folder(self.folder)

    def _connect(self, mode: str = "mode=rwc") -> sqlite3.Connection:
        uri = f"file:{quote(os.fsencode(self.path(DATABASE)))}?{mode}"
        connection = sqlite3.connect(uri, uri=True, timeout=5, isolation_level=None, check_same_thread=False)
        try:
            for setting in WRITING if self._write else ():
                connection.execute(f"PRAGMA {setting}")
        except sqlite3.Error:
            connection.close()  # a damaged file is about to be set aside: it may not be held open
            raise
        return connection

    def _connect_to_read(self) -> sqlite3.Connection:
        connection = self._connect("mode=ro")
        try:
            schema.version_of(connection)
        except sqlite3.OperationalError:
            # Nobody writes, and we may not make the files that readers share with a writer.
            if os.path.exists(self.path(DATABASE + "-wal")):
                raise
            connection.close()
            connection = self._connect("mode=ro&immutable=1")
        return connection

    def _set_aside(self) -> str:
        """Move database and pictures to a folder of their own below `damaged/`: its path."""
        count = 1
        while os.path.exists(aside := self.path(DAMAGED, f"{count:04d}")):
            count += 1
        durable_files.make_folder(aside)
        for name in (PICTURES, *(DATABASE + suffix for suffix in SUFFIXES)):
            with suppress(FileNotFoundError):
                os.rename(self.path(name), os.path.join(aside, name))
        durable_files.make_folder(self.path(PICTURES))
        durable_files.sync_folder(aside)
        durable_files.sync_folder(self.folder)
        return aside

    def _tidy(self) -> None:
        """Tidy up after a crash: remove unfinished files, move pictures without a row to `found/`, clear the names of pictures that are gone."""
        known = dict(self._database.execute("SELECT picture, number FROM results WHERE picture IS NOT NULL"))
        for name in sorted(os.listdir(self.path(PICTURES))):
            if name.endswith(durable_files.PART):
                durable_files.remove(self.path(PICTURES, name))
            elif name not in known:
                os.rename(self.path(PICTURES, name), self.path(FOUND, durable_files.free_name(self.path(FOUND), name)))
                self._on_event("store.found", picture=name, kept_in=self.path(FOUND))
            else:
                known.pop(name)
        for name, number in known.items():
            self._clear_picture(number)
            self._on_event("store.picture_missing", number=number, picture=name)

    def _insert(
        self,
        result: dict[str, Any],
        name: str | None,
        size: int,
        device: dict[str, Any] | None,
        origin: str | None,
        picture_of: int | None,
    ) -> int:
        model = (result.get("model") or {}).get("name")
        origin = origin and encodable(origin)
        row = (utc_now("milliseconds"), result.get("captured_at"), origin, encodable(result["source"]), result["status"], result["verdict"],
               result["reason"], model, json.dumps(result), json.dumps(device or {}), name, size, picture_of)  # fmt: skip
        return self._change(
            "INSERT INTO results (stored_at, captured_at, origin, source, status, verdict, reason, model, result, device,"
            f" picture, picture_bytes, picture_of) VALUES ({', '.join('?' * len(row))})",
            row,
        )

    def _change(self, statement: str, values: Sequence[object]) -> int:
        """Run one statement in a transaction of its own; the number of the row it added."""
        with self._mutex, as_store_errors(self.folder):
            try:
                self._database.execute("BEGIN IMMEDIATE")
                number = self._database.execute(statement, values).lastrowid
                self._database.execute("COMMIT")
                return number or 0
            except BaseException:
                if self._database.in_transaction:
                    with suppress(sqlite3.Error):
                        self._database.execute("ROLLBACK")
                raise

    def _first(self, query: str, *values: object) -> int | None:
        """The first number that a query finds; None where it finds none."""
        with self._mutex, as_store_errors(self.folder):
            row = self._database.execute(query, values).fetchone()
        return row[0] if row else None

    def _next_number(self) -> int:
        return (self._first("SELECT seq FROM sqlite_sequence WHERE name = 'results'") or 0) + 1

    def _entries(self, clauses: str, values: Sequence[object]) -> Iterator[Entry]:
        with self._mutex, as_store_errors(self.folder):
            columns = f"number, stored_at, result, device, {schema.picture_column(self._database)}"
            rows = self._database.execute(f"SELECT {columns} FROM results {clauses}", values)
        # Some at a time: a long history need not fit into memory, and others may write meanwhile.
        while batch := self._fetch(rows):
            for number, stored_at, result, device, picture in batch:
                path = picture and self.path(PICTURES, picture)
                yield Entry(number, stored_at, json.loads(result), json.loads(device), path)

    def _fetch(self, rows: sqlite3.Cursor) -> Sequence[Any]:
        with self._mutex, as_store_errors(self.folder):
            return rows.fetchmany(100)

    # Room for pictures

    def _make_room(self, wanted_bytes: int) -> None:
        """Remove what was found, then the oldest pictures, until a new one fits the quota and the disk; never a row."""
        used = sum(file.stat().st_size for file in os.scandir(self.path(FOUND)))
        stored = "SELECT total(picture_bytes) FROM results WHERE picture IS NOT NULL"
        used += self._database.execute(stored).fetchone()[0]
        removed = self._remove_pictures()
        while self._is_short(used + wanted_bytes, wanted_bytes):
            size = next(removed, None)
            if size is None:
                return  # the disk will say whether it is full
            used -= size

    def _is_short(self, used_bytes: int, wanted_bytes: int) -> bool:
        if self._quota_bytes is not None and used_bytes > self._quota_bytes:
            return True
        left = os.statvfs(self.folder)
        return self._keep_free_bytes > 0 and left.f_bavail * left.f_frsize < self._keep_free_bytes + wanted_bytes

    def _remove_pictures(self) -> Iterator[int]:
        """Remove a picture at each step, the oldest first: yield its size."""
        for file in sorted(os.scandir(self.path(FOUND)), key=lambda file: file.name):
            size = file.stat().st_size
            durable_files.remove(file.path)
            yield size
        oldest = "SELECT number, picture, picture_bytes FROM results WHERE picture IS NOT NULL AND number > ? ORDER BY number LIMIT 1"
        number = 0
        while row := self._database.execute(oldest, (number,)).fetchone():
            number, name, size = row
            # The picture goes first: on a full disk nothing can be written before. A crash in between is tidied up.
            durable_files.remove(self.path(PICTURES, name))
            with suppress(StoreFullError):
                self._clear_picture(number)
            self._on_event("store.picture_removed", number=number)
            yield size

    def _clear_picture(self, number: int) -> None:
        self._change("UPDATE results SET picture = NULL WHERE number = ?", (number,))
