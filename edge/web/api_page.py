"""The description of the interface for programs as a page: `openapi.document`, without a script, served from the device."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .openapi import document
from .pages import show_page

METHODS = ("get", "post", "put", "patch", "delete")


async def api_page(request: Request) -> Response:
    """GET /docs: every operation with its parameters and answers."""
    return await show_page(request, "api.html", document=document(), operations=operations())


def routes() -> list[Route]:
    """The routes of this module."""
    return [Route("/docs", api_page)]


@lru_cache(maxsize=1)
def operations() -> list[dict[str, Any]]:
    """What the document says of each operation, in its order: id, method, path, summary, description, parameters, responses."""
    described = document()
    found = []
    for path, item in described["paths"].items():
        for method in METHODS:
            if method not in item:
                continue
            operation = item[method]
            given = [*item.get("parameters", ()), *operation.get("parameters", ())]
            responses = [
                (status, _resolved(each).get("description", "")) for status, each in operation["responses"].items()
            ]
            found.append({"id": operation["operationId"], "method": method.upper(), "path": path, "summary": operation["summary"].rstrip("."),
                          "description": operation.get("description"), "parameters": [*map(_parameter, map(_resolved, given)), *_fields(operation)],
                          "responses": responses})  # fmt: skip
    return found


def _resolved(part: dict[str, Any]) -> dict[str, Any]:
    """A part of the document, or the one that it refers to."""
    found: dict[str, Any] = document()
    for name in part["$ref"].split("/")[1:] if "$ref" in part else ():
        found = found[name]
    return found if "$ref" in part else part


def _parameter(parameter: dict[str, Any]) -> dict[str, str]:
    schema = _resolved(parameter.get("schema", {}))
    choices = f" One of {', '.join(str(each) for each in schema['enum'] if each)}." if "enum" in schema else ""
    about = parameter.get("description") or ""
    return {"name": parameter["name"], "where": parameter["in"], "about": f"{about}{choices}".strip()}


def _fields(operation: dict[str, Any]) -> list[dict[str, str]]:
    """The fields of a form that an operation takes."""
    content = _resolved(operation.get("requestBody", {})).get("content", {})
    schema = _resolved(content.get("multipart/form-data", {}).get("schema", {}))
    return [_parameter({"name": name, "in": "form", "schema": each, "description": _resolved(each).get("description")})
            for name, each in schema.get("properties", {}).items()]  # fmt: skip
