"""Stored results: kept whole, found again, bounded, mended."""

import io
import json
import os
import re
import sqlite3
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from ecg_edge.errors import InstallationError, StoreError
from ecg_edge.store import result_store
from ecg_edge.store.history import write_csv, write_json
from ecg_edge.store.removal import remove_page
from ecg_edge.store.result_store import Store

from ..waiting import LIMIT_S
from .results import JPEG, names, page


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


def test_a_name_that_is_no_utf_8_is_kept_and_known_again(open_store):
    """A file may be called by any bytes: one such name may not keep others out."""
    kept = open_store()
    name = os.fsdecode(b"bad\xff\xfe.jpg")
    assert not kept.knows(f"{name} 7 1") and kept.number_of(f"{name} 7 1") is None
    number = kept.add(page(1, source=name), JPEG, origin=f"{name} 7 1")
    kept = open_store()
    assert kept.knows(f"{name} 7 1", with_picture=True) and kept.number_of(f"{name} 7 1") == number
    assert [entry.number for entry in kept.list(text="D" + name[3:])] == [number]
    remove_page(kept, number)
    assert kept.knows(f"{name} 7 1") and not list(kept.list())


def test_the_folder_may_be_called_by_any_bytes(tmp_path):
    """Written, read, and exported as text that every program takes."""
    folder = tmp_path / os.fsdecode(b"\xff")
    with Store(folder) as kept:
        kept.add(page(1), JPEG)
    with Store(folder, write=False) as kept:
        for write in (write_json, write_csv):
            write(kept.list(), text := io.StringIO())
            assert "\\udcff" in text.getvalue() and text.getvalue().encode().decode() == text.getvalue()


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
