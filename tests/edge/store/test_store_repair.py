"""A store that was damaged: nothing is lost, and it can be used on."""

import os
import sqlite3
from pathlib import Path

import pytest

from ecg_edge.errors import StoreFullError
from ecg_edge.store import result_store

from .results import JPEG, names, page


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


def test_a_picture_that_somebody_removed_is_no_longer_promised(open_store, events):
    """The verdict stays."""
    kept = open_store()
    kept.add(page(1), JPEG)
    os.unlink(kept.path(result_store.PICTURES, "000000001.jpg"))
    (entry,) = open_store().list()
    assert entry.picture is None and events[-1][0] == "store.picture_missing"


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
