"""Signals as a DICOM 12-lead ECG, read back by other programs."""

import sys
import warnings

import numpy as np
import pytest

from ecg_edge.errors import MissingPackageError
from ecg_edge.files.dicom_recordings import read_dicom_waveform
from ecg_edge.files.recordings import recording_of
from ecg_edge.layout import LEADS_12
from ecg_edge.signals import Signals
from ecg_edge.simulator.heart import simulate

pydicom = pytest.importorskip("pydicom")
TIME = "2019-05-03T10:20:30+01:00"


def page(strips=("II",)):
    """`Signals` as a 3x4 page with these strips shows them, whole microvolts, with a gap in V1."""
    mv = np.round(simulate("normal", seconds=10.0, rate_hz=500, seed=1), 3)
    leads = {
        name: mv[number, number // 3 * 1250 : (number // 3 + 1) * 1250].copy() for number, name in enumerate(LEADS_12)
    }
    leads["V1"][300:400] = np.nan
    starts = {name: number // 3 * 2.5 for number, name in enumerate(LEADS_12)}
    places = dict(zip(("rhythm", "rhythm2", "rhythm3"), strips, strict=False))
    for place, lead in places.items():
        leads[place], starts[place] = mv[LEADS_12.index(lead or "II")], 0.0
    return Signals.on_one_clock(leads, starts, places, 500)


def microvolts(mv):
    return np.where(np.isfinite(mv), np.rint(1000 * np.nan_to_num(mv)), np.nan)


def test_pydicom_reads_the_same_microvolts(tmp_path):
    """And the padding value, which it does not know as such, where nothing is known; what the standard wants is there."""
    signals = page()
    dataset = pydicom.dcmread(signals.to_dicom(tmp_path, "page", TIME))
    assert dataset.SOPClassUID.name == "12-lead ECG Waveform Storage" and dataset.Modality == "ECG"
    assert (dataset.AcquisitionDateTime, dataset.StudyDate, dataset.TimezoneOffsetFromUTC) == (
        "20190503102030+0100",
        "20190503",
        "+0100",
    )
    assert (dataset.PatientName, dataset.PatientID, len(dataset.AcquisitionContextSequence)) == ("", "", 0)
    (group,) = dataset.WaveformSequence
    assert np.frombuffer(group.WaveformPaddingValue, "<i2") == [-32768]
    read = dataset.waveform_array(0)
    np.testing.assert_array_equal(read, np.nan_to_num(microvolts(signals.mv), nan=-32768))
    sources = [channel.ChannelSourceSequence[0].CodeValue for channel in group.ChannelDefinitionSequence]
    assert sources == [f"2:{number}" for number in (1, 2, 61, 62, 63, 64, 3, 4, 5, 6, 7, 8, 2)]


def test_another_program_reads_the_same_microvolts_and_gaps(tmp_path):
    """ecgdatakit, which knows the padding value."""
    ecgdatakit = pytest.importorskip("ecgdatakit")
    signals = page()
    path = signals.to_dicom(tmp_path, "page", TIME)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        record = ecgdatakit.FileParser().parse(str(path))
    assert [lead.label for lead in record.leads[:12]] == list(LEADS_12)
    for lead, mv in zip(record.leads, signals.mv.T, strict=True):
        assert (lead.units, lead.sampling_rate) == ("mV", 500)
        np.testing.assert_array_equal(microvolts(lead.samples), microvolts(mv))


def test_we_read_the_same_microvolts_and_gaps(tmp_path):
    """And the time, and what the strip shows."""
    signals = page()
    columns = read_dicom_waveform(signals.to_dicom(tmp_path, "page", TIME).read_bytes())
    np.testing.assert_array_equal(microvolts(columns.mv), microvolts(signals.mv))
    assert columns.recorded_at == TIME and recording_of(columns).strips == {"rhythm": "II"}


def test_three_strips_stand_in_a_group_of_their_own(tmp_path):
    """The standard has at most thirteen channels in a group."""
    signals = page(("II", "V1", None))
    path = signals.to_dicom(tmp_path, "page")
    dataset = pydicom.dcmread(path)
    assert [group.NumberOfWaveformChannels for group in dataset.WaveformSequence] == [12, 3]
    recording = recording_of(read_dicom_waveform(path.read_bytes()))
    assert recording.strips == {"rhythm": "II", "rhythm2": "V1", "rhythm3": None} and recording.recorded_at is None
    assert dataset.AcquisitionDateTime == "" and "TimezoneOffsetFromUTC" not in dataset


def test_the_same_signals_have_the_same_identity(tmp_path):
    """Others another."""
    names = [
        pydicom.dcmread(page(strips).to_dicom(tmp_path, "page", TIME)).SOPInstanceUID
        for strips in (("II",), ("II",), ("V1",))
    ]
    assert names[0] == names[1] != names[2] and all(name.startswith("2.25.") and len(name) <= 64 for name in names)


def test_without_pydicom_the_extra_is_named(tmp_path, monkeypatch):
    """Nothing is written."""
    monkeypatch.setitem(sys.modules, "pydicom", None)
    monkeypatch.setitem(sys.modules, "pydicom.dataset", None)
    with pytest.raises(MissingPackageError, match=r"pip install 'ecg-edge\[dicom\]'"):
        page().to_dicom(tmp_path, "page")
    assert not list(tmp_path.iterdir())
