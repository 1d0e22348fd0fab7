"""What every request passes before anything of it is read: host, rate, size, origin, session; and the headers of every answer."""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import anyio
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .access import Access
from .metrics import Metrics
from .problems import Problem

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; form-action 'self';"
        " base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # With "no-referrer" browsers send forms with the origin "null".
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-store",
}
"""Of every answer; what may be cached says so itself."""
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
PUBLIC_PATHS = ("/login", "/healthz", "/static/")
"""What may be seen without a token: the log-in, the health of the server, and static files."""
MAX_ADDRESSES = 4096
"""How many addresses' rates are remembered."""
SMALL_BODY_BYTES = 64 * 1024
"""The longest body of a request that sends no picture."""


@dataclass(frozen=True)
class Limits:
    """What requests are let in: those to the host `names`, beside addresses; the longest body in bytes and in seconds; requests and log-ins per minute and
    address."""

    names: frozenset[str]
    body_bytes: int
    body_s: float = 60.0
    requests_per_minute: int = 1200
    logins_per_minute: int = 6


class RateLimiter:
    """So many requests a minute for each address, and as many at once: a token bucket."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute, self._clock = per_minute, clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_s(self, address: str) -> int:
        """0 where the address may; else after how many seconds it may again."""
        now, rate = self._clock(), self._per_minute / 60
        left, since = self._buckets.pop(address, (float(self._per_minute), now))
        left = min(left + (now - since) * rate, self._per_minute)
        self._buckets[address] = (left - 1 if left >= 1 else left, now)
        while len(self._buckets) > MAX_ADDRESSES:
            self._buckets.popitem(last=False)
        return 0 if left >= 1 else max(int((1 - left) / rate), 1)


class SecurityMiddleware:
    """The application's outermost layer.

    Parameters
    ----------
    app : the ASGI application within
    limits : what is let in
    access : sessions, and the token where one is needed
    metrics : counts answers
    respond : a function of (path, headers, `Problem`) that makes the response
    """

    def __init__(
        self,
        app: ASGIApp,
        limits: Limits,
        access: Access,
        metrics: Metrics,
        respond: Callable[[str, Headers, Problem], Response],
    ) -> None:
        self._app, self._limits, self._access, self._metrics, self._respond = app, limits, access, metrics, respond
        self._requests, self._logins = RateLimiter(limits.requests_per_minute), RateLimiter(limits.logins_per_minute)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or say why not."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        cookies: list[str] = []

        async def finish(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    given.setdefault(name, value)
                for cookie in cookies:
                    given.append("Set-Cookie", cookie)
                self._metrics.count("ecg_edge_requests_total", status=message["status"])
            await send(message)

        try:
            self._check(scope, headers)
            scope["session"] = self._session(scope, headers, cookies)
        except Problem as problem:
            if problem.status == 401 and not is_for_programs(scope["path"], headers):
                await RedirectResponse("/login", 303)(scope, receive, finish)
            else:
                await self._respond(scope["path"], headers, problem)(scope, receive, finish)
            return
        scope["cookies_to_set"] = cookies
        await self._app(scope, self._limited(scope, receive), finish)

    def _check(self, scope: Scope, headers: Headers) -> None:
        address = address_of(scope)
        host = headers.get("host", "")
        if not self._is_own_host(host):
            raise Problem(
                421, "wrong_host", "This server is not called so: use its address, or add the name to [serve] names."
            )
        wait_s = self._requests.wait_s(address)
        if not wait_s and scope["method"] == "POST" and scope["path"] == "/login":
            wait_s = self._logins.wait_s(address)
        if wait_s:
            raise Problem(
                429, "too_fast", f"Too many requests from here: wait {wait_s} s.", {"Retry-After": str(wait_s)}
            )
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdecimal()):
            raise Problem(400, "bad_request", "The length of the request's body is no number.")
        if int(length) > self._max_bytes(scope):
            raise too_large(self._limits.body_bytes)
        if scope["method"] not in SAFE_METHODS:
            self._check_origin(headers, host)

    def _check_origin(self, headers: Headers, host: str) -> None:
        # Browsers say where a form was sent from; programs say nothing, and send no cookies of a browser.
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        # Of any scheme, since a proxy may speak TLS before us.
        foreign = origin is not None and origin.lower().partition("://")[2] != host.lower()
        if foreign or site not in (None, "same-origin", "none"):
            raise Problem(403, "wrong_origin", "This request was made by another page: use the page of this server.")

    def _session(self, scope: Scope, headers: Headers, cookies: list[str]) -> str | None:
        """The request's session; a new one where it has none and may have one."""
        session = self._access.session_of(headers.get("cookie", ""))
        if session is not None:
            return session
        path = scope["path"]
        if self._access.needs_token:
            kind, _, token = headers.get("authorization", "").partition(" ")
            if not (kind.lower() == "bearer" and self._access.is_token(token)):
                if any(path == public or (public.endswith("/") and path.startswith(public)) for public in PUBLIC_PATHS):
                    return None
                raise Problem(401, "no_token", "Give the token that was shown at the first start: 'Authorization: Bearer TOKEN'.",
                              {"WWW-Authenticate": 'Bearer realm="ecg-edge"'})  # fmt: skip
        if path.startswith("/static/") or path == "/healthz":
            return None
        session, cookie = self._access.open_session()
        cookies.append(cookie)
        return session

    def _max_bytes(self, scope: Scope) -> int:
        is_picture = scope["path"] in ("/v1/classify", "/read")
        return self._limits.body_bytes if is_picture else SMALL_BODY_BYTES

    def _limited(self, scope: Scope, receive: Receive) -> Receive:
        """`receive`, with limits to how much comes, and until when."""
        max_bytes, got = self._max_bytes(scope), 0
        deadline: float | None = None
        whole = False

        async def limited() -> Message:
            nonlocal got, deadline, whole
            if whole:
                return await receive()
            deadline = deadline or anyio.current_time() + self._limits.body_s
            with anyio.CancelScope(deadline=deadline) as wait:
                message = await receive()
            if wait.cancelled_caught:
                raise Problem(
                    408,
                    "too_slow",
                    "The picture did not arrive in time: try again on a better connection.",
                    {"Connection": "close"},
                )
            got += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            if got > max_bytes:
                raise too_large(self._limits.body_bytes)
            return message

        return limited

    def _is_own_host(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
            port = urlsplit(f"//{host}").port
        except ValueError:
            return False
        if not name or port == 0 or any(letter in host for letter in "/?#@\\ "):
            return False
        try:
            # No other site's name leads here by an address (DNS rebinding needs a name).
            ipaddress.ip_address(name)
            return True
        except ValueError:
            return name.rstrip(".") in self._limits.names


def too_large(max_bytes: int) -> Problem:
    """The `Problem` of a body that is too long."""
    return Problem(
        413,
        "too_large",
        f"The picture is too large: use one of at most {max_bytes // 2**20} MB.",
        {"Connection": "close"},
    )


def is_for_programs(path: str, headers: Headers) -> bool:
    """Whether an answer is to be read by programs, not people."""
    return path.startswith(("/v1/", "/metrics", "/healthz", "/openapi.json")) or "application/json" in headers.get(
        "accept", ""
    )


def address_of(scope: Scope) -> str:
    """The client's address as limits count it: of IPv6 the network that a household has."""
    client = (scope.get("client") or ("",))[0]
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return client
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else client
