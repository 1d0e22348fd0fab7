"""Let no one in: hosts, origins, tokens, limits, headers."""

import asyncio
import ipaddress
import os
import re
import stat
from functools import partial
from urllib.parse import urlsplit

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecg_edge.errors import OutputError
from ecg_edge.web import middleware
from ecg_edge.web.access import COOKIE, Access, make_token, read_token_hash
from ecg_edge.web.middleware import Limits, RateLimiter, SecurityMiddleware, address_of
from ecg_edge.web.upload import plain_name

JPEG = {"content-type": "image/jpeg"}


@pytest.fixture
def token(tmp_path):
    """A token, and the hash that its file holds."""
    made = make_token(tmp_path / "keys")
    return made, read_token_hash(tmp_path / "keys")


@pytest.mark.parametrize(
    "host, status",
    [("127.0.0.1:8000", 200), ("localhost:8000", 200), ("ECG.local", 200), ("[::1]:8000", 200), ("192.168.1.7", 200), ("ecg.local.", 200),
     ("evil.example", 421), ("127.0.0.1.evil.example", 421), ("localhost.evil.example:8000", 421), ("", 421), ("localhost@evil.example", 421),
     ("localhost/x", 421), ("localhost:port", 421)],
)  # fmt: skip
def test_only_its_own_names_are_answered(client, host, status):
    """Addresses, which no site's name can stand for, and names that are its own: what rebinds a name gets nothing."""
    answer = client.get("/", headers={"host": host})
    assert answer.status_code == status
    if status == 421:
        assert COOKIE not in answer.headers.get("set-cookie", "")


@pytest.mark.parametrize(
    "headers, status",
    [({}, 200), ({"origin": "http://127.0.0.1:8000"}, 200), ({"sec-fetch-site": "same-origin"}, 200), ({"origin": "http://evil.example"}, 403),
     ({"origin": "null"}, 403), ({"origin": "http://127.0.0.1:9999"}, 403), ({"origin": "https://127.0.0.1:8000"}, 200), ({"origin": "127.0.0.1:8000"}, 403),
     ({"sec-fetch-site": "cross-site"}, 403), ({"sec-fetch-site": "same-site"}, 403)],
)  # fmt: skip
def test_what_another_page_sends_is_not_done(client, page_bytes, headers, status):
    """Forms of other sites come with the browser's cookies, and say where from."""
    answer = client.post("/v1/classify", content=page_bytes, headers=JPEG | headers)
    assert answer.status_code == status
    assert client.post("/logout", headers=headers).status_code == (303 if status == 200 else 403)


def test_every_answer_has_the_headers(site, page_bytes):
    """No script, style or picture from elsewhere, nothing inline, no frame, no guess at types; also of problems and redirections."""
    browser = site().client()
    answers = [
        browser.get(path)
        for path in ("/", "/history", "/models", "/nothing", "/v1/results", "/healthz", "/static/app.js")
    ]
    answers += [
        browser.post("/v1/classify", content=b"", headers=JPEG),
        browser.get("/", headers={"host": "evil.example"}),
    ]
    answers.append(browser.post("/read", files={"picture": ("a.jpg", page_bytes)}))
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';") and "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy and "form-action 'self'" in policy
        assert (
            answer.headers["x-content-type-options"] == "nosniff" and answer.headers["referrer-policy"] == "same-origin"
        )
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.headers["cache-control"] in ("no-store", "no-cache")
        assert "server" not in answer.headers and "access-control-allow-origin" not in answer.headers
    result = browser.get(answers[-1].headers["location"]).text
    for text in (result, answers[0].text):
        assert not re.search(r'\sstyle="|\son\w+="|<style|javascript:|(src|href)="(https?:)?//', text)


def test_on_a_network_a_token_is_asked_for(site, token, page_bytes):
    """Programs are told, people are asked; the wrong one lets nobody in; what is open says nothing."""
    made, known = token
    here = site(token_hash=known)
    browser = here.client()
    for path in ("/v1/results", "/v1/models", "/metrics", "/openapi.json", "/v1/results/1/picture"):
        answer = browser.get(path)
        assert (answer.status_code, answer.json()["reason"]) == (401, "no_token")
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert browser.get(path, headers={"authorization": "Bearer wrong"}).status_code == 401
        assert browser.get(path, headers={"authorization": f"Bearer {known}"}).status_code == 401
    assert browser.get("/history").headers["location"] == "/login"
    assert browser.post("/v1/classify", content=page_bytes, headers=JPEG).status_code == 401
    assert browser.get("/healthz").status_code == 200 and browser.get("/static/app.css").status_code == 200
    assert browser.get("/v1/models", headers={"authorization": f"Bearer {made}"}).status_code == 200
    assert not here.client().cookies


def test_people_sign_in_and_out(site, token):
    """The token in any spacing; the cookie is out of a script's reach; signing out ends it and forgets what was held."""
    made, known = token
    here = site(token_hash=known)
    browser = here.client()
    assert browser.get("/login").status_code == 200
    assert (
        browser.post("/login", data={"token": "aaaa-aaaa"}).status_code == 403
        and "not the right token" in browser.post("/login", data={"token": "x"}).text
    )
    answer = browser.post("/login", data={"token": made.upper().replace("-", " ")})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert re.search(r"; Path=/; HttpOnly; SameSite=Lax; Max-Age=\d+$", answer.headers["set-cookie"])
    assert browser.get("/history").status_code == 200
    assert browser.post("/logout").headers["location"] == "/login" and browser.get("/history").status_code == 303
    assert any(event == "login.refused" for _, event, _ in here.noted)


@pytest.fixture
def one_moment(monkeypatch):
    """All requests come in the same moment, however long they take."""
    monkeypatch.setattr(middleware, "RateLimiter", partial(RateLimiter, clock=lambda: 0.0))


def test_guesses_at_the_token_are_slowed_down(one_moment, site, token):
    """Six a minute from an address, right or wrong."""
    browser = site(token_hash=token[1]).client()
    codes = [browser.post("/login", data={"token": "x"}).status_code for _ in range(8)]
    assert codes == [403] * 6 + [429] * 2


def test_too_many_requests_are_told_when_to_come_again(one_moment, site):
    """By address; the static files too."""
    here = site(limits={"requests_per_minute": 30})
    browser, other = here.client(), here.client(client=("10.0.0.9", 1))
    answers = [browser.get("/static/app.css") for _ in range(32)]
    assert [answer.status_code for answer in answers] == [200] * 30 + [429] * 2 and int(
        answers[-1].headers["retry-after"]
    ) >= 1
    assert other.get("/static/app.css").status_code == 200


def call(app, headers=(), messages=(), path="/v1/classify", method="POST"):
    """What an application answers to a request whose body comes in these messages: (status, messages that it took)."""
    taken, sent = [], []

    async def receive():
        if len(taken) < len(messages):
            taken.append(messages[len(taken)])
            return taken[-1]
        await anyio.sleep(60)

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http", "path": path, "raw_path": path.encode(),
             "query_string": b"", "root_path": "", "headers": [(b"host", b"127.0.0.1:8000"), *headers], "client": ("127.0.0.1", 1),
             "server": ("127.0.0.1", 8000)}  # fmt: skip
    asyncio.run(app(scope, receive, send))
    return sent[0]["status"], len(taken)


def test_a_body_that_is_too_long_is_refused_before_it_is_read(site):
    """By what it says of itself, without one byte taken; one that says nothing when it has come too far; a form that is no picture sooner."""
    app = site().app
    part = {"type": "http.request", "body": b"0" * 2**20, "more_body": True}
    jpeg = (b"content-type", b"image/jpeg")
    assert call(app, [(b"content-length", b"%d" % (5 * 2**20)), jpeg], [part] * 9) == (413, 0)
    assert call(app, [(b"content-length", b"-1"), jpeg], [part]) == (400, 0)
    assert call(app, [(b"transfer-encoding", b"chunked"), jpeg], [part] * 9) == (413, 5)
    form = (b"content-type", b"application/x-www-form-urlencoded")
    assert call(app, [(b"content-length", b"100000"), form], [part], "/login") == (413, 0)


def test_a_body_that_does_not_come_is_not_waited_for(site):
    """Its place in the queue is another's."""
    here = site(limits={"body_s": 0.2}, queue=0)
    assert call(
        here.app, [(b"content-type", b"image/jpeg")], [{"type": "http.request", "body": b"0", "more_body": True}]
    ) == (408, 1)
    assert len(here.services.queue) == 0


def test_a_client_that_goes_away_is_no_error(site):
    """Nothing is noted."""
    here = site()
    assert call(here.app, [(b"content-type", b"image/jpeg")], [{"type": "http.disconnect"}])[0] == 400
    assert here.noted == []


def test_the_token_is_shown_once_and_kept_as_a_hash(tmp_path, token):
    """Readable for its owner alone; another makes the first worthless."""
    made, known = token
    path = tmp_path / "keys" / "serve-token"
    assert re.fullmatch(r"([a-z2-9]{4}-){4}[a-z2-9]{4}", made) and made not in path.read_text()
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert Access(known).is_token(made) and not Access(known).is_token(make_token(tmp_path / "keys"))
    assert not Access(None).is_token(made) and not Access(known).is_token("")
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        make_token(tmp_path / "file")
    assert read_token_hash(tmp_path / "none") is None


def test_sessions_are_signed_and_end():
    """One that was made up, changed, of another key or too old proves nothing."""
    now = [1000.0]
    access = Access(None, clock=lambda: now[0])
    name, cookie = access.open_session()
    pair = cookie.partition(";")[0]
    assert access.session_of(f"other=1; {pair}") == name and "Secure" not in cookie
    for wrong in (
        "",
        pair[:-1],
        pair.replace(name, "x"),
        f"{COOKIE}=a.b.c",
        f"{COOKIE}=",
        "\x00",
        f"{COOKIE}={name}.99999999999.",
        f"{COOKIE}=é.1.é",
    ):
        assert access.session_of(wrong) is None
    assert Access(None).session_of(pair) is None
    now[0] += 40 * 86_400
    assert access.session_of(pair) is None
    assert "; Secure" in Access("hash", secure=True).open_session()[1]


def test_a_pace_is_kept_for_each_address():
    """So many at once, then as they come back."""
    now = [0.0]
    limiter = RateLimiter(60, clock=lambda: now[0])
    assert (
        [limiter.wait_s("a") for _ in range(61)].count(0) == 60
        and limiter.wait_s("a") == 1
        and limiter.wait_s("b") == 0
    )
    now[0] = 2.0
    assert [limiter.wait_s("a") for _ in range(3)] == [0, 0, 1]
    for number in range(5000):
        limiter.wait_s(str(number))
    assert len(limiter._buckets) <= 4096


def test_a_household_of_ipv6_is_one_address():
    """Each of its devices has millions."""
    first, second = ({"client": (f"2001:db8:1:2::{n}", 1)} for n in (1, 2))
    assert address_of(first) == address_of(second) == "2001:db8:1:2::/64"
    assert address_of({"client": ("10.0.0.1", 1)}) == "10.0.0.1" and address_of({"client": None}) == ""


@pytest.mark.slow
@given(st.text(max_size=300))
def test_names_of_pictures_are_no_paths(name):
    """Whatever a client calls its picture: printable, short, one part, never empty."""
    plain = plain_name(name)
    assert (
        plain
        and len(plain) <= 100
        and plain.isprintable()
        and not set(plain) & set("/\\\0\r\n")
        and plain == plain.strip()
    )


@pytest.mark.slow
@given(st.text(max_size=60))
def test_no_host_is_ours_by_accident(host):
    """What is answered is an address or one of the names, whatever stands there."""
    middleware = SecurityMiddleware(None, Limits(frozenset({"localhost"}), 1), Access(), None, None)
    if middleware._is_own_host(host):
        name = urlsplit(f"//{host}").hostname.rstrip(".")
        assert name == "localhost" or ipaddress.ip_address(name)
