"""Whether a page's rhythm strips show the heart at the same time as the leads in columns above them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ..layout import LEADS_12
from ..signals import Signals
from .page_beats import QrsBand, find_beats_in, median_of

NEAR_S = 0.08
"""A beat of the strips and one of the columns are the same if they are no farther from each other, less what most of them are apart."""
MAX_SHIFT_S = 0.15
"""Most beats may be so far apart for other reasons: leads differ in where a wide complex is steepest."""
LEAST_SHARE, LEAST_BEATS = 0.4, 3
"""Strips are of another time where so many of the columns' beats are not in the strips, and as many of the strips' not in the columns.

The lesser of the two shares is at most 0.27 on 217 pages whose strips are of the same time; on three whose devices print another time and on six
pictures made of two persons' pages it is 0.44 and more. Of 200 further pages one has 0.38: loose electrodes hide the beats of its chest leads.
"""


def only(signals: Signals, strips: bool) -> Signals:
    """The rhythm strips alone, or the leads without them; all rows of the page's clock."""
    chosen = [number for number, name in enumerate(signals.names) if (name not in LEADS_12) == strips]
    return replace(
        signals,
        mv=signals.mv[:, chosen],
        names=tuple(signals.names[number] for number in chosen),
        leads=tuple(signals.leads[number] for number in chosen),
    )


def strips_apart(band: QrsBand) -> bool:
    """Whether the rhythm strips of a page beat at other times than its columns: they were recorded at another time, or of another person.

    False where there is no strip, or too few beats to tell.
    """
    is_strip = np.array([name not in LEADS_12 for name in band.names], bool)
    if is_strip.all() or not is_strip.any():
        return False
    columns, strips = (
        find_beats_in(band.score_of(leads), band.step_s) * band.step_s for leads in (~is_strip, is_strip)
    )
    alone = _alone(columns, strips)
    return alone is not None and min(alone) >= LEAST_SHARE


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
