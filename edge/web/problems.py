"""What went wrong with a request, as problem+json (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse

from ..errors import Reason

STATUS = {Reason.TOO_LARGE.value: 413, Reason.UNSUPPORTED.value: 415}
"""The HTTP status of a picture that could not be opened, by reason; 422 of the others."""


class Problem(Exception):
    """A request that is not done: the HTTP `status`, a `reason` for programs, and a sentence for people that says what to do."""

    def __init__(
        self, status: int, reason: str, sentence: str, headers: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(sentence)
        self.status, self.reason, self.headers, self.more = status, reason, headers or {}, more

    def to_dict(self) -> dict[str, Any]:
        """The JSON object."""
        return {
            "type": f"urn:ecg-edge:problem:{self.reason}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": str(self),
            "reason": self.reason,
            **self.more,
        }

    def to_response(self) -> JSONResponse:
        """As problem+json."""
        return JSONResponse(self.to_dict(), self.status, self.headers, "application/problem+json")


def problem_of_result(result: Mapping[str, Any]) -> Problem | None:
    """The `Problem` of the dict of a failed result, with the command line's reason and sentence; None for any other result: a refusal is an
    answer."""
    if result["status"] != "failed":
        return None
    return Problem(STATUS.get(result["reason"], 422), result["reason"], result["message"], result=result)


def not_found() -> Problem:
    """The `Problem` of something that is not there, or not this session's: which of both is not said."""
    return Problem(
        404,
        "not_found",
        "There is nothing of that name here: it may have been forgotten, or belong to another session.",
    )
