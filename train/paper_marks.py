"""What a pen, a printer or a hand puts on a drawn page: traces, pulses, separators, frames, words, scribbles."""

from pathlib import Path

import numpy as np

from .paper_plan import HEADER_MM, PULSE_PAD_MM, column_of, left_mm, pulse_mm, row_of, seconds_of, side_left_mm, wide_mm
from .paper_style import FONTS, LAYOUTS

FINE = 3
"""Ink is drawn so many times finer than the page, and reduced."""
PULSE_MV = 1.0
SHORT_MM = 5.0
"""Half of a short separator."""
COVERED = 0.3
"""Of a pixel: what covers so much of it is what it is. A thin line may lie on two pixels."""
RULE_MM = 0.25
JOINED = 0.8
"""The distance of the strokes of a Roman numeral that is one letter, as a share of the width of an I."""
SIDE_TEXT = ("HR 72", "PR 158", "QRS 92", "QT 398", "QTc 412", "P 54", "R 31", "T 40")
SCRIBBLE_INKS, SCRIBBLE_MM = ("blue", "black", "red"), (0.25, 0.5)
KINDS = ("paper", "print", "separator", "name", "pulse", "trace")
"""What a spot of a page can be; where several meet it is the last of them."""


class Layers:
    """What is on the paper in each of `INKS`, or of `KINDS` where it is drawn `by_kind`: strokes `FINE` times finer than the page, and words."""

    def __init__(self, size_px, by_kind=False):
        self.size_px, self.by_kind = size_px, by_kind
        self._strokes, self._words = {}, {}

    def strokes(self, ink, kind):
        """(H × FINE, W × FINE) uint8 to draw on, 255 where ink is."""
        layer = kind if self.by_kind else ink
        if layer not in self._strokes:
            width, height = self.size_px
            self._strokes[layer] = np.zeros((height * FINE, width * FINE), np.uint8)
        return self._strokes[layer]

    def words(self, ink, kind):
        """A `PIL.ImageDraw` to write with at the page's own size."""
        from PIL import Image, ImageDraw

        layer = kind if self.by_kind else ink
        if layer not in self._words:
            self._words[layer] = Image.new("L", self.size_px)
        return ImageDraw.Draw(self._words[layer])

    def covers(self):
        """Yield (ink or kind, (H, W) float32 of 0 to 1) of each."""
        from PIL import Image

        for layer in dict.fromkeys((*self._strokes, *self._words)):
            cover = np.zeros(self.size_px[::-1], np.uint8)
            if layer in self._strokes:
                cover = np.asarray(Image.fromarray(self._strokes[layer]).reduce(FINE))
            if layer in self._words:
                cover = np.maximum(cover, np.asarray(self._words[layer]))
            yield layer, cover / np.float32(255)

    def kinds(self):
        """(H, W) uint8: the place in `KINDS` of what covers each pixel, of layers that were drawn `by_kind`."""
        found = np.zeros(self.size_px[::-1], np.uint8)
        for kind, cover in self.covers():
            np.maximum(found, np.where(cover >= COVERED, KINDS.index(kind), 0).astype(np.uint8), out=found)
        return found


def stroke(ink, x, y, pen_px):
    """Draw a polyline of a round pen on `ink` (H, W) uint8, 255 where it was; x and y with pixel edges at whole numbers."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    steps = 1 + np.ceil(2 * np.maximum(np.abs(np.diff(x)), np.abs(np.diff(y)))).astype(int)
    segment = np.repeat(np.arange(steps.size), steps)
    part = (np.arange(segment.size) - np.repeat(np.cumsum(steps) - steps, steps)) / steps[segment]
    columns = np.floor(np.append(x[segment] + part * np.diff(x)[segment], x[-1])).astype(int)
    rows = np.floor(np.append(y[segment] + part * np.diff(y)[segment], y[-1])).astype(int)
    reach = pen_px / 2
    offsets = np.mgrid[-int(reach) - 1 : int(reach) + 2, -int(reach) - 1 : int(reach) + 2].reshape(2, -1).T
    for down, right in offsets[np.hypot(*offsets.T) <= reach]:
        r, c = rows + down, columns + right
        inside = (r >= 0) & (r < ink.shape[0]) & (c >= 0) & (c < ink.shape[1])
        ink[r[inside], c[inside]] = 255


def draw_pulses(ink, style, plan, fine):
    """Draw the calibration pulses; (left, right, top, bottom) in mm of those that are whole."""
    if style.pulse == "none":
        return ()
    end, wide = plan.left + wide_mm(style), pulse_mm(style)
    rise = end + PULSE_PAD_MM if style.pulse == "right" else plan.left - PULSE_PAD_MM - wide
    fall, height = rise + wide, PULSE_MV * style.mm_per_mv
    rows, columns, _ = LAYOUTS[style.layout]
    pitch = style.seconds / columns * style.mm_per_s + style.gap_mm
    at = {
        "all": [(row, 0) for row in range(len(plan.zeros))],
        "last": [(len(plan.zeros) - 1, 0)],
        "each column": [(row, column) for row in range(rows) for column in range(columns)],
    }[style.pulse_rows]
    pulses = [(rise + column * pitch, fall + column * pitch, plan.zero(row, column)) for row, column in at]
    for start, stop, zero in pulses:
        x = np.array([start - 1.2, start, start, stop, stop, stop + 1.2])
        stroke(ink, x * fine, (zero - np.array([0, 0, 1, 1, 0, 0]) * height) * fine, style.pen_mm * fine)
    return tuple((start, stop, zero - height, zero) for start, stop, zero in pulses) if rise > 0 else ()


def draw_separators(ink, style, plan, fine):
    """Draw what stands between columns."""
    rows, columns, _ = LAYOUTS[style.layout]
    for column in range(1, columns):
        x = left_mm(column * style.seconds / columns, style, plan) - style.gap_mm / 2
        top, bottom = plan.zeros[0] - 0.4 * plan.pitch, plan.zeros[rows - 1] + 0.35 * plan.pitch
        pieces = {
            "solid": [(top, bottom)],
            "dashed": [(y, y + 1.5) for y in np.arange(top, bottom, 3.0)],
            "short": [(zero - SHORT_MM, zero + SHORT_MM) for zero in plan.zeros[:rows]],
            "ticks": [(zero + side * 3 - 1.5, zero + side * 3 + 1.5) for zero in plan.zeros[:rows] for side in (-1, 1)],
            "none": [],
        }[style.separators]
        for start, stop in pieces:
            stroke(ink, np.array([x, x]) * fine, np.array([start, stop]) * fine, 0.8 * style.pen_mm * fine)


def draw_frame(ink, style, plan, fine):
    """Draw a rectangle around the traces or the grid."""
    if style.frame == "none":
        return
    left, top, right, bottom = plan.grid
    if style.frame == "traces":
        left, right = plan.left, plan.left + wide_mm(style)
        top, bottom = plan.zeros[0] - 0.55 * plan.pitch, plan.zeros[-1] + 0.45 * plan.pitch
    corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom), (left, top)])
    stroke(ink, *(corners.T * fine), style.frame_mm * fine)


def scribble(layers, style, plan, fine, rng):
    """Draw what looks like handwriting, anywhere on the page."""
    for _ in range(style.handwriting):
        ink = layers.strokes(str(rng.choice(SCRIBBLE_INKS)), "print")
        letters, size = int(rng.integers(4, 12)), float(rng.uniform(3.0, 7.0))
        at = rng.uniform(0.05, 0.75, 2) * plan.size
        time = np.linspace(0, letters, 40 * letters)
        # Letters are loops of changing height along a line that climbs or falls a little.
        high = np.interp(time, np.arange(letters + 1), rng.uniform(0.3, 1.0, letters + 1))
        x = at[0] + size * (0.6 * time + 0.25 * np.sin(2 * np.pi * time + rng.uniform(1, 3)))
        y = at[1] + 0.6 * size * high * np.sin(2 * np.pi * time) + rng.uniform(-0.2, 0.2) * (x - at[0])
        stroke(ink, x * fine, y * fine, float(rng.uniform(*SCRIBBLE_MM)) * fine)


def write(layers, style, plan, places, px_per_mm, rng):
    """Write the words of the page."""
    pen = layers.words(style.name_ink or style.ink, "name")
    name_font = _font(style.font, style.name_mm / 0.72 * px_per_mm)
    shift = {"above": -3.2, "on": 0.8, "below": 3.5 + style.name_mm}[style.names]
    shift = shift if style.name_rise_mm is None else -style.name_rise_mm
    for place in places:
        x = left_mm(place.start_s, style, plan) + style.name_shift_mm
        if style.name_pitch_mm is not None and place.start_s:
            x = plan.left + style.name_shift_mm + round(place.start_s / seconds_of(place, style)) * style.name_pitch_mm
        row, column = row_of(place, places, style), column_of(place.start_s, style)
        y = plan.zero(row, column) + shift + (plan.off[row][column][1] if plan.off else 0.0)
        if style.numerals and set(place.lead) == {"I"}:
            _write_numeral(pen, (x * px_per_mm, y * px_per_mm), len(place.lead), name_font)
        else:
            pen.text((x * px_per_mm, y * px_per_mm), place.lead, 255, name_font, anchor="ls")
    pen, text_font = layers.words(style.ink, "print"), _font(style.font, 3.6 * px_per_mm)
    if style.header:
        rate = rng.integers(48, 120)
        lines = [
            (f"ID: simulated {rng.integers(10000):04d}", f"Vent. rate  {rate} BPM", "Simulated record"),
            ("Age:     Sex:", f"PR interval  {rng.integers(120, 210)} ms", "Not of a person who is named"),
            (f"Room: {rng.integers(1, 40)}", f"QRS duration  {rng.integers(76, 140)} ms", "Unconfirmed"),
        ]
        for line, texts in enumerate(lines):
            for x, text in zip((8.0, 0.36 * plan.size[0], 0.68 * plan.size[0]), texts, strict=True):
                pen.text((x * px_per_mm, (7.5 + 5.5 * line) * px_per_mm), text, 255, text_font, anchor="ls")
    if style.header_rule:
        ends = (5.0, HEADER_MM - 4.0, plan.size[0] - 5.0, HEADER_MM - 4.0)
        pen.line([mm * px_per_mm for mm in ends], 255, max(1, round(RULE_MM * px_per_mm)))
    if style.foot:
        text = f"{style.mm_per_s:g} mm/s  {style.mm_per_mv:g} mm/mV  0.05-40 Hz  simulated"
        pen.text((8 * px_per_mm, (plan.size[1] - 3.5) * px_per_mm), text, 255, text_font, anchor="ls")
    if style.side:
        left, small = side_left_mm(style, plan), _font(style.font, 2.6 * px_per_mm)
        for line, text in enumerate(SIDE_TEXT):
            y = plan.grid[1] + 8.0 + 11.0 * line
            pen.text((left * px_per_mm, y * px_per_mm), text, 255, small, anchor="ls")


def _write_numeral(pen, at, number, font):
    """Write I, II or III as one letter, whose serifs touch each other."""
    pitch = JOINED * font.getlength("I")
    for letter in range(number):
        pen.text((at[0] + letter * pitch, at[1]), "I", 255, font, anchor="ls")


def _font(name, size_px):
    """One of matplotlib's fonts: not those that names are looked for with."""
    from matplotlib import get_data_path
    from PIL import ImageFont

    return ImageFont.truetype(str(Path(get_data_path()) / "fonts" / "ttf" / FONTS[name]), size_px)
