"""The paper's eight steps from a page to the binary picture of a lead.

Atmakuri et al., "ECG Classification using Deep Learning", IJRASET 12(III), 2024, section IV.A,
DOI 10.22214/ijraset.2024.59181: 1 gray, 2 crop, 3 Gaussian filter, 4 Otsu's threshold, 5 binary, 6 unsigned
byte, 7 mode "L", 8 a PIL image.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from . import otsu

if TYPE_CHECKING:
    from PIL import Image

SIGMA_PX = 1.0
TRUNCATE_SIGMA = 4.0
INK, PAPER = 255, 0
MODEL_SIDE_PX = 150


@dataclass(frozen=True)
class LeadSteps:
    """One lead after each step: all (h, w) uint8, `threshold` in 0..255, `ink` 255 where the trace is and 0 elsewhere."""

    gray: np.ndarray
    blurred: np.ndarray
    threshold: int
    ink: np.ndarray


def to_gray(picture: Image.Image) -> np.ndarray:
    """Step 1: the (H, W) uint8 luma (ITU-R 601-2, Pillow's "L") of an RGB picture."""
    return np.asarray(picture.convert("L"))


def blur(gray: np.ndarray) -> np.ndarray:
    """Step 3: the (h, w) uint8 gray levels after a Gaussian filter of σ = 1 px on float32, rounded.

    Edges repeat the nearest pixel; the kernel ends at 4 σ.
    """
    from scipy import ndimage

    smooth = ndimage.gaussian_filter(gray.astype(np.float32), SIGMA_PX, mode="nearest", truncate=TRUNCATE_SIGMA)
    return np.rint(smooth).astype(np.uint8)


def lead_steps(gray: np.ndarray) -> LeadSteps:
    """Steps 3 to 6 on the (h, w) uint8 crop of one lead."""
    blurred = blur(gray)
    level = otsu.threshold(blurred)
    ink = np.where(blurred <= level, np.uint8(INK), np.uint8(PAPER))
    return LeadSteps(gray, blurred, level, ink)


def to_picture(ink: np.ndarray) -> Image.Image:
    """Steps 7 and 8: the "L" `PIL.Image` of an (h, w) uint8 array."""
    from PIL import Image

    return Image.fromarray(np.ascontiguousarray(ink))


def to_model_input(ink: np.ndarray, side_px: int = MODEL_SIDE_PX) -> np.ndarray:
    """The input of the models: (side_px, side_px) uint8, resized by Pillow's bilinear filter; 255 is 1.0."""
    from PIL import Image

    return np.asarray(to_picture(ink).resize((side_px, side_px), Image.Resampling.BILINEAR))
