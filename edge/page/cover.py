"""What lies on a page and hides it: a hand, a pen. Its edges are as dark as strokes, and traces would follow them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL import Image

MAP_PX = 8
"""Side of the blocks in which light is measured: about a millimetre."""
CLOSED_BLOCKS = 4
"""What is written on paper is narrower than so many blocks and is closed."""
TINT_SHARE = 0.82
"""Paper in shadow keeps its colour; what has less than this share of the paper's brightness in one channel, relative to another, is no paper.
Skin has some 0.7, uneven light on paper left 0.87 or more on the real pages and the photographs of the tune split."""
DARK_SHARE = 0.3
"""What is darker than this share of the page's usual brightness is no paper in shadow."""
LEAST_BLOCKS = 20
"""What is smaller hides no trace."""
EDGE_BLOCKS = 2
"""Around what covers the page its shadow and its blurred edge are dark, too."""


def paper_of(image: Image.Image | np.ndarray, box: tuple[int, int, int, int] | None = None) -> np.ndarray:
    """(h, w, 3) float32 colours of the paper in blocks of an RGB picture, or of its part in `box`, what is written on it closed."""
    from PIL import Image
    from scipy import ndimage

    small = (image if isinstance(image, Image.Image) else Image.fromarray(image)).reduce(MAP_PX, box)
    return ndimage.grey_closing(np.asarray(small), (CLOSED_BLOCKS, CLOSED_BLOCKS, 1)).astype(np.float32)


def is_foreign(paper: np.ndarray) -> np.ndarray:
    """(h, w) bool: which blocks of (h, w, 3) `paper` are none: what covers it has a colour of its own, or is nearly black."""
    brightness = extremes(paper)[1]
    usual = [np.median(paper[..., channel]) for channel in range(3)]
    least, most = extremes(paper / (np.array(usual) + 1.0))
    return (least < TINT_SHARE * most) | (brightness < DARK_SHARE * np.median(brightness))


def extremes(colours: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """((h, w) least, (h, w) greatest channel) of (h, w, 3) colours: NumPy's own along so short an axis takes several times as long."""
    red, green, blue = np.moveaxis(colours, 2, 0)
    return np.minimum(np.minimum(red, green), blue), np.maximum(np.maximum(red, green), blue)


def uncovered_ink(ink: np.ndarray, image: Image.Image) -> np.ndarray:
    """(H, W) uint8 `ink` of a page's RGB `image` without what lies on the page and its edges: itself where nothing does."""
    from scipy import ndimage

    if min(image.size) < CLOSED_BLOCKS * MAP_PX:
        return ink
    labels, count = ndimage.label(is_foreign(paper_of(image)), np.ones((3, 3), bool))
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    sizes[0] = 0
    covered = ndimage.binary_dilation((sizes >= LEAST_BLOCKS)[labels], np.ones((3, 3), bool), EDGE_BLOCKS)
    if not covered.any():
        return ink
    hidden = covered.repeat(MAP_PX, axis=0).repeat(MAP_PX, axis=1)[: ink.shape[0], : ink.shape[1]]
    return np.where(hidden, np.uint8(0), ink)
