"""Where the camera stands and what its picture holds: views of a page drawn at random."""

from dataclasses import replace

import numpy as np

from ecg_edge.layout import REPORT

from . import scene_view

MAX_TRIES, PATIENCE = 400, 20
KINDS = ("lying", "filling")


def frame(page_px, ranges, px_per_mm, framing, content, rng):
    """(`View`, picture's size, parameters): where the camera stands and what it holds.

    Where the picture would be too large or too small, what framing and the page's width leave open is drawn anew; after
    `PATIENCE` tries these two as well.
    """
    for attempt in range(MAX_TRIES):
        if attempt % PATIENCE == 0:
            kind, width_px = framing or str(rng.choice(KINDS)), rng.uniform(*ranges.page_width_px)
        margin = tuple(rng.uniform(*ranges.margin_mm, 2)) if rng.random() < 0.5 else (0.0, 0.0)
        view = scene_view.View(
            page_px=page_px,
            px_per_mm=px_per_mm,
            margin_mm=margin,
            tilt_deg=rng.uniform(*ranges.tilt_deg),
            azimuth_deg=rng.uniform(0, 360),
            turn_deg=90.0 * rng.choice(ranges.quarter_turns) + rng.uniform(*ranges.turn_deg),
            distance=rng.uniform(*ranges.distance),
            bends=_bends(page_px, px_per_mm, ranges, rng),
        )
        view = replace(view, scale=width_px / page_width(view))
        if kind == "lying":
            low, size = _lying(view, rng.uniform(*ranges.space), rng)
        else:
            low, size = _filling(view, content or _content(page_px), rng.uniform(*ranges.trim), rng)
        if ranges.megapixels[0] <= size[0] * size[1] / 1e6 <= ranges.megapixels[1]:
            break
    else:
        raise ValueError(f"no picture of {ranges.megapixels} megapixels in {MAX_TRIES} tries")
    return replace(view, origin_px=tuple(-low)), size, {"framing": kind, "page_width_px": width_px}


def page_width(view):
    """The page's width in the picture: the mean length of its top and its bottom edge, flat, in pixels."""
    (width, height), flat = view.page_px, scene_view.homography(view)
    ends = scene_view.apply(flat, scene_view.around((-0.5, -0.5, width - 0.5, height - 0.5)))
    return float((np.hypot(*(ends[1] - ends[0])) + np.hypot(*(ends[2] - ends[3]))) / 2)


def _bends(page_px, px_per_mm, ranges, rng):
    """The sheet's curl and folds."""
    half = np.array(page_px) / px_per_mm / 2
    bends = []
    curl = rng.uniform(*ranges.curl_mm)
    if curl > 0:
        kind = str(rng.choice(("lift", "arch", "wave")))
        angle = rng.choice((0, 90, 180, 270)) + rng.normal(0, 12)
        extent = float(abs(half @ np.abs((np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))))))
        at = extent * (rng.uniform(-0.3, 0.5) if kind == "lift" else rng.uniform(-0.4, 0.4))
        reach = extent - at if kind == "lift" else extent * rng.uniform(0.8, 1.6)
        bends.append(scene_view.Bend(kind, float(angle), at, reach, curl))
    for _ in range(rng.integers(ranges.folds[0], ranges.folds[1] + 1)):
        angle = rng.choice((0.0, 90.0)) + rng.normal(0, 3)
        at = half[0 if abs(angle) < 45 else 1] * rng.uniform(-0.7, 0.7)
        height = rng.uniform(0.5, max(0.5, min(4.0, ranges.curl_mm[1])))
        kind = str(rng.choice(("ridge", "valley")))
        bends.append(scene_view.Bend(kind, float(angle), float(at), rng.uniform(20, 60), height))
    return tuple(bends)


def _lying(view, space, rng):
    """(place of the picture's top left, size): the whole sheet with table around it, in a camera's proportions."""
    seen = scene_view.project(view, scene_view.outline(view, 20))
    low, extent = seen.min(axis=0), np.ptp(seen, axis=0)
    aspect = rng.choice((4 / 3, 3 / 2, 16 / 9)) ** (1 if extent[0] >= extent[1] else -1)
    width = max(extent[0], extent[1] * aspect) * (1 + space)
    size = np.ceil([width, width / aspect]).astype(int)
    return low - rng.uniform(0.2, 0.8, 2) * (size - extent), tuple(size.tolist())


def _filling(view, content, trim, rng):
    """(place of the picture's top left, size): cropped to the leads, as hands crop."""
    seen = scene_view.project(view, scene_view.around(content, 20))
    low, extent = seen.min(axis=0), np.ptp(seen, axis=0)
    size = np.ceil(extent * (1 + trim)).astype(int)
    return low - rng.uniform(0.2, 0.8, 2) * (size - extent), tuple(size.tolist())


def _content(page_px):
    """What a picture that is filled by the page holds."""
    if page_px == REPORT.size:
        return REPORT.frame.corners
    return 0.03 * page_px[0], 0.03 * page_px[1], 0.97 * page_px[0], 0.97 * page_px[1]
