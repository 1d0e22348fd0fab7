"""How far what is measured on paper is from the truth, as far as that is known."""

from __future__ import annotations

from dataclasses import replace

from .measurements import Measurements

SPREAD = {
    "rate_per_min": 0.1,
    "p_ms": 10.0,
    "pr_ms": 8.0,
    "qrs_ms": 8.0,
    "qt_ms": 11.0,
    "qtc_ms": 11.0,
    "axis_p_deg": 3.0,
    "axis_qrs_deg": 2.0,
    "axis_t_deg": 4.0,
    "sokolow_lyon_mv": 0.09,
    "cornell_mv": 0.07,
    "st_j_mv": 0.014,
    "st_60_mv": 0.011,
}
"""{value: half the width of the interval about it that holds the truth on 68 % of pages}: one standard deviation, were errors normal. Of 68
pages drawn at 25 mm/s, 10 mm/mV and 8 px/mm from LUDB's records with an odd number, laid out as 3x4+1 and 12x1, and read. Durations are
against cardiologists' marks, all others against the same measured on the signals before they were drawn. `python -m benchmarks measurements
--drawn` has the shares of the other half that lie within one and within two."""

FEWEST_BEATS = 3
"""Of fewer dominant beats no uncertainty is known: the drawn pages had more."""


def with_uncertainty(measured: Measurements, speed_known: bool, gain_known: bool) -> Measurements:
    """What was measured on a page with the `SPREAD` of each value that is known; durations and rate have none where the paper's speed is not
    known, voltages none where its gain is not."""
    if ((measured.beats or {}).get("dominant") or 0) < FEWEST_BEATS:
        return measured
    given = {
        name: spread
        for name, spread in SPREAD.items()
        if _has(measured, name) and (gain_known if name.endswith("_mv") else speed_known or name.endswith("_deg"))
    }
    return replace(measured, uncertainty=given)


def _has(measured: Measurements, name: str) -> bool:
    if name.startswith("st_"):
        return any(getattr(lead, name) is not None for lead in measured.leads.values())
    return getattr(measured, name) is not None
