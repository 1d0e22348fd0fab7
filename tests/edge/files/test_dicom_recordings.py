"""DICOM waveforms: as carts write them, and what is said of those that cannot be read."""

import numpy as np
import pytest

from ecg_edge.errors import PictureError, Reason
from ecg_edge.files.dicom_recordings import read_dicom_waveform
from ecg_edge.files.recordings import recording_of
from ecg_edge.layout import LEADS_12
from ecg_edge.simulator.heart import simulate

from . import made

pydicom = pytest.importorskip("pydicom")
CODES = dict(zip(LEADS_12, (1, 2, 61, 62, 63, 64, 3, 4, 5, 6, 7, 8), strict=True))


@pytest.fixture(scope="module")
def heart():
    """(5000, 12) whole microvolts at 500 Hz."""
    return np.rint(1000 * simulate("normal", seconds=10.0, rate_hz=500, seed=1).T).astype(np.int16)


def code(value, scheme, meaning):
    item = pydicom.Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def mdc(lead):
    return code(f"2:{CODES[lead]}", "MDC", "")


def group(raw, sources=LEADS_12, source=mdc, sensitivity="1", unit="uV", baseline="0", rate="500", **more):
    """A multiplex group of (n, k) int16 samples."""
    made_group = pydicom.Dataset()
    made_group.WaveformOriginality = "ORIGINAL"
    made_group.NumberOfWaveformChannels, made_group.NumberOfWaveformSamples = raw.shape[1], len(raw)
    made_group.SamplingFrequency = rate
    channels = []
    for lead in sources:
        channel = pydicom.Dataset()
        channel.ChannelSourceSequence = [source(lead)]
        channel.ChannelSensitivity, channel.ChannelSensitivityCorrectionFactor = sensitivity, "1"
        if unit:
            channel.ChannelSensitivityUnitsSequence = [code(unit, "UCUM", unit)]
        channel.ChannelBaseline, channel.WaveformBitsStored = baseline, 16
        channels.append(channel)
    made_group.ChannelDefinitionSequence = channels
    made_group.WaveformBitsAllocated, made_group.WaveformSampleInterpretation = 16, "SS"
    for name, value in more.items():
        made_group.add_new(name, "OW", value) if isinstance(value, bytes) else setattr(made_group, name, value)
    made_group.add_new("WaveformData", "OW", np.ascontiguousarray(raw, "<i2").tobytes())
    return made_group


def waveform(*groups, **more):
    """The bytes of an ECG object."""
    return made.dicom(made.WAVEFORM, WaveformSequence=list(groups), **more)


def leads_of(data):
    return recording_of(read_dicom_waveform(data)).leads


@pytest.mark.parametrize(
    "source",
    [
        mdc,
        lambda lead: code(f"5.6.3-9-{CODES[lead]}", "SCPECG", ""),
        lambda lead: code("x", "99LOCAL", f"Lead {lead}"),
        lambda lead: code("x", "99LOCAL", f"Lead {lead}, augmented voltage"),
        lambda lead: code("x", "99LOCAL", lead.upper()),
    ],
)
def test_channels_are_known_by_their_codes_or_else_by_their_meaning(heart, source):
    """To the microvolt."""
    leads = leads_of(waveform(group(heart, source=source)))
    assert tuple(leads) == LEADS_12
    for name, steps in zip(LEADS_12, heart.T, strict=True):
        np.testing.assert_array_equal(np.rint(1000 * leads[name]), steps)


def test_sensitivity_unit_and_baseline_are_applied(heart):
    """4.88 uV a step, or millivolts, about another zero."""
    steps = np.rint(heart / 4.88).astype(np.int16)
    mv = leads_of(waveform(group(steps, sensitivity="4.88", baseline="120")))
    np.testing.assert_allclose(mv["V2"], (steps[:, 7] * 4.88 + 120) / 1000, atol=1e-6)
    mv = leads_of(waveform(group(heart, sensitivity="0.001", unit="mV")))
    np.testing.assert_allclose(mv["V2"], heart[:, 7] / 1000, atol=1e-6)


def test_the_padding_value_is_no_voltage(heart):
    """And no other value is taken for it."""
    raw = heart.copy()
    raw[100:200, 3] = -32768
    padded = waveform(group(raw, WaveformPaddingValue=np.int16(-32768).tobytes()))
    assert np.isnan(leads_of(padded)["aVR"]).sum() == 100
    assert sum(np.isnan(mv).sum() for mv in leads_of(padded).values()) == 100


def test_median_beats_are_no_recording(heart):
    """Carts write them as a second group, of the same leads."""
    leads = leads_of(waveform(group(heart[:600]), group(heart)))
    assert tuple(leads) == LEADS_12 and len(leads["I"]) == 5000


def test_columns_of_a_page_may_be_groups_beside_a_strip(heart):
    """Each begins where the one before ends; a lead that stands twice is a strip."""
    columns = [
        group(heart[1250 * n : 1250 * (n + 1), 3 * n : 3 * n + 3], LEADS_12[3 * n : 3 * n + 3], MultiplexGroupTimeOffset=str(2500 * n))
        for n in range(4)
    ]  # fmt: skip
    recording = recording_of(read_dicom_waveform(waveform(*columns, group(heart[:, 1:2], ["II"]))))
    assert recording.start_s["V4"] == 7.5 and len(recording.leads["V4"]) == 1250
    assert recording.strips == {"rhythm": "II"}
    np.testing.assert_array_equal(np.rint(1000 * recording.leads["rhythm"]), heart[:, 1])


def test_the_time_of_recording_is_the_files(heart):
    """As exact as it is there."""
    for text, time in (("20190503102030+0100", "2019-05-03T10:20:30+01:00"), ("20190503", "2019-05-03"), ("", None)):
        assert read_dicom_waveform(waveform(group(heart), AcquisitionDateTime=text)).recorded_at == time


@pytest.mark.parametrize(
    ("data", "reason", "words"),
    [
        (lambda heart: waveform(), Reason.UNSUPPORTED, "holds no waveform"),
        (lambda heart: waveform(group(heart, unit="")), Reason.BAD_SCALE, "in which unit I is"),
        (lambda heart: waveform(group(heart, unit="mm[Hg]")), Reason.BAD_SCALE, "in which unit I is"),
        (lambda heart: waveform(group(heart, rate="0")), Reason.BAD_SCALE, ""),
        (lambda heart: waveform(group(heart))[:-60_000], Reason.TRUNCATED, "damaged"),
        (lambda heart: waveform(group(heart[:1000])), Reason.TOO_SMALL, "lasts 2 s"),
        (lambda heart: waveform(group(heart, source=lambda lead: code("x", "99", "Pleth"))), Reason.BAD_LAYOUT, "called as a lead"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_why(heart, data, reason, words):
    """Each its own reason."""
    with pytest.raises(PictureError) as found:
        leads_of(data(heart))
    assert found.value.reason is reason and words in str(found.value)
