"""The rules of the overlay: what is drawn where, and what is said of it."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from scipy import ndimage

from ecg_edge import Reader
from ecg_edge.errors import OutputError, Reason
from ecg_edge.image import Picture
from ecg_edge.layout import CLASSES, LEADS_12, Arrangement, Box, Place
from ecg_edge.output import overlay, overlay_panel
from ecg_edge.output.colours import CLASS_COLOURS
from ecg_edge.output.overlay_labels import FreeRoom
from ecg_edge.output.overlay_view import LEAST_TURN_DEG, to_shown, view_of
from ecg_edge.result import DISCLAIMER, LeadResult, Result, unread
from ecg_edge.simulator.heart import simulate
from train.paper import draw_page
from train.paper_families import draw_family

PAGES = Path(__file__).resolve().parents[2] / "data"
SIZE = (1400, 1000)
BOX = Box(200, 300, 700, 600)
PROBABILITIES = dict(zip(CLASSES, (0.02, 0.05, 0.83, 0.1), strict=True))


def blank(size=SIZE):
    """A white picture."""
    return Image.new("RGB", size, "white")


def reading(**known):
    """A `Result` of one lead."""
    page = {"layout": "3x4+1", "corners": None, "rotation": 0, "px_per_mm": 8.0, "mm_per_s": 25.0, "mm_per_mv": 10.0,
            "speed_from": "print", "gain_from": "pulse"}  # fmt: skip
    usual = {
        "status": "read",
        "source": "page.jpg",
        "probabilities": PROBABILITIES,
        "page": page,
        "min_confidence": 0.5,
    }
    return Result(**usual | {"leads": (LeadResult("V1", BOX.corners),)} | known)


def seen(paths=None, to_picture=None, box=BOX):
    """`Stages` with one place, and what was traced in it."""
    place = Place("V1", "V1", box, 450.0, 0.0)
    arrangement = Arrangement("3x4+1", (place,), (8.0, 8.0), 25.0, 10.0, 0.0, 1.0)
    traces = SimpleNamespace(paths=paths or {})
    ink = np.zeros((1000, 1400), np.uint8)
    page = SimpleNamespace(to_picture=to_picture, ink=ink, corners=None) if to_picture else None
    return SimpleNamespace(page=page, arrangement=arrangement, traces=traces, measured=None)


def is_blue(picture):
    """(H, W) bool: where the colour of traces prevails."""
    red, _, blue = np.moveaxis(np.asarray(picture).astype(int), -1, 0)
    return blue - red > 120


def words_of(result):
    """All that the panel says, as one text."""
    return "\n".join(line.words for line in [*overlay_panel._head(result), *overlay_panel._lines(result)])


def level(x, y):
    """A trace as page pixels: from `x` for 100 pixels at row `y`."""
    return np.stack([np.arange(x, x + 100.0), np.full(100, float(y))], 1)


def test_the_picture_stands_beside_a_panel():
    """A picture of the usual size keeps it; the panel has its width."""
    drawn = overlay.draw_overlay(blank(), reading())
    assert drawn.size == (SIZE[0] + overlay_panel.WIDTH_PX, SIZE[1]) and drawn.mode == "RGB"


@pytest.mark.parametrize("size, expected", [((300, 200), (1200, 800)), ((4000, 3000), (1600, 1200))])
def test_small_pictures_grow_and_large_ones_shrink(size, expected):
    """So that print and lines are legible on both; proportions stay."""
    drawn = overlay.draw_overlay(blank(size), reading(leads=()))
    assert (drawn.width - overlay_panel.WIDTH_PX, drawn.height) == expected


def test_a_trace_is_drawn_where_it_was_followed_and_nowhere_else():
    """Page pixels are picture pixels where the page is the picture."""
    drawn = is_blue(overlay.draw_overlay(blank(), reading(), seen({"V1": level(400, 450)})))[:, : SIZE[0]]
    rows, columns = np.nonzero(drawn)
    assert 90 < columns.max() - columns.min() < 110
    assert abs(rows.mean() - 450) < 1 and rows.max() - rows.min() < 6


def test_a_trace_has_a_gap_where_it_was_lost():
    """NaN interrupts the line."""
    path = level(400, 450)
    path[40:60] = np.nan
    drawn = is_blue(overlay.draw_overlay(blank(), reading(), seen({"V1": path})))
    assert drawn[450, 410] and not drawn[440:460, 445:455].any() and drawn[450, 490]


def quarter_turned(points):
    """A map by which the page lies a quarter turned in its picture, half as large, and moved."""
    points = np.asarray(points, float)
    return np.stack([1500 - points[:, 1] / 2, 200 + points[:, 0] / 2], 1)


def test_the_page_is_drawn_through_its_map_and_shown_upright():
    """It lies a quarter turned, and is shown turned back; the picture at half its size."""
    picture = blank((3200, 2000))
    picture.paste("red", (1100, 200, 1500, 400))  # where the page's top is
    drawn = overlay.draw_over(picture, reading(), seen({"V1": level(400, 450)}, quarter_turned))
    assert drawn.size == (1000, 1600)
    rows, columns = np.nonzero(is_blue(drawn))
    assert rows.max() - rows.min() < 8 and 20 < columns.max() - columns.min() < 30
    # Picture x becomes the distance from its right edge, downwards.
    assert abs(rows.mean() - (3200 - (1500 - 225)) / 2) < 3 and abs(columns.min() - 200) < 4
    assert drawn.getpixel((150, 900)) == (255, 0, 0)


@given(st.floats(-180, 180))
def test_a_page_is_upright_however_it_lies(turn_deg):
    """What is level on the page is level as shown, and nothing of the picture is lost where the page's corners are not known."""
    turn = np.radians(turn_deg)
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    stages = seen({}, lambda points: np.asarray(points, float) @ rotation + 900)
    view = view_of((2000, 1800), stages)
    (left, top), (right, bottom) = to_shown(view, stages, np.array([[200.0, 450.0], [700.0, 450.0]]))
    assert right > left and abs(np.degrees(np.arctan2(bottom - top, right - left))) <= LEAST_TURN_DEG + 1e-6
    corners = view.points(np.array([[0, 0], [2000, 0], [0, 1800], [2000, 1800]], float))
    assert corners.min() > -1 and (corners <= np.array(view.size) + 1).all() and 1190 <= max(view.size) <= 1600


def test_a_turned_picture_is_drawn_as_its_points_are():
    """A dot in the picture is where the view says that it is shown."""
    tilt = np.radians(20)
    rotation = np.array([[np.cos(tilt), np.sin(tilt)], [-np.sin(tilt), np.cos(tilt)]])
    stages = seen({}, lambda points: np.asarray(points, float) @ rotation + [400, 100])
    picture = blank((1400, 1000))
    picture.paste("black", (900, 500, 912, 512))
    view = view_of(picture.size, stages)
    rows, columns = np.nonzero(np.asarray(view.draw(picture).convert("L")) < 100)
    assert np.allclose([columns.mean(), rows.mean()], view.points(np.array([[906.0, 506.0]]))[0], atol=1.5)


def test_of_a_turned_picture_what_is_far_from_the_page_is_left_out():
    """Empty corners would make the page small."""
    tilt = np.radians(20)
    rotation = np.array([[np.cos(tilt), np.sin(tilt)], [-np.sin(tilt), np.cos(tilt)]])
    stages = seen({}, lambda points: np.asarray(points, float) @ rotation + [1500, 900])
    whole = view_of((4000, 3000), stages)
    stages.page.corners = stages.page.to_picture([[0, 0], [1000, 0], [1000, 700], [0, 700]])
    near = view_of((4000, 3000), stages)
    assert near.scale > 2 * whole.scale
    shown = near.points(stages.page.corners)
    assert (shown > 0).all() and (shown < np.array(near.size)).all()


def test_a_lost_lead_has_no_trace_and_says_so():
    """Its box is red, and the panel names it."""
    result = reading(leads=(LeadResult("V1", BOX.corners, state="lost"),))
    drawn = overlay.draw_overlay(blank(), result, seen({"V1": level(400, 450)}))
    assert not is_blue(drawn)[:, : SIZE[0]].any()
    red, green, _ = np.asarray(drawn)[598:603, 400].astype(int).min(axis=0)
    assert red - green > 60
    assert "Lost: V1" in words_of(result)


def test_the_outline_of_the_page_goes_through_its_corners():
    """Orange on white paper, at each corner that is within the picture."""
    corners = [[100, 100], [1300, 120], [1280, 900], [90, 880]]
    result = reading(page=reading().page | {"corners": corners}, leads=())
    drawn = np.asarray(overlay.draw_overlay(blank(), result)).astype(int)
    for x, y in corners:
        assert tuple(drawn[y, x]) == overlay.OUTLINE


def test_a_name_stands_within_its_box_beside_trace_and_print(monkeypatch):
    """A trace runs through the middle of the box, print stands where the lead begins: the tag is near, over neither."""
    stages = seen({"V1": np.stack([np.arange(200, 700.0), np.full(500, 450.0)], 1)}, lambda points: np.asarray(points, float))  # fmt: skip
    stages.page.ink[420:480, 205:240] = 255
    stages.picture = SimpleNamespace(image=blank(), size=SIZE)
    ((left, top, right, bottom),) = tags_of(stages, reading(), monkeypatch)
    assert 200 <= left < right < 300 and 380 < top < bottom < 520
    assert covered([(left, top, right, bottom)], stages) == 0


def test_where_there_is_no_room_no_name_is_written():
    """Rather than over a trace: it is on the page, and the panel names what is lost."""
    zigzag = np.stack([np.repeat(np.arange(200, 700, 5.0), 2), np.tile([300.0, 600.0, 600.0, 300.0], 50)], 1)
    room = FreeRoom(SIZE)
    room.take_lines([zigzag], 6)
    assert room.place((30, 20), (200, 450), (200, 300, 700, 600)) is None
    assert room.place((30, 20), (200, 450), (200, 300, 900, 600))[0] >= 697


@given(st.lists(st.tuples(st.integers(0, 390), st.integers(0, 290)), max_size=60), st.integers(5, 90), st.integers(5, 60))  # fmt: skip
def test_names_lie_on_free_paper_and_not_on_each_other(points, wide, high):
    """Whatever is taken; as near as can be."""
    room = FreeRoom((400, 300))
    if points:
        room.take_points(np.array(points, float), 2)
    for _ in range(3):
        before = room.taken.copy()
        corner = room.place((wide, high), (200, 150), (0, 0, 400, 300))
        if corner is None:
            continue
        x, y = corner
        assert not before[y : y + high, x : x + wide].any() and x + wide <= 400 and y + high <= 300
        assert room.taken[y : y + high, x : x + wide].all()


def tags_of(stages, result, monkeypatch):
    """(left, top, right, bottom) of each tag that the overlay writes, in shown pixels."""
    tags, place = [], FreeRoom.place

    def remembered(room, extent, near, within):
        corner = place(room, extent, near, within)
        if corner is not None:
            tags.append((*corner, corner[0] + extent[0], corner[1] + extent[1]))
        return corner

    monkeypatch.setattr(FreeRoom, "place", remembered)
    overlay.draw_over(stages.picture.image, result, stages)
    return tags


def covered(tags, stages):
    """How many points of traces and of the page's strokes (ink that is no single dot) lie under the tags."""
    view = view_of(stages.picture.size, stages)
    parts, count = ndimage.label(stages.page.ink >= 100, np.ones((3, 3)))
    sizes = np.bincount(parts.ravel(), minlength=count + 1)
    rows, columns = np.nonzero((parts > 0) & (sizes[parts] >= 12))
    points = [np.stack([columns, rows], 1).astype(float), *stages.traces.paths.values()]
    shown = np.concatenate([to_shown(view, stages, each) for each in points])
    return sum(
        int(((shown >= (left, top)) & (shown < (right, bottom))).all(axis=1).sum()) for left, top, right, bottom in tags
    )


@pytest.fixture(scope="module")
def reader():
    """The shipped model's."""
    return Reader()


@pytest.mark.parametrize("name", ["normal", "abnormal", "infarction", "history", "6x2", "6x2+1"])
def test_on_pages_no_name_covers_ink(reader, name, monkeypatch):
    """Traces, printed names, separators; nearly every lead finds room."""
    result, stages = reader.inspect(PAGES / f"{name}.jpg")
    tags = tags_of(stages, result, monkeypatch)
    assert len(tags) >= len(result.leads) - 2
    assert covered(tags, stages) == 0


@pytest.mark.parametrize("family", ["Cabrera", "framed plot", "orange dots", "rows across the page"])
def test_on_drawn_families_of_paper_no_name_covers_ink(reader, family, monkeypatch):
    """Other makers' pages, crowded ones among them."""
    style, px_per_mm = draw_family(np.random.default_rng(6), family)
    mv = simulate("normal", seed=4)
    result, stages = reader.inspect(draw_page(mv, style, px_per_mm=px_per_mm, seed=6).image)
    tags = tags_of(stages, result, monkeypatch)
    assert covered(tags, stages) == 0 and len(tags) >= len(result.leads) / 2


@pytest.mark.parametrize("status, grey", [("read", False), ("uncertain", True)])
def test_an_uncertain_verdict_does_not_look_like_a_sure_one(status, grey):
    """Its head is grey, and says that it is the most probable alone."""
    result = reading(status=status, min_confidence=0.9)
    head = overlay.draw_overlay(blank(), result).getpixel((SIZE[0] + 2, 2))
    assert (head == CLASS_COLOURS[None]) == grey
    assert ("most probable" in words_of(result)) == grey
    assert ("below the 90 % that a verdict needs" in words_of(result)) == grey


def test_the_panel_says_verdict_confidence_page_and_quality_in_words():
    """Units stand behind numbers."""
    text = words_of(
        reading(
            quality={"px_per_mm": 4.02, "shade": 0.0667, "blur_px": 0.713, "glare": None, "leads_lost": 2},
            model={"name": "page"},
        )
    )
    for words in (
        "Read by model page",
        "Myocardial infarction",
        "Confidence 83 %: fair",
        "Normal  2 %",
        "Layout 3x4+1: 3 rows of 4 and 1 rhythm strip",
        "Paper 25 mm/s (as printed), 10 mm/mV (from the calibration pulse)",
        "Resolution: 4.02 pixels per mm",
        "Shadow: 6.67 %",
        "Blur: 0.713 pixels",
        "Leads lost: 2 of those shown",
    ):
        assert words in text
    assert "unknown" not in text and "Glare" not in text


@pytest.mark.parametrize("probability, words", [(0.95, "high"), (0.8, "fair"), (0.4, "low")])
def test_confidence_has_a_word(probability, words):
    """From the calibrated probability."""
    rest = (1 - probability) / 3
    probabilities = dict(zip(CLASSES, (probability, rest, rest, rest), strict=True))
    assert f": {words}" in words_of(reading(probabilities=probabilities))


@pytest.mark.parametrize("reason", Reason)
def test_every_refusal_says_what_to_do(reason):
    """Also without stages: the picture alone, in grey, with the reason's sentence."""
    result = unread("cat.jpg", reason)
    drawn = overlay.draw_overlay(blank(), result, None)
    assert drawn.getpixel((SIZE[0] + 2, 2)) == CLASS_COLOURS[None]
    assert reason.sentence in words_of(result)


def test_it_is_never_a_medical_device(monkeypatch):
    """The disclaimer is printed whatever the result is."""
    printed = []
    monkeypatch.setattr(overlay_panel, "_print", lambda draw, rows, top: printed.extend(row.words for row in rows))
    for result in (reading(), unread("x", Reason.NO_PAGE)):
        printed.clear()
        overlay_panel.draw_panel(result, 500)
        assert DISCLAIMER in " ".join(printed)


def test_long_words_stay_within_the_panel_and_it_grows_with_them():
    """Nothing is cut off, also beside a low picture."""
    result = reading(message="a very long message " * 12, quality={f"number_{i}": i for i in range(20)})
    drawn = overlay.draw_overlay(blank((1200, 300)), result)
    assert drawn.height > 700
    right = np.asarray(drawn)[:, -overlay_panel.PAD_PX + 2 : -2]
    assert (np.ptp(right[120:].astype(int), axis=1) == 0).all()


def test_what_the_font_lacks_is_spelled():
    """Pillow's font has no multiplication sign and no dashes."""
    words = "".join(row.words for row in overlay_panel._wrapped(overlay_panel.Line("2213 × 1572, 1–2")))
    assert words == "2213 x 1572, 1-2"


def bars_of(result):
    """The bars of leads in the panel, row by row."""
    return [line.bars for line in overlay_panel._lead_lines(result) if line.bars]


def test_the_panel_has_a_bar_for_each_lead():
    """Limb leads at the left, chest leads at the right, the strip below; as long as the lead's weight, in the verdict's colour; a lost one says so."""
    leads = tuple(LeadResult(name, BOX.corners, weight=0.5, state="lost" if name == "V2" else "read") for name in (*LEADS_12[::-1], "rhythm"))  # fmt: skip
    rows = bars_of(reading(leads=leads))
    assert [[bar.word for bar in row] for row in rows] == [["I", "V1"], ["II", "V2"], ["III", "V3"], ["aVR", "V4"], ["aVL", "V5"], ["aVF", "V6"], ["rhythm"]]  # fmt: skip
    assert {bar.share for row in rows for bar in row} == {0.5} and rows[1][1].is_lost
    assert {bar.colour for row in rows for bar in row} == {CLASS_COLOURS["infarction"]}
    drawn = np.asarray(overlay_panel.draw_panel(reading(leads=leads), 1000)).astype(int)
    coloured = (np.abs(drawn[300:] - CLASS_COLOURS["infarction"]).max(axis=-1) == 0).sum()
    assert coloured > 12 * 30 * 8


def test_of_models_of_single_leads_a_bar_has_the_lead_s_own_class():
    """By its colour, as long as its probability."""
    ((bar,),) = bars_of(reading(leads=(LeadResult("II", BOX.corners, probabilities=PROBABILITIES),)))
    assert (bar.word, bar.share, bar.colour) == ("II", 0.83, CLASS_COLOURS["infarction"])
    assert bars_of(unread("x.jpg", Reason.BLURRED)) == [] and bars_of(reading()) == []


def test_a_rhythm_strip_names_the_lead_that_it_holds():
    """Where it is known; other places are their leads."""
    places = (
        Place("rhythm", "II", BOX, 0.0, 0.0),
        Place("rhythm2", None, BOX, 0.0, 0.0),
        Place("V1", "V1", BOX, 0.0, 0.0),
    )
    titles = overlay._titles(SimpleNamespace(arrangement=SimpleNamespace(places=places)))
    assert titles == {"rhythm": "rhythm II", "rhythm2": "rhythm2", "V1": "V1"}


def test_an_overlay_is_written_under_the_picture_s_name_and_hash(tmp_path):
    """As steps are: pictures of one name in several directories stay apart."""
    picture = Picture(blank(), "scans/page.png", "0123456789abcdef")
    path = overlay.write_overlay(picture, reading(), None, tmp_path / "new")
    assert path == tmp_path / "new" / "page-01234567.jpg"
    with Image.open(path) as written:
        assert written.size == (SIZE[0] + overlay_panel.WIDTH_PX, SIZE[1])


def test_a_place_that_cannot_be_written_is_an_error_of_the_installation(tmp_path):
    """With the path in its message."""
    (tmp_path / "file").write_text("not a directory")
    picture = Picture(blank(), "page.png", "0123456789abcdef")
    with pytest.raises(OutputError, match="file.*cannot be written"):
        overlay.write_overlay(picture, reading(), None, tmp_path / "file")


def test_a_real_page_is_drawn_with_what_the_reader_saw(normal_page, tiny_reader):
    """The reader's own result and stages fit."""
    result, stages = tiny_reader.inspect(normal_page)
    drawn = overlay.draw_overlay(stages.picture.image, replace(result, quality={"blur_px": 0.4}), stages)
    assert drawn.width == 1600 + overlay_panel.WIDTH_PX
