"""What every request passes before anything of it is read: host, pace, size, origin, session; and the headers of every answer."""

import ipaddress
import time
from collections import OrderedDict
from dataclasses import dataclass
from urllib.parse import urlsplit

import anyio
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse

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
SAFE = ("GET", "HEAD", "OPTIONS")
OPEN_PATHS = ("/login", "/healthz", "/static/")
"""What may be seen without a token: the way in, and whether the server lives."""
ADDRESSES = 4096
SMALL_BODY = 64 * 1024
"""Bytes of a body that is no picture."""


@dataclass(frozen=True)
class Rules:
    """Limits: host `names` beside addresses, the longest body in bytes and in seconds, requests and log-ins per minute and address."""

    names: frozenset
    body_bytes: int
    body_s: float = 60.0
    requests_per_minute: int = 1200
    logins_per_minute: int = 6


class Pace:
    """So many a minute for each address, and as many at once: a bucket that fills again."""

    def __init__(self, per_minute, clock=time.monotonic):
        self._per_minute, self._clock, self._buckets = per_minute, clock, OrderedDict()

    def wait_s(self, address):
        """0 where the address may; else after how many seconds it may again."""
        now, rate = self._clock(), self._per_minute / 60
        left, since = self._buckets.pop(address, (float(self._per_minute), now))
        left = min(left + (now - since) * rate, self._per_minute)
        self._buckets[address] = (left - 1 if left >= 1 else left, now)
        while len(self._buckets) > ADDRESSES:
            self._buckets.popitem(last=False)
        return 0 if left >= 1 else max(int((1 - left) / rate), 1)


class Guard:
    """The application's outermost layer.

    Parameters
    ----------
    app : the ASGI application within
    rules : Rules
    access : `web_access.Access`
    metrics : `metrics.Metrics`
    respond : a function of (path, headers, `Problem`) that makes the response
    """

    def __init__(self, app, rules, access, metrics, respond):
        self._app, self._rules, self._access, self._metrics, self._respond = app, rules, access, metrics, respond
        self._requests, self._logins = Pace(rules.requests_per_minute), Pace(rules.logins_per_minute)

    async def __call__(self, scope, receive, send):
        """Answer a request, or say why not."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _answer(self, scope, receive, send):
        headers, cookies = Headers(scope=scope), []

        async def finish(message):
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
        await self._app(scope, self._bounded(scope, receive), finish)

    def _check(self, scope, headers):
        address = address_of(scope)
        host = headers.get("host", "")
        if not self._is_ours(host):
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
        if int(length) > self._most_bytes(scope):
            raise too_large(self._rules.body_bytes)
        if scope["method"] not in SAFE:
            self._check_origin(headers, host)

    def _check_origin(self, headers, host):
        # Browsers say where a form was sent from; programs say nothing, and send no cookies of a browser.
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        # Of any scheme, since a proxy may speak TLS before us.
        foreign = origin is not None and origin.lower().partition("://")[2] != host.lower()
        if foreign or site not in (None, "same-origin", "none"):
            raise Problem(403, "wrong_origin", "This request was made by another page: use the page of this server.")

    def _session(self, scope, headers, cookies):
        """The request's session; a new one where it has none and may have one."""
        session = self._access.session_of(headers.get("cookie", ""))
        if session is not None:
            return session
        path = scope["path"]
        if self._access.needs_token:
            kind, _, token = headers.get("authorization", "").partition(" ")
            if not (kind.lower() == "bearer" and self._access.is_token(token)):
                if any(path == way or (way.endswith("/") and path.startswith(way)) for way in OPEN_PATHS):
                    return None
                raise Problem(401, "no_token", "Give the token that was shown at the first start: 'Authorization: Bearer TOKEN'.",
                              {"WWW-Authenticate": 'Bearer realm="ecg-edge"'})  # fmt: skip
        if path.startswith("/static/") or path == "/healthz":
            return None
        session, cookie = self._access.open_session()
        cookies.append(cookie)
        return session

    def _most_bytes(self, scope):
        is_picture = scope["path"] in ("/v1/classify", "/read")
        return self._rules.body_bytes if is_picture else SMALL_BODY

    def _bounded(self, scope, receive):
        """`receive`, with limits to how much comes, and until when."""
        most, left_s, got = self._most_bytes(scope), self._rules.body_s, 0
        until, whole = None, False

        async def bounded():
            nonlocal got, until, whole
            if whole:
                return await receive()
            until = until or anyio.current_time() + left_s
            with (
                anyio.move_on_at(until) if hasattr(anyio, "move_on_at") else anyio.CancelScope(deadline=until) as limit
            ):
                message = await receive()
            if limit.cancelled_caught:
                raise Problem(
                    408,
                    "too_slow",
                    "The picture did not arrive in time: try again on a better connection.",
                    {"Connection": "close"},
                )
            got += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            if got > most:
                raise too_large(self._rules.body_bytes)
            return message

        return bounded

    def _is_ours(self, host):
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
            return name.rstrip(".") in self._rules.names


def too_large(most_bytes):
    """The `Problem` of a body that is too long."""
    return Problem(
        413,
        "too_large",
        f"The picture is too large: give one of at most {most_bytes // 2**20} MB.",
        {"Connection": "close"},
    )


def is_for_programs(path, headers):
    """Whether an answer is to be read by programs, not people."""
    return path.startswith(("/v1/", "/metrics", "/healthz", "/openapi.json")) or "application/json" in headers.get(
        "accept", ""
    )


def address_of(scope):
    """The client's address as limits count it: of IPv6 the network that a household has."""
    client = (scope.get("client") or ("",))[0]
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return client
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else client
