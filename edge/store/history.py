"""Stored results for people and programs: a line each, CSV, JSON or FHIR."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable
from datetime import datetime, timezone
from typing import TextIO

from ..errors import UsageError
from ..output.fhir import bundle_parts
from ..output.result_table import MEASURED_COLUMNS, RESULT_COLUMNS, csv_cells, measured_cells, result_cells
from ..result import describe
from ..words import encodable, printable
from .result_store import Entry

COLUMNS = ("number", "stored_at", *RESULT_COLUMNS, "picture", "temperature_c", "doubts", *MEASURED_COLUMNS)


def write_text(entries: Iterable[Entry], file: TextIO) -> None:
    """A line for each entry: number, time, and what came of it."""
    for entry in entries:
        result = entry.result
        time = (result.get("captured_at") or entry.stored_at)[:19].replace("T", " ")
        print(f"{entry.number:>6}  {time}  {printable(result['source'])}: {describe(result)}", file=file)


def write_csv(entries: Iterable[Entry], file: TextIO) -> None:
    """A row for each entry, under `COLUMNS`; what is not known is empty."""
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(COLUMNS)
    for entry in entries:
        temperature_c = (entry.device.get("board") or {}).get("temperature_c")
        of_result, of_measured = result_cells(entry.result), measured_cells(entry.result)
        rows.writerow(
            csv_cells([entry.number, entry.stored_at, *of_result, entry.picture, temperature_c, *of_measured])
        )


def write_json(entries: Iterable[Entry], file: TextIO) -> None:
    """An object for each entry, a line each: number, stored_at, picture, device and the whole result."""
    for entry in entries:
        line = {
            "number": entry.number,
            "stored_at": entry.stored_at,
            "picture": entry.picture and encodable(entry.picture),
            "device": entry.device,
        }
        print(json.dumps(line | {"result": entry.result}), file=file)


def write_fhir(entries: Iterable[Entry], file: TextIO, subject: str | None = None) -> None:
    """One FHIR R4 Bundle; `subject` is a reference to whose ECGs they are."""
    file.writelines(bundle_parts(entries, subject))


FORMS: dict[str, Callable[[Iterable[Entry], TextIO], None]] = {
    "text": write_text,
    "csv": write_csv,
    "json": write_json,
    "fhir": write_fhir,
}


def parse_time(text: str) -> str:
    """A time as the store compares it: UTC, ISO 8601. A date is its beginning; a time without a zone is in UTC."""
    try:
        time = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise UsageError(f"{text!r} is no time: give 2026-11-24 or 2026-11-24T18:30:00+01:00") from None
    return (time if time.tzinfo else time.replace(tzinfo=timezone.utc)).astimezone(timezone.utc).isoformat()
