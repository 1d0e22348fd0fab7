"""Results that are held: bounded, each session's own."""

from dataclasses import dataclass, field

import pytest

from ecg_edge.web_shelf import PER_SESSION, Shelf


@dataclass
class Answer:
    picture: bytes | None = None
    files: dict = field(default_factory=dict)
    result: dict = field(default_factory=dict)


@pytest.fixture
def now():
    return [0.0]


@pytest.fixture
def shelf(now):
    return Shelf(1_000_000, 60, clock=lambda: now[0])


def test_a_result_is_its_sessions_alone(shelf):
    """By name and in lists; another's cannot be dropped."""
    held = shelf.put("a", Answer(b"1"), "now")
    assert shelf.get("a", held.name) is held and shelf.list("a") == [held]
    assert shelf.get("b", held.name) is None and shelf.list("b") == [] and not shelf.drop("b", held.name)
    assert shelf.drop("a", held.name) and shelf.get("a", held.name) is None and shelf.bytes == 0


def test_it_takes_no_more_memory_than_it_may(shelf):
    """The oldest go; the newest stays, however large."""
    for number in range(20):
        shelf.put(str(number), Answer(b"0" * 100_000, {"a": b"0" * 50_000}), "now")
        assert shelf.bytes <= 1_000_000
    assert [bool(shelf.list(str(number))) for number in range(20)].count(True) == 6 and shelf.list("19")
    last = shelf.put("x", Answer(b"0" * 2_000_000), "now")
    assert len(shelf) == 1 and shelf.get("x", last.name)


def test_no_session_fills_it_alone(shelf):
    """Its own oldest go first."""
    other = shelf.put("b", Answer(b"1"), "now")
    names = [shelf.put("a", Answer(b"1"), "now").name for _ in range(PER_SESSION + 3)]
    assert [held.name for held in shelf.list("a")] == names[:2:-1] and shelf.get("b", other.name)


def test_results_are_forgotten_after_a_while(shelf, now):
    """When they are asked for, and when nobody asks."""
    held = shelf.put("a", Answer(b"1"), "now")
    now[0] = 61.0
    assert shelf.get("a", held.name) is None and shelf.bytes == 0 and len(shelf) == 0
    shelf.put("a", Answer(b"1"), "now")
    now[0] = 122.0
    shelf.tidy()
    assert shelf.bytes == 0
