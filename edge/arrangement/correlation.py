"""Normalised correlation of patterns with windows of a page, in whole numbers, compiled where there is a compiler.

Patterns are rounded to 16 bits, so that their products with ink are whole numbers whose sums are the same in any order: the fits are the same to the bit in NumPy and compiled, on
every processor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from ..compiled.library import address, compiled

MOST_LEVEL, MOST_SUM = 2**15 - 1, 2**31 - 1
"""A pattern's levels, their differences, and the sums of their products with ink are no greater."""
BLOCK_COLUMNS = 32
"""So many places of a row are looked at together by what is compiled."""


@dataclass(frozen=True, eq=False)
class Pattern:
    """A pattern whose fit is written to the place of its pixel at `corner` (row, column): `levels` (h, w) int16, times `scale` of mean 0 and norm 1 but for rounding."""

    levels: np.ndarray
    scale: float
    corner: tuple[int, int]

    @cached_property
    def _inner(self) -> tuple[int, int, int, int]:
        """Top, left, bottom and right of what differs from its margin, a pixel at least."""
        differs = self.levels != self.levels[0, 0]
        rows, columns = np.flatnonzero(differs.any(axis=1)), np.flatnonzero(differs.any(axis=0))
        return (int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1) if rows.size else (0, 0, 1, 1)

    @cached_property
    def pairs(self) -> np.ndarray:
        """(h + 2, (w + 1) // 2, 2) int16: by how much the levels of what differs from the margin are above it, between two rows of 0."""
        top, left, bottom, right = self._inner
        height, width = bottom - top, right - left
        padded = np.zeros((height + 2, width + width % 2), np.int16)
        padded[1:-1, :width] = self.levels[top:bottom, left:right].astype(np.int32) - self.levels[0, 0]
        return padded.reshape(height + 2, -1, 2)

    @cached_property
    def address(self) -> int:
        """Where `pairs` begin."""
        return address(self.pairs)

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """As `compiled/names.c` has them."""
        top, left, bottom, right = self._inner
        inner = top, left, bottom - top, right - left
        return *self.levels.shape, *self.corner, *inner, int(self.levels[0, 0])


def pattern_of(image: np.ndarray, corner: tuple[int, int]) -> Pattern:
    """The `Pattern` of an image (h, w) of mean 0 and norm 1, its levels as fine as they may be: a power of two of them is 1."""
    finest = min(
        (MOST_LEVEL - 1) / max(np.ptp(image), np.abs(image).max()),
        MOST_SUM / 255 / (np.abs(image).sum() + image.size * 2.0**-15),
    )
    steps = 2.0 ** np.floor(np.log2(finest))
    return Pattern(np.rint(image * steps).astype(np.int16), float(1 / steps), corner)


class Windows:
    """Windows of a page, (n, h, w) uint8 ink, as patterns are correlated with them."""

    def __init__(self, windows: np.ndarray) -> None:
        count, height, width = windows.shape
        self.shape, library = windows.shape, compiled()
        self._windows: np.ndarray = np.ascontiguousarray(windows)
        if library is None:
            self._sums = _sums_in_numpy(windows)
            return
        self._line = width + BLOCK_COLUMNS + 2
        self._pairs = np.zeros((count, height, self._line), np.uint32)
        self._inked = np.empty((count, height, width + 1), np.uint16)
        self._sums = np.empty((count, 2, height + 1, width + 1), np.int32)
        made = (self._windows, self._pairs, self._inked, self._sums)
        library["window_sums"](count, height, width, self._line, *(address(part) for part in made))

    def fits(self, which: Sequence[int], patterns: Sequence[Pattern], empty: float) -> np.ndarray:
        """(n, h, w) float32 in -1..1: the correlation of each of `patterns` with each place of the window of a number, 0 where it reaches beyond it. A place
        whose standard deviation is below `empty` correlates with nothing."""
        library, (_, height, width) = compiled(), self.shape
        fits = np.empty((len(patterns), height, width), np.float32)
        if library is None:
            for fit, window, pattern in zip(fits, which, patterns, strict=True):
                fit[:] = self._fit_in_numpy(window, pattern, empty)
            return fits
        told, (scratch, inked) = self._told(which, patterns), self._scratch()
        library["name_fits"](
            len(patterns), height, width, self._line, *(address(part) for part in told), empty,
            address(scratch), address(inked), address(fits),
        )  # fmt: skip
        return fits

    def peaks(
        self, which: Sequence[int], patterns: Sequence[Pattern], empty: float, ranges: Sequence[tuple[int, int]]
    ) -> tuple[np.ndarray, np.ndarray]:
        """((n,) float32, (n,) int64): the greatest of the `fits` of each of `patterns`, 0 at least, and a column in which its upper left corner lies then: of the columns of these
        `ranges` alone, the first and how many they are."""
        library, (_, height, width) = compiled(), self.shape
        most, columns = np.empty(len(patterns), np.float32), np.empty(len(patterns), np.int64)
        if library is None:
            for number, (window, pattern, (first, count)) in enumerate(zip(which, patterns, ranges, strict=True)):
                (tall, wide, down, across), fit = pattern.sizes[:4], self._fit_in_numpy(window, pattern, empty)
                places = fit[down : height - tall + down + 1, across : width - wide + across + 1][
                    :, first : first + count
                ]
                most[number] = max(places.max(), 0)
                columns[number] = first + (places.argmax() % count if most[number] else 0)
            return most, columns
        told, limits = self._told(which, patterns), np.array(ranges, np.int64)
        (scratch, inked), fits = self._scratch(), np.empty((height, width), np.float32)
        library["name_peaks"](
            len(patterns), height, width, self._line, *(address(part) for part in told), empty,
            address(limits), address(scratch), address(inked), address(fits), address(most), address(columns),
        )  # fmt: skip
        return most, columns

    def _scratch(self) -> tuple[np.ndarray, np.ndarray]:
        """What is written over where patterns are correlated."""
        scratch = np.empty((self.shape[1] + 1) * (self.shape[2] + BLOCK_COLUMNS), np.int32)
        return scratch, np.empty(scratch.size, np.uint8)

    def _told(self, which: Sequence[int], patterns: Sequence[Pattern]) -> list[np.ndarray]:
        """What is told of these windows and patterns: where they lie, the patterns' sizes, and what their levels are multiplied by."""
        numbers = np.array(which, np.int64)
        places = [address(part) + numbers * part.strides[0] for part in (self._pairs, self._inked, self._sums)]
        return [
            *places,
            np.array([pattern.address for pattern in patterns], np.int64),
            np.array([pattern.sizes for pattern in patterns], np.int64),
            np.array([pattern.scale for pattern in patterns], np.float32),
        ]

    def _fit_in_numpy(self, window: int, pattern: Pattern, empty: float) -> np.ndarray:
        """As `fits`, of one pattern."""
        from scipy import fft

        (height, width), pixels, sums = pattern.levels.shape, pattern.levels.size, self._sums[window]
        spectrum = self._spectra[window] * _spectrum(pattern, self._fft_shape)
        # Rounded to the whole numbers that the products are.
        products = np.rint(fft.irfft2(spectrum, self._fft_shape)).astype(np.int32)
        strips = sums[:, height:] - sums[:, :-height]
        total, square = (strips[..., width:] - strips[..., :-width]).astype(np.float32)
        total *= total
        total /= pixels
        square -= total
        np.sqrt(np.maximum(square, pixels * empty**2, out=square), out=square)
        (rows, columns), (down, across) = square.shape, pattern.corner
        fits = np.zeros(self.shape[1:], np.float32)
        product = products[:rows, :columns].astype(np.float32) * np.float32(pattern.scale)
        np.divide(product, square, out=fits[down : down + rows, across : across + columns])
        return fits

    @cached_property
    def _fft_shape(self) -> tuple[int, ...]:
        from scipy import fft

        return tuple(fft.next_fast_len(side, real=True) for side in self.shape[1:])

    @cached_property
    def _spectra(self) -> np.ndarray:
        """(n, h, w) complex128."""
        from scipy import fft

        return np.asarray(fft.rfft2(self._windows.astype(np.float64), self._fft_shape, axes=(1, 2)))


@lru_cache(maxsize=200)
def _spectrum(pattern: Pattern, fft_shape: tuple[int, ...]) -> np.ndarray:
    """(h, w) complex128: the conjugate spectrum of a pattern, padded to a shape; the same ones are used for every arrangement."""
    from scipy import fft

    return np.conj(fft.rfft2(pattern.levels.astype(np.float64), fft_shape))


def _sums_in_numpy(windows: np.ndarray) -> np.ndarray:
    """(n, 2, h + 1, w + 1) int32: the sums of windows (n, h, w), and of their values' squares, above and left of each corner."""
    sums = np.zeros((len(windows), 2, *(side + 1 for side in windows.shape[1:])), np.int32)
    for power in (1, 2):
        np.cumsum((windows.astype(np.int32) ** power).cumsum(axis=1), axis=2, out=sums[:, power - 1, 1:, 1:])
    return sums


def mean_of_maxima(images: Sequence[np.ndarray], reach: int) -> np.ndarray:
    """(h, w) float32: the mean of images (h, w) float32 of each of which every pixel is the maximum within `reach` pixels of it, down and across."""
    library = compiled()
    if library is None:
        return _mean_of_maxima_in_numpy(images, reach)
    images = [np.ascontiguousarray(image, np.float32) for image in images]
    (height, width), places = images[0].shape, np.array([address(image) for image in images], np.intp)
    scratch, mean = np.empty((height + 1, width), np.float32), np.empty((height, width), np.float32)
    library["mean_of_maxima"](
        len(images), height, width, reach, address(places), address(scratch), address(mean)
    )  # fmt: skip
    return mean


def _mean_of_maxima_in_numpy(images: Sequence[np.ndarray], reach: int) -> np.ndarray:
    """As `mean_of_maxima`."""
    total = np.zeros(images[0].shape, np.float32)
    for number, image in enumerate(images):
        for _ in range(2):
            maximum = image.copy()
            for step in range(1, reach + 1):
                np.maximum(maximum[step:], image[:-step], out=maximum[step:])
                np.maximum(maximum[:-step], image[step:], out=maximum[:-step])
            image = maximum.T
        total = total + image if number else image
    return total / np.float32(len(images))
