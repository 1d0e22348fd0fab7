"""Spectra of a picture's tiles, in which the lines of ruled paper are peaks, and the heights of these peaks."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from ..compiled.library import address, compiled
from .pixels import enlarged, weights_of

TILE_PX = 160
STEP_PX = 110
FFT_PX = 256
HARMONICS = np.arange(1, 6)
MAX_FREQUENCY = 0.45
"""Cycles per pixel up to which harmonics are used."""
MEAN_REDUCE = 3
"""No divisor of the draft's cells: the pattern that reduction leaves is no harmonic of theirs."""
MEAN_PX, SPREAD_PX = 41, 81
"""Sides of the squares over which light and contrast are averaged."""
LEAST_SPREAD, MOST_SPREADS = 0.5, 2.0
"""What is added to the contrast, in levels, and how many times it a line's depth counts at most."""
AROUND_PX, LEAST_AMPLITUDE = 25, 1e-3
"""Over so many frequencies each way a peak's surroundings are averaged, and what is added to that mean."""
CLEAREST = 6.0
"""Peaks count up to so many times their surroundings: one strong stroke does not outweigh the grid."""
BEYOND_SHARE = 0.02
"""The share of a peak's height beyond that which counts: its maximum stays where it is."""


def normalised(rgb: np.ndarray) -> np.ndarray:
    """(H, W) float32 in -2..2 of a (H, W, 3) uint8 picture: dark lines negative, light and contrast locally normalised."""
    from scipy import ndimage

    library = compiled()
    if library is None:
        return _normalised_in_numpy(rgb)
    height, width = rgb.shape[:2]
    gray = _darkest(rgb)
    small = np.empty((-(-height // MEAN_REDUCE), -(-width // MEAN_REDUCE)), np.float32)
    (columns, across), (rows, down) = weights_of(small.shape[1], width), weights_of(small.shape[0], height)
    scratch = np.empty(3 * width, np.float32)
    for side, divided in ((MEAN_PX, False), (SPREAD_PX, True)):
        library["square_means"](height, width, MEAN_REDUCE, divided, address(gray), address(small))
        around = ndimage.uniform_filter(small, round(side / MEAN_REDUCE))
        library["against_enlarged"](
            height, width, small.shape[1], *map(address, (around, columns, across, rows, down)),
            divided, LEAST_SPREAD, MOST_SPREADS, address(scratch), address(gray),
        )  # fmt: skip
    return gray


def _normalised_in_numpy(rgb: np.ndarray) -> np.ndarray:
    """As `normalised`."""
    gray = _darkest(rgb)
    gray -= _mean_around(_reduced(gray), MEAN_PX, gray.shape)
    spread = _reduced(np.abs(gray))  # the absolute values are freed before the next array of that size
    gray /= _mean_around(spread, SPREAD_PX, gray.shape) + np.float32(LEAST_SPREAD)
    return np.clip(gray, -MOST_SPREADS, MOST_SPREADS, out=gray)


def _darkest(rgb: np.ndarray) -> np.ndarray:
    """(H, W) float32: the darkest channel of each pixel of a (H, W, 3) picture."""
    least = np.minimum(rgb[..., 0], rgb[..., 1])
    return np.minimum(least, rgb[..., 2], out=least).astype(np.float32, order="C")


def _reduced(values: np.ndarray) -> np.ndarray:
    """The means of (H, W) float32 values over squares of `MEAN_REDUCE` pixels."""
    from PIL import Image

    return np.asarray(Image.fromarray(values).reduce(MEAN_REDUCE))


def _mean_around(small: np.ndarray, side: int, shape: tuple[int, ...]) -> np.ndarray:
    """(H, W) float32 means over about `side` by `side` pixels of an image given `_reduced`."""
    from scipy import ndimage

    return enlarged(ndimage.uniform_filter(small, round(side / MEAN_REDUCE)), shape)


def spectra_of(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(centres (N, 2), spectra (N, F, F / 2 + 1) float32): each tile's amplitudes over their surroundings; rows are frequencies down,
    zero in the middle, columns those across, from zero."""
    from scipy import fft

    tile = min(TILE_PX, *values.shape)
    rows, columns = (
        np.unique(np.linspace(0, side - tile, max(1, round((side - tile) / STEP_PX) + 1)).astype(int))
        for side in values.shape
    )
    window = (np.hanning(tile)[:, None] * np.hanning(tile)).astype(np.float32)
    corners = [(top, left) for top in rows for left in columns]
    spectra = np.empty((len(corners), FFT_PX, FFT_PX // 2 + 1), np.float32)
    for spectrum, (top, left) in zip(spectra, corners, strict=True):
        piece = values[top : top + tile, left : left + tile]
        # The rows that are added are zero, and so is their transform.
        across = fft.rfft((piece - piece.mean()) * window, FFT_PX, axis=1)
        _over_surroundings(np.abs(fft.fft(across, FFT_PX, axis=0, overwrite_x=True)), spectrum)
    return np.array(corners)[:, ::-1] + tile / 2, spectra


def _over_surroundings(amplitude: np.ndarray, spectrum: np.ndarray) -> None:
    """Write into a (F, F / 2 + 1) float32 `spectrum` how high a transform's amplitudes, whose first row is zero, stand over those around them."""
    library = compiled()
    if library is None:
        spectrum[:] = _over_surroundings_in_numpy(amplitude)
        return
    amplitude, scratch = np.ascontiguousarray(amplitude), np.empty(amplitude.shape, np.float32)
    library["over_surroundings"](
        *amplitude.shape, AROUND_PX, address(amplitude), LEAST_AMPLITUDE, CLEAREST, BEYOND_SHARE, address(scratch), address(spectrum)
    )  # fmt: skip


def _over_surroundings_in_numpy(amplitude: np.ndarray) -> np.ndarray:
    """As `_over_surroundings`."""
    from scipy import ndimage

    amplitude = np.fft.fftshift(amplitude, axes=0)
    around = ndimage.uniform_filter(amplitude, AROUND_PX, mode=("wrap", "reflect"))
    height = amplitude / (around + LEAST_AMPLITUDE)
    return np.asarray(np.minimum(height, CLEAREST) + BEYOND_SHARE * np.maximum(height - CLEAREST, 0))


class Harmonics:
    """The harmonics of frequencies (fx, fy) in cycles per pixel, arrays of one shape, as places in spectra."""

    def __init__(self, fx: np.ndarray, fy: np.ndarray) -> None:
        self._frequencies = np.array([fx, fy], float)

    def scores(self, spectra: np.ndarray, tile: np.ndarray | int) -> np.ndarray:
        """Their mean height in the spectra of `tile`, by bilinear interpolation: of one for all frequencies, or of one (N, …) for each of the first axis."""
        library = compiled()
        if library is None:
            return self._in_numpy(spectra, tile)
        if isinstance(tile, int):
            each, places, shares = self._inside
            heights = np.empty(self._frequencies.shape[1:])
            library["heights_at"](
                heights.size, *map(address, (each, places, shares)), spectra.shape[2], address(spectra[tile]), address(heights)
            )  # fmt: skip
            return heights
        tiles, heights = np.asarray(tile, np.int64).ravel(), np.empty(self._frequencies.shape[1:])
        library["harmonic_heights"](
            heights.size, heights.size // tiles.size, HARMONICS.size, FFT_PX, MAX_FREQUENCY,
            *map(address, self._frequencies), address(tiles), address(spectra), address(heights),
        )  # fmt: skip
        return heights

    def _in_numpy(self, spectra: np.ndarray, tile: np.ndarray | int) -> np.ndarray:
        """As `scores`."""
        left, top, right_share, below_share, inside = self._places
        above = spectra[tile, top, left] * (1 - right_share) + spectra[tile, top, left + 1] * right_share
        below = spectra[tile, top + 1, left] * (1 - right_share) + spectra[tile, top + 1, left + 1] * right_share
        heights = above * (1 - below_share) + below * below_share
        return np.asarray((heights * inside).sum(axis=0) / np.maximum(inside.sum(axis=0), 1))

    @cached_property
    def _inside(self) -> tuple[np.ndarray, ...]:
        """(how many harmonics of each frequency count, the places of all these, frequency after frequency, in a spectrum, and their two shares)."""
        left, top, right_share, below_share, inside = (np.moveaxis(each, 0, -1) for each in self._places)
        places = (top * (FFT_PX // 2 + 1) + left)[inside].astype(np.int32)
        each = inside.sum(axis=-1, dtype=np.int32)
        return each, places, np.stack([right_share[inside], below_share[inside]], axis=-1)

    @cached_property
    def _places(self) -> tuple[np.ndarray, ...]:
        """(left, top, share of the column to the right, of the row below, whether its frequency counts) of each harmonic of each frequency."""
        fx, fy = self._frequencies[:, None] * HARMONICS.reshape(-1, *[1] * (self._frequencies.ndim - 1))
        inside = np.maximum(np.abs(fx), np.abs(fy)) < MAX_FREQUENCY
        fx, fy = np.where(inside, fx, 0), np.where(inside, fy, 0)
        # The amplitudes of a real picture's spectrum are symmetric: the half with fx >= 0 is kept.
        side = np.where(fx < 0, -1.0, 1.0)
        column, row = fx * side * FFT_PX, fy * side * FFT_PX + FFT_PX // 2
        left, top = column.astype(int), np.floor(row).astype(int)
        right_share, below_share = column - left, row - top
        return np.clip(left, 0, FFT_PX // 2 - 1), np.clip(top, 0, FFT_PX - 2), right_share, below_share, inside
