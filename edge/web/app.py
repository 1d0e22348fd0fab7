"""The ASGI application: endpoints within, the guard around them, and problems as answers."""

from contextlib import suppress

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from . import api, pages
from .middleware import Guard, is_for_programs
from .problems import Problem

SENTENCES = {404: "There is nothing of that name here.", 405: "This is done in another way here: see /openapi.json."}


def make_app(parts, rules):
    """The application over `web_parts.Services`, guarded by `web_guard.Rules`."""

    def respond(path, headers, problem):
        return problem.to_response() if is_for_programs(path, headers) else pages.problem_page(parts, problem)

    async def on_problem(request, problem):
        return respond(request.url.path, request.headers, problem)

    async def on_http(request, error):
        reason = {404: "not_found", 405: "method"}.get(error.status_code, "bad_request")
        sentence = SENTENCES.get(error.status_code, str(error.detail))
        return await on_problem(request, Problem(error.status_code, reason, sentence, dict(error.headers or {})))

    async def on_gone(request, error):
        return Response(status_code=400)

    async def on_error(request, error):
        parts.note("error", "request.failed", path=request.url.path, error=f"{type(error).__name__}: {error}")
        return await on_problem(request, Problem(500, "server", "This went wrong in the server: its log says how."))

    app = Starlette(
        routes=[*api.routes(), *pages.routes()],
        exception_handlers={
            Problem: on_problem,
            HTTPException: on_http,
            ClientDisconnect: on_gone,
            Exception: on_error,
        },
    )
    app.state.parts = parts
    return Guard(_quiet(app), rules, parts.access, parts.metrics, respond)


def _quiet(app):
    """The application, without what Starlette raises after an error was answered and noted."""

    async def call(scope, receive, send):
        with suppress(Exception):
            await app(scope, receive, send)

    return call
