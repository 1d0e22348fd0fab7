"""Heartbeats of a page: where they are, over all of its leads together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..signals import Signals
from .spans import spans_of

STEP_S = 0.004
"""Signals are looked at about this often, if they have as many samples: the band of a QRS complex ends below 30 Hz."""

FINE_S, COARSE_S = 0.012, 0.052
"""Widths of the moving averages whose difference passes about 6 to 30 Hz: QRS complexes, hardly T waves."""

SPREAD_S = 0.08
"""Width of the moving average of that band's power: about that of a QRS complex."""

WINDOW_S = 1.2
"""The largest power within such a window is a beat's, unless the heart beats less than 50 times a minute."""

APART_S = 0.22
"""Two beats are no nearer to each other than that: 270 a minute."""

SHARE = 0.35
"""A beat has at least this share of the amplitude (root of the power) of a typical one: the median of the windows' maxima."""

LEAST_SCORE = 0.15
"""Nor is a beat weaker than that where a typical one is 1: where most of a page is flat, what is left there is rounding."""

MISSED_RR, MISSED_SHARE = 1.6, 0.2
"""Where beats are `MISSED_RR` of the median interval apart, one between them may be as weak as `MISSED_SHARE` of a typical one."""

T_WAVE_S, T_WAVE_SHARE = 0.36, 0.6
"""A peak sooner after a beat than `T_WAVE_S` with less than `T_WAVE_SHARE` of its amplitude is its T wave."""

LEAST_MV = 0.012
"""No beat is weaker than that in the band: a complex of 0.1 mV has twice as much."""

QUIET_EVERY = 5
"""The power between beats is the median of every so many steps: it is smooth."""

MARGIN_S = 0.064
"""So far beside what is shown of a lead the band's power is 0: more than half of the moving averages together."""

SHORTEST_S = 0.5
"""A lead that is shown for less is not listened to."""


def find_page_beats(signals: Signals) -> npt.NDArray[np.int64]:
    """(K,) int, the rows of `signals.mv` at which the heart beats: the middle of each QRS complex's power over all leads that are shown then.

    A beat that several leads show is one beat. Each lead counts by how far its beats stand out of what lies between them, so that one that is
    lost in noise says little, and a small lead as much as a large one. None is found where nothing beats; never an exception.

    References
    ----------
    After Pan J., Tompkins W. J., "A real-time QRS detection algorithm", IEEE Trans. Biomed. Eng. 32(3):230, 1985 (band pass, power, moving
    average, threshold, search back, T waves by the beat before), on the power of all leads together.
    """
    band = qrs_band(signals)
    return find_beats_in(band.score, band.step_s) * band.step


@dataclass(frozen=True, eq=False)
class QrsBand:
    """The leads in the band of QRS complexes, every `step` rows of `Signals.mv`, `step_s` seconds.

    Attributes
    ----------
    names : the k leads that are listened to
    leads : (k, n) float64, each lead about 1 in a typical beat times how much it is listened to (0 to 1)
    known : (k, n) bool, where a lead is shown and was followed
    powers, weights : (k, n) and (k,) float64, what each lead adds to the power over all leads, and to what that is divided by
    score : (n,) float64, the amplitude over all leads: about 1 in a typical beat; 0 where no lead is known
    """

    names: tuple[str, ...]
    leads: npt.NDArray[np.float64]
    known: npt.NDArray[np.bool_]
    powers: npt.NDArray[np.float64]
    weights: npt.NDArray[np.float64]
    score: npt.NDArray[np.float64]
    step: int
    step_s: float

    def score_of(self, leads: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        """(n,) as `score`, over those of the leads alone that (k,) bool says."""
        return _score(self.powers[leads].sum(0), self.known[leads], self.weights[leads], self.step_s)


def qrs_band(signals: Signals) -> QrsBand:
    """The `QrsBand` of the leads of a page."""
    step = max(round(STEP_S * signals.rate_hz), 1)
    step_s = step / signals.rate_hz
    mv = signals.mv[::step].T
    known = np.ascontiguousarray(np.isfinite(mv))
    heard = np.count_nonzero(known, axis=1) * step_s >= SHORTEST_S
    mv, known, names = mv[heard], known[heard], tuple(np.array(signals.names)[heard].tolist())
    leads, powers, power, weight = np.zeros(mv.shape), np.zeros(mv.shape), np.zeros(mv.shape[1]), np.zeros(len(mv))
    if not mv.size:
        return QrsBand(names, leads, known, powers, weight, power, step, step_s)
    for span in spans_of(known, round(MARGIN_S / step_s)):
        shown = slice(span.first, span.last)
        told = known[span.leads, shown]
        band, power_of, typical = _band(mv[span.leads, shown].astype(np.float64), told, step_s)
        quiet = np.array([median_of(row[own][::QUIET_EVERY]) for row, own in zip(power_of, told, strict=True)])
        beats = np.maximum(typical, LEAST_MV**2)
        stands_out = (1 - np.sqrt(quiet / beats)).clip(0) ** 2 * (typical > LEAST_MV**2)
        gain = stands_out / np.sqrt(beats)
        leads[span.leads, shown] = band * gain[:, None]
        powers[span.leads, shown] = power_of * (gain**2)[:, None]
        power[shown] += gain**2 @ power_of
        weight[span.leads] = stands_out**2
    return QrsBand(names, leads, known, powers, weight, _score(power, known, weight, step_s), step, step_s)


def _score(
    power: npt.NDArray[np.float64], known: npt.NDArray[np.bool_], weights: npt.NDArray[np.float64], step_s: float
) -> npt.NDArray[np.float64]:
    """(n,) the amplitude whose power (n,) is that of leads (k, n) that count `weights` (k,) where they are known."""
    from scipy.ndimage import uniform_filter1d

    # Spread as the power is: else where columns meet a few samples of one lead would be taken for all that is heard.
    heard_then = np.maximum(uniform_filter1d(weights @ known, _odd(SPREAD_S / step_s)), 1e-9)
    return np.sqrt(power / heard_then)


def _band(
    mv: npt.NDArray[np.float64], known: npt.NDArray[np.bool_], step_s: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """(k, n) leads in the band, 0 where they are not known; (k, n) their power; (k,) that of a typical beat."""
    from scipy.ndimage import uniform_filter1d

    mv = _filled(mv, known)
    fine = uniform_filter1d(uniform_filter1d(mv, _odd(FINE_S / step_s)), _odd(FINE_S / step_s))
    band = known * (fine - uniform_filter1d(mv, _odd(COARSE_S / step_s)))
    power = uniform_filter1d(band**2, _odd(SPREAD_S / step_s)).clip(0)  # running sums are rounded
    return band, power, np.array([_typical(row[told], step_s) for row, told in zip(power, known, strict=True)])


def _odd(steps: float) -> int:
    return 2 * round(steps / 2) + 1


def _filled(mv: npt.NDArray[np.float64], known: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Without gaps: straight lines across them and level beyond the ends, so that no edge looks like a beat."""
    at = np.arange(mv.shape[1])
    filled = mv.copy()
    for row, told in zip(filled, known, strict=True):
        first, last = int(told.argmax()), len(told) - int(told[::-1].argmax())
        row[:first], row[last:] = row[first], row[last - 1]
        if not told[first:last].all():
            row[:] = np.interp(at, at[told], row[told])
    return filled


def median_of(values: npt.NDArray[Any]) -> float:
    """The median of (n,) finite values: for few of them in a fraction of `numpy.median`'s time."""
    order = np.sort(values)
    return float(0.5 * (order[(len(order) - 1) // 2] + order[len(order) // 2]))


def _typical(values: npt.NDArray[np.float64], step_s: float) -> float:
    """The median over windows of the largest value within: that of a beat."""
    window = round(WINDOW_S / step_s)
    halves = np.maximum.reduceat(values, np.arange(0, len(values), window // 2))
    return median_of(np.maximum(halves[:-1], halves[1:]) if len(halves) > 1 else halves)


def find_beats_in(score: npt.NDArray[np.float64], step_s: float) -> npt.NDArray[np.int64]:
    """(K,) int, the steps of a `QrsBand`'s score at which the heart beats."""
    from scipy.ndimage import maximum_filter1d

    if not len(score):
        return np.array([], np.int64)
    apart = round(APART_S / step_s)
    peaks = np.flatnonzero((score == maximum_filter1d(score, 2 * apart + 1)) & (score > LEAST_SCORE))
    peaks = peaks[np.diff(peaks, prepend=-apart) >= apart]  # one of a level stretch
    typical = _typical(score, step_s)
    beats: list[int] = []
    for peak in peaks[score[peaks] > SHARE * typical]:
        if beats and peak - beats[-1] < T_WAVE_S / step_s and score[peak] < T_WAVE_SHARE * score[beats[-1]]:
            continue
        beats.append(int(peak))
    if len(beats) < 3:
        return np.array(beats, np.int64)
    usual = median_of(np.diff(beats))
    weaker = peaks[score[peaks] > MISSED_SHARE * typical]
    for one, other in zip(beats[:-1], beats[1:], strict=True):
        if other - one > MISSED_RR * usual:
            between = weaker[(weaker > one + T_WAVE_S / step_s) & (weaker < other - APART_S / step_s)]
            if len(between):
                beats.append(int(between[np.argmax(score[between])]))
    return np.array(sorted(beats), np.int64)
