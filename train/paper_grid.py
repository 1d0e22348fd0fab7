"""The lines, dots and boxes of ECG paper."""

import numpy as np


def grid_covers(style, plan, size_px, px_per_mm):
    """Two (H, W) covers of 0 to 1: what the 1 mm and the 5 mm lines, or dots, have of each pixel."""
    left, top, right, bottom = plan.grid
    origin = plan.left % 5.0, plan.zeros[0] % 5.0

    def lines(axis, pitch, thick):
        """How much of each pixel along an axis lies in lines: exact, by differences of what lies before its edges."""
        low, high = ((left, right), (top, bottom))[axis]
        edges = np.arange(size_px[axis] + 1) / px_per_mm
        inside = np.clip(edges, low - thick / 2, high + thick / 2) - origin[axis] + thick / 2
        before = np.floor(inside / pitch) * thick + np.minimum(inside % pitch, thick)
        return (np.diff(before) * px_per_mm).astype(np.float32)

    def within(axis):
        low, high = ((left, right), (top, bottom))[axis]
        covered = np.diff(np.clip(np.arange(size_px[axis] + 1) / px_per_mm, low, high)) * px_per_mm
        return covered.astype(np.float32)

    def crossed(pitch, thick):
        return _union(lines(0, pitch, thick)[None, :] * within(1)[:, None], lines(1, pitch, thick)[:, None] * within(0))

    none = np.zeros((size_px[1], size_px[0]), np.float32)
    if style.grid == "none":
        return none, none
    if style.grid == "line":
        return crossed(1.0, style.minor_mm) if style.minor else none, crossed(5.0, style.major_mm)
    thick = 2.2 * style.minor_mm
    dots = lines(0, 1.0, thick)[None, :] * lines(1, 1.0, thick)[:, None]
    if style.grid == "boxes":
        return (crossed(5.0, style.major_mm), dots) if style.minor else (none, crossed(5.0, style.major_mm))
    rows = lines(0, 0.5, thick)[None, :] * lines(1, 5.0, thick)[:, None]
    columns = lines(0, 5.0, thick)[None, :] * lines(1, 0.5, thick)[:, None]
    return none, _union(_union(rows, columns), dots if style.minor else none)


def _union(one, other):
    """The cover of two independent covers."""
    return one + other - one * other
