#!/usr/bin/env bash
# wfdb 4.3.1: `xqrs_detect` finds no beat at all where one sample is missing.
#
# Input: 30 s of a drawn ECG, 60 beats a minute, 360 samples a second, whose last sample is NaN. NaN is how `wfdb.rdrecord` gives
# samples that a record
# marks as missing.
#
# Seen: 30 beats without the NaN. With it, no beat, no error and no word. `gqrs_detect` of the same package finds beats in both.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check wfdb==4.3.1
cat > "$work/program.py" << 'PROGRAM'
import json
import numpy as np
from wfdb.processing import gqrs_detect, xqrs_detect

rate = 360
t = np.arange(30 * rate) / rate
beat = (t % 1) - 0.5
ecg = np.exp(-0.5 * (beat / 0.012) ** 2) - 0.15 * np.exp(-0.5 * ((beat - 0.03) / 0.012) ** 2)
ecg += 0.2 * np.exp(-0.5 * ((beat - 0.25) / 0.05) ** 2) + 0.005 * np.random.default_rng(0).standard_normal(len(t))
missing = ecg.copy()
missing[-1] = np.nan
print(json.dumps({
    "xqrs": [len(xqrs_detect(signal, rate, verbose=False)) for signal in (ecg, missing)],
    "gqrs finds some": [bool(len(gqrs_detect(signal, fs=rate))) for signal in (ecg, missing)],
}))
PROGRAM
expected='{"xqrs": [30, 0], "gqrs finds some": [true, true]}'
seen=$(cd "$work" && env/bin/python program.py 2> errors | tail -n 1) || { tail -n 3 "$work/errors"; exit 1; }
echo "saw $seen"
[ "$seen" = "$expected" ] || { echo "not $expected: the behaviour has changed"; exit 1; }
