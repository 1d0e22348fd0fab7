"""Where the points of a sheet of paper come to lie in a picture: a bent sheet before a pinhole camera.

Points are (x, y) with the centres of pixels at whole numbers, so that a page of w × h pixels reaches from -0.5 to w - 0.5.
"""

from dataclasses import dataclass

import numpy as np

REACH_MM = 400.0
STEP_MM = 0.25
CREASE_MM = 0.4
"""How round the tip of a fold is."""


@dataclass(frozen=True)
class Bend:
    """One way in which a sheet leaves the table: its height is a function of the distance along `angle_deg` alone.

    `kind` is `lift` (an edge stands up), `arch`, `wave`, `ridge` or `valley` (the two folds); `at_mm` is where it begins or has
    its middle, from the sheet's centre, `reach_mm` how far it goes, `height_mm` how high.
    """

    kind: str
    angle_deg: float
    at_mm: float
    reach_mm: float
    height_mm: float


@dataclass(frozen=True)
class View:
    """A page on a sheet, and the camera before it.

    `tilt_deg` lies between the sheet's normal and the optical axis, about an axis at `azimuth_deg` in the sheet; `turn_deg` is the
    rotation in the picture; `distance` from the lens to the sheet's centre in widths of the page; `scale` px/mm at the centre;
    `origin_px` where the centre comes to lie.
    """

    page_px: tuple
    px_per_mm: float
    margin_mm: tuple
    tilt_deg: float = 0.0
    azimuth_deg: float = 0.0
    turn_deg: float = 0.0
    distance: float = 1.5
    scale: float = 1.0
    origin_px: tuple = (0.0, 0.0)
    bends: tuple = ()


def profile(bend):
    """(s, shift, height) in mm along a bend: where a point at s of the flat sheet goes to, along and up.

    The sheet keeps its length: s is the length of the arc, so that the shift is the integral of sqrt(1 - height'²) - 1.
    """
    s = np.arange(-REACH_MM, REACH_MM + STEP_MM, STEP_MM)
    t = (s - bend.at_mm) / bend.reach_mm
    if bend.kind == "lift":
        shape = np.maximum(t, 0.0) ** 2
    elif bend.kind == "arch":
        shape = np.cos(np.clip(t, -1.0, 1.0) * np.pi / 2) ** 2
    elif bend.kind == "wave":
        shape = 0.5 + 0.5 * np.sin(2 * np.pi * t)
    else:
        shape = np.exp(-np.sqrt(t**2 + (CREASE_MM / bend.reach_mm) ** 2))
        shape = shape if bend.kind == "ridge" else 1.0 - shape
    height = bend.height_mm * shape
    slope = np.clip(np.gradient(height, s), -0.9, 0.9)
    shift = np.cumsum(np.sqrt(1.0 - slope**2) - 1.0) * STEP_MM
    return s, shift - np.interp(0.0, s, shift), height


def along(bend, points_mm):
    """(n,) distances in mm along a bend of (n, 2) points of the sheet."""
    angle = np.deg2rad(bend.angle_deg)
    return points_mm @ (np.cos(angle), np.sin(angle))


def to_mm(view, points):
    """(n, 2) page pixels as mm from the sheet's centre."""
    middle = (np.array(view.page_px, float) - 1.0) / 2
    return (np.asarray(points, float) - middle) / view.px_per_mm


def bend_sheet(view, points_mm):
    """(n, 3) places in mm, the third up towards the camera, of (n, 2) points of the flat sheet in mm."""
    space = np.column_stack([points_mm, np.zeros(len(points_mm))])
    for bend in view.bends:
        s, shift, height = profile(bend)
        where, angle = along(bend, points_mm), np.deg2rad(bend.angle_deg)
        space[:, :2] += np.interp(where, s, shift)[:, None] * (np.cos(angle), np.sin(angle))
        space[:, 2] += np.interp(where, s, height)
    return space


def orientation(view):
    """(3, 3) rotation from the sheet's axes to the camera's."""
    tilt, azimuth, turn = np.deg2rad([view.tilt_deg, view.azimuth_deg, view.turn_deg])
    x, y, c = np.cos(azimuth), np.sin(azimuth), 1.0 - np.cos(tilt)
    tilted = np.array(
        [
            [np.cos(tilt) + x * x * c, x * y * c, y * np.sin(tilt)],
            [x * y * c, np.cos(tilt) + y * y * c, -x * np.sin(tilt)],
            [-y * np.sin(tilt), x * np.sin(tilt), np.cos(tilt)],
        ]
    )
    turned = np.array([[np.cos(turn), -np.sin(turn), 0.0], [np.sin(turn), np.cos(turn), 0.0], [0.0, 0.0, 1.0]])
    return turned @ tilted


def distance_mm(view):
    """From the lens to the sheet's centre."""
    return view.distance * view.page_px[0] / view.px_per_mm


def project(view, points):
    """(n, 2) picture pixels of (n, 2) page pixels, bends and all: the true warp."""
    seen = bend_sheet(view, to_mm(view, points)) @ orientation(view).T
    far = distance_mm(view)
    return view.scale * seen[:, :2] * (far / (far - seen[:, 2]))[:, None] + view.origin_px


def homography(view):
    """(3, 3) from page pixels to the picture pixels of the flat sheet, its last element 1."""
    rotation, far = orientation(view), distance_mm(view)
    x, y = view.origin_px
    lens = np.array([[view.scale * far, 0.0, -x], [0.0, view.scale * far, -y], [0.0, 0.0, -1.0]])
    matrix = lens @ np.column_stack([rotation[:, :2], np.zeros(3)]) + np.outer([x * far, y * far, far], [0.0, 0.0, 1.0])
    middle = (np.array(view.page_px, float) - 1.0) / 2
    matrix = matrix @ np.array([[1.0, 0.0, -middle[0]], [0.0, 1.0, -middle[1]], [0.0, 0.0, view.px_per_mm]])
    return matrix / matrix[2, 2]


def apply(matrix, points):
    """(n, 2) points through a (3, 3) homography."""
    points = np.asarray(points, float)
    through = points @ matrix[:, :2].T + matrix[:, 2]
    return through[:, :2] / through[:, 2:]


def unproject(view, points, rounds=8):
    """(n, 2) page pixels that are seen at (n, 2) picture pixels: the inverse of `project`, by fixed-point iteration."""
    flat = homography(view)
    inverse = np.linalg.inv(flat)
    page = apply(inverse, points)
    for _ in range(rounds if view.bends else 0):
        page = apply(inverse, points - (project(view, page) - apply(flat, page)))
    return page


def outline(view, steps=1):
    """(4 steps, 2) page pixels around the sheet, clockwise from the corner at the page's top left."""
    margin = np.array(view.margin_mm) * view.px_per_mm
    (left, top), (right, bottom) = -0.5 - margin, np.array(view.page_px) - 0.5 + margin
    return around((left, top, right, bottom), steps)


def around(box, steps=1):
    """(4 steps, 2) points along the sides of a box (left, top, right, bottom), clockwise from its top left."""
    left, top, right, bottom = box
    corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)], float)
    part = np.arange(steps)[:, None] / steps
    return np.concatenate([a + part * (b - a) for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True)])


def slopes(view, points_mm):
    """(n, 2) gradients of the sheet's height: what its shading is made of."""
    total = np.zeros((len(points_mm), 2))
    for bend in view.bends:
        s, _, height = profile(bend)
        angle = np.deg2rad(bend.angle_deg)
        total += np.interp(along(bend, points_mm), s, np.gradient(height, s))[:, None] * (np.cos(angle), np.sin(angle))
    return total
