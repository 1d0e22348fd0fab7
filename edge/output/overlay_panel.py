"""What a reading found, in words, as a panel beside its picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..layout import CLASSES
from ..result import DISCLAIMER, Result
from .colours import CLASS_COLOURS, FAINT, PAPER, RULE, TEXT, WARNING, WHITE, Colour, colour_class
from .measured_words import lines as measured_lines
from .wording import QUALITY_WORDS, REASONS, STATES, VERDICTS, confidence_word, doubt_sentences, found_words

if TYPE_CHECKING:
    from PIL import Image, ImageDraw, ImageFont

REPLACEMENTS = str.maketrans({"×": "x", "–": "-", "—": "-", "≥": ">=", "≤": "<=", "µ": "u", "−": "-"})
"""For what Pillow's own font lacks."""

WIDTH_PX, PAD_PX = 430, 22
BAR_PX = 12
"""The height of a bar with the space below it."""


@dataclass(frozen=True)
class Line:
    """A line of the panel: its words, size in pixels and colour, the space above it, and the share (0..1) of a bar under it."""

    words: str
    size_px: int = 17
    colour: Colour = TEXT
    above_px: int = 5
    share: float | None = None


@dataclass(frozen=True)
class Row:
    """A row of the panel: a `Line` or the part of it that fits the panel's width."""

    line: Line
    words: str
    is_first: bool
    is_last: bool

    @property
    def height_px(self) -> int:
        """Of the row with the space above it and the bar under it."""
        above = self.line.above_px if self.is_first else 0
        bar = BAR_PX if self.line.share is not None and self.is_last else 0
        return above + round(self.line.size_px * 1.3) + bar


def draw_panel(result: Result, height_px: int) -> Image.Image:
    """The RGB `PIL.Image` of a `Result` in words, `WIDTH_PX` by at least `height_px`: a head in the colour of its `colour_class` (grey
    where there is none), probabilities, page, quality, and what this is not.
    """
    from PIL import Image, ImageDraw

    head, body, foot = (
        [row for line in lines for row in _wrapped(line)]
        for lines in (_head(result), _lines(result), [Line(DISCLAIMER, 15, FAINT)])
    )
    head_px, body_px, foot_px = (sum(row.height_px for row in rows) + 2 * PAD_PX for rows in (head, body, foot))
    panel = Image.new("RGB", (WIDTH_PX, max(height_px, head_px + body_px + foot_px)), PAPER)
    draw = ImageDraw.Draw(panel)
    draw.rectangle(
        (0, 0, WIDTH_PX, head_px), CLASS_COLOURS[colour_class(result.status, result.verdict, result.confidence)]
    )
    _print(draw, head, PAD_PX)
    _print(draw, body, head_px)
    draw.line((PAD_PX, panel.height - foot_px, WIDTH_PX - PAD_PX, panel.height - foot_px), RULE, 1)
    _print(draw, foot, panel.height - foot_px + PAD_PX // 2)
    return panel


def font(size_px: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own font, which is there on every device."""
    from PIL import ImageFont

    return ImageFont.load_default(size_px)


def _lines(result: Result) -> list[Line]:
    """The panel's `Line`s below its head."""
    lines = []
    if result.probabilities and result.confidence is not None:
        lines.append(Line(f"Confidence {result.confidence:.0%}: {confidence_word(result.confidence)}", 22, above_px=12))
        if result.status == "uncertain":
            lines += [Line(sentence) for sentence in doubt_sentences(result.doubts, result.min_confidence)]
        lines += [
            Line(
                f"{VERDICTS[label]}  {result.probabilities[label]:.0%}",
                16,
                CLASS_COLOURS[label],
                8,
                result.probabilities[label],
            )
            for label in CLASSES
        ]
    if result.message:
        lines.append(Line(result.message, 19 if result.reason else 17, above_px=14))
    return [*lines, *_measured_lines(result), *_page_lines(result), *_quality_lines(result.quality)]


def _measured_lines(result: Result) -> list[Line]:
    lines = [Line(words, 16) for words in measured_lines(result.measurements)]
    return [Line("Measured", 15, FAINT, 18), *lines] if lines else []


def _page_lines(result: Result) -> list[Line]:
    page: Mapping[str, Any] = result.page or {}
    lines = []
    if page.get("layout"):
        lines.append(Line(f"Layout {page['layout']}: {_layout_words(page['layout'])}"))
    if page.get("mm_per_s") and page.get("mm_per_mv"):
        lines.append(Line(f"Paper {page['mm_per_s']:g} mm/s, {page['mm_per_mv']:g} mm/mV"))
    if page.get("px_per_mm"):
        lines.append(Line(f"Scale {page['px_per_mm']:.2f} pixels per mm"))
    if page.get("rotation"):
        lines.append(Line(f"The page lay turned by {page['rotation']:g}°"))
    if lost := [lead.name for lead in result.leads if lead.state == "lost"]:
        lines.append(Line(f"Lost: {', '.join(lost)}", colour=WARNING))
    elif result.leads:
        lines.append(Line(found_words(result.leads, result.verdict is not None)))
    return [Line("Page", 15, FAINT, 18), *lines] if lines else []


def _layout_words(layout: str) -> str:
    """A layout's name in words: 3x4+1 is 3 rows of 4 leads and 1 rhythm strip."""
    leads, _, strips = layout.partition("+")
    rows, columns = leads.split("x")
    words = f"{rows} rows of {columns}" if columns != "1" else f"{rows} rows"
    return words + (f" and {strips} rhythm strip{'s' if strips != '1' else ''}" if strips else "")


def _quality_lines(quality: Mapping[str, float | None]) -> list[Line]:
    lines = []
    for name, value in quality.items():
        words, unit, _ = QUALITY_WORDS.get(name, (name, "", ""))
        shown = "unknown" if value is None else f"{100 * value if unit == '%' else value:.3g} {unit}"
        lines.append(Line(f"{words}: {shown}".rstrip(), 16))
    return [Line("Quality", 15, FAINT, 18), *lines] if lines else []


def _head(result: Result) -> list[Line]:
    """What stands first: the state and the verdict, or the reason."""
    if result.verdict:
        state = STATES[result.status] + (f" by model {result.model['name']}" if result.model else "")
        state += ", most probable:" if result.status == "uncertain" else ""
        return [Line(state, 16, WHITE), Line(VERDICTS[result.verdict], 32, WHITE)]
    reason = result.reason.value if result.reason else ""
    title = REASONS.get(reason) or reason.replace("_", " ").capitalize()
    return [Line(STATES[result.status], 16, WHITE), Line(title, 32, WHITE)]


def _wrapped(line: Line) -> list[Row]:
    """The line as `Row`s, as many as its words need in the panel's width."""
    face, pieces = font(line.size_px), [""]
    for word in line.words.translate(REPLACEMENTS).split(" "):
        longer = f"{pieces[-1]} {word}" if pieces[-1] else word
        if pieces[-1] and face.getlength(longer) > WIDTH_PX - 2 * PAD_PX:
            pieces.append(word)
        else:
            pieces[-1] = longer
    return [Row(line, piece, i == 0, i == len(pieces) - 1) for i, piece in enumerate(pieces)]


def _print(draw: ImageDraw.ImageDraw, rows: Sequence[Row], top_px: int) -> None:
    for row in rows:
        line, bottom_px = row.line, top_px + row.height_px
        draw.text((PAD_PX, top_px + (line.above_px if row.is_first else 0)), row.words, line.colour, font(line.size_px))
        if line.share is not None and row.is_last:
            bar_px, wide_px = bottom_px - BAR_PX, WIDTH_PX - 2 * PAD_PX
            draw.rectangle((PAD_PX, bar_px, PAD_PX + wide_px, bar_px + 7), RULE)
            draw.rectangle((PAD_PX, bar_px, PAD_PX + wide_px * line.share, bar_px + 7), line.colour)
        top_px = bottom_px
