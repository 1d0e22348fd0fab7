"""The rules of the pictures that are no ECG."""

from functools import partial

import numpy as np
import pytest
from PIL import Image

from benchmarks import name_hash, not_ecg

SPLITS_OF_EEG = ["test", "tune", "tune", "test", "tune", "test", "tune", "test"]
QUICK = ("empty ECG paper", "table", "music", "pie chart", "eeg", "fetal ctg", "monitor", "rows on ECG paper")


def sources_of(monkeypatch, *sources):
    """Let the corpus know these sources alone."""
    monkeypatch.setattr(not_ecg, "SOURCES", sources)


def test_there_are_three_hundred_drawn_pictures_each_with_a_name_of_its_own():
    """Without any package of photographs there are enough; names choose seeds and splits, so none may come twice."""
    rows = list(not_ecg.drawn())
    assert len(rows) >= 300
    assert len({row.name for row in rows}) == len({row.file_name for row in rows}) == len(rows)


def test_a_split_is_a_matter_of_the_name_alone():
    """Golden: a change of the hash would mix what was tuned on with what is reported."""
    rows = {row.name: row.split for row in not_ecg.drawn()}
    assert [rows[f"eeg {i}"] for i in range(8)] == SPLITS_OF_EEG
    tuned = np.mean(
        [split == "tune" for name, split in rows.items() if name.rsplit(" ", 1)[0] not in not_ecg.NEVER_TUNED]
    )
    assert abs(tuned - not_ecg.TUNE_SHARE) < 0.08


def test_some_kinds_are_never_tuned_on():
    """What was made by looking at other kinds has to refuse them as well."""
    held = [row for row in not_ecg.drawn() if row.kind in not_ecg.NEVER_TUNED]
    assert {row.split for row in held} == {"test"}
    assert len({row.kind for row in held}) >= 5


def test_a_third_of_what_lies_flat_is_photographed_and_nothing_else():
    """Severities 1 and 2; nobody prints a photograph, a monitor or a texture to photograph it."""
    rows = list(not_ecg.drawn())
    flat = [row.severity for row in rows if row.kind not in not_ecg.NOT_FLAT]
    assert 0.25 < np.mean(np.array(flat) > 0) < 0.42
    assert set(flat) == {0, 1, 2}
    assert {row.severity for row in rows if row.kind in not_ecg.NOT_FLAT} == {0}


@pytest.mark.parametrize("kind", QUICK)
def test_the_same_name_draws_the_same_picture_and_another_name_another(kind):
    """RGB, large enough to be read, and not empty."""
    first, again, other = (np.asarray(not_ecg._draw(not_ecg.DRAWN[kind], name)) for name in ("a", "a", "b"))
    assert np.array_equal(first, again)
    assert first.shape != other.shape or not np.array_equal(first, other)
    assert first.ndim == 3 and first.shape[2] == 3 and min(first.shape[:2]) >= 300
    assert first.std() > 1


def test_a_package_that_is_not_there_is_counted_as_missing(monkeypatch, tmp_path):
    """It gives no pictures, and the package is named."""
    sources_of(monkeypatch, not_ecg.Source("photograph", "apt:nowhere", str(tmp_path / "none"), ("*.png",), 3))
    assert list(not_ecg.real()) == []
    assert not_ecg.missing() == {"apt:nowhere": 1}


def test_a_source_gives_at_most_its_count_and_leaves_small_and_excluded_files_out(monkeypatch, tmp_path):
    """The choice is by hash of the names: the same wherever the package is."""
    for i in range(6):
        Image.new("RGB", (200, 300), (i, 0, 0)).save(tmp_path / f"{i}.png")
    Image.new("RGB", (50, 300)).save(tmp_path / "small.png")
    Image.new("RGB", (200, 300)).save(tmp_path / "cartoon.png")
    (tmp_path / "notes.txt").write_text("no picture")
    sources_of(monkeypatch, not_ecg.Source("photograph", "apt:a", str(tmp_path), ("*",), 99, ("cartoon*",)))
    assert {row.name for row in not_ecg.real()} == {f"{i}.png" for i in range(6)}
    sources_of(monkeypatch, not_ecg.Source("photograph", "apt:a", str(tmp_path), ("*",), 4, ("cartoon*",)))
    few = [row.name for row in not_ecg.real()]
    assert few == sorted(few, key=partial(name_hash.share, "choice")) and len(few) == 4
    assert not_ecg.missing() == {}


def test_what_is_transparent_is_white(tmp_path):
    """As the reader opens it."""
    Image.new("RGBA", (200, 200), (10, 20, 30, 0)).save(tmp_path / "clear.png")
    assert not_ecg._open(tmp_path / "clear.png").getpixel((5, 5)) == (255, 255, 255)


def test_the_command_writes_files_and_an_index(monkeypatch, tmp_path, capsys):
    """One row a file, with its split."""
    from benchmarks.__main__ import main

    sources_of(monkeypatch, not_ecg.Source("photograph", "apt:nowhere", str(tmp_path / "none"), ("*.png",), 3))
    monkeypatch.setattr(not_ecg, "DRAWN", {"monitor": not_ecg.DRAWN["monitor"]})
    assert main(["others", "--out", str(tmp_path / "out"), "--split", "test", "--sheet"]) == 0
    rows = (tmp_path / "out" / "index.csv").read_text().splitlines()[1:]
    assert rows and all(",test,0," in row for row in rows)
    assert len(list((tmp_path / "out").glob("drawn-monitor-*.jpg"))) == len(rows)
    assert (tmp_path / "out" / "sheet-0.png").is_file()
    printed = capsys.readouterr()
    assert f"drawn: {len(rows)} (monitor {len(rows)})" in printed.out
    assert "missing: 1 source(s) of nowhere; apt install nowhere" in printed.err
