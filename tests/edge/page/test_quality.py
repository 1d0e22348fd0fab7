"""Numbers of a page's quality, and the limits beyond which it is refused."""

from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFilter

from ecg_edge.compiled import library
from ecg_edge.errors import PictureError, Reason
from ecg_edge.image import open_picture
from ecg_edge.layout import LEADS_12, Arrangement, Box, Place
from ecg_edge.page import quality
from ecg_edge.page.page import Page, find_page
from ecg_edge.trace.lead_traces import trace_page

SIZE = (1600, 1000)
NAMES = {
    "px_per_mm", "grid", "shade", "glare", "covered", "blur_px", "leads_lost", "lost_share", "limb_residual_mv",
    "augmented_residual_mv",
}  # fmt: skip


@dataclass(frozen=True)
class Taken:
    """What is asked of a flat page about its picture."""

    picture_px_per_mm: float = 6.0
    grid_score: float = 4.0


@dataclass(frozen=True)
class Traced:
    """Traces of which so much of each lead is lost."""

    lost: dict = field(default_factory=dict)
    limb_mv: float = 0.02
    augmented_mv: float = 0.03


ARRANGEMENT = Arrangement(
    "12x1",
    tuple(Place(name, name, Box(40, 80 + 70 * i, 1560, 150 + 70 * i), 115.0 + 70 * i, 0.0) for i, name in enumerate(LEADS_12)),
    (8.0, 8.0), 25.0, 10.0, 0.1, 0.9,
)  # fmt: skip


def sheet(paper=(215, 210, 200)):
    """A page of a photograph, drawn with rows of narrow waves on dull paper."""
    image = Image.new("RGB", SIZE, paper)
    draw = ImageDraw.Draw(image)
    for i in range(12):
        x = np.arange(40, 1560)
        y = 115 + 70 * i - 30 * np.exp(-(((x % 190) - 95) ** 2) / 20)
        draw.line(list(zip(x.tolist(), y.tolist(), strict=True)), fill=(25, 25, 30), width=3)
    return image


def measured(image, traces=None):
    return quality.measure(Page(image, (8.0, 8.0), flat=Taken(), found=ARRANGEMENT), traces)


def lost(count, share=1.0):
    """Traces of twelve leads, the first `count` of them lost."""
    return Traced({name: share if i < count else 0.0 for i, name in enumerate(LEADS_12)} | {"rhythm": 1.0})


# What is counted


@given(st.integers(0, 12))
def test_lost_leads_are_counted_among_the_twelve(count):
    """The rhythm strip is one of them once more; what is half there is read."""
    numbers = quality.measure(Page(None, None), lost(count))
    assert numbers["leads_lost"] == count and numbers["lost_share"] == pytest.approx(count / 12, abs=1e-4)
    half = quality.measure(Page(None, None), lost(count, quality.MAX_LOST_SHARE))
    assert half["leads_lost"] == 0


def test_states_are_read_or_lost_for_every_place():
    """The rhythm strip's too."""
    states = quality.states(lost(2))
    assert states == {name: "lost" if name in ("I", "II", "rhythm") else "read" for name in (*LEADS_12, "rhythm")}


def test_what_does_not_apply_is_none():
    """All numbers are named; of a report that is flat as it is the light is not measured, and without traces none is counted."""
    numbers = quality.measure(Page(sheet(), (8.0, 8.0)))
    assert set(numbers) == NAMES and set(numbers.values()) == {None}
    assert set(measured(sheet())) == NAMES


def test_numbers_fit_into_json():
    """A residual that is not a number is none at all; floats have four digits."""
    traces = Traced({}, limb_mv=float("nan"), augmented_mv=0.123456)
    numbers = quality.measure(Page(None, None), traces)
    assert (numbers["limb_residual_mv"], numbers["augmented_residual_mv"]) == (None, 0.1235)
    assert numbers["leads_lost"] == 0 and numbers["lost_share"] is None
    assert all(value is None or type(value) in (int, float) for value in measured(sheet(), lost(3)).values())


def test_real_traces_are_measured(few_pages):
    """Of report pages no lead is lost, and Einthoven's sums are small."""
    for known in few_pages[:2]:
        page = find_page(open_picture(known.path).image)
        traces = trace_page(page.ink, page.arrangement)
        numbers = quality.measure(page, traces)
        assert numbers["leads_lost"] == 0 and numbers["lost_share"] < 0.1
        assert numbers["limb_residual_mv"] < 0.1 and numbers["augmented_residual_mv"] < 0.1
        assert quality.find_problem(numbers) is None


# Light, focus and what covers the page


def test_a_good_page_breaks_no_limit():
    """Dull paper in even light."""
    numbers = measured(sheet(), lost(0))
    assert numbers["shade"] < 0.1 and numbers["glare"] == numbers["covered"] == 0
    assert (numbers["px_per_mm"], numbers["grid"]) == (6.0, 4.0)
    assert quality.find_problem(numbers) is None


@pytest.mark.parametrize("dark", [0.3, 0.6])
def test_a_shadow_is_shade_and_covers_nothing(dark):
    """Half of the page in it: shade says how dark it is, and paper in shadow is paper."""
    light = np.where(np.arange(SIZE[0]) < 800, 1.0, 1 - dark)[:, None]
    numbers = measured(Image.fromarray((np.asarray(sheet()) * light).astype(np.uint8)))
    assert numbers["shade"] == pytest.approx(dark, abs=0.05)
    assert numbers["covered"] == 0


@pytest.mark.parametrize("share", [0.05, 0.2, 0.4])
def test_glare_is_the_share_that_is_burnt_out(share):
    """Beyond a limit the page is refused for its light."""
    image = sheet()
    image.paste("white", (40, 0, 40 + round(1520 * share), 1000))
    numbers = measured(image)
    assert numbers["glare"] == pytest.approx(share, abs=0.02)
    assert (quality.find_problem(numbers) is Reason.BAD_LIGHT) == (share > 0.15)


def test_white_paper_in_a_scan_is_not_burnt_out():
    """Where all of it is white nothing is lost in it."""
    assert measured(sheet("white"))["glare"] == 0


def test_nearly_white_paper_is_not_burnt_out_where_it_is_white():
    """A scan whose paper is as bright as 248 in one part and white in another: nothing is hidden."""
    image = sheet((248, 246, 247))
    image.paste(sheet("white").crop((0, 0, 600, 1000)), (0, 0))
    assert measured(image)["glare"] == 0


def test_white_paper_with_a_pale_grid_is_not_burnt_out():
    """JPEG spreads the colour of its lines: little is pure white, and nothing is lost in that."""
    image = sheet("white")
    image.paste((255, 244, 244), (0, 0, 1200, 1000))
    assert measured(image)["glare"] == 0


@pytest.mark.parametrize("colour", [(190, 110, 90), (40, 60, 160), (5, 5, 5)])
@pytest.mark.parametrize("share", [0.06, 0.3])
def test_what_is_not_paper_covers_it(colour, share):
    """Skin, cloth and a black pen: by their colour, or by having none."""
    image = sheet()
    image.paste(colour, (400, 0, 400 + round(1520 * share), 1000))
    numbers = measured(image)
    assert numbers["covered"] == pytest.approx(share, abs=0.02)
    assert (quality.find_problem(numbers) is Reason.COVERED) == (share > 0.12)


def test_warm_light_covers_nothing():
    """Paper under a bulb is yellow all over."""
    assert measured(sheet((235, 200, 140)))["covered"] == 0


@pytest.mark.parametrize("sigma", [1.5, 2.5, 4.0])
def test_blur_is_told_in_pixels(sigma):
    """Within a third, of strokes three pixels wide; what is much blurred is refused."""
    numbers = measured(sheet().filter(ImageFilter.GaussianBlur(sigma)))
    assert numbers["blur_px"] == pytest.approx(sigma, rel=0.34)
    assert quality.find_problem(measured(sheet().filter(ImageFilter.GaussianBlur(9.0)))) is Reason.BLURRED


@pytest.mark.slow
def test_more_blur_is_more():
    """Step by step."""
    values = [measured(sheet().filter(ImageFilter.GaussianBlur(sigma)))["blur_px"] for sigma in (0, 1, 2, 3, 4, 6)]
    assert values == sorted(values) and len(set(values)) == len(values)


@pytest.mark.parametrize("size", [(3, 3), (40, 40), (79, 500)])
def test_light_on_tiny_pages_is_not_measured(size):
    """No number rather than a wrong one, and no error."""
    page = Page(Image.new("RGB", size, "white"), (8.0, 8.0), flat=Taken())
    numbers = quality.measure(page)
    assert (numbers["shade"], numbers["glare"], numbers["covered"]) == (None, None, None)


# Limits


@pytest.mark.parametrize("limit", quality.LIMITS, ids=lambda limit: limit.name)
def test_at_a_limit_a_page_is_read_and_beyond_it_is_refused(limit):
    """For the limit's own reason, in the reason's words or its own: no lead is called lost where leads contradict each other."""
    good = dict.fromkeys(NAMES)
    assert quality.find_problem(good | {limit.name: limit.most}) is None
    quality.check(good | {limit.name: limit.most})
    with pytest.raises(PictureError) as caught:
        quality.check(good | {limit.name: limit.most + 1e-6})
    assert caught.value.reason is limit.reason
    assert str(caught.value) == (quality.CONTRADICTION if "residual" in limit.name else limit.reason.sentence)


def test_limits_are_of_numbers_that_there_are():
    """Each once."""
    assert {limit.name for limit in quality.LIMITS} <= NAMES
    assert len({limit.name for limit in quality.LIMITS}) == len(quality.LIMITS)


def test_the_first_broken_limit_says_why():
    """Causes before their effects: whatever else is broken too."""
    good = dict.fromkeys(NAMES)
    for first, second in combinations(quality.LIMITS, 2):
        assert quality.find_problem(good | {limit.name: limit.most + 1 for limit in (second, first)}) is first.reason


@given(st.integers(1, 20), st.integers(1, 30), st.sampled_from([1, 20, 256]), st.integers(0, 2**32 - 1))
def test_what_is_compiled_counts_levels_and_steps_as_numpy_does(height, width, levels, seed):
    """Of a part of an image, too, and of one of a single row."""
    if library.compiled() is None:
        pytest.skip("nothing has been compiled: there was no C compiler when the package was installed")
    gray = np.random.default_rng(seed).integers(0, levels, (height + 2, width + 3)).astype(np.uint8)
    for seen in (gray, gray[1:, 2:-1], gray[1:2], gray[2:].T):
        for found, expected in zip(quality._levels_and_steps(seen), levels_and_steps(seen), strict=True):
            np.testing.assert_array_equal(found, expected)


def levels_and_steps(gray):
    """By counting."""
    steps = np.abs(gray[2:].astype(int) - gray[:-2])
    return np.bincount(gray.ravel(), minlength=256), np.bincount(steps.ravel(), minlength=256)


def test_leads_that_were_misread_are_said_to_be_so():
    """Where they are most of those that are lost: a sharper picture would not help."""
    numbers = dict.fromkeys((limit.name for limit in quality.LIMITS), None) | {quality.LEADS_LOST: 5}
    for misread, sentence in (
        ((), Reason.LEADS_LOST.sentence),
        (("V1", "V2", "rhythm"), Reason.LEADS_LOST.sentence),
        (("V1", "V2", "V3"), quality.RUN_TOGETHER),
    ):
        with pytest.raises(PictureError) as refused:
            quality.check(numbers, misread)
        assert refused.value.reason is Reason.LEADS_LOST and str(refused.value) == sentence
    quality.check(numbers | {quality.LEADS_LOST: 4}, ("V1", "V2", "V3", "V4"))
