"""The sheet of paper in a picture: its sides beyond a grid, or its outline where no grid is found."""

from __future__ import annotations

import numpy as np

from ..compiled.library import address, compiled

Side = tuple[float, float]
"""(offset, slope) of a line x = offset + slope * y, or y = offset + slope * x, in pixels of a draft."""
Sides = dict[str, Side | None]
"""The lines at "left", "top", "right" and "bottom", None where the sheet's end is not seen."""

DRAFT_PX_PER_MM = 1
WINDOW_MM = 3.0
"""The width that is compared on both sides of a line: thin rules and frames are narrower."""
CLOSED_PX = 4
BEYOND = (0.6, 2.5, 4.5, 7.0)
"""Where what lies beyond a side is sampled, in windows."""
CERTAIN = 2.5
"""Up to there it has to be in the picture: close to the picture's end, shade alone may look like a side."""
MIN_STEP = 14.0
"""Levels between paper and table, in the clearest channel, in the middle of a side's length."""
INSET_PX = 1
"""The rim of the sheet, with its shadow, counts as beyond it."""
CLEAR_SHARE = 0.6
"""A nearer line with this share of the clearest one's contrast is taken for the side."""
MIN_SEEN = 0.5
SLOPES = np.linspace(-0.03, 0.03, 7)
AS_LIGHT = 4.0
"""Levels by which what lies beyond a side may be darker than what lies within and still be as light."""

OUTLINE_PX = 480
MIN_AREA = 0.08
MIN_SQUARENESS = 0.88
CUT_SIDES, AT_BORDER_PX = 3, 1
"""Where so many sides of a bright region are the picture's own, to so many pixels, it is no sheet that is seen at a slant: the fourth is the edge of a panel."""


def find_sides(draft: np.ndarray, seen: np.ndarray, box: np.ndarray | tuple[float, float, float, float]) -> Sides:
    """Where the sheet ends, in a flat draft of it and of its surroundings.

    Parameters
    ----------
    draft : (H, W, 3) uint8, at `DRAFT_PX_PER_MM`
    seen : (H, W) bool, true where the draft shows the picture
    box : (left, top, right, bottom) pixels of a part that is certainly on the sheet

    Returns
    -------
    The lines of its four sides.
    """
    from scipy import ndimage

    left, top, right, bottom = box
    # Closing removes what is written on the paper: it is narrow and dark.
    across = ndimage.grey_closing(draft, (CLOSED_PX, CLOSED_PX, 1)).astype(np.float32)
    across_seen = seen
    down, down_seen = across.transpose(1, 0, 2), seen.T
    return {
        "left": _side(across, across_seen, left, (top, bottom), -1),
        "right": _side(across, across_seen, right, (top, bottom), 1),
        "top": _side(down, down_seen, top, (left, right), -1),
        "bottom": _side(down, down_seen, bottom, (left, right), 1),
    }


def _side(values: np.ndarray, seen: np.ndarray, start: float, span: tuple[float, float], direction: int) -> Side | None:
    """The first upright line from column `start` in a direction (1 right, -1 left) that has paper within and something else beyond."""
    from scipy import ndimage

    height, width = seen.shape
    window = round(WINDOW_MM * DRAFT_PX_PER_MM)
    rows = np.arange(max(int(span[0]), 0), min(int(span[1]), height))[::4]
    if not rows.size:
        return None
    values, seen = values[rows], seen[rows]
    mean = ndimage.uniform_filter1d(values, window, axis=1)
    whole = ndimage.minimum_filter1d(seen.astype(np.uint8), window, axis=1)
    offsets = np.arange(float(start), width if direction > 0 else 0, direction)
    if not offsets.size:
        return None
    responses = []
    for slope in SLOPES:
        middle, share = _steps(mean, whole, offsets, slope * (rows - rows.mean()), direction)
        # Of slopes that fit alike, the one along the grid is preferred.
        responses.append(np.where(share >= MIN_SEEN, np.nan_to_num(middle) * (1 - abs(slope)), 0.0))
    response = np.array(responses)
    clearest = response.max(axis=0)
    if clearest.max() < MIN_STEP:
        return None
    strong = np.flatnonzero(clearest >= max(MIN_STEP, CLEAR_SHARE * clearest.max()))
    # The first strong place begins a ridge one window wide: the side is at its maximum.
    ridge = slice(strong[0], strong[0] + 2 * window)
    place = ridge.start + int(clearest[ridge].argmax())
    slope = SLOPES[int(response[:, place].argmax())]
    found = float(offsets[place])
    return found - slope * rows.mean(), float(slope)


def _steps(
    mean: np.ndarray, whole: np.ndarray, offsets: np.ndarray, falls: np.ndarray, direction: int
) -> tuple[np.ndarray, np.ndarray]:
    """((n,) levels between paper and what is beyond a line, in the clearest channel, the median over rows, (n,) the share of rows that are known).

    Of lines at `offsets` (n,), farther by `falls` (R,) in each row of a draft: `mean` (R, W, 3) are its colours, and `whole` (R, W) says where they are
    known. Where fewer rows than `MIN_SEEN` are known a step may be not a number.
    """
    library = compiled()
    if library is None:
        return _steps_in_numpy(mean, whole, offsets, falls, direction)
    window = round(WINDOW_MM * DRAFT_PX_PER_MM)
    mean, whole = np.ascontiguousarray(mean), np.ascontiguousarray(whole)
    outer = np.array([direction * round(beyond * window) for beyond in BEYOND])
    scratch, steps, known = (
        np.empty(3 * falls.size, np.float32),
        np.empty(offsets.size, np.float32),
        np.empty(offsets.size, np.int64),
    )
    library["side_steps"](
        *whole.shape, address(mean), address(whole), offsets.size, address(offsets), address(falls), -direction * (window // 2 + 1),
        outer.size, sum(beyond <= CERTAIN for beyond in BEYOND), address(outer), MIN_SEEN * falls.size,
        address(scratch), address(steps), address(known),
    )  # fmt: skip
    return steps, known / falls.size


def _steps_in_numpy(
    mean: np.ndarray, whole: np.ndarray, offsets: np.ndarray, falls: np.ndarray, direction: int
) -> tuple[np.ndarray, np.ndarray]:
    """As `_steps`."""
    window = round(WINDOW_MM * DRAFT_PX_PER_MM)
    columns = np.rint(offsets[:, None] + falls).astype(int)
    inner, inner_there = _sampled(mean, whole, columns - direction * (window // 2 + 1))
    outer, there = _sampled(mean, whole, columns + direction * round(BEYOND[0] * window))
    step, valid = inner - outer, inner_there & there
    for beyond in BEYOND[1:]:
        outer, there = _sampled(mean, whole, columns + direction * round(beyond * window))
        rise = inner - outer
        # Rules and frames are over after a window; what lies beyond a sheet goes on.
        least = np.where(rise * step > 0, np.sign(step) * np.minimum(np.abs(rise), np.abs(step)), 0.0)
        step = np.where(there, least, step)
        if beyond <= CERTAIN:
            valid &= there
    with np.errstate(all="ignore"):
        return np.abs(_median(np.where(valid, step, np.nan))).max(axis=0), valid.mean(axis=1)


def _sampled(mean: np.ndarray, whole: np.ndarray, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """((channels, offsets, rows) values, (offsets, rows) whether they are in the picture) at the columns (offsets, rows)."""
    line = np.arange(columns.shape[1])
    inside = np.clip(columns, 0, mean.shape[1] - 1)
    there = (columns == inside) & (whole[line, inside] > 0)
    return mean[line, inside].transpose(2, 0, 1), there


def _median(values: np.ndarray) -> np.ndarray:
    """The median along the last axis, NaN left out; NaN where there is nothing."""
    count = np.isfinite(values).sum(axis=-1, keepdims=True)
    ordered = np.sort(values, axis=-1)
    middle = np.take_along_axis(ordered, np.maximum(count // 2, 0).clip(max=values.shape[-1] - 1), axis=-1)
    return np.where(count[..., 0] > 0, middle[..., 0], np.nan)


def without_inner(sides: Sides, box: np.ndarray | tuple[float, float, float, float], slack: float) -> Sides:
    """The sides, without those that lie more than `slack` within the `box` (left, top, right, bottom) of what is on the sheet."""
    left, top, right, bottom = box
    middle_x, middle_y = (left + right) / 2, (top + bottom) / 2
    within = {
        "left": lambda at: at - left,
        "right": lambda at: right - at,
        "top": lambda at: at - top,
        "bottom": lambda at: bottom - at,
    }
    kept: Sides = {}
    for name, side in sides.items():
        middle = middle_y if name in ("left", "right") else middle_x
        kept[name] = side if side is not None and within[name](side[0] + side[1] * middle) <= slack else None
    return kept


def paper_beyond(draft: np.ndarray, seen: np.ndarray, sides: Sides) -> frozenset[str]:
    """Of "top" and "bottom" those sides beyond which a draft is as light as within, or lighter, in every channel: a printed grid ends there, the paper may go on, and waves
    reach out of the grid.

    Parameters
    ----------
    draft, seen : as `find_sides` has them
    """
    window, found = round(WINDOW_MM * DRAFT_PX_PER_MM), set()
    columns = np.arange(draft.shape[1])[:, None]
    for name, outward in (("top", -1), ("bottom", 1)):
        side = sides[name]
        if side is None:
            continue
        # A window within, and as far beyond as it has to be in the picture.
        away = np.array([-window, *(round(beyond * window) for beyond in BEYOND if beyond <= CERTAIN)])
        rows = np.rint(side[0] + side[1] * columns).astype(int) + outward * away
        inside = ((rows >= 0) & (rows < len(draft))).all(axis=1)
        inside[inside] = seen[rows[inside], columns[inside]].all(axis=1)
        if not inside.any():
            continue
        within, *beyond = np.median(draft[rows[inside], columns[inside]], axis=0)
        if (np.array(beyond) >= within - AS_LIGHT).all():
            found.add(name)
    return frozenset(found)


def depth(sides: Sides, points: np.ndarray) -> np.ndarray:
    """How far (..., 2) `points` of the draft lie within the sheet, in its pixels: negative beyond a side that was found."""
    x, y = points[..., 0], points[..., 1]
    inward = {"left": (x, y, 1), "right": (x, y, -1), "top": (y, x, 1), "bottom": (y, x, -1)}
    deep = np.full(x.shape, np.inf)
    for name, (across, along, sign) in inward.items():
        side = sides[name]
        if side is not None:
            offset, slope = side
            deep = np.minimum(deep, sign * (across - offset - slope * along) - INSET_PX)
    return np.minimum(deep, 1e3)


def corners_of(sides: Sides, box: np.ndarray | tuple[float, float, float, float]) -> np.ndarray:
    """(4, 2) corners, clockwise from the upper left, of the four sides; where a side is None, of the box's own."""
    left, top, right, bottom = (
        sides[name] or (edge, 0.0) for name, edge in zip(("left", "top", "right", "bottom"), box, strict=True)
    )
    return np.array([_crossing(x, y) for x, y in ((left, top), (right, top), (right, bottom), (left, bottom))])


def _crossing(upright: Side, level: Side) -> tuple[float, float]:
    """(x, y) where an upright line crosses a level one."""
    (x0, slope_x), (y0, slope_y) = upright, level
    x = (x0 + slope_x * y0) / (1 - slope_x * slope_y)
    return x, y0 + slope_y * x


def find_outline(rgb: np.ndarray) -> np.ndarray | None:
    """The corners (4, 2) of a bright sheet in a (H, W, 3) uint8 picture, in its pixels, clockwise; None where there is none.

    The brightest large region that four straight sides describe.
    """
    from PIL import Image
    from scipy import ndimage

    from ..preprocessing import otsu

    height, width = rgb.shape[:2]
    factor = max(height, width) / OUTLINE_PX
    size = (max(round(width / factor), 1), max(round(height / factor), 1))
    small = np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.BOX))
    least = ndimage.grey_closing(small.min(axis=2), (9, 9))
    level = otsu.threshold(least)
    regions, count = ndimage.label(ndimage.binary_opening(least > level, np.ones((5, 5))))
    if not count:
        return None
    sizes = np.bincount(regions.ravel())
    sizes[0] = 0
    region = ndimage.binary_fill_holes(regions == sizes.argmax())
    if region.mean() < MIN_AREA:
        return None
    quad = _quadrilateral(region)
    if quad is None or region.sum() < MIN_SQUARENESS * _area(quad) or _sides_at_border(quad, region.shape) == CUT_SIDES:
        return None
    return (quad + 0.5) * factor - 0.5


def _sides_at_border(quad: np.ndarray, shape: tuple[int, ...]) -> int:
    """How many sides of (4, 2) corners are the border of a picture of this shape."""
    height, width = shape
    at_border = np.concatenate([quad <= AT_BORDER_PX, quad >= np.array([width, height]) - 1 - AT_BORDER_PX], axis=1)
    return int((at_border & np.roll(at_border, -1, axis=0)).any(axis=1).sum())


def _quadrilateral(region: np.ndarray) -> np.ndarray | None:
    """(4, 2) corners of the largest quadrilateral among the extreme points of a bool region, clockwise from the upper left."""
    rows = np.flatnonzero(region.any(axis=1))
    columns = np.flatnonzero(region.any(axis=0))
    if rows.size < 20 or columns.size < 20:
        return None
    edge = region & ~_eroded(region)
    y, x = np.nonzero(edge)
    angles = np.deg2rad(np.arange(0, 360, 3))
    reach = np.outer(np.cos(angles), x) + np.outer(np.sin(angles), y)
    hull = np.unique(np.stack([x, y], axis=1)[reach.argmax(axis=1)], axis=0).astype(float)
    centre = hull.mean(axis=0)
    hull = hull[np.argsort(np.arctan2(*(hull - centre).T[::-1]))]
    best, corners = 0.0, None
    count = len(hull)
    for a in range(count):
        for c in range(a + 2, count):
            first = _furthest(hull[a], hull[c], hull[a + 1 : c])
            second = _furthest(hull[c], hull[a], np.concatenate([hull[c + 1 :], hull[:a]]))
            if first is None or second is None:
                continue
            quad = np.array([hull[a], first, hull[c], second])
            if _area(quad) > best:
                best, corners = _area(quad), quad
    if corners is None:
        return None
    start = np.argmin(corners.sum(axis=1))
    return np.roll(corners, -start, axis=0)


def _eroded(region: np.ndarray) -> np.ndarray:
    from scipy import ndimage

    return ndimage.binary_erosion(region)


def _furthest(a: np.ndarray, c: np.ndarray, points: np.ndarray) -> np.ndarray | None:
    """The one of the points (n, 2) that lies farthest from the line through `a` and `c`; None of none."""
    if not len(points):
        return None
    along = c - a
    distance = (points - a) @ np.array([-along[1], along[0]])
    return points[np.abs(distance).argmax()]


def _area(polygon: np.ndarray) -> float:
    x, y = polygon.T
    return 0.5 * abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))
