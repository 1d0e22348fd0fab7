"""The paper's eight steps."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image
from skimage.color import rgb2gray
from skimage.filters import gaussian, threshold_otsu
from skimage.transform import resize

from ecg_edge.image import open_picture
from ecg_edge.layout import REPORT
from ecg_edge.page.page import find_page
from ecg_edge.preprocessing import filters
from ecg_edge.preprocessing.crops import crop

images = arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, min_side=3, max_side=40), elements=st.integers(0, 255))


def gray_page(path):
    return find_page(open_picture(path).image).gray


def inputs_of(gray):
    """The thirteen model inputs of a page, as the reader makes them."""
    return [filters.to_model_input(filters.lead_steps(lead).ink) for lead in crop(gray, REPORT).values()]


@settings(max_examples=100)
@given(arrays(np.uint8, (5, 7, 3), elements=st.integers(0, 255)))
def test_gray_is_the_luma_of_itu_r_601_2(rgb):
    """Step 1 equals Pillow's "L", and its definition 0.299 R + 0.587 G + 0.114 B within rounding."""
    gray = filters.to_gray(Image.fromarray(rgb))
    assert gray.dtype == np.uint8
    assert np.array_equal(gray, np.asarray(Image.fromarray(rgb).convert("L")))
    assert np.abs(gray - rgb @ np.array([0.299, 0.587, 0.114])).max() <= 0.501


def test_the_crops_are_the_boxes_of_the_template(normal_page):
    """Step 2 cuts what Pillow's `crop` cuts, for all thirteen leads, in the printed order."""
    image = open_picture(normal_page).image.convert("L")
    crops = crop(np.asarray(image), REPORT)
    assert tuple(crops) == ("I", "aVR", "V1", "V4", "II", "aVL", "V2", "V5", "III", "aVF", "V3", "V6", "rhythm")
    for name, box in REPORT.leads:
        assert np.array_equal(crops[name], np.asarray(image.crop(box.corners)))


def test_a_page_of_another_size_is_not_cropped():
    """Boxes of another page would cut something else."""
    with pytest.raises(ValueError, match=r"^a page of 1572 x 2213 pixels is needed, not \(2213, 1572\)$"):
        crop(np.zeros((2213, 1572), np.uint8), REPORT)


@pytest.mark.slow
@settings(max_examples=150)
@given(images)
def test_the_blur_is_a_gaussian_of_one_pixel(image):
    """Step 3 equals scikit-image's filter (nearest edges, 4 σ) rounded to whole levels."""
    expected = gaussian(image.astype(np.float64), sigma=1, mode="nearest", truncate=4, preserve_range=True)
    blurred = filters.blur(image)
    assert blurred.dtype == np.uint8 and blurred.shape == image.shape
    assert np.abs(blurred - expected).max() <= 0.5001


def test_the_kernel_is_the_gaussian_itself():
    """A single bright pixel spreads as exp(−r²/2), summed up to one, and nothing farther than four pixels."""
    point = np.zeros((15, 15), np.uint8)
    point[7, 7] = 255
    line = np.exp(-(np.arange(-7, 8) ** 2) / 2.0)
    line[np.abs(np.arange(-7, 8)) > 4] = 0
    line /= line.sum()
    assert np.abs(filters.blur(point) - 255 * np.outer(line, line)).max() <= 0.5001


@pytest.mark.slow
@settings(max_examples=100)
@given(images)
def test_ink_is_255_where_the_blur_is_at_or_below_the_threshold(image):
    """Steps 4 to 6: unsigned bytes, ink 255 and paper 0, nothing between."""
    steps = filters.lead_steps(image)
    assert steps.ink.dtype == np.uint8
    assert np.array_equal(steps.ink == 255, steps.blurred <= steps.threshold)
    assert set(np.unique(steps.ink)) <= {0, 255}
    assert np.array_equal(steps.gray, image) and np.array_equal(steps.blurred, filters.blur(image))


def test_the_trace_is_ink_and_the_grid_is_not(normal_page):
    """On a real lead the dark line is 255; it is a few percent of the box."""
    for lead in crop(gray_page(normal_page), REPORT).values():
        steps = filters.lead_steps(lead)
        assert 0.005 < (steps.ink == 255).mean() < 0.3
        assert lead[steps.ink == 255].mean() < lead[steps.ink == 0].mean() - 80


def test_the_steps_leave_their_input_alone():
    """What is cropped is a view of the page: it is read only."""
    image = np.random.default_rng(0).integers(0, 256, (20, 30), dtype=np.uint8)
    before = image.copy()
    filters.to_model_input(filters.lead_steps(image).ink)
    assert np.array_equal(image, before)


def test_the_last_steps_give_an_l_picture_of_the_same_pixels():
    """Steps 7 and 8: mode "L", a PIL image, views too."""
    ink = np.where(np.random.default_rng(0).random((9, 14)) < 0.5, 255, 0).astype(np.uint8)
    for array in (ink, ink[::2, ::-1]):
        picture = filters.to_picture(array)
        assert (picture.mode, picture.size) == ("L", array.shape[::-1])
        assert np.array_equal(np.asarray(picture), array)


@settings(max_examples=50)
@given(st.integers(0, 2**32 - 1), st.integers(10, 400), st.integers(10, 400))
def test_the_model_input_is_pillows_bilinear_resize(seed, height, width):
    """150 × 150 uint8 of any crop; 255 stays 255 and 0 stays 0 where the crop is even."""
    ink = np.where(np.random.default_rng(seed).random((height, width)) < 0.1, 255, 0).astype(np.uint8)
    seen = filters.to_model_input(ink)
    assert seen.shape == (150, 150) and seen.dtype == np.uint8
    assert np.array_equal(seen, np.asarray(Image.fromarray(ink).resize((150, 150), Image.BILINEAR)))
    for level in (0, 255):
        assert (filters.to_model_input(np.full((height, width), level, np.uint8)) == level).all()


def test_the_model_input_keeps_the_share_of_ink(normal_page):
    """Pillow's bilinear filter widens with the reduction: no ink falls between. scikit-image's anti-aliased resize agrees."""
    for lead in crop(gray_page(normal_page), REPORT).values():
        ink = filters.lead_steps(lead).ink
        seen = filters.to_model_input(ink)
        assert abs(seen.mean() - ink.mean()) < 1.0
        theirs = resize(ink / 255.0, (150, 150), order=1, anti_aliasing=True) * 255
        assert np.corrcoef(seen.ravel(), theirs.ravel())[0, 1] > 0.97


@pytest.mark.slow
def test_binary_leads_agree_with_scikit_images_chain(sampled_pages):
    """rgb2gray, gaussian, threshold_otsu and `<` of scikit-image give the same ink but for a few pixels of its edge.

    Measured on all 491 pages (6383 leads, 1.09e9 pixels): 3.6e-5 of the pixels differ, that is 1.1 in 1000 of the ink; 379
    leads are identical; the worst lead differs in 5.0e-4 of its pixels and the largest count is 148; the thresholds are at
    most 1.8 levels apart. Luma weights (601 here, 709 there), two roundings to whole levels and bins of another width do it.
    """
    differing = pixels = 0
    for page in sampled_pages:
        image = open_picture(page.path).image
        theirs_gray = rgb2gray(np.asarray(image))
        for (name, box), lead in zip(REPORT.leads, crop(find_page(image).gray, REPORT).values(), strict=True):
            steps = filters.lead_steps(lead)
            blurred = gaussian(theirs_gray[box.slices], sigma=1)
            level = threshold_otsu(blurred)
            wrong = int(((blurred < level) != (steps.ink == 255)).sum())
            assert wrong <= 6e-4 * lead.size, (page.path.name, name)
            assert abs(255 * level - steps.threshold) < 2, (page.path.name, name)
            differing, pixels = differing + wrong, pixels + lead.size
    assert differing / pixels < (5e-5 if len(sampled_pages) > 4 else 1e-4)


def test_nothing_outside_the_lead_boxes_reaches_a_model(few_pages):
    """With every other pixel of the page drawn at random, all thirteen inputs stay as they are, bit for bit."""
    outside = np.ones((REPORT.height_px, REPORT.width_px), bool)
    for _, box in REPORT.leads:
        outside[box.slices] = False
    assert 0.3 < outside.mean() < 0.6
    for seed, page in enumerate(few_pages):
        gray = gray_page(page.path)
        noisy = np.where(outside, np.random.default_rng(seed).integers(0, 256, gray.shape, dtype=np.uint8), gray)
        assert (noisy != gray).mean() > 0.3
        assert all(np.array_equal(a, b) for a, b in zip(inputs_of(gray), inputs_of(noisy), strict=True))


def test_what_is_inside_a_box_reaches_its_lead_alone(normal_page):
    """A stroke drawn in one lead's box changes that lead's input and no other's."""
    gray = gray_page(normal_page)
    before = inputs_of(gray)
    for turn, (_, box) in enumerate(REPORT.leads):
        marked = gray.copy()
        marked[box.top + 20 : box.top + 30, box.left + 20 : box.left + 120] = 0
        changed = [not np.array_equal(a, b) for a, b in zip(before, inputs_of(marked), strict=True)]
        assert changed == [place == turn for place in range(13)]
