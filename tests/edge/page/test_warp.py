"""Homographies, meshes and resampling."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ecg_edge.page.warp import Mesh, homography_of, mesh_of, project

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


def test_what_is_not_known_on_the_page_is_not_known_in_the_picture():
    """The gaps of a trace: such points are NaN, without a warning, and their neighbours where they are."""
    mesh = mesh_of(np.eye(3), (0, 0, 4, 3), 1.0, 10.0)
    found = mesh.to_picture([[5.0, 15.0], [np.nan, 15.0], [25.0, 5.0]])
    np.testing.assert_allclose(found, [[0.5, 1.5], [np.nan, np.nan], [2.5, 0.5]])


@given(st.integers(-40, 40), st.integers(-40, 40), st.floats(0, 1), st.floats(0, 1))
def test_nodes_stand_between_pixels_where_they_all_can(left, top, right_by, down_by):
    """Of a page of the picture's resolution: the edges of pixels are half a pixel from their middles, and no mesh is moved by more than half a pixel."""
    nodes = np.stack(np.meshgrid(np.arange(8), np.arange(6)), axis=-1) * 40.0 + (left + right_by, top + down_by)
    moved = Mesh(nodes, 40.0).between_pixels()
    np.testing.assert_allclose(np.abs(moved.nodes - np.rint(moved.nodes)), 0.5, atol=1e-9)
    assert np.abs(moved.nodes - nodes).max() <= 0.5 + 1e-9


def test_nodes_of_another_resolution_move_by_no_more_than_half_a_pixel():
    """They cannot all stand between pixels."""
    mesh = a_mesh(seed=3)
    assert np.abs(mesh.between_pixels().nodes - mesh.nodes).max() <= 0.5
