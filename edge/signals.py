"""`Signals`: the leads of a page in millivolts, on one clock."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from . import __version__
from .errors import MissingPackageError, UsageError
from .files.times import recording_time, to_dicom
from .formats.csv_table import write_table
from .formats.dicom_waveform import write_waveform
from .formats.wfdb_record import LOST, write_record
from .layout import LEADS_12

if TYPE_CHECKING:
    import pandas

END_SLACK_S = 0.2
"""Leads that end within so much of the last one end with the page."""
SHORTEST_S = 1.0
"""A shorter stretch between gaps is no segment: it may not hold one beat."""
MARGIN_S = 0.1
"""Stretches whose ends are within so much of each other are one segment: beside separators some leads are lost a little earlier than others."""


@dataclass(frozen=True, eq=False)
class Signals:
    """The leads of a page as signals, on the page's clock: 0 s is where its first leads begin.

    Attributes
    ----------
    mv : (n, k) float32 mV, a column for each lead; NaN where a lead is not shown on the page, and where its trace was lost
    names : the columns: I, II, III, aVR, aVL, aVF, V1 … V6, then the rhythm strips from the top: rhythm, rhythm2 …
    leads : which lead each column shows: of a strip II, III, V1 …, None where its printed name was not read
    start_s, stop_s : {name: seconds} from where to where each lead is shown
    rate_hz : samples in a second
    begin_s : when the first row is, in seconds; 0 but for `segments`
    mm_per_s, mm_per_mv : paper speed and gain with which it was read; None where they are not known
    """

    mv: npt.NDArray[np.float32] = field(repr=False)
    names: tuple[str, ...]
    leads: tuple[str | None, ...]
    start_s: dict[str, float]
    stop_s: dict[str, float]
    rate_hz: int = 500
    begin_s: float = 0.0
    mm_per_s: float | None = None
    mm_per_mv: float | None = None

    @classmethod
    def on_one_clock(
        cls,
        signals: Mapping[str, npt.NDArray[np.float32]],
        start_s: Mapping[str, float],
        strips: Mapping[str, str | None],
        rate_hz: int,
        mm_per_s: float | None = None,
        mm_per_mv: float | None = None,
    ) -> Signals:
        """`Signals` of leads {name: (n,) mV} that begin at {name: seconds}; `strips` {name: lead} tells what rhythm strips show.

        A page's right edge is one moment, but leads in columns, which are placed by what a column holds, and a strip, which is as long as
        its trace, reach it some samples apart (2 to 11 on report pages, up to 66 on photographs). So the table ends where the first of the
        leads ends that end within `END_SLACK_S` of the last: else the shorter ones would end in NaN, and detectors of beats fail on that.
        """
        names = tuple(sorted(signals, key=lambda name: LEADS_12.index(name) if name in LEADS_12 else len(LEADS_12)))
        starts = {name: round(start_s[name] * rate_hz) for name in names}
        ends = {name: starts[name] + len(signals[name]) for name in names if len(signals[name])}
        last = max(ends.values(), default=0)
        rows = min((end for end in ends.values() if end >= last - END_SLACK_S * rate_hz), default=0)
        mv = np.full((rows, len(names)), np.nan, np.float32)
        for column, name in enumerate(names):
            part = mv[starts[name] : ends.get(name, 0), column]
            part[:] = signals[name][: len(part)]
        return cls(
            mv,
            names,
            tuple(name if name in LEADS_12 else strips.get(name) for name in names),
            {name: starts[name] / rate_hz for name in names},
            {name: min(ends.get(name, starts[name]), rows) / rate_hz for name in names},
            rate_hz,
            mm_per_s=mm_per_s,
            mm_per_mv=mm_per_mv,
        )

    def lead(self, name: str) -> npt.NDArray[np.float32]:
        """(m,) float32 mV of one lead from its `start_s` to its `stop_s`: NaN only where its trace was lost."""
        if name not in self.names:
            raise UsageError(f"there is no lead {name!r}: {', '.join(self.names)}")
        return self.mv[self._rows(name), self.names.index(name)]

    def segments(self) -> tuple[Signals, ...]:
        """The page cut into `Signals` without gaps, by their beginning.

        Leads that are known over one stretch of time, a column of leads or a strip, stand in one, cut to what all of them have where that
        takes no more than `MARGIN_S` at either end. A lead is cut where its trace was lost, and its pieces then stand alone: nothing is
        filled in. Pieces under `SHORTEST_S` are left out.
        """
        margin = MARGIN_S * self.rate_hz
        found: list[tuple[int, int, list[int]]] = []
        for column, values in enumerate(self.mv.T):
            known = np.concatenate([[False], np.isfinite(values), [False]])
            for first, last in np.flatnonzero(known[1:] != known[:-1]).reshape(-1, 2).tolist():
                if last - first < SHORTEST_S * self.rate_hz:
                    continue
                for number, (start, stop, columns) in enumerate(found):
                    if max(abs(first - start), abs(last - stop)) <= margin:
                        found[number] = max(first, start), min(last, stop), [*columns, column]
                        break
                else:
                    found.append((first, last, [column]))
        return tuple(self._part(*stretch) for stretch in sorted(found, key=lambda stretch: (stretch[0], stretch[2])))

    def to_pandas(self) -> pandas.DataFrame:
        """A `pandas.DataFrame`: a column in mV for each of `names`, by `time_s`.

        Raises
        ------
        MissingPackageError : pandas is not installed.
        """
        try:
            import pandas
        except ImportError as error:
            raise MissingPackageError("pandas is not installed: pip install pandas") from error
        time_s = pandas.Index(self.begin_s + np.arange(len(self.mv)) / self.rate_hz, name="time_s")
        return pandas.DataFrame(self.mv, time_s, list(self.names))

    def to_csv(self, folder: str | os.PathLike[str], name: str) -> Path:
        """Write FOLDER/NAME.csv: `time_s`, and each lead in mV (`II_mV`, `rhythm_II_mV`), empty where it is not known; the path.

        Raises
        ------
        OSError : it cannot be written there, as Python's own `open` says it; so do the other files of signals.
        """
        columns = [f"{title.replace(' ', '_')}_mV" for title in self.titles()]
        return write_table(Path(folder) / f"{name}.csv", columns, self.mv, self.rate_hz, self.begin_s)

    def to_wfdb(self, folder: str | os.PathLike[str], name: str) -> tuple[Path, Path]:
        """Write the WFDB record FOLDER/NAME.hea and .dat, its strips called `rhythm II`; both paths.

        Raises
        ------
        ValueError : the name has other than letters, digits, _ and -.
        """
        return write_record(folder, name, self.titles(), self.mv, self.rate_hz, self._comments())

    def to_dicom(self, folder: str | os.PathLike[str], name: str, recorded_at: str | None = None) -> Path:
        """Write FOLDER/NAME.dcm, a DICOM 12-lead ECG waveform in microvolts, in which what is not known is the padding value; the path.

        `recorded_at` is when the ECG was recorded (ISO 8601). The standard wants it: without it that field is empty.

        Raises
        ------
        MissingPackageError : pydicom is not installed.
        """
        time = "" if recorded_at is None else to_dicom(recording_time(recorded_at))
        channels = list(zip(self.titles(), self.leads, strict=True))
        about = "Read by ecg-edge. Not a medical device."
        try:
            return write_waveform(
                Path(folder) / f"{name}.dcm", channels, self.mv, self.rate_hz, time, about, __version__
            )
        except ImportError as error:
            raise MissingPackageError("DICOM files need an extra: pip install 'ecg-edge[dicom]'") from error

    def titles(self) -> list[str]:
        """What the columns are called in files: a strip with the lead that it shows."""
        return [
            name if lead in (name, None) else f"{name} {lead}"
            for name, lead in zip(self.names, self.leads, strict=True)
        ]

    def _rows(self, name: str) -> slice:
        first, last = (round((time[name] - self.begin_s) * self.rate_hz) for time in (self.start_s, self.stop_s))
        return slice(first, last)

    def _part(self, first: int, last: int, columns: list[int]) -> Signals:
        """Some columns between two rows, of which all is known."""
        names = tuple(self.names[column] for column in columns)
        start, stop = (self.begin_s + row / self.rate_hz for row in (first, last))
        return Signals(
            self.mv[first:last, columns],
            names,
            tuple(self.leads[column] for column in columns),
            dict.fromkeys(names, start),
            dict.fromkeys(names, stop),
            self.rate_hz,
            start,
            self.mm_per_s,
            self.mm_per_mv,
        )

    def _comments(self) -> list[str]:
        """What a record of these signals says of itself."""
        shown: dict[tuple[float, float], list[str]] = {}
        for name, title in zip(self.names, self.titles(), strict=True):
            shown.setdefault((self.start_s[name], self.stop_s[name]), []).append(title)
        scale = ["unknown" if value is None else f"{value:g}" for value in (self.mm_per_s, self.mm_per_mv)]
        return [
            f"Read from a printed ECG by ecg-edge {__version__}, paper speed {scale[0]} mm/s, gain {scale[1]} mm/mV. Not a medical device.",
            f"The first sample is at {self.begin_s:.3f} s of the page.",
            *(
                f"Shown from {start:.3f} to {stop:.3f} s of the page: {', '.join(titles)}"
                for (start, stop), titles in sorted(shown.items())
            ),
            f"{LOST} is no voltage: the lead is not shown there, or its trace was lost.",
        ]
