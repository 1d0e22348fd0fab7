"""A reading on one sheet of paper (A4, across), as PDF: verdict, probabilities, the picture with what was read, the signals to scale."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import PictureError
from ..layout import CLASSES, Arrangement, Place
from ..page.quality import states
from ..result import DISCLAIMER, Result
from ..trace.lead_traces import Traces
from ..words import doubt_sentences, percent, printable
from .colours import CLASS_COLOURS, FAINT, RULE, TEXT, WHITE, colour_class
from .measured_words import block, findings, st_words
from .pdf import Sheet, width_mm, wrapped
from .signal_plot import curves
from .wording import (
    REASONS,
    STATES,
    VERDICTS,
    advice,
    caution,
    confidence_word,
    found_words,
    is_digital,
    model_findings_words,
    scale_words,
    title_of,
)

if TYPE_CHECKING:
    from PIL import Image

    from ..stages import Stages

WIDE, HIGH, MARGIN = 297, 210, 12
COLUMN = 116
"""Millimetres: how wide the column of words is."""
SIDE_PX, JPEG_QUALITY = 1100, 76
"""The longer side, at most, of the picture in a report, and how it is packed."""
BLOCK_COLUMNS = 2
"""What was measured stands in so many columns."""
HEAD, PICTURE, SIGNALS = 24, (150, 78), (250, 84)
"""Millimetres: the height of the head; width and height at most of the picture and of the signals' paper."""
FINE, COARSE = (246, 212, 212), (229, 163, 163)
LONG_GAIN, CROWDED_GAIN, CROWDED_ROWS = 10, 5, 5
"""Millimetres a millivolt; where there are many rows, fewer."""


def make_report(
    result: Result,
    picture: bytes | None,
    size_px: tuple[int, int] | None,
    traces: Traces | None = None,
    arrangement: Arrangement | None = None,
    when: str = "",
) -> bytes:
    """The bytes of the PDF file of a `Result`.

    Parameters
    ----------
    result : Result
    picture : the bytes of a JPEG of the picture with what was read, of `size_px` (width, height); None where there is none
    traces, arrangement : `Traces` and `layout.Arrangement`, where signals were read; of a digital ECG the traces alone
    when : the time of the reading (ISO 8601, UTC)
    """
    sheet = Sheet(WIDE, HIGH, f"ECG reading of {printable(result.source)}")
    _head(sheet, result, when)
    top = HEAD + 8
    _column(sheet, result, MARGIN, top, COLUMN, (top + PICTURE[1]) if traces else HIGH - 10)
    if picture and size_px:
        room = PICTURE if traces else (PICTURE[0], 150)
        scale = min(room[0] / size_px[0], room[1] / size_px[1])
        wide, high = size_px[0] * scale, size_px[1] * scale
        sheet.picture(picture, size_px, WIDE - MARGIN - wide, top - 4, wide, high)
    if traces:
        rows = _rows(arrangement) if arrangement else [[(name, name)] for name in traces.signals]
        _signals(sheet, traces, rows, top + PICTURE[1] + 2)
    model: Mapping[str, Any] = result.model or {}
    sheet.text(MARGIN, HIGH - 5, f"{DISCLAIMER} Not confirmed by anybody.", 8, bold=True, colour=TEXT)
    known = f"SHA-256 {(result.sha256 or '')[:16]}   model {model.get('name')} {model.get('version')}"
    sheet.text(WIDE - MARGIN - width_mm(known, 7), HIGH - 5, known, 7, colour=FAINT)
    return sheet.to_bytes()


def report_of(result: Result, stages: Stages, when: str = "", shown: Image.Image | None = None) -> bytes:
    """The bytes of the PDF file of a `Result` and what its reading saw; `shown` is its overlay, where it is drawn already."""
    if stages.picture.recording is not None:
        return make_report(result, None, None, stages.traces, None, when)
    from PIL import Image

    from .overlay import draw_over

    shown = draw_over(stages.picture.image, result, stages) if shown is None else shown
    scale = min(SIDE_PX / max(shown.size), 1.0)
    size = max(round(shown.width * scale), 1), max(round(shown.height * scale), 1)
    small = shown if scale == 1 else shown.resize(size, Image.Resampling.LANCZOS)
    jpeg = io.BytesIO()
    small.save(jpeg, "JPEG", quality=JPEG_QUALITY)
    try:
        arrangement = stages.arrangement
    except PictureError:
        arrangement = None
    return make_report(result, jpeg.getvalue(), small.size, stages.traces, arrangement, when)


def _head(sheet: Sheet, result: Result, when: str) -> None:
    sheet.area(0, 0, WIDE, HEAD, CLASS_COLOURS[colour_class(result.status, result.verdict, result.confidence)])
    small = words = STATES[result.status]
    if result.verdict and result.confidence is not None:
        words = VERDICTS[result.verdict]
        called = f", {confidence_word(result.confidence)}" if result.status == "read" else ""
        small += f": confidence {percent(result.confidence)}{called}"
    elif result.reason:
        words = REASONS.get(result.reason.value, words)
    sheet.text(MARGIN, 9, small, 10, colour=WHITE)
    sheet.text(MARGIN, 19, words, 22, bold=True, colour=WHITE)
    for row, line in enumerate((printable(result.source), f"{when[:16].replace('T', ' ')} UTC" if when else "")):
        while len(line) > 12 and width_mm(line, 9) > 110:
            line = line[:-4] + "..."
        sheet.text(WIDE - MARGIN - width_mm(line, 9), 9 + 6 * row, line, 9, colour=WHITE)


def _column(sheet: Sheet, result: Result, x: float, y: float, wide: float, bottom: float) -> None:
    """Words at the left: doubts, or the reason and what helps; what was measured, as carts print it; probabilities as bars; page and quality as far
    as there is room above `bottom`."""
    paragraphs = [result.message] if result.message else []
    if result.verdict:
        paragraphs += doubt_sentences(result.to_dict(), result.min_confidence)
    if result.status == "read" and result.confidence is not None:
        paragraphs.append(caution(result.confidence))
    elif result.reason:
        paragraphs += advice(result.reason.value, is_digital(result.to_dict()))
    for paragraph in paragraphs:
        for line in wrapped(paragraph, 9, wide):
            sheet.text(x, y, line, 9)
            y += 4.2
        y += 0.8
    y = _measured(sheet, result, x, y + 1.5, wide)
    probabilities = result.probabilities or {}
    for label in CLASSES if probabilities else ():
        share = probabilities[label]
        sheet.text(x, y, VERDICTS[label], 9)
        words = percent(share)
        sheet.text(x + wide - width_mm(words, 9, label == result.verdict), y, words, 9, bold=label == result.verdict)
        sheet.area(x, y + 1.2, wide, 1.6, RULE)
        sheet.area(x, y + 1.2, wide * share, 1.6, CLASS_COLOURS[label])
        y += 6.2
    parts = [part for line in _facts(result) for part in wrapped(line, 8, wide)]
    for part, at in zip(parts, np.arange(y + 0.5, bottom, 3.6), strict=False):
        sheet.text(x, float(at), part, 8, colour=FAINT)


def _measured(sheet: Sheet, result: Result, x: float, y: float, wide: float) -> float:
    """The block of values, and the findings below it; where what comes next begins."""
    values = block(result.measurements)
    rows = -(-len(values) // BLOCK_COLUMNS)
    for first in range(0, len(values), max(rows, 1)):
        column = values[first : first + rows]
        titles_mm = max(width_mm(title, 8) for title, _ in column) + 2
        for row, (title, words) in enumerate(column):
            sheet.text(x, y + 4 * row, title, 8, colour=FAINT)
            sheet.text(x + titles_mm, y + 4 * row, words, 8.5, bold=True)
        x += wide / BLOCK_COLUMNS
    x -= wide if values else 0
    y += 4 * rows
    st = st_words(result.measurements)
    found = ", ".join(each["text"] for each in findings(result.measurements))
    model = model_findings_words(result.findings)
    told = {"Findings": found, "The model finds": model, "ST at J, mV": st}
    for words in (f"{title}: {text}" if text else "" for title, text in told.items()):
        for line in wrapped(words, 8, wide) if words else ():
            sheet.text(x, y, line, 8)
            y += 3.6
    return y + 3 if values or model else y


def _facts(result: Result) -> Iterator[str]:
    page, quality = result.page, result.quality
    if page and page["layout"]:
        turned = f" Page rotated by {page['rotation']:g}°." if page["rotation"] else ""
        yield (f"Layout {page['layout']}. Paper {scale_words(page)}.{turned}")
    if result.leads:
        yield f"{found_words(result.leads, result.verdict is not None)}."
    residual_mv = quality.get("limb_residual_mv")
    if residual_mv is not None:
        yield f"I + III - II leaves {residual_mv:.2f} mV (0 where leads were followed without error)."


def _signals(sheet: Sheet, traces: Traces, rows: Sequence[Sequence[tuple[str, str]]], top: float) -> None:
    """The traces on ECG paper, row by row: (name, title) of each."""
    wide, high = SIGNALS
    origin = "as traced from the picture" if traces.paths else "as recorded"
    left = (WIDE - wide) / 2
    gain = LONG_GAIN if len(rows) < CROWDED_ROWS else CROWDED_GAIN
    for step, colour, line_mm in ((1, FINE, 0.06), (5, COARSE, 0.12)):
        vertical = [((left + x, top), (left + x, top + high)) for x in range(0, wide + 1, step)]
        horizontal = [((left, top + y), (left + wide, top + y)) for y in range(0, high + 1, step)]
        sheet.lines(vertical + horizontal, colour, line_mm)
    pitch = high / len(rows)
    for number, row in enumerate(rows):
        zero = top + pitch * (number + 0.6)
        for name, title in row:
            start_s = traces.start_s[name]
            for curve in curves(traces.signals[name], traces.rate_hz):
                x = left + 25 * (start_s + curve[:, 0])
                y = np.clip(zero - gain * curve[:, 1], top, top + high)
                inside = x <= left + wide
                sheet.lines([np.stack([x[inside], y[inside]], axis=1).tolist()], TEXT, 0.22)
            title += " (lost)" if states(traces)[name] == "lost" else ""
            sheet.text(left + 25 * start_s + 1, zero - pitch * 0.38, title, 8, bold=True)
    sheet.text(
        left,
        top + high + 3.2,
        f"25 mm/s, {gain} mm/mV at this sheet's own size, {origin}.",
        7,
        colour=FAINT,
    )


def _rows(arrangement: Arrangement) -> list[list[tuple[str, str]]]:
    """(name, title) of the places row by row, as they stand on the page."""
    rows: list[list[Place]] = []
    for place in sorted(arrangement.places, key=lambda place: place.zero_px):
        near = rows and abs(rows[-1][0].zero_px - place.zero_px) < 5 * arrangement.px_per_mm[1]
        if near and place.name not in {other.name for other in rows[-1]} and _beside(place, rows[-1]):
            rows[-1].append(place)
        else:
            rows.append([place])
    return [[(place.name, title_of(place)) for place in row] for row in rows]


def _beside(place: Place, row: Sequence[Place]) -> bool:
    return all(place.box.left >= other.box.right - 20 or place.box.right <= other.box.left + 20 for other in row)
