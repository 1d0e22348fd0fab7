"""Strokes of drawn traces as the tracer sees them, and the curves that were drawn: what `train.centreline` learns from.

Traces are drawn as programs and printers draw them: by whole pixels or by finer ones that are averaged, at several resolutions, with lines of
any width, and resampled as pages are that are flattened; half of them blurred, noisy or through JPEG. The hearts are of PTB-XL's folds
1 to 7 and of LUDB, without the records that are tested on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from ecg_edge.layout import LEADS_12, REPORT, Arrangement, Box, Place
from ecg_edge.page.ink import ink_of
from ecg_edge.simulator import report_page
from ecg_edge.trace import centreline
from ecg_edge.trace.lead_traces import page_strokes

from . import ludb, records

PX_PER_MM = 8.0
LUDB_SHARE, FOLDS = 0.4, range(1, 8)
TESTED = frozenset({1, 2, 12, 20, 31, 45, 55, 60, 77, 88, 107, 120, 140, 150, 160, 180, 199})
"""LUDB's records on the pages of `benchmarks.foreign`; all odd ones are left to other tests, too."""
LEFT_MM, TOP_MM, FOOT_MM = 10.0, 12.0, 12.0
LOST_SHARE, MAX_OFF_PX, FAR_PX, FAR_SHARE = 0.1, 8.0, 25.0, 0.02
"""A trace is left out of which more than this share was not followed, whose stroke is mostly farther from its curve, or far from it too often."""


@dataclass(frozen=True)
class Drawing:
    """One way to draw: how often, by how many pixels of a finer raster to one, and at what resolutions (px/mm) before the page is resampled;
    None where it is not."""

    weight: float
    finer: tuple[int, ...]
    px_per_mm: tuple[float, ...] | None


RESOLUTIONS = (4.0, 5.0, 6.0, 7.0, 7.874, 8.0, 10.0, 11.81)
DRAWINGS = (
    Drawing(0.12, (1,), None),
    Drawing(0.25, (1,), RESOLUTIONS),
    Drawing(0.12, (3, 4, 5), None),
    Drawing(0.36, (3, 4, 5), RESOLUTIONS),
)
REPORT_SHARE = 0.15
"""How often a report page of the simulator is drawn instead."""


@dataclass(frozen=True)
class Stroke:
    """`seen` (w, 4) edges and darkness as `centreline.centrelines` takes them, the line's `width_px`, and the true `rows` (w, 2) at
    `centreline.OFFSETS_PX`."""

    seen: np.ndarray
    width_px: float
    rows: np.ndarray


Truth = Callable[[np.ndarray], np.ndarray]
"""The rows of a curve in page pixels, of columns in page pixels."""


def read(seed: int, folder: str | None = None) -> list[Stroke]:
    """The `Stroke`s of one page of that seed; the same for the same seed and data."""
    rng = np.random.default_rng([seed, 9])
    signals = _heart(rng, folder)
    image, arrangement, truths = (_report if rng.random() < REPORT_SHARE else _drawn)(signals, rng)
    followed = page_strokes(ink_of(_spoiled(image, rng)), arrangement)
    found = []
    for place, stroke, truth in zip(arrangement.places, followed.strokes, truths, strict=True):
        columns = np.arange(place.box.left, place.box.right)[:, None]
        rows = truth(columns + np.array(centreline.OFFSETS_PX))
        known = np.isfinite(stroke).all(axis=1)
        if known.mean() < 1 - LOST_SHARE:
            continue
        off = stroke[known, :2].mean(axis=1) - rows[known].mean(axis=1)
        level = np.median(off)  # where a drawing's rows begin is not to be learnt
        off = np.abs(off - level)
        if np.percentile(off, 90) <= MAX_OFF_PX and (off > FAR_PX).mean() <= FAR_SHARE:
            found.append(Stroke(stroke, followed.line_px, rows + level))
    return found


def _heart(rng: np.random.Generator, folder: str | None) -> np.ndarray:
    """(12, 5000) millivolts at 500 Hz, a third of them filtered as devices do."""
    if rng.random() < LUDB_SHARE:
        known = [record for record in _ludb(folder) if record.record % 2 == 0]
        signals = ludb.signals(known[rng.integers(len(known))])
    else:
        some = _ptbxl(folder)
        signals = records.signals(some[rng.integers(len(some))])
    if rng.random() < 0.3:
        signals = records.band_pass(signals, 0.5, float(rng.choice((25, 40, 100))))
    return np.asarray(signals, float)[:, :5000]


def _drawn(signals: np.ndarray, rng: np.random.Generator) -> tuple[Image.Image, Arrangement, list[Truth]]:
    """Some leads below each other, each as long as the page shows."""
    shares = np.array([drawing.weight for drawing in DRAWINGS])
    drawing = DRAWINGS[rng.choice(len(DRAWINGS), p=shares / shares.sum())]
    gain, speed = float(rng.choice((5, 10, 10, 10, 10, 20))), float(rng.choice((25, 25, 25, 25, 50)))
    seconds, rows, pitch = 250.0 / speed, int(rng.integers(5, 9)), rng.uniform(18, 36)
    size_mm = seconds * speed + 2 * LEFT_MM, pitch * rows + TOP_MM + FOOT_MM
    base = 1.0 if drawing.px_per_mm is None else float(rng.choice(drawing.px_per_mm)) / PX_PER_MM
    finer = int(rng.choice(drawing.finer))
    scale = PX_PER_MM * base * finer
    image = Image.new("RGB", tuple(round(mm * scale) for mm in size_mm), "white")
    draw = ImageDraw.Draw(image)
    _rule(draw, size_mm, scale, rng)
    line_px = max(1, round(rng.uniform(0.14, 0.45) * scale))
    look = {
        "fill": (int(rng.choice((0, 0, 0, 40, 80, 110))),) * 3,
        "width": line_px,
        "joint": None if rng.random() < 0.3 else "curve",
    }
    rate_hz = float(rng.choice((250, 500, 500, 1000)))
    # Pillow draws from whole pixels on: half a pixel before where it is asked to, but for lines of even width half of that.
    even = 0.25 * (line_px % 2 == 0) / finer
    change, shift = (1.0, 1.0), (0.0, 0.0)
    if drawing.px_per_mm is not None:
        change, shift = tuple(1 + rng.uniform(-0.003, 0.003, 2)), tuple(rng.uniform(-1, 1, 2))
    places, truths = [], []
    for row, number in enumerate(rng.permutation(12)[:rows]):
        mv = signals[number][: round(seconds * records.RATE_HZ)]
        at_s = np.arange(mv.size) / records.RATE_HZ
        drawn_s = np.arange(0, at_s[-1] + 1e-9, 1 / rate_hz)
        zero_mm = TOP_MM + pitch * (row + 0.5)
        x, y = LEFT_MM + drawn_s * speed, zero_mm - np.interp(drawn_s, at_s, mv) * gain
        draw.line(list(zip((x * scale).tolist(), (y * scale).tolist(), strict=True)), **look)
        edges = LEFT_MM, zero_mm - pitch / 2, LEFT_MM + seconds * speed, zero_mm + pitch / 2
        box = Box(*(round(mm * PX_PER_MM) for mm in edges))
        places.append(Place(LEADS_12[number], LEADS_12[number], box, zero_mm * PX_PER_MM - 0.5, 0.0))

        def truth(columns, mv=mv, at_s=at_s, zero_mm=zero_mm):
            at_mm = ((columns + 0.5) * base * change[0] + shift[0] - even) / base / PX_PER_MM
            rows_px = (zero_mm - gain * np.interp((at_mm - LEFT_MM) / speed, at_s, mv)) * PX_PER_MM
            return rows_px / change[1]

        truths.append(truth)
    if finer > 1:
        image = image.reduce(finer)
    if drawing.px_per_mm is not None:
        size = tuple(round(mm * PX_PER_MM) for mm in size_mm)
        affine = (base * change[0], 0, shift[0], 0, base * change[1], shift[1])
        image = image.transform(size, Image.Transform.AFFINE, affine, Image.Resampling.BILINEAR, fillcolor="white")
    return image, Arrangement("", tuple(places), (PX_PER_MM, PX_PER_MM), speed, gain, 0.0, 1.0), truths


def _report(signals: np.ndarray, _: np.random.Generator) -> tuple[Image.Image, Arrangement, list[Truth]]:
    """A report page of the simulator."""
    style = report_page.Style()
    lefts = sorted({box.left for name, box in REPORT.leads if name != "rhythm"})
    column_s, places, truths = report_page.SECONDS / len(lefts), [], []
    scale = style.column_px / column_s / REPORT.mm_per_s, style.dots_per_mm
    for name, box in REPORT.leads:
        column = 0 if name == "rhythm" else lefts.index(box.left)
        left = style.trace_left_px + column * style.column_px
        wide = style.column_px * (len(lefts) if name == "rhythm" else 1)
        zero = float(next(row for row in REPORT.rows_px if box.top <= row < box.bottom))
        lead = "II" if name == "rhythm" else name
        places.append(Place(name, lead, Box(left, box.top, left + wide, box.bottom), zero, column * column_s))

        shown = signals[LEADS_12.index(lead)]

        def truth(columns, place=places[-1], mv=shown):
            at_s = place.start_s + (columns - place.box.left) / (scale[0] * REPORT.mm_per_s)
            mv = np.interp(at_s, np.arange(mv.size) / records.RATE_HZ, mv)
            return place.zero_px - mv * scale[1] * REPORT.mm_per_mv

        truths.append(truth)
    image = report_page.draw_report(signals, records.RATE_HZ)
    return image, Arrangement(REPORT.name, tuple(places), scale, REPORT.mm_per_s, REPORT.mm_per_mv, 0.0, 1.0), truths


def _rule(draw: ImageDraw.ImageDraw, size_mm: tuple[float, float], scale: float, rng: np.random.Generator) -> None:
    """Draw a grid of pale lines, on some pages."""
    if rng.random() >= 0.6:
        return
    thin = tuple(int(level) for level in rng.integers(200, 253, 3))
    bold = tuple(max(level - 40, 120) for level in thin)
    width, height = (mm * scale for mm in size_mm)
    for length_mm, upright in ((size_mm[0], True), (size_mm[1], False)):
        for mm in range(int(length_mm) + 1):
            ends = (mm * scale, 0, mm * scale, height) if upright else (0, mm * scale, width, mm * scale)
            draw.line(ends, thin if mm % 5 else bold, max(1, round(scale / PX_PER_MM)))


def _spoiled(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The page as it is, or blurred, darker and noisy, or through a JPEG file."""
    if rng.random() < 0.45:
        sigma = rng.uniform(0.3, 1.3)
        page = ndimage.gaussian_filter(np.asarray(image, np.float32), (sigma, sigma, 0))
        if rng.random() < 0.7:
            page = page * rng.uniform(0.8, 0.97) + rng.normal(0, rng.uniform(1, 7), page.shape[:2])[..., None]
        image = Image.fromarray(np.clip(page, 0, 255).astype(np.uint8))
    if rng.random() < 0.35:
        held = BytesIO()
        image.save(held, "JPEG", quality=int(rng.integers(55, 95)))
        image = Image.open(BytesIO(held.getvalue())).convert("RGB")
    return image


@lru_cache(maxsize=1)
def _ludb(folder: str | None) -> list[ludb.Record]:
    return [record for record in ludb.read_records(folder) if record.record not in TESTED | ludb.SWINGING]


@lru_cache(maxsize=1)
def _ptbxl(folder: str | None) -> list[records.Record]:
    return records.read_records(folder, folds=FOLDS)
