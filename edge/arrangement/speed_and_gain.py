"""Paper speed (mm/s) and gain (mm/mV) of a page, and where they come from.

Each is the one that the caller gives; else a calibration pulse says it, by its width and its height; else the width of the columns says the
speed; else it is the usual one, which is then assumed.
"""

from collections.abc import Sequence

import numpy as np

from ..errors import PictureError, Reason
from ..layout import ScaleSource
from .calibration_pulses import GAINS_MM_PER_MV, SLACK, Pulse

SPEEDS_MM_PER_S = 25.0, 50.0
USUAL_SPEED_MM_PER_S, USUAL_GAIN_MM_PER_MV = 25.0, 10.0
PAGE_S = 10.0
"""What the columns of a page hold together: they follow each other in time. At 50 mm/s a page of the same width holds half of it."""
PULSE_S, PULSE_SLACK = 0.2, 0.15
"""How long calibration pulses last on most devices, 5 mm at 25 mm/s and 10 mm at 50 mm/s; some draw them shorter, which says no speed."""
PULSE_WIDTHS_MM = tuple(PULSE_S * speed for speed in SPEEDS_MM_PER_S)
"""So wide such pulses are at the speeds in use."""
MARGIN_MM, EDGE_MM, FOOT_MM = 20.0, 1.0, 1.0
"""Where a lone pulse stands: so far before or behind the columns at most, so far within them, and so near a row's base line."""
SPEED_SLACK, SCALE_SLACK = 0.08, 0.15
"""How far the width of the columns may be from `PAGE_S` at a speed, as a share of it: by the grid's scale, and by the scale of pulses."""


def speed_of(
    columns_mm: float, pulses: Sequence[Pulse], px_per_mm: float, known: float | None = None
) -> tuple[float, ScaleSource]:
    """(mm/s, where it comes from) of a page whose columns are `columns_mm` wide together, with these calibration pulses.

    Raises
    ------
    PictureError : `bad_scale` where pulses and columns contradict each other.
    """
    if known:
        return known, "option"
    by_columns = next((speed for speed in SPEEDS_MM_PER_S if _off(columns_mm, speed) <= SPEED_SLACK), None)
    if pulses:
        width_mm = float(np.median([pulse.width for pulse in pulses])) / px_per_mm
        for speed in SPEEDS_MM_PER_S:
            if abs(width_mm / (PULSE_S * speed) - 1) <= PULSE_SLACK:
                if by_columns is not None and by_columns > speed:
                    # No page is so wide that it holds 20 s.
                    raise PictureError(Reason.BAD_SCALE)
                return speed, "pulse"
    return (USUAL_SPEED_MM_PER_S, "assumed") if by_columns is None else (by_columns, "columns")


def gain_of(pulses: Sequence[Pulse], px_per_mm: float, known: float | None = None) -> tuple[float, ScaleSource]:
    """(mm/mV, where it comes from) of a page with these calibration pulses of 1 mV: the one of `GAINS_MM_PER_MV` that is nearest to their
    median height."""
    if known:
        return known, "option"
    if not pulses:
        return USUAL_GAIN_MM_PER_MV, "assumed"
    height_mm = np.median([pulse.height for pulse in pulses]) / px_per_mm
    return min(GAINS_MM_PER_MV, key=lambda gain: abs(gain - height_mm)), "pulse"


def contradictions_of(
    pulses: Sequence[Pulse], columns_mm: float, px_per_mm: float, mm_per_s: float | None, mm_per_mv: float | None
) -> tuple[str, ...]:
    """What two pulses or more clearly show of speed and gain that is not what the caller gave, as sentences."""
    if len(pulses) < 2:
        return ()
    width_mm, height_mm = (
        float(np.median([getattr(pulse, side) for pulse in pulses])) / px_per_mm for side in ("width", "height")
    )
    found: list[tuple[float, float, Sequence[float], float, str]] = []
    if mm_per_s and _off(columns_mm, mm_per_s) > SPEED_SLACK:
        found.append((mm_per_s, width_mm / PULSE_S, SPEEDS_MM_PER_S, PULSE_SLACK, "mm/s"))
    if mm_per_mv:
        found.append((mm_per_mv, height_mm, GAINS_MM_PER_MV, SLACK, "mm/mV"))
    return tuple(
        f"The calibration pulses show {shown:g} {unit}, and {given:g} {unit} was given."
        for given, measured, usual, slack, unit in found
        for shown in usual
        if abs(measured / shown - 1) <= slack < abs(shown / given - 1)
    )


def lone_pulses(
    candidates: Sequence[Pulse], zeros: Sequence[float], columns: tuple[float, float], px_per_mm: float
) -> tuple[Pulse, ...]:
    """Of single strokes of a pulse's shape those that are one: on the base line of a row, beside the columns (left, right), as long as
    pulses usually last and as high as a gain in use. All in pixels."""

    def is_one(pulse: Pulse) -> bool:
        left, right = columns
        before = left - MARGIN_MM * px_per_mm <= pulse.left and pulse.right <= left + EDGE_MM * px_per_mm
        behind = right - EDGE_MM * px_per_mm <= pulse.left and pulse.right <= right + MARGIN_MM * px_per_mm
        on_a_row = min(abs(pulse.foot - zero) for zero in zeros) <= FOOT_MM * px_per_mm
        width_mm, height_mm = pulse.width / px_per_mm, pulse.height / px_per_mm
        wide = any(abs(width_mm / (PULSE_S * speed) - 1) <= PULSE_SLACK for speed in SPEEDS_MM_PER_S)
        high = any(abs(height_mm / gain - 1) <= SLACK for gain in GAINS_MM_PER_MV)
        return (before or behind) and on_a_row and wide and high

    return tuple(pulse for pulse in candidates if is_one(pulse))


def are_others_than(pulses: Sequence[Pulse], alone: Sequence[Pulse], rows: int) -> bool:
    """Whether what was taken for the pulses of a page with so many rows are a frame and waves: they stand on fewer than half of them, and a single whole pulse is of another size."""
    if not pulses or not alone or 2 * len(pulses) >= rows:
        return False
    height, width = (float(np.median([getattr(pulse, side) for pulse in pulses])) for side in ("height", "width"))
    return all(
        abs(height / pulse.height - 1) > 2 * SLACK and abs(width / pulse.width - 1) > PULSE_SLACK for pulse in alone
    )


def is_plausible_width(columns_mm: float, known_speed: float | None = None) -> bool:
    """Whether columns that are `columns_mm` wide together, by the scale that pulses gave, hold `PAGE_S` at a paper speed."""
    speeds = (known_speed,) if known_speed else SPEEDS_MM_PER_S
    return any(_off(columns_mm, speed) <= SCALE_SLACK for speed in speeds)


def _off(columns_mm: float, mm_per_s: float) -> float:
    """How far a width is from that of `PAGE_S` at a paper speed, as a share of it."""
    return abs(columns_mm / (PAGE_S * mm_per_s) - 1)
