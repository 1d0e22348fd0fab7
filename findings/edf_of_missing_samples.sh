#!/usr/bin/env bash
# wfdb 4.3.1: `wfdb_to_edf` turns missing samples into a voltage.
#
# Input: a record of format 16 with a gain of 1000 units a millivolt, written by `wfdb.wrsamp`. Samples 100 to 199 of 1000 are NaN,
# which the file stores as −32768, the
# format's mark for a missing sample. `wfdb.rdrecord` reads them back as NaN.
#
# Seen: the EDF file, read by pyEDFlib 0.1.42, holds −32.768 mV there, without a word.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check wfdb==4.3.1 pyedflib==0.1.42
cat > "$work/program.py" << 'PROGRAM'
import json
import numpy as np
import pyedflib
import wfdb
from wfdb.io.convert.edf import wfdb_to_edf

signal = 0.5 * np.sin(np.arange(1000) / 30)[:, None]
signal[100:200] = np.nan
wfdb.wrsamp("one", fs=500, units=["mV"], sig_name=["II"], p_signal=signal, fmt=["16"], adc_gain=[1000], baseline=[0])
back = wfdb.rdrecord("one").p_signal[:, 0]
wfdb_to_edf("one")
with pyedflib.EdfReader("one.edf") as file:
    read = file.readSignal(0)
print(json.dumps({"missing in WFDB": int(np.isnan(back).sum()), "in EDF": round(float(np.median(read[100:200])), 3)}))
PROGRAM
expected='{"missing in WFDB": 100, "in EDF": -32.768}'
seen=$(cd "$work" && env/bin/python program.py 2> errors | tail -n 1) || { tail -n 3 "$work/errors"; exit 1; }
echo "saw $seen"
[ "$seen" = "$expected" ] || { echo "not $expected: the behaviour has changed"; exit 1; }
