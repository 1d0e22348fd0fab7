"""Leads as FHIR's SampledData: whole microvolts, E where nothing is known."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from ..formats.lead_codes import LEAD_NUMBERS, POTENTIAL

if TYPE_CHECKING:
    from ..signals import Signals

MDC = "urn:oid:2.16.840.1.113883.6.24"
STEPS_PER_MV = 1000
LOST = "E"
"""FHIR's sign (R4, SampledData.data) for a sample that is an error: the lead is not shown there, or its trace was lost."""


class LeadSamples(NamedTuple):
    """A lead: its `title`, the `lead` that it shows (None where that is not known), milliseconds between samples, and the `data`."""

    title: str
    lead: str | None
    period_ms: float
    data: str

    @property
    def code(self) -> tuple[str, str, str]:
        """System, code and display of the lead's potential."""
        if self.lead is None:
            return MDC, str(POTENTIAL), "MDC_ECG_ELEC_POTL"
        return MDC, str(POTENTIAL + LEAD_NUMBERS[self.lead]), f"MDC_ECG_ELEC_POTL_{self.lead.upper()}"

    def to_fhir(self) -> dict[str, Any]:
        """The `SampledData` (R4)."""
        origin = {"value": 0, "unit": "mV", "system": "http://unitsofmeasure.org", "code": "mV"}
        period = int(self.period_ms) if self.period_ms == int(self.period_ms) else self.period_ms
        return {"origin": origin, "period": period, "factor": 1 / STEPS_PER_MV, "dimensions": 1, "data": self.data}


def samples_of(signals: Signals) -> tuple[LeadSamples, ...]:
    """The `LeadSamples` of `Signals`, all on their clock and as long as it."""
    told = zip(signals.titles(), signals.leads, signals.mv.T.tolist(), strict=True)
    return tuple(LeadSamples(title, lead, 1000 / signals.rate_hz, _data(mv)) for title, lead, mv in told)


def samples_of_table(text: str) -> Iterator[LeadSamples]:
    """Yield the `LeadSamples` of a table as `Signals.to_csv` writes it, of a process that knows no arrays."""
    head, *rows = csv.reader(text.splitlines())
    if len(rows) < 2:
        return
    times = [float(row[0]) for row in (rows[0], rows[-1])]
    period_ms = round(1000 * (times[1] - times[0]) / (len(rows) - 1), 6)
    for number, name in enumerate(head[1:], 1):
        title = name.removesuffix("_mV").replace("_", " ")
        lead = title.rpartition(" ")[2]
        mv = (float(row[number] or "nan") for row in rows)
        yield LeadSamples(title, lead if lead in LEAD_NUMBERS else None, period_ms, _data(mv))


def _data(mv: Iterable[float]) -> str:
    return " ".join(LOST if value != value else str(round(value * STEPS_PER_MV)) for value in mv)
