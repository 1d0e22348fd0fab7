"""Handwriting across a page's traces: its loops enclose bits of paper that follow each other within a few millimetres, which no trace does.

A letter of print has one or two of them, waves that cross another row's trace have as many at each heartbeat, and heartbeats are farther apart.
"""

import numpy as np

from ..compiled.library import address, compiled
from ..layout import Arrangement
from .ink_runs import INK

LOOP_MM = (0.25, 4.5), (0.5, 6.0)
"""How wide and how high what a loop encloses is, from and to."""
LARGE_MM = 0.4, 0.8
"""So wide and high at least it is, where few loops are enough."""
APART_MM = 5.0, 4.0
"""Loops that are no farther from each other, across and down, are of one hand."""
LEAST_LARGE, LEAST_SMALL = (3, 5.0), (6, 8.0)
"""So many large loops over so many millimetres are writing, a QRS complex across others is narrower; or so many of any size, a name with a wave across it is
shorter."""
MOST_LOOPS = 400
"""What has more loops is a grid."""
MARGIN_MM = 2.0, 1.2
"""How far beyond its loops writing goes, across and down."""
BAND_MM = 14.0
"""So far above and below the rows writing is looked for."""
MOST_ENCLOSED = 100_000
"""Runs of paper for which there is room: a page has some ten thousand."""


def writing(ink: np.ndarray, arrangement: Arrangement) -> np.ndarray | None:
    """(H, W) bool: what is covered by handwriting about the traces of (H, W) uint8 `ink`; None where there is none."""
    across, down = arrangement.px_per_mm
    zeros = [place.zero_px for place in arrangement.places]
    top = max(round(min(zeros) - BAND_MM * down), 0)
    left = min(place.box.left for place in arrangement.places)
    part = ink[top : round(max(zeros) + BAND_MM * down), left : max(place.box.right for place in arrangement.places)]
    boxes = enclosed(part, INK) + np.array([left, top, left, top])
    size = (boxes[:, 2:] - boxes[:, :2]) / (across, down)
    is_loop = ((size >= np.array(LOOP_MM)[:, 0]) & (size <= np.array(LOOP_MM)[:, 1])).all(axis=1)
    loops, large = boxes[is_loop], (size[is_loop] >= LARGE_MM).all(axis=1)
    if not LEAST_LARGE[0] <= len(loops) <= MOST_LOOPS:
        return None
    middles = (loops[:, :2] + loops[:, 2:]) / 2 / (across, down)
    near = (np.abs(middles[:, None] - middles) <= APART_MM).all(axis=2)
    covered = None
    for hand in _hands(near, large, middles[:, 0]):
        covered = np.zeros(ink.shape, bool) if covered is None else covered
        # Between two loops there is writing, too, and so it is between one of this hand and a smaller one beside it.
        for pair in (loops[[one, other]] for one in hand for other in np.flatnonzero(near[one])):
            x, y = ((pair[:, axis].min(), pair[:, axis + 2].max()) for axis in (0, 1))
            wide, high = MARGIN_MM[0] * across, MARGIN_MM[1] * down
            rows = slice(max(round(y[0] - high), 0), round(y[1] + high) + 1)
            covered[rows, max(round(x[0] - wide), 0) : round(x[1] + wide) + 1] = True
    return covered


def _hands(near: np.ndarray, large: np.ndarray, x_mm: np.ndarray) -> list[list[int]]:
    """Lists of the numbers of the loops of each hand, of (n, n) bool which are near to each other, (n,) bool which are large, and (n,) where they are."""
    among_large = np.flatnonzero(large)
    groups = [(among_large[group].tolist(), LEAST_LARGE) for group in _groups(near[np.ix_(large, large)])]
    groups += [(group, LEAST_SMALL) for group in _groups(near)]
    return [group for group, (count, wide) in groups if len(group) >= count and np.ptp(x_mm[group]) >= wide]


def _groups(near: np.ndarray) -> list[list[int]]:
    """Lists of the numbers of what is near to each other, one by one, by (n, n) bool."""
    left, groups = set(range(len(near))), []
    while left:
        front = {min(left)}
        group: set[int] = set()
        while front:
            group |= front
            front = set(np.flatnonzero(near[sorted(front)].any(axis=0)).tolist()) - group
        left -= group
        groups.append(sorted(group))
    return groups


def enclosed(ink: np.ndarray, least: int) -> np.ndarray:
    """(n, 4) int64: left, top, and before right and bottom of what is enclosed by ink of `least` (of 255) or more, in (H, W) uint8, but by its edges; in order."""
    library = compiled()
    if library is not None:
        ink = np.ascontiguousarray(ink)
        boxes, scratch = np.empty((MOST_ENCLOSED, 4), np.int32), np.empty((MOST_ENCLOSED, 3), np.int32)
        count = library["enclosed"](*ink.shape, least, address(ink), MOST_ENCLOSED, address(scratch), address(boxes))
        if count >= 0:
            return np.array(sorted(boxes[:count].tolist()), np.int64).reshape(-1, 4)
    return _enclosed_in_scipy(ink, least)


def _enclosed_in_scipy(ink: np.ndarray, least: int) -> np.ndarray:
    """As `enclosed`."""
    from scipy import ndimage

    labels, _ = ndimage.label(ink < least)
    boxes = [(x.start, y.start, x.stop, y.stop) for y, x in ndimage.find_objects(labels)]
    height, width = ink.shape
    inner = [box for box in boxes if min(box[:2]) > 0 and box[2] < width and box[3] < height]
    return np.array(sorted(inner), np.int64).reshape(-1, 4)
