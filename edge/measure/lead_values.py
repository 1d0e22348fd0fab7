"""Voltages of single leads in their dominant beat, and axes of all limb leads together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import atan2, cos, degrees, hypot, isfinite, radians, sin

import numpy as np
import numpy.typing as npt

from .delineation import LEVEL_S, Marks

LEAD_DEG = {"I": 0.0, "II": 60.0, "III": 120.0, "aVR": -150.0, "aVL": -30.0, "aVF": 90.0}
"""Where the limb leads look from, in the frontal plane."""

AUGMENTED = 3**0.5 / 2
"""An augmented lead shows so much less of the heart's vector than I, II and III."""

TOWARDS = {
    name: (
        (AUGMENTED if name.startswith("a") else 1.0) * cos(radians(angle)),
        (AUGMENTED if name.startswith("a") else 1.0) * sin(radians(angle)),
    )
    for name, angle in LEAD_DEG.items()
}
"""What each limb lead shows of the heart's vector: of its part to the left, and of that downwards."""

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


def lead_values(
    beats: Mapping[str, npt.NDArray[np.floating]], marks: Marks, middle: int, rate_hz: int
) -> dict[str, LeadValues]:
    """{lead: its `LeadValues`} of the dominant beats {lead: (n,) in mV}, from whose sample `middle` the `marks` count."""
    if not beats or marks.qrs_onset is None or marks.qrs_end is None:
        return {name: LeadValues() for name in beats}
    cut = _Cutter(np.stack(list(beats.values())), middle, rate_hz)
    level = cut.level(marks.qrs_onset)
    unknown = np.full(len(beats), np.nan)
    t_mv = unknown
    if marks.t_peak is not None:
        wave = cut.stretch(max(marks.t_peak - T_HALF_S, marks.qrs_end), marks.t_peak + T_HALF_S)
        height = wave - level[:, None]
        t_mv = height[np.arange(len(height)), np.abs(height).argmax(1)] if wave.size else unknown
    st_j_mv, st_60_mv = (
        cut.mean(at - ST_HALF_S, at + ST_HALF_S) - level for at in (marks.qrs_end, marks.qrs_end + ST_LATER_S)
    )
    q_mv, r_mv, s_mv, q_samples = _qrs_waves(cut.stretch(marks.qrs_onset, marks.qrs_end) - level[:, None])
    columns = st_j_mv, st_60_mv, q_mv, r_mv, s_mv, t_mv, 1000 * q_samples / rate_hz
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return {
        name: LeadValues(*(value if isfinite(value) else None for value in row))
        for name, row in zip(beats, rows, strict=True)
    }


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
    names = [name for name in TOWARDS if name in beats]
    if first_s is None or last_s is None or marks.qrs_onset is None or not names:
        return None
    cut = _Cutter(np.stack([beats[name] for name in names]), middle, rate_hz)
    areas = (cut.stretch(first_s, last_s) - cut.level(marks.qrs_onset)[:, None]).sum(1) / rate_hz
    known = np.isfinite(areas)
    if known.sum() < 2:
        return None
    towards, areas = np.array([TOWARDS[name] for name in names])[known], areas[known]
    # No two limb leads look along one line: the normal equations of two leads have a solution too.
    (xx, xy), (_, yy) = (towards.T @ towards).tolist()
    x_area, y_area = (areas @ towards).tolist()
    share = xx * yy - xy * xy
    x, y = (yy * x_area - xy * y_area) / share, (xx * y_area - xy * x_area) / share
    return degrees(atan2(y, x)) if hypot(x, y) >= LEAST_AREA_MV_S else None


@dataclass(frozen=True, eq=False)
class _Cutter:
    """Stretches of beats (k, n) in mV, counted from their sample `middle`."""

    beats: npt.NDArray[np.floating]
    middle: int
    rate_hz: int

    def stretch(self, first_s: float, last_s: float) -> npt.NDArray[np.float64]:
        """(k, m) mV between two moments, both within: NaN of leads of which some is not known, and (k, 1) NaN where the beats do not reach."""
        first, last = self.middle + round(first_s * self.rate_hz), self.middle + round(last_s * self.rate_hz)
        if not 0 <= first <= last < self.beats.shape[1]:
            return np.full((len(self.beats), 1), np.nan)
        found = self.beats[:, first : last + 1].astype(np.float64)
        found[~np.isfinite(found.sum(1))] = np.nan
        return found

    def level(self, qrs_onset_s: float) -> npt.NDArray[np.float64]:
        """(k,) mV just before the QRS complex."""
        return self.mean(qrs_onset_s + LEVEL_S[0], qrs_onset_s + LEVEL_S[1])

    def mean(self, first_s: float, last_s: float) -> npt.NDArray[np.float64]:
        """(k,) mV."""
        found = self.stretch(first_s, last_s)
        return found.sum(1) / found.shape[1]


def _qrs_waves(
    height: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """(Q, R, S), each (k,) in mV, of QRS complexes (k, m) in mV from their level: the highest point, and the lowest before and after it; and for
    how many samples Q is below the level. NaN of leads that are not known."""
    top = height.argmax(1)
    r_mv = height[np.arange(len(height)), top]
    rises = r_mv >= LEAST_R_MV
    at = np.arange(height.shape[1])
    # Without an R wave all of it is Q.
    before = np.where((at <= top[:, None]) | ~rises[:, None], height, 0.0)
    after = np.where(at >= top[:, None], height, 0.0)
    none = np.where(np.isfinite(r_mv), 0.0, np.nan)
    q_mv, s_mv = np.minimum(before.min(1), none), np.minimum(after.min(1), none)
    return q_mv, np.where(rises, r_mv, none), np.where(rises, s_mv, none), none + (before < 0).sum(1)
