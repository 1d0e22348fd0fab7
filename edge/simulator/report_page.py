"""Drawing twelve signals as a report page like those of the data set (DOI 10.17632/gwbz3fsgp8).

Places, thicknesses and colours were measured on the median of 60 of its pages. These are prints of 200 dots to the inch without
grey levels, saved as JPEG: hence strokes of whole pixels, and the noise about them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

from .. import layout
from ..errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from PIL import Image

SECONDS = 10.0
Colour = tuple[int, int, int]
"""Red, green and blue of 0..255."""


@dataclass(frozen=True)
class Text:
    """Words on a page: the left end of their baseline, their font's size, and the space added after each letter, in pixels."""

    words: str
    left_px: int
    baseline_px: int
    size_px: float = 27.0
    tracking_px: float = 0.0


@dataclass(frozen=True)
class Style:
    """How the report's printer draws, in pixels of the page."""

    dots_per_mm: float = 200 / 25.4
    """The scale of traces and pulses. The dots of the grid stand 0.9 % farther apart than it says."""
    trace_left_px: int = 152
    column_px: int = 492
    """2.5 s of trace: from one separator to the next."""
    line_px: int = 3
    """The width of traces, pulses and separators."""
    ink: Colour = (0, 0, 0)

    grid_cell_px: tuple[float, float] = (39.7225, 39.7305)
    grid_origin_px: tuple[float, float] = (105.465, 323.6)
    """The pitch of the 5 mm lines, and a crossing of two: across and down."""
    grid_half_px: int = 4
    dots: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = (
        ((2, 4, 6, 8), (2,)),
        ((4, 6, 8), (4, 6, 8)),
        ((0,), (0, 2, 3, 4, 5, 6, 7, 8, 9)),
        ((0, 1, 3, 4, 5, 6, 7, 8, 9), (0,)),
    )
    """Where the dots stand in a cell, in half millimetres from its lines: columns and rows that cross."""
    dot: Colour = (215, 25, 0)
    frame: Colour = (250, 160, 168)
    frame_px: tuple[int, int, int, int] = (3, 4, 4, 3)
    """Thickness at the left, the top, the right and the bottom."""

    pulse_foot_px: int = 8
    rule_px: tuple[int, int] = (68, 2155)
    """Columns of the double rule's ends."""
    rule_rows: tuple[int, ...] = (136, 142)
    rule_thickness_px: int = 4
    jpeg_quality: int = 60
    """The quality of the JPEG that the page has been through; 0 leaves it out."""

    lead_name_left_px: int = 1
    lead_name_rise_px: int = 7
    """From a column's left edge to a lead's name, and from its foot down to the row's zero."""
    patient_rows: tuple[int, ...] = (93, 126)
    patient_left_px: int = 69
    title: Text = Text("ECG  REPORT", 995, 62, 43.0, 1.5)
    header: tuple[Text, ...] = (
        Text("ID :  simulated", 69, 93),
        Text("Years", 315, 93),
        Text("cm", 610, 93),
        Text("kg", 758, 93),
        Text("/", 901, 93),
        Text("mmHg", 952, 93),
        Text("Race:Unknown", 1088, 93),
        Text("Room  No.:", 1327, 93),
        Text("Department:", 1517, 93),
        Text("Exam.Room:", 69, 126),
        Text("Medication:", 279, 126),
    )
    labels: tuple[Text, ...] = (
        Text("Diagnosis  Information:", 69, 170),
        Text("Technician :", 1557, 204),
        Text("Ref-Phys. :", 1557, 237),
        Text("Report  Confirmed  by:", 1557, 270),
        Text("0.67~25Hz  AC50  25mm/s  10mm/mV  4*2.5s+1r", 69, 1553, 21.0, 0.0),
        Text("ecg-edge simulator", 610, 1553, 21.0, 0.0),
        Text("Simulated: not of a person", 1793, 1553, 21.0, 0.0),
    )


def draw_report(
    signals_mv: ArrayLike,
    rate_hz: float = 500,
    *,
    rhythm: str = "II",
    header: Sequence[str] | None = None,
    template: layout.Template = layout.REPORT,
    style: Style = Style(),
) -> Image.Image:
    """A report page of twelve signals: four columns of 2.5 s that follow each other in time, and a rhythm strip of 10 s.

    Parameters
    ----------
    signals_mv : (12, n) array
        Millivolts in the order of `layout.LEADS_12`; NaN is a gap. At least 9.9 s; what comes after 10 s is not drawn.
    rate_hz : float
    rhythm : str
        The lead of the rhythm strip.
    header : sequence of str, optional
        One or two lines in place of the patient's.
    template : layout.Template
    style : Style

    Returns
    -------
    PIL.Image.Image
        RGB, of the template's size; the same input gives the same bytes.
    """
    from PIL import Image

    signals = _checked(signals_mv, rate_hz, rhythm)
    ink = np.zeros((template.height_px, template.width_px), bool)
    _rule(ink, style)
    for base in template.rows_px:
        _pulse(ink, base, template, style)
    for x in template.separators_px:
        top, bottom = template.separator_rows
        _stroke(ink, [x, x], [top + 1, bottom - 2], style)
    texts = [style.title, *style.labels, *(style.header if header is None else _patient_lines(header, style))]
    for name, lead, start_s, left, base in _places(template, rhythm, style):
        stop_s = SECONDS if name == layout.RHYTHM else start_s + SECONDS / len(_columns(template))
        _trace(ink, signals[layout.LEADS_12.index(lead)], rate_hz, (start_s, stop_s), left, base, template, style)
        texts.append(Text(lead, left + style.lead_name_left_px, base - style.lead_name_rise_px))
    page = _paper(template, style)
    page[ink] = style.ink
    picture = Image.fromarray(page)
    _write(picture, texts, style)
    return _through_jpeg(picture, style.jpeg_quality) if style.jpeg_quality else picture


def _checked(signals_mv: ArrayLike, rate_hz: float, rhythm: str) -> np.ndarray:
    """(12, n) float64, or `UsageError`."""
    signals = np.asarray(signals_mv, np.float64)
    if signals.ndim != 2 or len(signals) != len(layout.LEADS_12):
        raise UsageError(f"signals_mv must have the shape (12, n), not {signals.shape}")
    if not rate_hz > 0:
        raise UsageError(f"rate_hz must be positive, not {rate_hz}")
    if signals.shape[1] < 0.99 * SECONDS * rate_hz:
        raise UsageError(f"signals_mv must last 10 s, not {signals.shape[1] / rate_hz:g} s")
    if np.isinf(signals).any():
        raise UsageError("signals_mv must be finite; NaN is a gap")
    if rhythm not in layout.LEADS_12:
        raise UsageError(f"rhythm must be one of {', '.join(layout.LEADS_12)}, not {rhythm!r}")
    return signals


def _patient_lines(lines: Sequence[str], style: Style) -> list[Text]:
    """Texts for the caller's header lines."""
    if isinstance(lines, str) or len(lines) > len(style.patient_rows):
        raise UsageError(f"header must be at most {len(style.patient_rows)} lines")
    return [Text(line, style.patient_left_px, row) for line, row in zip(lines, style.patient_rows, strict=False)]


def _columns(template: layout.Template) -> list[int]:
    """The left edges of the lead boxes' columns, in pixels."""
    return sorted({box.left for name, box in template.leads if name != layout.RHYTHM})


def _places(template: layout.Template, rhythm: str, style: Style) -> Iterator[tuple[str, str, float, int, int]]:
    """(name, lead, start in seconds, left in pixels, row of 0 mV) for every trace of the page."""
    columns = _columns(template)
    for name, box in template.leads:
        base = next(row for row in template.rows_px if box.top <= row < box.bottom)
        column = 0 if name == layout.RHYTHM else columns.index(box.left)
        lead = rhythm if name == layout.RHYTHM else name
        yield name, lead, column * SECONDS / len(columns), style.trace_left_px + column * style.column_px, base


def _trace(
    ink: np.ndarray,
    signal_mv: np.ndarray,
    rate_hz: float,
    span_s: tuple[float, float],
    left_px: int,
    base_px: int,
    template: layout.Template,
    style: Style,
) -> None:
    """Draw the samples of `span_s` from column `left_px`, both ends included: the next column goes on where this one stops."""
    first, last = (round(second * rate_hz) for second in span_s)
    piece = signal_mv[first : last + 1]
    x = left_px + np.arange(piece.size) / rate_hz * style.column_px * len(_columns(template)) / SECONDS
    _stroke(ink, x, base_px - piece * template.mm_per_mv * style.dots_per_mm, style)


def _pulse(ink: np.ndarray, base_px: int, template: layout.Template, style: Style) -> None:
    """Draw one calibration pulse of 1 mV."""
    rise, fall = template.pulse_px
    foot, top = style.pulse_foot_px, base_px - round(template.mm_per_mv * style.dots_per_mm)
    _stroke(
        ink, [rise - foot, rise, rise, fall, fall, fall + foot], [base_px, base_px, top, top, base_px, base_px], style
    )


def _stroke(ink: np.ndarray, x_px: ArrayLike, y_px: ArrayLike, style: Style) -> None:
    """Set the pixels of `ink` (H, W) bool that a square brush touches along a polyline; NaN interrupts it."""
    x, y = np.asarray(x_px, np.float64), np.asarray(y_px, np.float64)
    whole = np.isfinite(y[:-1]) & np.isfinite(y[1:])
    x0, y0, dx, dy = x[:-1][whole], y[:-1][whole], np.diff(x)[whole], np.diff(y)[whole]
    steps = 1 + np.ceil(2 * np.maximum(np.abs(dx), np.abs(dy))).astype(int)
    segment = np.repeat(np.arange(steps.size), steps)
    part = (np.arange(segment.size) - np.repeat(np.cumsum(steps) - steps, steps)) / np.repeat(
        np.maximum(steps - 1, 1), steps
    )
    columns = np.rint(x0[segment] + part * dx[segment]).astype(int)
    rows = np.rint(y0[segment] + part * dy[segment]).astype(int)
    reach = style.line_px // 2
    for down in range(-reach, style.line_px - reach):
        for right in range(-reach, style.line_px - reach):
            r, c = rows + down, columns + right
            inside = (r >= 0) & (r < ink.shape[0]) & (c >= 0) & (c < ink.shape[1])
            ink[r[inside], c[inside]] = True


def _rule(ink: np.ndarray, style: Style) -> None:
    """Draw the double rule below the patient's lines."""
    left, right = style.rule_px
    for row in style.rule_rows:
        ink[row : row + style.rule_thickness_px, left:right] = True


def _paper(template: layout.Template, style: Style) -> np.ndarray:
    """(H, W, 3) uint8: white paper with the frame and the dotted grid in it."""
    frame, (left, top, right, bottom) = template.frame, style.frame_px
    page = np.full((template.height_px, template.width_px, 3), 255, np.uint8)
    page[frame.slices] = style.frame
    inside = page[frame.top + top : frame.bottom - bottom, frame.left + left : frame.right - right]
    inside[:] = 255
    rows = _lattice(
        inside.shape[0], style.grid_origin_px[1] - frame.top - top, style.grid_cell_px[1], style.grid_half_px
    )
    columns = _lattice(
        inside.shape[1], style.grid_origin_px[0] - frame.left - left, style.grid_cell_px[0], style.grid_half_px
    )
    for along, across in style.dots:
        inside[np.ix_(np.isin(rows, across), np.isin(columns, along))] = style.dot
    return page


def _lattice(length_px: int, origin_px: float, cell_px: float, half_px: int) -> np.ndarray:
    """(length_px,) int: which of a 5 mm cell's half millimetres each pixel stands for, 0 for the line; -1 between them."""
    place = np.full(length_px, -1)
    cells = np.arange(-1, length_px // cell_px + 2)
    lines = np.rint(origin_px + cell_px * cells).astype(int)
    for half in range(10):
        # The printer steps whole pixels back from each line; what is missing to its pitch is lost at the cell's beginning.
        pixels = lines - half_px * (-half % 10)
        place[pixels[(pixels >= 0) & (pixels < length_px)]] = half
    return place


def _write(picture: Image.Image, texts: Iterable[Text], style: Style) -> None:
    """Write texts without grey levels, letter by letter, so that no layout engine has a say."""
    from PIL import ImageDraw, ImageFont

    draw = ImageDraw.Draw(picture)
    draw.fontmode = "1"
    for text in texts:
        font, x = ImageFont.load_default(text.size_px), float(text.left_px)
        for letter in text.words:
            draw.text((round(x), text.baseline_px), letter, style.ink, font, anchor="ls")
            x += font.getlength(letter) + text.tracking_px


def _through_jpeg(picture: Image.Image, quality: int) -> Image.Image:
    """The picture as it comes back from a JPEG file with halved colour."""
    from PIL import Image

    held = BytesIO()
    picture.save(held, "JPEG", quality=quality, subsampling="4:2:0")
    return Image.open(BytesIO(held.getvalue())).convert("RGB")
