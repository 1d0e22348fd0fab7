"""A program of its own, run by an environment that has ecgdeli (GPL): reads SIGNALS.npy (records, leads, n) in mV, writes its marks as JSON.

Nothing of this project is imported here, and nothing of this project imports it: `benchmarks.delineators` starts it.
"""

import json
import sys

import ecgdeli
import numpy as np

COLUMNS = {
    "beats": "r_peak", "p_onset": "p_on", "p_peak": "p_peak", "p_end": "p_off", "qrs_onset": "qrs_on", "qrs_end": "qrs_off", "t_peak": "t_peak",
    "t_end": "t_off",
}  # fmt: skip
"""{boundary: the column of its table}."""


def main():
    """SIGNALS.npy, samples in a second and MARKS.json are the arguments."""
    found = []
    for mv in np.load(sys.argv[1]):
        try:
            table = ecgdeli.annotate(ecgdeli.filter_ecg(mv.T, float(sys.argv[2])), float(sys.argv[2])).consensus
        except Exception:  # whatever it is, it gives no marks
            found.append(None)
            continue
        columns = {name: getattr(table, column) for name, column in COLUMNS.items()}
        found.append(
            {name: [None if at == ecgdeli.MISSING else int(at) for at in places] for name, places in columns.items()}
        )
    with open(sys.argv[3], "w", encoding="utf-8") as file:
        json.dump(found, file)


if __name__ == "__main__":
    main()
