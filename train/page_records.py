"""PTB-XL records as pages would show them: what the page model's members see before they see a page."""

import numpy as np

from ecg_edge.classifier import page_input
from ecg_edge.layout import CLASSES, LEADS_12, RHYTHM
from ecg_edge.measure.beats import find_beats

from . import records

FOLDS = range(1, 8)
"""PTB-XL's folds that may train; 8 chooses and 9 tests."""

BAND_HZ = (0.67, None)
"""What the data set's device prints; `page_input` cuts the other end of the band."""


def read(folder=None):
    """(windows (N, W, ROWS, SAMPLES, CHANNELS) in mV, targets (N, 5) of `records.SUPERCLASSES`, beats a minute (N,), NaN where unknown) of the
    records of `FOLDS`."""
    found = records.read_records(folder, folds=FOLDS)
    signals = [records.signals(record, band_hz=BAND_HZ) for record in found]
    targets = [[name in record.superclasses for name in records.SUPERCLASSES] for record in found]
    per_minute = [rate_of(leads[LEADS_12.index("II")]) for leads in signals]
    return np.array([windows_of(leads) for leads in signals]), np.array(targets, np.float32), np.array(per_minute)


STADIUMS = {"Stadium I": "infarction", "Stadium II": "history", "Stadium II-III": "history", "Stadium III": "history"}
UNKNOWN_STADIUM = {"infarction": 0.4, "history": 0.6}
"""How an infarction counts among the pages' classes by its stadium, and where that is not known: most are old, by the known ones."""

NORMAL_PER_MINUTE = (50, 95)
"""Normal records with a faster or slower heart are left out: the pages' readers call many of these abnormal."""


def as_pages(windows, per_minute, folder=None):
    """(windows (M, W, …), targets (M, 4)) of those records that say something of the pages' classes: what is nothing but normal, and
    infarctions. What the other superclasses are to the pages' readers is not known.

    Parameters
    ----------
    windows, per_minute : as `read` gives them
    """
    chosen, targets = [], []
    for number, record in enumerate(records.read_records(folder, folds=FOLDS)):
        if "MI" in record.superclasses:
            stadium = STADIUMS.get(record.stadium)
            shares = {stadium: 1.0} if stadium else UNKNOWN_STADIUM
        elif record.superclasses == ("NORM",) and _is_calm(per_minute[number]):
            shares = {"normal": 1.0}
        else:
            continue
        chosen.append(number)
        targets.append([shares.get(name, 0.0) for name in CLASSES])
    return windows[chosen], np.array(targets, np.float32)


def rate_of(signal):
    """Beats a minute of a signal in mV at `records.RATE_HZ`: by the median interval; NaN where fewer than two beats are found."""
    apart = np.diff(find_beats(signal))
    return 60 * records.RATE_HZ / np.median(apart) if apart.size else np.nan


def _is_calm(per_minute):
    return bool(NORMAL_PER_MINUTE[0] < per_minute < NORMAL_PER_MINUTE[1])


def windows_of(signals):
    """(W, ROWS, SAMPLES, CHANNELS) windows in mV of the signals (12, 5000) mV at `records.RATE_HZ`, lead II as the strip.

    The first shows the leads one after another, as the columns of a 3x4 page do; the others all leads at the same time.
    """
    leads = dict(zip(LEADS_12, signals, strict=True))
    same_time = page_input.page_windows(leads | {RHYTHM: leads["II"]})
    in_turn = same_time[0].copy()
    column = len(LEADS_12) // len(same_time)
    for number in range(len(LEADS_12)):
        in_turn[number] = same_time[number // column, number]
    return np.concatenate([in_turn[None], same_time])
