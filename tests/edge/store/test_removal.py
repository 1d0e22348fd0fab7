"""Pages that a person removes: row and picture are gone, others stay, and what lies in the folder is not read anew."""

import os
from pathlib import Path

import pytest

from ecg_edge.errors import StoreError
from ecg_edge.store.removal import remove_page
from ecg_edge.store.result_store import PICTURES, Store
from ecg_edge.system import durable_files

from ..stand_ins import result_of


@pytest.fixture
def kept(tmp_path):
    with Store(tmp_path / "store") as store:
        yield store


def add(kept, name, picture=b"picture", **more):
    return kept.add(result_of(name), picture, **more)


def test_a_page_and_its_picture_are_gone_and_others_stay(kept, tmp_path):
    """Its number is not given again; also to who opens the store later."""
    first, second = add(kept, "a.jpg"), add(kept, "b.jpg")
    picture = kept.get(first).picture
    assert remove_page(kept, first) and not os.path.exists(picture) and kept.get(first) is None
    assert not remove_page(kept, first) and not remove_page(kept, 99)
    assert [entry.number for entry in kept.list()] == [second] and os.path.exists(kept.get(second).picture)
    remove_page(kept, second)
    assert add(kept, "c.jpg") == 3
    kept.close()
    with Store(tmp_path / "store") as again:
        assert [entry.number for entry in again.list()] == [3] and os.listdir(again.path("found")) == []


def test_where_it_came_from_is_remembered(kept):
    """A file that still lies in the inbox is not read anew."""
    number = add(kept, "a.jpg", origin="a.jpg 7 1")
    remove_page(kept, number)
    assert kept.knows("a.jpg 7 1") and kept.knows("a.jpg 7 1", with_picture=True) and not kept.knows("b.jpg 7 1")


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 1, 3), (1, 3, 2)])
def test_the_picture_of_a_file_with_several_pages_stays_until_the_last_is_removed(kept, order):
    """Whichever is removed first."""
    first = add(kept, "scan.pdf#1", b"%PDF", suffix=".pdf")
    for page in (2, 3):
        kept.add(result_of(f"scan.pdf#{page}"), picture_of=first)
    for number in order[:-1]:
        remove_page(kept, number)
        assert {Path(entry.picture).read_bytes() for entry in kept.list()} == {b"%PDF"}
    remove_page(kept, order[-1])
    assert os.listdir(kept.path(PICTURES)) == []


def test_a_crash_in_between_leaves_the_page_without_its_picture(kept, tmp_path, monkeypatch):
    """What was to be removed is never moved to what was found."""
    number = add(kept, "a.jpg")
    remove_page_up_to_its_row(kept, number, monkeypatch)
    kept.close()
    with Store(tmp_path / "store") as again:
        assert again.get(number).picture is None and os.listdir(again.path("found")) == []


def remove_page_up_to_its_row(kept, number, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(
            durable_files, "sync_folder", lambda folder: (_ for _ in ()).throw(OSError(5, "Input/output error"))
        )
        with pytest.raises(StoreError, match="cannot be stored or read"):
            remove_page(kept, number)
