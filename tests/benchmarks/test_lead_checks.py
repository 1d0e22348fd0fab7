"""Recordings laid out as pages show them, and sheets of readings."""

import numpy as np
import pytest
from PIL import Image

from benchmarks import contact_sheets, lead_checks
from ecg_edge.layout import LEADS_12, RHYTHM


@pytest.mark.parametrize("columns, length, begins_s", [(1, 5000, 0.0), (2, 2500, 5.0), (4, 1250, 7.5)])
def test_a_heart_is_laid_out_in_columns(columns, length, begins_s):
    """Each lead from where its column begins, with a strip of II where there are several columns."""
    heart = np.arange(12)[:, None] * 10000.0 + np.arange(5000)
    shown, start_s = lead_checks.laid_out(heart, columns)
    assert {len(shown[name]) for name in LEADS_12} == {length}
    assert start_s["I"] == 0.0 and start_s["V6"] == begins_s
    assert shown["V6"][0] == 110000 + begins_s * 500
    assert (RHYTHM in shown) == (columns > 1)
    if columns > 1:
        assert (shown[RHYTHM] == heart[1]).all()


def test_leads_that_are_exchanged_are_found_where_they_begin_together():
    """Of those that do not, nothing is said."""
    rng = np.random.default_rng(0)
    one, three = np.cumsum(rng.normal(size=(2, 5000)), axis=1) * 0.05
    limb = (one, one + three, three, -one - three / 2, (one - three) / 2, one / 2 + three)
    shown, start_s = lead_checks.laid_out(np.stack([*limb, *rng.normal(size=(6, 5000))]), 4)
    assert lead_checks._is_found(shown, start_s, "I", "aVR") is None
    assert lead_checks._is_found(shown, start_s, "I", "III") is False


def test_readings_are_put_on_sheets(few_pages, tmp_path, capsys, monkeypatch):
    """With a caption each, and a line that says which stand on which."""
    pictures = [(page.path.stem, page.path) for page in few_pages[:1]]
    monkeypatch.setattr(contact_sheets, "pictures", lambda *_: iter([*pictures, ("none", b"no picture")]))
    contact_sheets.main(["--what", "real", "--out", str(tmp_path)])
    told = capsys.readouterr().out
    assert pictures[0][0] in told and "3x4+1" in told and "none: not_a_picture" in told
    with Image.open(tmp_path / "real-01.png") as sheet:
        assert sheet.width == contact_sheets.ACROSS * contact_sheets.WIDTH_PX
