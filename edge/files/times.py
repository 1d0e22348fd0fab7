"""When an ECG was recorded, as people and files say it: ISO 8601, as exact as it is known."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime, timedelta, timezone

from ..errors import UsageError

_DATE = re.compile(r"\d{4}(?:-\d\d(?:-\d\d)?)?")


def recording_time(text: str) -> str:
    """A time of recording in ISO 8601: a year, a month, a date, or a time with or without its distance from UTC.

    Raises
    ------
    UsageError : it is none.
    """
    if not isinstance(text, str):
        raise UsageError(f"a time of recording is text, 2026-11-24 or 2026-11-24T18:30:00+01:00, not {text!r}")
    text = text.strip()
    with suppress(ValueError):
        if _DATE.fullmatch(text):
            datetime.fromisoformat(text + "-01-01"[len(text) - 4 :])
            return text
        return datetime.fromisoformat(re.sub("[zZ]$", "+00:00", text)).isoformat()
    raise UsageError(f"{text!r} is no time of recording: give 2026-11-24 or 2026-11-24T18:30:00+01:00")


def given_recording_time(text: str) -> str:
    """The same of a time that somebody gives now: it does not lie ahead.

    Raises
    ------
    UsageError : it is none, or later than tomorrow by this machine's clock: it is a day ahead somewhere on earth.
    """
    time = recording_time(text)
    tomorrow = (datetime.now(timezone.utc) + timedelta(days=1)).date().isoformat()
    if time[:10] > tomorrow[: len(time)]:
        raise UsageError(
            f"{text.strip()!r} lies in the future by this machine's clock: correct the time of recording, or the clock"
        )
    return time


def from_dicom(text: str) -> str | None:
    """A DICOM date and time (VR DT: YYYYMMDDHHMMSS.F&ZZXX, of which the end may be left out) in ISO 8601; None where it is none."""
    found = re.match(r"(\d{4})(\d\d)?(\d\d)?(?:(\d\d)(\d\d)(\d\d)?)?(?:\.(\d{1,6}))?([+-]\d{4})?\s*\Z", text)
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    date = "-".join(filter(None, (year, month, day)))
    clock = "" if hour is None or day is None else f"T{hour}:{minute}:{second or '00'}"
    clock += f".{fraction.ljust(6, '0')}" if clock and fraction and int(fraction) else ""
    clock += f"{zone[:3]}:{zone[3:]}" if clock and zone else ""
    try:
        return recording_time(date + clock)
    except UsageError:
        return None


def to_dicom(time: str) -> str:
    """A time as `recording_time` gives it as DICOM's VR DT."""
    date, _, clock = time.partition("T")
    zone = re.search(r"[+-]\d\d:\d\d$", clock)
    clock = clock[: zone.start()] if zone else clock
    return date.replace("-", "") + clock.replace(":", "") + (zone[0].replace(":", "") if zone else "")
