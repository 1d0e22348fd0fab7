"""What the endpoints work with: queue, session cache, store and what else the server made at its start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from ..classifier.card import list_names, read_card
from ..errors import InstallationError
from ..store.result_store import Store
from ..system.event_log import EventLog
from .access import Access
from .metrics import Metrics
from .reading_queue import ReadingQueue
from .session_cache import SessionCache


@dataclass(frozen=True)
class Services:
    """What the server made at its start: `queue`, `session_cache`, `store` (None where nothing is kept), `access`, `metrics`, whether there is a `camera`, the
    default `model`'s name, `max_upload_bytes`, a function `health` ({name: value}, `ok` among them), and the event log `log`, as `event_log.make_event_log`
    gives it."""

    queue: ReadingQueue
    session_cache: SessionCache
    store: Store | None
    access: Access
    metrics: Metrics
    camera: bool
    model: str
    max_upload_bytes: int
    health: Callable[[], dict[str, bool | int | str]]
    log: EventLog


def services_of(request: Request) -> Services:
    """The `Services` of the application that a request came to."""
    services: Services = request.app.state.services
    return services


def model_cards() -> list[dict[str, Any]]:
    """The fields of the installed models' cards; damaged ones are left out."""
    found = []
    for name in list_names():
        try:
            found.append(read_card(name).fields)
        except InstallationError:
            continue
    return found
