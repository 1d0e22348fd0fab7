"""Traced signals as files in a folder: CSV for people and spreadsheets, WFDB for programs of physiology, DICOM for archives."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ..formats import DEFAULT_FORMATS
from ..signals import Signals
from .files import not_written

if TYPE_CHECKING:
    from ..stages import Stages


def write_signals(
    signals: Signals,
    folder: str | os.PathLike[str],
    name: str,
    formats: Iterable[str] = DEFAULT_FORMATS,
    recorded_at: str | None = None,
) -> tuple[Path, ...]:
    """Write `Signals` in `formats` (of `formats.SIGNAL_FORMATS`), as files whose names begin with `name`; their paths.

    The folder is made where it is missing. `recorded_at` is when the ECG was recorded (ISO 8601).
    """
    Path(folder).mkdir(parents=True, exist_ok=True)
    return tuple(path for form in formats for path in WRITERS[form](signals, folder, name, recorded_at))


def write_signals_of(
    stages: Stages,
    folder: str | os.PathLike[str],
    formats: Iterable[str] = DEFAULT_FORMATS,
    recorded_at: str | None = None,
) -> tuple[Path, ...]:
    """Write what a reading traced as files that are called after the picture's `stem`, STEM.csv, .hea, .dat; the paths.

    What WFDB does not take in a name becomes an underscore.

    Raises
    ------
    OutputError : it cannot be written there.
    """
    signals, picture = stages.signals, stages.picture
    if signals is None:
        return ()
    name = re.sub(r"[^A-Za-z0-9_-]", "_", picture.stem)
    try:
        return write_signals(signals, folder, name, formats, recorded_at)
    except OSError as error:
        raise not_written(folder, error) from error


def write_segments(signals: Signals, folder: str | os.PathLike[str], name: str) -> tuple[Path, ...]:
    """Write a WFDB record without gaps for each of the signals' segments; the paths.

    Their names say when they begin and their first and last lead: NAME_0ms_I-III, NAME_2500ms_V1-V3, NAME_0ms_rhythm.
    """
    return tuple(path for part in signals.segments() for path in part.to_wfdb(folder, f"{name}_{_title(part)}"))


def _title(part: Signals) -> str:
    ends = dict.fromkeys((part.names[0], part.names[-1]))
    return f"{round(1000 * part.begin_s)}ms_{'-'.join(ends)}"


WRITERS: dict[str, Callable[[Signals, str | os.PathLike[str], str, str | None], tuple[Path, ...]]] = {
    "csv": lambda signals, folder, name, _: (signals.to_csv(folder, name),),
    "wfdb": lambda signals, folder, name, _: signals.to_wfdb(folder, name),
    "wfdb-segments": lambda signals, folder, name, _: write_segments(signals, folder, name),
    "dicom": lambda signals, folder, name, recorded_at: (signals.to_dicom(folder, name, recorded_at),),
}
"""How signals are written in each of `formats.SIGNAL_FORMATS`; the last argument is when the ECG was recorded."""
