"""Where on the page each value was measured: the beats, and for each value the stretches of the traces that it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..layout import LEADS_12, STANDARD_ORDER, Arrangement, Place
from ..measure.lead_values import ST_LATER_S
from ..measure.measurements import Measurements, t_begin_s
from ..measure.rhythm import Kind
from ..trace.lead_traces import Traces

ALL, ONE = "all", "one"
"""Leads on which a value is shown: on every one of the twelve, or on one lead alone, the best known."""

WAVES: dict[str, tuple[str, str, tuple[str, ...] | str]] = {
    "p_ms": ("p_onset", "p_end", ONE),
    "pr_ms": ("p_onset", "qrs_onset", ONE),
    "qrs_ms": ("qrs_onset", "qrs_end", ONE),
    "qt_ms": ("qrs_onset", "t_end", ONE),
    "axis_p_deg": ("p_onset", "p_end", STANDARD_ORDER),
    "axis_qrs_deg": ("qrs_onset", "qrs_end", STANDARD_ORDER),
    "axis_t_deg": ("t_begin", "t_end", STANDARD_ORDER),
    "st": ("qrs_end", "st_later", ALL),
    "sokolow_lyon_mv": ("qrs_onset", "qrs_end", ("V1", "V5", "V6")),
    "cornell_mv": ("qrs_onset", "qrs_end", ("aVL", "V3")),
}
"""{value: (where its stretch begins, where it ends, its leads)}, in the order in which people read them."""

FIRST_LEADS = ("II", "V5", "I", "V2")
"""Where intervals are shown, if these leads are there; else on the lead that comes first."""


@dataclass(frozen=True, eq=False)
class Stretch:
    """A piece of a trace: the place's name, its lead, and (n, 2) page pixels of the trace from its beginning to its end."""

    place: str
    lead: str
    path: npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Tick:
    """A beat: its kind, and the page pixels (2, 2) of a short line, from above, below the trace of its place."""

    kind: Kind
    line: npt.NDArray[np.float64]


TICK_MM = 2.5
"""How long a tick is, and how far below the lowest of the trace it begins."""


def beat_ticks(measured: Measurements, arrangement: Arrangement, traces: Traces) -> tuple[Tick, ...]:
    """A `Tick` for each beat, below the trace of the strip where there is one that beats with the columns, else of the lowest row that shows the moment."""
    found = []
    places = [place for place in arrangement.places if place.name in LEADS_12 or not measured.strips_apart]
    for at_s, kind in zip(measured.beats_s, measured.kinds, strict=True):
        shown = [place for place in places if _holds(place, arrangement, at_s, at_s)]
        if shown:
            place = max(shown, key=lambda place: place.zero_px)
            x, high_px = _x_px(place, arrangement, at_s), TICK_MM * arrangement.px_per_mm[1]
            heights = traces.paths[place.name][:, 1]
            lowest = heights[np.isfinite(heights)].max(initial=place.zero_px)
            # A picture may end soon below its last trace.
            bottom = min(place.box.bottom, lowest + 2 * high_px)
            found.append(Tick(kind, np.array([[x, bottom - high_px], [x, bottom]])))
    return tuple(found)


def stretches(measured: Measurements, arrangement: Arrangement, traces: Traces) -> dict[str, tuple[Stretch, ...]]:
    """{value of `WAVES`: the stretches that it was measured on, one beat of each lead}; values that are not known have none."""
    known = _moments(measured)
    found = {}
    for name, (first, last, leads) in WAVES.items():
        if first in known and last in known and _has(measured, name):
            asked = FIRST_LEADS + LEADS_12 if leads == ONE else LEADS_12 if leads == ALL else leads
            each = _stretches(measured, arrangement, traces, asked, (known[first], known[last]))
            found[name] = tuple(each)[: 1 if leads == ONE else None]
    return {name: each for name, each in found.items() if each}


def shown_beat(measured: Measurements, place: Place, arrangement: Arrangement) -> float | None:
    """When the beat is, in seconds of the page's clock, on which a place shows what was measured: the dominant one nearest the place's middle
    that it shows from P to T; None where it shows none."""
    marks = measured.marks
    told = [at for at in (marks.p_onset, marks.qrs_onset, marks.qrs_end, marks.t_end) if at is not None]
    middle_s = place.start_s + _width_s(place, arrangement) / 2
    whole = [
        at_s
        for at_s, kind in zip(measured.beats_s, measured.kinds, strict=True)
        if kind == "dominant" and told and _holds(place, arrangement, at_s + min(told), at_s + max(told))
    ]
    return min(whole, key=lambda at_s: abs(at_s - middle_s), default=None)


def _has(measured: Measurements, name: str) -> bool:
    if name == "st":
        return any(lead.st_j_mv is not None for lead in measured.leads.values())
    return getattr(measured, name) is not None


def _moments(measured: Measurements) -> dict[str, float]:
    """{name: seconds from a beat's place} of the marks that are known, where T is taken to begin, and of the later point of ST."""
    marks = measured.marks
    known = {name: at for name, at in vars(marks).items() if at is not None}
    if "qrs_end" in known:
        known["st_later"] = known["qrs_end"] + ST_LATER_S
    t_begin = t_begin_s(marks)
    if t_begin is not None:
        known["t_begin"] = t_begin
    return known


def _stretches(
    measured: Measurements,
    arrangement: Arrangement,
    traces: Traces,
    leads: Sequence[str],
    ends_s: tuple[float, float],
) -> Iterator[Stretch]:
    for lead in dict.fromkeys(leads):
        own = sorted(
            (place for place in arrangement.places if (place.lead or "").lstrip("-") == lead),
            key=lambda place: place.name != lead,
        )
        for place in own:
            at_s = shown_beat(measured, place, arrangement)
            if at_s is not None:
                path = _path(place, arrangement, traces, at_s + ends_s[0], at_s + ends_s[1])
                if np.isfinite(path).all():
                    yield Stretch(place.name, lead, path)
                    break


def _path(
    place: Place, arrangement: Arrangement, traces: Traces, first_s: float, last_s: float
) -> npt.NDArray[np.float64]:
    """(n, 2) page pixels of the trace from one moment to another; NaN where it is lost."""
    left, right = (_x_px(place, arrangement, at_s) for at_s in (first_s, last_s))
    x = np.linspace(left, right, max(round(right - left), 1) + 1)
    path = traces.paths[place.name].astype(float)
    if not len(path):
        return np.full((len(x), 2), np.nan)
    return np.stack([x, np.interp(x, path[:, 0], path[:, 1])], axis=1)


def _holds(place: Place, arrangement: Arrangement, first_s: float, last_s: float) -> bool:
    return place.start_s <= first_s and last_s <= place.start_s + _width_s(place, arrangement)


def _width_s(place: Place, arrangement: Arrangement) -> float:
    return (place.box.right - place.box.left) / (arrangement.px_per_mm[0] * arrangement.mm_per_s)


def _x_px(place: Place, arrangement: Arrangement, at_s: float) -> float:
    return place.box.left + (at_s - place.start_s) * arrangement.px_per_mm[0] * arrangement.mm_per_s
