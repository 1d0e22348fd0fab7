"""The time of day, as results and records state it, and how long a reading's stages take."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone


def utc_now(timespec: str = "seconds") -> str:
    """The time in UTC, ISO 8601, to the second or as exactly as `timespec` says (as for `datetime.isoformat`)."""
    return datetime.now(timezone.utc).isoformat(timespec=timespec)


class StageClock:
    """Milliseconds by stage; `tell` is called with the name of each stage as it begins."""

    def __init__(self, tell: Callable[[str], None] | None = None) -> None:
        self._start = time.perf_counter()
        self._stages: dict[str, float] = {}
        self._tell = tell or (lambda name: None)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Within it, that stage goes on."""
        self._tell(name)
        start = time.perf_counter()
        try:
            yield
        finally:
            self._stages[name] = round((time.perf_counter() - start) * 1000, 3)

    def done(self) -> dict[str, float]:
        """{stage: milliseconds}, and all of it as `total`."""
        return {**self._stages, "total": round((time.perf_counter() - self._start) * 1000, 3)}
