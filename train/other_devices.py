"""Records of other devices and hospitals: 338 of 10 s at 250 Hz from seven collections and PTB-XL.

CinC 2021 (DOI 10.13026/34va-7q14), PTB Diagnostic (DOI 10.13026/C28C71, ODC-BY 1.0) and PTB-XL (DOI 10.13026/kfzx-aw45); the licence stands
in each row. Labels, devices and filters go by source, so that a difference between classes may be one between sources: figures are made
within a source (`by_source`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from . import tables

RATE_HZ = 250
STEP_MV = 0.005
SOURCES = ("cpsc2018", "georgia", "chapman_shaoxing", "ningbo", "cpsc_extra", "ptb_cinc", "ptb_xl", "ptb_diagnostic")


@dataclass(frozen=True)
class Record:
    """One record. `labels` are the source's own words, `codes` SNOMED's or SCP's with their likelihood; `age` of 90 is any over 89.

    A flag is None where the source does not use its code on at least 1 % of its records; an infarction called neither acute nor old has both
    unknown. `norm` is True of what the source itself calls normal: "sinus rhythm" alone leaves it unknown. PTB Diagnostic's acute is 2 to 19
    days old, its `af` may be past. `fold` is PTB-XL's own, None elsewhere. `note` names what is known to be wrong with the record.
    """

    source: str
    record: str
    patient: str | None
    original_hz: int
    device: str | None
    hospital: str | None
    age: int | None
    sex: str | None
    fold: int | None
    labels: tuple[str, ...]
    codes: tuple[str, ...]
    flags: tables.Flags
    licence: str
    note: str | None
    path: Path
    row: int

    @property
    def person(self) -> str:
        """Who is never in two parts of a split: the patient, who may have several records and stand in two sources; else the record itself."""
        return self.patient or f"{self.source}/{self.record}"


def read_records(folder: str | Path | None = None, *, source: str | None = None) -> list[Record]:
    """The `Record`s of other_devices.csv, or those of one source, in the table's order."""
    place, rows = tables.read("other_devices.csv", folder)
    found = [
        Record(
            row["source"],
            row["record"],
            row["patient"] or None,
            int(row["original_hz"]),
            row["device"] or None,
            row["hospital"] or None,
            tables.age_of(row["age"]),
            tables.sex_of(row["sex"]),
            tables.whole_of(row["strat_fold"]),
            tables.words_of(row["labels"]),
            tables.words_of(row["codes"]),
            tables.flags_of(row),
            row["licence"],
            row["note"] or None,
            place / "signals" / "other_devices.npy",
            int(row["row"]),
        )
        for row in rows
    ]
    return [record for record in found if source in (None, record.source)]


def by_source(records: Iterable[Record]) -> dict[str, list[Record]]:
    """{source: its records}, in the order of `SOURCES`; what has none is left out."""
    records = list(records)
    groups = {source: [record for record in records if record.source == source] for source in SOURCES}
    return {source: group for source, group in groups.items() if group}


@lru_cache(maxsize=1)
def _differences(path):
    return np.load(path, mmap_mode="r")


def signals(record: Record) -> np.ndarray:
    """(12, 2500) float32 millivolts at `RATE_HZ`, in the order of `layout.LEADS_12`."""
    return np.cumsum(_differences(record.path)[record.row], axis=1, dtype=np.int16) * np.float32(STEP_MV)
