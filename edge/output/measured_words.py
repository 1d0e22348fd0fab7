"""What was measured, in words: the block that carts print, the rows of a table, and the findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..result import SHOWN_QTC

MARKS_FILE = "marks.svg"
"""What a file is called that shows, over the overlay, where each value was measured."""

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Value:
    """How a value is told: its `name` in JSON, what people call it, its unit, and what it is."""

    name: str
    title: str
    unit: str
    about: str


VALUES = (
    Value("rate_per_min", "Rate", "per minute", "From the mean of the intervals between beats that are within 10 % of their mean."),
    Value("p_ms", "P", "ms", "How long the P wave lasts."),
    Value("pr_ms", "PR", "ms", "From the beginning of P to that of QRS."),
    Value("qrs_ms", "QRS", "ms", "Over all leads together."),
    Value("qt_ms", "QT", "ms", "From the beginning of QRS to the end of T."),
    Value("qtc_ms", "QTc", "ms", f"QT as it would be at 60 per minute, by {SHOWN_QTC.capitalize()}."),
    Value("axis_p_deg", "P axis", "°", "In the frontal plane."),
    Value("axis_qrs_deg", "QRS axis", "°", "In the frontal plane."),
    Value("axis_t_deg", "T axis", "°", "In the frontal plane."),
    Value("sokolow_lyon_mv", "Sokolow-Lyon", "mV", "S in V1 and the higher R of V5 and V6."),
    Value("cornell_mv", "Cornell", "mV", "R in aVL and S in V3."),
)  # fmt: skip
"""In the order in which people read them."""

LEAST_ST_MV = 0.05
"""ST from here on is told, lead by lead."""


def value_of(measurements: Json | None, name: str) -> float | None:
    """A value of `VALUES`, of QTc that by `SHOWN_QTC`; None where it is not known."""
    found = (measurements or {}).get(name)
    return (found or {}).get(SHOWN_QTC) if name == "qtc_ms" else found


def shown(value: Value, number: float) -> str:
    """A number with its unit, to the digits that a page can tell."""
    digits = f"{number:.2f}" if value.unit == "mV" else f"{number:.0f}"
    return digits + ("" if value.unit == "°" else " ") + value.unit


def rows(measurements: Json | None) -> list[tuple[Value, str]]:
    """(what, its value in words with its uncertainty) of each value that is known."""
    found = []
    spread = (measurements or {}).get("uncertainty") or {}
    for value in VALUES:
        number = value_of(measurements, value.name)
        if number is not None:
            about = spread.get(value.name)
            sure = f" ± {about:.2g}" if about else ""
            found.append((value, shown(value, number) + sure))
    return found


def findings(measurements: Json | None, state: str = "present") -> list[Json]:
    """The statements of a state."""
    return [each for each in (measurements or {}).get("statements") or () if each["state"] == state]


def st_words(measurements: Json | None) -> str:
    """ST at the J point of the leads where it is `LEAST_ST_MV` or more; empty where there is none."""
    leads = (measurements or {}).get("leads") or {}
    told = {name: lead["st_j_mv"] for name, lead in leads.items() if lead and lead["st_j_mv"] is not None}
    return ", ".join(f"{name} {level:+.2f}" for name, level in told.items() if abs(level) >= LEAST_ST_MV)


def block(measurements: Json | None) -> list[tuple[str, str]]:
    """The block that carts print, (title, words) line by line: rate, PR, QRS, QT and QTc, axes; a dash for what is not known."""
    if not measurements:
        return []

    def digits(*names: str) -> str:
        numbers = [value_of(measurements, name) for name in names]
        return " / ".join("-" if number is None else f"{number:.0f}" for number in numbers)

    return [
        ("Rate", f"{digits('rate_per_min')} per minute"),
        ("PR", f"{digits('pr_ms')} ms"),
        ("QRS", f"{digits('qrs_ms')} ms"),
        ("QT / QTc", f"{digits('qt_ms', 'qtc_ms')} ms"),
        ("P / QRS / T axes", f"{digits('axis_p_deg', 'axis_qrs_deg', 'axis_t_deg')}°"),
    ]


def lines(measurements: Json | None) -> Iterator[str]:
    """What was measured as lines: the block, ST, findings."""
    for title, words in block(measurements):
        yield f"{title}: {words}"
    if st := st_words(measurements):
        yield f"ST at J, mV: {st}"
    if present := findings(measurements):
        yield f"Findings: {', '.join(each['text'] for each in present)}"
