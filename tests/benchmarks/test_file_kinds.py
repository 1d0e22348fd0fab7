"""Pages in other kinds of files, as the benchmark writes them."""

import os
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image, ImageDraw

from benchmarks import file_kinds, file_writers
from ecg_edge.errors import Reason
from ecg_edge.image import open_picture

PX_PER_MM = 8


def drawn(pen):
    """A frame, an area and a line."""
    pen.rectangle((0, 0, 799, 99), fill=(255, 200, 200))
    pen.rectangle((400, 400, 1200, 1200), outline=(0, 0, 0), width=8)
    pen.line([(100, 300), (2200, 1500)], fill=(0, 0, 255), width=16, joint="curve")
    pen.line((2000, 100, 2000, 1600), fill=(0, 0, 0), width=8)


def test_a_page_is_drawn_the_same_as_lines_and_areas():
    """Up to the edges of strokes."""
    image = Image.new("RGB", (297 * PX_PER_MM, 210 * PX_PER_MM), (250, 244, 230))
    page = file_writers.VectorPage(image, PX_PER_MM)
    drawn(ImageDraw.Draw(image))
    drawn(page)
    shown = open_picture(page.sheet.to_bytes()).image
    assert shown.size == image.size
    assert np.abs(np.asarray(shown).astype(int) - np.asarray(image)).mean() < 1


@pytest.mark.parametrize("kind", file_writers.WRITERS)
def test_a_page_is_the_same_in_every_kind_of_file(kind):
    """Up to what a lossy one loses."""
    image = Image.new("RGB", (297 * PX_PER_MM, 210 * PX_PER_MM), (250, 244, 230))
    drawn(ImageDraw.Draw(image))
    shown = open_picture(file_writers.WRITERS[kind](image)).image
    assert shown.size == image.size
    assert np.abs(np.asarray(shown).astype(int) - np.asarray(image)).mean() < 2


FAILURES = {reason.value for reason in Reason} | {"opened"}


def test_damaged_files_are_opened_or_have_a_reason(tmp_path):
    """A small draw of what `python -m benchmarks.file_kinds mutations` looks through."""
    page = tmp_path / "page.png"
    Image.effect_noise((300, 200), 60).save(page)
    files = file_kinds.bases([page], tmp_path, sides=(200,))
    assert len(files) == 4
    found = file_kinds.summarised(list(file_kinds.open_damaged(range(120), files)))
    assert found["files"] == 120 and set(found["outcomes"]) <= FAILURES
    assert "truncated" in found["outcomes"] and found["over_5_s"] == 0 and found["peak_mb"] < 300


class Ending:
    """In the place of a decoder that damaged files crash or hang."""

    def __call__(self, data):
        if data.startswith(b"1"):
            os.abort()
        while data.startswith(b"2"):
            pass
        return "opened", 0.0, 1.0


def test_a_decoder_that_ends_its_process_or_hangs_is_survived_and_counted(tmp_path, monkeypatch):
    """The next file has another process; which file it was is told nobody."""
    monkeypatch.setattr(file_kinds.mutations, "mutate", lambda number, files: (str(number % 4).encode(), "stand-in"))
    found = file_kinds.summarised(list(file_kinds.open_damaged(range(8), [], Ending, limit_s=1.0)))
    assert found["outcomes"] == {"opened": 4, "ended": 2, "hung": 2} and found["files"] == 8
    assert set(found) == {"files", "outcomes", "over_5_s", "over_300_mb", "seconds", "peak_mb"}


def test_a_run_that_was_ended_goes_on_where_it_was_and_keeps_nothing_in_the_end(tmp_path, monkeypatch):
    """Half a line, as a kill leaves it, is read again; the numbers are those of the first run."""
    asked = []

    def opened(numbers, files, arguments):
        asked.append(numbers)
        yield from (["opened", 0.1, 90.0] for _ in numbers)

    monkeypatch.setattr(file_kinds, "open_damaged", opened)
    monkeypatch.setattr(file_kinds, "bases", lambda paths, folder: [])
    monkeypatch.setattr(file_kinds, "RUNS", tmp_path)
    monkeypatch.setattr(file_kinds.reading, "code_of", lambda model: "abc")
    kept = tmp_path / "mutations-whole-abc.jsonl"
    kept.write_text('700\n["opened", 6.0, 310.0]\n["ended"]\n["ope')
    found = file_kinds.damaged(SimpleNamespace(what="mutations", whole=True, count=5))
    assert asked == [range(702, 705)] and not kept.exists()
    assert (found["files"], found["over_5_s"], found["over_300_mb"]) == (5, 1, 1)
    assert found["outcomes"] == {"opened": 4, "ended": 1} and found["peak_mb"] == 310.0
