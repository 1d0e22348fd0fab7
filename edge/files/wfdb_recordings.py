"""WFDB records: a header (.hea), and samples in files beside it.

NumPy alone reads the formats that ECGs are kept in: the package wfdb needs pandas, and with it 90 MB, on a device that has no other use for them.

References
----------
Moody G. B., "WFDB Applications Guide", header(5) and signal(5), PhysioNet.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import PictureError, Reason
from .limits import MAX_BYTES
from .recordings import LONGEST_S, Columns, check_rate, rows_of, unit_mv
from .times import recording_time

MOST_SIGNALS = 64
_LINE = re.compile(
    r"(?P<file>\S+)\s+(?P<format>\d+)(?:x(?P<frame>\d+))?(?::(?P<skew>\d+))?(?:\+(?P<offset>\d+))?"
    r"(?:\s+(?P<gain>[-+.\deE]+)(?:\((?P<baseline>-?\d+)\))?(?:/(?P<unit>\S+))?"
    r"(?:\s+\d+(?:\s+(?P<zero>-?\d+)(?:\s+-?\d+(?:\s+-?\d+(?:\s+-?\d+(?:\s+(?P<name>\S.*))?)?)?)?)?)?)?\s*"
)
"""A line of a signal in a header."""


def _packed_212(data: npt.NDArray[np.uint8]) -> npt.NDArray[np.int32]:
    """Pairs of 12-bit samples in three bytes."""
    whole = np.concatenate([data, np.zeros(-len(data) % 3, np.uint8)]).reshape(-1, 3).astype(np.int32)
    pairs = np.stack([whole[:, 0] | (whole[:, 1] & 0x0F) << 8, whole[:, 2] | (whole[:, 1] & 0xF0) << 4], axis=1)
    return (pairs.ravel() ^ 0x800) - 0x800


def _packed_24(data: npt.NDArray[np.uint8]) -> npt.NDArray[np.int32]:
    """Samples of three bytes."""
    whole = data[: len(data) // 3 * 3].reshape(-1, 3).astype(np.int32)
    return ((whole[:, 0] | whole[:, 1] << 8 | whole[:, 2] << 16) ^ 0x800000) - 0x800000


@dataclass(frozen=True)
class _Format:
    """Half bytes of a sample, the value that is no sample, and how samples are made of bytes."""

    nibbles: int
    lost: int
    unpack: Callable[[npt.NDArray[np.uint8]], npt.NDArray[np.int32]]


def _whole(kind: str, offset: int = 0) -> Callable[[npt.NDArray[np.uint8]], npt.NDArray[np.int32]]:
    size = np.dtype(kind).itemsize
    return lambda data: data[: len(data) // size * size].view(kind).astype(np.int32) - offset


FORMATS = {
    "16": _Format(4, -(2**15), _whole("<i2")),
    "24": _Format(6, -(2**23), _packed_24),
    "32": _Format(8, -(2**31), _whole("<i4")),
    "61": _Format(4, -(2**15), _whole(">i2")),
    "80": _Format(2, -(2**7), _whole("u1", 128)),
    "160": _Format(4, -(2**15), _whole("<u2", 2**15)),
    "212": _Format(3, -(2**11), _packed_212),
}
"""The formats of samples that are read."""


@dataclass(frozen=True)
class _Signal:
    """A line of the header, as far as it is used."""

    file: str
    format: str
    offset: int
    gain: float
    baseline: int
    unit: str
    name: str


def read_wfdb(path: str, header: bytes, rate_hz: float | None = None) -> Columns:
    """The `Columns` of the beginning of the record whose header, of the bytes `header`, lies at `path`; `rate_hz` is used where it says none.

    Raises
    ------
    PictureError : the header or the samples are not what they should be; the message says where.
    """
    lines = [
        line for line in header.decode("utf-8", "replace").splitlines() if line.strip() and not line.startswith("#")
    ]
    first = lines[0].split() if lines else []
    if len(first) < 2 or not first[1].isdecimal():
        raise PictureError(
            Reason.NOT_A_PICTURE, "The WFDB header's first line is no record: name, number of signals, rate."
        )
    if "/" in first[0]:
        raise PictureError(
            Reason.UNSUPPORTED, "WFDB records of several segments are not read: give one of its segments."
        )
    count = int(first[1])
    stated = re.match(r"[\d.]+(?:[eE]\d+)?", first[2]) if len(first) > 2 else None
    rate_hz = check_rate(float(stated[0]) if stated else rate_hz)
    if not 0 < count <= MOST_SIGNALS or len(lines) < count + 1:
        raise PictureError(
            Reason.TRUNCATED, f"The WFDB header names {count} signals and describes {len(lines) - 1}: copy it again."
        )
    signals = [_signal(number, line) for number, line in enumerate(lines[1 : count + 1], 1)]
    samples = int(first[3]) if len(first) > 3 and first[3].isdecimal() else 0
    wanted = rows_of(LONGEST_S, rate_hz)
    wanted = min(samples, wanted) if samples else wanted
    columns, data, there = {}, header, samples
    for key in dict.fromkeys((signal.file, signal.format, signal.offset) for signal in signals):
        within = [number for number, signal in enumerate(signals) if (signal.file, signal.format, signal.offset) == key]
        read, whole, found = _read(path, signals[within[0]], len(within), wanted, samples)
        data += read
        there = there or whole
        for column, number in enumerate(within):
            columns[number] = _millivolts(found[:, column], signals[number])
    rows = min(map(len, columns.values()))
    mv = np.stack([columns[number][:rows] for number in range(count)], axis=1)
    names = tuple(signal.name for signal in signals)
    return Columns(mv, names, rate_hz, there / rate_hz, _recorded_at(first), data)


def _signal(number: int, line: str) -> _Signal:
    found = _LINE.fullmatch(line)
    if found is None:
        raise PictureError(
            Reason.NOT_A_PICTURE, f"Signal {number} of the WFDB header cannot be understood: {line[:60]!r}."
        )
    if found["format"] not in FORMATS:
        raise PictureError(
            Reason.UNSUPPORTED,
            f"WFDB samples in format {found['format']} are not read: write them in one of {', '.join(FORMATS)}.",
        )
    if int(found["frame"] or 1) != 1 or int(found["skew"] or 0):
        raise PictureError(
            Reason.UNSUPPORTED,
            f"Signal {number} of the WFDB record has a rate or a beginning of its own: write it anew.",
        )
    try:
        gain = float(found["gain"] or 0)
    except ValueError:
        gain = 0.0
    baseline = int(found["baseline"] or found["zero"] or 0)
    name = (found["name"] or "").strip()
    return _Signal(
        found["file"], found["format"], int(found["offset"] or 0), gain, baseline, found["unit"] or "mV", name
    )


def _read(path: str, signal: _Signal, width: int, wanted: int, stated: int) -> tuple[bytes, int, npt.NDArray[np.int32]]:
    """(the bytes that were read, samples in the file, (n, width) int samples, n at most `wanted`) of the signals that share a file."""
    form, frame = FORMATS[signal.format], FORMATS[signal.format].nibbles * width
    # What a header names must not lead anywhere else.
    if os.path.basename(signal.file) != signal.file or signal.file in ("-", "~", "", ".", ".."):
        raise PictureError(Reason.NOT_FOUND, f"The WFDB header names {signal.file!r}, which is no file beside it.")
    beside = os.path.join(os.path.dirname(path), signal.file)
    if not os.path.isfile(beside):
        raise PictureError(
            Reason.NOT_FOUND, f"The record's samples are missing: {signal.file} belongs beside its header."
        )
    try:
        with open(beside, "rb") as file:
            file.seek(signal.offset)
            data = file.read(min((wanted * frame + 1) // 2 + 2, MAX_BYTES))
            size = os.fstat(file.fileno()).st_size - signal.offset
    except OSError as error:
        raise PictureError(
            Reason.NOT_FOUND, f"{signal.file} cannot be read ({error.strerror}): check permissions."
        ) from error
    there = 2 * size // frame if size > 0 else 0
    if there < wanted and stated:
        raise PictureError(
            Reason.TRUNCATED, f"{signal.file} ends after {there} of {stated} samples: copy the record again."
        )
    samples = form.unpack(np.frombuffer(data, np.uint8))
    rows = min(len(samples) // width, wanted)
    return data, there, samples[: rows * width].reshape(rows, width)


def _millivolts(samples: npt.NDArray[np.int32], signal: _Signal) -> npt.NDArray[np.float64]:
    """(n,) mV of one signal; NaN where it has no sample. NaN all along where it is no voltage."""
    unit = unit_mv(signal.unit)
    if unit is None:
        return np.full(len(samples), np.nan)
    if not signal.gain:
        raise PictureError(
            Reason.BAD_SCALE,
            f"The WFDB header does not say the gain of {signal.name or 'a signal'}: its voltages are unknown.",
        )
    lost = samples == FORMATS[signal.format].lost
    return np.where(lost, np.nan, (samples.astype(np.float64) - signal.baseline) * unit / signal.gain)


def _recorded_at(first: list[str]) -> str | None:
    """The time that a header's first line states, without a place on earth; None where it has no date."""
    if len(first) < 6:
        return None
    with suppress(ValueError):
        day, month, year = (int(part) for part in first[5].split("/"))
        hour, minute, second = ([*first[4].split(":"), "0", "0"])[:3]
        return recording_time(
            f"{year:04d}-{month:02d}-{day:02d}T{int(hour):02d}:{int(minute):02d}:{int(float(second)):02d}"
        )
    return None
