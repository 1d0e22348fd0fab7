"""Hands, telephones and pens: silhouettes that throw shadows on a sheet or cover a little of it.

A silhouette is a tuple of capsules (x0, y0, x1, y1, radius) in widths of the page: its tip is at (0, 0), its body lies at negative
x, long enough to leave the picture.
"""

import numpy as np

FAR = 4.0
OUTSIDE = 1.5
"""Widths of the page from its edge to where a silhouette starts."""


def hand(rng):
    """Four fingers, a thumb, the palm and the arm behind them."""
    spread, size = rng.uniform(0.4, 1.0), rng.uniform(0.85, 1.2)
    fingers = [
        (-0.34, y, -0.03 - short, y * (1 + spread), 0.030)
        for y, short in ((-0.09, 0.05), (-0.03, 0.0), (0.03, 0.02), (0.09, 0.09))
    ]
    palm = [(-0.50, 0.0, -0.36, 0.0, 0.13), (-0.44, 0.10, -0.26, 0.22, 0.040), (-FAR, 0.1, -0.5, 0.0, 0.09)]
    return tuple(tuple(size * n for n in capsule) for capsule in fingers + palm)


def finger(rng):
    """One finger or a thumb that holds the sheet down."""
    radius = rng.uniform(0.025, 0.038)
    return ((-0.22, 0.0, -radius, 0.0, radius), (-FAR, rng.uniform(-0.6, 0.6), -0.22, 0.0, 1.4 * radius))


def pen(rng):
    """A pen."""
    radius = rng.uniform(0.011, 0.016)
    return ((-0.03, 0.0, -0.004, 0.0, 0.004), (-0.5, 0.0, -0.035, 0.0, radius))


def telephone(rng):
    """A telephone held over the page, and the arm that holds it."""
    rows = np.linspace(-0.10, 0.10, 5)
    body = [(-0.52, y, -0.03, y, 0.03) for y in rows]
    return (*body, (-FAR, rng.uniform(-0.8, 0.8), -0.4, 0.0, 0.10))


def edge(rng):
    """Something large beside the page: a shelf, a body, a window's frame."""
    return ((-FAR, 0.0, -FAR / 2, 0.0, FAR / 2),)


SHADOWS = (hand, telephone, edge)
COVERS = (finger, pen, hand)


def place(capsules, tip_px, direction_deg, width_px):
    """Capsules in picture pixels: the tip at `tip_px`, pointing along `direction_deg`, at `width_px` for a page's width."""
    angle = np.deg2rad(direction_deg)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    ends = np.array(capsules)[:, :4].reshape(-1, 2) * width_px
    ends = (ends @ turn + tip_px).reshape(-1, 4)
    return np.column_stack([ends, np.array(capsules)[:, 4] * width_px])


def mask(capsules_px, size, reduce):
    """ "L" `PIL.Image` of `size` // `reduce` (rounded up): 255 under capsules in picture pixels."""
    from PIL import Image, ImageDraw

    picture = Image.new("L", tuple(-(-n // reduce) for n in size))
    draw = ImageDraw.Draw(picture)
    for x0, y0, x1, y1, radius in np.asarray(capsules_px) / reduce:
        along = np.array([x1 - x0, y1 - y0])
        across = radius * np.array([-along[1], along[0]]) / max(1e-9, np.hypot(*along))
        corners = [(x0, y0) + across, (x1, y1) + across, (x1, y1) - across, (x0, y0) - across]
        draw.polygon([tuple(corner) for corner in corners], 255)
        for x, y in ((x0, y0), (x1, y1)):
            draw.ellipse([x - radius, y - radius, x + radius, y + radius], 255)
    return picture


def reach_in(capsules, share, sheet, entry, direction_deg, width_px, size, reduce, deepest):
    """Capsules in picture pixels, pushed in from `entry` until they cover `share` of the sheet, or as far as `deepest` widths of it.

    `sheet` is the (h, w) bool mask of the sheet at 1 / `reduce` of the picture's size.
    """
    angle = np.deg2rad(direction_deg)
    heading = np.array([np.cos(angle), np.sin(angle)])
    start = np.asarray(entry) - OUTSIDE * width_px * heading
    inside, outside = 0.0, OUTSIDE + deepest
    for _ in range(12):
        depth = (inside + outside) / 2
        placed = place(capsules, start + depth * width_px * heading, direction_deg, width_px)
        covered = np.asarray(mask(placed, size, reduce))[sheet] > 127
        inside, outside = (depth, outside) if covered.mean() <= share else (inside, depth)
    return place(capsules, start + inside * width_px * heading, direction_deg, width_px)
