"""The page that people see: forms and results as HTML, which work without JavaScript."""

import hashlib
from functools import lru_cache
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from .. import __version__
from ..layout import CLASSES
from ..output.advice import GENERAL, advice, caution, percent
from ..output.panel import QUALITY_WORDS, REASONS, STATES, VERDICTS, sureness, tone
from ..result import DISCLAIMER, STAGES
from .problems import Problem, not_found
from .reading_service import ReadingRequest
from .results import STATUSES, asked_again, cards, find, item_of_held, keep_held, read, search, ticket_of, wanted_of
from .upload import chosen_model, read_fields, read_upload

FOLDER = Path(__file__).parent
STATIC = {"app.css": "text/css; charset=utf-8", "app.js": "text/javascript; charset=utf-8", "icon.svg": "image/svg+xml"}
STAGE_WORDS = {
    "open": "Opening the picture",
    "page": "Finding the page and laying it flat",
    "leads": "Cutting out the leads",
    "filters": "Preparing what the model sees",
    "trace": "Following the leads",
    "inference": "Asking the model",
    "verdict": "Weighing the answer",
}
PROTOCOLS = {
    "distinct": "pages of the data set, by models that saw neither the page nor its identity",
    "uncurated": "pages of the same device that its publishers left out: nearer to what a device meets",
}


async def home(request):
    """GET /: give a picture."""
    return await _home(request)


async def read_picture(request):
    """POST /read: read a picture, or one of the camera; then its result."""
    parts, session = request.app.state.parts, request.scope["session"]
    async with parts.queue.place(session, ticket_of(request)) as place:
        upload = await read_upload(request)
        asked = ReadingRequest(upload.data, upload.name, upload.model, True)
        held = await read(request, place, asked, upload.keep)
    return _go(request, f"/results/{held.name}")


async def take_picture(request):
    """POST /camera/take: a picture of the device's camera, read."""
    parts, session = request.app.state.parts, request.scope["session"]
    _need_camera(parts)
    fields = await read_fields(request)
    asked = ReadingRequest(None, "camera", chosen_model(fields.get("model")), True)
    async with parts.queue.place(session, ticket_of(request)) as place:
        held = await read(request, place, asked, "keep" in fields)
    return _go(request, f"/results/{held.name}")


async def camera(request):
    """GET /camera: aim."""
    _need_camera(request.app.state.parts)
    return await _page(request, "camera.html", models=await run_in_threadpool(cards))


async def look(request):
    """GET /camera/look: a frame of the camera, with a hint for aiming in a header."""
    parts = request.app.state.parts
    _need_camera(parts)
    found, hint, jpeg = await parts.queue.look()
    return Response(
        jpeg, media_type="image/jpeg", headers={"Ecg-Edge-Hint": hint, "Ecg-Edge-Found": str(found).lower()}
    )


async def progress(request):
    """GET /progress/{ticket}: how far a picture is."""
    state = request.app.state.parts.queue.progress(request.scope["session"], request.path_params["ticket"])
    return JSONResponse(state | {"words": STAGE_WORDS.get(state["stage"])})


async def show(request):
    """GET /results/{id}: a result and everything that can be looked at."""
    parts, name = request.app.state.parts, request.path_params["name"]
    item = await find(parts, request.scope["session"], name)
    found = await run_in_threadpool(cards)
    used = (item.result.get("model") or {}).get("name")
    return await _page(
        request, "result.html", item=item, result=item.result, models=found, card=next((card for card in found if card["name"] == used), None),
        advice=advice(item.result["reason"]) if item.result["reason"] else (),
        sure=(sureness(item.result["confidence"]), caution(item.result["confidence"])) if item.result["verdict"] else None,
        can_keep=parts.store is not None and item.held is not None and item.held.number is None and item.result["status"] != "failed",
        timing=[(stage, item.result["timing_ms"].get(stage)) for stage in STAGES],
        quality=QUALITY_WORDS, signals=[key for key in item.files if key.startswith("signal-")],
        columns=_columns(item.result),
        inputs=[key for key in item.files if key.startswith("input-")], leads=_leads(item),
    )  # fmt: skip


async def change(request):
    """POST /results/{id}/{what}: keep it, forget it, or read its picture again."""
    parts, session = request.app.state.parts, request.scope["session"]
    item, what = await find(parts, session, request.path_params["name"]), request.path_params["what"]
    fields = await read_fields(request)
    if what == "keep" and item.held is not None:
        await keep_held(parts, item.held)
        return _go(request, f"/results/{item.name}")
    if what == "forget" and item.held is not None:
        parts.session_cache.drop(session, item.name)
        return _go(request, "/")
    if what == "again":
        asked = await run_in_threadpool(asked_again, item, chosen_model(fields.get("model")))
        async with parts.queue.place(session, ticket_of(request)) as place:
            held = await read(request, place, asked)
        return _go(request, f"/results/{held.name}")
    raise not_found()


async def history(request):
    """GET /history: what was read in this session, and what is kept."""
    parts, problem, items, before = request.app.state.parts, None, [], None
    # A form sends what was left empty too.
    query = {name: value for name, value in request.query_params.items() if value}
    try:
        wanted = wanted_of(query)
        items, before = await search(parts, request.scope["session"], wanted)
    except Problem as error:
        problem = error
    query.pop("before", None)
    return await _page(request, "history.html", problem.status if problem else 200, items=items, before=before, query=query, problem=problem,
                       models=await run_in_threadpool(cards), statuses=STATUSES)  # fmt: skip


async def models(request):
    """GET /models: the models' cards."""
    return await _page(request, "models.html", models=await run_in_threadpool(cards))


async def login_form(request):
    """GET /login: ask for the token."""
    if not request.app.state.parts.access.needs_token:
        return RedirectResponse("/", 303)
    return await _page(request, "login.html", wrong=False)


async def login(request):
    """POST /login: a session for who knows the token."""
    parts = request.app.state.parts
    fields = await read_fields(request)
    if not parts.access.is_token(fields.get("token", "")):
        parts.note("warning", "login.refused")
        return await _page(request, "login.html", 403, wrong=True)
    request.scope["cookies_to_set"].append(parts.access.open_session()[1])
    return RedirectResponse("/", 303)


async def logout(request):
    """POST /logout: forget this session and all that is held for it."""
    parts, session = request.app.state.parts, request.scope["session"]
    for held in parts.session_cache.list(session):
        parts.session_cache.drop(session, held.name)
    request.scope["cookies_to_set"].append(parts.access.close_session())
    return RedirectResponse("/login" if parts.access.needs_token else "/", 303)


async def static(request):
    """GET /static/{name}: style, script, icon; the only names there are."""
    name = request.path_params["name"]
    if name not in STATIC:
        raise not_found()
    headers = {"Cache-Control": "public, max-age=86400" if "v" in request.query_params else "no-cache"}
    return Response(_static()[name], media_type=STATIC[name], headers=headers)


def routes():
    """Its routes."""
    return [
        Route("/", home),
        Route("/read", read_picture, methods=["POST"]),
        Route("/camera", camera),
        Route("/camera/look", look),
        Route("/camera/take", take_picture, methods=["POST"]),
        Route("/progress/{ticket}", progress),
        Route("/results/{name}", show),
        Route("/results/{name}/{what}", change, methods=["POST"]),
        Route("/history", history),
        Route("/models", models),
        Route("/login", login_form),
        Route("/login", login, methods=["POST"]),
        Route("/logout", logout, methods=["POST"]),
        Route("/static/{name}", static),
    ]


def problem_page(parts, problem):
    """A `Problem` as HTML."""
    tips = advice(problem.reason) if problem.reason in {*REASONS, "too_large", "truncated", "unsupported"} else ()
    words = {"problem": problem, "tips": tips, "parts": parts, "path": ""}
    return HTMLResponse(_templates().get_template("problem.html").render(words), problem.status, problem.headers)


async def _home(request):
    parts = request.app.state.parts
    mine = [item_of_held(held) for held in parts.session_cache.list(request.scope["session"])]
    return await _page(request, "home.html", mine=mine, models=await run_in_threadpool(cards), tips=GENERAL)


async def _page(request, template, status=200, **values):
    text = _templates().get_template(template).render(parts=request.app.state.parts, path=request.url.path, **values)
    return HTMLResponse(text, status)


def _go(request, path):
    """The way to a result: a redirection, or for the page's script where to go."""
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"location": path})
    return RedirectResponse(path, 303)


def _need_camera(parts):
    if not parts.camera:
        raise Problem(
            404, "no_camera", "There is no camera here: choose a picture, or start the server with --camera 0."
        )


def _leads(item):
    """The leads by name, with what each said and the pictures of its steps that there are."""
    said = {lead["name"]: lead for lead in item.result["leads"]}
    names = list(said) or sorted({key.split("-")[1] for key in item.files if key.startswith("lead-")})
    return [
        {
            "name": name,
            "said": said.get(name),
            "pictures": [(step, f"lead-{name}-{step['key']}{step['suffix']}") for step in item.steps
                         if f"lead-{name}-{step['key']}{step['suffix']}" in item.files],
        }
        for name in names
    ]  # fmt: skip


def _columns(result):
    """How many columns the leads stand in on paper, 1, 2 or 4; 4 where that is not known."""
    layout = (result["page"] or {}).get("layout") or "3x4"
    return int(layout.partition("+")[0].partition("x")[2])


@lru_cache(maxsize=1)
def _static():
    return {name: (FOLDER / "static" / name).read_bytes() for name in STATIC}


@lru_cache(maxsize=1)
def _templates():
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    version = hashlib.sha256(b"".join(_static().values())).hexdigest()[:12]
    made.globals.update(
        disclaimer=DISCLAIMER,
        version=version,
        release=__version__,
        classes=CLASSES,
        verdicts=VERDICTS,
        states=STATES,
        reasons=REASONS,
    )
    made.globals |= {"protocols": PROTOCOLS, "tone": tone}
    made.filters.update(
        percent=percent, time=_time, number=_number, called=_called, sentence=lambda text: text[:1].upper() + text[1:]
    )
    return made


def _time(text):
    """2026-11-24 18:30, UTC."""
    return text[:16].replace("T", " ")


def _called(source):
    """What people call a picture: the camera's number, or a file without its folder."""
    return source if source.startswith("camera ") and "/" not in source else source.rsplit("/", 1)[-1]


def _number(value):
    return "–" if value is None else f"{value:.3g}" if isinstance(value, float) else str(value)
