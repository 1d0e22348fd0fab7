"""The tables of the store, and how older ones become newer ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

MIGRATIONS = (
    (
        """CREATE TABLE results (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            stored_at TEXT NOT NULL,
            captured_at TEXT,
            origin TEXT UNIQUE,
            source TEXT NOT NULL,
            status TEXT NOT NULL,
            verdict TEXT,
            reason TEXT,
            model TEXT,
            result TEXT NOT NULL,
            device TEXT NOT NULL,
            picture TEXT UNIQUE,
            picture_bytes INTEGER NOT NULL
        )""",
        "CREATE INDEX results_with_picture ON results (number) WHERE picture IS NOT NULL",
        "CREATE TABLE outbox (channel TEXT PRIMARY KEY, sent INTEGER NOT NULL) WITHOUT ROWID",
    ),
    # The number of the page with whose result the picture's file is kept: that of the first page, of further pages of a PDF.
    ("ALTER TABLE results ADD COLUMN picture_of INTEGER",),
    # Where pages came from that a person has removed: what still lies there is not read anew.
    ("CREATE TABLE removed (origin TEXT PRIMARY KEY) WITHOUT ROWID",),
)
"""The statements that lead from version n to n + 1; the version of a database is its `user_version`."""

VERSION = len(MIGRATIONS)
FIRST = "(SELECT first.{} FROM results AS first WHERE first.number = results.picture_of)"
"""Of a further page of a file, a column of the page with which the file is kept."""


def version_of(connection: sqlite3.Connection) -> int:
    """The version of an open database; 0 where it is new."""
    return connection.execute("PRAGMA user_version").fetchone()[0]


def picture_column(connection: sqlite3.Connection) -> str:
    """The name of a result's picture, as SQL; a reader may meet a database that no newer version has written to yet."""
    return f"coalesce(picture, {FIRST.format('picture')})" if version_of(connection) > 1 else "picture"


def migrate(connection: sqlite3.Connection, migrations: Sequence[Sequence[str]] = MIGRATIONS) -> None:
    """Bring an open database to the newest version, each step wholly or not at all."""
    for number in range(version_of(connection), len(migrations)):
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in migrations[number]:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number + 1}")
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise


def find_damage(connection: sqlite3.Connection) -> str | None:
    """What SQLite's quick check finds wrong with a database, None where nothing is."""
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    return None if found == "ok" else found


def is_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether the error means that the file is no sound database, and not that it cannot be reached."""
    return any(sign in str(error) for sign in ("malformed", "not a database", "disk image", "unsupported file format"))
