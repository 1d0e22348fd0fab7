"""Signals that no lead gives: what was followed was a printed line, the edge of the paper, a block of noise or another row."""

from collections.abc import Mapping

import numpy as np

MAX_MEDIAN_MV = 1.5
"""How far a lead's median may be from its row's 0 mV: a trace farther off is another row's, or none."""
PLATEAU_S, FLAT_MV, MAX_PLATEAU_MV = 0.4, 0.03, 1.0
"""No lead stays so long within so little so far from its own median: printed lines do."""

STRAIGHT_MV, STRAIGHT_S, STRAIGHT_SHARE, OFF_ROW_MV = 0.04, 0.1, 0.97, 0.5
"""What moves so little within so long nearly everywhere, and lies so far from its row's 0 mV, is a printed line: no recorded lead moves less than 0.065 mV."""
STILL_MV, STILL_SHARE = 0.02, 0.9
"""A lead that moves so little most of the time is still. Of 9,416 leads read from report pages five are (0.012 at most, flat to the eye), and all others move 0.036
or more, those of LUDB's records 0.028."""
LEAST_MOVING = 3
"""A still lead is none where so many others move: an electrode is off, or a line was drawn over it."""

LEVEL_S = 0.3
"""Waves are narrower than half of it: a running median over so long is where the trace stands, and may be no farther from the row's 0 mV."""
LED_S, LED_MV = 0.1, 0.4
"""So near a gap a trace may have been led away by what hides it: as far as it is so far from where it stands beyond."""
STEP_MV, STEP_S, STANDS_S, STANDS_MV = 0.6, 0.006, 0.1, 0.3
"""A trace that leaps so far within so short a time, and stands so long and so level before and after, went over to another thing: waves come back."""
LEAST_PIECE_S = 0.15
"""Pieces between gaps that are shorter than a heartbeat's QRS and its surroundings say nothing."""


def without_strays(signal: np.ndarray, rate_hz: int, reach_mv: tuple[float, float] = (-np.inf, np.inf)) -> np.ndarray:
    """(n,) mV, NaN also where another thing was followed for a while: where a trace stands farther than `MAX_MEDIAN_MV` from its row's
    0 mV, and beside gaps what leads away from it.

    Parameters
    ----------
    signal : (n,) mV, NaN where lost
    rate_hz : samples a second
    reach_mv : (lowest, highest) mV that the page has room for: a wave that goes beyond leaves a gap, and leads there rightly
    """
    from scipy import ndimage

    known = np.isfinite(signal)
    if not known.any():
        return signal
    kept = known.copy()
    # A running median goes no farther than the signal: most leads need none.
    if np.abs(signal[known]).max() > MAX_MEDIAN_MV:
        level = ndimage.median_filter(signal[known], round(LEVEL_S * rate_hz), mode="nearest")
        kept[known] = np.abs(level) <= MAX_MEDIAN_MV
    for stretch in _beyond_steps(signal, rate_hz):
        kept[stretch] = False
    if kept.all():  # one piece from end to end
        return signal
    led, beyond, least = (round(seconds * rate_hz) for seconds in (LED_S, LEVEL_S, LEAST_PIECE_S))
    labels, _ = ndimage.label(kept)
    for (piece,) in ndimage.find_objects(labels):
        # At the ends of its box a trace is no way led, and the columns' separators are gone.
        gaps = piece.start > 0, piece.stop < signal.size
        if piece.stop - piece.start < least and all(gaps):
            kept[piece] = False
            continue
        for values, marks, is_gap in zip(
            (signal[piece], signal[piece][::-1]), (kept[piece], kept[piece][::-1]), gaps, strict=True
        ):
            away = np.abs(values[:led] - np.median(values[:beyond])) > LED_MV
            leaves = not reach_mv[0] + LED_MV < values[0] < reach_mv[1] - LED_MV
            if is_gap and not leaves and away.any():
                marks[: int(np.flatnonzero(away)[-1]) + 1] = False
    return np.where(kept, signal, np.float32(np.nan))


def _beyond_steps(signal: np.ndarray, rate_hz: int) -> list[slice]:
    """The stretches of (n,) mV on the side of each step that is farther from the row's 0 mV, to the next step or gap."""
    step, stands = round(STEP_S * rate_hz), round(STANDS_S * rate_hz)
    with np.errstate(invalid="ignore"):
        leaps = np.flatnonzero(np.abs(signal[step:] - signal[:-step]) >= STEP_MV)
    steps: list[tuple[int, float, float]] = []
    for at in leaps.tolist():
        before, after = signal[max(at - stands, 0) : at], signal[at + step : at + step + stands]
        if min(before.size, after.size) < stands or (steps and at - steps[-1][0] <= step):
            continue
        if not max(np.ptp(before), np.ptp(after)) <= STANDS_MV:  # never of what is not known
            continue
        levels = np.median(before), np.median(after)
        if abs(levels[1] - levels[0]) >= STEP_MV:
            steps.append((at, float(levels[0]), float(levels[1])))
    gaps = np.flatnonzero(~np.isfinite(signal))
    found = []
    for number, (at, before_mv, after_mv) in enumerate(steps):
        if abs(after_mv) > abs(before_mv):
            ends = [
                *gaps[gaps > at + step][:1].tolist(),
                *(other for other, *_ in steps[number + 1 : number + 2]),
                signal.size,
            ]
            found.append(slice(at, min(ends)))
        else:
            begins = [*(gaps[gaps < at][-1:] + 1).tolist(), *(other + step for other, *_ in steps[:number][-1:]), 0]
            found.append(slice(max(begins), at + step))
    return found


def is_implausible(signal: np.ndarray, rate_hz: int) -> bool:
    """Whether (n,) mV, NaN where lost, cannot be what a lead showed."""
    from scipy import ndimage

    known = signal[np.isfinite(signal)]
    if not known.size:
        return False
    median = float(np.median(known))
    off_row = abs(median) > OFF_ROW_MV
    if abs(median) > MAX_MEDIAN_MV or (off_row and _movement_mv(known, rate_hz, STRAIGHT_SHARE) < STRAIGHT_MV):
        return True
    size = round(PLATEAU_S * rate_hz)
    # What stays so far from the median has so many samples that do.
    if np.count_nonzero(np.abs(known - median) > MAX_PLATEAU_MV - FLAT_MV) < size:
        return False
    # A whole window on each side of what is looked at: the first and last samples stand in fewer.
    inner = slice(size // 2, known.size - size // 2)
    upper = ndimage.maximum_filter1d(known, size)[inner]
    lower = ndimage.minimum_filter1d(known, size)[inner]
    flat = upper - lower < FLAT_MV
    return bool((flat & (np.abs((upper + lower) / 2 - median) > MAX_PLATEAU_MV)).any())


def still_leads(signals: Mapping[str, np.ndarray], rate_hz: int) -> tuple[str, ...]:
    """The names of leads {name: (n,) mV, NaN where lost} that are flat nearly all the time while others are not."""
    moved = {name: _movement_mv(signal[np.isfinite(signal)], rate_hz, STILL_SHARE) for name, signal in signals.items()}
    still = tuple(name for name, most in moved.items() if most < STILL_MV)
    moving = sum(np.isfinite(most) and most >= STILL_MV for most in moved.values())
    return still if moving >= LEAST_MOVING else ()


def _movement_mv(known: np.ndarray, rate_hz: int, share: float) -> float:
    """How far (n,) mV move within `STRAIGHT_S` at most in that share of the time; infinite of too few: a line, level or a little aslant, hardly does."""
    later = round(STRAIGHT_S * rate_hz)
    if known.size < PLATEAU_S * rate_hz:
        return np.inf
    moved = np.abs(known[later:] - known[:-later])
    at = round(share * (moved.size - 1))
    return float(np.partition(moved, at)[at])
