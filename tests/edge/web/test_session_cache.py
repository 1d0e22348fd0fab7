"""The session cache: bounded, each session's own."""

from dataclasses import dataclass, field

import pytest

from ecg_edge.web.session_cache import PER_SESSION, SessionCache


@dataclass
class ReadingAnswer:
    picture: bytes | None = None
    files: dict = field(default_factory=dict)
    result: dict = field(default_factory=dict)


@pytest.fixture
def now():
    return [0.0]


@pytest.fixture
def session_cache(now):
    return SessionCache(1_000_000, 60, clock=lambda: now[0])


def test_a_result_is_its_sessions_alone(session_cache):
    """By name and in lists; another's cannot be dropped."""
    cached = session_cache.put("a", ReadingAnswer(b"1"), "now")
    assert session_cache.get("a", cached.name) is cached and session_cache.of_session("a") == [cached]
    assert (
        session_cache.get("b", cached.name) is None
        and session_cache.of_session("b") == []
        and not session_cache.drop("b", cached.name)
    )
    assert (
        session_cache.drop("a", cached.name)
        and session_cache.get("a", cached.name) is None
        and session_cache.bytes == 0
    )


def test_it_takes_no_more_memory_than_it_may(session_cache):
    """The oldest go; the newest stays, however large."""
    for number in range(20):
        session_cache.put(str(number), ReadingAnswer(b"0" * 100_000, {"a": b"0" * 50_000}), "now")
        assert session_cache.bytes <= 1_000_000
    assert [bool(session_cache.of_session(str(number))) for number in range(20)].count(
        True
    ) == 6 and session_cache.of_session("19")
    last = session_cache.put("x", ReadingAnswer(b"0" * 2_000_000), "now")
    assert len(session_cache) == 1 and session_cache.get("x", last.name)


def test_no_session_fills_it_alone(session_cache):
    """Its own oldest go first."""
    other = session_cache.put("b", ReadingAnswer(b"1"), "now")
    names = [session_cache.put("a", ReadingAnswer(b"1"), "now").name for _ in range(PER_SESSION + 3)]
    assert [cached.name for cached in session_cache.of_session("a")] == names[:2:-1] and session_cache.get(
        "b", other.name
    )


def test_results_are_forgotten_after_a_while(session_cache, now):
    """When they are asked for, and when nobody asks."""
    cached = session_cache.put("a", ReadingAnswer(b"1"), "now")
    now[0] = 61.0
    assert session_cache.get("a", cached.name) is None and session_cache.bytes == 0 and len(session_cache) == 0
    session_cache.put("a", ReadingAnswer(b"1"), "now")
    now[0] = 122.0
    session_cache.tidy()
    assert session_cache.bytes == 0
