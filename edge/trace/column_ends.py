"""The ends of leads: a trace that goes over, at its column's end, to what stands beside it, the next column's trace, a frame or writing."""

from collections.abc import Mapping

import numpy as np

END_S, STEP_MV, STEP_S, AWAY_MV, LEAST_S, SHARE = 0.7, 0.35, 0.006, 0.35, 0.06, 0.85
"""A trace that leaps so far within so short a time, so near an end of its lead, and of which such a share stays so far to one side from there on, has gone over to
something else, where no heart beats then. What is shorter may be the rest of a beat."""
STOOD_S = 0.1
"""Where it stood before: its median over so long."""
SCRAP_S, GAP_S = 0.3, 0.06
"""What is shorter than the first, and farther than the second from all else of its lead, is a piece of something beside it or of a wave whose rest was not followed."""
BEAT_S, BEAT_SHARE, LEAST_OTHERS = 0.06, 0.35, 2
"""There is a beat where another lead moves, so near the leap, by such a share of what it moves in its steepest beats. So many others must be shown there, and fewer than half of them beat."""


def ends_elsewhere(
    signals: Mapping[str, np.ndarray], start_s: Mapping[str, float], rate_hz: int
) -> dict[str, list[slice]]:
    """{name: the samples at an end that are something else's}.

    Parameters
    ----------
    signals : {name: (n,) mV, NaN where lost} of leads and rhythm strips
    start_s : {name: time of the first sample}
    rate_hz : samples a second
    """
    found: dict[str, list[slice]] = {}
    for name, signal in signals.items():
        size = signal.size
        for values, backwards in ((signal, False), (signal[::-1], True)):
            at = _leaps_away(values, rate_hz)
            if at is None:
                continue
            when_s = start_s[name] + (size - 1 - at if backwards else at) / rate_hz
            others = others_beat(signals, start_s, rate_hz, name, when_s)
            if len(others) >= LEAST_OTHERS and 2 * sum(others) < len(others):
                found.setdefault(name, []).append(slice(0, size - at) if backwards else slice(at, size))
    return found


def scraps(signals: Mapping[str, np.ndarray], rate_hz: int) -> dict[str, list[slice]]:
    """{name: the samples at an end of a lead that are known, too few to tell anything, and apart from all others of it}."""
    longest, gap = round(SCRAP_S * rate_hz), round(GAP_S * rate_hz)
    found: dict[str, list[slice]] = {}
    for name, signal in signals.items():
        known = np.flatnonzero(np.isfinite(signal))
        breaks = np.flatnonzero(np.diff(known) > gap)
        if not breaks.size:
            continue
        first, last = known[breaks[0]], known[breaks[-1] + 1]
        if first - known[0] < longest:
            found.setdefault(name, []).append(slice(known[0], first + 1))
        if known[-1] - last < longest:
            found.setdefault(name, []).append(slice(last, known[-1] + 1))
    return found


def _leaps_away(signal: np.ndarray, rate_hz: int) -> int | None:
    """The sample of (n,) mV at which the trace leaps away for good."""
    step, stood, least = (round(seconds * rate_hz) for seconds in (STEP_S, STOOD_S, LEAST_S))
    known = np.flatnonzero(np.isfinite(signal))
    if not known.size:
        return None
    last = int(known[-1]) + 1
    first = max(last - round(END_S * rate_hz), stood)
    near = signal[first : max(last - least, first)]
    with np.errstate(invalid="ignore"):
        leaps = np.flatnonzero(np.abs(near[step:] - near[:-step]) >= STEP_MV) + first
    for at in leaps.tolist():
        before = signal[at - stood : at + 1]
        away = signal[at + step : last] - np.median(before[np.isfinite(before)])
        away = away[np.isfinite(away)]
        if away.size >= least and abs(np.sign(away)[np.abs(away) > AWAY_MV].sum()) >= SHARE * away.size:
            return at
    return None


def others_beat(
    signals: Mapping[str, np.ndarray], start_s: Mapping[str, float], rate_hz: int, name: str, when_s: float
) -> list[bool]:
    """Whether each other lead than `name` that is shown at a time beats then."""
    found = (_beats_at(each, when_s - start_s[other], rate_hz) for other, each in signals.items() if other != name)
    return [beats for beats in found if beats is not None]


def _beats_at(signal: np.ndarray, when_s: float, rate_hz: int) -> bool | None:
    """Whether (n,) mV, NaN where lost, has a beat near a time of its own; None where it is not shown there."""
    from scipy import ndimage

    size, at = round(2 * BEAT_S * rate_hz), round(when_s * rate_hz)
    here = signal[max(at - size // 2, 0) : max(at + size // 2, 0)]
    known = signal[np.isfinite(signal)]
    if here.size < size or not np.isfinite(here).all() or known.size < 2 * size:
        return None
    moves = ndimage.maximum_filter1d(known, size) - ndimage.minimum_filter1d(known, size)
    return bool(np.ptp(here) >= BEAT_SHARE * np.percentile(moves, 98))
