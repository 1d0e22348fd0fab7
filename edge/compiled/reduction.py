"""What a (H, W) uint8 image holds square by square and level by level: by `ink.c` where it has been compiled, else by NumPy and Pillow, with the same result."""

from __future__ import annotations

import numpy as np

from .library import address, compiled

ROWS = 512
"""So many rows at once take little more memory."""


def block_maxima(image: np.ndarray, side: int, shape: tuple[int, int]) -> np.ndarray:
    """(h, w) uint8 of this shape: the largest of each square of `side` pixels, from the upper left one on, of the image made half as large by means of four
    pixels, or of what there is at its edges; 0 where a square has none."""
    library, found = compiled(), np.zeros(shape, np.uint8)
    if not library or not image.flags.c_contiguous:
        return _block_maxima_in_pillow(image, side, shape)
    scratch = np.empty((image.shape[1] + 1) // 2, np.int16)
    library["block_maxima"](*image.shape, address(image), side, *shape, address(scratch), address(found))
    return found


def _block_maxima_in_pillow(image: np.ndarray, side: int, shape: tuple[int, int]) -> np.ndarray:
    """As `block_maxima`."""
    from PIL import Image

    half = np.asarray(Image.fromarray(image).reduce(2))
    padded = np.zeros((shape[0] * side, shape[1] * side), np.uint8)
    padded[: half.shape[0], : half.shape[1]] = half[: padded.shape[0], : padded.shape[1]]
    # Down first: whole rows at once are faster.
    tall = padded.reshape(shape[0], side, -1).max(axis=1)
    return np.asarray(tall.reshape(*shape, side).max(axis=2))


def block_means(image: np.ndarray, side: int) -> np.ndarray:
    """(h, w) uint8: the rounded mean of each whole square of `side` pixels, a power of two up to 256."""
    library, (rows, columns) = compiled(), (length // side for length in image.shape)
    if not library or not image.flags.c_contiguous:
        return _block_means_in_pillow(image, side)
    scratch, found = np.empty(image.shape[1], np.uint16), np.empty((rows, columns), np.uint8)
    library["block_means"](image.shape[1], address(image), side, rows, columns, address(scratch), address(found))
    return found


def _block_means_in_pillow(image: np.ndarray, side: int) -> np.ndarray:
    """As `block_means`."""
    from PIL import Image

    rows, columns = (length // side for length in image.shape)
    return np.asarray(Image.fromarray(image).reduce(side))[:rows, :columns]


def block_counts(image: np.ndarray, shape: tuple[int, int], block: tuple[int, int]) -> np.ndarray:
    """(h, w) int of this shape: how many pixels of each `block` (rows, up to 255 of them, columns) are above 0, from the upper left one on."""
    library, counts = compiled(), np.empty(shape, np.int64)
    if not library or not image.flags.c_contiguous:
        return _block_counts_in_numpy(image, shape, block)
    scratch = np.empty(image.shape[1], np.uint8)
    library["block_counts"](image.shape[1], address(image), *block, *shape, address(scratch), address(counts))
    return counts


def _block_counts_in_numpy(image: np.ndarray, shape: tuple[int, int], block: tuple[int, int]) -> np.ndarray:
    """As `block_counts`."""
    (rows, columns), (down, across) = shape, block
    some = (image[: rows * down, : columns * across] > 0).view(np.uint8).reshape(rows, down, -1)
    # Down first: whole rows at once are faster.
    return np.asarray(np.add.reduce(some, axis=1, dtype=np.uint8).reshape(rows, columns, -1).sum(axis=2))


def block_quantiles(image: np.ndarray, shape: tuple[int, int], block: tuple[int, int], share: float) -> np.ndarray:
    """(h, w) float of this shape: a quantile, from 0 to 1, of the pixels of each `block` (rows, columns), from the upper left one on; as `numpy.quantile` has it."""
    library, found = compiled(), np.empty((*shape, 2), np.uint8)
    place = share * (block[0] * block[1] - 1)
    first = int(place)
    if not library or not image.flags.c_contiguous or not 0 <= first < block[0] * block[1] - 1:
        return _block_quantiles_in_numpy(image, shape, block, share)
    library["block_levels"](image.shape[1], address(image), *block, *shape, first, address(found))
    lower, upper = np.moveaxis(found.astype(float), 2, 0)
    above = place - first
    return upper - (upper - lower) * (1 - above) if above >= 0.5 else lower + (upper - lower) * above


def _block_quantiles_in_numpy(
    image: np.ndarray, shape: tuple[int, int], block: tuple[int, int], share: float
) -> np.ndarray:
    """As `block_quantiles`."""
    (rows, columns), (down, across) = shape, block
    blocks = image[: rows * down, : columns * across].reshape(rows, down, columns, across)
    return np.asarray(np.quantile(blocks, share, axis=(1, 3)))


def level_counts(image: np.ndarray) -> np.ndarray:
    """(256,) int: how many pixels of an image of any shape have each level."""
    library, counts = compiled(), np.empty(256, np.int64)
    if not library:
        return np.bincount(image.ravel(), minlength=256)
    image = np.ascontiguousarray(image)
    library["level_counts"](image.size, address(image), address(counts))
    return counts


def through_table(image: np.ndarray, table: np.ndarray) -> np.ndarray:
    """The image, each pixel by a table of 256 levels, written over where it can be."""
    library = compiled()
    if library and image.flags.c_contiguous and image.flags.writeable:
        table = np.ascontiguousarray(table, np.uint8)
        first = int(np.argmax(table > 0)) if table.any() else 256
        library["through_table"](image.size, address(table), first, address(image))
        return image
    return _through_table_in_pillow(image, table)


def _through_table_in_pillow(image: np.ndarray, table: np.ndarray) -> np.ndarray:
    """As `through_table`."""
    from PIL import Image

    found = image if image.flags.writeable else np.empty_like(image)
    for top in range(0, len(image), ROWS):
        rows = np.ascontiguousarray(image[top : top + ROWS])
        found[top : top + ROWS] = np.asarray(Image.fromarray(rows).point(table.tolist()))  # faster than indexing
    return found


def mean_of_boxes(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(H, W) uint8 of this `size` (width, height): the image with each pixel the mean of those whose middles lie in its box, as Pillow resizes by BOX,
    across and then down."""
    (height, width), (wide, tall) = image.shape, size
    weights = _box_weights(width, wide), _box_weights(height, tall)
    if not compiled() or not image.flags.c_contiguous or max(part.shape[1] for _, part in weights) > min(height, width):
        return _mean_of_boxes_in_pillow(image, size)
    return _resized(image, size, *weights)


def enlarged_blocks(image: np.ndarray, size: tuple[int, int], side: int) -> np.ndarray:
    """(H, W) uint8 of this `size` (width, height): an image (h, w) of blocks of `side` pixels, the last ones of which may reach beyond, enlarged by bilinear interpolation, as
    Pillow does it, across and then down."""
    if not compiled() or not image.flags.c_contiguous or min(image.shape) < 2:
        return _enlarged_blocks_in_pillow(image, size, side)
    across, down = (_bilinear_weights(length, made, side) for length, made in zip(image.shape[::-1], size, strict=True))
    return _resized(image, size, across, down)


def _enlarged_blocks_in_pillow(image: np.ndarray, size: tuple[int, int], side: int) -> np.ndarray:
    """As `enlarged_blocks`."""
    from PIL import Image

    bilinear, (width, height) = Image.Resampling.BILINEAR, size
    # One after the other: which way Pillow goes first depends on its version.
    across = Image.fromarray(image).resize((width, len(image)), bilinear, (0, 0, width / side, len(image)))
    return np.asarray(across.resize(size, bilinear, (0, 0, width, height / side)))


def _bilinear_weights(length: int, made: int, side: int) -> tuple[np.ndarray, np.ndarray]:
    """As `_box_weights`, of `length` blocks of `side` pixels of which `made` are enlarged."""
    middles = (np.arange(made) + 0.5) * ((made / side) / made)
    first = np.maximum((middles - 0.5).astype(np.int64), 0)
    last = np.minimum((middles + 1.5).astype(np.int64), length)
    pixels = first[:, None] + np.arange(2)
    share = np.maximum(1 - np.abs(pixels - middles[:, None] + 0.5), 0)
    share[pixels >= last[:, None]] = 0
    share /= share.sum(axis=1, keepdims=True)
    return first, (share * (1 << 22) + 0.5).astype(np.int32)


def _resized(
    image: np.ndarray,
    size: tuple[int, int],
    of_columns: tuple[np.ndarray, np.ndarray],
    of_rows: tuple[np.ndarray, np.ndarray],
) -> np.ndarray:
    """(H, W) uint8 of this `size` (width, height): the image weighted across and then down, by `compiled/ink.c`."""
    library, (lefts, across), (tops, down) = compiled(), of_columns, of_rows
    assert library
    (height, width), (wide, tall) = image.shape, size
    taps = max(across.shape[1], down.shape[1])
    (lefts, across), (tops, down) = _padded(lefts, across, taps, width), _padded(tops, down, taps, height)
    scratch, found = np.empty((taps, wide), np.uint8), np.empty((tall, wide), np.uint8)
    library["mean_of_boxes"](
        width, tall, wide, taps, *map(address, (image, lefts, across, tops, down, scratch, found)),
    )  # fmt: skip
    return found


def _mean_of_boxes_in_pillow(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """As `mean_of_boxes`."""
    from PIL import Image

    # One after the other: which way Pillow goes first depends on its version.
    across = Image.fromarray(image).resize((size[0], image.shape[0]), Image.Resampling.BOX)
    return np.asarray(across.resize(size, Image.Resampling.BOX))


def _box_weights(length: int, made: int) -> tuple[np.ndarray, np.ndarray]:
    """((made,) int64, (made, k) int32): for each of `made` pixels the first of `length` that its box holds, and the weights of k from there on, of 1 << 22
    together, as Pillow reckons them."""
    scale = length / made
    wide = max(scale, 1.0)
    middles = (np.arange(made) + 0.5) * scale
    first = np.maximum((middles - 0.5 * wide + 0.5).astype(np.int64), 0)
    last = np.minimum((middles + 0.5 * wide + 0.5).astype(np.int64), length)
    pixels = first[:, None] + np.arange(int((last - first).max()))
    place = (pixels - middles[:, None] + 0.5) * (1 / wide)
    holds = (place > -0.5) & (place <= 0.5) & (pixels < last[:, None])
    share = holds / np.maximum(holds.sum(axis=1, keepdims=True), 1)
    return first, (share * (1 << 22) + 0.5).astype(np.int32)


def _padded(first: np.ndarray, weights: np.ndarray, taps: int, length: int) -> tuple[np.ndarray, np.ndarray]:
    """The same with `taps` weights each, none of them beyond `length`."""
    moved = np.minimum(first, length - taps)
    padded = np.zeros((len(first), taps), np.int32)
    rows, taken = np.nonzero(weights)
    padded[rows, taken + (first - moved)[rows]] = weights[rows, taken]
    return moved, padded
