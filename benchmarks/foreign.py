"""Pages of other makers: 41 that the data's own program draws of LUDB, and six of a public digitiser's validation set, with their truth.

Each drawn case stands for a kind of fault that was found on real pages. Other styles, and real pages, are kept elsewhere: what is tuned on
these is not shown to be right by these.
"""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from train import tables

FOLDER, FOUND = Path("foreign"), Path("foreign/ludb_pages")


@dataclass(frozen=True)
class Case:
    """One page: the `layout`, speed and gain to be found, whether a verdict may be given, `what` is special, and what is `drawn` otherwise
    than by default {key: value}, empty of pages that were found."""

    name: str
    drawn: dict[str, str]
    layout: str
    mm_per_s: float
    mm_per_mv: float
    may_have_verdict: bool
    what: str


def read_cases(folder: str | Path | None = None, part: Path = FOLDER) -> list[Case]:
    """The cases of `FOLDER` (to be drawn) or `FOUND`, in the table's order."""
    _, rows = tables.read(str(part / "cases.csv"), folder)
    return [
        Case(
            row["case"],
            _style(row["style"]),
            row["layout"],
            float(row["mm_per_s"]),
            float(row["mm_per_mv"]),
            row["wanted"] == "read",
            row["what"],
        )
        for row in rows
    ]  # fmt: skip


def _style(cell):
    pairs = [pair.split("=", 1) for pair in cell.split(";") if pair.strip()]
    return {key.strip(): value.strip() for key, value in pairs}


def folder_of(part: Path, folder: str | Path | None = None) -> Path:
    """The folder of `FOLDER` or `FOUND`.

    Raises
    ------
    FileNotFoundError : it is not there.
    """
    return tables.read(str(part / "cases.csv"), folder)[0] / part


def draw(out: Path, folder: str | Path | None = None) -> None:
    """Draw the cases of `FOLDER` into `out` by the data's own program: a picture and a truth of each.

    Raises
    ------
    RuntimeError : it failed; the message is its last line.
    """
    place, _ = tables.read(str(FOLDER / "cases.csv"), folder)
    command = [sys.executable, str(place / FOLDER / "draw.py"), str(place / "signals"), str(out)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(
            f"the pages of other makers: {(done.stderr.strip().splitlines() or ['nothing was drawn'])[-1]}"
        )


def picture_of(case: Case, folder: Path) -> Path:
    """The path of a case's picture in a folder.

    Raises
    ------
    FileNotFoundError : it is not there.
    """
    found = next(
        (folder / f"{case.name}{end}" for end in (".png", ".jpg") if (folder / f"{case.name}{end}").is_file()), None
    )
    if found is None:
        raise FileNotFoundError(f"no picture of {case.name} in {folder}")
    return found


def truth_of(case: Case, folder: Path) -> dict[str, np.ndarray]:
    """{place: (n,) float32 mV at 500 Hz} of a case: leads, `rhythm` and further strips, each from where its column begins.

    aVR is upright, also where -aVR is printed (Cabrera's order).
    """
    with np.load(folder / f"{case.name}.npz") as held:
        return {place: held[place] for place in held.files}
