"""The light on a scene: a lamp's gradient, the shading of bends and folds, shadows and glare, as factors at reduced size."""

import numpy as np

from . import scene_hands, scene_view

REDUCE = 4
"""Light is drawn at a fourth of the picture's size: nothing in it is finer than a crease."""
AMBIENT = 0.5
CREASE_MM = 0.5
SHARE_REDUCE = 16


def illumination(points_mm, on_sheet, gradient, rng):
    """(h, w) factors of 1 to 1 - `gradient` over the sheet: a lamp beside it and light from one side.

    `points_mm` (h, w, 2) are places on the table, `on_sheet` (h, w) bool where the sheet is.
    """
    angle, away, height = rng.uniform(0, 2 * np.pi), rng.uniform(50, 400), rng.uniform(150, 600)
    heading = np.array([np.cos(angle), np.sin(angle)])
    squared = ((points_mm - away * heading) ** 2).sum(axis=-1)
    bright = (height**2 / (height**2 + squared)) ** 1.5
    side = points_mm @ heading
    bright = _unit(bright, on_sheet) + rng.uniform(0, 1) * _unit(side, on_sheet)
    return np.maximum(1.0 - gradient * (1.0 - _unit(bright, on_sheet)), 0.05).astype(np.float32)


def _unit(values, where):
    low, high = values[where].min(), values[where].max()
    return np.clip((values - low) / max(high - low, 1e-9), -0.5, 1.2)


def shade(view, points_mm, rng):
    """(h, w) factors from the bends of the sheet: light falls on it from one side, and creases are worn lines (Lambert's law)."""
    if not view.bends:
        return np.float32(1.0)
    elevation, azimuth = np.deg2rad(rng.uniform(35, 75)), rng.uniform(0, 2 * np.pi)
    flat = points_mm.reshape(-1, 2)
    slope = scene_view.slopes(view, flat)
    tilt = slope @ (np.cos(azimuth), np.sin(azimuth)) / np.tan(elevation)
    factor = AMBIENT + (1 - AMBIENT) * np.maximum(0.0, 1.0 - tilt) / np.sqrt(1.0 + (slope**2).sum(axis=1))
    for bend in view.bends:
        if bend.kind in ("ridge", "valley"):
            off = scene_view.along(bend, flat) - bend.at_mm
            factor *= 1.0 + rng.uniform(-0.15, 0.08) * np.exp(-0.5 * (off / CREASE_MM) ** 2)
    return factor.reshape(points_mm.shape[:2]).astype(np.float32)


def shadow(kind, share, depth, sheet, outline_px, width_px, size, rng):
    """(h, w) factors of 1 to 1 - `depth` at 1 / `REDUCE`: what a hand, a telephone or something large beside takes of the light.

    `kind` is `soft` or `hard`; at most `share` of the sheet (bool mask at 1 / `SHARE_REDUCE`) is in it.
    """
    from PIL import ImageFilter

    capsules = rng.choice(np.array(scene_hands.SHADOWS, object))(rng)
    entry = outline_px[rng.integers(len(outline_px))]
    inwards = outline_px.mean(axis=0) - entry
    direction = np.rad2deg(np.arctan2(inwards[1], inwards[0])) + rng.uniform(-40, 40)
    placed = scene_hands.reach_in(capsules, share, sheet, entry, direction, width_px, size, SHARE_REDUCE, 1.2)
    radius = width_px * (rng.uniform(0.02, 0.08) if kind == "soft" else rng.uniform(0.001, 0.006))
    picture = scene_hands.mask(placed, size, REDUCE).filter(ImageFilter.GaussianBlur(radius / REDUCE))
    return 1.0 - depth * np.asarray(picture.convert("F"), np.float32) / 255


def glare(strength, centre_px, width_px, size, rng):
    """(h, w) of 0 to `strength` at 1 / `REDUCE`: the lamp's reflection, an oblique bright spot that washes ink out."""
    shape = tuple(-(-n // REDUCE) for n in size[::-1])
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32) * REDUCE
    angle, (long, short) = rng.uniform(0, np.pi), rng.uniform(0.05, 0.22, 2) * width_px
    u = (x - centre_px[0]) * np.cos(angle) + (y - centre_px[1]) * np.sin(angle)
    v = (y - centre_px[1]) * np.cos(angle) - (x - centre_px[0]) * np.sin(angle)
    return (strength * np.exp(-0.5 * ((u / long) ** 2 + (v / short) ** 2))).astype(np.float32)
