"""The event log of a device: one line for each event, with its level."""

import json
import os
import sys
import threading
from typing import Literal, Protocol, TextIO

from ..words import encodable
from .clock import utc_now

Level = Literal["debug", "info", "warning", "error"]
LEVELS: dict[Level, int] = {"debug": 7, "info": 6, "warning": 4, "error": 3}
"""Levels with the priorities that systemd's journal knows them by (sd-daemon(3))."""


class EventLog(Protocol):
    """A function that writes an event to the log."""

    def __call__(self, level: Level, event: str, **details: object) -> None:
        """Write an event with its details."""


class EventHandler(Protocol):
    """A function that is told of events by their name, without a level."""

    def __call__(self, event: str, **details: object) -> None:
        """Take an event with its details."""


def ignore_event(event: str, **details: object) -> None:
    """The `EventHandler` that does nothing."""


def make_event_log(
    level: Level = "info", form: Literal["text", "json"] = "text", stream: TextIO | None = None
) -> EventLog:
    """The `EventLog` that writes what is at least of `level` to `stream` (standard error where it is None); for any thread.

    `form` is "text" (`time level event key=value …`) or "json" (an object a line). Where standard error is systemd's journal, which has the
    time itself, text lines begin with the priority instead.
    """
    lowest, mutex = LEVELS[level], threading.Lock()
    to_journal = stream is None and "JOURNAL_STREAM" in os.environ

    def log(level: Level, event: str, **details: object) -> None:
        if LEVELS[level] > lowest:
            return
        now = utc_now("milliseconds")
        if form == "json":
            known = {key: encodable(value) if isinstance(value, str) else value for key, value in details.items()}
            line = json.dumps({"time": now, "level": level, "event": event, **known}, default=str)
        else:
            start = f"<{LEVELS[level]}>" if to_journal else f"{now} {level} "
            line = start + " ".join(
                [event, *(f"{key}={_plain(value)}" for key, value in details.items() if value is not None)]
            )
        with mutex:
            print(line, file=stream or sys.stderr, flush=True)

    return log


def _plain(value: object) -> str:
    """A value as one word, quoted where it would not be one."""
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if text and all(letter.isprintable() and letter not in ' "=' for letter in text) else json.dumps(text)
