"""Pacing: the spikes of a pacemaker before the beats of a page."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ..signals import Signals
from .median_beats import over_beats
from .page_beats import median_of
from .spans import spans_of

HALF_S, INNER_S = 0.008, 0.004
"""A spike is back at its level so much after its peak; a wave has hardly begun to fall, least of all after `INNER_S`."""

SHARP = 0.45
"""What a spike stands out by over `INNER_S` is at least that share of what it stands out by over `HALF_S`: QRS complexes have 0.4 at most."""

LEAST_MV = 0.08
"""A spike stands out by so much, root of the mean square over leads, in the median of the beats."""

QRS_S = -0.16, 0.06
"""Where a spike is that a QRS complex follows, from the complex's middle; one that stands before a P wave is sooner, from `ATRIAL_S` on."""

ATRIAL_S = -0.32

APART_S = 0.014
"""What is nearer to a spike belongs to it: so wide is a pen's stroke on paper, on either side."""

BEFORE_S, AFTER_S = 0.06, 0.15
QUIET_BEFORE, LOWER_AFTER = 0.03, 0.6
"""A complex follows its spike: in `BEFORE_S` before it slopes have `QUIET_BEFORE` of the power of those in `AFTER_S` after it at most, and
nothing there is as narrow and more than `LOWER_AFTER` as high."""

STANDS_OUT = 8.0
"""A spike before a P wave stands out by so many times what is usual there."""

JITTER_S = 0.006
"""So much a spike's place changes from beat to beat, where beats are laid on each other by their complexes."""

FEWEST_BEATS = 3
"""Of fewer usual beats nothing is told."""

SHARE = 0.5
"""A spike has at least so much of what is usual."""


LEAST_RATE_HZ = 250
"""Of signals with fewer samples in a second spikes cannot be told from waves."""


def find_spikes(
    signals: Signals, beats: npt.NDArray[np.float64], dominant: npt.NDArray[np.bool_]
) -> npt.NDArray[np.int64] | None:
    """(S,) the rows of `signals.mv` at which pacing spikes are, before beats at rows `beats` (K,), which `dominant` (K,) of them usual.

    Empty where none is seen, which does not say that the heart is not paced: filters of 25 to 40 Hz take spikes away, and those of bipolar
    leads are small. None where it cannot be told: fewer than `FEWEST_BEATS` usual beats, or less than `LEAST_RATE_HZ`.

    Notes
    -----
    A spike is told from a complex by its width alone: whatever falls back to its level within `HALF_S` on either side, over all leads that
    are shown, at the same place before most usual beats. An R wave's top is narrow too; but slopes lead up to it, and it is round.
    """
    if dominant.sum() < FEWEST_BEATS or signals.rate_hz < LEAST_RATE_HZ:
        return None
    mv, rate_hz = signals.mv, signals.rate_hz
    lags = np.arange(round((ATRIAL_S - BEFORE_S) * rate_hz), round((QRS_S[1] + AFTER_S) * rate_hz) + 1)
    half, inner, apart, before, after, near = (
        max(round(seconds * rate_hz), 1) for seconds in (HALF_S, INNER_S, APART_S, BEFORE_S, AFTER_S, JITTER_S)
    )
    at = np.round(beats).astype(int)[:, None] + lags
    narrow = _narrow_everywhere(mv, half)
    usual = _usual(narrow, at[dominant], near)

    def place(first_s: float, last_s: float) -> int:
        first, last = (round(at_s * rate_hz) - lags[0] for at_s in (first_s, last_s))
        # Where the highest is level, as the largest value near each row is, its middle.
        top = np.flatnonzero(usual[first:last] >= usual[first:last].max() * (1 - 1e-6))
        return first + int(median_of(top))

    def is_sharp(lag: int) -> bool:
        if usual[lag] < LEAST_MV:
            return False
        rows = at[dominant, max(lag - near, 0) : lag + near + 1].clip(0, len(mv) - 1)
        return bool(median_of(_narrow(mv, rows, inner).max(1)) >= SHARP * usual[lag])

    def leads_a_complex(lag: int) -> bool:
        if usual[lag + apart : lag + after].max(initial=0.0) > LOWER_AFTER * usual[lag]:
            return False
        power = _usual(_over_leads(np.abs(np.diff(mv, axis=0, append=np.nan))) ** 2, at[dominant], near)
        # The power of a spike's own slopes reaches a little farther than the spike.
        ahead = power[max(lag - before, 0) : lag - apart - near].sum()
        return bool(ahead <= QUIET_BEFORE * power[lag + apart : lag + after].sum())

    found = []
    ventricular = place(*QRS_S)
    if is_sharp(ventricular) and leads_a_complex(ventricular):
        found.append(ventricular)
    atrial_last_s = (lags[ventricular] / rate_hz if found else QRS_S[0] / 2) - BEFORE_S
    atrial = place(ATRIAL_S, atrial_last_s)
    quiet = median_of(usual[round(ATRIAL_S * rate_hz) - lags[0] : round(atrial_last_s * rate_hz) - lags[0]])
    if usual[atrial] >= STANDS_OUT * quiet and is_sharp(atrial):
        found.append(atrial)
    rows = [np.zeros(0, np.int64)]
    for lag in found:
        around = at[:, max(lag - near, 0) : lag + near + 1].clip(0, len(mv) - 1)
        heights = narrow[around]
        highest = around[np.arange(len(beats)), heights.argmax(1)]
        rows.append(highest[heights.max(1) >= SHARE * usual[lag]])
    return np.unique(np.concatenate(rows))


def paced(beats: npt.NDArray[np.float64], spikes: npt.NDArray[np.int64], rate_hz: int) -> npt.NDArray[np.bool_]:
    """(K,) whether a spike, at rows `spikes` (S,), comes before each beat, at rows `beats` (K,)."""
    first, last = (round(seconds * rate_hz) for seconds in (ATRIAL_S, QRS_S[1]))
    apart = spikes - beats[:, None]
    return ((apart >= first) & (apart <= last)).any(1)


def without_spikes(signals: Signals, spikes: npt.NDArray[np.int64]) -> Signals:
    """`Signals` without spikes, at rows `spikes` (S,): each lead stays at its level before the spike until the spike ends, since no wave that the
    spike sets off begins before it."""
    half = round(APART_S * signals.rate_hz)
    mv = signals.mv.copy()
    for row in spikes.tolist():
        first, stretch = max(row - half, 0), mv[max(row - half, 0) : row + half]
        np.copyto(stretch, mv[first], where=np.isfinite(stretch) & np.isfinite(mv[first]))
    return replace(signals, mv=mv)


def _narrow_everywhere(mv: npt.NDArray[np.float32], half: int) -> npt.NDArray[np.float32]:
    """`_narrow` at all rows, looking at leads where they are shown alone."""
    power, count = np.zeros(len(mv), np.float32), np.zeros(len(mv), np.int64)
    rows = np.arange(-half, len(mv) + half)
    for span in spans_of(np.isfinite(mv.T)):
        shown = slice(span.first, span.last)
        around = mv.T[span.leads].take(rows[span.first : span.last + 2 * half], 1, mode="clip")
        top = around[:, half:-half]
        smaller = _smaller(top - around[:, : -2 * half], top - around[:, 2 * half :])
        count[shown] += np.isfinite(smaller).sum(0)
        above = np.fmax(smaller, 0)
        power[shown] += (above * above).sum(0)
    return np.sqrt(power / np.maximum(count, 1).astype(np.float32))


def _narrow(mv: npt.NDArray[np.float32], rows: npt.NDArray[np.int64], half: int) -> npt.NDArray[np.float32]:
    """By how much the leads at `rows`, of any shape, are above, or below, both of what they are `half` rows before and after; over leads."""
    top = mv[rows]
    left, right = top - mv[(rows - half).clip(0)], top - mv[(rows + half).clip(max=len(mv) - 1)]
    return _over_leads(_smaller(left, right))


def _smaller(left: npt.NDArray[np.float32], right: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The smaller in size of two, where both have one sign: above 0; below it, where they have not."""
    return (np.abs(left + right) - np.abs(left - right)) / 2


def _over_leads(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """(...) root of the mean square over the leads (..., k) that are known of what is above 0."""
    known = np.isfinite(values).sum(-1)
    above = np.fmax(values, 0)
    return np.sqrt(np.einsum("...k,...k->...", above, above) / np.maximum(known, 1))


def _usual(values: npt.NDArray[np.float32], at: npt.NDArray[np.int64], near: int) -> npt.NDArray[np.float32]:
    """(T,) the median over beats of the largest value within `near` of each of their rows `at` (K, T)."""
    from scipy.ndimage import maximum_filter1d

    values = maximum_filter1d(values, 2 * near + 1)
    return over_beats(np.where((at >= 0) & (at < len(values)), values[at.clip(0, len(values) - 1)], 0)[None])[0]
