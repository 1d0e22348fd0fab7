"""The journal of an archive: what is in it is whole, whatever end came; what does not belong to it is refused."""

import json
import random
from pathlib import Path

import pytest

from ecg_edge.archive.journal import Journal
from ecg_edge.errors import OutputError, UsageError

from .stand_in import result_of

SETTINGS = {"model": "page 2.0.0", "min_confidence": None}


def journal_in(folder, settings=SETTINGS):
    return Journal(f"{folder}/out.jsonl", f"{folder}/out.jsonl", settings)


def sources_in(folder):
    return [json.loads(line)["source"] for line in Path(folder, "out.jsonl").read_text().splitlines()]


def test_what_was_taken_is_known_by_the_next_run_with_its_counts(tmp_path):
    """Pictures and states; pages of one file stand together."""
    with journal_in(tmp_path) as journal:
        journal.add("/a.jpg", [result_of("/a.jpg")])
        journal.add("/b.pdf", [result_of("/b.pdf", page, 2, "refused") for page in (1, 2)])
    with journal_in(tmp_path) as journal:
        assert "/a.jpg" in journal and "/b.pdf" in journal and "/c.jpg" not in journal
        assert journal.pictures == 2 and journal.statuses == {"read": 1, "refused": 2}
        journal.add("/c\udcff.jpg", [result_of("/c\udcff.jpg")])  # a name that is no UTF-8
    assert sources_in(tmp_path) == ["/a.jpg", "/b.pdf#1", "/b.pdf#2", "/c\udcff.jpg"]


def test_a_picture_that_changed_is_not_finished(tmp_path):
    """Nor is one finished twice; entries of earlier versions have no stamp, and hold whatever it is."""
    with journal_in(tmp_path) as journal:
        journal.add("/a.jpg", [result_of("/a.jpg")], "5 100")
        journal.add("/b.jpg", [result_of("/b.jpg")])
    known = Path(tmp_path, "out.jsonl.journal")
    known.write_text(known.read_text().replace('"path": "/b.jpg", "stamp": "",', '"path": "/b.jpg",'))
    with journal_in(tmp_path) as journal:
        assert (
            journal.has("/a.jpg", "5 100") and not journal.has("/a.jpg", "6 100") and not journal.has("/a.jpg", "5 101")
        )
        assert journal.has("/b.jpg", "5 100") and "/b.jpg" in journal


def test_a_path_at_which_nothing_was_is_read_when_something_is_there(tmp_path):
    """And is not asked for again while nothing is."""
    with journal_in(tmp_path) as journal:
        journal.add("/late.jpg", [result_of("/late.jpg")])
    with journal_in(tmp_path) as journal:
        assert journal.has("/late.jpg") and not journal.has("/late.jpg", "5 100")


def test_whatever_byte_it_ends_at_the_rest_is_read_again_and_nothing_stands_twice(tmp_path):
    """Lines and journal cut at any byte that a kill may leave: lines come first."""
    with journal_in(tmp_path) as journal:
        for name in ("/a.jpg", "/b.jpg", "/c.jpg"):
            journal.add(name, [result_of(name)])
            journal.commit()
    lines, known = Path(tmp_path, "out.jsonl"), Path(tmp_path, "out.jsonl.journal")
    whole, of_journal = lines.read_bytes(), known.read_bytes()
    ends = [json.loads(line).get("end", 0) for line in of_journal.splitlines()]
    chance = random.Random(0)
    for size in range(len(of_journal) + 1):
        kept = of_journal[:size]
        least = ends[max(kept.count(b"\n") - 1, 0)]
        torn = chance.randint(least, len(whole)) if kept.count(b"\n") else 0
        lines.write_bytes(whole[:torn])
        known.write_bytes(kept)
        with journal_in(tmp_path) as journal:
            for name in ("/a.jpg", "/b.jpg", "/c.jpg"):
                if name not in journal:
                    journal.add(name, [result_of(name)])
        assert lines.read_bytes() == whole, size


def test_it_is_for_one_run_at_a_time(tmp_path):
    """The other is named."""
    with journal_in(tmp_path), pytest.raises(UsageError, match=r"is in use by .+: wait for it, or give another --out"):
        journal_in(tmp_path)
    journal_in(tmp_path).close()


def test_other_options_and_other_files_are_refused_and_left_alone(tmp_path):
    """Each with what to do."""
    with journal_in(tmp_path) as journal:
        journal.add("/a.jpg", [result_of("/a.jpg")])
    with pytest.raises(
        UsageError, match=r"begun with model page 2\.0\.0, not cnn 1: give another --out, or the same options"
    ):
        journal_in(tmp_path, SETTINGS | {"model": "cnn 1"})
    lines, known = Path(tmp_path, "out.jsonl"), Path(tmp_path, "out.jsonl.journal")
    text = lines.read_text()
    lines.write_text("")
    with pytest.raises(UsageError, match="shorter than its journal says: bring it back, or remove both"):
        journal_in(tmp_path)
    lines.write_text(text)
    known.unlink()
    with pytest.raises(UsageError, match="there already, without a journal of its pictures: give another --out"):
        journal_in(tmp_path)
    for other in ("no JSON\n", '{"schema": "another/1"}\n', "[]\n", '{"path": "a"}\n'):
        known.write_text(other)
        with pytest.raises(UsageError, match="is no journal of"):
            journal_in(tmp_path)
    assert lines.read_text() == text


def test_a_folder_that_is_not_there_says_so(tmp_path):
    """Before anything is read."""
    with pytest.raises(OutputError, match=r"none/out\.jsonl cannot be written \(No such file or directory\)"):
        journal_in(tmp_path / "none")
