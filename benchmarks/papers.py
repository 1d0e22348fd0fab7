"""Drawn sheets without any curve: empty ECG paper, documents, tables, forms, music, puzzles, codes, maps, screens, scribbles."""

from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from ecg_edge.layout import LEADS_12
from ecg_edge.simulator.report_page import draw_report

FACES = ("DejaVuSans", "DejaVuSerif", "DejaVuSansMono", "DejaVuSans-Bold", "STIXGeneral", "DejaVuSerif-Italic")
GRID_CELL_PX = 39.7305
"""The pitch of the report's grid."""
SYLLABLES = (
    "ba",
    "con",
    "di",
    "el",
    "for",
    "ga",
    "hin",
    "is",
    "jo",
    "ka",
    "lu",
    "men",
    "no",
    "or",
    "pre",
    "qui",
    "ra",
    "ston",
)
GRIDS = (
    ((250, 205, 205), (235, 140, 140)),
    ((255, 215, 190), (240, 160, 110)),
    ((200, 225, 205), (120, 185, 135)),
    ((205, 220, 245), (130, 160, 220)),
    ((225, 225, 225), (160, 160, 160)),
)
"""Colours of thin and thick lines of millimetre papers."""


@lru_cache(maxsize=64)
def _face(name, size_px):
    import matplotlib

    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{name}.ttf"), size_px)


def font(rng, size_px):
    """A font of the size, its face drawn at random."""
    return _face(FACES[rng.integers(len(FACES))], max(6, round(size_px)))


def words(rng, count):
    """A line of `count` words that mean nothing."""
    return " ".join("".join(rng.choice(SYLLABLES, rng.integers(1, 4))) for _ in range(count))


def header(rng, draw, at, px_per_mm):
    """A line of print as above a recording."""
    line = f"ID: {rng.integers(1e6)}   {rng.integers(1, 29):02d}-{rng.integers(1, 13):02d}-20{rng.integers(10, 26)}   {words(rng, 4)}"
    draw.text(at, line, (20, 20, 20), font(rng, 3.2 * px_per_mm))


def grid(rng, size, px_per_mm):
    """Millimetre paper as ECGs have it: thin lines or dots at 1 mm, thick lines at 5 mm, one of five inks."""
    thin, thick = GRIDS[rng.integers(len(GRIDS))]
    page = np.full((size[1], size[0], 3), 255, np.uint8) - rng.integers(0, 14, 3).astype(np.uint8)
    rows, columns = (np.rint(np.arange(0, length, px_per_mm)).astype(int) for length in page.shape[:2])
    rows, columns = rows[rows < page.shape[0]], columns[columns < page.shape[1]]
    if rng.random() < 0.35:
        page[np.ix_(rows, columns)] = thick
    else:
        page[rows], page[:, columns] = thin, thin
    pen = int(rng.integers(1, 3))
    for offset in range(pen):
        page[np.minimum(rows[::5] + offset, page.shape[0] - 1)] = thick
        page[:, np.minimum(columns[::5] + offset, page.shape[1] - 1)] = thick
    return Image.fromarray(page)


def _sheet(rng, size_mm=(297, 210), tint=10):
    """(picture, pen, px/mm): an empty sheet, upright or lying."""
    px = float(rng.uniform(5, 8))
    size = [int(side * px) for side in size_mm]
    if rng.random() < 0.5:
        size.reverse()
    sheet = Image.new("RGB", size, tuple(255 - int(v) for v in rng.integers(0, tint, 3)))
    return sheet, ImageDraw.Draw(sheet), px


def empty_grid(rng):
    """ECG paper as it comes from the box, sometimes with a header, a frame and perforations."""
    px = float(rng.uniform(5, 8))
    paper = grid(rng, (int(rng.uniform(180, 297) * px), int(rng.uniform(100, 210) * px)), px)
    draw = ImageDraw.Draw(paper)
    if rng.random() < 0.5:
        draw.rectangle((0, 0, paper.width, 14 * px), (255, 255, 255))
        header(rng, draw, (5 * px, 2 * px), px)
    if rng.random() < 0.5:
        draw.rectangle((4 * px, 16 * px, paper.width - 4 * px, paper.height - 4 * px), outline=(90, 90, 90), width=3)
    return paper


def empty_report(rng):
    """A report page of the data set's geometry on which nothing was recorded: with its pulses and lead names, without, or its grid alone."""
    page = draw_report(np.full((len(LEADS_12), 5000), np.nan), header=[words(rng, 5), words(rng, 3)])
    kind = rng.integers(3)
    if kind == 0:
        return page
    page = np.asarray(page).copy()
    strip = page[1180:1220].copy()
    # A cell's height of empty grid is laid over all that is printed between the frame and the rhythm strip.
    for i in range(22):
        top = round(1180 - i * GRID_CELL_PX)
        page[top : top + len(strip)] = strip
    return Image.fromarray(page if kind == 1 else page[283:1250])


def lined(rng):
    """Lined, squared or dotted writing paper, or millimetre paper over the whole sheet."""
    sheet, draw, px = _sheet(rng)
    color, kind = GRIDS[rng.integers(1, 5)][1], rng.integers(4)
    if kind == 3:
        return grid(rng, sheet.size, px)
    step = float((8, 5, 5)[kind] * px)
    for y in np.arange(10 * px if kind == 0 else 0, sheet.height, step):
        if kind < 2:
            draw.line((0, y, sheet.width, y), color, 2)
        for x in np.arange(0, sheet.width, step) if kind == 2 else ():
            draw.ellipse((x - 2, y - 2, x + 2, y + 2), color)
    if kind == 1:
        for x in np.arange(0, sheet.width, step):
            draw.line((x, 0, x, sheet.height), color, 2)
    draw.line((25 * px, 0, 25 * px, sheet.height), (230, 90, 90), 2)
    return sheet


def blank(rng):
    """A sheet with nothing on it; sometimes with a soft shade, a fold or a coffee ring."""
    sheet, draw, px = _sheet(rng, tint=40)
    shade = np.linspace(1, rng.uniform(0.6, 1), sheet.width)[None, :, None] * np.asarray(sheet)
    sheet = Image.fromarray(shade.astype(np.uint8))
    draw = ImageDraw.Draw(sheet)
    if rng.random() < 0.5:
        x, y, r = rng.uniform(0, sheet.width), rng.uniform(0, sheet.height), 40 * px
        draw.ellipse((x - r, y - r, x + r, y + r), outline=(170, 130, 90), width=int(2 * px))
    if rng.random() < 0.5:
        draw.line((sheet.width / 2, 0, sheet.width / 2, sheet.height), (190, 190, 190), 3)
    return sheet


def document(rng):
    """A letter or an article: headings and paragraphs in one or two columns."""
    sheet, draw, px = _sheet(rng)
    columns, size = int(rng.integers(1, 3)), float(rng.uniform(3.2, 5))
    wide = (sheet.width - 40 * px) / columns
    title, text = font(rng, 2 * size * px), font(rng, size * px)
    draw.text((20 * px, 15 * px), words(rng, 3).title(), (0, 0, 0), title)
    for column in range(columns):
        y, left = 35 * px, 20 * px + column * wide
        while y < sheet.height - 20 * px:
            line = words(rng, 14)
            while draw.textlength(line, text) > wide - 6 * px:
                line = line.rsplit(" ", 1)[0]
            draw.text((left, y), line, (20, 20, 20), text)
            y += size * px * (1.35 if rng.random() < 0.88 else 2.6)
    return sheet


def table(rng):
    """A ruled table of numbers with a head."""
    sheet, draw, px = _sheet(rng)
    rows, columns, face = int(rng.integers(8, 35)), int(rng.integers(4, 13)), font(rng, 3 * px)
    left, top = 15 * px, 25 * px
    wide, high = (sheet.width - 2 * left) / columns, (sheet.height - 2 * top) / rows
    for i in range(rows + 1):
        draw.line(
            (left, top + i * high, sheet.width - left, top + i * high), (60, 60, 60), 3 if i in (0, 1, rows) else 1
        )
    for j in range(columns + 1):
        draw.line((left + j * wide, top, left + j * wide, sheet.height - top), (60, 60, 60), 1)
    for i in range(rows):
        for j in range(columns):
            value = words(rng, 1) if i == 0 or j == 0 else f"{rng.normal(0, 100):.2f}"
            draw.text((left + j * wide + 5, top + i * high + 4), value[:9], (10, 10, 10), face)
    draw.text((left, 8 * px), words(rng, 5), (0, 0, 0), font(rng, 6 * px))
    return sheet


def form(rng):
    """A form or an invoice: labels, boxes, ticks, a logo."""
    sheet, draw, px = _sheet(rng)
    face, y = font(rng, 3.6 * px), 40 * px
    draw.ellipse((15 * px, 8 * px, 40 * px, 33 * px), tuple(int(v) for v in rng.integers(30, 220, 3)))
    draw.text((50 * px, 15 * px), words(rng, 3).upper(), (0, 0, 0), font(rng, 7 * px))
    while y < sheet.height - 20 * px:
        draw.text((15 * px, y), words(rng, 2), (20, 20, 20), face)
        if rng.random() < 0.6:
            draw.rectangle((80 * px, y, sheet.width - 15 * px, y + 8 * px), outline=(50, 50, 50), width=2)
            draw.text((82 * px, y + px), words(rng, int(rng.integers(1, 6))), (20, 20, 120), face)
        else:
            for i in range(4):
                x = (80 + 25 * i) * px
                draw.rectangle((x, y, x + 5 * px, y + 5 * px), outline=(0, 0, 0), width=2)
                if rng.random() < 0.4:
                    draw.line((x, y, x + 5 * px, y + 5 * px, x + 8 * px, y - 3 * px), (20, 20, 120), 4)
        y += 13 * px
    return sheet


def music(rng):
    """A music sheet: staves of five lines, notes with stems and beams, bars."""
    sheet, draw, px = _sheet(rng)
    gap, y = 1.9 * px, 35 * px
    draw.text((sheet.width * 0.35, 12 * px), words(rng, 3).title(), (0, 0, 0), font(rng, 8 * px))
    while y < sheet.height - 20 * px:
        for i in range(5):
            draw.line((15 * px, y + i * gap, sheet.width - 15 * px, y + i * gap), (0, 0, 0), 2)
        for x in np.linspace(15 * px, sheet.width - 15 * px, 6):
            draw.line((x, y, x, y + 4 * gap), (0, 0, 0), 2)
        for x in np.arange(25 * px, sheet.width - 20 * px, rng.uniform(6, 11) * px):
            line = y + gap * rng.integers(-1, 10) / 2
            draw.ellipse((x - gap * 0.65, line - gap / 2, x + gap * 0.65, line + gap / 2), (0, 0, 0))
            draw.line((x + gap * 0.6, line, x + gap * 0.6, line - 3.4 * gap), (0, 0, 0), 3)
            if rng.random() < 0.4:
                draw.line((x + gap * 0.6, line - 3.4 * gap, x + 3 * gap, line - 3.2 * gap), (0, 0, 0), int(gap / 2))
        y += 22 * px
    return sheet


def puzzle(rng):
    """A crossword, a sudoku or a chessboard."""
    sheet, draw, px = _sheet(rng)
    kind, side = rng.integers(3), min(sheet.size) * 0.85
    cells = int((rng.integers(11, 18), 9, 8)[kind])
    cell, left, top = side / cells, (sheet.width - side) / 2, (sheet.height - side) / 2
    for i in range(cells):
        for j in range(cells):
            box = left + j * cell, top + i * cell, left + (j + 1) * cell, top + (i + 1) * cell
            dark = (rng.random() < 0.2, False, (i + j) % 2)[kind]
            draw.rectangle(box, (0, 0, 0) if dark else None, (0, 0, 0), 2)
            if kind < 2 and not dark and rng.random() < 0.4:
                draw.text(
                    (box[0] + cell * 0.3, box[1] + cell * 0.2),
                    str(rng.integers(1, 10)),
                    (0, 0, 0),
                    font(rng, cell * 0.5),
                )
    return sheet


def code(rng):
    """A matrix code or bars, alone or on a label."""
    sheet, draw, px = _sheet(rng)
    if rng.random() < 0.5:
        cells = int(rng.integers(21, 57))
        bits = rng.random((cells, cells)) < 0.5
        ring = np.pad(np.pad(np.pad(np.ones((3, 3), bool), 1), 1, constant_values=True), 1)[:8, :8]
        for view in (bits[:8, :8], bits[:8, ::-1][:, :8], bits[::-1][:8, :8]):
            view[:] = np.roll(ring, (-1, -1), (0, 1))
        side = int(min(sheet.size) * rng.uniform(0.4, 0.8))
        image = Image.fromarray(~bits).convert("RGB").resize((side, side), Image.Resampling.NEAREST)
        sheet.paste(image, ((sheet.width - side) // 2, (sheet.height - side) // 2))
        return sheet
    for top in np.arange(20 * px, sheet.height - 60 * px, 70 * px):
        x = 30 * px
        while x < sheet.width - 40 * px:
            bar, gap = rng.integers(1, 5, 2) * 0.5 * px
            draw.rectangle((x, top, x + bar, top + 40 * px), (0, 0, 0))
            x += bar + gap
        draw.text((60 * px, top + 42 * px), str(rng.integers(1e11)), (0, 0, 0), font(rng, 6 * px))
    return sheet


def map_sheet(rng):
    """A map: contour lines or streets with names, and its grid."""
    from scipy import ndimage

    sheet, draw, px = _sheet(rng)
    height = ndimage.zoom(rng.standard_normal((9, 12)), (sheet.height / 9, sheet.width / 12), order=3)
    if rng.random() < 0.5:
        level = np.floor(height * 8).astype(int)
        edge = (np.diff(level, axis=0, prepend=level[:1]) != 0) | (np.diff(level, axis=1, prepend=level[:, :1]) != 0)
        land = np.asarray(sheet).copy()
        land[height[: land.shape[0], : land.shape[1]] < -0.6] = (170, 210, 240)
        land[ndimage.binary_dilation(edge)[: land.shape[0], : land.shape[1]]] = (180, 120, 60)
        sheet = Image.fromarray(land)
    draw = ImageDraw.Draw(sheet)
    for _ in range(int(rng.integers(8, 25))):
        start, way = rng.uniform(0, 1, 2) * sheet.size, np.cumsum(rng.normal(0, 12 * px, (30, 2)), axis=0)
        draw.line(
            (start + way).ravel().tolist(),
            ((250, 200, 90), (200, 200, 200), (220, 90, 80))[rng.integers(3)],
            int(rng.integers(3, 12)),
        )
    for _ in range(25):
        draw.text(tuple(rng.uniform(0, 1, 2) * sheet.size), words(rng, 1).title(), (40, 40, 60), font(rng, 4 * px))
    if rng.random() < 0.5:
        for x in np.arange(0, max(sheet.size), 40 * px):
            draw.line((x, 0, x, sheet.height), (90, 120, 200), 1)
            draw.line((0, x, sheet.width, x), (90, 120, 200), 1)
    return sheet


def screen(rng):
    """A screenshot: an editor with code, a spreadsheet, or windows on a desktop."""
    size = ((1920, 1080), (1366, 768), (1440, 900), (1080, 2000))[rng.integers(4)]
    shot = Image.new("RGB", size, tuple(int(v) for v in rng.integers(20, 250, 3)))
    draw = ImageDraw.Draw(shot)
    for _ in range(int(rng.integers(1, 4))):
        x, y = rng.uniform(0, 0.3, 2) * size
        w, h = rng.uniform(0.5, 0.7, 2) * size
        dark = rng.random() < 0.5
        draw.rectangle((x, y, x + w, y + h), (30, 30, 36) if dark else (252, 252, 252), (90, 90, 90))
        draw.rectangle((x, y, x + w, y + 30), (60, 80, 130))
        draw.text((x + 8, y + 6), words(rng, 3), (255, 255, 255), font(rng, 15))
        cells, face = rng.random() < 0.4, _face("DejaVuSansMono", 14)
        for top in np.arange(y + 38, y + h - 20, 20):
            if cells:
                draw.line((x, top, x + w, top), (210, 210, 210), 1)
                for left in np.arange(x, x + w - 70, 90):
                    draw.line((left, y + 30, left, y + h), (210, 210, 210), 1)
                    draw.text((left + 4, top + 2), f"{rng.normal(50, 40):.1f}", (120, 120, 130), face)
            else:
                line = "    " * int(rng.integers(0, 4)) + words(rng, int(rng.integers(1, 7)))
                draw.text((x + 10, top), line[: int(w / 9)], tuple(int(v) for v in rng.integers(90, 200, 3)), face)
    return shot


def scribble(rng):
    """Handwriting: loops along lines, on plain, lined or ECG paper, and a drawing or a signature."""
    paper = (blank, lined, empty_grid)[rng.integers(3)](rng)
    draw, ink = ImageDraw.Draw(paper), ((20, 30, 120), (20, 20, 20), (150, 20, 30))[rng.integers(3)]
    gap = paper.height / rng.uniform(8, 20)
    for y in np.arange(2 * gap, paper.height * rng.uniform(0.4, 0.95), gap):
        t = np.arange(0, rng.uniform(0.4, 0.9) * paper.width, 3.0)
        wild = np.convolve(rng.standard_normal(t.size), np.ones(9) / 3, "same")
        x = paper.width * 0.06 + t + gap * 0.2 * np.cos(t / gap * 7)
        down = y + gap * (0.28 * np.sin(t / gap * 7 + wild) * (1 + 0.4 * wild)) + 0.01 * t
        lift = np.sin(t / gap * 1.1 + wild) > 0.93
        for part in np.split(np.stack([x, down], 1), np.flatnonzero(lift)):
            if len(part) > 4:
                draw.line(part.ravel().tolist(), ink, max(2, int(gap / 18)))
    return paper


def texture(rng):
    """Wood, cloth, stone, light: what a camera sees when nothing lies there."""
    from scipy import ndimage

    height, width = (int(v) for v in rng.integers(700, 1500, 2))
    noise, kind = rng.standard_normal((height, width)).astype(np.float32), rng.integers(4)
    if kind == 0:
        field = np.sin(ndimage.gaussian_filter(noise, (60, 4)) * 90 + np.arange(width) / rng.uniform(5, 15))
    elif kind == 1:
        field = (
            np.sin(np.arange(width) * rng.uniform(0.5, 1.2)) + np.sin(np.arange(height) * 0.9)[:, None] + 0.3 * noise
        )
    elif kind == 2:
        field = sum(ndimage.gaussian_filter(noise, s) * s for s in (2, 8, 30))
    else:
        field = np.hypot(np.arange(width) - rng.uniform(0, width), np.arange(height)[:, None]) / 500 + 0.05 * noise
    field = (field - field.min()) / np.ptp(field)
    low, high = np.sort(rng.uniform(10, 245, (2, 3)), axis=0)
    return Image.fromarray((low + field[..., None] * (high - low)).astype(np.uint8)).filter(ImageFilter.GaussianBlur(1))


KINDS = {
    "empty ECG paper": empty_grid,
    "empty report": empty_report,
    "writing paper": lined,
    "blank sheet": blank,
    "document": document,
    "table": table,
    "form": form,
    "music": music,
    "puzzle": puzzle,
    "code": code,
    "map": map_sheet,
    "screenshot": screen,
    "handwriting": scribble,
    "texture": texture,
}
"""{kind: drawer of one picture from a random generator}."""
