"""Stored results: kept whole, found again, bounded, mended."""

import json
import os
import re
import sqlite3
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from ecg_edge.errors import InstallationError, StoreError, StoreFullError
from ecg_edge.store import result_store, schema
from ecg_edge.store.result_store import Store
from ecg_edge.system import durable_files

from ..waiting import LIMIT_S

JPEG = b"\xff\xd8\xff picture "


def page(number, status="read", verdict="normal", **more):
    """The dict of a result, as far as the store looks into it."""
    return {"schema": "ecg-edge/result/1", "source": f"{number}.jpg", "status": status, "verdict": verdict, "reason": None,
            "model": {"name": "cnn"}, "captured_at": None, **more}  # fmt: skip


@pytest.fixture
def events():
    return []


@pytest.fixture
def open_store(tmp_path, events):
    """Open the store of this test, again and again, with its events in `events`."""
    opened = []

    def call(**options):
        for one in opened:
            one.close()
        opened.append(
            Store(tmp_path / "results", on_event=lambda event, **more: events.append((event, more)), **options)
        )
        return opened[-1]

    yield call
    for one in opened:
        one.close()


def names(entries):
    return [entry.result["source"] for entry in entries]


def test_what_is_stored_is_found_again_after_closing(open_store):
    """Result, camera and board, the picture's bytes, in the order of their coming."""
    kept = open_store()
    assert kept.add(page(1), JPEG + b"1", device={"camera": {"ExposureTime": 9000}}) == 1
    assert kept.add(page(2, "refused", None, reason="blurred"), JPEG + b"2", ".PNG") == 2
    assert kept.add(page(3)) == 3
    for options in ({}, {"write": False}):
        again = open_store(**options)
        first, second, third = again.list()
        assert (first.number, first.result, first.device) == (1, page(1), {"camera": {"ExposureTime": 9000}})
        assert Path(first.picture).read_bytes() == JPEG + b"1"
        assert second.result["reason"] == "blurred" and second.picture.endswith("000000002.png")
        assert third.picture is None and again.get(3) == third and again.get(4) is None


def test_entries_are_filtered(open_store):
    """By status, verdict, model, time and number; the newest first on request."""
    kept = open_store()
    for number in range(1, 6):
        kept.add(page(number, "read" if number % 2 else "refused", "normal" if number % 2 else None,
                      model={"name": "page" if number > 3 else "cnn"}, captured_at=f"2026-01-0{number}T10:00:00+00:00"))  # fmt: skip
    assert names(kept.list(status="refused")) == ["2.jpg", "4.jpg"]
    assert names(kept.list(verdict="normal", model="page")) == ["5.jpg"]
    assert names(kept.list(since="2026-01-02", until="2026-01-04T10:00:00+00:00")) == ["2.jpg", "3.jpg"]
    assert names(kept.list(after=3)) == ["4.jpg", "5.jpg"]
    assert names(kept.list(limit=2, newest_first=True)) == ["5.jpg", "4.jpg"]
    assert names(kept.list(limit=2, newest_first=True, before=4)) == ["3.jpg", "2.jpg"]
    assert names(kept.list(text="3.JP")) == ["3.jpg"] and not names(kept.list(text="%"))


def test_a_long_list_is_read_in_parts_while_others_write(open_store):
    """Nobody waits for a reader that takes its time."""
    kept = open_store()
    for number in range(250):
        kept.add(page(number))
    entries = kept.list()
    next(entries)
    writer = threading.Thread(target=kept.add, args=(page("late"),))
    writer.start()
    writer.join(LIMIT_S)
    assert not writer.is_alive() and len(list(entries)) in (249, 250)


def test_one_process_writes_at_a_time(open_store, tmp_path):
    """The second is told what to do; readers are let in."""
    kept = open_store()
    kept.add(page(1))
    with pytest.raises(StoreError) as caught:
        Store(tmp_path / "results")
    assert re.fullmatch(
        rf"{tmp_path}/results is in use by '\S+' \(process {os.getpid()}\)\. End it \('systemctl stop ecg-edge'\), or give another folder\.",
        str(caught.value),
    )
    assert isinstance(caught.value, InstallationError) and isinstance(caught.value, OSError)
    with Store(tmp_path / "results", write=False) as reader:
        assert names(reader.list()) == ["1.jpg"]


def test_a_folder_without_results_is_said_to_be_one(tmp_path):
    """Reading makes nothing."""
    with pytest.raises(StoreError, match="holds no results that can be seen"):
        Store(tmp_path / "none", write=False)
    assert not (tmp_path / "none").exists()


def test_the_oldest_pictures_go_and_no_verdict(open_store, events):
    """When those that are there take more than the quota."""
    kept = open_store(quota_bytes=1000)
    for number in range(1, 7):
        kept.add(page(number), bytes(300))
    entries = list(kept.list())
    assert [entry.picture is not None for entry in entries] == [False, False, False, True, True, True]
    assert len(os.listdir(kept.path(result_store.PICTURES))) == 3
    assert events == [("store.picture_removed", {"number": number}) for number in (1, 2, 3)]
    assert names(open_store(quota_bytes=1000).list()) == [f"{n}.jpg" for n in range(1, 7)]


def test_the_disk_is_kept_from_filling_up(open_store, monkeypatch):
    """Pictures go when less is free than is to be kept free."""
    kept = open_store(keep_free_bytes=1000)
    free = {"bytes": 5000}

    class Disk:
        f_frsize = 1

        @property
        def f_bavail(self):
            return free["bytes"]

    monkeypatch.setattr(os, "statvfs", lambda path: Disk())
    kept.add(page(1), bytes(300))
    free["bytes"] = 1200
    removed = os.unlink

    def unlink(path):
        removed(path)
        free["bytes"] += 300

    monkeypatch.setattr(os, "unlink", unlink)
    kept.add(page(2), bytes(300))
    assert [entry.picture is not None for entry in kept.list()] == [False, True]


def test_a_picture_larger_than_the_quota_is_kept_alone(open_store):
    """The page in hand is worth more than old ones."""
    kept = open_store(quota_bytes=100)
    kept.add(page(1), bytes(50))
    kept.add(page(2), bytes(500))
    assert [entry.picture is not None for entry in kept.list()] == [False, True]


@pytest.mark.parametrize("damage", ["garbage", "a page", "empty header"])
def test_a_damaged_database_is_set_aside_with_its_pictures(open_store, events, damage):
    """Nothing is lost, and the next page can be stored."""
    kept = open_store()
    for number in range(1, 200):
        kept.add(page(number), JPEG if number < 3 else None)
    kept.close()
    path = kept.path(result_store.DATABASE)
    data = bytearray(Path(path).read_bytes())
    if damage == "garbage":
        data = bytearray(b"no database at all" * 100)
    elif damage == "a page":
        data[4096 * 3 : 4096 * 4] = bytes(range(256)) * 16
    else:
        data[:100] = b"\xff" * 100
    Path(path).write_bytes(data)
    again = open_store()
    assert [event for event, _ in events] == ["store.damaged"]
    aside = events[0][1]["kept_in"]
    assert aside == again.path(result_store.DAMAGED, "0001")
    assert Path(aside, result_store.DATABASE).read_bytes() == data
    assert len(os.listdir(os.path.join(aside, result_store.PICTURES))) == 2
    assert list(again.list()) == [] and again.add(page(1), JPEG) == 1
    assert names(open_store().list()) == ["1.jpg"]


def test_a_picture_without_a_row_is_put_aside_and_not_removed(open_store, events):
    """It is what a crash between picture and row leaves behind; unfinished files are nobody's."""
    kept = open_store()
    kept.add(page(1), JPEG)
    for name in ("000000007.jpg", "000000002.jpg.part"):
        Path(kept.path(result_store.PICTURES, name)).write_bytes(b"x")
    Path(kept.path(result_store.FOUND, "000000007.jpg")).write_bytes(b"older")
    again = open_store()
    assert os.listdir(again.path(result_store.PICTURES)) == ["000000001.jpg"]
    assert sorted(os.listdir(again.path(result_store.FOUND))) == ["000000007-2.jpg", "000000007.jpg"]
    assert events == [("store.found", {"picture": "000000007.jpg", "kept_in": again.path(result_store.FOUND)})]


def test_what_was_found_goes_before_the_pictures_of_pages(open_store):
    """It counts for the quota."""
    kept = open_store()
    kept.add(page(1), bytes(300))
    Path(kept.path(result_store.FOUND, "000000009.jpg")).write_bytes(bytes(500))
    again = open_store(quota_bytes=700)
    again.add(page(2), bytes(300))
    assert os.listdir(again.path(result_store.FOUND)) == [] and all(entry.picture for entry in again.list())


def test_a_picture_that_somebody_removed_is_no_longer_promised(open_store, events):
    """The verdict stays."""
    kept = open_store()
    kept.add(page(1), JPEG)
    os.unlink(kept.path(result_store.PICTURES, "000000001.jpg"))
    (entry,) = open_store().list()
    assert entry.picture is None and events[-1][0] == "store.picture_missing"


def test_a_clock_set_back_changes_no_order(open_store, monkeypatch):
    """Neither that of the list, nor what the quota removes, nor what is sent next."""
    times = iter(["2026-05-01", "1970-01-01", "2026-05-02", "1980-01-01"])
    monkeypatch.setattr(result_store, "utc_now", lambda timespec: next(times) + "T00:00:00+00:00")
    kept = open_store(quota_bytes=700)
    kept.open_channel("mqtt")
    for number in range(1, 5):
        kept.add(page(number), bytes(300))
    assert names(kept.list()) == ["1.jpg", "2.jpg", "3.jpg", "4.jpg"]
    assert [entry.picture is not None for entry in kept.list()] == [False, False, True, True]
    assert kept.next_unsent("mqtt").number == 1


def test_stored_at_is_the_time_in_utc(open_store):
    """To the millisecond."""
    before = datetime.now(timezone.utc) - timedelta(milliseconds=1)
    kept = open_store()
    kept.add(page(1))
    assert before <= datetime.fromisoformat(next(kept.list()).stored_at) <= datetime.now(timezone.utc)


def test_a_page_of_an_origin_is_stored_once(open_store):
    """When it comes again after a crash it is known, and nothing is left of the second."""
    kept = open_store()
    kept.add(page(1), JPEG, origin="inbox/a.jpg 12 34")
    assert kept.knows("inbox/a.jpg 12 34") and not kept.knows("inbox/b.jpg 12 34")
    with pytest.raises(StoreError, match="the page is stored already"):
        kept.add(page(1), JPEG, origin="inbox/a.jpg 12 34")
    assert os.listdir(kept.path(result_store.PICTURES)) == ["000000001.jpg"] and len(list(kept.list())) == 1


def test_a_page_that_was_stored_without_a_picture_is_known_to_be(open_store):
    """One whose picture the quota removed was stored with it."""
    kept = open_store(quota_bytes=10)
    kept.add(page(1), None, origin="a")
    kept.add(page(2), JPEG, origin="b")
    kept.add(page(3), JPEG, origin="c")
    assert [kept.knows(origin, with_picture=True) for origin in "abc"] == [False, True, True] and kept.knows("a")


def test_a_channel_sends_every_page_since_it_was_opened_in_order(open_store):
    """Also after closing; marking back does nothing."""
    kept = open_store()
    kept.add(page("before"))
    assert kept.next_unsent("mqtt") is None
    kept.open_channel("mqtt")
    for number in range(3):
        kept.add(page(number))
    kept.mark_sent("mqtt", kept.next_unsent("mqtt").number)
    kept = open_store()
    kept.open_channel("mqtt")
    assert names([kept.next_unsent("mqtt")]) == ["1.jpg"]
    kept.mark_sent("mqtt", 4)
    kept.mark_sent("mqtt", 2)
    assert kept.next_unsent("mqtt") is None


def test_a_failed_transaction_leaves_nothing(open_store, monkeypatch):
    """Neither row nor picture, and the store can be used on."""
    kept = open_store()
    kept.add(page(1), JPEG)

    class Failing:
        def __init__(self, real):
            self.real = real

        def __getattr__(self, name):
            return getattr(self.real, name)

        def execute(self, statement, *values):
            if statement == "COMMIT":
                raise sqlite3.OperationalError("database or disk is full")
            return self.real.execute(statement, *values)

    real = kept._connection
    kept._connection = Failing(real)
    with pytest.raises(StoreFullError) as caught:
        kept.add(page(2), JPEG)
    assert str(caught.value) == (
        f"{kept.folder}: the disk is full; the page was not kept. Free some space, or lower [store] quota_mb."
    )
    kept._connection = real
    assert names(kept.list()) == ["1.jpg"] and os.listdir(kept.path(result_store.PICTURES)) == ["000000001.jpg"]
    assert kept.add(page(3), JPEG) == 2


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


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    """Its temporary name goes when it fails."""
    durable_files.write_whole(str(tmp_path / "a"), b"old")

    def fail(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError):
        durable_files.write_whole(str(tmp_path / "a"), b"new")
    assert os.listdir(tmp_path) == ["a"] and (tmp_path / "a").read_bytes() == b"old"


def test_results_lie_where_systemd_or_the_user_keeps_them(monkeypatch):
    """In this order."""
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/ecg-edge")
    assert result_store.default_folder() == "/var/lib/ecg-edge"
    monkeypatch.delenv("STATE_DIRECTORY")
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert result_store.default_folder() == "/data/ecg-edge"


def test_results_are_kept_as_json(open_store):
    """For other programs."""
    kept = open_store()
    kept.add(page(1))
    with sqlite3.connect(kept.path(result_store.DATABASE)) as connection:
        assert json.loads(connection.execute("SELECT result FROM results").fetchone()[0]) == page(1)
    connection.close()


def test_further_pages_of_a_file_share_its_picture(open_store):
    """It is kept once, with the first page; when it goes it is gone for all of them."""
    kept = open_store(quota_bytes=1000)
    first = kept.add(page(1), JPEG, origin="a#1")
    kept.add(page(2), origin="a#2", picture_of=first)
    kept.add(page(3), origin="a", picture_of=first)
    assert [kept.number_of(origin) for origin in ("a#1", "a#2", "a", "b")] == [1, 2, 3, None]
    assert kept.knows("a", with_picture=True) and os.listdir(kept.path(result_store.PICTURES)) == ["000000001.jpg"]
    for options in ({}, {"write": False}):
        assert len({entry.picture for entry in open_store(**options).list()}) == 1
    again = open_store(quota_bytes=1000)
    again.add(page(4), bytes(999))
    assert [entry.picture is None for entry in again.list()] == [True, True, True, False]
    assert again.knows("a", with_picture=True), "its picture was kept, until the quota removed it"


def test_results_of_the_version_before_are_read_and_written_on(open_store):
    """Who only reads changes nothing; who writes brings the database to the newest version."""
    kept = open_store()
    kept.add(page(1), JPEG)
    kept.close()
    with sqlite3.connect(kept.path(result_store.DATABASE)) as connection:
        connection.execute("ALTER TABLE results DROP COLUMN picture_of")
        connection.execute("PRAGMA user_version = 1")
    connection.close()
    reading = open_store(write=False)
    assert names(reading.list()) == ["1.jpg"] and Path(next(reading.list()).picture).read_bytes() == JPEG
    again = open_store()
    again.add(page(2), picture_of=1)
    assert len({entry.picture for entry in again.list()}) == 1
