"""The page that people see: forms and results as HTML, which work without JavaScript."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from .. import __version__
from ..layout import CLASSES
from ..measure.person import UNKNOWN_PERSON, Person
from ..output.colours import colour_class
from ..output.measured_words import MARKS_FILE, findings, rows, st_words
from ..output.wording import (
    GENERAL_ADVICE,
    QUALITY_WORDS,
    REASONS,
    STATES,
    VERDICTS,
    advice,
    caution,
    confidence_word,
    is_digital,
    model_findings,
    scale_words,
)
from ..result import DISCLAIMER, STAGES
from ..words import doubt_sentences, doubt_words, percent
from .problems import Problem, not_found
from .reading_service import ReadingRequest
from .results import (
    STATUSES,
    ResultRecord,
    find,
    keep_result,
    read,
    record_of_cached,
    remove,
    request_to_read_again,
    search,
    search_query_of,
)
from .services import Services, model_cards, services_of
from .upload import MAX_FILES, chosen_model, person_of, progress_id_of, read_fields, read_uploads, without_empty

if TYPE_CHECKING:
    from jinja2 import Environment

FOLDER = Path(__file__).parent
STATIC = {"app.css": "text/css; charset=utf-8", "app.js": "text/javascript; charset=utf-8", "icon.svg": "image/svg+xml"}
STAGE_WORDS = {
    "open": "Opening the picture",
    "page": "Finding the page and laying it flat",
    "leads": "Cutting out the leads",
    "filters": "Preparing what the model sees",
    "trace": "Following the leads",
    "measure": "Measuring rate and intervals",
    "inference": "Asking the model",
    "verdict": "Weighing the answer",
}
PROTOCOLS = {
    "distinct": "pages of the data set, by models that saw neither the page nor its identity",
    "uncurated": "pages of the same device that its publishers left out: nearer to what a device meets",
}


async def home(request: Request) -> Response:
    """GET /: give a picture."""
    cached = services_of(request).session_cache.of_session(request.scope["session"])
    mine = [record_of_cached(result) for result in cached]
    return await show_page(
        request,
        "home.html",
        mine=mine,
        models=await run_in_threadpool(model_cards),
        tips=GENERAL_ADVICE,
        most_files=MAX_FILES,
    )


async def read_picture(request: Request) -> Response:
    """POST /read: read a picture, or several one after the other; then its result, or the list of all."""
    services, session = services_of(request), request.scope["session"]
    async with services.queue.place(session, progress_id_of(request)) as place:
        uploads = await read_uploads(request)
        for upload in uploads:
            reading = ReadingRequest(
                upload.data, upload.name, upload.model, True, upload.page, upload.person, upload.recorded_at
            )
            cached = await read(request, place, reading, upload.keep)
    return _redirect(request, f"/results/{cached.name}" if len(uploads) == 1 else "/history")


async def take_picture(request: Request) -> Response:
    """POST /camera/take: a picture of the device's camera, read."""
    services, session = services_of(request), request.scope["session"]
    _need_camera(services)
    fields = await read_fields(request)
    reading = ReadingRequest(None, "camera", chosen_model(fields.get("model")), True)
    async with services.queue.place(session, progress_id_of(request)) as place:
        cached = await read(request, place, reading, "keep" in fields)
    return _redirect(request, f"/results/{cached.name}")


async def camera(request: Request) -> Response:
    """GET /camera: what the camera sees, and the button that takes a picture."""
    _need_camera(services_of(request))
    return await show_page(request, "camera.html", models=await run_in_threadpool(model_cards))


async def look(request: Request) -> Response:
    """GET /camera/look: a frame of the camera, with a hint for aiming in a header."""
    services = services_of(request)
    _need_camera(services)
    found, hint, jpeg = await services.queue.preview()
    return Response(
        jpeg, media_type="image/jpeg", headers={"Ecg-Edge-Hint": hint, "Ecg-Edge-Found": str(found).lower()}
    )


async def progress(request: Request) -> Response:
    """GET /progress/{id}: how far a picture is."""
    found = services_of(request).queue.progress(request.scope["session"], request.path_params["id"])
    return JSONResponse({**found, "words": STAGE_WORDS.get(found["stage"] or "")})


async def show(request: Request) -> Response:
    """GET /results/{id}: a result and everything that can be looked at."""
    services, name = services_of(request), request.path_params["name"]
    record = await find(services, request.scope["session"], name)
    cards = await run_in_threadpool(model_cards)
    used = (record.result.get("model") or {}).get("name")
    digital = is_digital(record.result)
    return await show_page(
        request, "result.html", record=record, result=record.result, models=cards, card=next((card for card in cards if card["name"] == used), None),
        advice=advice(record.result["reason"], digital) if record.result["reason"] else (), is_digital=digital,
        sure=(confidence_word(record.result["confidence"]), caution(record.result["confidence"])) if record.result["verdict"] else None,
        doubts=doubt_sentences(record.result),
        can_keep=services.store is not None and record.cached is not None and record.cached.number is None and record.result["status"] != "failed",
        timing=[(stage, record.result["timing_ms"].get(stage)) for stage in STAGES],
        quality=QUALITY_WORDS, signals=[key for key in record.files if key.startswith("signal-")],
        columns=_columns(record.result), person=_person_of(record),
        measured=_measured(record), model_findings=model_findings(record.result.get("findings"), least=0.0),
        inputs=[key for key in record.files if key.startswith("input-")], leads=_leads(record),
    )  # fmt: skip


async def change(request: Request) -> Response:
    """POST /results/{id}/{action}: keep it, forget it, delete what is kept of it, or read its picture again."""
    services, session = services_of(request), request.scope["session"]
    record, action = await find(services, session, request.path_params["name"]), request.path_params["action"]
    fields = await read_fields(request)
    if action == "keep" and record.cached is not None:
        await keep_result(services, record.cached)
        return _redirect(request, f"/results/{record.name}")
    if action == "forget" and record.cached is not None:
        services.session_cache.drop(session, record.name)
        return _redirect(request, "/")
    if action == "delete" and record.kept:
        await remove(services, session, record)
        return _redirect(request, "/history")
    if action == "again":
        person = person_of([without_empty(fields)]) if {"sex", "age"} & fields.keys() else _person_of(record)
        reading = await run_in_threadpool(request_to_read_again, record, chosen_model(fields.get("model")), person)
        async with services.queue.place(session, progress_id_of(request)) as place:
            cached = await read(request, place, reading)
        return _redirect(request, f"/results/{cached.name}")
    raise not_found()


async def history(request: Request) -> Response:
    """GET /history: what was read in this session, and what is kept."""
    problem: Problem | None = None
    records: list[ResultRecord] = []
    before: int | None = None
    # A form sends what was left empty too.
    query = {name: value for name, value in request.query_params.items() if value}
    try:
        records, before = await search(services_of(request), request.scope["session"], search_query_of(query))
    except Problem as error:
        problem = error
    query.pop("before", None)
    return await show_page(request, "history.html", problem.status if problem else 200, records=records, before=before, query=query, problem=problem,
                       models=await run_in_threadpool(model_cards), statuses=STATUSES)  # fmt: skip


async def models(request: Request) -> Response:
    """GET /models: the models' cards."""
    return await show_page(request, "models.html", models=await run_in_threadpool(model_cards))


async def login_form(request: Request) -> Response:
    """GET /login: ask for the token."""
    if not services_of(request).access.needs_token:
        return RedirectResponse("/", 303)
    return await show_page(request, "login.html", wrong=False)


async def login(request: Request) -> Response:
    """POST /login: a session for who knows the token."""
    services = services_of(request)
    fields = await read_fields(request)
    if not services.access.is_token(fields.get("token", "")):
        services.log("warning", "login.refused")
        return await show_page(request, "login.html", 403, wrong=True)
    request.scope["cookies_to_set"].append(services.access.open_session()[1])
    return RedirectResponse("/", 303)


async def logout(request: Request) -> Response:
    """POST /logout: forget this session and its results."""
    services, session = services_of(request), request.scope["session"]
    for cached in services.session_cache.of_session(session):
        services.session_cache.drop(session, cached.name)
    request.scope["cookies_to_set"].append(services.access.close_session())
    return RedirectResponse("/login" if services.access.needs_token else "/", 303)


async def static(request: Request) -> Response:
    """GET /static/{name}: style, script, icon; the only names there are."""
    name = request.path_params["name"]
    if name not in STATIC:
        raise not_found()
    headers = {"Cache-Control": "public, max-age=86400" if "v" in request.query_params else "no-cache"}
    return Response(_static()[name], media_type=STATIC[name], headers=headers)


def routes() -> list[Route]:
    """The routes of this module."""
    return [
        Route("/", home),
        Route("/read", read_picture, methods=["POST"]),
        Route("/camera", camera),
        Route("/camera/look", look),
        Route("/camera/take", take_picture, methods=["POST"]),
        Route("/progress/{id}", progress),
        Route("/results/{name}", show),
        Route("/results/{name}/{action}", change, methods=["POST"]),
        Route("/history", history),
        Route("/models", models),
        Route("/login", login_form),
        Route("/login", login, methods=["POST"]),
        Route("/logout", logout, methods=["POST"]),
        Route("/static/{name}", static),
    ]


def problem_page(services: Services, problem: Problem) -> HTMLResponse:
    """A `Problem` as HTML."""
    told = problem.reason in {*REASONS, "too_large", "truncated", "unsupported"}
    tips = advice(problem.reason, "result" in problem.more and is_digital(problem.more["result"])) if told else ()
    values = {"problem": problem, "tips": tips, "services": services, "path": ""}
    return HTMLResponse(_templates().get_template("problem.html").render(values), problem.status, problem.headers)


async def show_page(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A template with its values, as HTML."""
    text = _templates().get_template(template).render(services=services_of(request), path=request.url.path, **values)
    return HTMLResponse(text, status)


def _redirect(request: Request, path: str) -> Response:
    """A redirection; for the page's script, which cannot follow one, the address as JSON."""
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"location": path})
    return RedirectResponse(path, 303)


def _person_of(record: ResultRecord) -> Person:
    """Whose page it is, as far as this session said so: the store does not know."""
    return record.cached.person if record.cached else UNKNOWN_PERSON


def _need_camera(services: Services) -> None:
    if not services.camera:
        raise Problem(
            404, "no_camera", "There is no camera here: choose a picture, or start the server with --camera 0."
        )


def _leads(record: ResultRecord) -> list[dict[str, Any]]:
    """The leads by name, each with its part of the result and the pictures of its steps that there are."""
    by_name = {lead["name"]: lead for lead in record.result["leads"]}
    names = list(by_name) or sorted({key.split("-")[1] for key in record.files if key.startswith("lead-")})
    return [
        {
            "name": name,
            "result": by_name.get(name),
            "pictures": [(step, f"lead-{name}-{step['key']}{step['suffix']}") for step in record.steps
                         if f"lead-{name}-{step['key']}{step['suffix']}" in record.files],
        }
        for name in names
    ]  # fmt: skip


def _measured(record: ResultRecord) -> dict[str, Any] | None:
    """What was measured, for the table: `rows` (what, value, the group of `marks` that shows it or None), `st`, findings; None where nothing was."""
    known = record.result.get("measurements")
    if not known:
        return None
    marks = record.files.get(MARKS_FILE, b"").decode()

    def group(name: str) -> str | None:
        name = f"on-{'qt_ms' if name == 'qtc_ms' else name}"
        return name if f'id="{name}"' in marks else None

    return {
        "rows": [(value, words, group(value.name)) for value, words in rows(known)],
        "st": (st_words(known), group("st")),
        "present": findings(known),
        "not_assessed": findings(known, "not_assessed"),
        "marks": marks,
    }


def _columns(result: dict[str, Any]) -> int:
    """How many columns the leads stand in on paper, 1 to 4; 4 where that is not known."""
    layout = (result["page"] or {}).get("layout") or "3x4"
    return int(layout.partition("+")[0].partition("x")[2])


@lru_cache(maxsize=1)
def _static() -> dict[str, bytes]:
    return {name: (FOLDER / "static" / name).read_bytes() for name in STATIC}


@lru_cache(maxsize=1)
def _templates() -> Environment:
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
    made.globals |= {
        "protocols": PROTOCOLS,
        "colour_class": colour_class,
        "doubt_words": doubt_words,
        "scale_words": scale_words,
    }
    made.filters.update(
        percent=percent,
        time=_time,
        number=_number,
        called=_source_name,
        sentence=lambda text: text[:1].upper() + text[1:],
    )
    return made


def _time(text: str) -> str:
    """2026-11-24 18:30, UTC."""
    return text[:16].replace("T", " ")


def _source_name(source: str) -> str:
    """What people call a picture: the camera's number, or a file without its folder."""
    return source if source.startswith("camera ") and "/" not in source else source.rsplit("/", 1)[-1]


def _number(value: float | str | None) -> str:
    return "–" if value is None else f"{value:.3g}" if isinstance(value, float) else str(value)
