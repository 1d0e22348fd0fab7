"""Results that a session may look at for a while: in memory, bounded, and gone when the server ends."""

import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass, field

PER_SESSION = 8
"""A session's oldest result goes when it has more: no one fills the session_cache alone."""


@dataclass
class HeldResult:
    """A result that is held: its `name`, `session`, `answer` (`reading_service.ReadingAnswer`), the time it was `made_at` (ISO 8601, UTC), and the `number` by
    which the store knows it, where it was kept."""

    name: str
    session: str
    answer: object
    made_at: str
    since: float
    number: int | None = None
    bytes: int = field(default=0)


class SessionCache:
    """At most `most_bytes` of answers, each for `lifetime_s`; the oldest go first."""

    def __init__(self, most_bytes, lifetime_s, clock=time.monotonic):
        self._most_bytes, self._lifetime_s, self._clock = most_bytes, lifetime_s, clock
        self._held, self.bytes = OrderedDict(), 0

    def __len__(self):
        return len(self._held)

    def put(self, session, answer, made_at):
        """Hold an answer for a session: the `HeldResult`."""
        held = HeldResult(secrets.token_urlsafe(12), session, answer, made_at, self._clock())
        held.bytes = len(answer.picture or b"") + sum(map(len, answer.files.values())) + 4096
        self._held[held.name] = held
        self.bytes += held.bytes
        mine = self.list(session)
        for old in mine[PER_SESSION:]:
            self._remove(old)
        while self.bytes > self._most_bytes and len(self._held) > 1:
            self._remove(next(iter(self._held.values())))
        return held

    def get(self, session, name):
        """What is held by that name for that session; None where nothing is."""
        self.tidy()
        held = self._held.get(name)
        return held if held is not None and held.session == session else None

    def list(self, session):
        """What is held for a session, the newest first."""
        self.tidy()
        return [held for held in reversed(self._held.values()) if held.session == session]

    def drop(self, session, name):
        """Forget what is held by that name; whether there was any."""
        held = self.get(session, name)
        if held is not None:
            self._remove(held)
        return held is not None

    def tidy(self):
        """Forget what has been held long enough."""
        oldest = self._clock() - self._lifetime_s
        while self._held and next(iter(self._held.values())).since < oldest:
            self._remove(next(iter(self._held.values())))

    def _remove(self, held):
        self.bytes -= self._held.pop(held.name).bytes
