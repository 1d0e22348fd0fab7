"""The rules of the overlay: what is drawn where, and what is said of it."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from ecg_edge.errors import OutputError, Reason
from ecg_edge.image import Picture
from ecg_edge.layout import CLASSES, Arrangement, Box, Place
from ecg_edge.output import overlay, overlay_panel
from ecg_edge.output.colours import CLASS_COLOURS
from ecg_edge.result import DISCLAIMER, LeadResult, Result, unread

SIZE = (1400, 1000)
BOX = Box(200, 300, 700, 600)
PROBABILITIES = dict(zip(CLASSES, (0.02, 0.05, 0.83, 0.1), strict=True))


def blank(size=SIZE):
    """A white picture."""
    return Image.new("RGB", size, "white")


def reading(**known):
    """A `Result` of one lead."""
    page = {"layout": "3x4+1", "corners": None, "rotation": 0, "px_per_mm": 8.0, "mm_per_s": 25.0, "mm_per_mv": 10.0}
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
    page = SimpleNamespace(to_picture=to_picture) if to_picture else None
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


def test_the_page_is_drawn_through_its_map_into_the_picture():
    """Here it lies a quarter turned, half as large, and moved; the picture is shown at half its size too."""

    def to_picture(points):
        return np.stack([1500 - points[:, 1] / 2, 200 + points[:, 0] / 2], 1)

    drawn = is_blue(overlay.draw_overlay(blank((3200, 2000)), reading(), seen({"V1": level(400, 450)}, to_picture)))
    rows, columns = np.nonzero(drawn[:, :1600])
    assert abs(columns.mean() - (1500 - 225) / 2) < 1
    assert abs(rows.min() - 200) < 4 and abs(rows.max() - 225) < 4


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


def test_a_name_does_not_hide_the_trace_where_another_corner_is_free():
    """A trace runs through the upper left corner of the box: the tag stands in the lower one."""
    drawn = np.asarray(overlay.draw_overlay(blank(), reading(), seen({"V1": level(200, 310)}))).astype(int)
    assert drawn[585:598, 203:215].max(axis=-1).min() < 120
    assert drawn[313:325, 203:215].min() > 200


@pytest.mark.parametrize("status, grey", [("read", False), ("uncertain", True)])
def test_an_uncertain_verdict_does_not_look_like_a_sure_one(status, grey):
    """Its head is grey, and says that it is the most probable alone."""
    result = reading(status=status, min_confidence=0.9)
    head = overlay.draw_overlay(blank(), result).getpixel((SIZE[0] + 2, 2))
    assert (head == CLASS_COLOURS[None]) == grey
    assert ("most probable" in words_of(result)) == grey
    assert ("Below the 90% that a verdict needs" in words_of(result)) == grey


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
        "Confidence 83%: fair",
        "Normal  2%",
        "Layout 3x4+1: 3 rows of 4 and 1 rhythm strip",
        "Paper 25 mm/s, 10 mm/mV",
        "Resolution: 4.02 pixels per mm",
        "Shadow: 6.67 %",
        "Blur: 0.713 pixels",
        "Burnt out: unknown",
        "Leads lost: 2 of those shown",
    ):
        assert words in text


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


@pytest.mark.parametrize("lead, words", [
    (LeadResult("II", BOX.corners), "II"),
    (LeadResult("II", BOX.corners, weight=0.083), "II  weight 8%"),
    (LeadResult("II", BOX.corners, probabilities=PROBABILITIES), "II  infarction 83%"),
    (LeadResult("II", BOX.corners, state="lost"), "II  lost"),
])  # fmt: skip
def test_a_lead_says_its_name_and_how_much_it_spoke(lead, words):
    """Whatever the model tells of it."""
    assert overlay._lead_words(lead) == words


def test_a_rhythm_strip_names_the_lead_that_it_holds():
    """Where it is known; other places are their leads."""
    places = (
        Place("rhythm", "II", BOX, 0.0, 0.0),
        Place("rhythm2", None, BOX, 0.0, 0.0),
        Place("V1", "V1", BOX, 0.0, 0.0),
    )
    titles = overlay._titles(SimpleNamespace(arrangement=SimpleNamespace(places=places)))
    assert titles == {"rhythm": "rhythm II", "rhythm2": "rhythm2", "V1": "V1"}
    assert (
        overlay._lead_words(LeadResult("rhythm", BOX.corners, weight=0.5), titles["rhythm"]) == "rhythm II  weight 50%"
    )


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
