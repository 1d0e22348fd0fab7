"""Drawing records on paper in any layout of the contract, with what is true of every lead.

    python -m train.paper --out DIR --count N --seed S

writes PTB-XL records as pages (PNG), a JSON of the truth and the drawn signals (NPZ) beside each.
"""

import argparse
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from ecg_edge.layout import LEADS_12, Arrangement, Box, Place

from . import records
from .paper_style import COLOURS, FONTS, INKS, LAYOUTS, ORDERS, PAPERS_MM, SLOTS, Style, draw_style

RATE_HZ = records.RATE_HZ
FINE = 3
"""Ink is drawn so many times finer than the page, and reduced."""
HEADER_MM, FOOT_MM, EDGE_MM = 26.0, 9.0, 5.0
PULSE_MM, PULSE_PAD_MM = 5.0, 1.5
PULSE_MV = 1.0
ROLL_ROW_MM = 24.0


@dataclass(frozen=True)
class DrawnPage:
    """A page and its truth.

    `image` an RGB `PIL.Image`; `arrangement` with the true places, cost 0; `signals` {place: (n,) float32 millivolts at 500 Hz} as
    drawn, from the place's `start_s` on; `style` as it was asked for.
    """

    image: object
    arrangement: Arrangement
    signals: dict
    style: Style


@dataclass(frozen=True)
class _Plan:
    """Where things are on the paper, in mm: the page's `size`, the grid's box, the left edge of traces, and the rows' zeros."""

    size: tuple
    grid: tuple
    left: float
    zeros: tuple
    pitch: float


def draw_page(signals_mv, style=None, *, px_per_mm=8.0, seed=0):
    """A page of twelve signals: columns follow each other in time, as devices print them.

    Parameters
    ----------
    signals_mv : (12, n) array of millivolts at 500 Hz, in the order of `layout.LEADS_12`; 10 s or more
    style : Style
    px_per_mm : float
    seed : int, of the words in the header and of small irregularities

    Returns
    -------
    DrawnPage
        The same for the same arguments.
    """
    style = style or Style()
    rng = np.random.default_rng([seed, 77])
    signals = {name: np.asarray(row, np.float32) for name, row in zip(LEADS_12, signals_mv, strict=True)}
    signals["-aVR"] = -signals["aVR"]
    plan = _plan(style, rng)
    places = _places(style, plan, px_per_mm)
    drawn = {p.name: _piece(signals[p.lead], p.start_s, _seconds(p, style)) for p in places}
    fine = px_per_mm * FINE
    size_px = tuple(round(mm * px_per_mm) for mm in plan.size)
    ink = np.zeros((size_px[1] * FINE, size_px[0] * FINE), np.uint8)
    for place in places:
        x = _start_mm(place, style, plan) + np.arange(len(drawn[place.name])) / RATE_HZ * style.mm_per_s
        zero = plan.zeros[_row(place, places, style)]
        _stroke(ink, x * fine, (zero - drawn[place.name] * style.mm_per_mv) * fine, style.pen_mm * fine)
    pulses = _pulses(ink, style, plan, fine)
    _separators(ink, style, plan, fine)
    image = _compose(ink, _write(style, plan, places, px_per_mm, size_px, rng), style, plan, px_per_mm)
    arrangement = Arrangement(
        style.layout,
        tuple(places),
        (px_per_mm, px_per_mm),
        style.mm_per_s,
        style.mm_per_mv,
        0.0,
        1.0,
        tuple(tuple(round(mm * px_per_mm) for mm in pulse) for pulse in pulses),
    )
    return DrawnPage(image, arrangement, drawn, style)


def _plan(style, rng):
    """Where things go on the paper."""
    rows, _, strips = LAYOUTS[style.layout]
    width, height = PAPERS_MM[style.paper]
    top = HEADER_MM if style.header else EDGE_MM
    foot = FOOT_MM if style.foot else EDGE_MM
    height = height or top + foot + ROLL_ROW_MM * (rows + strips) + 8.0
    traces = style.seconds * style.mm_per_s
    pulse = PULSE_MM + 2 * PULSE_PAD_MM if style.pulse != "none" else 0.0
    spare = width - traces - pulse
    left = spare * rng.uniform(0.35, 0.65) + (pulse if style.pulse == "left" else 0.0)
    if style.framed:
        grid = (min(EDGE_MM, 0.3 * spare), top, width - min(EDGE_MM, 0.3 * spare), height - foot)
    else:
        grid = (0.0, 0.0, width, height)
    pitch = (height - top - foot - 4.0) / (rows + strips)
    zeros = tuple(top + 2.0 + pitch * (row + 0.55) for row in range(rows + strips))
    return _Plan((width, height), grid, left, zeros, pitch)


def _places(style, plan, px_per_mm):
    """The `Place`s, row by row, in pixels of the page; centres of pixels are whole numbers."""
    rows, columns, _ = LAYOUTS[style.layout]
    span = style.seconds / columns

    def place(name, lead, row, start_s, seconds):
        left = plan.left + start_s * style.mm_per_s
        zero = plan.zeros[row]
        edges = (left, zero - 0.55 * plan.pitch, left + seconds * style.mm_per_s, zero + 0.45 * plan.pitch)
        box = Box(*(round(mm * px_per_mm) for mm in edges))
        return Place(name, lead, box, zero * px_per_mm - 0.5, start_s)

    slots = SLOTS[style.layout]
    names = [[ORDERS[style.order][slots[column][row]] for column in range(columns)] for row in range(rows)]
    places = [
        place(name, name, row, column * span, span)
        for row, leads in enumerate(names)
        for column, name in enumerate(leads)
    ]
    for index, lead in enumerate(style.rhythm):
        places.append(
            place(f"rhythm{index + 1 if index else ''}", lead, rows + index, 0.0, style.seconds),
        )
    return places


def _seconds(place, style):
    """How long a place's trace is."""
    return style.seconds / (1 if place.name.startswith("rhythm") else LAYOUTS[style.layout][1])


def _start_mm(place, style, plan):
    """The left end of a place's trace."""
    return plan.left + place.start_s * style.mm_per_s


def _row(place, places, style):
    """The number of a place's row."""
    rows, columns, _ = LAYOUTS[style.layout]
    index = places.index(place)
    return index // columns if index < rows * columns else rows + index - rows * columns


def _piece(signal, start_s, seconds):
    """The samples that a place shows, both ends included where there are so many."""
    first = round(start_s * RATE_HZ)
    return signal[first : first + round(seconds * RATE_HZ) + 1]


def _stroke(ink, x, y, pen_px):
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


def _pulses(ink, style, plan, fine):
    """Draw a calibration pulse in every row; their (left, right, top, bottom) in mm."""
    if style.pulse == "none":
        return ()
    end = plan.left + style.seconds * style.mm_per_s
    rise = plan.left - PULSE_PAD_MM - PULSE_MM if style.pulse == "left" else end + PULSE_PAD_MM
    fall, height = rise + PULSE_MM, PULSE_MV * style.mm_per_mv
    for zero in plan.zeros:
        x = np.array([rise - 1.2, rise, rise, fall, fall, fall + 1.2])
        _stroke(ink, x * fine, (zero - np.array([0, 0, 1, 1, 0, 0]) * height) * fine, style.pen_mm * fine)
    return tuple((rise, fall, zero - height, zero) for zero in plan.zeros)


def _separators(ink, style, plan, fine):
    """Draw what stands between columns."""
    rows, columns, _ = LAYOUTS[style.layout]
    for column in range(1, columns):
        x = plan.left + column * style.seconds / columns * style.mm_per_s
        top, bottom = plan.zeros[0] - 0.4 * plan.pitch, plan.zeros[rows - 1] + 0.35 * plan.pitch
        pieces = {
            "solid": [(top, bottom)],
            "dashed": [(y, y + 1.5) for y in np.arange(top, bottom, 3.0)],
            "ticks": [(zero + side * 3 - 1.5, zero + side * 3 + 1.5) for zero in plan.zeros[:rows] for side in (-1, 1)],
            "none": [],
        }[style.separators]
        for start, stop in pieces:
            _stroke(ink, np.array([x, x]) * fine, np.array([start, stop]) * fine, 0.8 * style.pen_mm * fine)


def _write(style, plan, places, px_per_mm, size_px, rng):
    """(H, W) uint8: the words of the page."""
    from PIL import Image, ImageDraw

    words = Image.new("L", size_px)
    pen = ImageDraw.Draw(words)
    name_font = _font(style.font, style.name_mm / 0.72 * px_per_mm)
    shift = {"above": -3.2, "on": 0.8, "below": 3.5 + style.name_mm}[style.names]
    for place in places:
        x = _start_mm(place, style, plan) + 0.8
        y = plan.zeros[_row(place, places, style)] + shift
        pen.text((x * px_per_mm, y * px_per_mm), place.lead, 255, name_font, anchor="ls")
    text_font = _font(style.font, 3.6 * px_per_mm)
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
    if style.foot:
        text = f"{style.mm_per_s:g} mm/s  {style.mm_per_mv:g} mm/mV  0.05-40 Hz  simulated"
        pen.text((8 * px_per_mm, (plan.size[1] - 3.5) * px_per_mm), text, 255, text_font, anchor="ls")
    return np.asarray(words)


def _font(name, size_px):
    """One of matplotlib's fonts: not those that names are looked for with."""
    from matplotlib import get_data_path
    from PIL import ImageFont

    return ImageFont.truetype(str(Path(get_data_path()) / "fonts" / "ttf" / FONTS[name]), size_px)


def _compose(ink, words, style, plan, px_per_mm):
    """The RGB `PIL.Image` of grid, ink and words."""
    from PIL import Image

    height, width = words.shape
    stroke = np.asarray(Image.fromarray(ink).reduce(FINE))
    stroke = (np.maximum(stroke, words) / np.float32(255))[..., None]
    page = np.full((height, width, 3), 255, np.float32)
    for colour, cover in zip(COLOURS[style.colour], _grid(style, plan, (width, height), px_per_mm), strict=True):
        dark = 255 - np.minimum(style.strength * (255 - np.array(colour, np.float32)), 215)
        page += cover[..., None] * (dark - page)
    page += stroke * (np.array(INKS[style.ink], np.float32) - page)
    return Image.fromarray(np.rint(page).astype(np.uint8))


def _grid(style, plan, size_px, px_per_mm):
    """Two (H, W) covers of 0 to 1: what the 1 mm and the 5 mm lines, or dots, have of each pixel."""
    left, top, right, bottom = plan.grid
    origin = plan.left % 5.0, plan.zeros[0] % 5.0

    def lines(axis, pitch, thick):
        """How much of each pixel along an axis lies in lines: exact, by differences of what lies before its edges."""
        low, high = ((left, right), (top, bottom))[axis]
        edges = np.arange(size_px[axis] + 1) / px_per_mm
        inside = np.clip(edges, low - thick / 2, high + thick / 2) - origin[axis] + thick / 2
        before = np.floor(inside / pitch) * thick + np.minimum(inside % pitch, thick)
        return (np.diff(before) * px_per_mm).astype(np.float32)

    def within(axis):
        low, high = ((left, right), (top, bottom))[axis]
        covered = np.diff(np.clip(np.arange(size_px[axis] + 1) / px_per_mm, low, high)) * px_per_mm
        return covered.astype(np.float32)

    def crossed(pitch, thick):
        return _union(lines(0, pitch, thick)[None, :] * within(1)[:, None], lines(1, pitch, thick)[:, None] * within(0))

    none = np.zeros((size_px[1], size_px[0]), np.float32)
    if style.grid == "none":
        return none, none
    if style.grid == "line":
        return crossed(1.0, style.minor_mm) if style.minor else none, crossed(5.0, style.major_mm)
    thick = 2.2 * style.minor_mm
    dots = lines(0, 1.0, thick)[None, :] * lines(1, 1.0, thick)[:, None]
    if style.grid == "boxes":
        return (crossed(5.0, style.major_mm), dots) if style.minor else (none, crossed(5.0, style.major_mm))
    rows = lines(0, 0.5, thick)[None, :] * lines(1, 5.0, thick)[:, None]
    columns = lines(0, 5.0, thick)[None, :] * lines(1, 0.5, thick)[:, None]
    return none, _union(_union(rows, columns), dots if style.minor else none)


def _union(one, other):
    """The cover of two independent covers."""
    return one + other - one * other


def content(page):
    """(left, top, right, bottom) in pixels around the leads and pulses of a drawn page, with 3 mm of paper."""
    boxes = [place.box.corners for place in page.arrangement.places]
    boxes += [(left, top, right, bottom) for left, right, top, bottom in page.arrangement.pulses]
    low, high = np.min(boxes, axis=0)[:2], np.max(boxes, axis=0)[2:]
    pad = 3 * page.arrangement.px_per_mm[0]
    low, high = np.maximum(low - pad, 0), np.minimum(high + pad, page.image.size)
    return (*low.tolist(), *high.tolist())


def truth(page):
    """What is true of a page, for a JSON file."""
    return {"arrangement": asdict(page.arrangement), "style": asdict(page.style), "rate_hz": RATE_HZ}


def main(argv=None):
    """Run the command line; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m train.paper", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--layout", choices=LAYOUTS, help="default: any")
    parser.add_argument("--px-per-mm", type=float, default=8.0)
    options = parser.parse_args(argv)
    options.out.mkdir(parents=True, exist_ok=True)
    table = records.read_records()
    for index in range(options.count):
        seed = options.seed + index
        rng = np.random.default_rng([seed, 78])
        record = table[rng.integers(len(table))]
        page = draw_page(
            records.signals(record), draw_style(rng, options.layout), px_per_mm=options.px_per_mm, seed=seed
        )
        stem = options.out / f"{re.sub('[^0-9a-z]', '-', page.style.layout)}-{record.ecg_id}-{seed}"
        page.image.save(stem.with_suffix(".png"), dpi=(options.px_per_mm * 25.4,) * 2)
        stem.with_suffix(".json").write_text(json.dumps(truth(page) | {"ecg_id": record.ecg_id}, indent=1))
        np.savez_compressed(stem.with_suffix(".npz"), **page.signals)
        print(stem.with_suffix(".png"))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
