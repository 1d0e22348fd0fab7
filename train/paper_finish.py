"""What becomes of a drawn page before anyone reads it: a fax, an app that whitens paper, a photocopier, a JPEG file."""

from io import BytesIO

import numpy as np

FAX_LEVEL = 0.62
"""Of white: what is darker is black on a fax."""
STREAKS, SPECKLE = 4, 2e-4
PAPER_MM = 6.0
"""What is paper is the brightest within so much."""
BLACK, WHITE = 0.3, (0.65, 0.85)
"""Levels of the paper that become black and white: pale grids vanish in part."""
COPY_NOISE, COPY_BLUR_MM = 6.0, 0.06


def skewed(image, degrees):
    """An RGB `PIL.Image` turned anticlockwise about its middle, on paper of its own corner's colour; the same image where it is not turned."""
    from PIL import Image

    if not degrees:
        return image
    return image.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=image.getpixel((1, 1)))


def finished(image, finish, quality, px_per_mm, rng):
    """(RGB `PIL.Image`, bytes of its JPEG file or None) of a page after one of `FINISHES` and, where `quality` is not 0, as a JPEG."""
    from PIL import Image

    if finish != "none":
        image = Image.fromarray(FINISHES[finish](np.asarray(image), px_per_mm, rng))
    if not quality:
        return image, None
    held = BytesIO()
    image.save(held, "JPEG", quality=quality, dpi=(px_per_mm * 25.4,) * 2)
    return Image.open(BytesIO(held.getvalue())).convert("RGB"), held.getvalue()


def fax(page, px_per_mm, rng):
    """(H, W, 3) uint8 in black and white alone, some rows black for a stretch, with specks."""
    from scipy import ndimage

    gray = ndimage.gaussian_filter(page.mean(axis=2), 0.05 * px_per_mm)
    black = gray < FAX_LEVEL * np.percentile(gray, 90)
    for _ in range(rng.integers(STREAKS)):
        row, left = rng.integers(len(black)), rng.integers(black.shape[1])
        black[row, left : left + rng.integers(10, 60) * round(px_per_mm)] = True
    black ^= rng.random(black.shape) < SPECKLE
    return np.repeat(np.where(black, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def whitened(page, px_per_mm, rng):
    """(H, W, 3) uint8 as apps for documents make it: divided by the paper about each place, contrast raised until paper is white."""
    from scipy import ndimage

    reach = max(1, round(PAPER_MM * px_per_mm))
    paper = ndimage.uniform_filter(ndimage.maximum_filter(page.mean(axis=2), reach), reach)
    ratio = page / np.maximum(paper, 1)[..., None]
    return np.rint(255 * np.clip((ratio - BLACK) / (rng.uniform(*WHITE) - BLACK), 0, 1)).astype(np.uint8)


def photocopy(page, px_per_mm, rng):
    """(H, W, 3) uint8 in grey: blurred, darker to one side, with grain."""
    from scipy import ndimage

    gray = ndimage.gaussian_filter(page.mean(axis=2), COPY_BLUR_MM * px_per_mm)
    shade = np.linspace(1.0, rng.uniform(0.82, 0.95), gray.shape[1])[:: int(rng.choice((-1, 1)))]
    gray = gray * shade + rng.normal(0, COPY_NOISE, gray.shape)
    return np.repeat(np.clip(np.rint(gray), 0, 255).astype(np.uint8)[..., None], 3, axis=2)


FINISHES = {"fax": fax, "whitened": whitened, "photocopy": photocopy}
