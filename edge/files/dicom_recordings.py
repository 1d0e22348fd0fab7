"""DICOM waveforms: the leads of an ECG object (the extra `dicom`).

References
----------
DICOM PS3.3, C.10.9 (waveform module), A.34.3 (12-lead ECG); PS3.16, CID 3001 (ECG leads).
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import PictureError, Reason
from ..formats.lead_codes import LEAD_NUMBERS
from ..layout import RHYTHM
from .decoder_errors import DAMAGED, as_picture_errors
from .kinds import missing_extra
from .recordings import LONGEST_S, Columns, check_rate, lead_of, rows_of, unit_mv
from .times import from_dicom

LEAD_CODES = {number: name for name, number in LEAD_NUMBERS.items()}
"""Leads by their numbers."""
SCHEMES = ("MDC", "SCPECG")
"""The designators of coding schemes whose codes end in these numbers."""


def read_dicom_waveform(data: bytes) -> Columns:
    """The `Columns` of a DICOM waveform's bytes: of its groups of channels the longest, and others of its rate that are beside it in time.

    Raises
    ------
    PictureError : the extra is not installed; the file is damaged or holds no ECG.
    """
    try:
        import pydicom
    except ImportError:
        raise missing_extra("DICOM", "dicom") from None
    with as_picture_errors(DAMAGED.format(kind="DICOM")):
        dataset = pydicom.dcmread(io.BytesIO(data))
        groups = list(dataset.get("WaveformSequence") or ())
        if not groups:
            raise PictureError(Reason.UNSUPPORTED, "The DICOM file holds no waveform.")
        rates = [float(group.SamplingFrequency) for group in groups]
        lasts = [
            int(group.NumberOfWaveformSamples) / rate if rate > 0 else 0.0
            for group, rate in zip(groups, rates, strict=True)
        ]
        # Median beats stand in a group of their own, which is shorter.
        main = int(np.argmax(lasts))
        rate_hz = check_rate(rates[main])
        start_s = [float(group.get("MultiplexGroupTimeOffset") or 0) / 1000 for group in groups]
        # Columns of a page are groups that follow each other, beside a strip.
        together = [
            number
            for number, rate in enumerate(rates)
            if rate == rate_hz and (any(start_s) or lasts[number] >= lasts[main] / 2)
        ]
        rows = rows_of(LONGEST_S, rate_hz)
        columns: dict[str, npt.NDArray[np.float64]] = {}
        for number in together:
            first = round((start_s[number] - min(start_s)) * rate_hz)
            for name, mv in _channels(dataset, number, groups[number]):
                whole = np.full(rows, np.nan)
                part = mv[: max(rows - first, 0)]
                whole[first : first + len(part)] = part
                columns[_free(name, columns)] = whole
        seconds = max(start_s[number] - min(start_s) + lasts[number] for number in together)
        used = min(rows, round(seconds * rate_hz))
        time = from_dicom(str(dataset.get("AcquisitionDateTime") or ""))
        mv = np.stack([column[:used] for column in columns.values()], axis=1)
        return Columns(mv, tuple(columns), rate_hz, seconds, time, data)


def _channels(dataset: Any, number: int, group: Any) -> list[tuple[str, npt.NDArray[np.float64]]]:
    """[(name, (n,) mV)] of a group's channels; NaN where a sample has the group's padding value."""
    from pydicom.waveforms import multiplex_array

    raw = multiplex_array(dataset, number, as_raw=True)
    padding = group.get("WaveformPaddingValue")
    if padding is not None:
        # One value, as wide as a sample, in the samples' own representation.
        padding = np.frombuffer(padding, raw.dtype, count=1)[0] if isinstance(padding, bytes) else padding
    found = []
    for column, channel in enumerate(group.ChannelDefinitionSequence):
        values = raw[:, column].astype(np.float64)
        unit = None
        if "ChannelSensitivity" in channel:
            units = channel.get("ChannelSensitivityUnitsSequence")
            unit = unit_mv(str(units[0].CodeValue)) if units else None
        name = _name(channel)
        if unit is None:
            if lead_of(name) is None:
                continue
            raise PictureError(Reason.BAD_SCALE, f"The DICOM file does not say in which unit {name} is.")
        scale = float(channel.ChannelSensitivity) * float(channel.get("ChannelSensitivityCorrectionFactor") or 1)
        mv = (values * scale + float(channel.get("ChannelBaseline") or 0)) * unit
        found.append((name, np.where(raw[:, column] == padding, np.nan, mv) if padding is not None else mv))
    return found


def _name(channel: Any) -> str:
    """What a channel is called: the lead of its code, or else its meaning or label."""
    source = (channel.get("ChannelSourceSequence") or [None])[0]
    if source is not None:
        number = str(source.get("CodeValue") or "").replace(":", "-").rpartition("-")[2]
        if str(source.get("CodingSchemeDesignator")) in SCHEMES and number.isdecimal() and int(number) in LEAD_CODES:
            return _strip_or(LEAD_CODES[int(number)], channel)
    meaning = "" if source is None else str(source.get("CodeMeaning") or "")
    label = str(channel.get("ChannelLabel") or "")
    name = meaning if lead_of(meaning) or not label else label
    known = lead_of(name)
    return _strip_or(known[0], channel) if known and known[2] == 1 else name


def _strip_or(lead: str, channel: Any) -> str:
    """The name of a rhythm strip, where the label says that it is one, or else the lead."""
    label = lead_of(str(channel.get("ChannelLabel") or ""))
    return f"{label[0]} {lead}" if label and label[0].startswith(RHYTHM) and lead != label[0] else lead


def _free(name: str, taken: dict[str, Any]) -> str:
    """A lead's name, or where it stands already that of a rhythm strip which shows it."""
    if name not in taken or lead_of(name) is None:
        return name
    strips = sum(other.startswith(RHYTHM) for other in taken)
    return f"{RHYTHM}{strips + 1 if strips else ''} {name}"
