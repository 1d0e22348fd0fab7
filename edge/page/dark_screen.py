"""Drawings and screen exports with light traces on a dark ground, as they would be on paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL import Image

BLOCK_PX = 8
"""Side of the blocks in which the ground is measured: more than any stroke of a trace."""
GROUND_PERCENTILE, MAX_GROUND = 95, 80
"""Nearly all blocks are no brighter than this (of 255): a sheet that lies on a dark table covers more of the picture than the rest."""
MAX_UNEVEN = 16
"""The middle half of the blocks lie within so many levels: the ground of a drawing is even, that of a photograph in poor light is not."""
BRIGHT = 160
"""A light stroke's level, of 255, in its brightest channel: green and yellow ones are as light as white."""
STROKES = 0.001, 0.1
"""The share of the picture that light strokes cover."""
MAX_BRIGHT_BLOCKS = 0.005
"""Few blocks are as bright as strokes on average: those of a lamp or of a sheet are, strokes are too thin."""


def as_on_paper(image: Image.Image) -> Image.Image:
    """The RGB `image` with dark traces on a light ground where it is a drawing of light ones on a dark ground; else the same image.

    What is lightest in any channel becomes black, so that coloured traces on black are not taken for a coloured grid.
    """
    from PIL import Image, ImageChops

    if min(image.size) < BLOCK_PX:
        return image
    blocks = np.asarray(image.reduce(BLOCK_PX)).max(axis=2)
    if np.percentile(blocks, GROUND_PERCENTILE) > MAX_GROUND or (blocks >= BRIGHT).mean() > MAX_BRIGHT_BLOCKS:
        return image
    if np.subtract(*np.percentile(blocks, [75, 25])) > MAX_UNEVEN:
        return image
    red, green, blue = image.split()
    lightest = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    least, most = STROKES
    if not least <= (np.asarray(lightest) >= BRIGHT).mean() <= most:
        return image
    inverted = ImageChops.invert(lightest)
    return Image.merge("RGB", [inverted] * 3)
