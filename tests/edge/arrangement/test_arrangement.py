"""Arrangements of leads on report pages, on pages that lie otherwise, and on what holds none."""

import pickle
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from ecg_edge import layout
from ecg_edge.arrangement import arrangement, coarse_page, lead_names
from ecg_edge.arrangement.arrangement import arrange, find_arrangement
from ecg_edge.arrangement.calibration_pulses import Pulse
from ecg_edge.arrangement.coarse_page import CoarsePage
from ecg_edge.arrangement.refusals import UnclearLayoutError
from ecg_edge.errors import PictureError, Reason
from ecg_edge.page.ink import ink_of

PX_PER_MM = 200 / 25.4
SCALE = PX_PER_MM, PX_PER_MM


def ink_from(path):
    """The ink of a picture file."""
    return ink_of(np.asarray(Image.open(path).convert("RGB")))


ROWS_3X4 = (("I", "aVR", "V1", "V4"), ("II", "aVL", "V2", "V5"), ("III", "aVF", "V3", "V6"))
LEFT_MM, TOP_MM, ROW_MM = 24.0, 34.0, 34.0
DRAWN = 8.0, 8.0
"""The scale of drawn pages, px/mm."""


def drawn_ink(rows, strip="II", rise_mm=12.0, name_pitch_mm=None, lines=True, beat_s=0.3):
    """The ink of a page of 10 s in columns, with or without lines between them: every trace has a beat a second, from `beat_s` on, and a name
    so far above its base line."""
    px, pitch = DRAWN[0], 250.0 / len(rows[0])
    image = Image.new("L", (round(297 * px), round((TOP_MM + ROW_MM * (len(rows) + 1)) * px)))
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(3.4 * px)
    rng = np.random.default_rng(0)
    for number, names in enumerate((*rows, (strip,))):
        if not names[0]:
            continue
        zero = TOP_MM + ROW_MM * (number + 0.5)
        second = np.arange(0, 10, 0.004)
        mv = np.exp(-0.5 * (((second - beat_s) % 1 - 0.1) / 0.012) ** 2) + 0.2 * np.exp(
            -0.5 * (((second - beat_s) % 1 - 0.4) / 0.05) ** 2
        )
        mv += rng.normal(0, 0.01, mv.size)
        points = zip((LEFT_MM + 25 * second) * px, (zero - 10 * mv) * px, strict=True)
        pen.line(list(points), fill=255, width=2)
        for column, name in enumerate(names):
            left = LEFT_MM + column * (name_pitch_mm or pitch) + 1.5
            pen.text((left * px, (zero - rise_mm) * px), name, fill=255, font=font)
            line = (LEFT_MM + column * pitch) * px
            if column and lines:
                pen.line((line, (zero - ROW_MM / 2) * px, line, (zero + ROW_MM / 2) * px), fill=255, width=2)
    return np.asarray(image)


@pytest.mark.slow
@pytest.mark.parametrize(
    "where",
    [{}, {"rise_mm": 20.0}, {"rise_mm": 22.0}, {"name_pitch_mm": 69.0}],
    ids=["usual", "high", "higher", "pitch"],
)
def test_names_are_read_where_they_stand(where):
    """Up to 22 mm above their base lines, or on another pitch than the columns: these stay where their lines are."""
    found = find_arrangement(drawn_ink(ROWS_3X4, **where), DRAWN)
    assert [place.name for place in found.places] == [*sum(ROWS_3X4, ()), "rhythm"]
    assert found.places[-1].lead == "II"
    lefts = [(LEFT_MM + 62.5 * column) * DRAWN[0] for column in range(4)]
    assert [place.box.left for place in found.places[:4]] == pytest.approx(lefts, abs=DRAWN[0])


@pytest.mark.parametrize("beat_s", [0.0, 0.1, 0.2])
def test_beats_of_six_rows_beside_their_middle_are_no_line(beat_s):
    """They stand at one place in all rows, as lines do: the names of both columns tell, and six limb leads alone are another page."""
    rows = tuple(zip(("I", "II", "III", "aVR", "aVL", "aVF"), ("V1", "V2", "V3", "V4", "V5", "V6"), strict=True))
    found = find_arrangement(drawn_ink(rows, "", lines=False, beat_s=beat_s), DRAWN)
    assert found.layout == "6x2"
    assert [place.name for place in found.places] == list(sum(rows, ()))


@pytest.mark.parametrize("strip", ["", "II"])
def test_four_rows_of_three_are_4x3(strip):
    """I to V3 in three columns, V4 to V6 beside each other below them: each of ten thirds of a second."""
    rows = (("I", "aVR", "V1"), ("II", "aVL", "V2"), ("III", "aVF", "V3"), ("V4", "V5", "V6"))
    found = find_arrangement(drawn_ink(rows, strip), DRAWN)
    assert found.layout == ("4x3+1" if strip else "4x3")
    assert [place.lead for place in found.places] == [*sum(rows, ()), *([strip] if strip else [])]
    assert [place.start_s for place in found.places[:12]] == pytest.approx([0, 10 / 3, 20 / 3] * 4)
    assert [place.box.left for place in found.places[9:12]] == pytest.approx(
        [(LEFT_MM + 250 / 3 * column) * DRAWN[0] for column in range(3)], abs=DRAWN[0]
    )


@pytest.mark.slow
@pytest.mark.parametrize("swapped", [(0, 1), (1, 2)])
def test_names_far_above_in_an_order_of_their_own_are_refused(swapped):
    """Limb leads that no order has, I and II or II and III in each other's place: in wide windows any names fit somewhere."""
    limb = list(ROWS_3X4)
    upper, lower = swapped
    limb[upper], limb[lower] = limb[lower], limb[upper]
    rows = tuple((*mixed[:2], *usual[2:]) for mixed, usual in zip(limb, ROWS_3X4, strict=True))
    with pytest.raises(PictureError) as refusal:
        find_arrangement(drawn_ink(rows, rise_mm=20.0), DRAWN)
    assert refusal.value.reason is Reason.BAD_LAYOUT


@pytest.mark.slow
def test_a_report_page_is_3x4_with_a_rhythm_strip(few_pages):
    """Base lines, left edges and times of the report's geometry, within half a millimetre."""
    for page in few_pages:
        found = find_arrangement(ink_from(page.path), SCALE)
        assert found.layout == page.layout
        assert [place.name for place in found.places] == list(layout.REPORT.lead_names)
        rows = [row for row in layout.REPORT.rows_px[:3] for _ in range(4)] + [layout.REPORT.rows_px[3]]
        lefts = [152 + 492 * column for _ in range(3) for column in range(4)] + [152]
        assert [place.zero_px for place in found.places] == pytest.approx(rows, abs=4)
        assert [place.box.left for place in found.places] == pytest.approx(lefts, abs=4)
        assert [place.start_s for place in found.places] == [0, 2.5, 5, 7.5] * 3 + [0]
        assert (found.mm_per_s, found.mm_per_mv) == (25, 10)
        assert len(found.pulses) >= 3


def test_six_rows_of_two_hold_limb_leads_and_chest_leads(odd_pages):
    """6x2 with and without a rhythm strip, each lead under its name."""
    for page in odd_pages:
        found = find_arrangement(ink_from(page.path), SCALE)
        assert found.layout == page.layout
        limb, chest = layout.LEADS_12[:6], layout.LEADS_12[6:]
        expected = [name for pair in zip(limb, chest, strict=True) for name in pair]
        assert [place.lead for place in found.places][:12] == expected
        assert [place.start_s for place in found.places][:2] == [0, 5]


@pytest.mark.slow
@pytest.mark.parametrize("turns", range(4))
def test_a_page_that_lies_otherwise_is_turned_upright(odd_pages, turns):
    """By quarter turns alone, told by its names: the arrangement is that of the upright page."""
    upright = ink_from(odd_pages[0].path)
    found_turns, found = arrange(np.rot90(upright, -turns), SCALE)
    assert found_turns == turns
    assert found == find_arrangement(upright, SCALE)


@pytest.mark.slow
def test_a_mirrored_page_is_refused(few_pages):
    """No quarter turn makes its names legible."""
    with pytest.raises(PictureError) as refusal:
        arrange(np.ascontiguousarray(ink_from(few_pages[0].path)[:, ::-1]), SCALE)
    assert refusal.value.reason is Reason.BAD_LAYOUT


def test_without_a_grid_pulses_give_the_scale(odd_pages):
    """The page of the family without a grid: 10 mm are 1 mV."""
    page = next(page for page in odd_pages if page.layout == "6x2+1")
    found = find_arrangement(ink_from(page.path), None)
    assert found.layout == page.layout
    assert found.px_per_mm == pytest.approx(SCALE, rel=0.05)
    assert (found.gain_from, found.speed_from) == ("assumed", "assumed"), "the ruler was assumed"
    given = find_arrangement(ink_from(page.path), None, mm_per_mv=10.0)
    assert given.gain_from == "option" and given.speed_from in ("pulse", "columns")


@pytest.mark.slow
@pytest.mark.parametrize("pulse", [False, True])
def test_without_a_grid_the_ends_of_the_traces_give_the_scale(pulse):
    """Read with names alone, or with a single pulse of 1 mV, which gives it better; without names, whatever has ends is no page."""
    ink = drawn_ink(ROWS_3X4).copy()
    if pulse:
        foot, left, px = round((TOP_MM + ROW_MM * 3.5) * 8), round((LEFT_MM - 8) * 8), 80
        ink[foot - px : foot, [left, left + 1, left + 40, left + 41]] = 255
        ink[foot - px : foot - px + 2, left : left + 42] = 255
    found = find_arrangement(ink, None)
    assert (found.layout, found.gain_from, len(found.pulses)) == ("3x4+1", "assumed", pulse)
    assert found.px_per_mm == pytest.approx(DRAWN, rel=0.04)
    nameless = drawn_ink(tuple(("",) * 4 for _ in range(3)) + (("",),), strip="")
    with pytest.raises(PictureError) as refusal:
        find_arrangement(nameless, None)
    assert refusal.value.reason in (Reason.BAD_SCALE, Reason.BAD_LAYOUT, Reason.NOT_AN_ECG)


@pytest.mark.slow
def test_each_order_of_leads_has_a_typeface_by_its_own_names(monkeypatch):
    """It was chosen by the names of the first order of a shape, which do not stand there: chest leads alone as a smooth page were refused."""
    asked, faces_of = [], lead_names.NameMatcher.faces_of

    def keep_track(matcher, expected, known):
        asked.append({name for _, _, name in expected})
        return faces_of(matcher, expected, known)

    monkeypatch.setattr(lead_names.NameMatcher, "faces_of", keep_track)
    chest = tuple((f"V{number}",) for number in range(1, 7))
    found = find_arrangement(drawn_ink(chest, strip=""), DRAWN)
    assert (found.layout, [place.lead for place in found.places]) == ("6x1", [name for (name,) in chest])
    assert {name for (name,) in chest} in asked and set(layout.LEADS_12[:6]) in asked


def test_pulses_that_do_not_fit_the_columns_give_no_scale(odd_pages):
    """A page without a grid, stretched by a third: ten seconds are not 25 pulses' heights wide."""
    page = next(page for page in odd_pages if page.layout == "6x2+1")
    ink = Image.fromarray(ink_from(page.path))
    wide = np.asarray(ink.resize((ink.width * 4 // 3, ink.height)))
    with pytest.raises(PictureError):
        find_arrangement(wide, None)


@pytest.mark.slow
@pytest.mark.parametrize("what", ["rule", "hand", "edge"])
def test_what_lies_about_the_leads_is_no_row(few_pages, what):
    """A bent double rule above the leads, a hand over the header, the sheet's edge below: the arrangement is the page's."""
    ink = ink_from(few_pages[0].path).copy()
    expected = find_arrangement(ink, SCALE)
    x = np.arange(ink.shape[1])
    if what == "rule":
        y = (215 + 14 * np.sin(x / 500)).astype(int)
        for row in (0, 1, 2, 3, 4, 9, 10, 11):
            ink[y + row, x] = 255
    elif what == "hand":
        ink[:260, 900:1400] = 200
    else:
        y = (1530 - 20 * ((x - 1100) / 1100) ** 2).astype(int)
        for row in range(6):
            ink[y + row, x] = 255
    found = find_arrangement(ink, SCALE)
    assert found.layout == expected.layout
    assert [place.zero_px for place in found.places] == pytest.approx(
        [place.zero_px for place in expected.places], abs=3
    )


def test_a_page_larger_than_any_has_a_wrong_scale():
    """Of a square metre."""
    with pytest.raises(PictureError) as refusal:
        arrange(np.zeros((1000, 1000), np.uint8), (1.0, 1.0))
    assert refusal.value.reason is Reason.BAD_SCALE


def test_given_speed_and_gain_are_taken(few_pages):
    """What the caller knows goes before what the page tells."""
    found = find_arrangement(ink_from(few_pages[0].path), SCALE, mm_per_s=50, mm_per_mv=20)
    assert (found.mm_per_s, found.mm_per_mv) == (50, 20)
    assert "The calibration pulses show 10 mm/mV, and 20 mm/mV was given." in found.contradicts
    assert find_arrangement(ink_from(few_pages[0].path), SCALE, mm_per_s=25, mm_per_mv=10).contradicts == ()


def test_a_page_without_its_chest_leads_is_refused(few_pages):
    """Paper where the names of V1 to V6 stand: no other order is put in their place."""
    ink = ink_from(few_pages[0].path).copy()
    ink[:1200, 1130:] = 0
    with pytest.raises(PictureError) as refusal:
        find_arrangement(ink, SCALE)
    assert refusal.value.reason is Reason.BAD_LAYOUT


@pytest.mark.parametrize("kind", ["paper", "solid", "noise", "rules"])
def test_what_holds_no_traces_is_refused(kind):
    """Empty, solid, noise and ruled paper: an error with a reason, and no other."""
    ink = np.zeros((800, 1200), np.uint8)
    if kind == "solid":
        ink[:] = 255
    elif kind == "noise":
        ink = np.random.default_rng(1).integers(0, 256, ink.shape).astype(np.uint8)
    elif kind == "rules":
        ink[100::80] = ink[101::80] = ink[102::80] = 255
    with pytest.raises(PictureError) as refusal:
        arrange(ink, (8.0, 8.0))
    assert refusal.value.reason in (Reason.NOT_AN_ECG, Reason.BAD_LAYOUT)


def test_without_grid_and_pulses_there_is_no_scale():
    """One line is no ruler."""
    ink = np.zeros((800, 1200), np.uint8)
    ink[400:404] = 255
    with pytest.raises(PictureError) as refusal:
        find_arrangement(ink, None)
    assert refusal.value.reason is Reason.BAD_SCALE


def test_what_was_seen_of_an_upright_page_is_not_looked_for_again(few_pages, monkeypatch):
    """The reduced ink and its tracks, in looking for the axis of the traces, are those of the page; a turned page has its own."""
    ink, calls = ink_from(few_pages[0].path), []
    monkeypatch.setattr(arrangement, "reduced", lambda *page: calls.append(page) or coarse_page.reduced(*page))
    assert arrange(ink, SCALE) == (0, find_arrangement(ink, SCALE)) and len(calls) == 2
    assert arrange(np.rot90(ink, 2), SCALE)[0] == 2 and len(calls) == 4


@pytest.mark.parametrize(("unclear", "accepted"), [(0.34, False), (0.5, True)])
def test_a_page_that_fits_better_the_other_way_up_is_not_read(monkeypatch, unclear, accepted):
    """Upright its layout is not clear; upside down a worse one is: it was read so, all leads wrong."""
    costs = iter([unclear, 0.46])
    place = layout.Place("I", "I", layout.Box(0, 0, 9, 9), 5.0, 0.0)

    def find(*_, **__):
        cost = next(costs)
        if cost == unclear:
            raise UnclearLayoutError(cost)
        return layout.Arrangement("3x4", (place,), (8.0, 8.0), 25.0, 10.0, cost, 1.0)

    monkeypatch.setattr(arrangement, "find_arrangement", find)
    monkeypatch.setattr(arrangement, "_likely_turns", lambda *_: ((0, 2), None))
    page = np.zeros((800, 2000), np.uint8)
    if accepted:
        assert arrange(page, (8.0, 8.0))[0] == 2
        return
    with pytest.raises(PictureError) as refused:
        arrange(page, (8.0, 8.0))
    assert refused.value.reason is Reason.BAD_LAYOUT
    again = pickle.loads(pickle.dumps(UnclearLayoutError(0.25)))
    assert again.cost == 0.25 and again.reason is Reason.BAD_LAYOUT


def test_what_was_taken_for_pulses_and_is_none_is_not_matched(monkeypatch):
    """Waves on two of five rows, where a whole pulse of another size stands alone beside them: all is matched again without them."""
    waves = tuple(Pulse(1092, 1132, foot - 20, foot) for foot in (216, 516))
    whole = Pulse(134, 154, 455, 495)
    empty = np.empty(0)
    page = CoarsePage(np.zeros((600, 1240), np.float32), np.zeros((600, 1240), bool), 0.0, waves, ((495.0, 0.8),), (empty, empty), (whole,))  # fmt: skip
    match = SimpleNamespace(zeros=np.array([[104.0], [216], [288], [392], [516]]), edges=np.array([161.0, 1162]))
    seen = []
    monkeypatch.setattr(arrangement, "_clear_match", lambda coarse, _: seen.append(coarse.pulses) or (match, 1.0))
    found, *_ = arrangement._matched(page, False)
    assert seen == [waves, ()] and found.pulses == ()
    found, *_ = arrangement._matched(replace(page, lone_pulses=()), False)
    assert found.pulses == waves
