"""What the store keeps when space runs short: every verdict, and the newest pictures."""

import os
from pathlib import Path

from ecg_edge.store import result_store

from .results import JPEG, names, page


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


def test_what_was_found_goes_before_the_pictures_of_pages(open_store):
    """It counts for the quota."""
    kept = open_store()
    kept.add(page(1), bytes(300))
    Path(kept.path(result_store.FOUND, "000000009.jpg")).write_bytes(bytes(500))
    again = open_store(quota_bytes=700)
    again.add(page(2), bytes(300))
    assert os.listdir(again.path(result_store.FOUND)) == [] and all(entry.picture for entry in again.list())


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


def test_a_page_that_was_stored_without_a_picture_is_known_to_be(open_store):
    """One whose picture the quota removed was stored with it."""
    kept = open_store(quota_bytes=10)
    kept.add(page(1), None, origin="a")
    kept.add(page(2), JPEG, origin="b")
    kept.add(page(3), JPEG, origin="c")
    assert [kept.knows(origin, with_picture=True) for origin in "abc"] == [False, True, True] and kept.knows("a")


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
