"""Pacing: the spikes of a pacemaker before the beats of a page."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ..signals import Signals

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
    rate_hz = signals.rate_hz
    lags = np.arange(round((ATRIAL_S - BEFORE_S) * rate_hz), round((QRS_S[1] + AFTER_S) * rate_hz) + 1)
    known = np.isfinite(signals.mv)
    narrow = _over_leads(_narrow(signals.mv, HALF_S * rate_hz), known)
    inner = _over_leads(_narrow(signals.mv, INNER_S * rate_hz), known)
    slopes = _over_leads(np.diff(signals.mv, axis=0, append=np.nan), known) ** 2
    at = np.round(beats).astype(int)[:, None] + lags
    usual, sharp, power = (_usual(values, at[dominant], rate_hz) for values in (narrow, inner, slopes))

    def place(first_s: float, last_s: float) -> int:
        first, last = (round(at_s * rate_hz) - lags[0] for at_s in (first_s, last_s))
        stretch = usual[max(first, 0) : last]
        top = np.flatnonzero(stretch >= stretch.max(initial=0.0) * (1 - 1e-6)) if len(stretch) else np.zeros(1)
        return max(first, 0) + int(np.median(top))

    def is_sharp(lag: int) -> bool:
        return bool(usual[lag] >= LEAST_MV and sharp[lag] >= SHARP * usual[lag])

    apart, before, after, near = (round(seconds * rate_hz) for seconds in (APART_S, BEFORE_S, AFTER_S, JITTER_S))
    found = []
    ahead = place(*QRS_S)
    # The power of a spike's own slopes reaches a little farther than the spike.
    ahead_power = power[max(ahead - before, 0) : ahead - apart - near].sum()
    after_power = power[ahead + apart : ahead + after].sum()
    lower = usual[ahead + apart : ahead + after].max(initial=0.0) <= LOWER_AFTER * usual[ahead]
    if is_sharp(ahead) and lower and ahead_power <= QUIET_BEFORE * after_power:
        found.append(ahead)
    atrial_last_s = (lags[found[0]] / rate_hz if found else QRS_S[0] / 2) - BEFORE_S
    atrial = place(ATRIAL_S, atrial_last_s)
    quiet = np.median(usual[round(ATRIAL_S * rate_hz) - lags[0] : round(atrial_last_s * rate_hz) - lags[0]])
    if is_sharp(atrial) and usual[atrial] >= STANDS_OUT * quiet:
        found.append(atrial)
    rows = [np.zeros(0, np.int64)]
    for lag in found:
        around = at[:, max(lag - near, 0) : lag + near + 1].clip(0, len(narrow) - 1)
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
    """`Signals` with straight lines in the place of spikes, at rows `spikes` (S,)."""
    half = round(APART_S * signals.rate_hz)
    mv = signals.mv.copy()
    for row in spikes.tolist():
        first, last = max(row - half, 0), min(row + half, len(mv) - 1)
        share = np.linspace(0, 1, last - first + 1, dtype=mv.dtype)[:, None]
        line = (1 - share) * mv[first] + share * mv[last]
        stretch = mv[first : last + 1]
        mv[first : last + 1] = np.where(np.isfinite(stretch) & np.isfinite(line), line, stretch)
    return replace(signals, mv=mv)


def _narrow(mv: npt.NDArray[np.float32], half: float) -> npt.NDArray[np.float32]:
    """(n, k) by how much each sample is above, or below, both of those `half` samples before and after it; NaN where one is not known."""
    half = max(round(half), 1)
    found = np.full_like(mv, np.nan)
    if len(mv) > 2 * half:
        left, right = mv[half:-half] - mv[: -2 * half], mv[half:-half] - mv[2 * half :]
        found[half:-half] = ((np.abs(left + right) - np.abs(left - right)) / 2).clip(
            0
        )  # the smaller, where both have one sign
    return found


def _over_leads(values: npt.NDArray[np.float32], known: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
    """(n,) root of the mean square over the leads that are known."""
    values = np.nan_to_num(values)
    return np.sqrt(np.einsum("nk,nk->n", values, values) / np.maximum(known.sum(1), 1))


def _usual(values: npt.NDArray[np.float32], at: npt.NDArray[np.int64], rate_hz: int) -> npt.NDArray[np.float32]:
    """(T,) the median over beats of the largest value near each of their rows `at` (K, T)."""
    from scipy.ndimage import maximum_filter1d

    values = maximum_filter1d(values, 2 * round(JITTER_S * rate_hz) + 1)
    return np.median(np.where((at >= 0) & (at < len(values)), values[at.clip(0, len(values) - 1)], 0), axis=0)
