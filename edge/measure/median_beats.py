"""The dominant beat of each lead: the median of its beats."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from ..compiled.library import address, compiled
from ..signals import Signals

BEFORE_S, AFTER_S = 0.45, 0.7
"""What of a beat is kept, about the middle of its QRS complex."""

LEVEL_S = (-0.2, -0.06)
"""Beats are laid on each other by their mean voltage in this stretch before the middle of the QRS complex."""


def median_beats(signals: Signals, beats: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """(k, T) mV: for each lead of `signals` the median over `beats` (rows of `mv`) from `BEFORE_S` before each to `AFTER_S` after.

    NaN where no beat shows the lead; each beat counts where it is known. Levels are those of the beats' mean before the QRS complex: 0 mV has
    no meaning yet.
    """
    before, after = (round(seconds * signals.rate_hz) for seconds in (BEFORE_S, AFTER_S))
    found = np.full((signals.mv.shape[1], before + after), np.nan, np.float32)
    first, last = (before + round(seconds * signals.rate_hz) for seconds in LEVEL_S)
    # With so much on either side every beat's window is whole.
    begun = np.round(beats).astype(int)
    begun = begun[(begun >= -after) & (begun < len(signals.mv) + before)]
    mv = np.full((signals.mv.shape[1], before + len(signals.mv) + before + 2 * after), np.nan, np.float32)
    mv[:, before + after : -before - after] = signals.mv.T
    begun += after
    ahead = mv[:, begun[:, None] + np.arange(first, last)]
    known = np.isfinite(ahead)
    count = known.sum(2)
    # A beat that begins later than its level would lie elsewhere than the others.
    leads, numbers = np.nonzero(count >= max((last - first) // 2, 1))
    level = np.where(known, ahead, 0)[leads, numbers].sum(1) / count[leads, numbers]
    cut = sliding_window_view(mv, before + after, 1)[leads, begun[numbers]]
    cut -= level[:, None]
    shown = np.bincount(leads, minlength=len(found))
    for times in np.unique(shown[shown > 0]).tolist():
        alike = shown == times
        found[alike] = over_beats(cut[alike[leads]].reshape(-1, times, before + after))
    return found


def over_beats(cut: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """(k, T) medians of (k, B, T) over beats, of what is finite; NaN where nothing is. What was given may be written over."""
    library, (leads, beats, length) = compiled(), cut.shape
    if not library:
        return _over_beats_in_numpy(cut)
    cut = np.ascontiguousarray(cut, np.float32)
    scratch, found = np.empty(beats, np.float32), np.empty((leads, length), np.float32)
    library["medians"](leads, beats, length, address(cut), address(scratch), address(found))
    return found


def _over_beats_in_numpy(cut: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """As `over_beats`."""
    cut.sort(axis=1)
    count = np.isfinite(cut).sum(1)
    low, high = (np.maximum(count - 1, 0) // 2)[:, None], (count // 2)[:, None]
    high = np.minimum(high, np.maximum(count - 1, 0)[:, None])
    return (0.5 * (np.take_along_axis(cut, low, 1) + np.take_along_axis(cut, high, 1)))[:, 0]


def repetition(signals: Signals, beats: npt.NDArray[np.float64], first_s: float, last_s: float) -> float | None:
    """How alike a stretch of every beat is, -1 to 1: 1 where each beat has the same, about 0 where it has nothing to do with the beat.

    `first_s` and `last_s` are seconds from the `beats` (rows of `mv`). The correlation between beats within each lead, straight lines taken
    away, and its mean over leads, which count by the pairs of beats that they show; None where none shows two.
    """
    rows = np.round(beats).astype(int)[:, None] + np.arange(
        round(first_s * signals.rate_hz), round(last_s * signals.rate_hz), 2
    )
    rows = rows[(rows[:, 0] >= 0) & (rows[:, -1] < len(signals.mv))] if rows.size else rows
    if rows.shape[0] < 2 or rows.shape[1] < 3:
        return None
    cut = signals.mv.T[:, rows].astype(float)
    shown = np.isfinite(cut).all(2)
    cut = np.where(shown[:, :, None], cut, 0.0)
    line = np.linspace(-1, 1, cut.shape[2])
    cut -= cut.mean(2, keepdims=True)
    cut -= (cut @ line / (line @ line))[:, :, None] * line
    each, count = np.einsum("kbt,kbt->k", cut, cut), shown.sum(1)
    told = (count > 1) & (each > 0)
    if not told.any():
        return None
    count, each = count[told], each[told]
    alike, pairs = ((cut[told].sum(1) ** 2).sum(1) - each) / ((count - 1) * each), count * (count - 1)
    return float(alike @ pairs / pairs.sum())
