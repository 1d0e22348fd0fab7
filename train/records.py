"""PTB-XL records: their signals, and the table of what is known of them.

Wagner, P. et al., "PTB-XL, a large publicly available electrocardiography dataset", Scientific Data 7, 2020,
DOI 10.1038/s41597-020-0495-6; data DOI 10.13026/kfzx-aw45.
"""

import csv
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from . import dataset

RATE_HZ = 500
STEP_MV = 0.005
_RATES_HZ = {"ptbxl_100hz.npy": 100, "ptbxl_250hz.npy": 250}
SUPERCLASSES = ("NORM", "MI", "STTC", "CD", "HYP")


@dataclass(frozen=True)
class Record:
    """One record of 12 leads and 10 s.

    `fold` is PTB-XL's own (1 to 9; no patient is in two). `metadata_from` says what is known: `database` all; `hand_MI_codes_only` MI
    codes, age, sex and stadium; `merl` classes and fold alone. What is not known is None or empty, and not absent from the heart.
    """

    ecg_id: int
    patient_id: int
    age: int | None
    sex: str | None
    superclasses: tuple
    subclasses: tuple
    rhythm: str
    stadium: str
    fold: int
    metadata_from: str
    path: Path
    row: int

    @property
    def rate_hz(self):
        """The rate at which the record is stored; the page is drawn at `RATE_HZ` whatever it is."""
        return _RATES_HZ[self.path.name]


def read_records(folder=None, *, folds=None, superclass=None, metadata_from=None):
    """The `Record`s of signals.csv under `folder` (`dataset.data_directory()` where None), in the table's order.

    `folds`, `superclass` and `metadata_from` keep those alone that are in them.
    """
    folder = Path(folder) if folder else dataset.data_directory()
    if folder is None or not (folder / "signals.csv").is_file():
        raise FileNotFoundError("no signals: set ECG_EDGE_DATA to a folder that holds signals.csv")
    with open(folder / "signals.csv", newline="") as file:
        records = [_record(row, folder) for row in csv.DictReader(file)]
    return [
        record
        for record in records
        if (folds is None or record.fold in folds)
        and (superclass is None or superclass in record.superclasses)
        and (metadata_from is None or record.metadata_from == metadata_from)
    ]


def _record(row, folder):
    def words(name):
        return tuple(word for word in row[name].split(";") if word)

    return Record(
        int(row["ecg_id"]),
        int(row["patient_id"]),
        int(row["age"]) if row["age"] else None,
        {"0": "male", "1": "female"}.get(row["sex"]),
        words("superclasses"),
        words("subclasses"),
        row["rhythm"],
        row["infarction_stadium"],
        int(row["strat_fold"]),
        row["metadata_from"],
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
