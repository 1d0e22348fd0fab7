"""The pixels of an RGB picture, one value of each or resampled: read where Pillow has them, by what is compiled where there is a compiler, and
else by Pillow, with the same result."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..compiled.library import address, compiled
from ..preprocessing.filters import to_gray

if TYPE_CHECKING:
    from PIL import Image

PART_PX = 500_000
"""A large picture is resampled from parts of so many pixels at most, or of one cell."""
BAND_ROWS = 64
"""So many rows at once stay in a processor's cache."""


class _ArrowArray(ctypes.Structure):
    """The beginning of what https://arrow.apache.org/docs/format/CDataInterface.html calls ArrowArray."""


_ArrowArray._fields_ = [
    *((name, ctypes.c_int64) for name in ("length", "null_count", "offset", "n_buffers", "n_children")),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(_ArrowArray))),
]


def memory_of(image: Image.Image) -> np.ndarray | None:
    """(H, W, 4) uint8: the memory of an RGB picture, its fourth channel of no meaning, which may be read as long as the array is there.

    None where Pillow does not show it: before version 11.2, and of a large picture in several parts of memory.
    """
    if image.mode != "RGB" or not hasattr(image, "__arrow_c_array__"):
        return None
    try:
        _, capsule = image.__arrow_c_array__()
    except ValueError:
        return None
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    outer = _ArrowArray.from_address(pointer(capsule, b"arrow_array"))
    if outer.n_children != 1 or outer.length != image.width * image.height:
        return None
    begins = outer.children[0].contents.buffers[1]
    memory = (ctypes.c_uint8 * (4 * outer.length)).from_address(begins)
    memory.capsule = capsule  # which keeps the picture
    return np.frombuffer(memory, np.uint8).reshape(image.height, image.width, 4)


def brightest(image: Image.Image, tables: Sequence[np.ndarray | None]) -> np.ndarray:
    """(H, W) uint8: the brightest channel of each pixel of an RGB picture, each channel first by its table of 256 levels where it has one."""
    library, memory = compiled(), memory_of(image)
    if library and memory is not None:
        if all(table is None for table in tables):
            found = np.empty(memory.shape[:2], np.uint8)
            library["brightest_channel"](found.size, address(memory), address(found))
            return found
        steps = np.stack([np.arange(256) if table is None else table for table in tables]).astype(np.uint8)
        return _with(library["brightest"], memory, steps)
    return _brightest_in_pillow(image, tables)


def _brightest_in_pillow(image: Image.Image, tables: Sequence[np.ndarray | None]) -> np.ndarray:
    """As `brightest`, some rows after another: all channels at once are three times the memory."""
    found = np.empty((image.height, image.width), np.uint8)
    for top in range(0, image.height, BAND_ROWS):
        out = found[top : top + BAND_ROWS]
        channels = image.crop((0, top, image.width, top + len(out))).split()
        for number, (channel, table) in enumerate(zip(channels, tables, strict=True)):
            level = np.asarray(channel if table is None else channel.point(table.tolist()))
            np.maximum(out, level, out=out) if number else np.copyto(out, level)
    return found


def luma(image: Image.Image) -> np.ndarray:
    """(H, W) uint8: the luma of an RGB picture, as Pillow has it (ITU-R 601-2)."""
    library, memory = compiled(), memory_of(image)
    if library and memory is not None:
        return _with(library["luma"], memory, np.empty(0, np.uint8))
    return to_gray(image)


class DarkPixels:
    """Where an RGB picture has a luma of less than `below`, looked at part by part: `dark[rows, columns]` is (h, w) bool."""

    def __init__(self, image: Image.Image, below: int) -> None:
        self._image, self._below = image, below
        self._memory = memory_of(image) if compiled() else None

    def __getitem__(self, part: tuple[slice, slice]) -> np.ndarray:
        library = compiled()
        if library is None or self._memory is None:
            (top, bottom, _), (left, right, _) = (
                side.indices(length) for side, length in zip(part, self._image.size[::-1], strict=True)
            )
            return luma(self._image.crop((left, top, right, bottom))) < self._below
        pixels = self._memory[part]
        found = np.empty(pixels.shape[:2], bool)
        library["dark_pixels"](
            *found.shape, pixels.strides[0], address(pixels), self._below, address(found)
        )  # fmt: skip
        return found


def resampled(image: Image.Image, size: tuple[int, int], boxes: np.ndarray, quads: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 of this `size` (width, height): an RGB picture resampled bilinearly, each of `boxes` (n, 4), left, top, right and bottom, from one
    of `quads` (n, 8), the corners of quadrilaterals of the picture, as `PIL.Image.transform` has them. White where the picture does not reach."""
    library = compiled()
    if not library or memory_of(image.crop((0, 0, 1, 1))) is None:
        return _resampled_in_pillow(image, size, boxes, quads)
    found = np.full((size[1], size[0], 3), 255, np.uint8)
    boxes, quads = np.ascontiguousarray(boxes, np.int64), np.ascontiguousarray(quads, np.float64)
    memory = memory_of(image)
    if memory is not None:
        _resample(library["resampled"], found, boxes, quads, image.size, memory, (0, 0))
        return found
    parts = [(0, len(boxes))]
    while parts:
        first, end = parts.pop()
        corners = quads[first:end].reshape(-1, 2)
        # With the pixels beside them.
        left, top = np.maximum(np.floor(corners.min(axis=0)).astype(int) - 2, 0).tolist()
        right, bottom = np.minimum(np.ceil(corners.max(axis=0)).astype(int) + 2, image.size).tolist()
        if left >= right or top >= bottom:
            continue
        if (right - left) * (bottom - top) > PART_PX and end - first > 1:
            parts += [(first, (first + end) // 2), ((first + end) // 2, end)]
            continue
        memory = memory_of(image.crop((left, top, right, bottom)))
        if memory is None:
            return _resampled_in_pillow(image, size, boxes, quads)
        _resample(library["resampled"], found, boxes[first:end], quads[first:end], image.size, memory, (left, top))
    return found


def _resample(
    function: Callable[..., None],
    found: np.ndarray,
    boxes: np.ndarray,
    quads: np.ndarray,
    size: tuple[int, int],
    memory: np.ndarray,
    corner: tuple[int, int],
) -> None:
    """Resample cells into `found` (H, W, 3) by the function of `compiled/loops.c`: of a picture of this `size` whose part from `corner` (x, y) on is in
    `memory` (h, w, 4)."""
    stride, step = memory.strides[:2]
    origin = address(memory) - corner[1] * stride - corner[0] * step
    function(len(boxes), address(boxes), address(quads), *size, stride, origin, found.strides[0], address(found))


def _resampled_in_pillow(image: Image.Image, size: tuple[int, int], boxes: np.ndarray, quads: np.ndarray) -> np.ndarray:
    """As `resampled`."""
    from PIL import Image

    cells = list(zip(map(tuple, boxes.tolist()), quads.tolist(), strict=True))
    made = image.transform(size, Image.Transform.MESH, cells, Image.Resampling.BILINEAR, fill=1, fillcolor="white")
    return np.asarray(made)


def _with(function: object, memory: np.ndarray, tables: np.ndarray) -> np.ndarray:
    """(H, W) uint8 that a function of `compiled/loops.c` makes of pixels (H, W, 4)."""
    found = np.empty(memory.shape[:2], np.uint8)
    assert callable(function)
    function(found.size, address(memory), address(tables), address(found))
    return found


def enlarged(image: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """(H, W) float32 of this shape: an image (h, w), no larger in any direction, by bilinear interpolation."""
    (height, width), (tall, wide) = shape, image.shape
    library = compiled()
    image = np.ascontiguousarray(image, np.float32)
    if library is None:
        return _enlarged_in_pillow(image, shape)
    (columns, across), (rows, down) = weights_of(wide, width), weights_of(tall, height)
    scratch, made = np.empty((tall, width), np.float32), np.empty((height, width), np.float32)
    library["enlarged"](
        height, width, tall, wide, *map(address, (image, columns, across, rows, down, scratch, made)),
    )  # fmt: skip
    return made


def _enlarged_in_pillow(image: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """As `enlarged`."""
    from PIL import Image

    height, width = shape
    return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BILINEAR))


def weights_of(length: int, made: int) -> tuple[np.ndarray, np.ndarray]:
    """((made, 2) int64, (made, 2) float) of which two of `length` pixels in a row each of the `made` ones consists, and their weights, as Pillow sums them."""
    middles = (np.arange(made) + 0.5) * (length / made)
    first = np.maximum((middles - 0.5).astype(np.int64), 0)
    pixels = first[:, None] + np.arange(2)
    weights = np.maximum(1 - np.abs(pixels - middles[:, None] + 0.5), 0)
    weights[pixels >= np.minimum((middles + 1.5).astype(np.int64), length)[:, None]] = 0
    return np.minimum(pixels, length - 1), weights / weights.sum(axis=1, keepdims=True)
