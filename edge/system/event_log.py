"""What a device notes: one line per event, with its level."""

import json
import os
import sys
import threading
from datetime import datetime, timezone

LEVELS = {"debug": 7, "info": 6, "warning": 4, "error": 3}
"""Levels with the priorities that the system's journal knows them by (sd-daemon(3))."""


def make_event_log(level="info", form="text", stream=None):
    """A function of (level, event, **details) that writes what is at least of `level`; for any thread.

    `form` is "text" (`time level event key=value …`) or "json" (an object a line). Where standard error is the system's journal, which
    has the time itself, text lines begin with the priority instead.
    """
    lowest, mutex = LEVELS[level], threading.Lock()
    to_system = stream is None and "JOURNAL_STREAM" in os.environ

    def note(level, event, **details):
        if LEVELS[level] > lowest:
            return
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        if form == "json":
            line = json.dumps({"time": now, "level": level, "event": event, **details}, default=str)
        else:
            start = f"<{LEVELS[level]}>" if to_system else f"{now} {level} "
            line = start + " ".join(
                [event, *(f"{key}={_plain(value)}" for key, value in details.items() if value is not None)]
            )
        with mutex:
            print(line, file=stream or sys.stderr, flush=True)

    return note


def _plain(value):
    """A value as one word, quoted where it would not be one."""
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if text and all(letter.isprintable() and letter not in ' "=' for letter in text) else json.dumps(text)
