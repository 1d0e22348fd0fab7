"""The page's interface for programs: /v1, health and metrics."""

import json

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from ..output.fhir import bundle_parts
from ..store.store import Entry
from .openapi import document
from .problems import Problem, not_found, of_result
from .reading_service import ReadingRequest
from .results import KINDS, OTHER_KIND, cards, find, keep_held, picture_of, read, search, ticket_of, wanted_of
from .upload import read_upload

TYPES = {"jpg": "image/jpeg", "png": "image/png", "svg": "image/svg+xml", "csv": "text/csv; charset=utf-8", "zip": "application/zip",
         "pdf": "application/pdf"}  # fmt: skip
SHOWN = ("jpg", "png", "svg")
"""What a page shows; everything else is saved."""


async def classify(request):
    """POST /v1/classify: the result of a picture; one that was refused is an answer, one that cannot be opened a problem."""
    parts, session = request.app.state.parts, request.scope["session"]
    async with parts.queue.place(session, ticket_of(request)) as place:
        upload = await read_upload(request)
        held = await read(
            request, place, ReadingRequest(upload.data, upload.name, upload.model, upload.views), upload.keep
        )
    problem = of_result(held.answer.result)
    if problem:
        parts.session_cache.drop(session, held.name)
        raise problem
    name = held.name if held.number is None else str(held.number)
    return JSONResponse(held.answer.result, headers={"Location": f"/v1/results/{name}"})


async def results(request):
    """GET /v1/results: what is held for this session, and what is kept."""
    wanted = wanted_of(request.query_params)
    items, before = await search(request.app.state.parts, request.scope["session"], wanted)
    listed = [{"id": item.name, "kept": item.kept, "time": item.time, "result": item.result} for item in items]
    return JSONResponse({"results": listed, "before": None if before is None else int(before)})


async def result(request):
    """GET and DELETE /v1/results/{id}: one result, as the command line prints it; or forget it."""
    if request.method == "DELETE":
        return await forget(request)
    return JSONResponse((await _item(request)).result)


async def forget(request):
    """DELETE /v1/results/{id}: forget a result that is held; what is kept stays."""
    parts, name = request.app.state.parts, request.path_params["name"]
    item = await _item(request)
    if item.held is None:
        raise Problem(409, "kept", "Results that are kept are not removed here: their pictures go when room is needed.")
    parts.session_cache.drop(request.scope["session"], name)
    return Response(status_code=204)


async def keep(request):
    """POST /v1/results/{id}/keep: keep a result and its picture in the store."""
    parts, item = request.app.state.parts, await _item(request)
    if item.held is not None:
        await keep_held(parts, item.held)
    return JSONResponse({"id": item.name if item.held is None else str(item.held.number)})


async def file(request):
    """GET /v1/results/{id}/{file}: something to look at, or to take away."""
    item, name = await _item(request), request.path_params["file"]
    stem = f"ecg-{(item.result.get('sha256') or 'unread')[:8]}"
    if name == "result.json":
        return _saved(json.dumps(item.result, indent=2).encode(), "application/json", f"{stem}.json")
    if name == "fhir.json":
        entry = item.entry or Entry(item.held.number or 0, item.time, item.result, item.held.answer.device, None)
        return _saved("".join(bundle_parts([entry])).encode(), "application/fhir+json", f"{stem}-fhir.json")
    if name == "picture":
        data = await run_in_threadpool(picture_of, item)
        return Response(data, media_type=KINDS.get(data[:2], OTHER_KIND)[1], headers={"Content-Disposition": "inline"})
    if name not in item.files:
        if name in ("overlay.jpg", "signals.csv", "signals-wfdb.zip", "report.pdf") and not item.files:
            raise Problem(404, "no_views", "This result has nothing to look at: classify the picture with ?views=true.")
        raise not_found()
    ending = name.rsplit(".", 1)[-1]
    if ending in SHOWN and name != "overlay.jpg":
        return Response(item.files[name], media_type=TYPES[ending])
    if ending in SHOWN:
        kind = "attachment" if "save" in request.query_params else "inline"
        return Response(
            item.files[name],
            media_type=TYPES[ending],
            headers={"Content-Disposition": f'{kind}; filename="{stem}-{name}"'},
        )
    return _saved(item.files[name], TYPES[ending], f"{stem}-{name}")


async def models(request):
    """GET /v1/models: the cards of the installed models."""
    return JSONResponse({"default": request.app.state.parts.model, "models": await run_in_threadpool(cards)})


async def healthz(request):
    """GET /healthz: whether pictures can be read."""
    health = request.app.state.parts.health()
    return JSONResponse(health, 200 if health["ok"] else 503)


async def metrics(request):
    """GET /metrics: counts and gauges for Prometheus."""
    return PlainTextResponse(
        request.app.state.parts.metrics.to_text(), media_type="text/plain; version=0.0.4; charset=utf-8"
    )


async def openapi(request):
    """GET /openapi.json: the description of this interface."""
    return JSONResponse(document())


def routes():
    """Its routes."""
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


async def _item(request):
    return await find(request.app.state.parts, request.scope["session"], request.path_params["name"])


def _saved(data, media_type, name):
    return Response(data, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})
