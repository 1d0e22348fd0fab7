"""Whether a drawn page was read right: status, layout, speed, gain and every lead held against what was drawn.

Right: a verdict, on the layout, speed and gain that were drawn, on eight leads or more, each of at least `LEAST_DB` unless it is
declared lost; where no verdict can be given, none. Silently wrong: any other verdict. Refused: no verdict where there should be one.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

import numpy as np

from ecg_edge.layout import LEADS_12
from ecg_edge.result import Result
from ecg_edge.signals import Signals
from train.lead_scores import LEAST_DB, RATE_HZ, aligned, snr_db

from . import r_crossings
from .foreign import Case

LEAST_LEADS = 8
"""Of the twelve, for a verdict to rest on."""
UNDECLARED_DB = 3.0
"""A lead below it that is not declared lost is no reading of what was printed."""
SCALE_SLACK = 0.05
"""How far speed and gain may be from what was drawn, as a share."""

RIGHT, WRONG, REFUSED, OTHER = OUTCOMES = ("right", "silently wrong", "refused", "other")
VERDICT = ("read", "uncertain")


@dataclass(frozen=True)
class Score:
    """What one page came to: its `outcome` (of `OUTCOMES`), why it is `wrong`, the SNR of each lead in dB that is shown and not declared
    lost (None where under half of it was read), which leads were declared `lost`, and by how many ms the R waves' upstrokes are late
    ({place: a number for each beat}, empty where layout or scale are not the drawn ones), beats that were not found `missed`."""

    outcome: str
    status: str
    reason: str | None
    verdict: str | None
    wrong: tuple[str, ...]
    leads_db: Mapping[str, float | None]
    lost: tuple[str, ...]
    late_ms: Mapping[str, list[float]] = field(default_factory=dict)
    missed: int = 0

    def to_dict(self):
        """For JSON."""
        return asdict(self)


def leads_db(
    truth: Mapping[str, np.ndarray], read: Mapping[str, np.ndarray], lost: tuple[str, ...]
) -> dict[str, float | None]:
    """{place: dB} of the places of `truth` that `read` has, each {place: (n,) mV from where its column begins}, but for those declared lost."""
    return {
        place: snr_db(signal, read[place])
        for place, signal in truth.items()
        if place not in lost and place in read and np.isfinite(read[place]).any()
    }


def below(leads: Mapping[str, float | None], limit_db: float) -> list[str]:
    """The places whose SNR is below a limit, or could not be had."""
    return [place for place, db in leads.items() if db is None or db < limit_db]


def on_columns(signals: Signals | None, truth: Mapping[str, np.ndarray]) -> dict[str, tuple[int, np.ndarray]]:
    """{place: (number of its column, (m,) mV from there on)} of the places of `truth` that were read."""
    found = {}
    for place, signal in truth.items() if signals is not None else ():
        if place in signals.names and np.isfinite(whole := signals.mv[:, signals.names.index(place)]).any():
            column = round(np.flatnonzero(np.isfinite(whole))[0] / len(signal))
            found[place] = column, whole[column * len(signal) :]
    return found


def judge(case: Case, result: Result, truth: Mapping[str, np.ndarray]) -> Score:
    """The `Score` of a `result` that carries its signals; `truth` {place: (n,) mV at 500 Hz}."""
    page, said = result.page or {}, result.status in VERDICT
    lost = tuple(lead.name for lead in result.leads if lead.state == "lost")
    read = on_columns(None if result.status == "failed" else result.signals, truth)
    leads = leads_db(truth, {place: trace for place, (_, trace) in read.items()}, lost)
    geometry = [] if page.get("layout") == case.layout else [f"layout {page.get('layout')}"]
    for key, drawn in (("mm_per_s", case.mm_per_s), ("mm_per_mv", case.mm_per_mv)):
        if page.get(key) is None or abs(page[key] / drawn - 1) > SCALE_SLACK:
            geometry.append(f"{key} {page.get(key)}")
    wrong = []
    if said:
        none_can_be = [] if case.may_have_verdict else [f"a verdict ({result.verdict}) where none can be given"]
        weak = [
            f"{place} {'lost' if leads[place] is None else f'{leads[place]:.1f} dB'}"
            for place in below(leads, LEAST_DB)
        ]
        few = sum(place in LEADS_12 for place in leads)
        wrong = [
            *none_can_be,
            *geometry,
            *weak,
            *([f"{few} leads"] if case.may_have_verdict and few < LEAST_LEADS else []),
        ]
    if said:
        outcome = WRONG if wrong else RIGHT
    elif case.may_have_verdict:
        outcome = REFUSED
    else:
        outcome = OTHER if result.status == "failed" else RIGHT
    late, missed = ({}, 0) if geometry else _crossings(truth, read, leads)
    reason = result.reason and result.reason.value
    return Score(outcome, result.status, reason, result.verdict, tuple(wrong), leads, lost, late, missed)


def _crossings(truth, read, leads):
    """({place: [ms]}, beats that were not found) of the leads that are not declared lost, on the page's clock."""
    late, missed = {}, 0
    for place in leads:
        trace = read[place][1]
        found = aligned(truth[place], trace)
        late[place], gone = r_crossings.late_ms(truth[place], trace, RATE_HZ, 0 if found is None else found[1])
        missed += gone
    return late, missed
