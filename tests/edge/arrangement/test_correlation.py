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
    """(count, height, width) uint8: dark strokes, soft edges, bare paper in some and in parts of others."""
    drawn = rng.choice(np.array([0, 0, 12, 101, 255], np.uint8), (count, height, width))
    drawn[:, : rng.integers(0, height), rng.integers(0, width) :] = 0
    return drawn * rng.choice(np.array([0, 1, 1], np.uint8), (count, 1, 1))


def pattern(rng, height, width, corner=None):
    """A `Pattern` of mean 0 and norm 1, with a margin or without one, or nothing but a margin."""
    image = rng.normal(size=(height, width))
    top, left = rng.integers(0, height), rng.integers(0, width)
    image[:top] = image[:, :left] = image[0, 0]
    image -= image.mean()
    image /= np.sqrt((image**2).sum()) or 1.0
    return correlation.pattern_of(image, corner or (int(rng.integers(0, height)), int(rng.integers(0, width))))


@settings(max_examples=60)
@given(st.integers(1, 3), st.integers(4, 30), st.integers(4, 80), seeds)
def test_what_is_compiled_gives_the_bits_of_numpy(count, height, width, seed):
    if library.compiled() is None:
        pytest.skip("nothing has been compiled: there was no C compiler when the package was installed")
    rng = np.random.default_rng(seed)
    seen = correlation.Windows(windows(rng, count, height, width))
    np.testing.assert_array_equal(seen._sums, correlation._sums_in_numpy(seen._windows))
    which = rng.integers(0, count, 4).tolist()
    patterns = [pattern(rng, int(rng.integers(1, height + 1)), int(rng.integers(2, width + 1))) for _ in which]
    fits = seen.fits(which, patterns, EMPTY)
    for fit, number, own in zip(fits, which, patterns, strict=True):
        np.testing.assert_array_equal(fit, seen._fit_in_numpy(number, own, EMPTY))
    columns = [width - own.levels.shape[1] + 1 for own in patterns]
    firsts = [int(rng.integers(0, count)) for count in columns]
    ranges = [(first, int(rng.integers(1, count - first + 1))) for first, count in zip(firsts, columns, strict=True)]
    found = seen.peaks(which, patterns, EMPTY, ranges)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(correlation, "compiled", lambda: None)
        np.testing.assert_array_equal(found, seen.peaks(which, patterns, EMPTY, ranges))
    for reach in (0, 1, 2, 7):
        mean = correlation.mean_of_maxima(fits[:count], reach)
        np.testing.assert_array_equal(mean, correlation._mean_of_maxima_in_numpy(fits[:count], reach))


@pytest.mark.parametrize("size", [(1, 2), (5, 7), (17, 49), (60, 90)])
def test_patterns_are_as_fine_as_sums_allow(size):
    """Their rounding is less than that of floats; the sums of products with the darkest ink are whole numbers of 32 bits; of two equal steps too."""
    own = pattern(np.random.default_rng(1), *size)
    exact = own.levels.astype(np.int64)
    assert np.abs(exact).sum() * 255 < 2**31
    assert np.sqrt((exact**2).sum()) * own.scale == pytest.approx(1, abs=1e-4)
    assert own.scale <= 2**-13
    assert np.log2(own.scale) == round(np.log2(own.scale))
    differences = own.pairs[1:-1].reshape(len(own.pairs) - 2, -1) + exact[0, 0]
    top, left, tall, wide = own.sizes[4:8]
    np.testing.assert_array_equal(differences[:, :wide], exact[top : top + tall, left : left + wide])


def test_fits_are_correlations(built):
    """Against NumPy's coefficient at every place; nothing where the pattern reaches beyond the window, nor on paper."""
    rng = np.random.default_rng(3)
    seen = rng.integers(0, 256, (20, 26)).astype(np.uint8)
    seen[:, :8] = 0
    own = pattern(rng, 5, 7, (3, 1))
    places = np.lib.stride_tricks.sliding_window_view(seen, own.levels.shape)
    asked = correlation.Windows(seen[None])
    (fits,) = asked.fits([0], [own], EMPTY)
    ((most,), (column,)) = asked.peaks([0], [own], EMPTY, [(0, places.shape[1])])
    assert most == fits.max() and most in fits[:, column + 1]
    for row, column in np.ndindex(*places.shape[:2]):
        expected = 0.0 if column < 2 else np.corrcoef(places[row, column].ravel(), own.levels.ravel())[0, 1]
        assert fits[row + 3, column + 1] == pytest.approx(expected, abs=1e-4)
    inside = np.zeros(seen.shape, bool)
    inside[3 : 3 + places.shape[0], 1 : 1 + places.shape[1]] = True
    assert not fits[~inside].any()


@pytest.mark.parametrize("reach", [0, 1, 2, 5, 25])
def test_the_mean_of_maxima_nearby_is_that_of_scipy(reach, built):
    """As an independent implementation finds it, edges and all."""
    images = np.random.default_rng(reach).random((3, 19, 31)).astype(np.float32)
    near = [ndimage.maximum_filter(image, 2 * reach + 1) for image in images]
    assert np.array_equal(correlation.mean_of_maxima(images, reach), np.mean(near, axis=0))
    assert np.array_equal(correlation.mean_of_maxima(images[:1], reach), near[0])
