"""Which pictures an archive has: of this machine's folders and of stores that fsspec knows, each once."""

import os

import fsspec
import pytest

from ecg_edge.archive.sources import find_pictures, read_stored, whole_paths
from ecg_edge.errors import InstallationError, UsageError

NAMES = ("a.jpg", "b.PDF", "notes.txt", ".hidden", "below/c.tif", "below/record.hea", "below/record.dat")


@pytest.fixture
def folder(tmp_path):
    for name in NAMES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"a text")
    (tmp_path / "study").write_bytes(bytes(128) + b"DICM")  # no suffix: it is looked into
    return tmp_path


@pytest.fixture
def bucket():
    store = fsspec.filesystem("memory")
    for name in NAMES:
        store.pipe(f"/bucket/{name}", b"a text")
    store.pipe("/bucket/study", bytes(128) + b"DICM")
    yield "memory://bucket"
    store.rm("/bucket", recursive=True)


def found(paths):
    others = []
    names = list(find_pictures([str(path) for path in paths], lambda path, count: others.append((path, count))))
    return names, others


def test_folders_are_listed_whole_in_order_and_others_are_counted(folder):
    """Digital ECGs are known: they are answered for."""
    names, others = found([folder])
    shown = ["a.jpg", "b.PDF", "study", "below/c.tif", "below/record.hea"]
    assert names == [str(folder / name) for name in shown] and others == [(str(folder), 1)]


def test_a_store_is_listed_as_a_folder_is(bucket, folder):
    """By its addresses, which can be read."""
    names, others = found([bucket])
    shown = ["a.jpg", "b.PDF", "study", "below/c.tif", "below/record.hea"]
    assert [name.split("/bucket/")[1] for name in names] == shown and others == [(bucket, 2)]
    assert {read_stored(name) for name in names if "study" not in name} == {b"a text"}
    names, _ = found([f"file://{folder}"])
    assert f"file://{folder}/below/c.tif" in names and read_stored(f"file://{folder}/a.jpg") == b"a text"


def test_what_is_given_twice_or_lies_below_another_is_found_once(folder, monkeypatch):
    """However it is written."""
    monkeypatch.chdir(folder)
    given = ["below/../a.jpg", str(folder), "below", f"{folder}/", "memory://x/y", "memory://x/"]
    assert whole_paths(given) == [str(folder), "memory://x"]
    assert whole_paths(["/a", "/ab"]) == ["/a", "/ab"] and whole_paths(["/", "/a"]) == ["/"]
    names, _ = found(["a.jpg", "below", "."])
    assert len(names) == len(set(names)) == 5


def test_what_is_not_there_is_answered_for(tmp_path):
    """By a result, as every path that is given."""
    (tmp_path / "empty").mkdir()
    names, _ = found([tmp_path / "none.jpg", tmp_path / "empty", "memory://nothing/there.jpg"])
    assert names == [str(tmp_path / "none.jpg"), str(tmp_path / "empty"), "memory://nothing/there.jpg"]
    with pytest.raises(FileNotFoundError):
        read_stored("memory://nothing/there.jpg")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may list every folder")
def test_a_folder_that_cannot_be_listed_is_answered_for(folder):
    """By its path."""
    (folder / "below").chmod(0)
    assert str(folder / "below") in found([folder])[0]


def test_addresses_that_nobody_knows_say_what_to_do():
    """A mistake, or a package that is missing."""
    with pytest.raises(UsageError, match="nonsense://a/b: .+ such as s3://bucket/pages"):
        found(["nonsense://a/b"])
    if "s3fs" not in {name.partition(".")[0] for name in __import__("sys").modules}:
        with pytest.raises(InstallationError, match="s3://bucket/pages: Install s3fs"):
            found(["s3://bucket/pages"])
