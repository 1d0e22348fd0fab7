"""The page's interface for programs: /v1, health and metrics."""

from __future__ import annotations

import json

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from ..errors import UsageError
from ..output.fhir import bundle_parts, check_subject
from ..output.fhir_samples import samples_of_table
from .openapi import document
from .problems import Problem, not_found, problem_of_result
from .reading_service import ReadingRequest, ThumbnailRequest
from .results import (
    KINDS,
    OTHER_KIND,
    ResultRecord,
    find,
    keep_result,
    picture_of,
    read,
    remove,
    search,
    search_query_of,
)
from .services import model_cards, services_of
from .upload import progress_id_of, read_upload

TYPES = {"jpg": "image/jpeg", "png": "image/png", "svg": "image/svg+xml", "csv": "text/csv; charset=utf-8", "zip": "application/zip",
         "pdf": "application/pdf"}  # fmt: skip
SHOWN = ("jpg", "png", "svg")
"""What a page shows; everything else is saved."""


async def classify(request: Request) -> Response:
    """POST /v1/classify: the result of a picture; one that was refused is an answer, one that cannot be opened a problem."""
    services, session = services_of(request), request.scope["session"]
    async with services.queue.place(session, progress_id_of(request)) as place:
        upload = await read_upload(request)
        reading = ReadingRequest(
            upload.data, upload.name, upload.model, upload.views, upload.page, upload.person, upload.recorded_at
        )
        cached = await read(request, place, reading, upload.keep)
    problem = problem_of_result(cached.answer.result)
    if problem:
        services.session_cache.drop(session, cached.name)
        raise problem
    name = cached.name if cached.number is None else str(cached.number)
    return JSONResponse(cached.answer.result, headers={"Location": f"/v1/results/{name}"})


async def results(request: Request) -> Response:
    """GET /v1/results: this session's results, and what is kept."""
    query = search_query_of(request.query_params)
    records, before = await search(services_of(request), request.scope["session"], query)
    listed = [{"id": found.name, "kept": found.kept, "time": found.time, "result": found.result} for found in records]
    return JSONResponse({"results": listed, "before": before})


async def result(request: Request) -> Response:
    """GET and DELETE /v1/results/{id}: one result, as the command line prints it; or forget it."""
    if request.method == "DELETE":
        return await forget(request)
    return JSONResponse((await _find(request)).result)


async def forget(request: Request) -> Response:
    """DELETE /v1/results/{id}: forget a result of this session; one that is kept is removed, with its picture."""
    record = await _find(request)
    await remove(services_of(request), request.scope["session"], record)
    return Response(status_code=204)


async def keep(request: Request) -> Response:
    """POST /v1/results/{id}/keep: keep a result and its picture in the store."""
    record = await _find(request)
    if record.cached is None:
        return JSONResponse({"id": record.name})
    await keep_result(services_of(request), record.cached)
    return JSONResponse({"id": str(record.cached.number)})


async def file(request: Request) -> Response:
    """GET /v1/results/{id}/{file}: something to look at, or to take away."""
    subject = _subject_of(request)
    record, name = await _find(request), request.path_params["file"]
    stem = f"ecg-{(record.result.get('sha256') or 'unread')[:8]}"
    if name == "result.json":
        return _saved(json.dumps(record.result, indent=2).encode(), "application/json", f"{stem}.json")
    if name == "fhir.json":
        return _saved(
            await run_in_threadpool(_bundle, record, subject),
            "application/fhir+json",
            f"{stem}-fhir.json",
        )
    if name == "picture":
        data = await run_in_threadpool(picture_of, record)
        return Response(data, media_type=KINDS.get(data[:2], OTHER_KIND)[1], headers={"Content-Disposition": "inline"})
    if name == "thumbnail.jpg":
        return await thumbnail(request, record)
    if name not in record.files:
        if name in ("overlay.jpg", "signals.csv", "signals-wfdb.zip", "report.pdf") and not record.files:
            raise Problem(404, "no_views", "This result has nothing to look at: classify the picture with ?views=true.")
        raise not_found()
    ending = name.rsplit(".", 1)[-1]
    if ending in SHOWN and name != "overlay.jpg":
        return Response(record.files[name], media_type=TYPES[ending])
    if ending in SHOWN:
        kind = "attachment" if "save" in request.query_params else "inline"
        return Response(
            record.files[name],
            media_type=TYPES[ending],
            headers={"Content-Disposition": f'{kind}; filename="{stem}-{name}"'},
        )
    return _saved(record.files[name], TYPES[ending], f"{stem}-{name}")


async def thumbnail(request: Request, record: ResultRecord) -> Response:
    """GET /v1/results/{id}/thumbnail.jpg: the picture, small; made once by the reading process."""
    data = await run_in_threadpool(picture_of, record)
    key = f"{record.result.get('sha256')} {record.result['source']}"
    small = await services_of(request).queue.thumbnail(key, ThumbnailRequest(data, record.result["source"]))
    return Response(small, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=86400"})


async def models(request: Request) -> Response:
    """GET /v1/models: the cards of the installed models."""
    return JSONResponse({"default": services_of(request).model, "models": await run_in_threadpool(model_cards)})


async def healthz(request: Request) -> Response:
    """GET /healthz: whether pictures can be read."""
    health = services_of(request).health()
    return JSONResponse(health, 200 if health["ok"] else 503)


async def metrics(request: Request) -> Response:
    """GET /metrics: counts and gauges for Prometheus."""
    return PlainTextResponse(
        services_of(request).metrics.to_text(), media_type="text/plain; version=0.0.4; charset=utf-8"
    )


async def openapi(request: Request) -> Response:
    """GET /openapi.json: the description of this interface."""
    return JSONResponse(document())


def routes() -> list[Route]:
    """The routes of this module."""
    return [
        Route("/v1/classify", classify, methods=["POST"]),
        Route("/v1/results", results),
        Route("/v1/results/{name}", result, methods=["GET", "DELETE"]),
        Route("/v1/results/{name}/keep", keep, methods=["POST"]),
        Route("/v1/results/{name}/{file}", file),
        Route("/v1/models", models),
        Route("/healthz", healthz),
        Route("/metrics", metrics),
        Route("/openapi.json", openapi),
    ]


async def _find(request: Request) -> ResultRecord:
    return await find(services_of(request), request.scope["session"], request.path_params["name"])


def _subject_of(request: Request) -> str | None:
    """The reference to a patient that a query gives."""
    try:
        return check_subject(request.query_params["subject"]) if "subject" in request.query_params else None
    except UsageError as error:
        raise Problem(400, "bad_request", f"subject: {error}.") from None


def _bundle(record: ResultRecord, subject: str | None) -> bytes:
    """A result as a FHIR Bundle, with its signals and its report where it has them."""
    table = record.files.get("signals.csv")
    samples = () if table is None else tuple(samples_of_table(table.decode()))
    return "".join(bundle_parts([record.entry], subject, samples, record.files.get("report.pdf"))).encode()


def _saved(data: bytes, media_type: str, name: str) -> Response:
    return Response(data, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})
