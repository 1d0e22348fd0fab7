"""What is measured on a page: rate, rhythm, intervals, axes, ST levels, voltages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ..layout import LEADS_12
from ..signals import Signals
from .delineation import NO_MARKS, Marks, delineate
from .lead_values import LeadValues, axis_deg, lead_values
from .median_beats import BEFORE_S, median_beats, repetition
from .pacing import find_spikes, paced, without_spikes
from .page_beats import qrs_band
from .rhythm import Kind, Rhythm, rhythm_of
from .strip_clock import only, strips_alone

P_HALF_S = 0.08
"""A P wave is compared from beat to beat within so much of its peak."""

P_REPEATS = 0.3
"""A P wave is one where beats are at least so much alike in it."""


@dataclass(frozen=True)
class Measurements:
    """What is measured on a page, in the units of the names; None where it cannot be had.

    Attributes
    ----------
    rate_per_min : from the mean of the RR that are near their mean
    rr_s : (median, least, most)
    regular : whether RR is the same all along
    scatter : by what share of its mean RR changes from beat to beat, in the mean, between dominant beats; not in JSON
    pauses_s : RR over 2 s
    beats : how many are dominant, premature_narrow, premature_wide, paced (come after a pacing spike)
    p_wave : whether a P wave comes before each QRS complex
    p_ms, pr_ms, qrs_ms, qt_ms : durations, over all leads together
    qtc_ms : QT at 60 per minute by bazett, fridericia, framingham, hodges
    axis_p_deg, axis_qrs_deg, axis_t_deg : in the frontal plane, over -180 to 180
    sokolow_lyon_mv, cornell_mv : voltages for left ventricular hypertrophy
    leads : {name: `LeadValues`} of I … V6
    uncertainty : {name of a value: one standard deviation}
    beats_s : where the beats are, in seconds of the page's clock
    kinds : what each of them is
    marks : the boundaries of the dominant beat's waves, in seconds from a beat's place
    strips_apart : whether the page's rhythm strips, or part of them, are of another time than its columns, or of another person
        (`strip_clock`): then rate and rhythm are those of the strips alone, of their longer part, waves and `beats_s` those of the columns alone, and QTc, which needs both, is None; not in JSON
    """

    rate_per_min: float | None = None
    rr_s: tuple[float, float, float] | None = None
    regular: bool | None = None
    scatter: float | None = None
    pauses_s: tuple[float, ...] | None = None
    beats: dict[str, int | None] | None = None
    p_wave: bool | None = None
    p_ms: float | None = None
    pr_ms: float | None = None
    qrs_ms: float | None = None
    qt_ms: float | None = None
    qtc_ms: dict[str, float] | None = None
    axis_p_deg: float | None = None
    axis_qrs_deg: float | None = None
    axis_t_deg: float | None = None
    sokolow_lyon_mv: float | None = None
    cornell_mv: float | None = None
    leads: dict[str, LeadValues] = field(default_factory=dict)
    uncertainty: dict[str, float] = field(default_factory=dict)
    beats_s: tuple[float, ...] = ()
    kinds: tuple[Kind, ...] = ()
    marks: Marks = NO_MARKS
    strips_apart: bool = False

    def to_dict(self) -> dict[str, Any]:
        """As under `measurements` in JSON, without statements."""
        parts = ("median", "least", "most")
        return {
            "rate_per_min": _rounded(self.rate_per_min, 1),
            "rr_ms": self.rr_s and {part: _rounded(1000 * rr) for part, rr in zip(parts, self.rr_s, strict=True)},
            "regular": self.regular,
            "pauses_s": None if self.pauses_s is None else [_rounded(pause, 2) for pause in self.pauses_s],
            "beats": self.beats,
            "p_wave": self.p_wave,
            **{name: _rounded(getattr(self, name)) for name in ("p_ms", "pr_ms", "qrs_ms", "qt_ms")},
            "qtc_ms": self.qtc_ms and {name: _rounded(value) for name, value in self.qtc_ms.items()},
            **{name: _rounded(getattr(self, name)) for name in ("axis_p_deg", "axis_qrs_deg", "axis_t_deg")},
            **{name: _rounded(getattr(self, name), 3) for name in ("sokolow_lyon_mv", "cornell_mv")},
            "leads": {name: lead.to_dict() for name, lead in self.leads.items()} or None,
            "uncertainty": self.uncertainty or None,
        }


def measure(signals: Signals) -> Measurements:
    """The `Measurements` of a page's leads, waves from its dominant beat; never an exception for what is on the page."""
    signals = replace(signals, mv=np.asfortranarray(signals.mv))  # each lead's samples beside each other
    band = qrs_band(signals)
    strips = strips_alone(signals, band)
    apart = strips is not None
    of_strips = None if strips is None else rhythm_of(strips)
    signals = only(signals, strips=False) if apart else signals
    rhythm = rhythm_of(signals, None if apart else band)
    if not len(rhythm.rows):
        return Measurements()
    spikes = find_spikes(signals, rhythm.rows, np.array(rhythm.kinds) == "dominant")
    if spikes is not None and len(spikes):
        signals = without_spikes(signals, spikes)
        rhythm = rhythm_of(signals)
    rate_hz = signals.rate_hz
    middle = round(BEFORE_S * rate_hz)
    columns = median_beats(signals, rhythm.dominant)
    marks = delineate(columns, middle, rate_hz, rhythm.rr_median_s)
    p_wave = _has_p_wave(marks, signals, rhythm)
    if not p_wave:
        marks = replace(marks, p_onset=None, p_peak=None, p_end=None)
    beats = _by_lead(signals, columns, middle)
    leads = lead_values(beats, marks, middle, rate_hz)
    qt_ms = _between_ms(marks.qrs_onset, marks.t_end)
    ends = (marks.p_onset, marks.p_end), (marks.qrs_onset, marks.qrs_end), (t_begin_s(marks), marks.t_end)
    axes = [axis_deg(beats, first_s, last_s, marks, middle, rate_hz) for first_s, last_s in ends]
    timing = of_strips or rhythm
    rr_s = timing.rr_median_s
    return Measurements(
        rate_per_min=timing.rate_per_min,
        rr_s=None if rr_s is None else (rr_s, float(timing.rr_s.min()), float(timing.rr_s.max())),
        regular=timing.regular,
        scatter=timing.scatter,
        pauses_s=None if rr_s is None else timing.pauses_s,
        beats={
            "dominant": timing.count("dominant"),
            "premature_narrow": timing.count("premature_narrow") if timing.narrow_told else None,
            "premature_wide": None if rr_s is None else timing.count("premature_wide"),
            "paced": None if spikes is None else int(paced(rhythm.rows, spikes, signals.rate_hz).sum()),
        },
        p_wave=p_wave,
        p_ms=_between_ms(marks.p_onset, marks.p_end),
        pr_ms=_between_ms(marks.p_onset, marks.qrs_onset),
        qrs_ms=_between_ms(marks.qrs_onset, marks.qrs_end),
        qt_ms=qt_ms,
        qtc_ms=None
        if apart or qt_ms is None or timing.rate_per_min is None
        else corrected_qt_ms(qt_ms, 60 / timing.rate_per_min),
        axis_p_deg=axes[0],
        axis_qrs_deg=axes[1],
        axis_t_deg=axes[2],
        sokolow_lyon_mv=sokolow_lyon_mv(leads),
        cornell_mv=cornell_mv(leads),
        leads=leads,
        beats_s=tuple((signals.begin_s + rhythm.rows / rate_hz).tolist()),
        kinds=rhythm.kinds,
        marks=marks,
        strips_apart=apart,
    )


def corrected_qt_ms(qt_ms: float, rr_s: float) -> dict[str, float]:
    """QT as it would be at 60 beats a minute, by four formulas; QT in ms, RR in s.

    References
    ----------
    Bazett H. C., Heart 7:353, 1920; Fridericia L. S., Acta Med. Scand. 53:469, 1920; Sagie A. et al. (Framingham), Am. J. Cardiol. 70:797,
    1992; Hodges M. et al., J. Am. Coll. Cardiol. 1(2):694, 1983.
    """
    return {
        "bazett": qt_ms / rr_s**0.5,
        "fridericia": qt_ms / rr_s ** (1 / 3),
        "framingham": qt_ms + 154 * (1 - rr_s),
        "hodges": qt_ms + 1.75 * (60 / rr_s - 60),
    }


def sokolow_lyon_mv(leads: Mapping[str, LeadValues]) -> float | None:
    """The depth of S in V1 and the height of R in V5 or V6, whichever is higher; None where V1 or both others are not known.

    Sokolow M., Lyon T. P., Am. Heart J. 37:161, 1949.
    """
    heights = [leads[name].r_mv for name in ("V5", "V6") if name in leads]
    known = [height for height in heights if height is not None]
    depth = _depth_mv(leads.get("V1"))
    return depth + max(known) if known and depth is not None else None


def cornell_mv(leads: Mapping[str, LeadValues]) -> float | None:
    """The height of R in aVL and the depth of S in V3; None where one is not known. Casale P. N. et al., Circulation 75:565, 1987."""
    height, depth = leads["aVL"].r_mv if "aVL" in leads else None, _depth_mv(leads.get("V3"))
    return None if height is None or depth is None else height + depth


def _depth_mv(lead: LeadValues | None) -> float | None:
    """How deep the QRS complex goes, 0 or more, whether that is called S or QS."""
    return None if lead is None or lead.q_mv is None or lead.s_mv is None else -min(lead.q_mv, lead.s_mv)


def _by_lead(signals: Signals, columns: npt.NDArray[np.float32], middle: int) -> dict[str, npt.NDArray[np.float32]]:
    """{lead: (n,) mV} of I … V6: the lead's own column, else a strip that shows it; those alone whose beat is known in its middle."""
    shown = [number for number in range(len(columns)) if np.isfinite(columns[number, middle])]
    by_place = {signals.names[number]: columns[number] for number in shown}
    by_strip = {signals.leads[number]: columns[number] for number in reversed(shown)}
    found = {name: by_place.get(name, by_strip.get(name)) for name in LEADS_12}
    return {name: beat for name, beat in found.items() if beat is not None}


def _has_p_wave(marks: Marks, signals: Signals, rhythm: Rhythm) -> bool | None:
    if marks.p_peak is None:
        return None
    last_s = P_HALF_S if marks.qrs_onset is None else min(P_HALF_S, marks.qrs_onset - marks.p_peak)
    alike = repetition(signals, rhythm.dominant, marks.p_peak - P_HALF_S, marks.p_peak + last_s)
    return None if alike is None else alike >= P_REPEATS


def t_begin_s(marks: Marks) -> float | None:
    """Where T is taken to begin: as far before its peak as it ends after it, but not within the QRS complex."""
    if marks.t_peak is None or marks.t_end is None or marks.qrs_end is None:
        return None
    return max(2 * marks.t_peak - marks.t_end, marks.qrs_end)


def _between_ms(first_s: float | None, last_s: float | None) -> float | None:
    return None if first_s is None or last_s is None else 1000 * (last_s - first_s)


def _rounded(value: float | None, digits: int = 0) -> float | None:
    return None if value is None else round(value, digits) + 0.0  # no negative zero
