"""What a sheet lies on: drawn tables, cloths, papers and clutter, of families that training and tests do not share."""

import numpy as np

WORK_PX = 1400
"""The long side at which a background is drawn before it is enlarged to the picture."""


def noise(rng, shape, cell, stretch=(1.0, 1.0)):
    """(h, w) float32 smooth noise of mean 0 and deviation about 1, in cells of so many pixels (down and across by `stretch`)."""
    from PIL import Image

    rows, columns = (max(2, round(n / (cell * s)) + 2) for n, s in zip(shape, stretch, strict=True))
    coarse = Image.fromarray(rng.standard_normal((rows, columns), np.float32))
    return np.asarray(coarse.resize((shape[1], shape[0]), Image.Resampling.BICUBIC))


def draw(family, size, rng):
    """An RGB `PIL.Image` of `size` (width, height) of one of the `FAMILIES`."""
    from PIL import Image

    reduce = max(1.0, max(size) / WORK_PX)
    shape = tuple(max(8, round(n / reduce)) for n in size[::-1])
    values = _FAMILIES[family](shape, rng)
    picture = Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))
    return picture.resize(size, Image.Resampling.BICUBIC)


def _tinted(base, change):
    """(h, w, 3): a colour with (h, w) relative changes of its brightness."""
    return np.asarray(base, np.float32) * (1.0 + change[..., None])


def _wood(shape, rng):
    """Boards with grain along them."""
    base = rng.choice(np.array([(150, 105, 65), (120, 75, 45), (190, 150, 105), (85, 55, 38), (205, 180, 145)]))
    grain = 0.08 * noise(rng, shape, 3, (1, 40)) + 0.07 * noise(rng, shape, 14, (1, 25)) + 0.05 * noise(rng, shape, 150)
    boards = (np.arange(shape[0]) + rng.integers(200)) // rng.integers(90, 260)
    tone = rng.uniform(-0.12, 0.12, int(boards.max()) + 1)[boards]
    joint = np.concatenate([[0], np.diff(boards)])
    change = grain + tone[:, None] - 0.35 * joint[:, None]
    return _tinted(base, change if rng.random() < 0.5 else _across(change, shape))


def _across(change, shape):
    """The same pattern the other way, cut or mirrored to the shape."""
    return np.pad(change.T, [(0, max(0, n - m)) for n, m in zip(shape, change.T.shape, strict=True)], mode="reflect")[
        : shape[0], : shape[1]
    ]


def _cloth(shape, rng):
    """Woven cloth, mostly dark, with soft creases."""
    base = rng.uniform(20, 90, 3) * rng.uniform(0.7, 1.5)
    y, x = np.ogrid[: shape[0], : shape[1]]
    weave = 0.10 * np.sin(x * rng.uniform(1.2, 2.4)) * np.sin(y * rng.uniform(1.2, 2.4))
    return _tinted(base, weave + 0.10 * noise(rng, shape, 120) + 0.05 * noise(rng, shape, 2))


def _white(shape, rng):
    """A plain bright table, at times with its edge."""
    base = rng.uniform(180, 235) + rng.uniform(-12, 12, 3)
    change = 0.015 * noise(rng, shape, 200) + 0.01 * noise(rng, shape, 2)
    y, x = np.mgrid[: shape[0], : shape[1]]
    angle = rng.uniform(0, np.pi)
    edge = (x - shape[1] / 2) * np.cos(angle) + (y - shape[0] / 2) * np.sin(angle) > rng.uniform(0.3, 0.7) * shape[0]
    return _tinted(base, change - edge * rng.uniform(0.0, 0.7))


def _papers(shape, rng):
    """A table with other sheets of paper, with lines of words on them."""
    from PIL import Image, ImageDraw

    table = _wood(shape, rng) if rng.random() < 0.5 else _white(shape, rng) * 0.6
    picture = Image.fromarray(np.clip(table, 0, 255).astype(np.uint8))
    for _ in range(rng.integers(2, 6)):
        width, height = (int(n) for n in rng.uniform(0.3, 0.7, 2) * max(shape))
        tone = int(rng.uniform(190, 245))
        sheet = Image.new("RGBA", (width, height), (tone, tone, int(tone * rng.uniform(0.93, 1.0)), 255))
        pen = ImageDraw.Draw(sheet)
        for row in range(int(0.1 * height), int(0.9 * height), int(rng.uniform(10, 20))):
            x = 0.1 * width
            while x < 0.9 * width * rng.uniform(0.6, 1.0):
                word = rng.uniform(6, 40)
                pen.line([x, row, min(x + word, 0.9 * width), row], (70, 70, 80, 255), int(rng.integers(2, 5)))
                x += word + 5
        sheet = sheet.rotate(rng.uniform(0, 360), Image.Resampling.BILINEAR, expand=True)
        picture.paste(sheet, [int(rng.uniform(-0.3, 0.9) * n) for n in picture.size], sheet)
    return np.asarray(picture)


def _metal(shape, rng):
    """Brushed metal: fine streaks and a broad sheen."""
    base = rng.uniform(110, 190) + rng.uniform(-8, 8, 3)
    streaks = 0.05 * noise(rng, shape, 1.5, (1, 120)) + 0.03 * noise(rng, shape, 4, (1, 200))
    return _tinted(base, streaks + 0.18 * noise(rng, shape, 500))


def _stone(shape, rng):
    """Speckled stone."""
    base = rng.uniform(70, 190) + rng.uniform(-15, 15, 3)
    specks = np.where(noise(rng, shape, 5) > 1.2, rng.uniform(-0.4, 0.5), 0.0)
    specks += np.where(noise(rng, shape, 9) > 1.4, rng.uniform(-0.4, 0.3), 0.0)
    return _tinted(base, specks + 0.08 * noise(rng, shape, 60) + 0.06 * noise(rng, shape, 2))


def _checks(shape, rng):
    """A chequered tablecloth: a pattern that is no grid of a chart."""
    base, pitch = rng.uniform(60, 210, 3), rng.uniform(50, 140)
    y, x = np.ogrid[: shape[0], : shape[1]]
    depth = rng.uniform(0.1, 0.3)
    change = -depth * ((x / pitch) % 1 < 0.5) - depth * ((y / pitch) % 1 < 0.5)
    return _tinted(base, change + 0.05 * noise(rng, shape, 150) + 0.04 * noise(rng, shape, 2))


def _keyboard(shape, rng):
    """A dark or bright table with a keyboard and cables on it."""
    from PIL import Image, ImageDraw

    table = (_cloth if rng.random() < 0.5 else _white)(shape, rng)
    picture = Image.fromarray(np.clip(table, 0, 255).astype(np.uint8)).convert("RGBA")
    key, tone = rng.uniform(30, 60), int(rng.choice([35, 60, 200]))
    board = Image.new("RGBA", (int(16 * key), int(6 * key)), (tone, tone, tone + 5, 255))
    pen = ImageDraw.Draw(board)
    for row in range(5):
        for column in range(15):
            x, y = (column + 0.5) * key, (row + 0.5) * key
            face = tone + 18 if tone < 128 else tone - 15
            pen.rounded_rectangle([x, y, x + 0.85 * key, y + 0.85 * key], 0.12 * key, (face, face, face + 3, 255))
            glyph = 220 if tone < 128 else 40
            pen.rectangle([x + 0.2 * key, y + 0.2 * key, x + 0.35 * key, y + 0.45 * key], (glyph, glyph, glyph, 255))
    board = board.rotate(rng.uniform(0, 360), Image.Resampling.BILINEAR, expand=True)
    picture.paste(board, [int(rng.uniform(-0.3, 0.7) * n) for n in picture.size], board)
    cable = rng.uniform(-0.1, 1.1, (4, 2)) * picture.size
    t = np.linspace(0, 1, 60)[:, None]
    curve = (1 - t) ** 3 * cable[0] + 3 * t * (1 - t) ** 2 * cable[1] + 3 * t**2 * (1 - t) * cable[2] + t**3 * cable[3]
    ImageDraw.Draw(picture).line([tuple(point) for point in curve], (25, 25, 28, 255), 9, joint="curve")
    return np.asarray(picture.convert("RGB"))


def _tiles(shape, rng):
    """Square tiles with joints between them, at any angle."""
    base, pitch, width = rng.uniform(70, 220, 3), rng.uniform(35, 160), rng.uniform(2, 5)
    joints, tone = _ruled(shape, rng, pitch, width), rng.uniform(-0.5, 0.4)
    return _tinted(base, tone * joints + 0.05 * noise(rng, shape, pitch / 2) + 0.02 * noise(rng, shape, 2))


def _squared(shape, rng):
    """A pad of squared paper, with some lines of writing on it."""
    base, pitch = rng.uniform(195, 245) + rng.uniform(-6, 6, 3), rng.uniform(9, 24)
    ruled = (
        _ruled(shape, rng, pitch, 1.2)[..., None] * rng.uniform(0.1, 0.35) * rng.choice([(0.9, 0.7, 0.3), (1, 1, 1)])
    )
    words = noise(rng, shape, 4, (1, 2)) > 1.1
    lines = ((np.arange(shape[0]) / (2 * pitch)) % 1 < 0.35)[:, None] & (noise(rng, shape, 90) > 0.3)
    return (base * (1 - ruled) * (1 - 0.6 * (words & lines))[..., None]) * (1 + 0.02 * noise(rng, shape, 200))[
        ..., None
    ]


def _ruled(shape, rng, pitch, width):
    """(h, w) float32 in 0..1: square lines so far apart and so wide, in pixels, at any angle."""
    angle = rng.uniform(0, np.pi / 2)
    y, x = np.ogrid[: shape[0], : shape[1]]
    across, down = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    far = np.minimum(*(np.abs((place / pitch) % 1 - 0.5) * pitch for place in (across, down)))
    return np.clip((width + 1) / 2 - far, 0, 1).astype(np.float32)


_FAMILIES = {
    "wood": _wood,
    "cloth": _cloth,
    "white": _white,
    "papers": _papers,
    "tiles": _tiles,
    "squared": _squared,
    "metal": _metal,
    "stone": _stone,
    "checks": _checks,
    "keyboard": _keyboard,
}
FAMILIES = {
    "train": ("wood", "cloth", "white", "papers", "tiles", "squared"),
    "test": ("metal", "stone", "checks", "keyboard"),
}
"""Backgrounds to choose limits on, and others to report on."""
