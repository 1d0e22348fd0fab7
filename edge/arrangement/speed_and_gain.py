"""Paper speed (mm/s) and gain (mm/mV) of a page.

Each is the one that the caller gives; else the speed is found by the width of the columns and the gain by the height of the calibration
pulses; else it is the usual one.
"""

from collections.abc import Sequence

import numpy as np

from .calibration_pulses import GAINS_MM_PER_MV, Pulse

SPEEDS_MM_PER_S = 25.0, 50.0
USUAL_SPEED_MM_PER_S, USUAL_GAIN_MM_PER_MV = 25.0, 10.0
PAGE_S = 10.0
"""What the columns of a page hold together: they follow each other in time."""
SPEED_SLACK, SCALE_SLACK = 0.08, 0.15
"""How far the width of the columns may be from `PAGE_S` at a speed, as a share of it: by the grid's scale, and by the scale of pulses."""


def speed_of(columns_mm: float, known: float | None = None) -> float:
    """The paper speed in mm/s of a page whose columns are `columns_mm` wide together: the `known` one, else the one of `SPEEDS_MM_PER_S` at
    which they hold `PAGE_S`, else the usual one."""
    if known:
        return known
    return next((speed for speed in SPEEDS_MM_PER_S if _off(columns_mm, speed) <= SPEED_SLACK), USUAL_SPEED_MM_PER_S)


def gain_of(pulses: Sequence[Pulse], px_per_mm: float, known: float | None = None) -> float:
    """The gain in mm/mV of a page with these calibration pulses of 1 mV: the `known` one, else the one of `GAINS_MM_PER_MV` that is nearest
    to their median height, else, without pulses, the usual one."""
    if known:
        return known
    if not pulses:
        return USUAL_GAIN_MM_PER_MV
    height_mm = np.median([pulse.height for pulse in pulses]) / px_per_mm
    return min(GAINS_MM_PER_MV, key=lambda gain: abs(gain - height_mm))


def is_plausible_width(columns_mm: float, known_speed: float | None = None) -> bool:
    """Whether columns that are `columns_mm` wide together, by the scale that pulses gave, hold `PAGE_S` at a paper speed."""
    speeds = (known_speed,) if known_speed else SPEEDS_MM_PER_S
    return any(_off(columns_mm, speed) <= SCALE_SLACK for speed in speeds)


def _off(columns_mm: float, mm_per_s: float) -> float:
    """How far a width is from that of `PAGE_S` at a paper speed, as a share of it."""
    return abs(columns_mm / (PAGE_S * mm_per_s) - 1)
