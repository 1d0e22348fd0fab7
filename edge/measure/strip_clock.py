"""Whether a page's rhythm strips show one heart, and at the same time as the leads in columns above them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ..layout import LEADS_12
from ..signals import Signals
from .page_beats import QrsBand, find_beats_in, median_of, qrs_band

NEAR_S = 0.08
"""A beat of the strips and one of the columns are the same if they are no farther from each other, less what most of them are apart."""
MAX_SHIFT_S = 0.15
"""Most beats may be so far apart for other reasons: leads differ in where a wide complex is steepest."""
LEAST_SHARE, LEAST_BEATS = 0.4, 3
"""Strips are of another time where so many of the columns' beats are not in the strips, and as many of the strips' not in the columns.

The lesser of the two shares is at most 0.27 on 217 pages whose strips are of the same time; on three whose devices print another time and on six
pictures made of two persons' pages it is 0.44 and more. Of 300 further pages one has 0.38: loose electrodes hide the beats of its chest leads.
"""
LEAST_STEP = 0.2
"""Where a strip goes on with another heart RR changes by so much of itself at least, and by more than it does on either side: of 960 records laid out
as pages one does by 0.19 and two by less, among them a child's sinus arrhythmia, of 240 pages none; of five pictures made of two pages each by 0.2 to 0.35."""
LEAST_RESHAPED, LEAST_BY_SCATTER = 0.3, 1.2
"""And its beats by so much of their size, and so many times what two thirds of them differ from their like at most."""
BEAT_S, ALIGN_S = (-0.28, 0.44), 0.04
"""A beat from P to T, about its place, and how far that may be off."""


def only(signals: Signals, strips: bool) -> Signals:
    """The rhythm strips alone, or the leads without them; all rows of the page's clock."""
    chosen = [number for number, name in enumerate(signals.names) if (name not in LEADS_12) == strips]
    return replace(
        signals,
        mv=signals.mv[:, chosen],
        names=tuple(signals.names[number] for number in chosen),
        leads=tuple(signals.leads[number] for number in chosen),
    )


def strips_alone(signals: Signals, band: QrsBand | None = None) -> Signals | None:
    """The rhythm strips of a page whose strips and columns do not show one heart at one time, as far as the strips show one; None of all other pages.

    They were recorded at another time than the columns, or of another person; or the page was put together from parts, and they go on with another
    heart where a column begins: then their longer part. None where there is no strip, or too few beats to tell. `band` is that of the page, where it is known.
    """
    band = qrs_band(signals) if band is None else band
    is_strip = np.array([name not in LEADS_12 for name in band.names], bool)
    if is_strip.all() or not is_strip.any():
        return None
    of_columns_s, beats_s = (
        find_beats_in(band.score_of(leads), band.step_s) * band.step_s for leads in (~is_strip, is_strip)
    )
    strips, alone = only(signals, strips=True), _alone(of_columns_s, beats_s)
    if alone is not None and min(alone) >= LEAST_SHARE:
        return strips
    seam_s = _seam_s(strips, sorted({signals.start_s[name] for name in signals.names if name in LEADS_12})[1:], beats_s)
    if seam_s is None:
        return None
    row = round(seam_s * strips.rate_hz)
    mv = strips.mv.copy()
    mv[slice(row) if 2 * row < len(mv) else slice(row, None)] = np.nan
    return replace(strips, mv=mv)


def _alone(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> tuple[float, float] | None:
    """The shares of the beats (in seconds) of each that have no partner in the other; None where either has fewer than `LEAST_BEATS`."""
    if min(len(one), len(other)) < LEAST_BEATS:
        return None
    shift_s = float(np.clip(median_of(_to_nearest(one, other)), -MAX_SHIFT_S, MAX_SHIFT_S))
    one = one + shift_s
    first, second = (float((np.abs(_to_nearest(*pair)) > NEAR_S).mean()) for pair in ((one, other), (other, one)))
    return first, second


def _to_nearest(beats: npt.NDArray[np.float64], others: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """(K,) seconds from each beat to the nearest of the others."""
    distances = others - beats[:, None]
    return np.take_along_axis(distances, np.abs(distances).argmin(1)[:, None], 1)[:, 0]


def _seam_s(strips: Signals, starts_s: list[float], beats_s: npt.NDArray[np.float64]) -> float | None:
    """The first of `starts_s` from which on strips that beat at `beats_s` have another rate and another shape, steady before and after; None where
    there is none."""
    for start_s in starts_s:
        before = beats_s < start_s
        if _steps(np.diff(beats_s[before]), np.diff(beats_s[~before])) and _reshaped(strips, beats_s, before):
            return start_s
    return None


def _steps(before_s: npt.NDArray[np.float64], after_s: npt.NDArray[np.float64]) -> bool:
    """Whether RR (in seconds) are others after than before, by more than they differ on either side."""
    if min(len(before_s), len(after_s)) < LEAST_BEATS - 1:
        return False
    step_s = abs(float(before_s.mean() - after_s.mean()))
    return step_s > max(
        LEAST_STEP * min(before_s.mean(), after_s.mean()), float(np.ptp(before_s)), float(np.ptp(after_s))
    )


def _reshaped(strips: Signals, beats_s: npt.NDArray[np.float64], before: npt.NDArray[np.bool_]) -> bool:
    """Whether the strips' beats `before` are of another shape than the others, by more than beats of either differ."""
    rate_hz = strips.rate_hz
    reach, rows = round(ALIGN_S * rate_hz), np.rint(beats_s * rate_hz).astype(int)
    first, last = (round(at * rate_hz) for at in BEAT_S)
    whole = (rows + first - reach >= 0) & (rows + last + reach <= len(strips.mv))
    mv = strips.mv[:, 0].astype(np.float64)
    shifts, at = np.arange(-reach, reach + 1, 2), np.arange(first, last)
    # (beats, shifts, samples)
    windows = mv[rows[whole, None, None] + shifts[:, None] + at]
    windows = windows - np.median(windows, axis=2, keepdims=True)
    known, before = np.isfinite(windows).all(axis=(1, 2)), before[whole]
    windows, before = windows[known], before[known]
    if min(np.count_nonzero(before), np.count_nonzero(~before)) < LEAST_BEATS - 1:
        return False
    usual = windows[len(windows) // 2, len(shifts) // 2]
    for _ in range(2):
        best = ((windows - usual) ** 2).mean(axis=2).argmin(axis=1)
        beats = windows[np.arange(len(windows)), best]
        usual = np.median(beats, axis=0)
    earlier, later = np.median(beats[before], axis=0), np.median(beats[~before], axis=0)
    own = np.where(before[:, None], earlier, later)
    within = float(np.quantile(_size_mv(beats - own), 2 / 3))
    apart = float(_size_mv(earlier - later))
    return apart > max(LEAST_RESHAPED * float(_size_mv(usual)), LEAST_BY_SCATTER * within)


def _size_mv(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The root mean square along the last axis."""
    return np.asarray(np.sqrt((values**2).mean(axis=-1)))
