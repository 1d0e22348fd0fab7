"""A page printed on paper, and the sheet cut out of the picture plane."""

from dataclasses import dataclass

import numpy as np

PAD_PX = 3
CELL_PX = 16


@dataclass(frozen=True)
class Print:
    """How a page comes out of the printer: paper and ink as levels, spread of the ink and grain of the paper."""

    paper: tuple = (246, 245, 242)
    ink: float = 0.12
    spread_mm: float = 0.05
    grain: float = 1.0


def draw_print(rng):
    """A `Print` at random: office paper from bluish to yellowish, toner from grey to black."""
    warm = rng.uniform(-4, 7)
    paper = (246 + 0.3 * warm, 245.0, 243 - 0.9 * warm)
    return Print(paper, rng.uniform(0.07, 0.22), rng.uniform(0.03, 0.08), rng.uniform(0.5, 2.0))


def sheet(page, px_per_mm, margin_mm, scale, kind, rng):
    """The printed sheet as an RGBA `PIL.Image` with a transparent pad of `PAD_PX`, and its (x, y) pixels per page pixel.

    `scale` is the px/mm at which it will be seen: a page that has more is reduced to it first, so that nothing aliases.
    """
    from PIL import Image, ImageFilter

    factor = min(1.0, scale / px_per_mm)
    size = tuple(max(1, round(n * factor)) for n in page.size)
    ratio = tuple(n / m for n, m in zip(size, page.size, strict=True))
    if size != page.size:
        page = page.resize(size, Image.Resampling.LANCZOS)
    margin = tuple(round(mm * px_per_mm * k) for mm, k in zip(margin_mm, ratio, strict=True))
    whole = Image.new("RGB", tuple(n + 2 * m for n, m in zip(size, margin, strict=True)), "white")
    whole.paste(page, margin)
    if kind.spread_mm > 0:
        whole = whole.filter(ImageFilter.GaussianBlur(kind.spread_mm * px_per_mm * ratio[0]))
    levels = np.arange(256) / 255
    whole = whole.point([round(p * (kind.ink + (1 - kind.ink) * v)) for p in kind.paper for v in levels])
    if kind.grain > 0:
        grain = rng.standard_normal(whole.size[::-1], np.float32) * np.float32(kind.grain)
        whole = Image.fromarray(np.clip(np.asarray(whole) + grain[..., None], 0, 255).astype(np.uint8))
    padded = np.pad(np.asarray(whole), ((PAD_PX, PAD_PX), (PAD_PX, PAD_PX), (0, 0)), mode="edge")
    alpha = np.zeros(padded.shape[:2], np.uint8)
    alpha[PAD_PX:-PAD_PX, PAD_PX:-PAD_PX] = 255
    return Image.fromarray(np.dstack([padded, alpha])), ratio, margin


def lay_down(printed, page_points, size):
    """An RGBA `PIL.Image` of `size`: the printed sheet where the picture sees it, in one resampling.

    `printed` is what `sheet` returned; `page_points` (rows + 1, columns + 1, 2) are the page pixels that are seen at the corners of
    cells of `CELL_PX`. Within a cell places are bilinear, samples bicubic.
    """
    from PIL import Image

    image, ratio, margin = printed
    source = (page_points + 0.5) * ratio + np.array(margin) + PAD_PX
    rows, columns = source.shape[0] - 1, source.shape[1] - 1
    north_west, north_east, south_west, south_east = source[:-1, :-1], source[:-1, 1:], source[1:, :-1], source[1:, 1:]
    quads = np.concatenate([north_west, south_west, south_east, north_east], axis=-1)
    low, high = quads.reshape(rows, columns, 4, 2).min(axis=2), quads.reshape(rows, columns, 4, 2).max(axis=2)
    seen = (high > 0).all(axis=-1) & (low < image.size).all(axis=-1)
    mesh = [
        ((c * CELL_PX, r * CELL_PX, (c + 1) * CELL_PX, (r + 1) * CELL_PX), tuple(quads[r, c]))
        for r, c in np.argwhere(seen).tolist()
    ]
    whole = image.transform(
        (columns * CELL_PX, rows * CELL_PX), Image.Transform.MESH, mesh, Image.Resampling.BICUBIC, fill=1
    )
    return whole.crop((0, 0, *size))
