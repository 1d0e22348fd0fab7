"""A picture as it comes by HTTP: a form's file, or the body itself."""

import os
from dataclasses import dataclass
from functools import partial

from starlette.formparsers import MultiPartException, MultiPartParser

from ..errors import Reason
from ..network.card import list_names
from .problems import Problem

MOST_NAME = 100
MOST_FIELDS = 12
FLAGS = {"1": True, "on": True, "true": True, "0": False, "off": False, "false": False}


@dataclass(frozen=True)
class Upload:
    """The bytes of a picture's file as `data`, what it is called (`name`, for people: it is no path of ours), the `model` that is to read it (None for the
    default one), and whether it is to be kept, or shown in `views`."""

    data: bytes
    name: str
    model: str | None
    keep: bool
    views: bool


class _InMemory(MultiPartParser):
    """Nothing of a picture goes to the disk: the limit of the body is that of memory."""

    spool_max_size = 2**31


async def read_upload(request):
    """The `Upload` of a request.

    Raises
    ------
    Problem : there is no picture in it, or no such model.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    asked = [{name: request.query_params[name] for name in CHECKS if name in request.query_params}]
    if kind == "multipart/form-data":
        data, name, fields = await _from_form(request)
        asked.append(fields)
    elif kind.startswith("image/") or kind == "application/octet-stream":
        data, name = await request.body(), ""
    else:
        raise Problem(
            415,
            "unsupported",
            "Send the picture as a form's field 'picture' (multipart/form-data), or as the body (image/jpeg, image/png, ...).",
        )
    if not data:
        raise Problem(422, Reason.TRUNCATED.value, "There is no picture in the request: choose a file first.")
    model, keep, views = (_last(asked, field) for field in CHECKS)
    return Upload(data, plain_name(name), model, keep or False, views or False)


async def read_fields(request):
    """{name: text} of a form without files."""
    try:
        async with request.form(max_files=0, max_fields=MOST_FIELDS) as form:
            return {name: value for name, value in form.items() if isinstance(value, str)}
    except Exception as error:
        if isinstance(error, Problem):
            raise
        raise Problem(400, "bad_request", "The form cannot be read.") from error


def chosen_model(name):
    """A model's name, or None for the default one.

    Raises
    ------
    Problem : there is no such model.
    """
    if not name:
        return None
    known = list_names()
    if name not in known:
        raise Problem(422, "no_model", f"There is no such model. Installed: {', '.join(known)}.")
    return name


def plain_name(name):
    """What a picture is called in its result: the last part of the client's name, of letters that can be printed."""
    last = os.path.basename(name.replace("\\", "/"))
    plain = "".join(letter for letter in last if letter.isprintable())[:MOST_NAME].strip()
    return plain or "picture"


async def _from_form(request):
    """(data, name, fields) of a form; of several files the first that holds something."""
    try:
        parser = _InMemory(request.headers, request.stream(), max_files=4, max_fields=MOST_FIELDS)
        form = await parser.parse()
    except (MultiPartException, KeyError, ValueError, UnicodeDecodeError) as error:
        raise Problem(
            400, "bad_request", "The form cannot be read: is it multipart/form-data with a boundary?"
        ) from error
    data, name, fields = b"", "", {}
    try:
        for key, value in form.multi_items():
            if isinstance(value, str):
                fields[key] = value
            elif key == "picture" and not data:
                data, name = await value.read(), value.filename or ""
    finally:
        await form.close()
    return data, name, fields


def _flag(given, name):
    if given.lower() not in FLAGS:
        raise Problem(400, "bad_request", f"{name} must be true or false.")
    return FLAGS[given.lower()]


CHECKS = {"model": chosen_model, "keep": partial(_flag, name="keep"), "views": partial(_flag, name="views")}
"""What may stand in the query and in the form, and what makes a value of it; the form has the last word."""


def _last(asked, name):
    """The last value of a field that was given, all of them checked; None where none was."""
    values = [CHECKS[name](fields[name]) for fields in asked if name in fields]
    return values[-1] if values else None
