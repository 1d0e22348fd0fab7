"""Files that are written whole or not at all."""

import os

import pytest

from ecg_edge.system import durable_files


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    """Its temporary name goes when it fails."""
    durable_files.write_whole(str(tmp_path / "a"), b"old")

    def fail(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError):
        durable_files.write_whole(str(tmp_path / "a"), b"new")
    assert os.listdir(tmp_path) == ["a"] and (tmp_path / "a").read_bytes() == b"old"
