"""Names of leads: letters that ship, and each name told from the others."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from ecg_edge.arrangement.lead_names import (
    CELL_PX,
    EMPTY,
    FACES,
    LETTERS,
    LETTERS_PATH,
    KnownFits,
    NameMatcher,
    _pattern,
)
from ecg_edge.arrangement.name_windows import cut
from ecg_edge.layout import LEADS_12


def window(name, size_px, at=(20, 60)):
    """(96, 128) uint8 of a name in Pillow's face, its foot and left edge at a place."""
    canvas = Image.new("L", (128, 96))
    ImageDraw.Draw(canvas).text(at, name, 255, ImageFont.load_default(size_px), anchor="ls")
    return np.asarray(canvas)


def test_the_letters_are_there():
    """Twelve cells in one row."""
    with Image.open(LETTERS_PATH) as sheet:
        assert sheet.size == (CELL_PX * len(LETTERS), CELL_PX)


@pytest.mark.parametrize("name", LEADS_12)
def test_each_name_fits_itself_best_where_it_stands(name):
    """In print of 2.4 mm capitals at 8 px/mm."""
    matcher = NameMatcher(window(name, 27)[None], 8)
    fits = {other: matcher.mean_fit([(0, other)], "sans", 2.4) for other in LEADS_12}
    best = max(fits, key=lambda other: fits[other].max())
    assert best == name
    row, column = np.unravel_index(fits[name].argmax(), fits[name].shape)
    assert (row, column) == pytest.approx((60, 21), abs=6)


def test_the_face_is_found():
    """The size of the print among those looked for, in its own face."""
    matcher = NameMatcher(np.stack([window("aVR", 27), window("V4", 27)]), 8)
    assert matcher.faces_of([(0, (0, 0), "aVR"), (1, (300, 0), "V4")], KnownFits())[0] == ("sans", 2.4)
    assert set(FACES) == {"serif", "sans", "serif bold", "sans bold", "mono"}


def test_nothing_fits_paper():
    """An empty window correlates with no name."""
    matcher = NameMatcher(np.zeros((1, 96, 128), np.uint8), 8)
    assert all(np.abs(matcher.mean_fit([(0, name)], "serif", 2.4)).max() < 1e-3 for name in LEADS_12)


@given(st.lists(st.integers(-40, 90), min_size=2, max_size=5), st.integers(0, 2**32 - 1))
def test_what_is_known_of_windows_beside_it_changes_no_best_fit(corners, seed):
    """Windows of one page that are moved across from each other: as when each is looked at alone, places beyond the page and all."""
    page = np.random.default_rng(seed).choice(np.array([0, 0, 0, 200], np.uint8), (40, 130))
    page[:, 50:70] = 0
    known = KnownFits()
    for x in corners:
        matcher = NameMatcher(cut(page, [(x, 4)], 60, 34), 4)
        keys = [((x, 4), name, face, 2.4) for name in ("I", "aVR") for face in ("serif", "mono")]
        matcher._add_best([(key, 0) for key in keys if key not in known.most], known)
        alone = KnownFits()
        matcher._add_best([(key, 0) for key in keys], alone)
        assert [known.most[key] for key in keys] == [alone.most[key] for key in keys]
        for key in keys:
            assert alone.most[key] == max(matcher._windows.fits([0], [_pattern(*key[1:], 4)], EMPTY).max(), 0)
