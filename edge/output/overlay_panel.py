"""What a reading found, in words, as a panel beside its picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..layout import CLASSES, LEADS_12
from ..result import DISCLAIMER, Result
from ..words import doubt_sentences, percent
from .colours import CLASS_COLOURS, FAINT, PAPER, RULE, TEXT, WARNING, WHITE, Colour, colour_class
from .measured_words import lines as measured_lines
from .wording import (
    QUALITY_WORDS,
    REASONS,
    STATES,
    VERDICTS,
    confidence_word,
    found_words,
    model_findings_words,
    scale_words,
)

if TYPE_CHECKING:
    from PIL import Image, ImageDraw, ImageFont

REPLACEMENTS = str.maketrans({"×": "x", "–": "-", "—": "-", "≥": ">=", "≤": "<=", "µ": "u", "−": "-"})
"""For what Pillow's own font lacks."""

WIDTH_PX, PAD_PX = 430, 22
BAR_PX = 12
"""The height of a bar with the space below it."""
LEAD_PX, LEAD_WORD_PX = 15, 74
"""The size of a lead's name in the panel, and the room for it before its bar."""
BAR_COLUMN_PX = (WIDTH_PX - PAD_PX) // 2
ORDER = LEADS_12
"""Leads stand in two columns, limb leads at the left; strips below."""


@dataclass(frozen=True)
class Bar:
    """A bar with a word before it: its share (0..1), its colour, and whether what it stands for was lost."""

    word: str
    share: float
    colour: Colour
    is_lost: bool = False


@dataclass(frozen=True)
class Line:
    """A line of the panel: its words, size in pixels and colour, the space above it, and the share (0..1) of a bar under it; or `bars` beside each
    other."""

    words: str
    size_px: int = 17
    colour: Colour = TEXT
    above_px: int = 5
    share: float | None = None
    bars: tuple[Bar, ...] = ()


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
        called = f": {confidence_word(result.confidence)}" if result.status == "read" else ""
        lines.append(Line(f"Confidence {percent(result.confidence)}{called}", 22, above_px=12))
        sentences = doubt_sentences(result.to_dict(), result.min_confidence)
        lines += [Line(sentence, colour=WARNING) for sentence in sentences]
        lines += [
            Line(
                f"{VERDICTS[label]}  {percent(result.probabilities[label])}",
                16,
                CLASS_COLOURS[label],
                8,
                result.probabilities[label],
            )
            for label in CLASSES
        ]
    if result.message:
        lines.append(Line(result.message, 19 if result.reason else 17, above_px=14))
    return [
        *lines,
        *_lead_lines(result),
        *_measured_lines(result),
        *_page_lines(result),
        *_quality_lines(result.quality),
    ]


def _lead_lines(result: Result) -> list[Line]:
    """A bar for each lead, in columns as on paper: how much it spoke for the verdict, or of models of single leads the probability of its own class."""
    told = [lead for lead in result.leads if lead.weight is not None or lead.probabilities]
    if not told or result.verdict is None:
        return []
    bars = []
    for lead in told:
        label, share = result.verdict, lead.weight or 0.0
        if lead.probabilities:
            label = max(CLASSES, key=lead.probabilities.__getitem__)
            share = lead.probabilities[label]
        bars.append(Bar(lead.name, share, CLASS_COLOURS[label], lead.state == "lost"))
    bars.sort(key=lambda bar: ORDER.index(bar.word) if bar.word in ORDER else len(ORDER))
    half = -(-min(len(bars), len(ORDER)) // 2)
    rows = [tuple(bars[row : len(ORDER) : half]) for row in range(half)] + [(bar,) for bar in bars[len(ORDER) :]]
    title = "Weight of each lead" if told[0].weight is not None else "Class of each lead, by colour"
    return [Line(title, 15, FAINT, 18), *(Line("", LEAD_PX, bars=row) for row in rows)]


def _measured_lines(result: Result) -> list[Line]:
    lines = [Line(words, 16) for words in measured_lines(result.measurements)]
    if found := model_findings_words(result.findings):
        lines.append(Line(f"The model finds: {found}", 16))
    return [Line("Measured", 15, FAINT, 18), *lines] if lines else []


def _page_lines(result: Result) -> list[Line]:
    page: Mapping[str, Any] = result.page or {}
    lines = []
    if page.get("layout"):
        lines.append(Line(f"Layout {page['layout']}: {_layout_words(page['layout'])}"))
    if scale := scale_words(page):
        lines.append(Line(f"Paper {scale}"))
    if page.get("px_per_mm"):
        lines.append(Line(f"Scale {page['px_per_mm']:.2f} pixels per mm"))
    if page.get("rotation"):
        lines.append(Line(f"Rotated by {page['rotation']:g}° in the picture"))
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
        if value is not None:
            words, unit, _ = QUALITY_WORDS.get(name, (name, "", ""))
            shown = f"{100 * value if unit == '%' else value:.3g} {unit}"
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
        for number, bar in enumerate(line.bars):
            _print_bar(draw, bar, PAD_PX + number * BAR_COLUMN_PX, top_px + line.above_px, line.size_px)
        if line.share is not None and row.is_last:
            bar_px, wide_px = bottom_px - BAR_PX, WIDTH_PX - 2 * PAD_PX
            draw.rectangle((PAD_PX, bar_px, PAD_PX + wide_px, bar_px + 7), RULE)
            draw.rectangle((PAD_PX, bar_px, PAD_PX + wide_px * line.share, bar_px + 7), line.colour)
        top_px = bottom_px


def _print_bar(draw: ImageDraw.ImageDraw, bar: Bar, left_px: int, top_px: int, size_px: int) -> None:
    draw.text((left_px, top_px), bar.word, WARNING if bar.is_lost else TEXT, font(size_px))
    left_px += LEAD_WORD_PX
    if bar.is_lost:
        draw.text((left_px, top_px), "lost", WARNING, font(size_px))
        return
    wide_px, middle_px = BAR_COLUMN_PX - LEAD_WORD_PX - PAD_PX, top_px + size_px * 0.6
    draw.rectangle((left_px, middle_px - 4, left_px + wide_px, middle_px + 4), RULE)
    if bar.share > 0:
        draw.rectangle((left_px, middle_px - 4, left_px + wide_px * bar.share, middle_px + 4), bar.colour)
