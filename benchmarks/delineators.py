"""Other people's delineators on the same leads of the same records: neurokit2 (MIT), and ecgdeli (GPL) in an environment of its own."""

import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from ecg_edge.layout import LEADS_12
from train import ludb

from . import delineation_truth

SCRIPT = Path(__file__).parent / "ecgdeli_marks.py"
BEATS_FROM = "II"
"""neurokit2 finds beats in this lead, and delineates them in every lead."""
NEUROKIT2 = {
    "p_onset": "ECG_P_Onsets", "p_peak": "ECG_P_Peaks", "p_end": "ECG_P_Offsets", "qrs_onset": "ECG_R_Onsets", "qrs_end": "ECG_R_Offsets",
    "t_peak": "ECG_T_Peaks", "t_end": "ECG_T_Offsets",
}  # fmt: skip


def by_neurokit2(records, truths, leads=LEADS_12):
    """What `delineation_truth.summary` says of neurokit2's discrete wavelet transform: each of `leads` by itself, boundaries the median over them."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import neurokit2

        tally, raised = delineation_truth.empty(), 0
        for record in records:
            mv = ludb.signals(record)
            lead = neurokit2.ecg_clean(mv[LEADS_12.index(BEATS_FROM)], ludb.RATE_HZ)
            beats = neurokit2.ecg_peaks(lead, ludb.RATE_HZ)[1]["ECG_R_Peaks"]
            marks = []
            for name in leads:
                lead = neurokit2.ecg_clean(mv[LEADS_12.index(name)], ludb.RATE_HZ)
                try:
                    found = neurokit2.ecg_delineate(lead, beats, ludb.RATE_HZ, method="dwt")[1]
                except Exception:  # whatever it is, it gives no marks
                    continue
                marks.append({name: _as_long(found[key], len(beats)) for name, key in NEUROKIT2.items()})
            raised += not marks
            if marks:
                places = {name: _median([each[name] for each in marks]) for name in NEUROKIT2}
                delineation_truth.count_marks(tally, truths[record.record], beats, places)
    return delineation_truth.summary(tally) | {"records": len(records), "unread": raised}


def by_ecgdeli(records, truths, python):
    """The same of ecgdeli, whose consensus of all twelve leads it makes itself; `python` is that of an environment with ecgdeli.

    Raises
    ------
    RuntimeError : that environment has no ecgdeli.
    """
    with tempfile.TemporaryDirectory() as folder:
        signals, marks = Path(folder) / "signals.npy", Path(folder) / "marks.json"
        np.save(signals, np.stack([ludb.signals(record) for record in records]))
        done = subprocess.run([python, SCRIPT, signals, str(ludb.RATE_HZ), marks], capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{python} cannot run ecgdeli: {done.stderr.strip().splitlines()[-1]}")
        found = json.loads(marks.read_text())
    tally = delineation_truth.empty()
    for record, each in zip(records, found, strict=True):
        if each:
            places = {name: np.array(places, float) for name, places in each.items()}
            beats = places.pop("beats")
            known = np.isfinite(beats)
            places = {name: at[known] for name, at in places.items()}
            delineation_truth.count_marks(tally, truths[record.record], beats[known], places)
    return delineation_truth.summary(tally) | {"records": len(records), "unread": found.count(None)}


def _as_long(places, count):
    """(count,) float64: neurokit2's lists may be shorter than its beats."""
    return np.array([*places, *[np.nan] * count][:count], float)


def _median(by_lead):
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of NaN alone
        return np.nanmedian(by_lead, axis=0)
