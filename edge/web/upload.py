"""A picture as it comes by HTTP: a form's file, or the body itself."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from ..classifier.card import list_names
from ..errors import Reason, UsageError
from ..files.limits import MAX_PAGE_NUMBER
from ..files.times import given_recording_time
from ..measure.person import OLDEST_YEARS, SEXES, UNKNOWN_PERSON, Person, Sex
from .problems import Problem
from .session_cache import PER_SESSION

MAX_NAME_LETTERS = 100
MAX_FIELDS = 64
"""More than a form of ours has: others may send fields that say nothing here."""
MAX_FILES = PER_SESSION
"""So many files may be sent at once: no more results are held for a session."""
KINDS = ("application/octet-stream", "application/pdf", "application/dicom")
"""Media types that a body may have beside those of pictures."""
FLAGS = {"1": True, "on": True, "true": True, "0": False, "off": False, "false": False}
PARAMETERS = frozenset({"model", "keep", "views", "page", "sex", "age", "recorded_at", "ticket"})
"""What an address may say of its picture: anything else would be passed over, and might have been meant to count (a paper speed)."""
T = TypeVar("T")


@dataclass(frozen=True)
class Upload:
    """The bytes of a picture's file as `data`, what it is called (`name`, for people: it is no path of ours), the `model` that is to read it (None for the
    default one), whether it is to be kept, or shown in `views`, and the number of the `page` to be read of a file with several (None where none
    was given), whose page it is, and when the ECG was recorded (ISO 8601)."""

    data: bytes
    name: str
    model: str | None
    keep: bool
    views: bool
    page: int | None = None
    person: Person = UNKNOWN_PERSON
    recorded_at: str | None = None


class _InMemory(MultiPartParser):
    """Nothing of a picture goes to the disk: the limit of the body is that of memory."""

    spool_max_size = 2**31


async def read_upload(request: Request) -> Upload:
    """The `Upload` of a request for one picture.

    Raises
    ------
    Problem : there is no picture in it or more than one, no such model, or a parameter that says nothing here.
    """
    unknown = sorted(set(request.query_params) - PARAMETERS)
    if unknown:
        raise Problem(
            400,
            "bad_request",
            f"There is no parameter {plain_name(unknown[0])}: those of the address are {', '.join(sorted(PARAMETERS))}.",
        )
    uploads = await read_uploads(request)
    if len(uploads) > 1:
        raise Problem(
            400, "bad_request", f"There are {len(uploads)} pictures in the request: send each in a request of its own."
        )
    return uploads[0]


async def read_uploads(request: Request) -> list[Upload]:
    """The `Upload`s of a request, one for each file of a form.

    Raises
    ------
    Problem : there is no picture in it, or no such model.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    sources: list[Mapping[str, str]] = [request.query_params]
    others: list[str] = []
    if kind == "multipart/form-data":
        files, fields, others = await _from_form(request)
        sources.append(without_empty(fields))
    elif kind.startswith("image/") or kind in KINDS:
        files = [(await request.body(), "")]
        if not files[0][0]:
            raise Problem(422, Reason.TRUNCATED.value, "The body of the request is empty: send the picture's bytes.")
    else:
        raise Problem(
            415,
            "unsupported",
            "Send the picture as a form's field 'picture' (multipart/form-data), or as the body (image/jpeg, image/png, ...).",
        )
    empty = [name for data, name in files if name and not data]
    files = [(data, name) for data, name in files if data]
    if empty and not files:
        raise Problem(
            422, Reason.TRUNCATED.value, f"The file {plain_name(empty[0])} is empty: copy or take the picture again."
        )
    if not files:
        what = "There is no picture in the request: choose a file first."
        if others:
            what = f"The form has its file in the field '{plain_name(others[0])}': send it as the field 'picture'."
        raise Problem(422, Reason.TRUNCATED.value, what)
    # What stands in the form comes after the query, and has the last word.
    model = _last(sources, "model", chosen_model)
    keep, views = (bool(_last(sources, name, partial(_flag, name=name))) for name in ("keep", "views"))
    page = _last(sources, "page", _page_number)
    about = person_of(sources), _last(sources, "recorded_at", _recorded_at)
    return [Upload(data, plain_name(name), model, keep, views, page, *about) for data, name in files]


def person_of(sources: list[Mapping[str, str]]) -> Person:
    """Whose page it is, by the fields `sex` and `age` where they are given."""
    return Person(_last(sources, "sex", _sex), _last(sources, "age", _age))


def without_empty(fields: Mapping[str, str]) -> dict[str, str]:
    """The fields of a form without those that were left empty, which a browser sends too."""
    return {name: value for name, value in fields.items() if value or name not in ("page", "sex", "age", "recorded_at")}


async def read_fields(request: Request) -> dict[str, str]:
    """{name: text} of a form without files."""
    try:
        async with request.form(max_files=0, max_fields=MAX_FIELDS) as form:
            return {name: value for name, value in form.items() if isinstance(value, str)}
    except Exception as error:
        if isinstance(error, Problem):
            raise
        raise Problem(400, "bad_request", "The form cannot be read.") from error


def chosen_model(name: str | None) -> str | None:
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


def plain_name(name: str) -> str:
    """What a picture is called in its result: the last part of the client's name, of letters that can be printed."""
    last = os.path.basename(name.replace("\\", "/"))
    plain = "".join(letter for letter in last if letter.isprintable())[:MAX_NAME_LETTERS].strip()
    return plain or "picture"


def progress_id_of(request: Request) -> str | None:
    """The word under which a browser asks for the progress of its picture; None where it gave none that is one."""
    word = request.query_params.get("ticket", "")
    return word if 8 <= len(word) <= 64 and word.isascii() and word.isalnum() else None


async def _from_form(request: Request) -> tuple[list[tuple[bytes, str]], dict[str, str], list[str]]:
    """([(data, name)] of the files, fields, names of fields with files that are none of a picture) of a form."""
    try:
        # A form has two places for a picture, and one may stay empty.
        parser = _InMemory(request.headers, request.stream(), max_files=MAX_FILES + 1, max_fields=MAX_FIELDS)
        form = await parser.parse()
    except (MultiPartException, KeyError, ValueError, UnicodeDecodeError) as error:
        raise Problem(
            400,
            "bad_request",
            f"The form cannot be read: is it multipart/form-data with a boundary, and at most {MAX_FILES} files?",
        ) from error
    files: list[tuple[bytes, str]] = []
    fields: dict[str, str] = {}
    others: list[str] = []
    try:
        for key, value in form.multi_items():
            if isinstance(value, str):
                fields[key] = value
            elif key == "picture":
                files.append((await value.read(), value.filename or ""))
            else:
                others.append(key)
    finally:
        await form.close()
    return files, fields, others


def _flag(text: str, name: str) -> bool:
    if text.lower() not in FLAGS:
        raise Problem(400, "bad_request", f"{name} must be true or false.")
    return FLAGS[text.lower()]


def _page_number(text: str) -> int:
    """The number of a page."""
    if not re.fullmatch("[1-9][0-9]{0,7}", text) or int(text) > MAX_PAGE_NUMBER:
        raise Problem(400, "bad_request", f"page must be a whole number from 1 to {MAX_PAGE_NUMBER}.")
    return int(text)


def _sex(text: str) -> Sex:
    for sex in SEXES:
        if text == sex:
            return sex
    raise Problem(400, "bad_request", f"sex must be {' or '.join(SEXES)}.")


def _age(text: str) -> float:
    """Years."""
    if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,20})?(e[+-]?[0-9]{1,3})?", text, re.I) or float(text) > OLDEST_YEARS:
        raise Problem(400, "bad_request", f"age must be a number of years from 0 to {OLDEST_YEARS}.")
    return float(text)


def _recorded_at(text: str) -> str:
    try:
        return given_recording_time(text)
    except UsageError as error:
        raise Problem(400, "bad_request", f"recorded_at: {error}.") from None


def _last(sources: list[Mapping[str, str]], name: str, check: Callable[[str], T]) -> T | None:
    """What `check` makes of the last value of a field that was given, all of them checked; None where none was."""
    values = [check(fields[name]) for fields in sources if name in fields]
    return values[-1] if values else None
