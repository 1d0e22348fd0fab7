"""Normalised correlation of a pattern with windows of a page: what turns products into fits, compiled where there is a compiler."""

import numpy as np

from ..compiled.library import address, compiled


def sums_of(windows: np.ndarray) -> np.ndarray:
    """(n, 2, h + 1, w + 1) int32: the sums of the rounded values of windows (n, h, w), and of these values' squares, above and left of each corner.

    Sums of whole numbers: they and their differences are exact.
    """
    count, height, width = windows.shape
    library = compiled()
    if library is None:
        return _sums_in_numpy(windows)
    windows = np.ascontiguousarray(windows, np.float32)
    sums = np.empty((count, 2, height + 1, width + 1), np.int32)
    library["window_sums"](count, height, width, address(windows), address(sums))
    return sums


def _sums_in_numpy(windows: np.ndarray) -> np.ndarray:
    """As `sums_of`."""
    sums = np.zeros((len(windows), 2, *(side + 1 for side in windows.shape[1:])), np.int32)
    whole = np.rint(windows).astype(np.int32)
    for power in (1, 2):
        np.cumsum((whole**power).cumsum(axis=1), axis=2, out=sums[:, power - 1, 1:, 1:])
    return sums


def normalised(
    product: np.ndarray, sums: np.ndarray, size: tuple[int, int], corner: tuple[int, int], empty: float
) -> np.ndarray:
    """(h, w) float32 in -1..1: the correlation of a pattern of mean 0 and norm 1 with each place of a window, 0 where it reaches beyond it.

    Parameters
    ----------
    product : float32 array
        The sum of the pattern's products with what it lies on, by where its upper left corner lies; it may be larger than the window.
    sums : (2, h + 1, w + 1) int32 array
        What `sums_of` makes of this window.
    size
        (height, width) of the pattern.
    corner
        (row, column) of the pattern: its fit is written to where this pixel of it lies.
    empty
        Standard deviation below which a place is empty: it correlates with nothing.
    """
    library = compiled()
    if library is None or product.dtype != np.float32:
        return _normalised_in_numpy(product, sums, size, corner, empty)
    height, width = (side - 1 for side in sums.shape[1:])
    product, sums = np.ascontiguousarray(product), np.ascontiguousarray(sums)
    fits = np.empty((height, width), np.float32)
    library["normalised"](
        height, width, *size, *corner, product.shape[1], address(product), size[0] * size[1] * empty**2, address(sums), address(fits)
    )  # fmt: skip
    return fits


def _normalised_in_numpy(
    product: np.ndarray, sums: np.ndarray, size: tuple[int, int], corner: tuple[int, int], empty: float
) -> np.ndarray:
    """As `normalised`."""
    (height, width), pixels = size, size[0] * size[1]
    strips = sums[:, height:] - sums[:, :-height]
    total, square = (strips[..., width:] - strips[..., :-width]).astype(np.float32)
    total *= total
    total /= pixels
    square -= total
    np.sqrt(np.maximum(square, pixels * empty**2, out=square), out=square)
    (rows, columns), (down, across) = square.shape, corner
    fits = np.zeros([side - 1 for side in sums.shape[1:]], np.float32)
    np.divide(product[:rows, :columns], square, out=fits[down : down + rows, across : across + columns])
    return fits


def maximum_near(image: np.ndarray, reach: int) -> np.ndarray:
    """(h, w) float32: the maximum of an image (h, w) within `reach` pixels of each, down and across."""
    library = compiled()
    if library is None:
        return _maximum_in_numpy(image, reach)
    image = np.ascontiguousarray(image, np.float32)
    scratch, most = np.empty_like(image), np.empty_like(image)
    library["maximum_near"](*image.shape, reach, address(image), address(scratch), address(most))
    return most


def _maximum_in_numpy(image: np.ndarray, reach: int) -> np.ndarray:
    """As `maximum_near`."""
    for _ in range(2):
        maximum = image.copy()
        for step in range(1, reach + 1):
            np.maximum(maximum[step:], image[:-step], out=maximum[step:])
            np.maximum(maximum[:-step], image[step:], out=maximum[:-step])
        image = maximum.T
    return image
