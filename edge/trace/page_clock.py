"""All leads of a page on one clock, and when its heart beats: what leads are held against each other by."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass

import numpy as np

KEPT_HZ = 125
"""QRS holds little above half of it."""
STEEP_S, BEAT_S = 0.04, 0.152
"""QRS is what moves most within the one; its height is how far a lead moves within the other."""
STEEP_SHARE = 0.97
LEAST_STEEP_MV = 0.05
"""A lead is steep where it moves as in its steepest hundredths, and more than this."""
LEAST_SHARE, APART_S = 0.35, 0.25
"""There is a beat where leads are so steep on average, and nowhere else within this time."""


@dataclass(frozen=True)
class PageClock:
    """The leads that a page shows at `KEPT_HZ`: their `names`, the number of the sample with which each `starts`, `leads` (k, n) mV, NaN where a lead is lost or not
    printed, `moved` (k, n) mV by which each moves within `STEEP_S`, and `beats` (m,), the samples at which the heart beats."""

    names: list[str]
    starts: list[int]
    leads: np.ndarray
    moved: np.ndarray
    beats: np.ndarray

    def of(self, names: Container[str]) -> PageClock:
        """That of the leads with these names alone, by the same beats."""
        kept = [lead for lead, name in enumerate(self.names) if name in names]
        starts = [self.starts[lead] for lead in kept]
        return PageClock([self.names[lead] for lead in kept], starts, self.leads[kept], self.moved[kept], self.beats)


def on_page_clock(signals: Mapping[str, np.ndarray], start_s: Mapping[str, float], rate_hz: int) -> PageClock | None:
    """The `PageClock` of {name: (n,) mV at `rate_hz`, NaN where lost} leads that begin at these times; None where none is known."""
    from scipy import ndimage

    every = rate_hz // KEPT_HZ
    kept = {name: signal[::every] for name, signal in signals.items()}
    names = [name for name, part in kept.items() if np.isfinite(part).any()]
    if not names:
        return None
    starts, parts = [round(start_s[name] * KEPT_HZ) for name in names], [kept[name] for name in names]
    leads = np.full((len(names), max(start + len(part) for start, part in zip(starts, parts, strict=True))), np.nan)
    for lead, start, part in zip(leads, starts, parts, strict=True):
        lead[start : start + len(part)] = part
    moved = movement(leads, STEEP_S)
    steep = moved.copy()
    for lead in steep:
        known = lead[np.isfinite(lead)]
        at = round(STEEP_SHARE * (known.size - 1))
        lead /= max(float(np.partition(known, at)[at]), LEAST_STEEP_MV) if known.size else 1.0
    shown = np.isfinite(steep)
    mean = np.where(shown, np.minimum(steep, 1.0), 0.0).sum(axis=0) / np.maximum(shown.sum(axis=0), 1)
    mean = ndimage.uniform_filter1d(mean, 5)
    highest = ndimage.maximum_filter1d(mean, 2 * round(APART_S * KEPT_HZ) + 1)
    beats = np.flatnonzero((mean == highest) & (mean >= LEAST_SHARE))
    return PageClock(names, starts, leads, moved, beats)


def movement(leads: np.ndarray, within_s: float) -> np.ndarray:
    """How far each of (k, n) leads at `KEPT_HZ` moves within so long about each sample, mV; NaN where it is not all known."""
    from scipy import ndimage

    size, known = round(within_s * KEPT_HZ), np.isfinite(leads)
    highest = ndimage.maximum_filter1d(np.where(known, leads, -np.inf), size, axis=1)
    lowest = ndimage.minimum_filter1d(np.where(known, leads, np.inf), size, axis=1)
    all_known = ndimage.minimum_filter1d(known.view(np.uint8), size, axis=1) > 0
    return np.subtract(highest, lowest, where=all_known, out=np.full(leads.shape, np.nan))
