"""The ASGI application: endpoints within, the middleware around them, and problems as answers."""

from __future__ import annotations

from contextlib import suppress

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from . import api, api_page, export, pages
from .middleware import Limits, SecurityMiddleware, is_for_programs
from .problems import Problem
from .services import Services

SENTENCES = {404: "There is nothing of that name here.", 405: "This is done in another way here: see /openapi.json."}


def make_app(services: Services, limits: Limits) -> ASGIApp:
    """The application over `services`, which lets in what the `limits` say."""

    def respond(path: str, headers: Headers, problem: Problem) -> Response:
        return problem.to_response() if is_for_programs(path, headers) else pages.problem_page(services, problem)

    async def on_problem(request: Request, problem: Exception) -> Response:
        assert isinstance(problem, Problem)
        return respond(request.url.path, request.headers, problem)

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        reason = {404: "not_found", 405: "method"}.get(error.status_code, "bad_request")
        sentence = SENTENCES.get(error.status_code, str(error.detail))
        return await on_problem(request, Problem(error.status_code, reason, sentence, dict(error.headers or {})))

    async def on_gone(request: Request, error: Exception) -> Response:
        return Response(status_code=400)

    async def on_error(request: Request, error: Exception) -> Response:
        services.log("error", "request.failed", path=request.url.path, error=f"{type(error).__name__}: {error}")
        return await on_problem(request, Problem(500, "server", "This went wrong in the server: its log says how."))

    app = Starlette(
        routes=[*api.routes(), *export.routes(), *api_page.routes(), *pages.routes()],
        exception_handlers={
            Problem: on_problem,
            HTTPException: on_http,
            ClientDisconnect: on_gone,
            Exception: on_error,
        },
    )
    app.state.services = services
    return SecurityMiddleware(_without_errors(app), limits, services.access, services.metrics, respond)


def _without_errors(app: ASGIApp) -> ASGIApp:
    """The application, without what Starlette raises after an error was answered and logged."""

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        with suppress(Exception):
            await app(scope, receive, send)

    return call
