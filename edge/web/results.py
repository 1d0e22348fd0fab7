"""Results as pages and programs ask for them, in the session cache or in the store: read, kept, found and searched."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, TypeVar

from starlette.requests import Request

from ..errors import StoreError
from ..image import split_page_name
from ..layout import CLASSES
from ..measure.person import Person
from ..store.history import parse_time
from ..store.removal import remove_page
from ..store.result_store import Entry
from ..system.clock import utc_now
from .problems import Problem, not_found
from .reading_queue import Place
from .reading_service import ReadingRequest
from .services import Services, services_of
from .session_cache import CachedResult

STATUSES = ("read", "uncertain", "refused", "failed")
DEFAULT_LIMIT, MAX_LIMIT = 50, 200
"""How many results a search gives."""
KINDS = {b"\xff\xd8": (".jpg", "image/jpeg"), b"\x89P": (".png", "image/png"), b"II": (".tif", "image/tiff"), b"MM": (".tif", "image/tiff"),
         b"BM": (".bmp", "image/bmp"), b"RI": (".webp", "image/webp"), b"GI": (".gif", "image/gif"),
         b"%P": (".pdf", "application/octet-stream")}  # fmt: skip
"""Suffix and media type of a picture by its first bytes: its name says nothing that is to be believed, and the server decodes nothing."""
OTHER_KIND = (".img", "application/octet-stream")
T = TypeVar("T")


@dataclass(frozen=True)
class ResultRecord:
    """A result as it is listed and shown, from the session cache or from the store: its `name` in paths, whether it is `kept` in the store, its `time`, its
    `entry` (as it is stored, or would be), the `files` that can be looked at with the `steps` that they show, and the `cached` result where it comes from there."""

    name: str
    kept: bool
    time: str
    entry: Entry
    files: Mapping[str, bytes] = field(default_factory=dict)
    steps: tuple[Mapping[str, str], ...] = ()
    cached: CachedResult | None = None

    @property
    def result(self) -> dict[str, Any]:
        """The result, as in JSON."""
        return self.entry.result

    @property
    def picture(self) -> str | None:
        """The path of the stored picture; None where there is none."""
        return self.entry.picture


@dataclass(frozen=True)
class SearchQuery:
    """What is searched for: None where it does not matter. `text` stands in the source's name; `since` and `until` are as `parse_time` gives them; results have
    numbers below `before`, and there are `limit` of them at most."""

    status: str | None = None
    verdict: str | None = None
    model: str | None = None
    since: str | None = None
    until: str | None = None
    text: str | None = None
    before: int | None = None
    limit: int = DEFAULT_LIMIT


def record_of_cached(cached: CachedResult) -> ResultRecord:
    """The `ResultRecord` of a result in the session cache."""
    answer = cached.answer
    entry = Entry(cached.number or 0, cached.made_at, answer.result, answer.device, None)
    return ResultRecord(
        cached.name, cached.number is not None, cached.made_at, entry, answer.files, answer.steps, cached
    )


def record_of_entry(entry: Entry) -> ResultRecord:
    """The `ResultRecord` of a result in the store."""
    return ResultRecord(str(entry.number), True, entry.result.get("captured_at") or entry.stored_at, entry)


async def read(request: Request, place: Place, reading: ReadingRequest, keep: bool = False) -> CachedResult:
    """Read a picture and put its result into the session cache, for the HTTP request's session; with `keep` into the store too."""
    services = services_of(request)
    answer = await services.queue.read(place, reading, request.is_disconnected)
    cached = services.session_cache.put(request.scope["session"], answer, utc_now(), reading.person)
    services.log("debug", "page.read", status=answer.result["status"], reason=answer.result["reason"])
    if keep:
        await keep_result(services, cached)
    return cached


async def keep_result(services: Services, cached: CachedResult) -> None:
    """Keep a cached result and its picture in the store, where everybody who may come in sees them.

    Raises
    ------
    Problem : there is no store, or it cannot take it.
    """
    store, answer = services.store, cached.answer
    if store is None:
        raise Problem(409, "no_store", "Nothing can be kept: the server runs without a store.")
    if cached.number is None:
        suffix = KINDS.get((answer.picture or b"")[:2], OTHER_KIND)[0]
        try:
            cached.number = await asyncio.to_thread(store.add, answer.result, answer.picture, suffix, answer.device)
        except StoreError as error:
            raise Problem(507, "store", str(error)) from error


async def find(services: Services, session: str, name: str) -> ResultRecord:
    """The `ResultRecord` of that name: of this session, or kept.

    Raises
    ------
    Problem : there is none.
    """
    cached = services.session_cache.get(session, name)
    if cached is not None:
        return record_of_cached(cached)
    store = services.store
    # Numbers of SQLite have 63 bits.
    if store is not None and name.isascii() and name.isdecimal() and len(name) <= 18:
        number = int(name)
        entry = await _from_store(lambda: store.get(number))
        if entry is not None:
            return record_of_entry(entry)
    raise not_found()


async def search(services: Services, session: str, query: SearchQuery) -> tuple[list[ResultRecord], int | None]:
    """(records, the number to go on `before`, or None): this session's own results, then what is kept, the newest first."""
    own: list[ResultRecord] = []
    if query.before is None:
        own = [
            record_of_cached(cached) for cached in services.session_cache.of_session(session) if cached.number is None
        ]
        own = [record for record in own if _matches(record, query)][: query.limit]
    store = services.store
    if store is None:
        return own, None
    room = query.limit - len(own)
    wanted = asdict(replace(query, limit=room + 1))
    entries = await _from_store(lambda: list(store.list(**wanted, newest_first=True)))
    further = entries[room - 1].number if len(entries) > room and room else None
    return own + [record_of_entry(entry) for entry in entries[:room]], further


def search_query_of(parameters: Mapping[str, str]) -> SearchQuery:
    """The `SearchQuery` that stands in an HTTP request's query.

    Raises
    ------
    Problem : a value that cannot be.
    """
    given = dict(parameters)
    for name, choices in (("status", STATUSES), ("verdict", CLASSES)):
        if given.get(name, choices[0]) not in choices:
            raise Problem(400, "bad_request", f"{name} must be one of {', '.join(choices)}.")
    return SearchQuery(
        status=given.get("status"),
        verdict=given.get("verdict"),
        model=given.get("model"),
        since=_time(given, "since"),
        until=_time(given, "until"),
        text=given.get("q"),
        before=_number(given, "before", 10**18) if "before" in given else None,
        limit=_number(given, "limit", MAX_LIMIT) if "limit" in given else DEFAULT_LIMIT,
    )


def picture_of(record: ResultRecord) -> bytes:
    """The bytes of a result's picture.

    Raises
    ------
    Problem : it is not there (any more).
    """
    data = record.cached.answer.picture if record.cached else None
    if record.picture:
        try:
            with open(record.picture, "rb") as file:
                data = file.read()
        except OSError:
            data = None
    if data is None:
        raise Problem(404, "not_found", "The picture has been removed; its result is kept.")
    return data


def request_to_read_again(record: ResultRecord, model: str | None, person: Person) -> ReadingRequest:
    """The `ReadingRequest` for a result's picture, the same page of it, with a model of one's choice, of that `person`."""
    name, page = split_page_name(os.path.basename(record.result["source"]))
    return ReadingRequest(picture_of(record), name, model, True, page, person)


async def remove(services: Services, session: str, record: ResultRecord) -> None:
    """Forget a result of this session, and remove it with its picture where it is kept.

    Raises
    ------
    Problem : the store cannot do it.
    """
    store, number = services.store, record.entry.number
    if record.kept and store is not None:
        try:
            await asyncio.to_thread(remove_page, store, number)
        except StoreError as error:
            raise Problem(507, "store", str(error)) from error
        services.log("info", "page.removed", number=number)
    if record.cached is not None:
        services.session_cache.drop(session, record.name)


def _matches(record: ResultRecord, query: SearchQuery) -> bool:
    result = record.result
    model = (result.get("model") or {}).get("name")
    return (
        query.status in (None, result["status"])
        and query.verdict in (None, result["verdict"])
        and query.model in (None, model)
        and (query.since is None or record.time >= query.since)
        and (query.until is None or record.time < query.until)
        and (query.text is None or query.text.lower() in result["source"].lower())
    )


def _time(given: Mapping[str, str], name: str) -> str | None:
    try:
        return parse_time(given[name]) if name in given else None
    except (ValueError, OverflowError) as error:
        raise Problem(
            400, "bad_request", f"{name} is no time: give 2026-11-24 or 2026-11-24T18:30:00+01:00."
        ) from error


def _number(given: Mapping[str, str], name: str, most: int) -> int:
    text = given[name]
    if not (text.isascii() and text.isdecimal() and len(text) < 20 and 1 <= int(text) <= most):
        raise Problem(400, "bad_request", f"{name} must be a whole number from 1 to {most}.")
    return int(text)


async def _from_store(read_it: Callable[[], T]) -> T:
    """What a function reads in the store, in a thread of its own."""
    try:
        return await asyncio.to_thread(read_it)
    except StoreError as error:
        raise Problem(503, "store", str(error)) from error
