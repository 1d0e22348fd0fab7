"""Otsu's threshold."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from skimage.filters import threshold_otsu

from ecg_edge.image import open_picture
from ecg_edge.layout import REPORT
from ecg_edge.preprocessing import filters, otsu
from ecg_edge.preprocessing.crops import crop


def by_definition(image):
    """Otsu's criterion in exact whole numbers, level by level: the first best."""
    counts = [int(count) for count in np.bincount(image.ravel(), minlength=256)]
    number, total = sum(counts), sum(level * count for level, count in enumerate(counts))
    best, chosen, dark, dark_sum = None, None, 0, 0
    for level, count in enumerate(counts):
        dark, dark_sum = dark + count, dark_sum + level * count
        bright = number - dark
        if dark and bright:
            # the variance between the classes, but for a factor that all levels share
            score = Fraction((dark_sum * bright - (total - dark_sum) * dark) ** 2, dark * bright)
            if best is None or score > best:
                best, chosen = score, level
    return chosen


@pytest.mark.slow
@settings(max_examples=200)
@given(arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=24), elements=st.integers(0, 255)))
def test_it_equals_scikit_image_on_random_images(image):
    """Any uint8 image of two levels or more has scikit-image's threshold, or one that is exactly as good."""
    if len(np.unique(image)) > 1:
        ours, theirs = otsu.threshold(image), int(threshold_otsu(image))
        assert np.array_equal(image <= ours, image <= theirs) or as_good(image, ours, theirs)


def as_good(image, one, other):
    """Whether two thresholds part the image equally well, in exact whole numbers."""
    scores = []
    for level in (one, other):
        dark, bright = image[image <= level].astype(object), image[image > level].astype(object)
        scores.append(((int(dark.sum()) * bright.size - int(bright.sum()) * dark.size) ** 2, dark.size * bright.size))
    return scores[0][0] * scores[1][1] == scores[1][0] * scores[0][1]


@pytest.mark.slow
@settings(max_examples=150)
@given(arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=6), elements=st.integers(0, 12)))
def test_it_equals_the_definition_in_whole_numbers(image):
    """Few levels, exact arithmetic: the level is the best of all, and its parts are those of the first best."""
    if len(np.unique(image)) > 1:
        ours, exact = otsu.threshold(image), by_definition(image)
        assert np.array_equal(image <= ours, image <= exact) or as_good(image, ours, exact)


def test_it_equals_scikit_image_on_real_leads(few_pages):
    """Thirteen leads of each page, blurred and rounded as the steps do."""
    for page in few_pages:
        gray = filters.to_gray(open_picture(page.path).image)
        for name, lead in crop(gray, REPORT).items():
            blurred = filters.blur(lead)
            assert otsu.threshold(blurred) == threshold_otsu(blurred), (page.path.name, name)


def test_where_it_differs_from_scikit_image_it_is_the_exact_one(few_pages):
    """scikit-image 0.26 sums 32-bit floats, which lose counts of large images (5 of 6383 leads): here exact arithmetic decides."""
    for page in few_pages:
        gray = filters.to_gray(open_picture(page.path).image)
        for lead in crop(gray, REPORT).values():
            for shift in (0, 9):
                blurred = filters.blur(lead[shift:, shift:])
                assert otsu.threshold(blurred) == by_definition(blurred)


@pytest.mark.parametrize("dark, bright", [(0, 255), (0, 1), (254, 255), (10, 200)])
def test_of_two_levels_the_lower_is_dark(dark, bright):
    """The threshold parts them, and it is the darker itself: pixels at it are dark."""
    image = np.full((8, 8), bright, np.uint8)
    image[0, 0] = dark
    assert otsu.threshold(image) == dark == threshold_otsu(image)


@pytest.mark.parametrize("level", [0, 1, 127, 255])
def test_a_single_level_is_its_own_threshold(level):
    """An even image has one level, and it is that."""
    assert otsu.threshold(np.full((3, 4), level, np.uint8)) == level


@settings(max_examples=100)
@given(arrays(np.uint8, (7, 9), elements=st.integers(0, 120)), st.integers(0, 130))
def test_a_brighter_image_has_a_threshold_brighter_by_as_much(image, shift):
    """Adding a level to every pixel parts them as before."""
    brighter = (image + np.uint8(shift)).astype(np.uint8)
    assert np.array_equal(image <= otsu.threshold(image), brighter <= otsu.threshold(brighter)) or as_good(
        image, otsu.threshold(image), otsu.threshold(brighter) - shift
    )


@pytest.mark.parametrize(
    "image", [np.zeros((4, 4)), np.zeros((4, 4), np.int8), np.zeros((4, 4), bool), np.zeros((4, 4), np.uint16)]
)
def test_only_uint8_is_taken(image):
    """Levels of other types would be counted wrongly."""
    with pytest.raises(ValueError) as caught:
        otsu.threshold(image)
    assert str(caught.value) == f"Otsu's threshold takes a uint8 image with pixels, not {image.dtype} of shape (4, 4)"


def test_an_empty_image_has_no_threshold():
    """Nothing to part."""
    with pytest.raises(ValueError, match=r"not uint8 of shape \(0, 5\)$"):
        otsu.threshold(np.zeros((0, 5), np.uint8))
