"""Drawn paper: the truth beside a page is what was drawn on it."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from ecg_edge import Reader, layout
from ecg_edge.errors import Reason
from ecg_edge.simulator import heart
from train import paper, paper_style

PX_PER_MM = 4.0
BARE = paper_style.Style(grid="none", pulse="none", separators="none", header=False, foot=False, name_mm=0.2)
"""Traces alone, but for names of no size."""


def darkness(page):
    """(H, W) of 0 for paper to 1 for ink."""
    return 1.0 - np.asarray(page.image.convert("L"), float) / 255


@pytest.mark.parametrize("order", paper_style.ORDERS)
@pytest.mark.parametrize("name", paper_style.LAYOUTS)
def test_traces_lie_where_the_truth_says(name, order):
    """Each lead a level of its own: the ink of its place stands at that many millimetres above its zero, in its columns alone."""
    levels = np.linspace(-0.4, 0.5, 12)
    style = replace(BARE, layout=name, order=order, rhythm=("V1", "II", "V5")[: paper_style.LAYOUTS[name][2]])
    page = paper.draw_page(np.repeat(levels[:, None], 5000, axis=1), style, px_per_mm=PX_PER_MM)
    dark = darkness(page)
    for place in page.arrangement.places:
        sign, lead = (-1, place.lead[1:]) if place.lead.startswith("-") else (1, place.lead)
        level = sign * levels[layout.LEADS_12.index(lead)]
        assert np.all(page.signals[place.name] == np.float32(level))
        inner = dark[place.box.top : place.box.bottom, place.box.left + 20 : place.box.right - 5]
        rows = np.arange(place.box.top, place.box.bottom)
        ink = (inner * rows[:, None]).sum(axis=0) / inner.sum(axis=0)
        assert np.abs(ink - (place.zero_px - level * style.mm_per_mv * PX_PER_MM)).max() < 0.5
    first, last = page.arrangement.places[0].box.left, page.arrangement.places[-1].box.right
    assert dark[:, : first - 3].max() == 0 and dark[:, last + 3 :].max() == 0


@pytest.mark.parametrize("name", paper_style.LAYOUTS)
def test_a_step_is_seen_when_it_happens(name):
    """All leads step at once: it is drawn in the places that show that second, at its column, and in no other."""
    time = np.arange(5000) / 500
    style = replace(BARE, layout=name, rhythm=("II", "V1", "V5")[: paper_style.LAYOUTS[name][2]])
    for second in (1.2, 6.1):
        page = paper.draw_page(np.tile(np.where(time < second, 0.0, 0.5), (12, 1)), style, px_per_mm=PX_PER_MM)
        dark = darkness(page)
        for place in page.arrangement.places:
            rise = place.zero_px - 0.25 * style.mm_per_mv * PX_PER_MM
            across = dark[round(rise), place.box.left - 2 : place.box.right + 2]
            column = (second - place.start_s) * style.mm_per_s * PX_PER_MM + 2
            if 0 <= second - place.start_s < len(page.signals[place.name]) / 500:
                assert abs(np.average(np.arange(across.size), weights=across) - column) < 1.5
            else:
                assert across.max() < 0.1


def test_pulses_stand_where_the_truth_says():
    """5 mm wide, 1 mV high, left or right of the traces; none where there are none."""
    flat = np.zeros((12, 5000))
    for side in ("left", "right"):
        page = paper.draw_page(flat, replace(BARE, pulse=side, mm_per_mv=10.0), px_per_mm=PX_PER_MM)
        dark, boxes = darkness(page), [place.box for place in page.arrangement.places]
        assert len(page.arrangement.pulses) == 4
        for left, right, top, bottom in page.arrangement.pulses:
            assert (right - left, bottom - top) == (5 * PX_PER_MM, pytest.approx(10 * PX_PER_MM, abs=1))
            assert dark[top - 1 : top + 2, left + 3 : right - 3].max(axis=0).min() > 0.5
            assert dark[top + 3 : bottom - 3, left - 1 : left + 2].max(axis=1).min() > 0.5
            assert (
                right <= min(box.left for box in boxes) if side == "left" else left >= max(box.right for box in boxes)
            )
    assert paper.draw_page(flat, BARE, px_per_mm=PX_PER_MM).arrangement.pulses == ()


@pytest.mark.parametrize("kind", ("line", "boxes"))
def test_the_grid_repeats_every_millimetre_and_is_strong_in_every_fifth(kind):
    """Folded by 5 mm, its darkness has five peaks 1 mm apart, the highest where traces begin; down as across."""
    style = replace(BARE, grid=kind, framed=False)
    page = paper.draw_page(np.full((12, 5000), 0.0), style, px_per_mm=8.0)
    dark, first = darkness(page), page.arrangement.places[0]
    for along, phase in ((dark[40:120].mean(axis=0), first.box.left), (dark[:, 40:120].mean(axis=1), first.zero_px)):
        folded = along[: along.size // 40 * 40].reshape(-1, 40).mean(axis=0)
        peaks = [place for place in range(40) if folded[place] > max(folded[place - 1], folded[(place + 1) % 40])]
        assert len(peaks) == 5
        assert all(abs((b - a) % 40 - 8) <= 1 for a, b in zip(peaks, peaks[1:] + peaks[:1], strict=True))
        strongest = max(peaks, key=lambda place: folded[place])
        assert abs((strongest - phase + 20) % 40 - 20) <= 1


def test_zero_lies_on_a_pixels_middle_like_all_places_in_pictures():
    """A flat line of one pixel's width is darkest in the row of its zero."""
    page = paper.draw_page(np.zeros((12, 5000)), replace(BARE, pen_mm=0.17), px_per_mm=PX_PER_MM)
    for place in page.arrangement.places:
        column = darkness(page)[place.box.top : place.box.bottom, place.box.right - 40]
        middle = np.average(np.arange(place.box.top, place.box.bottom), weights=column)
        assert middle == pytest.approx(place.zero_px, abs=0.25)


def test_half_as_many_seconds_fit_at_double_speed(hearts):
    """50 mm/s: 5 s in a row, as wide as 10 s at 25 mm/s."""
    slow, fast = (
        paper.draw_page(hearts, replace(BARE, layout="3x4", rhythm=(), mm_per_s=speed), px_per_mm=PX_PER_MM)
        for speed in (25.0, 50.0)
    )
    assert [place.start_s for place in slow.arrangement.places[:4]] == [0, 2.5, 5, 7.5]
    assert [place.start_s for place in fast.arrangement.places[:4]] == [0, 1.25, 2.5, 3.75]
    assert len(fast.signals["I"]) == 626
    assert fast.arrangement.places[3].box.right == slow.arrangement.places[3].box.right


@pytest.mark.parametrize("seed", range(6))
def test_the_same_arguments_give_the_same_page(hearts, seed):
    """To the byte, and its leads lie within the paper."""
    style = paper_style.draw_style(np.random.default_rng(seed))
    one, again = (paper.draw_page(hearts, style, px_per_mm=4.0, seed=seed) for _ in range(2))
    assert one.image.tobytes() == again.image.tobytes()
    left, top, right, bottom = paper.content(one)
    assert 0 <= left < right <= one.image.width and 0 <= top < bottom <= one.image.height


def test_the_command_writes_pages_signals_and_truth(ptbxl, tmp_path, capsys):
    """python -m train.paper --out DIR --count 1 --seed 4 --layout 6x2"""
    assert paper.main(["--out", str(tmp_path), "--count", "1", "--seed", "4", "--layout", "6x2"]) == 0
    (picture,) = tmp_path.glob("*.png")
    assert capsys.readouterr().out == f"{picture}\n"
    truth = json.loads(picture.with_suffix(".json").read_text())
    assert truth["arrangement"]["layout"] == "6x2"
    drawn = np.load(picture.with_suffix(".npz"))
    assert sorted(drawn) == sorted(place["name"] for place in truth["arrangement"]["places"])
    with Image.open(picture) as image:
        assert image.width == round(paper_style.PAPERS_MM[truth["style"]["paper"]][0] * 8)


@pytest.mark.parametrize("rhythm", [(), ("II",)])
def test_four_rows_of_three_are_read(rhythm):
    """Each lead under its name and at its time, to 10 ms, a quarter of a millimetre: the signals are those that were drawn."""
    style = paper_style.Style(layout="4x3+1" if rhythm else "4x3", rhythm=rhythm)
    drawn = paper.draw_page(heart.simulate(seed=1), style)
    result = Reader(signals=True).read(drawn.image)
    assert result.verdict is not None and result.page["layout"] == style.layout
    assert result.signals is not None
    for place in drawn.arrangement.places:
        read, truth = result.signals.lead(place.name), drawn.signals[place.name]
        assert result.signals.start_s[place.name] == pytest.approx(place.start_s, abs=0.002)
        count = min(len(read), len(truth)) - 50
        alike = []
        for late in range(-5, 6):
            part = read[5 + late : count + late]
            known = np.isfinite(part)
            assert known.mean() > 0.9, place.name
            alike.append(np.corrcoef(part[known], truth[5:count][known])[0, 1])
        assert max(alike) > 0.9, place.name


@pytest.mark.parametrize("order", ["standard", "cabrera", "chest"])
def test_six_leads_alone_get_no_verdict(monkeypatch, order):
    """Limb leads or chest leads without the others: what is there is read, and said not to be enough."""
    monkeypatch.setitem(paper_style.ORDERS, "chest", layout.LEADS_12[6:] + layout.LEADS_12[:6])
    style = paper_style.Style(layout="6x1", order=order, rhythm=())
    result, stages = Reader().inspect(paper.draw_page(heart.simulate(seed=1), style).image)
    assert (result.status, result.reason, result.verdict) == ("refused", Reason.LEADS_MISSING, None)
    assert result.measurements["rate_per_min"] > 0
    assert result.page["layout"] == "6x1"
    shown = layout.LEADS_12[6:] if order == "chest" else layout.LEADS_12[:6]
    assert sorted(stages.traces.signals) == sorted(shown)


def test_pulses_are_as_wide_as_the_speed_says_and_where_the_style_has_them(hearts):
    """0.2 s: 10 mm at 50 mm/s; the last row's alone; cut at the page's edge none is whole."""
    style = replace(BARE, pulse="left", pulse_s=0.2, mm_per_s=50.0)
    pulses = paper.draw_page(hearts, style, px_per_mm=PX_PER_MM).arrangement.pulses
    assert len(pulses) == 4 and all(right - left == 10 * PX_PER_MM for left, right, *_ in pulses)
    one = paper.draw_page(hearts, replace(style, pulse_rows="last"), px_per_mm=PX_PER_MM).arrangement.pulses
    assert one == pulses[-1:]
    cut = paper.draw_page(
        np.zeros((12, 5000)), replace(BARE, pulse="cut", layout="3x4", rhythm=()), px_per_mm=PX_PER_MM
    )
    assert cut.arrangement.pulses == ()
    top = round(cut.arrangement.places[0].zero_px - 10 * PX_PER_MM)
    row = darkness(cut)[top - 2 : top + 3, : round(cut.arrangement.places[0].box.left)]
    assert row.max() > 0.8


def test_columns_may_stand_apart(hearts):
    """The gap is bare, and time goes on after it."""
    style = replace(BARE, layout="6x2", rhythm=(), gap_mm=8.0)
    page = paper.draw_page(hearts, style, px_per_mm=PX_PER_MM)
    left, right = page.arrangement.places[:2]
    assert right.box.left - left.box.right == 8 * PX_PER_MM and right.start_s == 5.0
    between = darkness(page)[: round(left.zero_px + 40), left.box.right + 4 : right.box.left - 3]
    assert between.max() < 0.1


@pytest.mark.parametrize("frame", ["traces", "grid"])
def test_a_frame_is_closed(frame):
    """A line around the traces, or around the grid."""
    page = paper.draw_page(
        np.zeros((12, 5000)), replace(BARE, frame=frame, framed=True, grid="none"), px_per_mm=PX_PER_MM
    )
    rows, columns = np.nonzero(darkness(page) > 0.3)
    around = darkness(page)[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] > 0.3
    assert around[[0, 1]].max(axis=0).all() and around[[-1, -2]].max(axis=0).all()
    assert around[:, [0, 1]].max(axis=1).all() and around[:, [-1, -2]].max(axis=1).all()


def test_names_stand_where_they_are_said_to():
    """20 mm above the base line, in their own colour and on their own pitch."""
    style = replace(BARE, name_mm=3.0, name_rise_mm=12.0, name_ink="red", name_pitch_mm=70.0, layout="3x4", rhythm=())
    page = paper.draw_page(np.full((12, 5000), -0.3), style, px_per_mm=PX_PER_MM)
    red = np.asarray(page.image, int)
    red = (red[..., 0] - red[..., 1]) > 100
    first = page.arrangement.places[0]
    top = round(first.zero_px - 12 * PX_PER_MM)
    band = red[top - 3 * round(PX_PER_MM) : top + 1]
    assert band.any() and not red[top + 5 : round(first.zero_px)].any()
    beginnings = [
        np.flatnonzero(band[:, round(first.box.left + k * 70 * PX_PER_MM) :].any(axis=0))[0] for k in range(4)
    ]
    assert all(beginning < 3 * PX_PER_MM for beginning in beginnings)


@pytest.mark.parametrize(("finish", "levels"), [("fax", 2), ("photocopy", 256), ("whitened", 256)])
def test_a_finish_is_of_the_whole_page(hearts, finish, levels):
    """A fax is black or white; a copy is grey; whitened paper is white, and strokes stay dark."""
    page = paper.draw_page(hearts, paper_style.Style(finish=finish), px_per_mm=PX_PER_MM, seed=1)
    pixels = np.asarray(page.image)
    assert len(np.unique(pixels)) <= levels
    if finish != "whitened":
        assert np.array_equal(pixels[..., 0], pixels[..., 1]) and np.array_equal(pixels[..., 0], pixels[..., 2])
    else:
        assert np.mean(pixels.min(axis=2) == 255) > 0.5
    assert pixels.min() < 60
    again = paper.draw_page(hearts, paper_style.Style(finish=finish), px_per_mm=PX_PER_MM, seed=1)
    assert page.image.tobytes() == again.image.tobytes()
