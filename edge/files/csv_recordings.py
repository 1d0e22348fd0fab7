"""Leads in a table (CSV): our own export's form, and others with the names of leads in the first line."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from itertools import islice

import numpy as np
import numpy.typing as npt

from ..errors import PictureError, Reason
from .recordings import LONGEST_S, Columns, check_rate, lead_of, rows_of, unit_mv

Row = tuple[int, list[str]]
"""The number of a line, and its cells."""

FIRST_ROWS = 200
"""So many rows tell the rate."""
EVEN = 0.02
"""The steps of a column of times differ by no more than this share of a step, and what it is written with."""
_TIME = re.compile(r"(?:time|t|sec(?:ond)?s?|ms|zeit)?(?:[\s_(\[]*(s|sec|seconds?|ms|msec|us)[)\]]?)?", re.IGNORECASE)
_UNIT = re.compile(r"[\s_(\[]([nu\u00b5\u03bcm]?V)[)\]]?$", re.IGNORECASE)
_SECONDS = {"ms": 1e-3, "msec": 1e-3, "us": 1e-6}
_ABSENT = frozenset({"", "nan", "na", "n/a", "null", "none", "-"})


def read_csv(data: bytes, rate_hz: float | None = None) -> Columns:
    """The `Columns` of a CSV file's bytes: a first line of names, numbers below it.

    A column of times is optional; without it `rate_hz` is what the caller knows. The unit is the end of a column's name (`I_mV`, `V1 (uV)`);
    millivolts where it has none. Separators are commas, semicolons or tabs; an empty cell is not known.

    Raises
    ------
    PictureError : it is no such table; the message says where.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    lines = _Lines(text)
    head = next(lines, "")
    separator = max(";\t,", key=head.count)
    names = [name.strip() for name in next(csv.reader([head], delimiter=separator), [])]
    if not any(lead_of(name) for name in names):
        raise PictureError(
            Reason.BAD_LAYOUT, "The table's first line names no lead: name its columns I, II, … V6, and perhaps time_s."
        )
    reader = ((lines.number, row) for row in csv.reader(lines, delimiter=separator))
    rows = list(islice(reader, FIRST_ROWS))
    decimal_comma = separator == ";" and not any("." in cell for _, row in rows for cell in row)
    time = next((number for number, name in enumerate(names) if name and _is_time(name)), None)
    if time is not None:
        rate_hz = _rate(_numbers(rows, names, decimal_comma)[:, time], names[time], rows)
    rate_hz = check_rate(rate_hz)
    # However long it is, no more of it is kept than is read.
    rows += islice(reader, max(rows_of(LONGEST_S, rate_hz) - len(rows), 0))
    table = _numbers(rows, names, decimal_comma)
    if time is not None:
        rate_hz = _rate(table[:, time], names[time], rows)
    shown = [number for number, name in enumerate(names) if lead_of(name)]
    mv = table[:, shown] * [_unit(names[number]) for number in shown]
    count = len(rows) + sum(1 for _ in lines)
    return Columns(mv, tuple(names[number] for number in shown), rate_hz, count / rate_hz, data=data)


class _Lines:
    """The lines of a text that are neither blank nor comments; `number` is the last one's, as an editor counts them."""

    def __init__(self, text: str) -> None:
        self._lines, self.number = enumerate(io.StringIO(text, newline=None), 1), 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        for number, line in self._lines:
            self.number = number
            if line.strip() and not line.startswith("#"):
                return line
        raise StopIteration


def _numbers(rows: Sequence[Row], names: Sequence[str], decimal_comma: bool) -> npt.NDArray[np.float64]:
    """(n, columns) of the cells, NaN where they are empty."""
    columns = len(names)
    table = np.full((len(rows), columns), np.nan)
    for number, (line, row) in enumerate(rows):
        if len(row) < columns or any(cell.strip() for cell in row[columns:]):
            raise PictureError(
                Reason.NOT_A_PICTURE,
                f"Line {line} of the table has {len(row)} cells, the line of its names {columns}: correct or remove it.",
            )
        for column, cell in enumerate(row[:columns]):
            cell = cell.strip()
            if cell.lower() in _ABSENT:
                continue
            try:
                table[number, column] = float(cell.replace(",", ".") if decimal_comma else cell)
            except ValueError:
                where = f"line {line}, column {column + 1} ({names[column] or 'without a name'})"
                raise PictureError(
                    Reason.NOT_A_PICTURE, f"{cell[:40]!r} in {where} of the table is no number: correct or empty it."
                ) from None
    table[~np.isfinite(table)] = np.nan
    return table


def _is_time(name: str) -> bool:
    return lead_of(name) is None and _TIME.fullmatch(name) is not None


def _rate(times: npt.NDArray[np.float64], name: str, rows: Sequence[Row]) -> float:
    """Samples a second of a column of times, in the unit that its name ends in, of these rows; seconds where it has none."""
    unit = re.search(r"(ms|msec|us)[)\]]?$", name, re.IGNORECASE)
    times = times * _SECONDS[unit[1].lower()] if unit else times
    steps = np.diff(times)
    step = float(np.median(steps)) if len(steps) else 0.0
    if not (np.isfinite(times).all() and step > 0):
        wrong = np.flatnonzero(~np.isfinite(times) | np.append(False, ~(steps > 0)))
        where = f": look at line {rows[wrong[0]][0]}" if len(wrong) else ""
        raise PictureError(Reason.BAD_SCALE, f"The times in the column {name} do not go up row by row{where}.")
    # The mean has none of the rounding of single times.
    mean = float(times[-1] - times[0]) / len(steps)
    rounded = max(_digit(times), 1e-9)
    if np.abs(steps - mean).max() > EVEN * mean + 1.01 * rounded:
        line = rows[int(np.argmax(np.abs(steps - mean))) + 1][0]
        raise PictureError(
            Reason.BAD_SCALE, f"The times in the column {name} are not evenly spaced: look at line {line} of the table."
        )
    near = round(1 / mean)
    return float(near) if abs(near * mean - 1) < 1e-3 else 1 / mean


def _digit(times: npt.NDArray[np.float64]) -> float:
    """The last digit that times are written with, in s."""
    for digits in range(7):
        if np.abs(np.round(times, digits) - times).max() < 1e-9:
            return float(10.0**-digits)
    return 1e-7


def _unit(name: str) -> float:
    """Millivolts in a column's unit."""
    found = _UNIT.search(name)
    return 1.0 if found is None else unit_mv(found[1]) or 1.0
