"""Strips that beat with the columns above them, and strips that do not."""

from dataclasses import replace

import numpy as np
import pytest

from ecg_edge import Reader, image
from ecg_edge.measure.measurements import measure
from ecg_edge.measure.strip_clock import only, strips_alone
from ecg_edge.simulator.heart import PATTERNS

from .hearts import RATE_HZ, heart, in_columns

STRIP = (60, 1230, 2150, 1480)
"""Where the strip of a report page is, in pixels."""
CHEST = (1106, 460, 2150, 1230)
"""Where its chest leads are, but for the edges."""
RIGHT = (1106, 460, 2150, 1480)
"""Where its right half is, with the strip."""


@pytest.fixture(scope="module")
def reader():
    return Reader("page", signals=True)


@pytest.fixture
def pictures(few_pages):
    """{class: the picture of a page of it}."""
    return {page.label: image.open_file(page.path, 1).image for page in few_pages}


@pytest.mark.parametrize("name", [pattern.name for patterns in PATTERNS.values() for pattern in patterns])
def test_a_strip_beats_with_its_columns_whatever_the_heart_does(name):
    """A pattern's beats are the same in all leads, however early, wide or uneven."""
    assert strips_alone(in_columns(heart(name))) is None


def test_a_strip_of_another_time_is_told_and_its_rate_taken():
    """A faster heart's strip below: RR is that of one of them, never of both; what needs both is not known."""
    own, other = in_columns(heart("sinus rhythm")), in_columns(heart("sinus tachycardia"))
    mixed = replace(own, mv=own.mv.copy())
    mixed.mv[:, own.names.index("rhythm")] = other.mv[:, other.names.index("rhythm")]
    found, alone = measure(mixed), measure(only(other, strips=True))
    assert found.strips_apart and found.rate_per_min == alone.rate_per_min and found.rr_s == alone.rr_s
    assert found.qtc_ms is None and found.qt_ms == measure(only(own, strips=False)).qt_ms


def test_where_there_is_nothing_to_compare_nothing_is_told():
    """No strip, nothing but a strip, and a strip that is flat."""
    signals = in_columns(heart("sinus rhythm"))
    flat = replace(signals, mv=np.where(np.array(signals.names) == "rhythm", np.float32(0), signals.mv))
    assert {strips_alone(each) for each in (only(signals, strips=False), only(signals, strips=True), flat)} == {None}
    assert signals.rate_hz == RATE_HZ


@pytest.mark.parametrize(
    ("page", "pasted", "box", "of_strip"),
    [("normal", "infarction", STRIP, "infarction"), ("infarction", "normal", STRIP, "normal"), ("normal", "infarction", CHEST, "normal"),
     ("infarction", "normal", RIGHT, "infarction")],
)  # fmt: skip
def test_a_page_of_two_persons_is_in_doubt(reader, pictures, page, pasted, box, of_strip):
    """Strip, chest leads or half of another page: the rate is that of the page that most of the strip is of."""
    both = pictures[page].copy()
    both.paste(pictures[pasted].crop(box), box[:2])
    result = reader.read(both)
    assert result.status == "uncertain" and "strip_of_another_time" in result.doubts
    assert "strip of another time" in result.to_text()
    whole = reader.read(pictures[of_strip])
    assert "strip_of_another_time" not in whole.doubts
    assert result.measurements["rate_per_min"] == pytest.approx(whole.measurements["rate_per_min"], abs=1)
