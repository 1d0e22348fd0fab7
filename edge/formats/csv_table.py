"""Signals as CSV, for people and spreadsheets."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt


def write_table(
    path: str | os.PathLike[str],
    columns: Sequence[str],
    table: npt.NDArray[np.float32],
    rate_hz: float,
    begin_s: float = 0.0,
) -> Path:
    """Write (n, k) values as CSV: `time_s`, from `begin_s` on, and the columns with four decimals, empty where a value is NaN; the path."""
    path, digits = Path(path), max(int(np.ceil(np.log10(rate_hz))), 0)
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(",".join(("time_s", *columns)) + "\r\n")
        for number, row in enumerate(table.tolist()):
            cells = ("" if value != value else f"{value:.4f}" for value in row)
            file.write(f"{begin_s + number / rate_hz:.{digits}f}," + ",".join(cells) + "\r\n")
    return path
