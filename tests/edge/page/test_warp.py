"""Homographies, meshes, resampling, and the straightening of what bends ruled paper."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ecg_edge.page import warp
from ecg_edge.page.spectra import normalised
from ecg_edge.page.warp import CELL_MM, CELL_PX, Mesh, homography_of, mesh_of, project, straighten

from ..papers import RED_GRID, ruled

SQUARE = np.array([[0, 0], [100, 0], [100, 80], [0, 80]], float)
SHIFTS = st.lists(st.tuples(st.floats(-15, 15), st.floats(-15, 15)), min_size=4, max_size=4).map(np.array)
"""By how much four corners are moved: the quadrilateral stays convex."""


def a_mesh(rows=6, columns=8, spacing_px=40.0, seed=0):
    """A mesh whose nodes lie about where they ought to, two pixels to the one."""
    nodes = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=-1) * 80.0 + 50
    return Mesh(nodes + np.random.default_rng(seed).normal(0, 5, nodes.shape), spacing_px)


def points_on(mesh, count=50, seed=1):
    """(count, 2) places on the flat page."""
    return np.random.default_rng(seed).uniform(0, 1, (count, 2)) * mesh.size


# Homographies


@given(SHIFTS)
def test_a_homography_takes_four_points_to_four_points(shifts):
    """And its inverse takes them back."""
    homography = homography_of(SQUARE, SQUARE + shifts)
    np.testing.assert_allclose(project(homography, SQUARE), SQUARE + shifts, atol=1e-8)
    np.testing.assert_allclose(project(np.linalg.inv(homography), SQUARE + shifts), SQUARE, atol=1e-8)


@given(SHIFTS, SHIFTS)
def test_one_homography_after_another_is_their_product(first, second):
    """Straight lines stay straight, whatever comes between."""
    a, b = homography_of(SQUARE, SQUARE + first), homography_of(SQUARE, SQUARE + second)
    points = np.array([[[10, 20], [50, 40]], [[90, 70], [30, 60]]], float)
    np.testing.assert_allclose(project(b @ a, points), project(b, project(a, points)), rtol=1e-6)
    ends, middle = project(a, points[0]), project(a, points[0].mean(axis=0))
    assert abs(np.linalg.det(np.stack([ends[1] - ends[0], middle - ends[0]]))) < 1e-6


# Meshes


@settings(max_examples=30)
@given(SHIFTS)
def test_a_mesh_lies_where_the_homography_says(shifts):
    """At its nodes to the digit, between them but for the bend of a cell."""
    homography = homography_of(SQUARE * 10, SQUARE / 5 + shifts / 50)
    mesh = mesh_of(homography, (1, 2, 18, 14), 1.0, 40.0)
    assert mesh.size == (17 * 40, 12 * 40)
    flat = points_on(mesh)
    np.testing.assert_allclose(project(homography, mesh.to_picture(flat)), flat / 40 + [1, 2], atol=5e-3)
    nodes = np.stack(np.meshgrid(np.arange(18), np.arange(13)), axis=-1).reshape(-1, 2)
    np.testing.assert_allclose(project(homography, mesh.to_picture(nodes * 40)), nodes + [1, 2], atol=1e-9)


def test_a_mesh_covers_at_least_its_box():
    """Where the box has no whole number of cells the mesh goes beyond, to the right and downward."""
    mesh = mesh_of(np.eye(3), (0, 0, 10.2, 5.0), 1.0, 8.0)
    assert mesh.size == (88, 40)
    assert mesh.to_picture([[88, 40]]).tolist() == [[11, 5]]


@given(st.integers(0, 2), st.integers(1, 3), st.integers(0, 4), st.integers(1, 3))
def test_a_part_of_a_mesh_lies_where_it_lay(top, height, left, width):
    """Its points are those of the whole, counted from its own corner."""
    mesh = a_mesh()
    part = mesh.part(slice(top, top + height), slice(left, left + width))
    assert part.size == (width * 40, height * 40)
    flat = points_on(part)
    np.testing.assert_allclose(part.to_picture(flat), mesh.to_picture(flat + [left * 40, top * 40]))


@pytest.mark.parametrize("turns", range(5))
def test_a_turned_mesh_is_the_mesh_of_the_turned_page(turns):
    """As `numpy.rot90` turns pictures: what is seen at a place moves with it."""
    mesh = a_mesh()
    width, height = mesh.size
    page = np.stack(np.meshgrid(np.arange(width + 1), np.arange(height + 1)), axis=-1)
    turned = np.rot90(page, turns)
    rows, columns = np.mgrid[0 : turned.shape[0] : 37, 0 : turned.shape[1] : 37]
    flat = np.stack([columns.ravel(), rows.ravel()], axis=1)
    origin = turned[rows.ravel(), columns.ravel()]
    np.testing.assert_allclose(mesh.turned(turns).to_picture(flat), mesh.to_picture(origin))


@given(st.floats(0.1, 3.0))
def test_a_scaled_mesh_is_the_mesh_in_the_resized_picture(factor):
    """Corners of pixels are multiplied, not their middles; and back again."""
    mesh = a_mesh()
    flat = points_on(mesh)
    np.testing.assert_allclose(mesh.scaled(factor).to_picture(flat) + 0.5, (mesh.to_picture(flat) + 0.5) * factor)
    np.testing.assert_allclose(mesh.scaled(factor).scaled(1 / factor).nodes, mesh.nodes)


def test_beyond_a_mesh_its_edge_cells_go_on():
    """Linearly: a shift stays a shift."""
    mesh = mesh_of(np.diag([0.5, 0.5, 1.0]), (0, 0, 4, 3), 1.0, 10.0)
    flat = np.array([[-15.0, -5.0], [55.0, 45.0], [20.0, -12.0]])
    np.testing.assert_allclose(mesh.to_picture(flat), flat / 5)


# Resampling


def waves(x, y):
    """A soft pattern that tells any place within a picture of 400 x 300 from its neighbours."""
    levels = [128 + 100 * np.sin(x / 31.0) * np.cos(y / 27.0), 0.6 * x, 0.8 * y]
    return np.stack(np.broadcast_arrays(*levels), axis=-1)


@pytest.fixture(scope="module")
def pattern():
    x, y = np.meshgrid(np.arange(400), np.arange(300))
    return Image.fromarray(np.clip(np.rint(waves(x, y)), 0, 255).astype(np.uint8))


@settings(max_examples=20)
@given(SHIFTS, st.sampled_from([0.5, 1.0, 2.0]))
def test_a_resampled_page_shows_what_lies_there(pattern, shifts, scale):
    """Pixel by pixel, the middle of each: a soft pattern comes back within its own roundness."""
    inside = SQUARE * 2.4 + 60 + shifts
    mesh = mesh_of(homography_of(inside, SQUARE / 10), (0, 0, 10, 8), 1.0, 24.0)
    flat = mesh.resample(pattern, scale)
    assert flat.size == (round(240 * scale), round(192 * scale))
    x, y = np.meshgrid(np.arange(flat.width), np.arange(flat.height))
    places = mesh.to_picture((np.stack([x.ravel(), y.ravel()], axis=1) + 0.5) / scale).T.reshape(2, *x.shape)
    assert np.abs(np.asarray(flat) - waves(*places)).max() < 4


def test_a_page_that_is_not_moved_is_the_picture(pattern):
    """To the pixel: the picture's pixels' corners lie on the page's."""
    mesh = mesh_of(np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]]), (0, 0, 400, 300), 20.0, 20.0)
    assert np.array_equal(np.asarray(mesh.resample(pattern)), np.asarray(pattern))


def test_beyond_the_picture_a_page_is_white(pattern):
    """As paper, not as a dark edge that something would see a line in."""
    mesh = mesh_of(np.eye(3), (-60, -40, 100, 80), 20.0, 20.0)
    flat = np.asarray(mesh.resample(pattern))
    assert (flat[:38] == 255).all() and (flat[:, :58] == 255).all()
    assert (flat[45:, 65:] < 255).any(axis=2).mean() > 0.99


@pytest.mark.parametrize("step", [2, 3, 7, 50])
def test_coarser_steps_show_the_same_of_a_flat_sheet(pattern, step):
    """Where a few cells are even their inner nodes say nothing new; the last cells may be fewer."""
    mesh = mesh_of(np.diag([0.7, 0.7, 1.0]), (0, 0, 240, 180), 20.0, 20.0)
    coarse, fine = (np.asarray(mesh.resample(pattern, step=n)).astype(int) for n in (step, 1))
    assert coarse.shape == fine.shape and np.abs(coarse - fine).max() <= 2


# Straightening


def bend(kind, size):
    """A function of (..., 2) pixels to the (..., 2) cells by which paper is displaced there."""

    def curl(x, y):
        return 0.5 * np.sin(np.pi * x), 0.4 * (x - 0.5) ** 2 - 0.3 * y * x

    def pillow(x, y):
        return 1.2 * (x - 0.5) * ((x - 0.5) ** 2 + (y - 0.5) ** 2), 1.2 * (y - 0.5) * ((x - 0.5) ** 2 + (y - 0.5) ** 2)

    def fold(x, y):
        return 0.25 * np.abs(x - 0.4), -0.3 * np.maximum(x - 0.4, 0) ** 2

    def wave(x, y):
        return 0.1 * np.sin(6 * y), 0.12 * np.sin(7 * x + 2 * y)

    def ripple(x, y):
        return 0.08 * np.sin(16 * x + 5 * y), 0.08 * np.sin(15 * y)

    shapes = {
        "none": lambda x, y: (0 * x, 0 * y),
        "curl": curl,
        "pillow": pillow,
        "fold": fold,
        "wave": wave,
        "ripple": ripple,
    }
    return lambda points: np.stack(shapes[kind](*np.moveaxis(points / size, -1, 0)), axis=-1)


BENDS = [
    pytest.param(kind, lines, id=f"{kind}, {what}")
    for kind in ("none", "curl", "pillow", "fold", "wave", "ripple")
    for what, lines in (("millimetres", RED_GRID), ("bold lines alone", RED_GRID[1:]))
    if (kind, what) not in (("curl", "bold lines alone"), ("ripple", "bold lines alone"))
]
STRONG_CURL = pytest.param("curl", RED_GRID[1:], id="curl, bold lines alone")


@pytest.mark.slow
@pytest.mark.parametrize("kind, lines", [*BENDS, STRONG_CURL])
def test_what_bends_the_paper_is_taken_out(kind, lines):
    """To 0.15 mm in the root of the mean square, a fold too, but for a shift and a turn of the whole."""
    size, px_per_mm = np.array([1200, 900]), 5.0
    per_px = 1 / (CELL_MM * px_per_mm)
    bent = bend(kind, size)
    picture = Image.fromarray(ruled(tuple(size), lambda points: points * per_px + bent(points), lines))
    start = mesh_of(np.diag([per_px, per_px, 1.0]), (2, 2, 46, 34), 1.0, 40.0)
    mesh, strength = straighten(picture, start, normalised)
    assert mesh.nodes.shape == start.nodes.shape and strength.shape == (32, 44)
    cells = mesh.nodes[1:-1, 1:-1] * per_px + bent(mesh.nodes[1:-1, 1:-1])
    ideal = np.stack(np.meshgrid(np.arange(43), np.arange(31)), axis=-1)
    off = (cells - ideal).reshape(-1, 2)
    assert np.sqrt(((off - off.mean(axis=0)) ** 2).sum(axis=1).mean()) * CELL_MM <= 0.15
    # The lines lie on the nodes, wherever counting began.
    assert np.abs(off.mean(axis=0) - np.rint(off.mean(axis=0))).max() * CELL_MM <= 0.3
    assert np.median(strength) > 0.8


def test_a_mesh_of_a_slightly_wrong_scale_is_put_right():
    """By three in a hundred, as far as the first estimate of the grid may be off."""
    size, px_per_mm = (1200, 900), 5.0
    per_px = 1 / (CELL_MM * px_per_mm)
    picture = Image.fromarray(ruled(size, lambda points: points * per_px))
    wrong = mesh_of(np.diag([per_px * 1.03, per_px * 0.98, 1.0]), (2, 2, 46, 34), 1.0, 40.0)
    mesh, _ = straighten(picture, wrong, normalised)
    steps = np.diff(mesh.nodes[..., 0], axis=1)[2:-2, 2:-2], np.diff(mesh.nodes[..., 1], axis=0)[2:-2, 2:-2]
    for step in steps:
        np.testing.assert_allclose(step * per_px, 1.0, atol=0.02)


RESAMPLED = "issue 24: at 5 px/mm resampling to 4 has a period of a millimetre, and its noise is coherent"


@pytest.mark.xfail(reason=RESAMPLED)
def test_the_grid_is_strong_where_it_is_seen():
    """Blank paper beside ruled paper: there strength falls to chance, and the mesh stays near."""
    size, px_per_mm = (1200, 900), 5.0
    per_px = 1 / (CELL_MM * px_per_mm)
    picture = ruled(size, lambda points: points * per_px)
    picture[:, 800:] = np.random.default_rng(4).normal(245, 3, (900, 400, 3)).astype(np.uint8)
    start = mesh_of(np.diag([per_px, per_px, 1.0]), (2, 2, 46, 34), 1.0, 40.0)
    mesh, strength = straighten(Image.fromarray(picture), start, normalised)
    assert np.quantile(strength[:, :26], 0.1) > 2 * np.quantile(strength[:, 34:], 0.9)
    assert np.abs(mesh.nodes - start.nodes)[:, :26].max() < 2 * CELL_PX / 4


@pytest.mark.xfail(reason=RESAMPLED)
def test_blank_paper_is_left_as_it_is():
    """Noise bends nothing by more than two cells: no pass may move more than half of one, and its smooth part is held back."""
    blank = np.random.default_rng(5).normal(245, 3, (900, 1200, 3)).astype(np.uint8)
    start = mesh_of(np.diag([0.04, 0.04, 1.0]), (2, 2, 46, 34), 1.0, 40.0)
    mesh, strength = straighten(Image.fromarray(blank), start, normalised)
    assert np.isfinite(mesh.nodes).all() and np.abs(mesh.nodes - start.nodes).max() < 50
    assert np.median(strength) < 0.3


def test_what_is_not_known_on_the_page_is_not_known_in_the_picture():
    """The gaps of a trace: such points are NaN, without a warning, and their neighbours where they are."""
    mesh = mesh_of(np.eye(3), (0, 0, 4, 3), 1.0, 10.0)
    found = mesh.to_picture([[5.0, 15.0], [np.nan, 15.0], [25.0, 5.0]])
    np.testing.assert_allclose(found, [[0.5, 1.5], [np.nan, np.nan], [2.5, 0.5]])


# The displacement


def surface_of_all_terms(smoothed, degree):
    """As `_surface`, by one array of all terms over all cells and one least-squares problem of all steps, as its definition says."""
    rows, columns = next(iter(smoothed.values()))[0].shape
    across = np.polynomial.chebyshev.chebvander(np.linspace(-1, 1, columns), degree)
    down = np.polynomial.chebyshev.chebvander(np.linspace(-1, 1, rows), degree)
    terms = [(i, j) for i in range(degree + 1) for j in range(degree + 1) if 0 < i + j <= degree]
    basis = np.array([down[:, [j]] * across[:, i] for i, j in terms])
    designs, targets, weights = [], [], []
    for wave, (smooth, coherence) in smoothed.items():
        sure = np.clip(coherence - warp.CHANCE, 0, 1)
        certainty = wave**2 * sure / (1 - 0.99 * sure)
        for axis in (0, 1):
            ahead, here = warp._neighbours(smooth, axis)
            targets.append((-np.angle(ahead * np.conj(here)) / (2 * np.pi * wave)).ravel())
            weights.append(np.minimum(*warp._neighbours(certainty, axis)).ravel())
            designs.append(np.diff(basis, axis=axis + 1).reshape(len(terms), -1))
    weights = np.concatenate(weights)
    weights, design, target = (
        weights / (weights.mean() + 1e-12),
        np.concatenate(designs, axis=1),
        np.concatenate(targets),
    )
    ridge = np.diag([1e-3 * (i + j) ** 4 for i, j in terms])
    return np.tensordot(
        np.linalg.solve((design * weights) @ design.T + ridge, design @ (weights * target)), basis, axes=1
    )


@settings(max_examples=20)
@given(st.integers(6, 16), st.integers(6, 16), st.sampled_from([1, 3, 6]), st.integers(0, 2**32 - 1))
def test_the_displacement_is_that_of_the_least_squares_over_all_cells(rows, columns, degree, seed):
    """Of any fields, to a millionth of a cell."""
    rng = np.random.default_rng(seed)
    smoothed = {}
    for wave in (1, 5):
        field = rng.normal(size=(rows, columns)) + 1j * rng.normal(size=(rows, columns))
        smoothed[wave] = field.astype(np.complex64), rng.uniform(0, 1, (rows, columns)).astype(np.float32)
    expected = surface_of_all_terms(smoothed, degree)
    np.testing.assert_allclose(warp._surface(smoothed, degree), expected, atol=1e-6 * max(1, np.ptp(expected)))
