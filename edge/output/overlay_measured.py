"""What was measured, drawn over the picture: ticks at beats, bars of PR, QRS and QT on one beat, ST from the J point on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..layout import Arrangement
from ..measure.measurements import Measurements
from ..measure.rhythm import Kind
from ..trace.lead_traces import Traces
from .colours import WHITE, Colour
from .measured_stretches import Stretch, beat_ticks, stretches

if TYPE_CHECKING:
    from PIL import ImageDraw

BARS = {"pr_ms": "PR", "qrs_ms": "QRS", "qt_ms": "QT"}
"""Intervals that are drawn as bars, from the top, and what they are called there."""

MARK = (160, 0, 110)
TICKS: dict[Kind, Colour] = {
    "dominant": MARK,
    "premature_narrow": (214, 92, 0),
    "premature_wide": (214, 0, 0),
    "other": (110, 110, 110),
}

Points = npt.NDArray[np.floating]
ToPicture = Callable[[Points], Points]


def draw_measured(
    draw: ImageDraw.ImageDraw,
    measured: Measurements,
    arrangement: Arrangement,
    traces: Traces,
    in_picture: ToPicture,
    size: tuple[int, int],
    face: Any,
) -> None:
    """Draw ticks, bars and ST over a picture of `size` (width, height); `in_picture` gives picture pixels (n, 2) of page pixels, `face` is the font.

    Words stand where no trace is; where there is no such place near the beat they are left out: the panel has them.
    """
    line_px = max(2, round(max(size) / 700))
    for tick in beat_ticks(measured, arrangement, traces):
        _line(draw, in_picture(tick.line), TICKS[tick.kind], line_px + 1)
    found = stretches(measured, arrangement, traces)
    for stretch in found.get("st", ()):
        _line(draw, in_picture(stretch.path), MARK, line_px + 1)
    bars = {name: found[name][0] for name in BARS if name in found}
    if bars:
        inked = np.concatenate([in_picture(path) for path in traces.paths.values()])
        _bars(draw, measured, bars, in_picture, inked[np.isfinite(inked).all(axis=1)], face, line_px)


def _line(draw: ImageDraw.ImageDraw, points: Points, colour: Colour, line_px: int) -> None:
    flat = np.asarray(points, float).ravel().tolist()
    draw.line(flat, (*WHITE, 160), line_px + 2, joint="curve")
    draw.line(flat, colour, line_px, joint="curve")


def _bars(
    draw: ImageDraw.ImageDraw,
    measured: Measurements,
    bars: Mapping[str, Stretch],
    in_picture: ToPicture,
    inked: Points,
    face: Any,
    line_px: int,
) -> None:
    """The bars, one below the other, each with its words at its end, above or below the beat where no trace is."""
    words = {name: f"{BARS[name]} {round(getattr(measured, name))}" for name in bars}
    ends = {name: in_picture(stretch.path[[0, -1]])[:, 0] for name, stretch in bars.items()}
    row_px = max(draw.textbbox((0, 0), text, face)[3] for text in words.values()) + 3
    wide_px = max(ends[name].max() + 6 + draw.textlength(words[name], face) for name in bars)
    left_px, high_px = min(each.min() for each in ends.values()) - 4, row_px * len(bars)
    beat = np.concatenate([in_picture(stretch.path) for stretch in bars.values()])[:, 1]
    below = np.arange(beat.max() + 6, inked[:, 1].max() - high_px, 4)
    above = np.arange(beat.min() - 6 - high_px, inked[:, 1].min(), -4)
    tops = sorted([*below, *above], key=lambda top: abs(top + high_px / 2 - beat.mean()))
    reach = (inked[:, 0] >= left_px) & (inked[:, 0] <= wide_px + 2)
    heights = inked[reach, 1]
    free = (top for top in tops if not ((heights >= top - 2) & (heights <= top + high_px + 2)).any())
    top = next(free, None)
    for row, name in enumerate(bars):
        if top is None:
            return
        y = float(top) + row_px * (row + 0.5)
        first, last = sorted(ends[name].tolist())
        _line(draw, np.array([[first, y], [last, y]]), MARK, line_px)
        for x in (first, last):
            _line(draw, np.array([[x, y - row_px / 3], [x, y + row_px / 3]]), MARK, line_px)
        at = (last + 6, y)
        draw.text(at, words[name], MARK, face, anchor="lm", stroke_width=2, stroke_fill=WHITE)


def marks_svg(
    measured: Measurements,
    arrangement: Arrangement,
    traces: Traces,
    to_picture: ToPicture,
    size: tuple[int, int],
) -> str:
    """The text of an SVG picture that lies over the overlay: for each value a group `on-NAME` with the stretches of the traces that it rests on.

    Of `rate_per_min` the ticks of the beats. `size` is (width, height) of the overlay in pixels.
    """
    found = {
        name: [stretch.path for stretch in each] for name, each in stretches(measured, arrangement, traces).items()
    }
    ticks = [
        tick.line + [[0, -3 * (tick.line[1, 1] - tick.line[0, 1])], [0, 0]]
        for tick in beat_ticks(measured, arrangement, traces)
    ]
    groups = ({"rate_per_min": ticks} if ticks else {}) | found
    width, height = size
    drawn = [f'<svg class="marks" viewBox="0 0 {width} {height}" aria-hidden="true">']
    for name, paths in groups.items():
        lines = "".join(f'<polyline points="{_points(to_picture(path))}"/>' for path in paths)
        drawn.append(f'<g id="on-{name}">{lines}</g>')
    return "".join([*drawn, "</svg>"])


def _points(points: Points) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in np.asarray(points, float).tolist())
