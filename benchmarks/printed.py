"""What the device printed on the report pages: rates on all, intervals, axes and findings on those of layout 6x2.

An algorithm's word and no reference standard. It is a truth for benchmarks of measurement alone and must never reach a model: nothing in
`edge`, `train` or `convert` may read it.
"""

from dataclasses import dataclass
from pathlib import Path

from train import tables

LEAD_OFF = "footer prints Lead Off"


@dataclass(frozen=True)
class Measurements:
    """What a 6x2 page prints of its beats. `p_ms`, `pr_ms` and `axis_p_deg` are None where there is no P wave (printed as 0), `rv5_mv` and
    `sv1_mv` where they were most likely not found (0.000). `qtc_ms` is Bazett's; axes are degrees from -90 to 269."""

    rate_per_min: int
    p_ms: int | None
    pr_ms: int | None
    qrs_ms: int
    qt_ms: int
    qtc_ms: int
    axis_p_deg: int | None
    axis_qrs_deg: int
    axis_t_deg: int
    rv5_mv: float | None
    sv1_mv: float | None
    findings: tuple[str, ...]


@dataclass(frozen=True)
class Printed:
    """What is printed on one page: the footer's band, speed, gain and rate, and the `measurements` of a 6x2 page.

    `lead_off`: the footer says so. `doubt`: why the printed rate is not that of the beats on the paper, None where nothing is known
    against it.
    """

    path: Path
    sha256: str
    layout: str
    band_hz: tuple[float, float]
    mm_per_s: float
    mm_per_mv: float
    rate_per_min: int
    measurements: Measurements | None
    lead_off: bool
    doubt: str | None


def read_printed(folder: str | Path | None = None) -> list[Printed]:
    """The `Printed` of printed.csv with their notes, in the table's order."""
    place, rows = tables.read("printed.csv", folder)
    notes: dict[str, list[str]] = {}
    for row in tables.read("printed_notes.csv", folder)[1]:
        notes.setdefault(row["sha256"], []).append(row["note"])
    return [_printed(row, place, notes.get(row["sha256"], [])) for row in rows]


def _printed(row, place, notes):
    low, high = map(float, row["footer_band"].removesuffix("Hz").split("~"))
    return Printed(
        place / row["path"],
        row["sha256"],
        row["layout"],
        (low, high),
        float(row["footer_speed"].removesuffix("mm/s")),
        float(row["footer_gain"].removesuffix("mm/mV")),
        int(row["footer_hr"]),
        _measurements(row) if row["hr"] else None,
        LEAD_OFF in notes,
        "; ".join(note for note in notes if note != LEAD_OFF) or None,
    )


def _measurements(row):
    has_p = row["p_ms"] != "0"
    return Measurements(
        int(row["hr"]),
        int(row["p_ms"]) or None,
        int(row["pr_ms"]) or None,
        int(row["qrs_ms"]),
        int(row["qt_ms"]),
        int(row["qtc_ms"]),
        int(row["axis_p"]) if has_p else None,
        int(row["axis_qrs"]),
        int(row["axis_t"]),
        float(row["rv5_mv"]) or None,
        float(row["sv1_mv"]) or None,
        tables.words_of(row["findings"]),
    )
