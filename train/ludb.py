"""LUDB: 200 people, 12 leads, 10 s at 500 Hz, with P, QRS and T marked by hand in every lead.

Kalyakulina, A. et al., "LUDB: A New Open-Access Validation Tool for Electrocardiogram Delineation Algorithms", IEEE Access 8, 2020,
DOI 10.1109/ACCESS.2020.3029211; data DOI 10.13026/eegm-h675, ODC-BY 1.0. The samples are microvolts: the gains of LUDB's own headers are
wrong and are not used.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from . import tables

RATE_HZ = 500
STEP_MV = 0.001
WAVES = ("P", "QRS", "T")
WORDS = (
    "rhythm",
    "axis",
    "conduction",
    "extrasystoles",
    "hypertrophy",
    "pacing",
    "ischaemia",
    "repolarisation",
    "other",
)
"""The columns of LUDB's own words."""
MARKED = range(210, 4826)
"""Samples between which beats are marked: the first and the last beat of a record mostly are not, and must not count as missed."""
SWINGING = frozenset({15, 109, 125})
"""Records whose leads swing by 10 mV."""


@dataclass(frozen=True)
class Record:
    """One person's record. Words are LUDB's own; `age` of 90 is any over 89 (`tables.OVER_89`).

    In `flags`, `norm` is made of the words (sinus rhythm of any rate, no deviation of the axis, nothing else named), `acute_mi` is LUDB's
    STEMI and `old_mi` its scar formation: all three infarction flags are None where it says "undefined" and nothing surer. 108 of the 200
    are `lvh`, far more than any clinic has.
    """

    record: int
    age: int | None
    age_group: str
    sex: str | None
    rhythm: tuple[str, ...]
    axis: tuple[str, ...]
    conduction: tuple[str, ...]
    extrasystoles: tuple[str, ...]
    hypertrophy: tuple[str, ...]
    pacing: tuple[str, ...]
    ischaemia: tuple[str, ...]
    repolarisation: tuple[str, ...]
    other: tuple[str, ...]
    flags: tables.Flags
    path: Path
    row: int


@dataclass(frozen=True)
class Wave:
    """A wave that was marked by hand in one lead: sample numbers from 0, None where that mark is missing.

    `wave` is of `WAVES`; None for the few marks without a name, which are no P, QRS or T that can be counted.
    """

    record: int
    lead: str
    wave: str | None
    onset: int | None
    peak: int | None
    offset: int | None


def read_records(folder: str | Path | None = None) -> list[Record]:
    """The `Record`s of ludb.csv, in the table's order."""
    place, rows = tables.read("ludb.csv", folder)
    return [
        Record(
            record=int(row["record"]),
            age=tables.age_of(row["age"]),
            age_group=row["age_group"],
            sex=tables.sex_of(row["sex"]),
            **{name: tables.words_of(row[name]) for name in WORDS},
            flags=tables.flags_of(row),
            path=place / "signals" / "ludb.npy",
            row=int(row["row"]),
        )
        for row in rows
    ]


def read_waves(folder: str | Path | None = None) -> list[Wave]:
    """The `Wave`s of ludb_waves.csv, those without a name among them, in the table's order."""
    _, rows = tables.read("ludb_waves.csv", folder)
    return [
        Wave(int(row["record"]), row["lead"], row["wave"] or None, *(tables.whole_of(row[name]) for name in ("onset", "peak", "offset")))
        for row in rows
    ]  # fmt: skip


@lru_cache(maxsize=1)
def _differences(path):
    return np.load(path, mmap_mode="r")


def signals(record: Record) -> np.ndarray:
    """(12, 5000) float32 millivolts at `RATE_HZ`, in the order of `layout.LEADS_12`."""
    return np.cumsum(_differences(record.path)[record.row], axis=1, dtype=np.int16) * np.float32(STEP_MV)
