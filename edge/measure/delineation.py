"""Where P, QRS and T begin, peak and end, in a beat that several leads show."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

QRS_SIGMA_S, P_SIGMA_S, T_SIGMA_S = 0.008, 0.012, 0.02
"""Scales of the wavelets, first derivatives of Gaussians, for the boundaries of each wave."""

P_PEAK_SIGMA_S, T_PEAK_SIGMA_S = 0.024, 0.02
"""Scales at which the peaks are looked for: P by its curvature, T by its height."""

QRS_SEARCH_S = (-0.1, 0.12)
"""Where the steepest slope of the QRS complex is, about its middle."""

QRS_STEEP = 0.35
"""Slopes of that share of the steepest one belong to the QRS complex; its ends are looked for outside of them."""

QRS_ONSET, QRS_END = 0.07, 0.12
P_ONSET, P_END = 0.5, 0.7
T_END = 0.35
"""A wave begins or ends where the slope falls to that share of its outer slope's maximum, and the T wave where it falls to that share of the way from
there to the least slope before the next P wave: noise alone has a slope, and that of a flat T wave is little more. P onset is the published share of
Martínez (1 / 2); the others were chosen on the records of LUDB with an odd number."""

USUAL_MV_PER_S, OTHERWISE = 45.0, 1.3
"""The steepest slope of a usual QRS complex over all leads (root of the mean square): its median on LUDB's records with an odd number. The slope at
which a complex begins is a share of the geometric mean of this and its own steepest one, which it differs from by a factor `OTHERWISE` at most, as on
nine tenths of those records: tall complexes do not begin later for being tall, and noise does not belong to small ones. Not its end: J points that
lie later raise ST on normal pages (0.1 mV or more in neighbouring leads on 10 of 242 instead of 4)."""

QRS_ONSET_STAYS_S, QRS_END_STAYS_S = 0.008, 0.016
"""The slope stays below for so long: between two waves of a complex it is low for less, longest before the R' of a right bundle branch block."""

QRS_REACH_S = 0.15, 0.18
"""Onset and end of the QRS complex are no farther from its middle."""

LONGEST_QRS_S = 0.26
"""What is longer is no QRS complex: ventricular flutter and fibrillation have none, and neither P, T nor intervals."""

T_AFTER_S, T_LATEST_S, T_LATEST_RR, T_LATEST_ROOT = 0.04, 0.6, 0.6, 0.4
"""T peaks no sooner after the QRS complex than `T_AFTER_S`, and no later after its middle than `T_LATEST_S`, that share of RR, or that much of RR's
cube root in s: with QT after Fridericia that is a QTc of about 540 ms. What is later is U, or the next P wave."""

T_END_RR = 0.7
"""T ends no later after the middle of the QRS complex than that share of RR: the next P wave is there."""

T_SLOPE_S, T_PEAK_HALF_S = 0.15, 0.03
"""The last slope of T is within so much of its peak, and before the heart rests, which is no sooner than `T_PEAK_HALF_S` after it."""

P_BEFORE_S, P_PEAK_BEFORE_S, P_SLOPE_S = 0.3, 0.05, 0.07
"""P peaks no sooner before the QRS onset than `P_BEFORE_S` and no later than `P_PEAK_BEFORE_S`; its slopes are within `P_SLOPE_S` of its peak."""

P_REACH_S = 0.12
"""P begins no sooner before its peak: half of the longest P wave."""

P_AFTER_T_S = 0.03
"""P peaks no sooner after the end of the T wave before it."""

LEVEL_S = (-0.024, -0.004)
"""Leads are level in this stretch before the QRS onset: their voltages are measured from there."""

SHORTEST_SEARCH_S = 0.03
"""Where less than that is left for a wave, between its neighbours or until the leads end, it is not looked for."""

LEAST_SLOPE_MV_PER_S = 0.5
"""A complex whose steepest slope over all leads (root of the mean square) is less is none."""


@dataclass(frozen=True)
class Marks:
    """Seconds from the middle of the QRS complex; None where a wave was not made out."""

    p_onset: float | None = None
    p_peak: float | None = None
    p_end: float | None = None
    qrs_onset: float | None = None
    qrs_end: float | None = None
    t_peak: float | None = None
    t_end: float | None = None


NO_MARKS = Marks()


def delineate(beat: npt.NDArray[np.floating], middle: int, rate_hz: int, rr_s: float | None) -> Marks:
    """The `Marks` of a beat over all its leads together.

    Parameters
    ----------
    beat : (k, n) mV, each row a lead; NaN where it is not known: leads that lack the QRS complex say nothing
    middle : the sample of the QRS complex's middle
    rr_s : seconds from one beat to the next; None where it is not known, and P and T are then looked for in the whole beat

    Notes
    -----
    Each lead is transformed by a wavelet that is the first derivative of a Gaussian. The transforms are combined over leads by the root of
    their mean square, that is the speed of the heart's vector over the leads that are there, and a wave begins or ends where that falls
    to a share of the wave's outer modulus maximum; where it never does, at its least value. For T the share is of what exceeds the least
    slope after it. What lies beyond the QRS complex is held
    level before P and T are looked for, so that its slopes do not reach into theirs.

    References
    ----------
    Martínez J. P. et al., "A wavelet-based ECG delineator: evaluation on standard databases", IEEE Trans. Biomed. Eng. 51(4):570, 2004,
    DOI 10.1109/TBME.2003.821031: modulus maxima, shares. Almeida R. et al., "Multilead ECG delineation using spatially projected leads from
    wavelet transform loops", IEEE Trans. Biomed. Eng. 56(8):1996, 2009, DOI 10.1109/TBME.2009.2021658: leads together; here by the length
    of the loop's speed instead of a projection of it.
    """
    leads = _with_complex(beat, middle, rate_hz)
    qrs = _qrs(leads, middle, rate_hz)
    if qrs is None:
        return NO_MARKS
    t_peak, t_end = _t_wave(leads, middle, rate_hz, rr_s, qrs)
    p_first = 0.0 if t_end is None or rr_s is None else t_end - rr_s * rate_hz + P_AFTER_T_S * rate_hz
    p_wave = _p_wave(leads, rate_hz, qrs[0], p_first)
    places = (*p_wave, *qrs, t_peak, t_end)
    return Marks(*(None if place is None else float((place - middle) / rate_hz) for place in places))


def complex_of(beat: npt.NDArray[np.floating], middle: int, rate_hz: int) -> tuple[float, float] | None:
    """(onset, end) of the QRS complex as `delineate` has them, without the waves beside it."""
    found = _qrs(_with_complex(beat, middle, rate_hz), middle, rate_hz)
    return found and (float((found[0] - middle) / rate_hz), float((found[1] - middle) / rate_hz))


def _with_complex(beat: npt.NDArray[np.floating], middle: int, rate_hz: int) -> npt.NDArray[np.float64]:
    """The leads that show the QRS complex, without gaps."""
    near = slice(*_samples(middle, rate_hz, -QRS_REACH_S[0] / 2, QRS_REACH_S[1] / 2))
    return _filled(beat[np.isfinite(beat[:, near]).all(1)])


def _samples(middle: float, rate_hz: int, *seconds: float) -> list[int]:
    return [max(round(middle + offset * rate_hz), 0) for offset in seconds]


def _filled(leads: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Without gaps: straight lines across them and level beyond the ends."""
    filled, known = np.array(leads, np.float64), np.isfinite(leads)
    at = np.arange(filled.shape[1])
    for number in np.flatnonzero(~known.all(1)):
        row, told = filled[number], known[number]
        row[~told] = np.interp(at[~told], at[told], row[told])
    return filled


def _over_leads(leads: npt.NDArray[np.float64], sigma_s: float, rate_hz: float, order: int) -> npt.NDArray[np.float64]:
    """(n,) root of the mean square over leads of their derivative of that order, per sample, at a scale."""
    from scipy.ndimage import correlate1d

    return np.sqrt((correlate1d(leads, _wavelet(sigma_s * rate_hz, order), axis=1, mode="nearest") ** 2).mean(0))


@lru_cache(maxsize=64)
def _wavelet(sigma: float, order: int) -> npt.NDArray[np.float64]:
    """(n,) weights of `scipy.ndimage.gaussian_filter1d`, of a derivative of this order at a scale in samples: what it makes of one sample of 1."""
    from scipy.ndimage import gaussian_filter1d

    reach = int(4 * sigma + 0.5)
    one = np.zeros(2 * reach + 1)
    one[reach] = 1
    return np.asarray(gaussian_filter1d(one, sigma, order=order, mode="constant")[::-1])


def _crossing(slope: npt.NDArray[np.float64], start: int, stop: int, share: float, stays: int = 1) -> float:
    """From `start` towards `stop`, between samples, where the slope falls to `share` of that at `start` and stays so for some samples.

    Where it never does, where it is least.
    """
    step = 1 if stop >= start else -1
    way = slope[start : stop + step : step] if stop + step >= 0 else slope[start::step]
    level = share * way[0]
    above = np.flatnonzero(way > level)
    ends = np.append(above[1:], len(way))
    # The last sample above from which the next one above is far enough.
    far = np.flatnonzero(ends - above > stays)
    last = above[far[0]] if len(far) else None
    if last is None or last + 1 >= len(way):
        return float(start + step * way.argmin())
    return float(start + step * (last + (way[last] - level) / (way[last] - way[last + 1])))


def _qrs(leads: npt.NDArray[np.float64], middle: int, rate_hz: int) -> tuple[float, float] | None:
    """(onset, end) in samples; None where there is no complex."""
    if not len(leads):
        return None
    # What is farther than the wavelet reaches from where onset and end are looked for is left out.
    reach = round(5 * QRS_SIGMA_S * rate_hz)
    left_out = max(round(middle - QRS_REACH_S[0] * rate_hz) - reach, 0)
    leads = leads[:, left_out : round(middle + QRS_REACH_S[1] * rate_hz) + reach + 2]
    middle -= left_out
    speed = _over_leads(leads, QRS_SIGMA_S, rate_hz, 1)
    first, last = _samples(middle, rate_hz, *QRS_SEARCH_S)
    most = speed[first : last + 1].max(initial=0.0)
    if most * rate_hz < LEAST_SLOPE_MV_PER_S:
        return None
    steep = first + np.flatnonzero(speed[first : last + 1] > QRS_STEEP * most)
    earliest, latest = _samples(middle, rate_hz, -QRS_REACH_S[0], QRS_REACH_S[1])
    latest = min(latest, len(speed) - 1)
    ahead, after = round(QRS_ONSET_STAYS_S * rate_hz), round(QRS_END_STAYS_S * rate_hz)
    ratio = (USUAL_MV_PER_S / (most * rate_hz)) ** 0.5
    begins = QRS_ONSET * most * min(max(ratio, 1 / OTHERWISE), OTHERWISE)
    onset = _crossing(speed, int(steep[0]), earliest, begins / speed[steep[0]], ahead)
    end = _crossing(speed, int(steep[-1]), latest, QRS_END * most / speed[steep[-1]], after)
    return (left_out + onset, left_out + end) if end - onset <= LONGEST_QRS_S * rate_hz else None


def _t_wave(
    leads: npt.NDArray[np.float64], middle: int, rate_hz: int, rr_s: float | None, qrs: tuple[float, float]
) -> tuple[float | None, float | None]:
    """(peak, end) in samples."""
    latest_s = T_LATEST_S if rr_s is None else min(T_LATEST_RR * rr_s, T_LATEST_S, T_LATEST_ROOT * rr_s ** (1 / 3))
    start = round(qrs[1])
    first, last = start + round(T_AFTER_S * rate_hz), min(round(middle + latest_s * rate_hz), leads.shape[1] - 2)
    if last - first < SHORTEST_SEARCH_S * rate_hz:
        return None, None
    after, half = leads[:, start::2], rate_hz / 2
    height = _over_leads(after - level_at(leads, qrs[0], rate_hz)[:, None], T_PEAK_SIGMA_S, half, 0)
    slope = _over_leads(after, T_SIGMA_S, half, 1)
    peak = (first - start) // 2 + _highest_peak(height[(first - start) // 2 : (last - start) // 2])
    stop = (
        len(slope) - 1 if rr_s is None else min(round((middle + T_END_RR * rr_s * rate_hz - start) / 2), len(slope) - 1)
    )
    rest = min(peak + round(T_PEAK_HALF_S * half), stop)
    rest += int(slope[rest : stop + 1].argmin())
    steepest = peak + int(slope[peak : min(peak + round(T_SLOPE_S * half), rest) + 1].argmax())
    share = T_END + (1 - T_END) * slope[rest] / slope[steepest] if slope[steepest] else T_END
    return start + 2.0 * peak, start + 2 * _crossing(slope, steepest, stop, share)


def _p_wave(
    leads: npt.NDArray[np.float64], rate_hz: int, qrs_onset: float, first: float
) -> tuple[float | None, float | None, float | None]:
    """(onset, peak, end) in samples of what may be a P wave: whether it is one, its amplitude and its repetition say."""
    end = round(qrs_onset) - 2
    earliest = max(round(first), round(qrs_onset - P_BEFORE_S * rate_hz), 0)
    latest = round(qrs_onset - P_PEAK_BEFORE_S * rate_hz)
    if latest - earliest < SHORTEST_SEARCH_S * rate_hz:
        return None, None, None
    half = rate_hz / 2
    before = leads[:, end % 2 : end + 1 : 2]
    level = np.repeat(before[:, -1:], round(4 * P_PEAK_SIGMA_S * half), 1)
    before = np.concatenate([before, level], 1)
    bend = _over_leads(before, P_PEAK_SIGMA_S, half, 2)
    slope = _over_leads(before, P_SIGMA_S, half, 1)
    offset, reach = end % 2, round(P_SLOPE_S * half)
    peak = earliest // 2 + _highest_peak(bend[earliest // 2 : latest // 2])
    rising = max(peak - reach, 0)
    rising += int(slope[rising : peak + 1].argmax())
    falling = peak + int(slope[peak : min(peak + reach, end // 2) + 1].argmax())
    onset = _crossing(slope, rising, max(peak - round(P_REACH_S * half), 0), P_ONSET)
    stop = _crossing(slope, falling, (end - offset) // 2, P_END)
    return offset + 2 * onset, offset + 2.0 * peak, offset + 2 * stop


def _highest_peak(values: npt.NDArray[np.float64]) -> int:
    """Where the highest peak is; the highest value where there is none within: what rises to an end belongs to the wave beyond it."""
    peaks = 1 + np.flatnonzero((values[1:-1] >= values[:-2]) & (values[1:-1] >= values[2:]))
    return int(peaks[values[peaks].argmax()] if len(peaks) else values.argmax())


def level_at(leads: npt.NDArray[np.floating], qrs_onset: float, rate_hz: int) -> npt.NDArray[np.floating]:
    """(k,) mV of each lead just before the QRS complex begins: what 0 mV is for its waves and its ST segment."""
    first, last = _samples(qrs_onset, rate_hz, *LEVEL_S)
    return leads[:, first : max(last, first + 1)].mean(1)
