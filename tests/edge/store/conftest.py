"""The store of a test, and the events that it reports."""

import pytest

from ecg_edge.store.result_store import Store


@pytest.fixture
def events():
    return []


@pytest.fixture
def open_store(tmp_path, events):
    """Open the store of this test, again and again, with its events in `events`."""
    opened = []

    def call(**options):
        for one in opened:
            one.close()
        opened.append(
            Store(tmp_path / "results", on_event=lambda event, **more: events.append((event, more)), **options)
        )
        return opened[-1]

    yield call
    for one in opened:
        one.close()
