"""Signals as a WFDB record, for programs of physiology.

References
----------
Moody G. B., "WFDB Applications Guide", header(5) and signal(5), PhysioNet.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

GAIN_PER_MV = 1000
"""Steps of a sample in a millivolt, for all channels: some programs read one gain for each channel wrongly."""
LOST = -32768
"""The value (format 16) of a sample that is not known."""


def write_record(
    folder: str | os.PathLike[str],
    name: str,
    channels: Sequence[str],
    table: npt.NDArray[np.float32],
    rate_hz: float,
    comments: Sequence[str] = (),
) -> tuple[Path, Path]:
    """Write (n, k) mV as FOLDER/NAME.hea and FOLDER/NAME.dat, 16-bit samples (format 16), `comments` as lines of the header; both paths.

    Raises
    ------
    ValueError : programs cannot read a record of that name.
    """
    if not name or not all(letter.isascii() and (letter.isalnum() or letter in "_-") for letter in name):
        raise ValueError(f"a WFDB record's name is letters, digits, _ and -, not {name!r}")
    header, data = Path(folder) / f"{name}.hea", Path(folder) / f"{name}.dat"
    steps = np.rint(table.astype(np.float64) * GAIN_PER_MV)
    known = np.isfinite(steps)
    samples = np.where(known, np.clip(steps, LOST + 1, 32767), LOST).astype("<i2")
    lines = [f"{name} {len(channels)} {rate_hz:g} {len(table)}"]
    for column, channel in enumerate(channels):
        values = samples[:, column].astype(np.int64)
        first, checksum = (int(values[0]), int(values.sum()) & 0xFFFF) if len(values) else (0, 0)
        checksum -= (checksum > 0x7FFF) << 16
        lines.append(f"{data.name} 16 {GAIN_PER_MV}(0)/mV 16 0 {first} {checksum} 0 {channel}")
    lines += [f"# {comment}" for comment in comments]
    header.write_text("\n".join(lines) + "\n", encoding="ascii")
    data.write_bytes(samples.tobytes())
    return header, data
