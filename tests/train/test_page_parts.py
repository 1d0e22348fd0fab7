"""What each spot of a page is: labels that lie on what was drawn, and the network from patches to an int8 file."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from ecg_edge.classifier import runtime
from train import page_parts, paper, paper_families, paper_marks, paper_style

STYLE = paper_style.Style(grid="none", handwriting=2, header=True, side=True, skew_deg=0.0)
PX_PER_MM = 4.0


@pytest.fixture(scope="module")
def page(hearts):
    return paper.draw_page(hearts, STYLE, px_per_mm=PX_PER_MM, seed=2, labelled=True)


def label(page, kind):
    return page.labels == paper_marks.KINDS.index(kind)


def test_a_page_is_the_same_with_labels_and_without(hearts, page):
    """To the byte; without them none are kept."""
    plain = paper.draw_page(hearts, STYLE, px_per_mm=PX_PER_MM, seed=2)
    assert plain.labels is None and plain.image.tobytes() == page.image.tobytes()
    assert page.labels.shape == page.image.size[::-1]


def test_labels_lie_on_what_was_drawn(page):
    """All ink has a kind, traces lie where the signals say, pulses and names in their places, print in the header."""
    shade = np.asarray(page.image.convert("L"))
    ink = shade < 140
    assert (page.labels[ink] > 0).mean() > 0.999 and (shade[page.labels > 0] < 225).all()
    assert set(np.unique(page.labels)) == set(range(len(paper_marks.KINDS)))
    trace = label(page, "trace")
    for place in page.arrangement.places:
        signal = page.signals[place.name]
        middle = len(signal) // 2
        x = round(place.box.left + middle * page.arrangement.mm_per_s / paper.RATE_HZ * PX_PER_MM)
        y = round(place.zero_px - signal[middle] * page.arrangement.mm_per_mv * PX_PER_MM)
        assert trace[y - 3 : y + 4, x - 1 : x + 2].any()
        name = label(page, "name")[y - 40 : y + 40, place.box.left : place.box.left + 40]
        assert name.any()
    for left, right, top, bottom in page.arrangement.pulses:
        found = label(page, "pulse")[top : bottom + 1, left : right + 1]
        assert found.any(axis=0).all() and not trace[top : bottom - 2, left + 2 : right - 1].any()
    assert label(page, "print")[: round(20 * PX_PER_MM)].any()
    assert not (label(page, "name") | trace)[: round(20 * PX_PER_MM)].any()


def test_labels_turn_with_their_page(hearts, page):
    """A page askew has its labels askew."""
    askew = paper.draw_page(hearts, replace(STYLE, skew_deg=1.0), px_per_mm=PX_PER_MM, seed=2, labelled=True)
    ink = np.asarray(askew.image.convert("L")) < 100
    assert (askew.labels[ink] > 0).mean() > 0.98 and (askew.labels != page.labels).any()


def test_a_cell_is_the_last_of_the_kinds_in_it():
    """Half a millimetre each, of a picture twice as fine."""
    labels = np.zeros((80, 120), np.uint8)
    labels[40:42] = paper_marks.KINDS.index("separator")
    labels[:, 61] = paper_marks.KINDS.index("trace")
    picture, cells = page_parts.reduced(Image.new("RGB", (120, 80)), labels, 0.5)
    assert picture.shape == (40, 60, 3) and cells.shape == (20, 30)
    assert (cells[10, np.arange(30) != 15] == 2).all() and (cells[:, 15] == 5).all()
    assert np.count_nonzero(cells) == 20 + 29


def test_patches_show_all_kinds_and_nothing_beyond_the_page():
    """Of a page with a few spots of each kind half of the patches are about one; the same generator gives the same."""
    cells = np.zeros((150, 200), np.uint8)
    cells[75, 20:180:10] = np.tile(range(1, 6), 4)[:16]
    held = [(np.full((300, 400, 3), 255, np.uint8), cells)]
    seen, true = page_parts.patches(held, 20, np.random.default_rng(0))
    assert seen.shape == (20, page_parts.PATCH_PX, page_parts.PATCH_PX, 3) and seen.dtype == np.uint8
    assert set(np.unique(true)) == set(range(6)) and (true.reshape(20, -1).max(axis=1) > 0).mean() > 0.5
    again, _ = page_parts.patches(held, 20, np.random.default_rng(0))
    np.testing.assert_array_equal(seen, again)


def test_groups_share_the_families():
    """Each family is kept apart once."""
    left = [set(paper_families.FAMILIES) - set(page_parts.families_of(group)) for group in range(page_parts.GROUPS)]
    assert set.union(*left) == set(paper_families.FAMILIES) == set(page_parts.families_of(None))
    assert sum(map(len, left)) == len(paper_families.FAMILIES)


def test_tiles_cover_a_picture_of_any_size():
    """Each pixel is in one at least, where its place says."""
    picture = np.random.default_rng(0).integers(0, 255, (900, 1300, 3), np.uint8)
    covered = np.zeros(picture.shape[:2], bool)
    for tile, place in page_parts.tiles(picture):
        assert tile.shape == (*page_parts.TILE, 3)
        covered[place] = True
        rows, columns = (each.stop - each.start for each in place)
        np.testing.assert_array_equal(tile[:rows, :columns], picture[place])
    assert covered.all() and len(list(page_parts.tiles(picture))) == 4
    a4 = np.zeros((840, 1188, 3), np.uint8)
    assert len(list(page_parts.tiles(a4))) == 1 and len(list(page_parts.tiles(a4, (400, 1216)))) == 3


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Statistics for quantized inputs")
def test_training_goes_on_and_ends_in_an_int8_file(tmp_path, monkeypatch):
    """Stopped and gone on with is trained once; the file says of dark strokes on paper that they are no paper."""
    pytest.importorskip("tensorflow")
    monkeypatch.setattr(page_parts, "CHUNK", 32)
    monkeypatch.setattr(page_parts, "TILE", (128, 192))
    monkeypatch.setattr(page_parts, "BATCH", 4)
    monkeypatch.setattr(page_parts, "PATCH_PX", 64)
    cells = np.zeros((64, 96), np.uint8)
    cells[30:33] = paper_marks.KINDS.index("trace")
    picture = np.full((128, 192, 3), 250, np.uint8)
    picture[60:66] = 10
    page_parts.fit([(picture, cells)], tmp_path / "run", 32, {"seed": 1, "steps": 64})
    model = page_parts.fit([(picture, cells)], tmp_path / "run", 64, {"seed": 1, "steps": 64})
    data = page_parts.convert(model, [picture])
    seer = page_parts.Seer(data)
    scores = seer.scores(picture)
    assert len(data) < 200_000 and scores.shape == (64, 96, 6)
    assert (scores[30:33].argmax(axis=2) == 5).mean() > 0.8 and (scores[:20].argmax(axis=2) == 0).mean() > 0.8
    same = model.predict_on_batch(picture[None].astype(np.float32))[0]
    assert (same.argmax(axis=2) == scores.argmax(axis=2)).mean() > 0.95
    assert runtime.find_runtime().name
