#!/usr/bin/env bash
# pydicom 3.0.1: the waveform padding value comes out as a voltage.
#
# Input: a DICOM 12-lead ECG waveform of one channel, with a Waveform Padding Value (5400,100A) of −32768 and some samples of that
# value: there was no signal.
#
# Seen: `Dataset.waveform_array` gives −32.768 mV for these samples, with no mask and no warning, although the data set says that
# they are padding.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check pydicom==3.0.1 numpy==2.2.6
cat > "$work/program.py" << 'PROGRAM'
import json, struct, warnings
import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, TwelveLeadECGWaveformStorage, generate_uid

samples = np.zeros(1000, "<i2")
samples[:] = 500 * np.sin(np.arange(1000) / 30)
samples[:100] = -32768

source = Dataset()
source.CodeValue, source.CodingSchemeDesignator, source.CodeMeaning = "2:2", "MDC", "Lead II"
units = Dataset()
units.CodeValue, units.CodingSchemeDesignator, units.CodeMeaning = "mV", "UCUM", "millivolt"
channel = Dataset()
channel.ChannelSourceSequence = Sequence([source])
channel.ChannelSensitivity, channel.ChannelSensitivityCorrectionFactor, channel.ChannelBaseline = "0.001", "1", "0"
channel.ChannelSensitivityUnitsSequence = Sequence([units])
channel.WaveformBitsStored = 16
group = Dataset()
group.WaveformOriginality, group.NumberOfWaveformChannels, group.NumberOfWaveformSamples = "ORIGINAL", 1, 1000
group.SamplingFrequency = "500"
group.ChannelDefinitionSequence = Sequence([channel])
group.WaveformBitsAllocated, group.WaveformSampleInterpretation = 16, "SS"
group.add_new(0x5400100A, "OW", struct.pack("<h", -32768))
group.WaveformData = samples.tobytes()
ecg = Dataset()
ecg.file_meta = FileMetaDataset()
ecg.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
ecg.SOPClassUID, ecg.SOPInstanceUID = TwelveLeadECGWaveformStorage, generate_uid()
ecg.WaveformSequence = Sequence([group])

with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    read = ecg.waveform_array(0)
print(json.dumps({"padding reads as": round(float(read[0, 0]), 3), "masked": bool(np.ma.is_masked(read)), "warnings": len(told)}))
PROGRAM
expected='{"padding reads as": -32.768, "masked": false, "warnings": 0}'
seen=$(cd "$work" && env/bin/python program.py 2> errors | tail -n 1) || { tail -n 3 "$work/errors"; exit 1; }
echo "saw $seen"
[ "$seen" = "$expected" ] || { echo "not $expected: the behaviour has changed"; exit 1; }
