"""Whether a page has the report geometry: lines in the boxes of its leads, separators and pulses where they stand on every report page."""

from collections.abc import Iterator

import numpy as np

from ..layout import REPORT, Arrangement, Template
from .pixels import DarkPixels

STROKE_SLACK_PX = 4
MIN_STROKE_SHARE = 0.85
MIN_TRACE_COLUMNS = 0.5
MAX_INK_SHARE = 0.4
SAME_SPEED = 0.08
"""Paper speeds that differ by no more are the same."""


def is_report(dark: np.ndarray | DarkPixels) -> bool:
    """Whether a (H, W) bool page of a report's size, dark where there is ink, has the leads and the arrangement of `REPORT`."""
    return holds_trace(dark, REPORT) and layout_cost(dark, REPORT) <= 1 - MIN_STROKE_SHARE


def holds_trace(dark: np.ndarray | DarkPixels, template: Template) -> bool:
    """Whether the lead boxes of a (H, W) bool page hold lines: ink in most columns, and mostly paper."""
    shares = []
    for _, box in template.leads:
        within = dark[box.slices]
        shares.append((_strokes(within).any(axis=0).mean(), np.count_nonzero(within) / max(within.size, 1)))
    columns, ink = np.mean(shares, axis=0)
    return bool(columns >= MIN_TRACE_COLUMNS and ink <= MAX_INK_SHARE)


def _strokes(dark: np.ndarray) -> np.ndarray:
    """(h - 1, w - 1) bool: where two by two pixels are dark, as in every stroke and in no dot of a grid."""
    rows = dark[1:] & dark[:-1]
    return rows[:, 1:] & rows[:, :-1]


def layout_cost(dark: np.ndarray | DarkPixels, template: Template) -> float:
    """How far a (H, W) bool page is from the template's arrangement: 0 all there, 1 at worst.

    Compared are the separators between the columns and both edges of each row's calibration pulse: the
    worst of these strokes counts, by the share of its length that is missing. This tells pages of two columns
    from those of four, whatever the traces do.
    """
    top, bottom = template.separator_rows
    strokes = [(x, top, bottom) for x in template.separators_px]
    height = round(template.px_per_mm * template.mm_per_mv)
    strokes += [(x, base - height, base) for base in template.rows_px for x in template.pulse_px]
    return max(_missing_share(dark, *stroke) for stroke in strokes)


def _missing_share(dark: np.ndarray | DarkPixels, x: int, top: int, bottom: int) -> float:
    """The share of rows of the upright stroke at column `x` without ink, in the best columns near it."""
    slack = STROKE_SLACK_PX
    near = dark[top + slack : bottom - slack, x - slack : x + slack + 1]
    return 1.0 - float(near.mean(axis=0).max())


def unlike(template: Template, found: Arrangement, mm_per_s: float | None, mm_per_mv: float | None) -> Iterator[str]:
    """What was given of speed, and what the pulses show of gain, that is not the template's, as sentences."""
    given, printed = mm_per_s, template.mm_per_s
    if given and abs(given / printed - 1) > SAME_SPEED:
        yield f"Report pages of this geometry are printed at {printed:g} mm/s, and {given:g} mm/s was given."
    if mm_per_mv is None and (found.gain_from == "assumed" or found.mm_per_mv != template.mm_per_mv):
        yield f"The calibration pulses are not {template.mm_per_mv:g} mm high, as on report pages of this geometry."
