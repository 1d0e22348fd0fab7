"""Spectra of a picture's tiles, compiled and in NumPy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecg_edge.compiled import library
from ecg_edge.page import spectra


@settings(max_examples=40)
@given(st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_what_is_compiled_gives_the_bits_of_numpy(count, seed):
    """Heights of harmonics, of frequencies beyond those that count too: of one tile each, and of all in one."""
    if library.compiled() is None:
        pytest.skip("nothing has been compiled: there was no C compiler when the package was installed")
    rng = np.random.default_rng(seed)
    heights = rng.uniform(0, 6, (5, spectra.FFT_PX, spectra.FFT_PX // 2 + 1)).astype(np.float32)
    fx, fy = rng.choice([0.01, 0.1, 0.5], (2, count, 2, 3, 3)) * rng.uniform(-1, 1, (2, count, 2, 3, 3))
    harmonics = spectra.Harmonics(fx, fy)
    for tile in (3, rng.integers(0, 5, count)[:, None, None, None]):
        found = harmonics.scores(heights, tile)
        np.testing.assert_array_equal(found, harmonics._in_numpy(heights, tile))
        assert found.shape == fx.shape


@settings(max_examples=40)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(0, 2**32 - 1))
def test_what_is_compiled_normalises_to_the_bits_of_numpy(height, width, seed):
    """Pictures of noise and of one colour, of sides that three divides and does not."""
    if library.compiled() is None:
        pytest.skip("nothing has been compiled: there was no C compiler when the package was installed")
    rng = np.random.default_rng(seed)
    rgb = rng.integers(0, rng.choice([1, 30, 256]), (height, width, 3)).astype(np.uint8)
    for seen in (rgb, rgb.transpose(1, 0, 2)):
        found = spectra.normalised(seen)
        np.testing.assert_array_equal(found, spectra._normalised_in_numpy(seen))
        assert found.dtype == np.float32


@settings(max_examples=20)
@given(st.sampled_from([1e-3, 1.0, 1e4]), st.integers(0, 2**32 - 1))
def test_what_is_compiled_compares_amplitudes_as_numpy_does(scale, seed):
    if library.compiled() is None:
        pytest.skip("nothing has been compiled: there was no C compiler when the package was installed")
    rng = np.random.default_rng(seed)
    amplitude = (scale * rng.exponential(size=(spectra.FFT_PX, spectra.FFT_PX // 2 + 1))).astype(np.float32)
    spectrum = np.empty_like(amplitude)
    spectra._over_surroundings(amplitude, spectrum)
    np.testing.assert_array_equal(spectrum, spectra._over_surroundings_in_numpy(amplitude))
