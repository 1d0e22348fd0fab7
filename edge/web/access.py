"""Who may use the page: a token on networks, and for each browser a session that is nobody else's."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import time
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie

from ..errors import OutputError
from ..system.durable_files import write_whole

COOKIE = "ecg-edge-session"
LIFETIME_S = 30 * 86_400
TOKEN_FILE = "serve-token"
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""Letters and digits that are not taken for each other when they are typed on a phone."""
GROUPS, GROUP_LENGTH = 5, 4
"""Twenty of them: 99 bits."""


def make_token(folder: str | os.PathLike[str]) -> str:
    """A new token, of which the file in `folder` keeps the hash alone: it is shown once.

    Raises
    ------
    OutputError : the file cannot be written.
    """
    token = "-".join("".join(secrets.choice(ALPHABET) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS))
    path = os.path.join(folder, TOKEN_FILE)
    try:
        os.makedirs(folder, exist_ok=True)
        write_whole(path, _hash(token).encode())
        os.chmod(path, 0o600)
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be written ({error.strerror}). Use another folder (--store), or 'sudo'."
        ) from error
    return token


def read_token_hash(folder: str | os.PathLike[str]) -> str | None:
    """The hash of the token; None where none was made yet."""
    try:
        with open(os.path.join(folder, TOKEN_FILE), encoding="ascii") as file:
            return file.read().strip() or None
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise OutputError(f"{os.path.join(folder, TOKEN_FILE)} cannot be read ({error}).") from error


class Access:
    """Sessions, and the token where one is needed.

    Parameters
    ----------
    token_hash : as `read_token_hash` gives it; None where everybody who reaches the port may come in
    secure : whether the page is served by TLS, so that cookies go by nothing else
    clock : time in seconds
    """

    def __init__(
        self, token_hash: str | None = None, secure: bool = False, clock: Callable[[], float] = time.time
    ) -> None:
        self.needs_token, self._hash, self._secure, self._clock = token_hash is not None, token_hash, secure, clock
        # Sessions end with the server, or where there is a token with the token.
        self._key = hashlib.sha256(b"session" + token_hash.encode()).digest() if token_hash else secrets.token_bytes(32)

    def is_token(self, text: str) -> bool:
        """Whether it is the token, however it is spaced."""
        given = "".join(text.lower().split()).replace("-", "")
        grouped = "-".join(given[i : i + GROUP_LENGTH] for i in range(0, len(given), GROUP_LENGTH))
        return self._hash is not None and hmac.compare_digest(_hash(grouped), self._hash)

    def session_of(self, cookies: str) -> str | None:
        """The session that a Cookie header proves; None where it proves none."""
        try:
            morsel = SimpleCookie(cookies).get(COOKIE)
        except CookieError:
            return None
        name, _, rest = (morsel.value if morsel else "").partition(".")
        until, _, signature = rest.partition(".")
        if not until.isdecimal() or not hmac.compare_digest(signature.encode(), self._sign(name, until).encode()):
            return None
        return name if int(until) > self._clock() else None

    def open_session(self) -> tuple[str, str]:
        """(session, Set-Cookie header) of a new one."""
        name, until = secrets.token_urlsafe(18), str(int(self._clock()) + LIFETIME_S)
        value = f"{name}.{until}.{self._sign(name, until)}"
        age = f"; Max-Age={LIFETIME_S}" if self.needs_token else ""
        return name, f"{COOKIE}={value}; Path=/; HttpOnly; SameSite=Lax{age}{'; Secure' if self._secure else ''}"

    def close_session(self) -> str:
        """The Set-Cookie header that ends a browser's session."""
        return f"{COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"

    def _sign(self, name: str, until: str) -> str:
        return hmac.new(self._key, f"{name}.{until}".encode(), "sha256").hexdigest()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
