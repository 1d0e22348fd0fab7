"""Ruled paper as a camera without faults would see it, drawn from where each pixel lies on it."""

import numpy as np

MM = 0.2
"""A millimetre in grid cells."""
RED_GRID = ((MM, 0.1, 0.55), (1.0, 0.2, 0.9))
"""The usual paper's lines as (pitch in cells, width in mm, darkness 0..1): millimetres, and bolder ones each 5 mm."""
LINE = np.array([225, 120, 120], float)


def ruled(size, to_cells, lines=RED_GRID, noise=3.0, seed=0):
    """A (H, W, 3) uint8 picture of `size` (width, height) of endless ruled paper.

    `to_cells` takes (..., 2) pixels to (..., 2) grid cells of 5 mm; lines are as sharp as the pixels allow.
    """
    width, height = size
    cells = to_cells(np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1).astype(float))
    ink = np.zeros((height, width))
    for axis in (0, 1):
        value = cells[..., axis]
        # Pixels a cell, across the lines.
        pitch_px = 1 / np.hypot(*np.gradient(value))
        for pitch, width_mm, dark in lines:
            distance_px = np.abs(value / pitch - np.rint(value / pitch)) * pitch * pitch_px
            half_px = width_mm * MM * pitch_px / 2
            covered = np.clip(half_px + 0.5 - distance_px, 0, 1) - np.clip(0.5 - half_px - distance_px, 0, 1)
            ink = np.maximum(ink, dark * np.clip(covered, 0, 1))
    picture = 250 + ink[..., None] * (LINE - 250)
    picture += np.random.default_rng(seed).normal(0, noise, picture.shape)
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def clouds(size, seed, grain=12):
    """A (H, W, 3) uint8 picture of soft patches of light and dark, fine and coarse, as in a photograph of anything."""
    from PIL import Image

    rng, total = np.random.default_rng(seed), 0.0
    for octave in range(6):
        shape = (grain * 2**octave, grain * 2**octave, 3)
        patch = Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8)).resize(size, Image.Resampling.BICUBIC)
        total = total + np.asarray(patch, float) / 2 ** (octave / 2)
    low, high = np.percentile(total, [0.5, 99.5])
    return np.clip((total - low) / (high - low) * 255, 0, 255).astype(np.uint8)
