"""What is kept, to be taken away: CSV, JSON, or a ZIP of both with the pictures; as it is read, so that a long history needs no room."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from itertools import islice
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from ..store.history import write_csv, write_json
from ..store.result_store import Entry, Store
from ..system.clock import utc_now
from .problems import Problem
from .results import SearchQuery, search_query_of
from .services import services_of

AT_ONCE = 100
"""So many results are in memory at once."""
CHUNK_BYTES = 2**16


async def export(request: Request) -> Response:
    """GET /history/export: all that is kept and fits the search, in the `form` csv, json (an object a line) or zip."""
    store = services_of(request).store
    form = request.query_params.get("form", "csv")
    if form not in FORMS:
        raise Problem(400, "bad_request", f"form must be one of {', '.join(FORMS)}.")
    if store is None:
        raise Problem(409, "no_store", "Nothing is kept here: the server runs without a store.")
    query = search_query_of({name: value for name, value in request.query_params.items() if value and name != "form"})
    media_type, write = FORMS[form]
    headers = {"Content-Disposition": f'attachment; filename="ecg-edge-{utc_now()[:10]}.{form}"'}
    return StreamingResponse(write(store, query), media_type=media_type, headers=headers)


def routes() -> list[Route]:
    """The routes of this module."""
    return [Route("/history/export", export)]


def entries_of(store: Store, query: SearchQuery) -> Iterator[Entry]:
    """Yield all entries that fit, the oldest first."""
    return store.list(**(asdict(query) | {"limit": -1}))


def _lines(write: Callable[[Iterable[Entry], io.StringIO], None], entries: Iterator[Entry]) -> Iterator[bytes]:
    """What `write` writes of the entries, some at a time; the head of a table once."""
    head, batch = "", list(islice(entries, AT_ONCE))
    while batch or (write is write_csv and not head):
        text = io.StringIO()
        write(batch, text)
        whole = text.getvalue()
        yield whole.removeprefix(head).encode()
        if write is write_csv:
            head = head or whole[: whole.index("\n") + 1]
        batch = list(islice(entries, AT_ONCE))


def _csv(store: Store, query: SearchQuery) -> Iterator[bytes]:
    return _lines(write_csv, entries_of(store, query))


def _json(store: Store, query: SearchQuery) -> Iterator[bytes]:
    return _lines(write_json, entries_of(store, query))


class _Pipe(io.RawIOBase):
    """Takes what is written until it is fetched; it cannot go back, and a ZIP is written to it as to a pipe."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(self._parts[-1])

    def fetch(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


def _zip(store: Store, query: SearchQuery) -> Iterator[bytes]:
    """results.csv, results.json, and each picture under the name that the store has for it."""
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, lines in (("results.csv", _csv(store, query)), ("results.json", _json(store, query))):
            with archive.open(name, "w", force_zip64=True) as file:
                for part in lines:
                    file.write(part)
                    yield pipe.fetch()
        pictures = dict.fromkeys(entry.picture for entry in entries_of(store, query) if entry.picture)
        for path in pictures:
            yield from _picture(archive, pipe, path)
    yield pipe.fetch()


def _picture(archive: zipfile.ZipFile, pipe: _Pipe, path: str) -> Iterator[bytes]:
    try:
        picture = open(path, "rb")  # noqa: SIM115 - closed below
    except OSError:
        return  # the quota has removed it meanwhile
    # Pictures are packed already.
    with picture, archive.open(zipfile.ZipInfo(f"pictures/{os.path.basename(path)}"), "w", force_zip64=True) as file:
        while part := picture.read(CHUNK_BYTES):
            file.write(part)
            yield pipe.fetch()


FORMS: dict[str, tuple[str, Callable[[Store, SearchQuery], Iterator[bytes]]]] = {
    "csv": ("text/csv; charset=utf-8", _csv),
    "json": ("application/x-ndjson", _json),
    "zip": ("application/zip", _zip),
}
"""Media type and writer of each form."""
