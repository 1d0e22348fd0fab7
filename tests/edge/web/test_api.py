"""The interface for programs: the command line's results and reasons, over HTTP."""

import asyncio
import json
import threading
import zipfile
from io import BytesIO

import anyio
import httpx2 as httpx
import jsonschema
import pytest
from PIL import Image

from ecg_edge.errors import CameraError, DamagedModelError, Reason, WorkerError, WorkerTimeoutError
from ecg_edge.measure.person import Person
from ecg_edge.reader import Reader
from ecg_edge.web.openapi import HERE, document
from ecg_edge.web.reading_service import PREVIEW, ReadingRequest

from ..files import made
from ..waiting import LIMIT_S
from .conftest import HOME

JPEG = {"content-type": "image/jpeg"}


def same(result):
    """A result without what differs from reading to reading."""
    return {name: value for name, value in result.items() if name not in ("source", "timing_ms", "captured_at")}


@pytest.fixture(scope="module")
def check():
    """Hold a result against the command line's schema."""
    return jsonschema.Draft202012Validator(json.loads((HERE.parent / "result.schema.json").read_text())).validate


@pytest.mark.slow
@pytest.mark.parametrize("model", ["page", "cnn"])
def test_a_picture_gives_the_command_lines_result(client, few_pages, check, model):
    """By form or by body, with any model: the same but for name and time."""
    for page in few_pages[:2]:
        expected = Reader(model).read(page.path).to_dict()
        answers = [
            client.post(
                "/v1/classify", files={"picture": (page.path.name, page.path.read_bytes())}, data={"model": model}
            ),
            client.post(f"/v1/classify?model={model}", content=page.path.read_bytes(), headers=JPEG),
        ]
        for answer in answers:
            assert answer.status_code == 200 and answer.headers["content-type"] == "application/json"
            check(answer.json())
            assert same(answer.json()) == same(expected)
        assert answers[0].json()["source"] == page.path.name and answers[1].json()["source"] == "picture"


@pytest.mark.slow
def test_a_page_of_a_file_is_asked_for_by_its_number(client, few_pages):
    """By query or form; without one the first, with a message; one that is not there is a problem."""
    pages = [Image.open(page.path).convert("RGB") for page in few_pages[:2]]
    data = made.pdf(*pages)
    expected = [Reader("page").read(data, page=number) for number in (1, 2)]
    for number, result in enumerate(expected, 1):
        answers = [
            client.post(f"/v1/classify?page={number}", content=data, headers={"content-type": "application/pdf"}),
            client.post("/v1/classify", files={"picture": ("scan.pdf", data)}, data={"page": str(number)}),
        ]
        assert [answer.json()["source"] for answer in answers] == [f"picture#{number}", f"scan.pdf#{number}"]
        assert same(answers[0].json()) == same(answers[1].json()) == same(result.to_dict())
    first = client.post("/v1/classify", files={"picture": ("scan.pdf", data)}, data={"page": ""}).json()
    assert (first["source"], first["message"]) == ("scan.pdf#1", "The file holds 2 pages; the first was read.")
    missing = client.post("/v1/classify?page=3", content=data, headers=JPEG)
    assert (missing.status_code, missing.json()["detail"]) == (422, "There is no page 3: the file holds 2 pages.")
    for wrong in ("", "0", "01", "x", "-1", "10001", "1e3"):
        answer = client.post(f"/v1/classify?page={wrong}", content=data, headers=JPEG)
        assert (answer.status_code, answer.json()["reason"]) == (400, "bad_request")


@pytest.mark.slow
def test_sex_and_age_come_by_query_or_form(client, worker, no_ecg):
    """What a browser sends empty is not given; what is none is a problem."""
    asked = [
        client.post("/v1/classify?sex=female&age=63", content=no_ecg, headers=JPEG),
        client.post("/v1/classify", files={"picture": ("a.jpg", no_ecg)}, data={"sex": "male", "age": "0.5"}),
        client.post("/v1/classify", files={"picture": ("a.jpg", no_ecg)}, data={"sex": "", "age": ""}),
        client.post("/v1/classify?age=6.3e1", content=no_ecg, headers=JPEG),  # as JSON writes numbers, too
    ]
    assert {answer.status_code for answer in asked} == {200}
    assert [request.person for request in worker.asked] == [
        Person("female", 63),
        Person("male", 0.5),
        Person(),
        Person(None, 63),
    ]
    for wrong in ("sex=", "sex=m", "age=", "age=-1", "age=131", "age=nan", "age=1e3", "age=1e999", "age=e1"):
        answer = client.post(f"/v1/classify?{wrong}", content=no_ecg, headers=JPEG)
        assert (answer.status_code, answer.json()["reason"]) == (400, "bad_request")


def test_the_time_of_recording_comes_by_query_or_form(client, no_ecg):
    """And stands in the result; what is none is a problem."""
    answers = [
        client.post("/v1/classify?recorded_at=2019-05-03", content=no_ecg, headers=JPEG),
        client.post("/v1/classify", files={"picture": ("a.jpg", no_ecg)}, data={"recorded_at": "2019-05-03T10:20:30Z"}),
        client.post("/v1/classify", files={"picture": ("a.jpg", no_ecg)}, data={"recorded_at": ""}),
    ]
    assert [answer.json()["recorded_at"] for answer in answers] == ["2019-05-03", "2019-05-03T10:20:30+00:00", None]
    wrong = client.post("/v1/classify?recorded_at=yesterday", content=no_ecg, headers=JPEG)
    assert wrong.status_code == 400 and "'yesterday' is no time of recording" in wrong.json()["detail"]


@pytest.mark.slow
def test_fhir_has_signals_report_and_subject(client, page_bytes):
    """Of a result that was read with views; a subject that is none is a problem."""
    place = client.post("/v1/classify?views=true", content=page_bytes, headers=JPEG).headers["location"]
    report, *others = (
        entry["resource"] for entry in client.get(f"{place}/fhir.json?subject=Patient/7").json()["entry"]
    )
    assert (
        report["subject"] == {"reference": "Patient/7"}
        and report["presentedForm"][0]["contentType"] == "application/pdf"
    )
    assert sum("valueSampledData" in each for each in others) == 13
    assert client.get(f"{place}/fhir.json?subject=Smith").status_code == 400


@pytest.mark.slow
def test_a_table_of_leads_is_read_as_a_page_is(client, normal_page, tmp_path):
    """By the interface for programs, with what can be looked at; there is no picture."""
    path = Reader("page", signals=True).read(normal_page).signals.to_csv(tmp_path, "page")
    answer = client.post("/v1/classify?views=true", files={"picture": ("page.csv", path.read_bytes())})
    assert answer.json()["verdict"] == "normal" and answer.json()["page"] is None
    place = answer.headers["location"]
    assert client.get(f"{place}/report.pdf").content.startswith(b"%PDF")
    assert client.get(f"{place}/signals.csv").content == path.read_bytes()
    assert client.get(f"{place}/overlay.jpg").status_code == 404
    assert client.get(place.replace("/v1", "")).status_code == 200


@pytest.mark.slow
def test_a_kept_page_of_a_file_is_read_again_as_that_page(client, few_pages):
    """With another model."""
    data = made.pdf(*(Image.open(page.path).convert("RGB") for page in few_pages[:2]))
    answer = client.post("/v1/classify?page=2&keep=true", files={"picture": ("scan.pdf", data)})
    place = answer.headers["location"].removeprefix("/v1")
    shown = client.get(place).text
    assert "The file as it was given" in shown
    assert client.get(f"/v1{place}/picture").content == data
    again = client.post(f"{place}/again", data={"model": "cnn"})
    result = client.get("/v1" + again.headers["location"]).json()
    assert (result["source"], result["model"]["name"]) == ("scan.pdf#2", "cnn")


@pytest.mark.slow
def test_a_refusal_is_an_answer(client, no_ecg, odd_pages, check):
    """With its reason and sentence, as on the command line."""
    for data, model in ((no_ecg, "page"), (odd_pages[0].path.read_bytes(), "cnn")):
        answer = client.post(f"/v1/classify?model={model}", content=data, headers=JPEG)
        result = answer.json()
        check(result)
        assert (answer.status_code, result["status"], result["verdict"]) == (200, "refused", None)
        assert same(result) == same(Reader(model).read(data).to_dict())


@pytest.mark.parametrize(
    "data, status, reason",
    [
        (b"%!PS-Adobe-3.0", 415, "unsupported"),
        (b"what is this", 422, "not_a_picture"),
        (b"\xff\xd8\xff\xe0", 422, "truncated"),
        (b"", 422, "truncated"),
        (b"\xff\xd8" + b"0" * (5 * 2**20), 413, "too_large"),
    ],
)
def test_what_cannot_be_opened_is_a_problem_with_the_command_lines_reason(client, data, status, reason):
    """As problem+json; nothing of it is held."""
    answer = client.post("/v1/classify", content=data, headers=JPEG)
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, problem["status"], problem["reason"]) == (status, status, reason)
    assert problem["type"] == f"urn:ecg-edge:problem:{reason}" and problem["detail"] and Reason(reason)
    assert client.get("/v1/results").json()["results"] == []


def test_what_is_no_request_for_a_picture_is_said_to_be_none(client, page_bytes):
    """Another model, another kind of body, a broken form."""
    for options, status, reason in (
        ({"content": page_bytes, "headers": JPEG, "params": {"model": "../page"}}, 422, "no_model"),
        ({"json": {"picture": "x"}}, 415, "unsupported"),
        ({"content": b"--x", "headers": {"content-type": "multipart/form-data"}}, 400, "bad_request"),
        ({"content": b"nothing", "headers": {"content-type": "multipart/form-data; boundary=x"}}, 400, "bad_request"),
        ({"data": {"picture": "text"}, "files": {"other": b"x"}}, 422, "truncated"),
    ):
        answer = client.post("/v1/classify", **options)
        assert (answer.status_code, answer.json()["reason"]) == (status, reason)


def test_what_would_be_passed_over_is_said(client):
    """A second picture, a file without bytes, and a parameter of the address that was meant to count."""
    two = client.post("/v1/classify", files=[("picture", ("a.jpg", b"x")), ("picture", ("b.jpg", b"y"))])
    assert (two.status_code, two.json()["reason"]) == (400, "bad_request")
    assert two.json()["detail"] == "There are 2 pictures in the request: send each in a request of its own."
    empty = client.post("/v1/classify", files={"picture": ("a.jpg", b"")})
    assert (empty.status_code, empty.json()["reason"]) == (422, "truncated")
    assert empty.json()["detail"] == "The file a.jpg is empty: copy or take the picture again."
    body = client.post("/v1/classify", content=b"", headers=JPEG)
    assert body.json()["detail"] == "The body of the request is empty: send the picture's bytes."
    field = client.post("/v1/classify", files={"image": ("a.jpg", b"x")})
    assert (field.status_code, field.json()["reason"]) == (422, "truncated")
    assert field.json()["detail"] == "The form has its file in the field 'image': send it as the field 'picture'."
    unknown = client.post("/v1/classify?mm_per_s=50", content=b"x", headers=JPEG)
    assert unknown.status_code == 400 and unknown.json()["detail"].startswith("There is no parameter mm_per_s: ")


def test_results_are_held_for_their_session_and_forgotten(site, page_bytes):
    """By a name that cannot be guessed; another browser sees nothing, even of that name."""
    here = site()
    mine, other = here.client(), here.client()
    answer = mine.post("/v1/classify", content=page_bytes, headers=JPEG)
    place = answer.headers["location"]
    assert len(place.rsplit("/", 1)[1]) >= 16
    assert mine.get(place).json() == answer.json()
    assert [item["id"] for item in mine.get("/v1/results").json()["results"]] == [place.rsplit("/", 1)[1]]
    other.get("/")
    for way in ("", "/picture", "/result.json"):
        assert other.get(place + way).status_code == 404
    assert other.get("/v1/results").json() == {"results": [], "before": None}
    assert other.delete(place).status_code == 404 and other.post(place + "/keep").status_code == 404
    assert mine.delete(place).status_code == 204 and mine.get(place).status_code == 404


def test_what_is_kept_is_seen_by_all_and_found_again(site, page_bytes, no_ecg):
    """With its picture's bytes; listed the newest first, searched, in parts."""
    here = site()
    mine, other = here.client(), here.client()
    place = mine.post("/v1/classify?keep=true", content=page_bytes, headers=JPEG).headers["location"]
    assert place == "/v1/results/1"
    second = mine.post("/v1/classify", files={"picture": ("../../etc/Face.png", no_ecg)}).headers["location"]
    assert mine.post(second + "/keep").json() == {"id": "2"} == mine.post(second + "/keep").json()
    assert other.get(place).json()["verdict"] == "normal"
    assert other.get(place + "/picture").content == page_bytes
    assert other.get(place + "/fhir.json").json()["entry"][0]["resource"]["resourceType"] == "DiagnosticReport"
    assert other.get(place + "/overlay.jpg").json()["reason"] == "no_views"

    def found(**wanted):
        return [item["id"] for item in other.get("/v1/results", params=wanted).json()["results"]]

    assert found() == ["2", "1"] and found(status="refused") == ["2"] and found(q="face") == ["2"]
    assert found(verdict="normal", model="page", since="2000-01-01") == ["1"] and found(until="2000-01-01") == []
    assert other.get("/v1/results?limit=1").json()["before"] == 2 and found(limit=1, before=2) == ["1"]
    assert other.get("/v1/results").json()["results"][0]["result"]["source"] == "Face.png"


def test_a_search_that_cannot_be_is_a_problem(client):
    """Which parameter, and what it may be."""
    for query in (
        "status=good",
        "verdict=x",
        "since=yesterday",
        "limit=0",
        "limit=x",
        "before=-1",
        "limit=1e3",
        "since=0001-01-01T00:00%2B23:59",
    ):
        answer = client.get(f"/v1/results?{query}")
        assert (answer.status_code, answer.json()["reason"]) == (400, "bad_request")
        assert answer.json()["detail"].startswith(query.partition("=")[0])


def test_without_a_store_nothing_is_kept(site, page_bytes):
    """And a request to do so is told."""
    browser = site(store=False).client()
    place = browser.post("/v1/classify", content=page_bytes, headers=JPEG).headers["location"]
    assert browser.post(place + "/keep").json()["reason"] == "no_store"
    assert browser.post("/v1/classify?keep=1", content=page_bytes, headers=JPEG).status_code == 409


@pytest.mark.slow
def test_views_can_be_taken_away(client, page_bytes):
    """Overlay, signals, report, FHIR; each under a name that no path can be."""
    answer = client.post("/v1/classify?views=true", content=page_bytes, headers=JPEG)
    place = answer.headers["location"]
    for name, media_type, start in (
        ("overlay.jpg", "image/jpeg", b"\xff\xd8"), ("gray.jpg", "image/jpeg", b"\xff\xd8"), ("lead-V1-ink.png", "image/png", b"\x89PNG"),
        ("signal-II.svg", "image/svg+xml", b"<svg"), ("signals.csv", "text/csv; charset=utf-8", b"time_s,I_mV"), ("signals-wfdb.zip", "application/zip", b"PK"),
        ("report.pdf", "application/pdf", b"%PDF-1.7"), ("result.json", "application/json", b"{"), ("fhir.json", "application/fhir+json", b"{"),
    ):  # fmt: skip
        got = client.get(f"{place}/{name}")
        assert (got.status_code, got.headers["content-type"]) == (200, media_type) and got.content.startswith(start), (
            name
        )
    archive = zipfile.ZipFile(BytesIO(client.get(f"{place}/signals-wfdb.zip").content))
    assert sorted(name.rsplit(".", 1)[1] for name in archive.namelist()) == ["dat", "hea"]
    assert same(client.get(f"{place}/result.json").json()) == same(answer.json())
    for name in ("passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e", "overlay.jpg%00"):
        assert client.get(f"{place}/{name}").status_code in (404, 405)


def test_models_are_shown_as_their_cards_say(client):
    """The default one named."""
    answer = client.get("/v1/models").json()
    assert answer["default"] == "page" and {card["name"] for card in answer["models"]} >= {"page", "cnn", "crnn"}


def test_health_and_metrics(client, page_bytes):
    """Counts of requests and pages, by what came of them."""
    assert client.get("/healthz").json() == {"ok": True}
    client.post("/v1/classify", content=page_bytes, headers=JPEG)
    client.post("/v1/classify", content=b"none", headers=JPEG)
    text = client.get("/metrics").text
    assert 'ecg_edge_pages_total{status="read"} 1' in text and 'ecg_edge_pages_total{status="failed"} 1' in text
    assert 'ecg_edge_requests_total{status="422"} 1' in text and "ecg_edge_reading_seconds_count 2" in text
    assert text.count("# TYPE ecg_edge_pages_total counter") == 1


def test_paths_and_methods_that_there_are_not_are_problems(client):
    """For programs as problem+json, for people as a page."""
    for method, path, status in (
        ("GET", "/v1/nothing", 404),
        ("PUT", "/v1/results/1", 405),
        ("GET", "/v1/results/99", 404),
    ):
        answer = client.request(method, path)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    answer = client.get("/nothing")
    assert answer.status_code == 404 and answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    "error, status, reason",
    [
        (WorkerTimeoutError("It gave no answer."), 422, "unsupported"),
        (WorkerError("It ended."), 422, "unsupported"),
        (DamagedModelError("page.tflite is damaged"), 503, "installation"),
        (CameraError("no camera"), 503, "camera"),
        (ZeroDivisionError("a fault of ours"), 500, "server"),
    ],
)
def test_what_ends_the_reading_does_not_end_the_server(client, worker, page_bytes, error, status, reason):
    """The next picture is read."""

    def fail(request):
        raise error

    worker.before = fail
    answer = client.post("/v1/classify", content=page_bytes, headers=JPEG)
    assert (answer.status_code, answer.json()["reason"]) == (status, reason)
    worker.before = None
    assert client.post("/v1/classify", content=page_bytes, headers=JPEG).status_code == 200


def hold(gate):
    """Read only when the gate is open."""
    assert gate.wait(LIMIT_S)


async def until(condition):
    """Let others run until it is so."""
    with anyio.fail_after(LIMIT_S):
        while not condition():
            await anyio.sleep(0.01)


def test_a_full_queue_tells_the_next_to_come_again(site, worker, page_bytes):
    """Before a byte of it is read; those in it are read in their order, one at a time."""
    here, gate = site(queue=2), threading.Event()
    worker.before = lambda request: hold(gate)

    async def run():
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(here.app, client=("127.0.0.1", 1)), base_url=HOME
        ) as browser:
            await browser.get("/")
            form = {"files": {"picture": ("a.jpg", page_bytes)}}
            jobs = []
            for number in range(5):
                jobs.append(asyncio.create_task(browser.post(f"/v1/classify?ticket=ticket000{number}", **form)))
                # The first is read, two wait, two are turned away.
                await until(lambda: worker.asked and len(here.services.queue) == min(len(jobs), 3))
                if number > 2:
                    await asyncio.wait(jobs[-1:], timeout=LIMIT_S)
            states = [(await browser.get(f"/progress/ticket000{number}")).json() for number in range(4)]
            gate.set()
            return states, await asyncio.gather(*jobs)

    states, answers = asyncio.run(run())
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert answers[3].headers["retry-after"] == "3" and answers[3].json()["reason"] == "busy"
    assert [state["state"] for state in states] == ["reading", "waiting", "waiting", "unknown"]
    assert [state["before"] for state in states[:3]] == [0, 1, 2]
    assert "ecg_edge_turned_away_total 2" in here.services.metrics.to_text()


def test_the_document_describes_what_there_is(client):
    """Every path of the interface, with the results' own schema; no reference leads nowhere."""
    described = document()
    assert client.get("/openapi.json").json() == described
    paths = {route.path.replace("{name}", "{id}") for route in _api_routes()} - {"/openapi.json"}
    assert set(described["paths"]) == paths
    text = json.dumps(described)
    for name in {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}:
        assert name in described["components"]["schemas"]
    codes = {
        code
        for path in described["paths"].values()
        for way in path.values()
        if "responses" in way
        for code in way["responses"]
    }
    assert {"200", "401", "413", "415", "421", "422", "429"} <= codes


def _api_routes():
    from ecg_edge.web.api import routes

    return routes()


def test_what_nobody_waits_for_is_not_read(site, worker, page_bytes):
    """A browser that went away while it waited."""
    here, gate = site(), threading.Event()
    worker.before = lambda request: hold(gate)

    async def run():
        async def gone():
            return True

        async def here_still():
            return False

        queue = here.services.queue
        async with queue.place("a") as first, queue.place("b") as second:
            reading = asyncio.create_task(queue.read(first, ReadingRequest(page_bytes, "a.jpg"), here_still))
            waiting = asyncio.create_task(queue.read(second, ReadingRequest(page_bytes, "b.jpg"), gone))
            await until(lambda: worker.asked)
            gate.set()
            return await asyncio.gather(reading, waiting, return_exceptions=True)

    answer, problem = asyncio.run(run())
    assert answer.result["source"] == "a.jpg" and problem.reason == "gone"
    assert [asked.name for asked in worker.asked] == ["a.jpg"]


def test_one_look_of_the_camera_is_for_all_who_ask_at_once(site, worker, monkeypatch):
    """However many watch, it is asked as often as one would."""
    monkeypatch.setattr("ecg_edge.web.reading_queue.FRESH_S", LIMIT_S)
    here = site(camera=True)
    worker.before = lambda request: (True, "page found", b"frame")

    async def run():
        return await asyncio.gather(*(here.services.queue.preview() for _ in range(20)))

    assert asyncio.run(run()) == [(True, "page found", b"frame")] * 20 and worker.asked == [PREVIEW]
