"""Voltages of single leads in their dominant beat, and axes of all limb leads together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import isfinite

import numpy as np
import numpy.typing as npt

from .delineation import LEVEL_S, Marks

LEAD_DEG = {"I": 0.0, "II": 60.0, "III": 120.0, "aVR": -150.0, "aVL": -30.0, "aVF": 90.0}
"""Where the limb leads look from, in the frontal plane."""

AUGMENTED = 3**0.5 / 2
"""An augmented lead shows so much less of the heart's vector than I, II and III."""

ST_HALF_S = 0.004
"""ST is the mean of so much on either side."""

ST_LATER_S = 0.06
"""The second point at which ST is measured, after the J point."""

T_HALF_S = 0.06
"""T's height is its largest within so much of the peak over all leads."""

LEAST_R_MV = 0.03
"""A QRS complex that rises by less has no R wave: it is QS, and counted as Q."""

LEAST_AREA_MV_S = 0.0005
"""A wave whose area over the limb leads is less has no axis."""


@dataclass(frozen=True)
class LeadValues:
    """Of one lead, in mV from its level before the QRS complex; None where it is not known.

    ST at the J point and 60 ms later; the waves of the QRS complex, Q and S negative, 0 where there is none; T, negative where it is inverted;
    and how long Q lasts, in ms, which JSON does not have.
    """

    st_j_mv: float | None = None
    st_60_mv: float | None = None
    q_mv: float | None = None
    r_mv: float | None = None
    s_mv: float | None = None
    t_mv: float | None = None
    q_ms: float | None = None

    def to_dict(self) -> dict[str, float | None]:
        """As in JSON."""
        found = ((each.name, getattr(self, each.name)) for each in fields(self))
        return {name: None if value is None else round(value, 3) for name, value in found if name.endswith("_mv")}


def lead_values(beat: npt.NDArray[np.floating], marks: Marks, middle: int, rate_hz: int) -> LeadValues:
    """The `LeadValues` of a lead's dominant beat (n,) in mV, whose sample `middle` the `marks` count from."""
    cut = _Cutter(beat, middle, rate_hz)
    if marks.qrs_onset is None or marks.qrs_end is None:
        return LeadValues()
    level = cut.level(marks.qrs_onset)
    if level is None:
        return LeadValues()
    q_mv, r_mv, s_mv, q_samples = _qrs_waves(cut.stretch(marks.qrs_onset, marks.qrs_end), level)
    t_mv = None
    if marks.t_peak is not None:
        wave = cut.stretch(max(marks.t_peak - T_HALF_S, marks.qrs_end), marks.t_peak + T_HALF_S)
        t_mv = None if wave is None else float(wave[np.abs(wave - level).argmax()] - level)
    st_j_mv, st_60_mv = (
        None if (value := cut.mean(at - ST_HALF_S, at + ST_HALF_S)) is None else value - level
        for at in (marks.qrs_end, marks.qrs_end + ST_LATER_S)
    )
    q_ms = None if q_samples is None else 1000 * q_samples / rate_hz
    return LeadValues(st_j_mv, st_60_mv, q_mv, r_mv, s_mv, t_mv, q_ms)


def axis_deg(
    beats: Mapping[str, npt.NDArray[np.floating]],
    first_s: float | None,
    last_s: float | None,
    marks: Marks,
    middle: int,
    rate_hz: int,
) -> float | None:
    """The axis of a wave between two moments (seconds from sample `middle`), over -180 to 180 degrees: the direction of its area.

    `beats` are {limb lead: (n,) mV}. The direction is that which explains the areas of all limb leads that are known with the least squares;
    areas are counted from the level before the QRS complex. None where a moment is, where fewer than two leads are known, or where there is no area.
    """
    if first_s is None or last_s is None or marks.qrs_onset is None:
        return None
    directions, areas = [], []
    for name, angle_deg in LEAD_DEG.items():
        if name not in beats:
            continue
        cut = _Cutter(beats[name], middle, rate_hz)
        wave, level = cut.stretch(first_s, last_s), cut.level(marks.qrs_onset)
        if wave is not None and level is not None:
            gain = AUGMENTED if name.startswith("a") else 1.0
            angle = np.deg2rad(angle_deg)
            directions.append((gain * np.cos(angle), gain * np.sin(angle)))
            areas.append((wave - level).sum() / rate_hz)
    if len(areas) < 2:
        return None
    (x, y), *_ = np.linalg.lstsq(np.array(directions), np.array(areas), rcond=None)
    return float(np.rad2deg(np.arctan2(y, x))) if np.hypot(x, y) >= LEAST_AREA_MV_S else None


@dataclass(frozen=True, eq=False)
class _Cutter:
    beat: npt.NDArray[np.floating]
    middle: int
    rate_hz: int

    def stretch(self, first_s: float, last_s: float) -> npt.NDArray[np.float64] | None:
        """(m,) mV between two moments, both within; None where some of it is not known."""
        first, last = self.middle + round(first_s * self.rate_hz), self.middle + round(last_s * self.rate_hz)
        if not 0 <= first <= last < len(self.beat):
            return None
        found = self.beat[first : last + 1].astype(np.float64)
        # One sum tells of all, in a fraction of the time.
        return found if isfinite(np.add.reduce(found)) else None

    def level(self, qrs_onset_s: float) -> float | None:
        """mV just before the QRS complex."""
        return self.mean(qrs_onset_s + LEVEL_S[0], qrs_onset_s + LEVEL_S[1])

    def mean(self, first_s: float, last_s: float) -> float | None:
        """mV."""
        found = self.stretch(first_s, last_s)
        return None if found is None else float(np.add.reduce(found) / len(found))


def _qrs_waves(
    wave: npt.NDArray[np.float64] | None, level: float
) -> tuple[float | None, float | None, float | None, int | None]:
    """(Q, R, S) in mV of a QRS complex: its highest point, and the lowest before and after it; and for how many samples Q is below the level."""
    if wave is None:
        return None, None, None, None
    height = wave - level
    top = int(height.argmax())
    if height[top] < LEAST_R_MV:
        return float(min(height.min(), 0.0)), 0.0, 0.0, int((height < 0).sum())
    before = height[: top + 1]
    return (
        float(min(before.min(), 0.0)),
        float(height[top]),
        float(min(height[top:].min(), 0.0)),
        int((before < 0).sum()),
    )
