"""The database's versions: migrated whole, newer ones left alone."""

import sqlite3
from pathlib import Path

import pytest

from ecg_edge.errors import StoreError
from ecg_edge.store import result_store, schema

from .results import JPEG, names, page


def test_a_newer_database_is_left_alone(open_store):
    """And the person told."""
    kept = open_store()
    kept.close()
    with sqlite3.connect(kept.path(result_store.DATABASE)) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreError, match=r"was written by a newer ecg-edge \(version 99\): install that one\.$"):
        open_store()


def test_migrations_run_once_each_and_wholly(tmp_path):
    """One that fails leaves the version before it."""
    connection = sqlite3.connect(tmp_path / "db", isolation_level=None)
    steps = (("CREATE TABLE a (x)",), ("ALTER TABLE a ADD COLUMN y", "INSERT INTO a VALUES (1, 2)"))
    schema.migrate(connection, steps[:1])
    with pytest.raises(sqlite3.OperationalError):
        schema.migrate(connection, (*steps[:1], (*steps[1], "no SQL")))
    assert schema.version_of(connection) == 1
    schema.migrate(connection, steps)
    schema.migrate(connection, steps)
    assert schema.version_of(connection) == 2 and connection.execute("SELECT * FROM a").fetchall() == [(1, 2)]
    connection.close()


def test_the_database_waits_for_the_disk(open_store):
    """WAL, and every transaction synced."""
    kept = open_store()
    assert kept._connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert kept._connection.execute("PRAGMA synchronous").fetchone() == (2,)


def test_results_of_the_version_before_are_read_and_written_on(open_store):
    """Who only reads changes nothing; who writes brings the database to the newest version."""
    kept = open_store()
    kept.add(page(1), JPEG)
    kept.close()
    with sqlite3.connect(kept.path(result_store.DATABASE)) as connection:
        connection.execute("DROP TABLE removed")
        connection.execute("ALTER TABLE results DROP COLUMN picture_of")
        connection.execute("PRAGMA user_version = 1")
    connection.close()
    reading = open_store(write=False)
    assert names(reading.list()) == ["1.jpg"] and Path(next(reading.list()).picture).read_bytes() == JPEG
    again = open_store()
    again.add(page(2), picture_of=1)
    assert len({entry.picture for entry in again.list()}) == 1
