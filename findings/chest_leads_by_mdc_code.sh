#!/usr/bin/env bash
# dicom-ecg-plot 1.4.1: chest leads with MDC codes get other leads' names on the plot.
#
# Input: a DICOM 12-lead ECG whose channels are coded in the scheme MDC as DICOM PS3.16, context group 3001, lists them: 2:1 lead I,
# 2:2 lead II, 2:3 to 2:8 leads V1 to V6, 2:61 lead III,
# 2:62 to 2:64 leads aVR, aVL, aVF. Each channel also carries its name as code meaning.
#
# Seen: 2:3 to 2:8 are printed as III, aVR, aVL, aVF, V1, V2. V1 is printed as III, V5 as V1. Leads III, aVR, aVL and aVF are named
# rightly, by their code meaning, so that
# four names stand on the page twice.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check dicom-ecg-plot==1.4.1 pydicom==3.0.1 matplotlib==3.10.7 numpy==2.2.6
cat > "$work/program.py" << 'PROGRAM'
import io, json
import matplotlib
matplotlib.use("Agg")
import numpy as np
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, TwelveLeadECGWaveformStorage, generate_uid
from ecg import ECG

CODES = {"I": "2:1", "II": "2:2", "III": "2:61", "aVR": "2:62", "aVL": "2:63", "aVF": "2:64",
         "V1": "2:3", "V2": "2:4", "V3": "2:5", "V4": "2:6", "V5": "2:7", "V6": "2:8"}
SAMPLES = 5000


def coded(value, scheme, meaning):
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return Sequence([item])


def channel(name, code):
    item = Dataset()
    item.ChannelSourceSequence = coded(code, "MDC", "Lead " + name)
    item.ChannelSensitivity, item.ChannelSensitivityCorrectionFactor, item.ChannelBaseline = "1", "1", "0"
    item.ChannelSensitivityUnitsSequence = coded("uV", "UCUM", "microvolt")
    item.ChannelSampleSkew, item.WaveformBitsStored = "0", 16
    return item


group = Dataset()
group.WaveformOriginality, group.SamplingFrequency = "ORIGINAL", "500"
group.NumberOfWaveformChannels, group.NumberOfWaveformSamples = 12, SAMPLES
group.ChannelDefinitionSequence = Sequence([channel(*each) for each in CODES.items()])
group.WaveformBitsAllocated, group.WaveformSampleInterpretation = 16, "SS"
group.WaveformData = np.zeros((SAMPLES, 12), "<i2").tobytes()

meta = FileMetaDataset()
meta.TransferSyntaxUID = ExplicitVRLittleEndian
meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = TwelveLeadECGWaveformStorage, generate_uid()
ecg = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
ecg.SOPClassUID, ecg.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
ecg.PatientName, ecg.PatientID, ecg.PatientSex, ecg.PatientBirthDate = "", "", "", ""
ecg.StudyDate, ecg.AcquisitionDateTime = "20240101", "20240101120000"
ecg.Modality = "ECG"
ecg.WaveformSequence = Sequence([group])
data = io.BytesIO()
ecg.save_as(data, enforce_file_format=True)
data.seek(0)

plot = ECG(data)
plot.draw("12x1")
figure = matplotlib.pyplot.gcf()
texts = sorted(figure.axes[0].texts, key=lambda text: -text.get_position()[1])
printed = [text.get_text() for text in texts][:12]
del plot
print(json.dumps({name: shown for name, shown in zip(CODES, printed) if name != shown}))
PROGRAM
expected='{"V1": "III", "V2": "aVR", "V3": "aVL", "V4": "aVF", "V5": "V1", "V6": "V2"}'
seen=$(cd "$work" && env/bin/python program.py 2> errors | tail -n 1) || { tail -n 3 "$work/errors"; exit 1; }
echo "saw $seen"
[ "$seen" = "$expected" ] || { echo "not $expected: the behaviour has changed"; exit 1; }
