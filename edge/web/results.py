"""What the page's endpoints share, and what they do with results whoever asks."""

import asyncio
import os
from dataclasses import dataclass
from datetime import datetime, timezone

from ..errors import InstallationError, StoreError
from ..layout import CLASSES
from ..network.card import list_names, read_card
from ..store.history import parse_time
from .problems import Problem, not_found
from .reading_service import ReadingRequest

STATUSES = ("read", "uncertain", "refused", "failed")
LIMIT = 50
KINDS = {b"\xff\xd8": (".jpg", "image/jpeg"), b"\x89P": (".png", "image/png"), b"II": (".tif", "image/tiff"), b"MM": (".tif", "image/tiff"),
         b"BM": (".bmp", "image/bmp"), b"RI": (".webp", "image/webp")}  # fmt: skip
"""Suffix and media type of a picture by its first bytes: its name says nothing that is to be believed, and the server decodes nothing."""
OTHER_KIND = (".img", "application/octet-stream")


@dataclass(frozen=True)
class Services:
    """The server's parts: `queue`, `session_cache`, `store` (None where nothing is kept), `access`, `metrics`, whether there is a `camera`, the default `model`'s
    name, `most_bytes` of an upload, `health` a function without arguments ({name: value}, `ok` among them), and `note` as of `journal`."""

    queue: object
    session_cache: object
    store: object
    access: object
    metrics: object
    camera: bool
    model: str
    most_bytes: int
    health: object
    note: object


@dataclass(frozen=True)
class Item:
    """A result as it is listed and shown: `name`, whether it is `kept`, its `time`, its `result` (a dict), `files` that can be looked at with the `steps` that
    they show, and where it is known the stored `picture`'s path, the `held` or the stored `entry`."""

    name: str
    kept: bool
    time: str
    result: dict
    files: dict
    steps: tuple = ()
    picture: str | None = None
    held: object = None
    entry: object = None


def item_of_held(held):
    """The `Item` of a `session_cache.HeldResult`."""
    answer = held.answer
    return Item(held.name, held.number is not None, held.made_at, answer.result, answer.files, answer.steps, held=held)


def item_of_entry(entry):
    """The `Item` of a `store.Entry`."""
    time = entry.result.get("captured_at") or entry.stored_at
    return Item(str(entry.number), True, time, entry.result, {}, picture=entry.picture, entry=entry)


async def read(request, place, asked, keep=False):
    """Read what is `asked` and hold it for the request's session: the `HeldResult`. Where it is to be kept, it is."""
    parts = request.app.state.parts
    answer = await parts.queue.read(place, asked, request.is_disconnected)
    held = parts.session_cache.put(request.scope["session"], answer, now())
    parts.note("debug", "page.read", status=answer.result["status"], reason=answer.result["reason"])
    if keep:
        await keep_held(parts, held)
    return held


async def keep_held(parts, held):
    """Keep a held result and its picture in the store, where everybody who may come in sees them.

    Raises
    ------
    Problem : there is no store, or it cannot take it.
    """
    if parts.store is None:
        raise Problem(409, "no_store", "Nothing is kept here: the server runs without a store.")
    if held.number is None:
        answer = held.answer
        suffix = KINDS.get((answer.picture or b"")[:2], OTHER_KIND)[0]
        try:
            held.number = await asyncio.to_thread(parts.store.add, answer.result, answer.picture, suffix, answer.device)
        except StoreError as error:
            raise Problem(507, "store", str(error)) from error


async def find(parts, session, name):
    """The `Item` of that name: held for this session, or kept.

    Raises
    ------
    Problem : there is none.
    """
    held = parts.session_cache.get(session, name)
    if held is not None:
        return item_of_held(held)
    # Numbers of SQLite have 63 bits.
    if parts.store is not None and name.isascii() and name.isdecimal() and len(name) <= 18:
        entry = await _from_store(parts.store.get, int(name))
        if entry is not None:
            return item_of_entry(entry)
    raise not_found()


async def search(parts, session, wanted):
    """(items, number to go on before or None): this session's own, then what is kept, the newest first.

    `wanted` is as `wanted_of` gives it.
    """
    before, limit = wanted["before"], wanted["limit"]
    own = []
    if before is None:
        own = [item_of_held(held) for held in parts.session_cache.list(session) if held.number is None]
        own = [item for item in own if _fits(item, wanted)][:limit]
    if parts.store is None:
        return own, None
    filters = {name: wanted[name] for name in ("status", "verdict", "model", "since", "until", "text", "before")}
    room = limit - len(own)
    entries = await _from_store(lambda: list(parts.store.list(**filters, limit=room + 1, newest_first=True)))
    further = str(entries[room - 1].number) if len(entries) > room and room else None
    return own + [item_of_entry(entry) for entry in entries[:room]], further


def wanted_of(query):
    """What a search is for, of a request's query.

    Raises
    ------
    Problem : a value that cannot be.
    """
    given = dict(query)
    for name, choices in (("status", STATUSES), ("verdict", CLASSES)):
        if given.get(name, choices[0]) not in choices:
            raise Problem(400, "bad_request", f"{name} must be one of {', '.join(choices)}.")
    times = {}
    for name in ("since", "until"):
        try:
            times[name] = parse_time(given[name]) if name in given else None
        except (ValueError, OverflowError) as error:
            raise Problem(
                400, "bad_request", f"{name} is no time: give 2026-11-24 or 2026-11-24T18:30:00+01:00."
            ) from error
    return {
        **{name: given.get(name) for name in ("status", "verdict", "model")},
        **times,
        "text": given.get("q"),
        "before": _number(given, "before", 1, 10**18, None),
        "limit": _number(given, "limit", 1, 200, LIMIT),
    }


def picture_of(item):
    """The bytes of an item's picture.

    Raises
    ------
    Problem : it is not there (any more).
    """
    data = item.held.answer.picture if item.held else None
    if item.picture:
        try:
            with open(item.picture, "rb") as file:
                data = file.read()
        except OSError:
            data = None
    if data is None:
        raise Problem(404, "not_found", "The picture is not there any more; its result stays.")
    return data


def asked_again(item, model):
    """The picture of an item, to be read once more."""
    return ReadingRequest(picture_of(item), os.path.basename(item.result["source"]), model, True)


def now():
    """The time in UTC, to the second, ISO 8601."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def _fits(item, wanted):
    result = item.result
    model = (result.get("model") or {}).get("name")
    return (
        wanted["status"] in (None, result["status"])
        and wanted["verdict"] in (None, result["verdict"])
        and wanted["model"] in (None, model)
        and (wanted["since"] is None or item.time >= wanted["since"])
        and (wanted["until"] is None or item.time < wanted["until"])
        and (wanted["text"] is None or wanted["text"].lower() in result["source"].lower())
    )


def _number(given, name, least, most, default):
    if name not in given:
        return default
    text = given[name]
    if not (text.isascii() and text.isdecimal() and len(text) < 20 and least <= int(text) <= most):
        raise Problem(400, "bad_request", f"{name} must be a whole number from {least} to {most}.")
    return int(text)


async def _from_store(function, *arguments):
    try:
        return await asyncio.to_thread(function, *arguments)
    except StoreError as error:
        raise Problem(503, "store", str(error)) from error


def cards():
    """The fields of the installed models' cards; damaged ones are left out."""
    found = []
    for name in list_names():
        try:
            found.append(read_card(name).fields)
        except InstallationError:
            continue
    return found


def ticket_of(request):
    """The word by which a browser asks after its picture; None where it gave none that is one."""
    ticket = request.query_params.get("ticket", "")
    return ticket if 8 <= len(ticket) <= 64 and ticket.isascii() and ticket.isalnum() else None
