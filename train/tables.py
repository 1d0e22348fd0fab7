"""Cells of the shared data's tables: blank is unknown, not absent, and an age of 300 is one over 89."""

import csv
from dataclasses import dataclass, fields
from pathlib import Path

from . import dataset

OVER_89 = 90
"""What stands for every age over 89: data sets hide how far (PTB-XL and LUDB say 300, older tables 90 or 91)."""


@dataclass(frozen=True)
class Flags:
    """What a record's labels say of the heart: True, False, or None where they do not say.

    `norm` nothing abnormal; `mi` infarction, `acute_mi`, `old_mi`; `af` atrial fibrillation, `afl` flutter; `lbbb`, `rbbb` bundle branch
    blocks; `lvh` left ventricular hypertrophy; `pace` paced; `brady`, `tachy` the label, not the rate; `pac`, `pvc` premature beats of the
    atria and ventricles; `avb1` first-degree block. A missing False is no False: `flag is False` asks for absence, `not flag` does not.
    """

    norm: bool | None
    mi: bool | None
    acute_mi: bool | None
    old_mi: bool | None
    af: bool | None
    afl: bool | None
    lbbb: bool | None
    rbbb: bool | None
    lvh: bool | None
    pace: bool | None
    brady: bool | None
    tachy: bool | None
    pac: bool | None
    pvc: bool | None
    avb1: bool | None


def read(name: str, folder: str | Path | None = None) -> tuple[Path, list[dict[str, str]]]:
    """(folder, rows) of a table under `folder`, `dataset.data_directory()` where None.

    Raises
    ------
    FileNotFoundError : it is not there.
    """
    place = Path(folder) if folder else dataset.data_directory()
    if place is None or not (place / name).is_file():
        raise FileNotFoundError(f"no {name}: set ECG_EDGE_DATA to a folder that holds it")
    with open(place / name, newline="") as file:
        return place, list(csv.DictReader(file))


def age_of(cell: str) -> int | None:
    """Years, `OVER_89` for all that are more; None where blank."""
    return min(int(cell), OVER_89) if cell else None


def sex_of(cell: str) -> str | None:
    """ "male" (0), "female" (1), or None."""
    return {"0": "male", "1": "female"}.get(cell)


def whole_of(cell: str) -> int | None:
    """A whole number; None where blank."""
    return int(cell) if cell else None


def words_of(cell: str) -> tuple[str, ...]:
    """What stands between semicolons."""
    return tuple(word.strip() for word in cell.split(";") if word.strip())


def flags_of(row: dict[str, str]) -> Flags:
    """The `Flags` of a row."""
    return Flags(**{field.name: {"1": True, "0": False}.get(row[field.name]) for field in fields(Flags)})
