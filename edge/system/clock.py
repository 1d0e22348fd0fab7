"""The time of day, as results and records state it."""

from datetime import datetime, timezone


def utc_now(timespec: str = "seconds") -> str:
    """The time in UTC, ISO 8601, to the second or as exactly as `timespec` says (as for `datetime.isoformat`)."""
    return datetime.now(timezone.utc).isoformat(timespec=timespec)
