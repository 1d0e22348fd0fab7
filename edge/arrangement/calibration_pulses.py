"""Calibration pulses: where they stand, how high and how wide they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, median

import numpy as np

from .upright_runs import upright_runs

WIDTH_MM = 1.4, 11.0
"""Pulses are 5 mm wide on most devices (0.2 s at 25 mm/s), 2 mm on some."""
GAINS_MM_PER_MV = 5.0, 10.0, 20.0
"""The gains in use: so high is a pulse of 1 mV."""
SLACK = 0.12
"""How far a pulse's height may be from one of the gains, as a share of it."""
MIN_TOP, MAX_INSIDE, MAX_ABOVE = 0.75, 0.2, 0.2
"""Shares of ink along the top, between the strokes and above the top."""
FULL_SHARE, OPENING_SHARE = 0.7, 0.65
"""A column of pulses counts with this share of the fullest one's number; with the second where it has as many as open a column."""
LEAST_OPENING, APART_MM = 4, 40.0
"""So many pulses below each other, one in each row, open a column, and two columns are so far apart at least; beats are drawn alike in two or three rows."""
LEVEL_MM = 0.75
CORNER_MM = 0.6


@dataclass(frozen=True)
class Pulse:
    """A calibration pulse, in pixels: the columns of its edges, the row of its top and that of the base line it stands on."""

    left: float
    right: float
    top: float
    foot: float

    @property
    def height(self) -> float:
        """From the base line to the top."""
        return self.foot - self.top

    @property
    def width(self) -> float:
        """From the rising to the falling edge."""
        return self.right - self.left


def find_pulses(dark: np.ndarray, px_per_mm: float, gains: Sequence[float] = GAINS_MM_PER_MV) -> list[Pulse]:
    """The calibration pulses that rise from a base line of a (H, W) bool page, from the top down.

    A pulse is two upright strokes of one height with a flat top between them, nothing within and nothing above.
    """
    mm = px_per_mm
    strokes = _upright_strokes(dark, (1 - SLACK) * min(gains) * mm, 1.3 * max(gains) * mm)
    found = []
    for left, top, foot in strokes:
        apart = strokes[:, 0] - left
        fits = (
            (apart >= WIDTH_MM[0] * mm) & (apart <= WIDTH_MM[1] * mm) & (np.abs(strokes[:, 1] - top) <= LEVEL_MM * mm)
        )
        for right, other_top, other_foot in strokes[fits]:
            pulse = Pulse(left, right, (top + other_top) / 2, min(foot, other_foot))
            likeness = _likeness(dark, pulse, max(foot, other_foot) - pulse.foot, gains, mm)
            if likeness > 0:
                found.append((likeness, pulse))
    return sorted(_best_apart(found), key=lambda pulse: (pulse.foot, pulse.left))


def _likeness(dark: np.ndarray, pulse: Pulse, overhang: float, gains: Sequence[float], mm: float) -> float:
    """0 for what is no pulse, 1 for a perfect one; `overhang` is by how much one stroke is longer than the other."""
    nearest = min(gains, key=lambda gain: abs(gain * mm - pulse.height))
    if overhang > max(0.35 * pulse.height, 1.5 * mm) or abs(pulse.height / (nearest * mm) - 1) > SLACK:
        return 0.0
    left, right, top, foot = (round(value) for value in (pulse.left, pulse.right, pulse.top, pulse.foot))
    corner = max(round(CORNER_MM * mm), 1)
    flat_top = dark[max(top - corner // 2, 0) : top + corner + 1, left : right + 1].any(axis=0).mean()
    inside = _share(dark[top + 2 * corner : foot - 2 * corner, left + corner : right - corner + 1])
    above = _share(dark[max(top - 3 * corner, 0) : max(top - corner, 0), left : right + 1])
    if flat_top < MIN_TOP or inside > MAX_INSIDE or above > MAX_ABOVE:
        return 0.0
    return flat_top * (1 - inside) * (1 - above)


def _share(part: np.ndarray) -> float:
    """The share of a bool array that is set; 0 of none."""
    return float(part.mean()) if part.size else 0.0


def _best_apart(found: list[tuple[float, Pulse]]) -> list[Pulse]:
    """Of pulses (likeness, pulse) that overlap the likeliest one."""
    kept: list[Pulse] = []
    for _, pulse in sorted(found, key=lambda item: -item[0]):
        if all(pulse.left > k.right or pulse.right < k.left or pulse.top > k.foot or pulse.foot < k.top for k in kept):
            kept.append(pulse)
    return kept


def _upright_strokes(dark: np.ndarray, shortest: float, longest: float) -> np.ndarray:
    """(n, 3) float: column, top and foot of the upright strokes of a (H, W) bool page; breaks of a pixel do not count."""
    thick = dark.copy()
    thick[:, 1:] |= dark[:, :-1]
    thick[:, :-1] |= dark[:, 1:]
    thick[1:-1] |= thick[:-2] & thick[2:]
    x, top, end = upright_runs(thick)
    fits = (end - top >= shortest) & (end - top <= longest)
    groups: list[list[tuple[int, int, int]]] = []
    for run in zip(x[fits].tolist(), top[fits].tolist(), (end[fits] - 1).tolist(), strict=True):
        for number in range(len(groups) - 1, max(len(groups) - 41, -1), -1):
            column, upper, lower = groups[number][-1]
            if run[0] - column == 1 and abs(run[1] - upper) <= 2 and abs(run[2] - lower) <= 4:
                groups[number].append(run)
                break
        else:
            groups.append([run])
    strokes = [
        (fmean(columns), min(tops), median(ends))
        for columns, tops, ends in (zip(*group, strict=True) for group in groups)
    ]
    return np.array(strokes, float).reshape(-1, 3)


def in_columns(pulses: Iterable[Pulse], px_per_mm: float) -> list[list[Pulse]]:
    """Lists of pulses of one size that stand below each other."""
    columns: list[list[Pulse]] = []
    for pulse in sorted(pulses, key=lambda pulse: pulse.foot):
        for column in columns:
            last = column[-1]
            if (
                abs(pulse.left - last.left) <= 2 * px_per_mm
                and abs(pulse.height - last.height) <= SLACK * last.height
                and abs(pulse.width - last.width) <= px_per_mm
            ):
                column.append(pulse)
                break
        else:
            columns.append([pulse])
    return columns


def aligned(pulses: Iterable[Pulse], px_per_mm: float) -> tuple[Pulse, ...]:
    """Of all pulses those in columns of two at least and nearly as many as in the fullest, from the top down."""
    columns = in_columns(pulses, px_per_mm)
    most = max((len(column) for column in columns), default=0)
    enough = max(2, most * FULL_SHARE), max(LEAST_OPENING, most * OPENING_SHARE)
    kept = [pulse for column in columns if len(column) >= min(enough) for pulse in column]
    return tuple(sorted(kept, key=lambda pulse: (pulse.foot, pulse.left)))


def count_aligned(dark: np.ndarray, px_per_mm: float) -> int:
    """How many pulses rise below each other on a (H, W) bool page: of the four ways to turn a page, on the upright one alone."""
    return len(aligned(find_pulses(dark, px_per_mm), px_per_mm))


def columns_of(pulses: Iterable[Pulse], px_per_mm: float) -> list[tuple[float, float]]:
    """[(left, right), …] of the columns in which pulses stand, from the left."""
    columns = in_columns(pulses, px_per_mm)
    return sorted((float(np.median([p.left for p in c])), float(np.median([p.right for p in c]))) for c in columns)


def are_opened_twice(pulses: Iterable[Pulse], px_per_mm: float) -> bool:
    """Whether pulses open two columns of leads, each in most of its rows."""
    lefts = [column[0].left for column in in_columns(pulses, px_per_mm) if len(column) >= LEAST_OPENING]
    return len(lefts) > 1 and max(lefts) - min(lefts) >= APART_MM * px_per_mm
