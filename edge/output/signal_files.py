"""Traced signals as files: CSV for people and spreadsheets, WFDB for programs of physiology."""

import re
from pathlib import Path

import numpy as np

from ..errors import OutputError

GAIN_PER_MV = 1000
"""Steps of a WFDB sample in a millivolt."""
LOST = -32768
"""The WFDB value (format 16) of a sample that was not read."""


def write_signals(traces, folder, name):
    """Write `Traces` as FOLDER/NAME.csv, NAME.hea and NAME.dat, all leads on the page's clock; the three paths.

    The folder is made where it is missing.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    names, table = together(traces)
    return write_csv(folder / f"{name}.csv", names, table, traces.rate_hz), *write_wfdb(
        folder, name, names, table, traces.rate_hz
    )


def write_signals_of(stages, folder):
    """Write what a reading traced as FOLDER/NAME-SHA.csv, .hea and .dat; the three paths.

    The part of SHA-256 keeps pictures of one name apart; what WFDB does not take in a name becomes an underscore.

    Raises
    ------
    OutputError : it cannot be written there.
    """
    picture = stages.picture
    name = re.sub(r"[^A-Za-z0-9_-]", "_", f"{Path(picture.source).stem}-{picture.sha256[:8]}")
    try:
        return write_signals(stages.traces, folder, name)
    except OSError as error:
        raise OutputError(f"{error.filename or folder}: cannot be written ({error.strerror or error}).") from error


def together(traces):
    """The leads of `Traces` on one clock, that of the page: names, and (n, k) float32 mV, NaN where a lead is lost or not shown."""
    names = tuple(traces.signals)
    starts = {name: round(traces.start_s[name] * traces.rate_hz) for name in names}
    length = max((starts[name] + len(traces.signals[name]) for name in names), default=0)
    table = np.full((length, len(names)), np.nan, np.float32)
    for column, name in enumerate(names):
        signal = traces.signals[name]
        table[starts[name] : starts[name] + len(signal), column] = signal
    return names, table


def write_csv(path, names, table, rate_hz):
    """Write (n, k) mV as CSV: `time_s` and a column for each lead, empty where it is lost; the path."""
    path, digits = Path(path), max(int(np.ceil(np.log10(rate_hz))), 0)
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(",".join(("time_s", *(f"{name}_mV" for name in names))) + "\r\n")
        for number, row in enumerate(table.tolist()):
            cells = ("" if value != value else f"{value:.4f}" for value in row)
            file.write(f"{number / rate_hz:.{digits}f}," + ",".join(cells) + "\r\n")
    return path


def write_wfdb(folder, name, names, table, rate_hz):
    """Write (n, k) mV as a WFDB record: FOLDER/NAME.hea and FOLDER/NAME.dat, 16-bit samples (format 16); both paths.

    References
    ----------
    Moody G. B., "WFDB Applications Guide", header(5) and signal(5), PhysioNet.
    """
    if not name or not all(letter.isalnum() or letter in "_-" for letter in name):
        raise ValueError(f"a WFDB record's name is letters, digits, _ and -, not {name!r}")
    header, data = Path(folder) / f"{name}.hea", Path(folder) / f"{name}.dat"
    steps = np.rint(table.astype(np.float64) * GAIN_PER_MV)
    known = np.isfinite(steps)
    samples = np.where(known, np.clip(steps, LOST + 1, 32767), LOST).astype("<i2")
    lines = [f"{name} {len(names)} {rate_hz:g} {len(table)}"]
    for column, lead in enumerate(names):
        values = samples[:, column].astype(np.int64)
        first, checksum = (int(values[0]), int(values.sum()) & 0xFFFF) if len(values) else (0, 0)
        checksum -= (checksum > 0x7FFF) << 16
        lines.append(f"{data.name} 16 {GAIN_PER_MV}(0)/mV 16 0 {first} {checksum} 0 {lead}")
    header.write_text("\n".join(lines) + "\n", encoding="ascii")
    data.write_bytes(samples.tobytes())
    return header, data
