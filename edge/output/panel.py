"""What a reading found, in words, as a panel beside its picture."""

from dataclasses import dataclass

from ..layout import CLASSES
from ..result import DISCLAIMER

COLOURS = {
    "normal": (0, 120, 90),
    "abnormal": (176, 96, 0),
    "infarction": (178, 34, 52),
    "history": (0, 84, 166),
    None: (70, 70, 74),
}
"""Of the classes, and of a refusal: apart also for eyes that do not tell red from green, and dark enough for white print."""
PAPER, PRINT, FAINT, RULE, WARNING = (252, 252, 250), (25, 25, 28), (95, 95, 100), (205, 205, 205), (178, 34, 52)
VERDICTS = {
    "normal": "Normal",
    "abnormal": "Abnormal heartbeat",
    "infarction": "Myocardial infarction",
    "history": "History of myocardial infarction",
}
STATES = {"read": "Read", "uncertain": "Uncertain", "refused": "Not read", "failed": "Not opened"}
SURENESS = ((0.9, "high"), (0.75, "fair"), (0.0, "low"))
"""From which calibrated probability on a confidence is called what."""
REASONS = {"no_page": "No page found", "not_an_ecg": "Not an ECG", "cut_off": "Page cut off", "bad_layout": "Unknown layout",
           "bad_scale": "Unknown scale", "bad_light": "Bad light", "blurred": "Blurred", "covered": "Leads covered",
           "leads_lost": "Leads lost", "too_small": "Too small"}  # fmt: skip
QUALITY_WORDS = {
    "px_per_mm": ("Resolution", "pixels per mm", "Of the picture. More is finer."),
    "grid": ("Clearness of the grid", "", "How far its lines stand out: it is the ruler. More is clearer."),
    "shade": ("Shadow", "%", "0 is even light, 100 black in places."),
    "glare": ("Burnt out", "%", "Of the leads' area. Refused above 15 %."),
    "covered": ("Covered", "%", "Of the leads' area: what is no paper. Refused above 12 %."),
    "blur_px": ("Blur", "pixels", "Refused above 3.4."),
    "leads_lost": ("Leads lost", "of 12", "Refused above 4."),
    "lost_share": ("Samples lost", "%", "Of all leads."),
    "limb_residual_mv": ("I + III − II", "mV", "0 where these leads were followed without error. Refused above 0.5."),
    "augmented_residual_mv": ("aVR + aVL + aVF", "mV", "The same. Refused above 0.5."),
}
"""Name, unit and meaning of each number of `quality`."""
SPELLED = str.maketrans({"×": "x", "–": "-", "—": "-", "≥": ">=", "≤": "<=", "µ": "u", "−": "-"})
"""What Pillow's own font lacks."""

WIDTH_PX, PAD_PX = 430, 22


@dataclass(frozen=True)
class Line:
    """A line of the panel: its words, size in pixels and colour, the space above it, and the share (0..1) of a bar under it."""

    words: str
    size_px: int = 17
    colour: tuple = PRINT
    above_px: int = 5
    share: float | None = None


def draw_panel(result, height_px):
    """The RGB `PIL.Image` of a `Result` in words, `WIDTH_PX` by at least `height_px`: a head in the colour of its `tone` (grey where there
    is none), probabilities, page, quality, and what this is not.
    """
    from PIL import Image, ImageDraw

    head, body, foot = (
        [(line, part) for line in lines for part in _wrapped(line)]
        for lines in (_head(result), _lines(result), [Line(DISCLAIMER, 15, FAINT)])
    )
    head_px, body_px, foot_px = (_height(rows) + 2 * PAD_PX for rows in (head, body, foot))
    panel = Image.new("RGB", (WIDTH_PX, max(height_px, head_px + body_px + foot_px)), PAPER)
    draw = ImageDraw.Draw(panel)
    draw.rectangle((0, 0, WIDTH_PX, head_px), COLOURS[tone(result.status, result.verdict, result.confidence)])
    _print(draw, head, PAD_PX)
    _print(draw, body, head_px)
    draw.line((PAD_PX, panel.height - foot_px, WIDTH_PX - PAD_PX, panel.height - foot_px), RULE, 1)
    _print(draw, foot, panel.height - foot_px + PAD_PX // 2)
    return panel


def sureness(confidence):
    """What a calibrated probability is called."""
    return next(words for least, words in SURENESS if confidence >= least)


def tone(status, verdict, confidence):
    """The class whose colour a result wears: none where it is doubtful, so that nobody is calmed or alarmed by a guess."""
    return verdict if status == "read" and sureness(confidence) != "low" else None


def font(size_px):
    """Pillow's own font, which is there on every device."""
    from PIL import ImageFont

    return ImageFont.load_default(size_px)


def _lines(result):
    """The panel's `Line`s below its head."""
    lines = []
    if result.probabilities:
        lines.append(Line(f"Confidence {result.confidence:.0%}: {sureness(result.confidence)}", 22, above_px=12))
        if result.status == "uncertain" and result.min_confidence is not None:
            lines.append(Line(f"Below the {result.min_confidence:.0%} that a verdict needs: do not rely on it."))
        lines += [
            Line(
                f"{VERDICTS[label]}  {result.probabilities[label]:.0%}",
                16,
                COLOURS[label],
                8,
                result.probabilities[label],
            )
            for label in CLASSES
        ]
    if result.message:
        lines.append(Line(result.message, 19 if result.reason else 17, above_px=14))
    return [*lines, *_page_lines(result), *_quality_lines(result.quality)]


def _page_lines(result):
    page, lines = result.page or {}, []
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
        lines.append(Line(f"All {len(result.leads)} leads found"))
    return [Line("Page", 15, FAINT, 18), *lines] if lines else []


def _layout_words(layout):
    """A layout's name in words: 3x4+1 is 3 rows of 4 leads and 1 rhythm strip."""
    leads, _, strips = layout.partition("+")
    rows, columns = leads.split("x")
    words = f"{rows} rows of {columns}" if columns != "1" else f"{rows} rows"
    return words + (f" and {strips} rhythm strip{'s' if strips != '1' else ''}" if strips else "")


def _quality_lines(quality):
    lines = []
    for name, value in quality.items():
        words, unit, _ = QUALITY_WORDS.get(name, (name, "", ""))
        if value is None:
            unit = ""
        elif unit == "%":
            value = 100 * value
        lines.append(Line(f"{words}: {_number(value)} {unit}".rstrip(), 16))
    return [Line("Quality", 15, FAINT, 18), *lines] if lines else []


def _number(value):
    if value is None:
        return "unknown"
    return f"{value:.3g}" if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)


def _head(result):
    """What stands first: the state and the verdict, or the reason."""
    white = (255, 255, 255)
    if result.verdict:
        state = STATES[result.status] + (f" by model {result.model['name']}" if result.model else "")
        state += ", most probable:" if result.status == "uncertain" else ""
        return [Line(state, 16, white), Line(VERDICTS[result.verdict], 32, white)]
    reason = result.reason and (REASONS.get(result.reason.value) or result.reason.value.replace("_", " ").capitalize())
    return [Line(STATES[result.status], 16, white), Line(reason or "", 32, white)]


def _wrapped(line):
    """The line's words in as many pieces as fit the panel's width."""
    face, pieces = font(line.size_px), [""]
    for word in line.words.translate(SPELLED).split(" "):
        longer = f"{pieces[-1]} {word}" if pieces[-1] else word
        if pieces[-1] and face.getlength(longer) > WIDTH_PX - 2 * PAD_PX:
            pieces.append(word)
        else:
            pieces[-1] = longer
    return [(piece, i == 0, i == len(pieces) - 1) for i, piece in enumerate(pieces)]


def _height(rows):
    return sum(_row_height(line, first, last) for line, (_, first, last) in rows)


def _row_height(line, first, last):
    bar = 12 if line.share is not None and last else 0
    return round(line.size_px * 1.3) + (line.above_px if first else 0) + bar


def _print(draw, rows, top_px):
    for line, (words, first, last) in rows:
        top_px += line.above_px if first else 0
        draw.text((PAD_PX, top_px), words, line.colour, font(line.size_px))
        top_px += round(line.size_px * 1.3)
        if line.share is not None and last:
            wide = WIDTH_PX - 2 * PAD_PX
            draw.rectangle((PAD_PX, top_px, PAD_PX + wide, top_px + 7), RULE)
            draw.rectangle((PAD_PX, top_px, PAD_PX + wide * line.share, top_px + 7), line.colour)
            top_px += 12
