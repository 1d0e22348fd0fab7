"""Normalised correlation of a pattern with windows of a page: what turns products into fits, compiled where there is a compiler."""

from collections.abc import Sequence

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
    products: np.ndarray, sums: Sequence[np.ndarray], sizes: np.ndarray, empty: float
) -> tuple[np.ndarray, np.ndarray]:
    """((n, h, w) float32 in -1..1, (n,) float32): the correlation of patterns of mean 0 and norm 1 with each place of a window, 0 where they reach beyond
    it, and the greatest of each.

    Parameters
    ----------
    products : (n, H, W) float32 array
        The sum of each pattern's products with what it lies on, by where its upper left corner lies; they may be larger than the windows.
    sums : n (2, h + 1, w + 1) int32 arrays
        What `sums_of` makes of each window.
    sizes : (n, 4) int64 array
        Height and width of each pattern, and the row and column of the pixel of it to whose place its fit is written.
    empty
        Standard deviation below which a place is empty: it correlates with nothing.
    """
    library = compiled()
    height, width = (side - 1 for side in sums[0].shape[1:])
    fits = np.empty((len(products), height, width), np.float32)
    if library is None or products.dtype != np.float32:
        for fit, product, sum_, (tall, wide, down, across) in zip(fits, products, sums, sizes.tolist(), strict=True):
            fit[:] = _normalised_in_numpy(product, sum_, (tall, wide), (down, across), empty)
        return fits, fits.max(axis=(1, 2))
    most, places = np.empty(len(products), np.float32), np.array([address(sum_) for sum_ in sums], np.intp)
    products = np.ascontiguousarray(products)
    library["normalised"](
        len(products), height, width, *products.shape[1:], address(products), address(sizes), empty, address(places), address(fits), address(most)
    )  # fmt: skip
    return fits, most


def _normalised_in_numpy(
    product: np.ndarray, sums: np.ndarray, size: tuple[int, int], corner: tuple[int, int], empty: float
) -> np.ndarray:
    """As `normalised`, of one pattern."""
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
