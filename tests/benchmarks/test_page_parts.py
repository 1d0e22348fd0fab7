"""Reading aided by what each spot of a page is: what is taken from its ink, that nothing stays changed, and the table."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks import __main__ as benchmarks
from benchmarks import page_parts, parts_reading
from ecg_edge import reader
from ecg_edge.page.page import Page
from ecg_edge.simulator import heart
from train import paper, paper_marks, paper_style

KIND = {name: number for number, name in enumerate(paper_marks.KINDS)}


def test_ink_of_some_kinds_is_taken_away_and_no_trace_s():
    """With what has spilt into the cells beside it, but for cells of a trace; alone, all but the traces' cells and those beside them."""
    parts = np.zeros((10, 12), np.uint8)
    parts[2, 3], parts[2, 4], parts[7] = KIND["name"], KIND["trace"], KIND["trace"]
    ink = np.full((40, 48), 200, np.uint8)
    left = parts_reading.cleared(ink, parts, [KIND["name"]])[::4, ::4] > 0
    gone = np.zeros((10, 12), bool)
    gone[1:4, 2:5] = True
    gone[2, 4] = False
    np.testing.assert_array_equal(left, ~gone)
    alone = parts_reading.cleared(ink, parts, (), alone=True)[::4, ::4] > 0
    assert alone[6:9].all() and alone[1:4, 3:6].all() and alone.sum() == 3 * 12 + 9


def test_a_kind_s_share_is_of_what_is_true_and_of_what_is_told():
    counted = np.zeros((6, 6), int)
    counted[5, 5], counted[5, 0], counted[3, 5] = 6, 2, 4
    found = page_parts.kinds_table(counted)
    assert found["trace"] == {"recall": 0.75, "precision": 0.6, "iou": 0.5}
    assert found["name"]["recall"] == 0 and found["pulse"] == {"recall": None, "precision": None, "iou": None}


@pytest.fixture(scope="module")
def drawn():
    """A page full of print beside its traces, with its labels."""
    signals = heart.simulate("normal", seed=3, rate_hz=500)
    style = paper_style.Style(handwriting=4, header=True)
    return paper.draw_page(signals, style, px_per_mm=8.0, seed=5, labelled=True)


def test_what_is_true_of_a_picture_is_true_of_the_page_in_it(drawn):
    """Cells of half a millimetre, also where the page is smaller than its picture."""
    parts_of = parts_reading.known_of(drawn.labels, 8.0)
    image = drawn.image.reduce(2)
    page = SimpleNamespace(image=image, found=None, px_per_mm=(4.0, 4.0), to_picture=lambda points: 2 * points + 0.5)
    parts = parts_of(page)
    height, width = parts.shape
    assert (width, height) == (image.width // 2, image.height // 2)
    true = drawn.labels[: height * 4, : width * 4].reshape(height, 4, width, 4).max(axis=(1, 3))
    assert (parts == true).mean() > 0.97 and (parts[true == KIND["trace"]] == KIND["trace"]).mean() > 0.9


@pytest.mark.slow
def test_reading_is_aided_and_left_as_it_was(drawn):
    """All print is gone from the ink that rows are looked for in, and names from the ink that traces are followed in."""
    before = Page.__dict__["ink"], Page.upright, reader.trace_page
    parts_of, followed = parts_reading.known_of(drawn.labels, 8.0), []
    reading = reader.Reader("page", signals=True)
    plain = reading.read(drawn.image).status
    with pytest.MonkeyPatch.context() as patch:
        follow = reader.trace_page
        patch.setattr(reader, "trace_page", lambda ink, found: followed.append(ink) or follow(ink, found))
        for way in parts_reading.WAYS:
            with parts_reading.aided(parts_of, way):
                assert reading.read(drawn.image).status == plain
    rules, both, _, network = (np.count_nonzero(ink > 128) for ink in followed)
    assert rules > 1.1 * both and rules > 1.1 * network and abs(both - network) < 0.05 * both
    assert (Page.__dict__["ink"], Page.upright, reader.trace_page) == before


def rows(*outcomes):
    return [{"name": str(number), "kind": "fax", "outcome": outcome} for number, outcome in enumerate(outcomes)]


def test_the_table_says_what_became_of_pages():
    """How many are right with which interval, and which are another than by the rules."""
    found = {
        "protocol": "How.",
        "environment": {"cpu": "a processor", "commit": "abc"},
        "network": {"steps": 3, "families": ["fax"], "each": 2, "bytes": 4000, "ms": 5.0},
        "kinds": {"mixtures": {"all": page_parts.kinds_table(np.eye(6, dtype=int))}},
        "reading": {
            "mixtures": {"rules": rows("right", "refused", "refused"), "both": rows("right", "right", "refused")}
        },
        "real": {
            way: [{"name": "a", "status": "read", "reason": None, "verdict": verdict, "layout": "3x4"}]
            for way, verdict in (("rules", "normal"), ("both", "history"))
        },
    }
    table = page_parts.to_markdown(json.loads(json.dumps(found)))
    assert "| trace | 1.00 / 1.00 / 1.00 |" in table
    assert "| mixtures (3) | both | 2 (0.21–0.94) | 0 | 1 | 0 | 1 refused → right |" in table
    assert "a: normal → history" in table


def test_without_a_network_the_command_says_how_to_make_it(tmp_path, capsys):
    assert benchmarks.main(["page_parts", "--runs", str(tmp_path), "--apart", "1"]) == 1
    assert "python -m train parts --apart 1" in capsys.readouterr().err
