"""Signals as a DICOM 12-lead ECG waveform, for archives of pictures (needs pydicom).

References
----------
DICOM PS3.3, A.34.3 (12-lead ECG: 1 to 5 groups of 1 to 13 channels, 200 to 1000 samples a second, 16 bits), C.10.8 to C.10.10; PS3.16, CID 3001.
"""

from __future__ import annotations

import hashlib
import os
import re
import uuid
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .lead_codes import LEAD_NUMBERS, UNSPECIFIED

STEPS_PER_MV = 1000
"""A sample is a whole number of microvolts."""
LOST = -32768
"""The padding value: a sample that is not known."""
UNKNOWN = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "ReferringPhysicianName",
    "StudyID",
    "AccessionNumber",
)
"""What the standard wants, empty where it is not known."""
MOST_CHANNELS = 13
"""In a group: rhythm strips beside twelve leads stand in one of their own."""


def write_waveform(
    path: str | os.PathLike[str],
    channels: Sequence[tuple[str, str | None]],
    table: npt.NDArray[np.float32],
    rate_hz: float,
    recorded_at: str = "",
    about: str = "",
    version: str = "",
) -> Path:
    """Write (n, k) mV as a DICOM file; the path.

    Parameters
    ----------
    channels : (label, lead) of each column; the lead None where it is not known
    table : NaN becomes the group's padding value
    recorded_at : VR DT, as exact as it is known; empty where it is not, which the standard does not provide for
    about, version : what the series' description and the software's version say

    Raises
    ------
    ImportError : pydicom is not installed.
    """
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import UID, ExplicitVRLittleEndian, TwelveLeadECGWaveformStorage

    # Dates and times of the file are in one zone: that of the recording, where it is known.
    zone = re.search(r"[+-]\d{4}$", recorded_at)
    now = datetime.now(datetime.strptime(zone[0], "%z").tzinfo if zone else timezone.utc)
    steps = np.rint(np.asarray(table, np.float64) * STEPS_PER_MV)
    samples = np.where(np.isfinite(steps), np.clip(steps, LOST + 1, 32767), LOST).astype("<i2")
    told = hashlib.sha256(samples.tobytes() + repr((channels, rate_hz)).encode()).hexdigest()
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = TwelveLeadECGWaveformStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = UID(_uid("instance", told, recorded_at))
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SpecificCharacterSet = "ISO_IR 192"
    known: dict[str, Any] = {
        **dict.fromkeys(UNKNOWN, ""),
        "StudyInstanceUID": _uid("study", told),
        "SeriesInstanceUID": _uid("series", told),
        "Modality": "ECG",
        "StudyDate": recorded_at[:8] if len(recorded_at) >= 8 else "",
        "StudyTime": _clock(recorded_at),
        "SeriesNumber": 1,
        "InstanceNumber": 1,
        "SeriesDescription": about[:64],
        "Manufacturer": "ecg-edge",
        "SoftwareVersions": version,
        "ContentDate": now.strftime("%Y%m%d"),
        "ContentTime": now.strftime("%H%M%S"),
        "AcquisitionDateTime": recorded_at,
        "AcquisitionContextSequence": [],
    }
    if zone:
        known["TimezoneOffsetFromUTC"] = zone[0]
    for name, value in known.items():
        setattr(dataset, name, value)
    leads = [number for number, (label, lead) in enumerate(channels) if label == lead]
    strips = [number for number in range(len(channels)) if number not in leads]
    groups = [leads, strips] if len(channels) > MOST_CHANNELS else [leads + strips]
    dataset.WaveformSequence = [_group(channels, samples, group, rate_hz) for group in groups if group]
    dataset.save_as(path, enforce_file_format=True)
    return Path(path)


def _group(
    channels: Sequence[tuple[str, str | None]], samples: npt.NDArray[np.int16], numbers: Sequence[int], rate_hz: float
) -> Any:
    """The dataset of a multiplex group: these channels, all along."""
    from pydicom.dataset import Dataset

    group = Dataset()
    group.WaveformOriginality = "DERIVED"
    group.NumberOfWaveformChannels, group.NumberOfWaveformSamples = len(numbers), len(samples)
    group.SamplingFrequency = f"{rate_hz:g}"
    group.MultiplexGroupLabel = "RHYTHM"
    group.ChannelDefinitionSequence = [_channel(number, *channels[column]) for number, column in enumerate(numbers, 1)]
    group.WaveformBitsAllocated, group.WaveformSampleInterpretation = 16, "SS"
    group.add_new("WaveformPaddingValue", "OW", np.int16(LOST).astype("<i2").tobytes())
    group.add_new("WaveformData", "OW", np.ascontiguousarray(samples[:, list(numbers)]).tobytes())
    return group


def _channel(number: int, label: str, lead: str | None) -> Any:
    from pydicom.dataset import Dataset

    channel = Dataset()
    channel.WaveformChannelNumber = number
    channel.ChannelLabel = label[:16]
    lead_number = UNSPECIFIED if lead is None else LEAD_NUMBERS[lead]
    channel.ChannelSourceSequence = [
        _code(f"2:{lead_number}", "MDC", "Unspecified lead" if lead is None else f"Lead {lead}")
    ]
    channel.ChannelSensitivity, channel.ChannelSensitivityCorrectionFactor = "1", "1"
    channel.ChannelSensitivityUnitsSequence = [_code("uV", "UCUM", "microvolt")]
    channel.ChannelBaseline, channel.ChannelTimeSkew, channel.WaveformBitsStored = "0", "0", 16
    return channel


def _code(value: str, scheme: str, meaning: str) -> Any:
    from pydicom.dataset import Dataset

    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, scheme, meaning
    return code


def _clock(recorded_at: str) -> str:
    """The time of day (VR TM) of a date and time."""
    found = re.match(r"\d{8}(\d{6})", recorded_at)
    return found[1] if found else ""


def _uid(*told: str) -> str:
    """A UID of its own, the same for the same signals."""
    return f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, ' '.join(('ecg-edge', *told))).int}"
