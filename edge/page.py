"""From a picture to a flat page: the report geometry of the data set, checked and untouched."""

from dataclasses import dataclass

import numpy as np

from . import filters
from .errors import PictureError, Reason
from .layout import REPORT

DARK = 128
"""Gray levels below it are ink: traces, print, and the single pixels of grid dots."""

STROKE_SLACK_PX = 4
MIN_STROKE_SHARE = 0.85
MIN_TRACE_COLUMNS = 0.5
MAX_INK_SHARE = 0.4


@dataclass(frozen=True)
class Page:
    """A flat page: `gray` (H, W) uint8 in the geometry of `template`, `scale` (x, y) by which the picture was resized."""

    gray: np.ndarray
    template: object
    scale: tuple


def find_page(image, template=REPORT):
    """The `Page` in an RGB `PIL.Image` that has the template's geometry and arrangement of leads.

    A picture within the template's tolerance is rescaled to it; one of the exact size is untouched.

    Raises
    ------
    PictureError : `bad_layout` where the size or the arrangement is another, `not_an_ecg` where there is no trace.
    """
    from PIL import Image

    width, height = image.size
    if (
        abs(width - template.width_px) > template.tolerance_px
        or abs(height - template.height_px) > template.tolerance_px
    ):
        raise PictureError(
            Reason.BAD_LAYOUT,
            f"The picture has {width} x {height} pixels: this model reads report pages of"
            f" {template.width_px} x {template.height_px} (± {template.tolerance_px}) alone.",
        )
    if image.size != template.size:
        image = image.resize(template.size, Image.Resampling.BICUBIC)
    gray = filters.to_gray(image)
    dark = gray < DARK
    if not holds_trace(dark, template):
        raise PictureError(Reason.NOT_AN_ECG)
    if layout_cost(dark, template) > 1 - MIN_STROKE_SHARE:
        raise PictureError(Reason.BAD_LAYOUT)
    return Page(gray, template, (template.width_px / width, template.height_px / height))


def holds_trace(dark, template):
    """Whether the lead boxes of a (H, W) bool page hold lines: ink in most columns, and mostly paper."""
    boxes = [dark[box.slices] for _, box in template.leads]
    columns = np.mean([_strokes(box).any(axis=0).mean() for box in boxes])
    ink = np.mean([box.mean() for box in boxes])
    return bool(columns >= MIN_TRACE_COLUMNS and ink <= MAX_INK_SHARE)


def _strokes(dark):
    """(h - 1, w - 1) bool: where two by two pixels are dark, as in every stroke and in no dot of a grid."""
    rows = dark[1:] & dark[:-1]
    return rows[:, 1:] & rows[:, :-1]


def layout_cost(dark, template):
    """How far a (H, W) bool page is from the template's arrangement: 0 all there, 1 at worst.

    Looked at are the separators between the columns and both edges of each row's calibration pulse: the
    worst of these strokes counts, by the share of its length that is missing. It takes pages of two columns
    apart from those of four, whatever the traces do.
    """
    top, bottom = template.separator_rows
    strokes = [(x, top, bottom) for x in template.separators_px]
    height = round(template.px_per_mm * template.mm_per_mv)
    strokes += [(x, base - height, base) for base in template.rows_px for x in template.pulse_px]
    return max(_missing_share(dark, *stroke) for stroke in strokes)


def _missing_share(dark, x, top, bottom):
    """The share of rows of the upright stroke at column `x` without ink, in the best columns near it."""
    slack = STROKE_SLACK_PX
    near = dark[top + slack : bottom - slack, x - slack : x + slack + 1]
    return 1.0 - float(near.mean(axis=0).max())
