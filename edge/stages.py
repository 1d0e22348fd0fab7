"""What a reading saw on its way to a verdict, and what its result says of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from .arrangement.speed_and_gain import USUAL_SPEED_MM_PER_S
from .errors import PictureError, Reason
from .files.recordings import RATE_HZ
from .image import Picture
from .layout import LEADS_12, REPORT, Arrangement, Place, Template
from .measure.measurements import Measurements
from .measure.person import UNKNOWN_PERSON, Person
from .measure.statements import as_json
from .page import quality
from .page.page import Page
from .preprocessing.filters import LeadSteps
from .result import Doubt, LeadResult, LeadState, PageInfo, by_class
from .signals import Signals
from .trace.lead_traces import Traces

LONG_MS, SLOW_PER_MIN = 640.0, 50.0
"""What is measured on a page of 50 mm/s that is read at 25, twice as long and half as fast. Of 104 drawn pages at 25 mm/s whose speed no pulse says QT is 512 ms at
most where the rate is 50 or less."""


@dataclass(frozen=True)
class Stages:
    """What a reading saw on its way: the opened `picture`, the flat `page`, its `traces` and `quality` {name: number} (None where no signal was asked for) for
    models of single leads `steps` {lead: `LeadSteps`}, and `inputs` as the model sees them: (leads, side, side) uint8, or the windows of a
    page as `page_input.page_tensor` gives them; `measured` is what was measured on its signals, of the `person`."""

    picture: Picture
    page: Page | None = None
    traces: Traces | None = None
    quality: dict[str, float | None] | None = None
    steps: dict[str, LeadSteps] | None = None
    inputs: npt.NDArray[Any] | None = None
    measured: Measurements | None = None
    person: Person = UNKNOWN_PERSON

    @property
    def arrangement(self) -> Arrangement | None:
        """The `layout.Arrangement` of the page's leads, of strips by what they show where their names were not read rightly; None where none was made out."""
        page, traces = self.page, self.traces
        if page is None or (page.template is None and page.found is None):
            return None
        found = page.arrangement
        if traces is None or not traces.strip_leads:
            return found
        shown = tuple(replace(place, lead=traces.strip_leads.get(place.name, place.lead)) for place in found.places)
        return replace(found, places=shown)

    @property
    def measurements(self) -> dict[str, Any] | None:
        """What results say under `measurements`; None where nothing was measured."""
        return None if self.measured is None else as_json(self.measured, self.person)

    @property
    def signals(self) -> Signals | None:
        """The traces on one clock; None where no leads were followed."""
        traces, found, recording = self.traces, self.arrangement, self.picture.recording
        if recording is not None:
            return Signals.on_one_clock(recording.leads, recording.start_s, recording.strips, RATE_HZ)
        if traces is None or found is None:
            return None
        strips = {place.name: place.lead for place in found.places}
        return Signals.on_one_clock(
            traces.signals, traces.start_s, strips, traces.rate_hz, found.mm_per_s, found.mm_per_mv
        )


def leads_by_row(stages: Stages, rows: npt.NDArray[Any]) -> tuple[LeadResult, ...]:
    """The leads of a model that answers for each of them, in the order of its rows."""
    template = None if stages.page is None else stages.page.template
    if template is not None:
        # What a report's strip shows is read with its traces, which models of single leads do without.
        shown: dict[str, str | None] = {name: name for name in LEADS_12}
        if stages.traces is not None:
            shown = {place.name: _shown(place) for place in _places_and_states(stages)[0]}
        return tuple(
            LeadResult(name, box.corners, probabilities=by_class(row), lead=shown.get(name))
            for (name, box), row in zip(template.leads, rows, strict=True)
        )
    places, states = _places_and_states(stages)
    by_name = {place.name: place for place in places}
    return tuple(
        LeadResult(
            name,
            by_name[name].box.corners,
            states[name],
            probabilities=by_class(row),
            lead=_shown(by_name[name]),
        )
        for name, row in zip(REPORT.lead_names, rows, strict=True)
    )


def check_leads(names: Iterable[str], what: str = "page") -> None:
    """Refuse what does not show all twelve leads among the places of these names.

    Raises
    ------
    PictureError : `leads_missing`.
    """
    shown = [name for name in names if name in LEADS_12]
    if len(shown) < len(LEADS_12):
        only = f"only {', '.join(shown)}" if shown else "none"
        has = "shows" if what == "page" else "has"
        raise PictureError(
            Reason.LEADS_MISSING, f"The {what} {has} {only} of the twelve leads: use a {what} with all of them."
        )


def check_speed(found: Arrangement, measured: Measurements | None) -> None:
    """Refuse a page whose paper speed no pulse says, and on which the waves would be as long and the heart as slow at 25 mm/s as at 50 they are not.

    Raises
    ------
    PictureError : `bad_scale`.
    """
    if found.speed_from not in ("columns", "assumed") or found.mm_per_s != USUAL_SPEED_MM_PER_S or measured is None:
        return
    qt_ms, rate = measured.qt_ms, measured.rate_per_min
    if qt_ms is not None and rate is not None and qt_ms >= LONG_MS and rate <= SLOW_PER_MIN:
        raise PictureError(
            Reason.BAD_SCALE,
            f"No calibration pulse says the paper speed, and at 25 mm/s QT would be {qt_ms:.0f} ms at {rate:.0f} per minute, as on a page of"
            " 50 mm/s: give the paper speed.",
        )


def leads_found(stages: Stages) -> tuple[LeadResult, ...]:
    """The leads of a page that was traced, row by row as printed, or of a digital ECG as they stand there, without what a model said of them."""
    recording = stages.picture.recording
    if recording is not None and stages.traces is not None:
        told = quality.states(stages.traces)
        shown = {name: name for name in recording.leads} | recording.strips
        return tuple(LeadResult(name, None, told[name], lead=shown[name]) for name in recording.leads)
    places, states = _places_and_states(stages)
    return tuple(LeadResult(place.name, place.box.corners, states[place.name], lead=_shown(place)) for place in places)


def leads_by_weight(stages: Stages, weights: dict[str, float]) -> tuple[LeadResult, ...]:
    """The leads of a model that reads them all at once, row by row as printed."""
    return tuple(replace(lead, weight=round(weights[lead.name], 3)) for lead in leads_found(stages))


def _shown(place: Place) -> str | None:
    """The lead that a place shows: where aVR is printed inverted, as in Cabrera's order, it is aVR that was read."""
    return None if place.lead is None else place.lead.lstrip("-")


def _places_and_states(stages: Stages) -> tuple[tuple[Place, ...], dict[str, LeadState]]:
    """Where the leads stand, and {name: whether it was read or lost}, of a page that was traced."""
    arrangement, traces = stages.arrangement, stages.traces
    assert arrangement is not None and traces is not None
    return arrangement.places, quality.states(traces)


def page_info(page: Page) -> PageInfo:
    """What results say of the page."""
    found = page.template or page.found
    known: PageInfo = {
        "width": page.size[0],
        "height": page.size[1],
        "layout": None,
        "corners": None if page.corners is None else np.round(page.corners, 1).tolist(),
        "rotation": None,
        "px_per_mm": None,
        "mm_per_s": None,
        "mm_per_mv": None,
        "speed_from": None,
        "gain_from": None,
    }
    if found is None:
        return known
    known |= {
        "layout": found.name if isinstance(found, Template) else found.layout,
        "rotation": round(page.rotation_deg, 1),
        "px_per_mm": round(float(np.mean(found.px_per_mm)), 3),
        "mm_per_s": page.search.mm_per_s or found.mm_per_s,
        "mm_per_mv": page.search.mm_per_mv or found.mm_per_mv,
    }
    if isinstance(found, Template):
        known["speed_from"] = "report" if page.search.mm_per_s is None else "option"
        known["gain_from"] = "report" if page.search.mm_per_mv is None else "option"
    else:
        known["speed_from"], known["gain_from"] = found.speed_from, found.gain_from
    return known


MANY_LOST = 3
"""A quarter of the twelve leads: where so many are lost a verdict rests on less than what the model was judged by."""


def doubts_of(
    confident: bool,
    page: PageInfo | None,
    leads_lost: float | None = None,
    *,
    scale_contradicted: bool = False,
    measurements_contradict: bool = False,
    findings_contradict: bool = False,
    strips_apart: bool = False,
) -> tuple[Doubt, ...]:
    """Why a verdict is uncertain, of a page: of whether its probability reaches the least that is asked for, how many of the twelve leads are
    lost, whether the page shows another scale than was given, whether what was measured, or what the model finds besides, speaks against it, and
    whether its strips show other heartbeats than its columns."""
    assumed = page is not None and "assumed" in (page["speed_from"], page["gain_from"])
    holding: dict[Doubt, bool] = {
        "low_confidence": not confident,
        "assumed_scale": assumed or scale_contradicted,
        "contradicts_measurements": measurements_contradict,
        "contradicts_findings": findings_contradict,
        "strip_of_another_time": strips_apart,
        "leads_lost": (leads_lost or 0) >= MANY_LOST,
    }
    return tuple(doubt for doubt, holds in holding.items() if holds)
