"""What was measured, shown: words, rows of a table, places on the page, and what is drawn over the picture."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image, ImageDraw

from ecg_edge.layout import LEADS_12, Arrangement, Box, Place
from ecg_edge.measure.delineation import Marks
from ecg_edge.measure.lead_values import LeadValues
from ecg_edge.measure.measurements import Measurements, measure
from ecg_edge.measure.statements import as_json
from ecg_edge.output import overlay_measured
from ecg_edge.output.colours import WHITE
from ecg_edge.output.measured_stretches import WAVES, beat_ticks, stretches
from ecg_edge.output.measured_words import VALUES, block, lines, rows, st_words
from ecg_edge.output.overlay_panel import font
from ecg_edge.output.result_table import COLUMNS, measured_cells, result_cells

from ..measure.hearts import RATE_HZ, heart, in_columns

PX_PER_MM = 8.0
SIZE = (2400, 1400)


@pytest.fixture(scope="module")
def drawn():
    """(`Measurements`, `Arrangement`, traces) of a simulated heart on a 3x4+1 page of 8 px/mm."""
    signals = in_columns(heart("sinus rhythm"))
    px_per_s = 25 * PX_PER_MM
    places, paths = [], {}
    for name in signals.names:
        number = LEADS_12.index(name) if name in LEADS_12 else 3
        zero = 300.0 * (number % 3 if name in LEADS_12 else 3) + 250
        start_s, values = signals.start_s[name], signals.lead(name)
        left = 100 + start_s * px_per_s
        right = left + len(values) / RATE_HZ * px_per_s
        places.append(Place(name, "II" if name == "rhythm" else name, Box(round(left), round(zero - 150), round(right), round(zero + 150)), zero, start_s))  # fmt: skip
        x = np.arange(round(left), round(right))
        mv = np.interp((x - left) / px_per_s, np.arange(len(values)) / RATE_HZ, values)
        paths[name] = np.stack([x, zero - 10 * PX_PER_MM * mv], 1).astype(np.float32)
    arrangement = Arrangement("3x4+1", tuple(places), (PX_PER_MM, PX_PER_MM), 25.0, 10.0, 0.0, 1.0)
    return measure(signals), arrangement, SimpleNamespace(paths=paths)


def test_every_beat_has_a_tick_where_it_is_on_the_strip(drawn):
    """Its time on the page's clock is its place."""
    measured, arrangement, traces = drawn
    ticks = beat_ticks(measured, arrangement, traces)
    assert len(ticks) == len(measured.beats_s) > 8
    strip = traces.paths["rhythm"]
    for tick, at_s in zip(ticks, measured.beats_s, strict=True):
        assert tick.line[0, 0] == pytest.approx(100 + 200 * at_s, abs=1)
        assert 15 < tick.line[0, 1] - strip[:, 1].max() < 25 and tick.line[1, 1] <= arrangement.places[-1].box.bottom
        near = np.abs(strip[:, 0] - tick.line[0, 0]) < 12
        assert strip[near, 1].min() < strip[:, 1].min() + 40  # an R wave is there


def test_each_value_is_shown_on_the_stretch_that_it_rests_on(drawn):
    """As long as it lasts, on the trace itself, each lead once."""
    found = stretches(*drawn)
    assert set(found) == set(WAVES)
    measured, _, traces = drawn
    for name in ("p_ms", "pr_ms", "qrs_ms", "qt_ms"):
        (stretch,) = found[name]
        length_ms = (stretch.path[-1, 0] - stretch.path[0, 0]) * 1000 / 200
        assert length_ms == pytest.approx(getattr(measured, name), abs=6)
        x, y = stretch.path.T
        own = traces.paths[stretch.place]
        assert np.allclose(y, np.interp(x, own[:, 0], own[:, 1]))
    assert {each.lead for each in found["axis_qrs_deg"]} == set(LEADS_12[:6])
    assert [each.lead for each in found["cornell_mv"]] == ["aVL", "V3"]
    assert len({each.place for each in found["st"]}) == len(found["st"]) == 12


def test_what_was_not_measured_is_shown_nowhere(drawn):
    """Nor what was measured on a trace that is lost."""
    measured, arrangement, traces = drawn
    assert (
        stretches(Measurements(), arrangement, traces) == {} and beat_ticks(Measurements(), arrangement, traces) == ()
    )
    lost = {name: np.full_like(path, np.nan) for name, path in traces.paths.items()}
    assert stretches(measured, arrangement, SimpleNamespace(paths=lost)) == {}


def purple(picture):
    """(H, W) bool."""
    red, green, blue = np.moveaxis(np.asarray(picture).astype(int), -1, 0)
    return (red - green > 40) & (blue - green > 20)


def test_words_and_bars_stand_where_no_trace_is(drawn):
    """What is drawn beside the traces hides none of them; PR, QRS and QT are there."""
    measured, arrangement, traces = drawn
    picture = Image.new("RGB", SIZE, "white")
    draw = ImageDraw.Draw(picture, "RGBA")
    overlay_measured.draw_measured(draw, measured, arrangement, traces, np.asarray, SIZE, font(16))
    seen = purple(picture)
    assert seen.sum() > 1000
    st = np.zeros(SIZE[::-1], bool)
    for stretch in stretches(measured, arrangement, traces)["st"]:
        x, y = np.round(stretch.path).astype(int).T
        for row, column in zip(y, x, strict=True):
            st[row - 6 : row + 7, column - 6 : column + 7] = True
    for path in traces.paths.values():
        x, y = np.round(path).astype(int).T
        inside = (y >= 0) & (y < SIZE[1])
        assert not (seen & ~st)[y[inside], x[inside]].any()


def test_bars_are_left_out_where_there_is_no_room(drawn):
    """Ink everywhere: no words, no exception."""
    measured, arrangement, traces = drawn
    everywhere = np.stack([grid.ravel() for grid in np.meshgrid(np.arange(0, 2400, 6), np.arange(0, 1400, 6))], 1)
    full = SimpleNamespace(paths=traces.paths | {"full": everywhere.astype(np.float32)})
    with_room, without = (Image.new("RGB", SIZE, WHITE) for _ in range(2))
    for picture, paths in ((with_room, traces), (without, full)):
        draw = ImageDraw.Draw(picture, "RGBA")
        overlay_measured.draw_measured(draw, measured, arrangement, paths, np.asarray, SIZE, font(16))
    assert purple(without).sum() < purple(with_room).sum()


def test_the_svg_has_a_group_for_each_value(drawn):
    """Over the overlay's pixels, here half of the page's."""
    measured, arrangement, traces = drawn
    text = overlay_measured.marks_svg(measured, arrangement, traces, lambda points: points / 2, (1200, 700))
    assert set(re.findall(r'id="on-([a-z_]+)"', text)) == {"rate_per_min", *WAVES} and 'viewBox="0 0 1200 700"' in text
    numbers = [float(number) for part in re.findall(r'points="([^"]*)"', text) for number in re.split("[ ,]", part)]
    assert min(numbers) >= 0 and max(numbers) <= 1200


def test_values_are_told_with_unit_and_uncertainty():
    """Unknown ones are left out of the table, and a dash in the block that carts print."""
    known = as_json(Measurements(rate_per_min=71.6, qrs_ms=93.0, qt_ms=380.0, qtc_ms={"fridericia": 401.4}, axis_qrs_deg=-12.0, cornell_mv=1.25, uncertainty={"qrs_ms": 7.6}))  # fmt: skip
    told = {value.name: words for value, words in rows(known)}
    assert told == {"rate_per_min": "72 per minute", "qrs_ms": "93 ms ± 7.6", "qt_ms": "380 ms", "qtc_ms": "401 ms", "axis_qrs_deg": "-12°", "cornell_mv": "1.25 mV"}  # fmt: skip
    assert block(known) == [("Rate", "72 per minute"), ("PR", "- ms"), ("QRS", "93 ms"), ("QT / QTc", "380 / 401 ms"), ("P / QRS / T axes", "- / -12 / -°")]  # fmt: skip
    assert rows(None) == [] and block(None) == [] and list(lines(None)) == []


def test_st_is_told_lead_by_lead_and_findings_in_words():
    """ST below 0.05 mV is not told."""
    leads = {"V2": LeadValues(st_j_mv=0.21), "V3": LeadValues(st_j_mv=-0.049), "V4": LeadValues()}
    known = as_json(Measurements(rate_per_min=50.0, leads=leads, marks=Marks()))
    assert st_words(known) == "V2 +0.21"
    assert [line for line in lines(known) if line.startswith("Findings")] == ["Findings: bradycardia"]


def test_a_row_of_csv_has_a_cell_for_each_column():
    """Also of a result that was not read, and of one that an earlier version stored."""
    measurements = as_json(Measurements(rate_per_min=50.4, beats={"premature_narrow": None, "premature_wide": 2}))
    result = {"source": "a.jpg", "probabilities": {"normal": 0.9}, "doubts": ["low_confidence", "assumed_scale"], "measurements": measurements}  # fmt: skip
    row = dict(zip(COLUMNS, [*result_cells(result), *measured_cells(result)], strict=True))
    assert (row["source"], row["normal"], row["rate_per_min"], row["premature_wide"]) == ("a.jpg", 0.9, 50.4, 2)
    assert row["findings"] == "bradycardia premature_wide" and row["doubts"] == "low_confidence assumed_scale"
    assert row["qtc_ms"] is row["reason"] is row["premature_narrow"] is None
    bare = [*result_cells({"source": "a.jpg"}), *measured_cells({"source": "a.jpg"})]
    assert len(bare) == len(COLUMNS) and [cell for cell in bare if cell is not None] == ["a.jpg"]
    assert {value.name for value in VALUES} <= set(COLUMNS)
