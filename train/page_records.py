"""Records of other hospitals as pages would show them: what the page model sees beside pages."""

from dataclasses import dataclass

import numpy as np

from ecg_edge.classifier import page_input
from ecg_edge.layout import LEADS_12, RHYTHM

from . import page_drawn, records
from .page_findings import FINDINGS

BAND_HZ = (0.67, None)
"""What the data set's device prints; `page_input` cuts the other end of the band."""
RARE = ("infarction", "fibrillation")
DRAWN_SHARE = 3
"""How often a record's window that was drawn and read back is seen for each of its signals' five."""


@dataclass(frozen=True)
class SeenRecords:
    """N records that train: their `names`; `folds` (N) by whose models they are tested, -1 of those that never are; `windows` [(W, ROWS,
    SAMPLES, CHANNELS) float32 mV, …] of each, from its signals and from those that were drawn and read back; `findings` (N, F), 1, 0 or NaN."""

    names: tuple
    folds: np.ndarray
    windows: list
    findings: np.ndarray

    @property
    def rare(self):
        """(N,) bool: infarctions and fibrillation."""
        return (self.findings[:, [FINDINGS.index(name) for name in RARE]] == 1).any(axis=1)

    def without(self, fold):
        """Those that are not tested in a fold; all of them where it is None."""
        kept = np.flatnonzero(self.folds != fold)
        return SeenRecords(
            tuple(self.names[i] for i in kept), self.folds[kept], [self.windows[i] for i in kept], self.findings[kept]
        )


def read(data=None, drawn=page_drawn.CACHE):
    """The `SeenRecords` that may train, of every fold: PTB-XL's of its folds 1 to 7, and all others."""
    found = [record for record in page_drawn.every_record(data) if record.trains]
    windows = []
    for record in found:
        signals = records.band_pass(record.read(), *BAND_HZ)
        kept = [page_input.page_windows(read) for read in page_drawn.load([record.name], "report", drawn).values()]
        windows.append(np.concatenate([windows_of(signals), *kept * DRAWN_SHARE]))
    return SeenRecords(
        tuple(record.name for record in found),
        np.array([-1 if record.tested is None else record.tested for record in found]),
        windows,
        np.array([record.findings for record in found]),
    )


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
