"""Correlation in windows: compiled, in NumPy, and as its definition says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from ecg_edge.arrangement import correlation
from ecg_edge.compiled import library

seeds = st.integers(0, 2**32 - 1)
EMPTY = 10.0


@pytest.fixture(params=["compiled", "in NumPy"])
def built(request, monkeypatch):
    """With what is compiled, and without."""
    if request.param == "in NumPy":
        monkeypatch.setattr(correlation, "compiled", lambda: None)
    elif library.compiled() is None:
        pytest.skip("nothing has been compiled: there was no C compiler when the package was installed")


def windows(rng, count, height, width):
    """(count, height, width) float32 in 0..255: dark strokes, soft edges, and empty paper in some."""
    drawn = rng.choice(np.array([0, 0, 12, 100.5, 255], np.float32), (count, height, width))
    return drawn * rng.choice([0, 0.1, 1], (count, 1, 1)).astype(np.float32)


@settings(max_examples=40)
@given(st.integers(1, 3), st.integers(4, 30), st.integers(4, 40), seeds)
def test_what_is_compiled_gives_the_bits_of_numpy(count, height, width, seed):
    if library.compiled() is None:
        pytest.skip("nothing has been compiled: there was no C compiler when the package was installed")
    rng = np.random.default_rng(seed)
    seen = windows(rng, count, height, width)
    sums = correlation.sums_of(seen)
    np.testing.assert_array_equal(sums, correlation._sums_in_numpy(seen))
    products = rng.normal(0, 300, (count, height + 2, width + 3)).astype(np.float32)
    sides = [(int(rng.integers(1, height + 1)), int(rng.integers(1, width + 1))) for _ in range(count)]
    sizes = np.array([(*size, *(rng.integers(0, side) for side in size)) for size in sides])
    fits, most = correlation.normalised(products, list(sums), sizes, EMPTY)
    for number, (tall, wide, down, across) in enumerate(sizes.tolist()):
        expected = correlation._normalised_in_numpy(products[number], sums[number], (tall, wide), (down, across), EMPTY)
        np.testing.assert_array_equal(fits[number], expected)
        assert most[number] == expected.max()
    fits = fits[-1]
    for reach in (0, 1, 2, 7):
        near = correlation.maximum_near(fits, reach)
        np.testing.assert_array_equal(near, correlation._maximum_in_numpy(fits, reach))


def test_fits_are_correlations(built):
    """Against NumPy's coefficient at every place; nothing where the pattern reaches beyond the window, nor on paper."""
    rng = np.random.default_rng(3)
    seen = np.rint(rng.uniform(0, 255, (20, 26))).astype(np.float32)
    seen[:, :8] = 0
    pattern = rng.normal(size=(5, 7)).astype(np.float32)
    pattern = (pattern - pattern.mean()) / np.sqrt(((pattern - pattern.mean()) ** 2).sum())
    places = np.lib.stride_tricks.sliding_window_view(seen, pattern.shape)
    product = (places * pattern).sum(axis=(2, 3)).astype(np.float32)
    sizes = np.array([(*pattern.shape, 3, 1)])
    ((fits,), (most,)) = correlation.normalised(product[None], list(correlation.sums_of(seen[None])), sizes, EMPTY)
    assert most == fits.max()
    for row, column in np.ndindex(*product.shape):
        expected = 0.0 if column < 2 else np.corrcoef(places[row, column].ravel(), pattern.ravel())[0, 1]
        assert fits[row + 3, column + 1] == pytest.approx(expected, abs=1e-4)
    inside = np.zeros(seen.shape, bool)
    inside[3 : 3 + product.shape[0], 1 : 1 + product.shape[1]] = True
    assert not fits[~inside].any()


@pytest.mark.parametrize("reach", [0, 1, 2, 5])
def test_the_maximum_nearby_is_that_of_scipy(reach, built):
    """As an independent implementation finds it, edges and all."""
    image = np.random.default_rng(reach).random((19, 31)).astype(np.float32)
    assert np.array_equal(correlation.maximum_near(image, reach), ndimage.maximum_filter(image, 2 * reach + 1))
