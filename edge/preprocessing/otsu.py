"""Otsu's global threshold."""

import numpy as np


def threshold(image: np.ndarray) -> int:
    """The gray level that best separates `image` into dark and bright.

    Parameters
    ----------
    image : (H, W) uint8 array

    Returns
    -------
    0..255; pixels at or below it are the dark class. The only level where there is but one.

    Raises
    ------
    ValueError : where `image` is empty or not uint8.

    References
    ----------
    Otsu N., "A threshold selection method from gray-level histograms", IEEE Trans. Sys. Man. Cyber. 9 (1),
    1979, 62–66, DOI 10.1109/TSMC.1979.4310076.
    """
    if image.dtype != np.uint8 or image.size == 0:
        raise ValueError(f"Otsu's threshold takes a uint8 image with pixels, not {image.dtype} of shape {image.shape}")
    counts = np.bincount(image.ravel(), minlength=256).astype(np.float64)
    levels = np.flatnonzero(counts)
    if levels.size == 1:
        return int(levels[0])
    first, last = levels[0], levels[-1]
    counts = counts[first : last + 1]
    below = np.cumsum(counts)
    mass = np.cumsum(counts * np.arange(first, last + 1))
    dark, bright = below[:-1], below[-1] - below[:-1]
    between = dark * bright * (mass[:-1] / dark - (mass[-1] - mass[:-1]) / bright) ** 2
    return int(first + np.argmax(between))
