"""Results that a session may look at for a while: in memory, bounded, and gone when the server ends."""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from ..measure.person import UNKNOWN_PERSON, Person
from .reading_service import ReadingAnswer

PER_SESSION = 16
"""A session's oldest result goes when it has more: none fills the cache alone."""
OVERHEAD_BYTES = 4096
"""What a result takes beside its picture and files, about."""


@dataclass
class CachedResult:
    """The `answer` to a session's reading under a random `name`, the time it was `made_at` (ISO 8601, UTC) and `cached_at` by the cache's own clock, how many
    `bytes` it takes, whose page it is as far as that was given (`person`; it is not stored), and the `number` by which the store knows it, None until it is stored."""

    name: str
    session: str
    answer: ReadingAnswer
    made_at: str
    cached_at: float
    bytes: int
    person: Person = UNKNOWN_PERSON
    number: int | None = None


class SessionCache:
    """At most `max_bytes` of answers, each for `lifetime_s`; the oldest go first."""

    def __init__(self, max_bytes: int, lifetime_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._max_bytes, self._lifetime_s, self._clock = max_bytes, lifetime_s, clock
        self._results: OrderedDict[str, CachedResult] = OrderedDict()
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._results)

    def put(self, session: str, answer: ReadingAnswer, made_at: str, person: Person = UNKNOWN_PERSON) -> CachedResult:
        """Add an answer for a session: the `CachedResult`."""
        size = len(answer.picture or b"") + sum(map(len, answer.files.values())) + OVERHEAD_BYTES
        cached = CachedResult(secrets.token_urlsafe(12), session, answer, made_at, self._clock(), size, person)
        self._results[cached.name] = cached
        self.bytes += size
        mine = self.of_session(session)
        for old in mine[PER_SESSION:]:
            self._remove(old)
        while self.bytes > self._max_bytes and len(self._results) > 1:
            self._remove(next(iter(self._results.values())))
        return cached

    def get(self, session: str, name: str) -> CachedResult | None:
        """That session's result of that name; None where there is none."""
        self.tidy()
        cached = self._results.get(name)
        return cached if cached is not None and cached.session == session else None

    def of_session(self, session: str) -> list[CachedResult]:
        """A session's results, the newest first."""
        self.tidy()
        return [cached for cached in reversed(self._results.values()) if cached.session == session]

    def drop(self, session: str, name: str) -> bool:
        """Remove that session's result of that name; whether there was one."""
        cached = self.get(session, name)
        if cached is not None:
            self._remove(cached)
        return cached is not None

    def tidy(self) -> None:
        """Remove what is older than the lifetime."""
        oldest = self._clock() - self._lifetime_s
        while self._results and next(iter(self._results.values())).cached_at < oldest:
            self._remove(next(iter(self._results.values())))

    def _remove(self, cached: CachedResult) -> None:
        self.bytes -= self._results.pop(cached.name).bytes
