"""PTB-XL records: their signals, and the table of what is known of them.

Wagner, P. et al., "PTB-XL, a large publicly available electrocardiography dataset", Scientific Data 7, 2020,
DOI 10.1038/s41597-020-0495-6; data DOI 10.13026/kfzx-aw45.
"""

import ast
from collections.abc import Container
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np

from . import tables

RATE_HZ = 500
STEP_MV = 0.005
_RATES_HZ = {"ptbxl_100hz.npy": 100, "ptbxl_250hz.npy": 250}
PARTLY_KNOWN = ("clean_metadata",)
"""Where a table's line comes from whose stadium and axis are not known here."""
SUPERCLASSES = ("NORM", "MI", "STTC", "CD", "HYP")


@dataclass(frozen=True)
class Record:
    """One record of 12 leads and 10 s.

    `fold` is PTB-XL's own (1 to 9; no patient is in two). `age` of 90 is any over 89. `codes` {SCP statement: likelihood} are known of all;
    some infarctions rest on a likelihood of 15. `stadium` and `heart_axis` are "" where absent and None where not known here; a stadium
    means something beside an infarction alone, and `unknown` is PTB-XL's own word for one that nobody dated.
    The table's column `metadata_from`, which says what is known, gives infarctions away: it is used for these two and kept nowhere.
    """

    ecg_id: int
    patient_id: int
    age: int | None
    sex: str | None
    superclasses: tuple[str, ...]
    subclasses: tuple[str, ...]
    codes: dict[str, float] = field(hash=False)
    form: tuple[str, ...]
    rhythm: str
    stadium: str | None
    heart_axis: str | None
    fold: int
    path: Path
    row: int

    @property
    def rate_hz(self):
        """The rate at which the record is stored; the page is drawn at `RATE_HZ` whatever it is."""
        return _RATES_HZ[self.path.name]


def read_records(
    folder: str | Path | None = None, *, folds: Container[int] | None = None, superclass: str | None = None
) -> list[Record]:
    """The `Record`s of signals.csv under `folder` (`dataset.data_directory()` where None), in the table's order.

    `folds` and `superclass` keep those alone that are in them.
    """
    place, rows = tables.read("signals.csv", folder)
    return [
        record
        for record in (_record(row, place) for row in rows)
        if (folds is None or record.fold in folds) and (superclass is None or superclass in record.superclasses)
    ]


def _record(row, folder):
    known = row["metadata_from"] not in PARTLY_KNOWN
    return Record(
        int(row["ecg_id"]),
        int(row["patient_id"]),
        tables.age_of(row["age"]),
        tables.sex_of(row["sex"]),
        tables.words_of(row["superclasses"]),
        tables.words_of(row["subclasses"]),
        ast.literal_eval(row["scp_codes"]),
        tables.words_of(row["form"]),
        row["rhythm"],
        row["infarction_stadium"] if known else None,
        row["heart_axis"] if known else None,
        int(row["strat_fold"]),
        folder / "signals" / row["file"],
        int(row["row"]),
    )


@lru_cache(maxsize=2)
def _differences(path):
    return np.load(path, mmap_mode="r")


def stored_signals(record):
    """(12, n) float32 millivolts as stored, at `record.rate_hz`, in the order of `layout.LEADS_12`."""
    return np.cumsum(_differences(record.path)[record.row], axis=1, dtype=np.int16) * np.float32(STEP_MV)


def signals(record, *, band_hz=None):
    """(12, 5000) float32 millivolts at 500 Hz: stored samples unchanged, and what a band-limited signal is between them.

    `band_hz` is a (low, high) pass band such as (0.67, 25), that of the report pages; see `band_pass`.
    """
    millivolts = upsample(stored_signals(record), RATE_HZ // record.rate_hz)
    return millivolts if band_hz is None else band_pass(millivolts, *band_hz)


def upsample(values, factor):
    """(k, n) to (k, n × factor) float32 by a windowed sinc; every `factor`-th value is as it was.

    Beyond its ends the signal goes on mirrored through its last values, which keeps it from ringing.
    """
    from scipy import signal

    values = np.asarray(values, np.float64)
    if factor == 1:
        return values.astype(np.float32)
    reach = 24 * factor
    taps = np.sinc(np.arange(-reach, reach + 1) / factor) * np.kaiser(2 * reach + 1, 8.0)
    padded = np.pad(values, ((0, 0), (32, 32)), mode="reflect", reflect_type="odd")
    fine = signal.upfirdn(taps, padded, up=factor, axis=1)[:, reach:]
    return fine[:, 32 * factor : (32 + values.shape[1]) * factor].astype(np.float32)


def band_pass(values, low_hz, high_hz, rate_hz=RATE_HZ):
    """(k, n) float32 without what is slower than `low_hz` and faster than `high_hz`: Butterworth, second order, there and back."""
    from scipy import signal

    sections = [signal.butter(2, low_hz, "high", fs=rate_hz, output="sos")] if low_hz else []
    sections += [signal.butter(2, high_hz, "low", fs=rate_hz, output="sos")] if high_hz else []
    if not sections:
        return np.asarray(values, np.float32)
    return signal.sosfiltfilt(np.concatenate(sections), values, axis=1, padlen=rate_hz).astype(np.float32)
