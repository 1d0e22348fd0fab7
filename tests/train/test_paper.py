"""Drawn paper: the truth beside a page is what was drawn on it."""

import hashlib
import json
import zlib
from collections import Counter
from dataclasses import fields, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ecg_edge import Reader, layout
from ecg_edge.errors import Reason
from ecg_edge.simulator import heart
from train import paper, paper_families, paper_finish, paper_style, records
from train.dataset import data_directory

PX_PER_MM = 4.0
BARE = paper_style.Style(grid="none", pulse="none", separators="none", header=False, foot=False, name_mm=0.2)
"""Traces alone, but for names of no size."""
FIRST_FIELDS = (
    "layout", "order", "rhythm", "paper", "grid", "colour", "minor", "minor_mm", "major_mm", "strength", "framed", "pen_mm", "ink", "mm_per_s",
    "mm_per_mv", "pulse", "separators", "names", "name_mm", "font", "header", "foot",
)  # fmt: skip
"""What a style at random draws."""
INFARCTIONS = {
    "ALMI",
    "AMI",
    "ASMI",
    "ILMI",
    "IMI",
    "INJAL",
    "INJAS",
    "INJIL",
    "INJIN",
    "INJLA",
    "IPLMI",
    "IPMI",
    "LMI",
    "PMI",
}
"""SCP statements of the superclass MI."""


@pytest.fixture(scope="module")
def hearts():
    """(12, 5000) millivolts of a simulated normal heart at 500 Hz."""
    return heart.simulate("normal", seed=3, rate_hz=500)


@pytest.fixture(scope="module")
def ptbxl():
    """The PTB-XL records, or a skip where there are none."""
    if data_directory() is None or not (data_directory() / "signals.csv").is_file():
        pytest.skip("no PTB-XL signals (set ECG_EDGE_DATA)")
    return records.read_records()


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


@given(st.integers(0, 10_000))
@settings(max_examples=100)
def test_styles_at_random_are_ones_that_can_be_drawn(seed):
    """Within the ranges, strips that fit their layout, traces that fit their paper."""
    style = paper_style.draw_style(np.random.default_rng(seed))
    assert len(style.rhythm) == style.strips
    assert 0.2 <= style.pen_mm <= 0.5
    assert style.mm_per_mv in (5, 10, 20) and style.mm_per_s in (25, 50)
    assert style.seconds * style.mm_per_s + 8 < paper_style.PAPERS_MM[style.paper][0]


@pytest.mark.parametrize("seed", range(6))
def test_the_same_arguments_give_the_same_page(hearts, seed):
    """To the byte, and its leads lie within the paper."""
    style = paper_style.draw_style(np.random.default_rng(seed))
    one, again = (paper.draw_page(hearts, style, px_per_mm=4.0, seed=seed) for _ in range(2))
    assert one.image.tobytes() == again.image.tobytes()
    left, top, right, bottom = paper.content(one)
    assert 0 <= left < right <= one.image.width and 0 <= top < bottom <= one.image.height


def test_upsampling_keeps_samples_and_is_band_limited():
    """A sine below half the old rate is that sine at the new one."""
    for factor, hz in ((2, 37.0), (5, 23.0), (5, 39.0)):
        rate = 500 // factor
        coarse = np.sin(2 * np.pi * hz * np.arange(10 * rate) / rate + 0.3)[None]
        fine = records.upsample(coarse, factor)
        assert fine.shape == (1, 5000)
        np.testing.assert_allclose(fine[:, ::factor], coarse, atol=1e-6)
        true = np.sin(2 * np.pi * hz * np.arange(5000) / 500 + 0.3)
        assert np.abs(fine[0] - true)[250:-250].max() < 0.01


def test_the_pass_band_takes_drift_and_mains_and_leaves_the_rest():
    """0.67 to 25 Hz, without delay."""
    time = np.arange(5000) / 500
    drift, beat, mains = (np.sin(2 * np.pi * hz * time) for hz in (0.1, 5.0, 60.0))
    passed = records.band_pass(np.stack([drift, beat, mains]), 0.67, 25.0)[:, 1000:4000]
    assert np.abs(passed[0]).max() < 0.01 and np.abs(passed[2]).max() < 0.05
    np.testing.assert_allclose(passed[1], beat[1000:4000], atol=0.05)


def test_records_are_what_the_readme_of_the_data_says(ptbxl):
    """422 complete rows at 250 Hz, 1,310 others at 100 Hz; no patient in two folds; leads that fit Einthoven's law."""
    assert len(ptbxl) == 1732
    assert sum(record.rate_hz == 250 for record in ptbxl) == 422
    folds = {}
    for record in ptbxl:
        assert folds.setdefault(record.patient_id, record.fold) == record.fold
        assert set(record.superclasses) <= set(records.SUPERCLASSES)
    counts = {name: sum(name in record.superclasses for record in ptbxl) for name in records.SUPERCLASSES}
    assert counts == {"NORM": 912, "MI": 321, "STTC": 414, "CD": 369, "HYP": 189}
    for record in ptbxl[::400]:
        millivolts = records.signals(record)
        assert millivolts.shape == (12, 5000) and millivolts.dtype == np.float32
        one, two, three = millivolts[:3]
        assert np.abs(one + three - two).max() < 0.03
        np.testing.assert_allclose(millivolts[:, :: 500 // record.rate_hz], records.stored_signals(record), atol=1e-6)


def test_records_are_chosen_by_fold_and_class(ptbxl):
    """Each choice keeps what fits."""
    chosen = records.read_records(folds=(9,), superclass="MI")
    assert chosen and set(chosen) <= set(ptbxl)
    assert all(r.fold == 9 and "MI" in r.superclasses for r in chosen)


def test_what_is_unknown_of_a_record_is_not_absent(ptbxl):
    """Stadium and axis are known of 1,074; ages over 89 are one number; where the metadata came from is kept nowhere."""
    assert sum(record.stadium is not None for record in ptbxl) == 422 + 573 + 79
    infarctions = [record for record in ptbxl if "MI" in record.superclasses]
    stadiums = Counter(record.stadium for record in infarctions)
    assert stadiums == {
        "unknown": 165,
        "Stadium III": 136,
        "Stadium II-III": 7,
        "Stadium II": 6,
        "Stadium I": 3,
        None: 4,
    }
    assert (
        sum(
            max(likelihood for code, likelihood in record.codes.items() if code in INFARCTIONS) >= 80
            for record in infarctions
        )
        == 166
    )
    assert sum(record.age is None for record in ptbxl) == 4 and max(r.age for r in ptbxl if r.age is not None) == 90
    assert not hasattr(ptbxl[0], "metadata_from")


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


@pytest.fixture(scope="module")
def families(hearts):
    """{family: page}, one page each."""
    drawn = {}
    for family in paper_families.FAMILIES:
        style, _ = paper_families.draw_family(np.random.default_rng([4, zlib.crc32(family.encode())]), family)
        drawn[family] = paper.draw_page(hearts, style, px_per_mm=PX_PER_MM, seed=4)
    return drawn


def test_families_hold_what_they_are_named_for():
    """Twenty or more, of every layout, speed, gain, grid, order, separator, pulse and finish that can be drawn."""
    assert len(paper_families.FAMILIES) >= 20
    seen = {field.name: set() for field in fields(paper_style.Style)}
    for family in paper_families.FAMILIES:
        for seed in range(40):
            style, px_per_mm = paper_families.draw_family(np.random.default_rng(seed), family)
            assert 4 <= px_per_mm <= 9 and len(style.rhythm) == style.strips
            for name, values in seen.items():
                values.add(getattr(style, name))
    assert seen["layout"] == set(paper_style.USUAL_LAYOUTS) and seen["order"] == set(paper_style.ORDERS)
    assert seen["mm_per_s"] == {25.0, 50.0} and seen["mm_per_mv"] == {5.0, 10.0, 20.0}
    assert seen["grid"] == {"line", "boxes", "dots", "none"} and seen["colour"] == set(paper_style.COLOURS)
    assert seen["separators"] == {*paper_style.SEPARATORS, "short"} and seen["tint"] == set(paper_style.TINTS)
    assert seen["pulse"] == {"left", "right", "none", "cut"} and seen["pulse_rows"] == {"all", "last"}
    assert seen["finish"] == {"none", *paper_finish.FINISHES} and seen["frame"] == {"none", "traces", "grid"}
    assert {True, False} == seen["side"] == seen["header_rule"] and max(seen["handwriting"]) > 2
    assert seen["ink"] == set(paper_style.INKS) - {"blue"} and max(seen["gap_mm"]) > 3 and len(seen["jpeg"]) > 4


def test_what_a_seed_draws_of_no_family_stays_what_it_was():
    """Colours, inks and layouts that are added must not change pages that are trained and tested on."""
    drawn = [paper_style.draw_style(np.random.default_rng(seed)) for seed in range(40)]
    assert {style.layout for style in drawn} == set(paper_style.USUAL_LAYOUTS)
    told = repr([[getattr(style, name) for name in FIRST_FIELDS] for style in drawn])
    assert hashlib.sha256(told.encode()).hexdigest()[:16] == "c85a7580c86045dd"


@pytest.mark.parametrize("family", paper_families.FAMILIES)
def test_a_page_of_a_family_has_its_leads_where_its_truth_says(family, families):
    """On the paper and apart from each other; each trace begins with ink, which faxes and whitening leave."""
    page, px_per_mm = families[family], PX_PER_MM
    width, height = page.image.size
    shade = np.asarray(page.image.convert("L"), float)
    paper_level = np.median(shade)
    for place in page.arrangement.places:
        assert 0 <= place.box.left < place.box.right <= width and 0 <= place.zero_px < height
        signal = page.signals[place.name]
        middle = len(signal) // 2
        across = page.arrangement.mm_per_s / paper.RATE_HZ * px_per_mm
        x = round(place.box.left + middle * across)
        y = place.zero_px - signal[middle] * page.arrangement.mm_per_mv * px_per_mm
        reach = max(2, round(0.4 * px_per_mm))
        around = shade[max(round(y) - reach, 0) : round(y) + reach + 1, x - reach : x + reach + 1]
        assert np.abs(around - paper_level).max() > 60
    columns = [place for place in page.arrangement.places if not place.name.startswith("rhythm")]
    assert all(one.box.right <= other.box.left + 1 for one, other in pairwise(columns) if one.zero_px == other.zero_px)


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


def test_the_command_writes_pages_of_families_with_truth(ptbxl, tmp_path, capsys):
    """python -m train.paper --out DIR --count 2 --families "white export as JPEG" Cabrera"""
    asked = ["white export as JPEG", "Cabrera"]
    assert paper.main(["--out", str(tmp_path), "--count", "2", "--seed", "3", "--families", *asked]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert [Path(line).name for line in printed] == [
        "white-export-as-JPEG-3.jpg", "white-export-as-JPEG-4.jpg", "Cabrera-3.png", "Cabrera-4.png"
    ]  # fmt: skip
    for line, who in zip(printed, ("ecg_id", "ludb") * 2, strict=True):
        picture = Path(line)
        truth = json.loads(picture.with_suffix(".json").read_text())
        assert (
            truth["family"] in asked and who in truth and (truth["style"]["order"] == "cabrera") == ("Cabrera" in line)
        )
        with np.load(picture.with_suffix(".npz")) as drawn:
            assert sorted(drawn) == sorted(place["name"] for place in truth["arrangement"]["places"])
        with Image.open(picture) as image:
            assert image.format == ("JPEG" if truth["style"]["jpeg"] else "PNG")
            assert image.info["dpi"][0] / 25.4 == pytest.approx(truth["arrangement"]["px_per_mm"][0], rel=0.02)
    ninth = {record.ecg_id for record in ptbxl if record.fold == 9}
    assert ninth.isdisjoint(json.loads(path.read_text()).get("ecg_id") for path in tmp_path.glob("*.json"))


def test_an_unknown_family_is_refused_by_name(tmp_path, capsys):
    """With the names that there are."""
    with pytest.raises(SystemExit) as stop:
        paper.main(["--out", str(tmp_path), "--families", "vellum"])
    assert stop.value.code == 2 and "vellum" in (said := capsys.readouterr().err) and "two panels" in said
