"""The camera simulator: what it says of a picture is where things are in it, and its ranges are the table's."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from scipy import ndimage

from train import camera, scene_background, scene_frame, scene_hands, scene_light, scene_view
from train.severities import SEVERITIES, STILL

PX_PER_MM = 4.0
PAGE_PX = (1100, 780)
SMALL = {"page_width_px": (900, 1000), "megapixels": (0.3, 3.0)}
"""Small pictures, so that tests take little time; all else is the table's."""


@pytest.fixture(scope="module")
def dots():
    """(a page of black dots, their (n, 2) middles)."""
    page = Image.new("RGB", PAGE_PX, "white")
    draw = ImageDraw.Draw(page)
    middles = [(x, y) for x in range(100, 1001, 100) for y in range(100, 701, 100)]
    for x, y in middles:
        draw.ellipse([x - 6, y - 6, x + 6, y + 6], fill="black")
    return page, np.array(middles, float)


@pytest.fixture(scope="module")
def smooth_page():
    """A page without fine detail: what any good resampling leaves as it is."""
    y, x = np.mgrid[: PAGE_PX[1], : PAGE_PX[0]]
    waves = [140 + 60 * np.sin(x / a) * np.cos(y / b) for a, b in ((25, 31), (40, 22), (33, 33))]
    return Image.fromarray(np.rint(np.dstack(waves)).astype(np.uint8))


def seen_dots(photo, middles):
    """(found, true): middles of dots by weight of ink around where they ought to be, for dots that lie in the picture."""
    ink = 255.0 - photo.image[..., 1]
    reach = int(13 * photo.parameters["view"]["scale"] / PX_PER_MM)
    found, true = [], []
    for x, y in photo.warp(middles):
        column, row = round(x), round(y)
        box = ink[max(0, row - reach) : row + reach + 1, max(0, column - reach) : column + reach + 1]
        if box.shape == (2 * reach + 1,) * 2:
            dark = np.clip(box - 0.5 * (np.median(box) + box.max()), 0, None)
            down, right = ndimage.center_of_mass(dark)
            found.append((column + right - reach, row + down - reach))
            true.append((x, y))
    return np.array(found), np.array(true)


def even(severity):
    """The ranges of a severity in even light, nothing in the way: geometry, blur, noise and JPEG alone."""
    return replace(
        SEVERITIES[severity], **SMALL, gradient=(0, 0), shadow=("none",), glare=(0, 0), moire=(0, 0), covered=(0, 0)
    )


@pytest.mark.parametrize("severity", SEVERITIES)
@pytest.mark.parametrize("framing", scene_frame.KINDS)
def test_dots_are_seen_where_the_warp_says(dots, severity, framing):
    """Curl, folds and all, to a third of a pixel."""
    page, middles = dots
    photo = camera.photograph(page, even(severity), 11, px_per_mm=PX_PER_MM, framing=framing)
    found, true = seen_dots(photo, middles)
    assert len(found) > 40
    assert np.abs(found - true).max() < 0.34


def test_a_flat_sheet_is_seen_through_its_homography(dots):
    """Severity 1 bends nothing."""
    page, middles = dots
    photo = camera.photograph(page, even(1), 3, px_per_mm=PX_PER_MM)
    np.testing.assert_allclose(photo.warp(middles), scene_view.apply(photo.homography, middles), atol=1e-6)


def test_curl_moves_points_off_the_homography(dots):
    """Else severities 2 and 3 would not be harder."""
    page, middles = dots
    ranges = replace(even(3), tilt_deg=(30, 30), curl_mm=(8, 8))
    photo = camera.photograph(page, ranges, 3, px_per_mm=PX_PER_MM)
    moved = photo.warp(middles) - scene_view.apply(photo.homography, middles)
    assert np.abs(moved).max() > 3


def test_corners_are_the_sheets(monkeypatch):
    """Where the picture's background begins: a black page on white ground, found as the mask of what is dark."""
    ranges = replace(even(1), margin_mm=(0, 0), noise=(0, 0), blur_px=(0, 0), sharpen=(0, 0))
    monkeypatch.setattr(scene_background, "draw", lambda family, size, rng: Image.new("RGB", size, "white"))
    photo = camera.photograph(Image.new("RGB", PAGE_PX), ranges, 8, px_per_mm=PX_PER_MM, framing="lying")
    dark = photo.image.max(axis=2) < 90
    label, _ = ndimage.label(dark)
    middle = photo.corners.mean(axis=0)
    sheet = np.argwhere(label == label[round(middle[1]), round(middle[0])])[:, ::-1]
    for corner in photo.corners:
        assert np.hypot(*(sheet - corner).T).min() < 2
    (a, b), (c, d) = photo.corners[2] - photo.corners[0], photo.corners[3] - photo.corners[1]
    assert len(sheet) == pytest.approx(abs(a * d - b * c) / 2, rel=0.004)


def test_paper_around_the_page_belongs_to_the_sheet(dots):
    """Corners are those of the paper; the homography is that of the page."""
    ranges = replace(STILL, **SMALL, margin_mm=(8, 8), printed=True)
    for seed in range(3):
        photo = camera.photograph(dots[0], ranges, seed, px_per_mm=PX_PER_MM)
        margin = np.array(photo.parameters["view"]["margin_mm"]) * PX_PER_MM
        page = scene_view.apply(photo.homography, [(-0.5 - margin[0], -0.5 - margin[1])])
        np.testing.assert_allclose(photo.corners[0], page[0], atol=1e-6)


def test_nothing_happens_to_the_page_of_a_still(smooth_page):
    """All parameters zero: the picture is the page, scaled."""
    for width in (800, 1100, 1300):
        ranges = replace(STILL, page_width_px=(width, width), megapixels=(0.1, 3))
        photo = camera.photograph(
            smooth_page, ranges, 5, px_per_mm=PX_PER_MM, framing="filling", content=(50, 50, 1050, 730)
        )
        assert photo.homography[0, 0] == pytest.approx(width / PAGE_PX[0])
        rows, columns = np.mgrid[: photo.image.shape[0], : photo.image.shape[1]]
        places = np.column_stack([columns.ravel(), rows.ravel()])
        x, y = scene_view.apply(np.linalg.inv(photo.homography), places).T
        page = np.asarray(smooth_page, float)[..., 1]
        scaled = ndimage.map_coordinates(page, [y, x], order=3).reshape(rows.shape)
        change = np.abs(photo.image[..., 1] - scaled)
        assert change.mean() < 1.5  # JPEG of quality 95
        assert np.percentile(change, 99) < 5


@pytest.mark.parametrize("severity", SEVERITIES)
def test_the_same_arguments_give_the_same_bytes(dots, severity):
    """And another seed or part another picture."""
    ranges = replace(SEVERITIES[severity], **SMALL)
    one, again, other, part = (
        camera.photograph(dots[0], ranges, seed, px_per_mm=PX_PER_MM, part=part).jpeg
        for seed, part in ((7, "train"), (7, "train"), (8, "train"), (7, "test"))
    )
    assert one == again
    assert len({one, other, part}) == 3


def test_an_array_is_a_page_too(dots):
    """(H, W, 3) and (H, W) uint8 as well as a `PIL.Image`."""
    ranges = replace(SEVERITIES[1], **SMALL)
    picture = camera.photograph(dots[0], ranges, 1, px_per_mm=PX_PER_MM).jpeg
    assert camera.photograph(np.asarray(dots[0]), ranges, 1, px_per_mm=PX_PER_MM).jpeg == picture
    assert camera.photograph(np.asarray(dots[0].convert("L")), ranges, 1, px_per_mm=PX_PER_MM).jpeg == picture


TABLE = {
    1: ("tilt_deg", 10, "turn", 5, (2000, 3500), "gradient", 0.2, "blur_px", 0.7, "noise", 3, (85, 95), 0, 0, 0),
    2: ("tilt_deg", 20, "turn", 15, (1600, 3000), "gradient", 0.45, "blur_px", 1.3, "noise", 7, (70, 90), 0, 3, 1),
    3: ("tilt_deg", 35, "turn", 180, (1100, 2500), "gradient", 0.7, "blur_px", 2.5, "noise", 14, (60, 80), 6, 8, 3),
}
"""Issue 12's table, written a second time."""


@pytest.mark.parametrize("severity", SEVERITIES)
def test_what_is_drawn_is_within_the_table_and_fills_it(severity):
    """200 draws reach within a tenth of each range's ends, and never beyond."""
    _, tilt, _, turn, width, _, gradient, _, blur, _, noise, quality, motion, curl, folds = TABLE[severity]
    ranges, drawn = SEVERITIES[severity], []
    for seed in range(200):
        view, size, parameters = scene_frame.frame(
            (2213, 1572), ranges, 7.874, None, None, np.random.default_rng([0, seed, 0])
        )
        parameters |= camera.draw_parameters(ranges, "train", np.random.default_rng([0, seed, 1]))
        curls = [bend.height_mm for bend in view.bends if bend.kind in ("lift", "arch", "wave")]
        quarter = (view.turn_deg + 45) % 90 - 45 if severity == 2 else view.turn_deg
        drawn.append(
            {
                "tilt": view.tilt_deg,
                "turn": abs(quarter),
                "width": parameters["page_width_px"],
                "curl": sum(curls),
                "folds": len(view.bends) - len(curls),
                "megapixels": size[0] * size[1] / 1e6,
                **{name: parameters[name] for name in ("gradient", "blur_px", "noise", "quality", "motion_px")},
            }
        )
        assert scene_frame.page_width(view) == pytest.approx(parameters["page_width_px"])
    limits = {
        "tilt": (0, tilt),
        "turn": (0, turn),
        "width": width,
        "curl": (0, curl),
        "folds": (0, folds),
        "gradient": (0, gradient),
        "blur_px": (0, blur),
        "noise": (0, noise),
        "quality": quality,
        "motion_px": (0, motion),
    }
    for name, (low, high) in limits.items():
        values = [row[name] for row in drawn]
        assert low <= min(values) <= low + 0.1 * (high - low), name
        assert high - 0.1 * (high - low) <= max(values) <= high, name
    assert all(1 <= row["megapixels"] <= 12 for row in drawn)


def test_severity_2_is_turned_by_every_multiple_of_90_degrees():
    """Also upside down."""
    views = [
        scene_frame.frame((2213, 1572), SEVERITIES[2], 7.874, None, None, np.random.default_rng(seed))[0]
        for seed in range(60)
    ]
    assert {round(view.turn_deg / 90) % 4 for view in views} == {0, 1, 2, 3}


def test_the_sheet_lies_in_the_picture_or_its_leads_fill_it():
    """Lying: all corners inside. Filling: the content inside, and a corner of the sheet outside."""
    content = (66, 280, 2150, 1500)
    for seed in range(20):
        rng = np.random.default_rng(seed)
        view, size, _ = scene_frame.frame((2213, 1572), SEVERITIES[2], 7.874, "lying", content, rng)
        corners = scene_view.project(view, scene_view.outline(view))
        assert (corners > -1).all() and (corners < np.array(size)).all()
        view, size, _ = scene_frame.frame((2213, 1572), SEVERITIES[2], 7.874, "filling", content, rng)
        inside = scene_view.project(view, scene_view.around(content))
        assert (inside > -1).all() and (inside < np.array(size)).all()
        corners = scene_view.project(view, scene_view.outline(view))
        assert not ((corners > 0) & (corners < size)).all()


@pytest.mark.parametrize("severity", SEVERITIES)
@pytest.mark.parametrize("framing", scene_frame.KINDS)
def test_pages_of_any_shape_fit_a_picture(severity, framing):
    """Narrow rolls and squares alike: a picture of 1 to 12 megapixels is found."""
    for page_px in ((2400, 900), (2376, 2376), (1560, 2210)):
        for seed in range(10):
            rng = np.random.default_rng(seed)
            _, size, _ = scene_frame.frame(page_px, SEVERITIES[severity], 8.0, framing, None, rng)
            assert 1 <= size[0] * size[1] / 1e6 <= 12


views = st.builds(
    scene_view.View,
    page_px=st.just(PAGE_PX),
    px_per_mm=st.just(PX_PER_MM),
    margin_mm=st.just((0.0, 0.0)),
    tilt_deg=st.floats(0, 35),
    azimuth_deg=st.floats(0, 360),
    turn_deg=st.floats(-180, 180),
    distance=st.floats(1.1, 2),
    scale=st.floats(3, 12),
    origin_px=st.tuples(st.floats(0, 2000), st.floats(0, 2000)),
    bends=st.lists(
        st.builds(
            scene_view.Bend,
            st.sampled_from(("lift", "arch", "wave", "ridge", "valley")),
            st.floats(0, 360),
            st.floats(-60, 60),
            st.floats(60, 200),
            st.floats(0, 8),
        ),
        max_size=3,
    ).map(tuple),
)
points = st.lists(st.tuples(st.floats(0, PAGE_PX[0]), st.floats(0, PAGE_PX[1])), min_size=1, max_size=8).map(np.array)


@given(views, points)
@settings(max_examples=60)
def test_unproject_undoes_project(view, places):
    """To a hundredth of a page pixel, bends and all."""
    np.testing.assert_allclose(scene_view.unproject(view, scene_view.project(view, places), 30), places, atol=0.02)


@given(views, points)
@settings(max_examples=60)
def test_paper_bends_and_does_not_stretch(view, places):
    """A short piece of the sheet is as long in space as it is flat, for one bend; paper is not rubber."""
    view = replace(view, bends=view.bends[:1])
    for step in ((0.5, 0.0), (0.0, 0.5)):
        one, two = (scene_view.bend_sheet(view, scene_view.to_mm(view, places + k * np.array(step))) for k in (0, 1))
        np.testing.assert_allclose(np.linalg.norm(two - one, axis=1), 0.5 / PX_PER_MM, rtol=0.01)


@given(st.sampled_from(scene_hands.COVERS + scene_hands.SHADOWS), st.floats(0.001, 0.3), st.integers(0, 1000))
@settings(max_examples=40)
def test_nothing_covers_more_than_its_share(maker, share, seed):
    """Pushed in from any side, at any angle."""
    rng = np.random.default_rng(seed)
    sheet = np.zeros((60, 80), bool)
    sheet[10:50, 10:66] = True
    outline = scene_view.around((160, 160, 1056, 800), 12)
    entry = outline[rng.integers(len(outline))]
    inwards = outline.mean(axis=0) - entry
    direction = np.rad2deg(np.arctan2(inwards[1], inwards[0])) + rng.uniform(-40, 40)
    placed = scene_hands.reach_in(maker(rng), share, sheet, entry, direction, 896, (1280, 960), 16, 1.2)
    covered = np.asarray(scene_hands.mask(placed, (1280, 960), 16))[sheet] > 127
    assert covered.mean() <= share


@given(st.floats(0, 0.7), st.integers(0, 1000))
@settings(max_examples=30)
def test_the_lamp_takes_as_much_light_as_it_says(gradient, seed):
    """On the sheet the brightest place has all of it, the darkest lacks `gradient`."""
    y, x = np.mgrid[-80:80:20j, -120:120:30j]
    on_sheet = (abs(x) < 90) & (abs(y) < 60)
    light = scene_light.illumination(np.dstack([x, y]), on_sheet, gradient, np.random.default_rng(seed))
    assert light[on_sheet].max() == pytest.approx(1, abs=1e-5)
    assert light[on_sheet].min() == pytest.approx(1 - gradient, abs=1e-5)


def test_training_and_test_share_no_background():
    """Families apart, and each can be drawn."""
    assert not set(scene_background.FAMILIES["train"]) & set(scene_background.FAMILIES["test"])
    for family in scene_background.FAMILIES["train"] + scene_background.FAMILIES["test"]:
        picture = scene_background.draw(family, (320, 200), np.random.default_rng(4))
        assert picture.size == (320, 200)
        assert np.asarray(picture).std() > 0.5


def test_the_command_writes_a_picture_and_its_truth(normal_page, tmp_path, capsys):
    """python -m train.camera PAGE --severity 2 --seed 7 --out DIR"""
    assert camera.main([str(normal_page), "--severity", "2", "--seed", "7", "--out", str(tmp_path)]) == 0
    picture = tmp_path / f"{normal_page.stem}-s2-7.jpg"
    assert capsys.readouterr().out == f"{picture}\n"
    truth = json.loads(picture.with_suffix(".json").read_text())
    with Image.open(picture) as image:
        assert list(image.size) == truth["parameters"]["size"]
    assert np.shape(truth["homography"]) == (3, 3) and np.shape(truth["corners"]) == (4, 2)
