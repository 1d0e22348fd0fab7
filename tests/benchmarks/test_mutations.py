"""Damaged pictures: each a result or a reason; and what notices one that crashes or hangs."""

import sys
from pathlib import Path

from benchmarks import mutations

PAGES = sorted((Path(__file__).parents[1] / "data").glob("*.jpg"))


def test_damaged_pictures_are_results_or_reasons(tmp_path, tiny_folder, monkeypatch):
    """Small ones, every format."""
    monkeypatch.setattr(mutations, "SIDE_PX", (250, 400))
    files = [file for file in mutations.bases(PAGES[:1], tmp_path) if file not in PAGES]
    lines, ended = mutations.read_all(range(60), files, "tiny", tiny_folder)
    assert ended == [] and [line["number"] for line in lines] == list(range(60))
    assert {line["status"] for line in lines} <= {"read", "uncertain", "refused", "failed"}
    assert all((line["reason"] is None) == (line["status"] in ("read", "uncertain")) for line in lines)


def test_a_picture_is_damaged_the_same_each_time_and_each_otherwise(tmp_path):
    """By its number alone."""
    (tmp_path / "a").write_bytes(bytes(range(256)) * 40)
    files = [tmp_path / "a"]
    made = [mutations.mutate(number, files) for number in range(60)]
    assert made == [mutations.mutate(number, files) for number in range(60)]
    assert len({data for data, _ in made}) > 55 and {kind for _, kind in made} == set(mutations.KINDS)


CHILD = """
import json, os, sys, time
job = json.load(sys.stdin)
for number in job["numbers"]:
    if number == 3:
        os.abort()
    while number == 5:
        pass
    print(json.dumps({"number": number}), flush=True)
"""


def test_a_process_that_crashes_or_hangs_is_noticed_and_the_others_are_read(monkeypatch):
    """By the number of the picture."""
    monkeypatch.setattr(mutations, "HANGS_S", 0.3)
    lines, ended = mutations.read_all(range(8), [], script=[sys.executable, "-c", CHILD])
    assert ended == [3, 5] and [line["number"] for line in lines] == [0, 1, 2, 4, 6, 7]


def test_what_was_read_is_not_read_again(tmp_path):
    """Neither lines nor losses; a line that a kill left half written is none."""
    kept, script = tmp_path / "lines", [sys.executable, "-c", CHILD]
    kept.write_text('{"number": 0, "seen": 1}\n{"number": 3, "ended": true}\n{"num')
    lines, ended = mutations.read_all(range(5), [], script=script, kept=kept)
    assert ended == [3] and [line["number"] for line in lines] == [0, 1, 2, 4] and lines[0]["seen"] == 1
    assert mutations.read_all(range(5), [], script=["/bin/false"], kept=kept) == (lines, ended)
