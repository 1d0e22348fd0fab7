"""The page for people, without JavaScript: forms in, HTML out."""

import io
import os
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from PIL import Image

from ecg_edge.errors import Reason
from ecg_edge.result import DISCLAIMER, unread
from ecg_edge.web.reading_service import PREVIEW, ReadingAnswer, ReadingRequest
from ecg_edge.words import percent

VOID = {"meta", "link", "img", "input", "br", "path", "rect"}


class Checked(HTMLParser):
    """Notes what does not close, and ids that there are twice."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.faults = [], [], []
        self.feed(text)
        assert not self.open and not self.faults, (self.open, self.faults)
        assert len(self.ids) == len(set(self.ids)), self.ids

    def handle_starttag(self, tag, attrs):
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        if tag not in VOID and (not self.open or self.open.pop() != tag):
            self.faults.append(tag)


def read(browser, data, name="page.jpg", **fields):
    """Send a picture as a form does: the page of its result, and where it is."""
    answer = browser.post("/read", files=[("picture", (name, data)), ("picture", ("", b""))], data=fields)
    assert answer.status_code == 303, answer.text
    place = answer.headers["location"]
    page = browser.get(place)
    assert page.status_code == 200
    Checked(page.text)
    return page.text, place


def test_every_page_is_well_formed_and_says_what_this_is_not(client):
    """Also those of problems."""
    for path in ("/", "/history", "/history?limit=x", "/models", "/nothing", "/camera"):
        text = client.get(path).text
        Checked(text)
        assert DISCLAIMER in text and '<html lang="en">' in text and text.count("<h1") == 1


def test_a_page_is_read(client, page_bytes):
    """Verdict, probabilities, confidence in words, every section, every download; and all that is linked is there."""
    text, place = read(client, page_bytes)
    probabilities = client.get(f"/v1{place}").json()["probabilities"]
    assert ">Normal</h1>" in text and f"Confidence {percent(probabilities['normal'])}: high" in text
    assert all(f"<dd>{percent(share)}</dd>" in text for share in probabilities.values())
    for section in ("grayscale", "leads", "steps", "heat", "signals", "quality", "timing", "card"):
        assert f'<details id="{section}">' in text
    assert text.count("Thirteen leads") == 1 and "reads all leads at once" in text
    findings = client.get(f"/v1{place}").json()["findings"]
    assert ">Findings of the model</h2>" in text and "not a diagnosis" in text
    assert f"<dt>Premature beats</dt><dd>{percent(findings['ectopy'])}</dd>" in text
    links = set(re.findall(r'(?:src|href)="(/[^"#]*)"', text))
    assert {
        f"/v1{place}/{name}"
        for name in ("report.pdf", "overlay.jpg", "signals.csv", "signals-wfdb.zip", "result.json", "fhir.json")
    } <= links
    assert {client.get(link).status_code for link in links} == {200}


def test_what_was_measured_is_a_table_that_leads_to_the_picture(client, page_bytes):
    """Each value with its unit; its name leads to the group that shows it over the overlay, where there is one."""
    text, place = read(client, page_bytes)
    measured = client.get(f"/v1{place}").json()["measurements"]
    assert f">{measured['rate_per_min']:.0f} per minute ± 0.1</td>" in text
    assert f">{measured['qrs_ms']:.0f} ms ± {measured['uncertainty']['qrs_ms']:g}</td>" in text
    links = re.findall(r'href="#(on-[a-z_]+)"', text)
    assert {"on-rate_per_min", "on-pr_ms", "on-qrs_ms", "on-qt_ms", "on-axis_qrs_deg"} <= set(links)
    assert set(links) <= set(re.findall(r'<g id="(on-[a-z_]+)">', text))
    present = [each for each in measured["statements"] if each["state"] == "present"]
    assert present and all(each["source"].split(",")[0] in text for each in present)


def test_the_models_of_single_leads_show_their_own_steps(client, page_bytes):
    """The paper's, and each lead's probabilities as heat."""
    text, _ = read(client, page_bytes, model="cnn")
    for words in ("Gaussian filter", "Otsu&#39;s threshold", "What the model sees", 'class="heat-normal h'):
        assert words in text
    assert text.count('<th scope="row">') >= 13 and "of the paper" in text


@pytest.mark.slow
def test_a_page_of_limb_leads_alone_shows_them_without_a_verdict(client, odd_pages):
    """Its signals and which leads there are; of a verdict's parts nothing."""
    with Image.open(odd_pages[0].path) as page:
        half = page.convert("RGB")
    half.paste("white", (half.width // 2 + 20, 0, *half.size))
    picture = io.BytesIO()
    half.save(picture, "PNG")
    text, _ = read(client, picture.getvalue())
    assert "Leads missing" in text and "only I, II, III, aVR, aVL, aVF of the twelve leads" in text
    assert "signals.csv" in text and "Weight of each lead" not in text


@pytest.mark.slow
def test_a_refusal_says_why_and_what_helps(client, no_ecg, odd_pages):
    """No verdict anywhere."""
    text, _ = read(client, no_ecg)
    assert "How to take a better picture" in text and "Read another picture" in text and "Confidence" not in text
    text, _ = read(client, odd_pages[0].path.read_bytes(), model="cnn")
    assert "Unknown layout" in text and "the model page reads every layout" in text


def test_a_file_that_cannot_be_opened_says_why(client):
    """As a result like any other."""
    text, _ = read(client, b"\xff\x0a", "ecg.jxl")
    assert "Not opened" in text and "JPEG XL files are not supported" in text and "could not be opened" in text
    answer = client.post("/read", files={"picture": ("", b"")})
    assert answer.status_code == 422 and "choose a file first" in answer.text
    Checked(answer.text)


def test_a_digital_ecg_is_told_nothing_of_pictures(client):
    """One of six leads: as recorded, and no advice for a photograph."""
    rows = (
        f"{n / 500:.3f}," + ",".join(f"0.{lead}" if n % 250 < 20 else "0" for lead in range(1, 7)) for n in range(3000)
    )
    table = "\n".join(("time_s,V1,V2,V3,V4,V5,V6", *rows)).encode()
    text, _ = read(client, table, "leads.csv")
    assert "The recording has only V1" in text and "A digital ECG, without a picture" in text and "As recorded" in text
    assert "take a better picture" not in text and "camera" not in text and "has been removed" not in text


def test_what_a_client_says_is_shown_as_text(client, page_bytes):
    """Names with marks of HTML, in results, lists and searches."""
    name = "<img src=x onerror=alert(1)>\"'&.jpg"
    text, _ = read(client, page_bytes, name)
    texts = [
        text,
        client.get("/history").text,
        client.get("/history", params={"q": '"><script>alert(1)</script>'}).text,
        client.get("/").text,
    ]
    for shown in texts:
        Checked(shown)
        assert "<script>" not in shown and "<img src=x" not in shown and "alert(1)" in shown


def test_results_are_kept_forgotten_and_read_again_by_forms(site, page_bytes):
    """Others see what was kept, and no more."""
    here = site()
    mine, other = here.client(), here.client()
    text, place = read(mine, page_bytes, "first.jpg")
    assert "Keep in history" in text and "this session only" in mine.get("/history").text
    assert "first.jpg" not in other.get("/history").text and other.get(place).status_code == 404
    assert mine.post(place + "/keep").headers["location"] == place
    assert "Kept in this device's history as number 1." in mine.get(place).text
    stored = other.get("/results/1")
    Checked(stored.text)
    assert "first.jpg" in stored.text and "/forget" not in stored.text and "/v1/results/1/picture" in stored.text
    again = other.post("/results/1/again", data={"model": "cnn"})
    assert ">Normal</h1>" in other.get(again.headers["location"]).text and again.headers["location"] != place
    assert mine.post(place + "/forget").headers["location"] == "/" and mine.get(place).status_code == 404
    assert other.post("/results/1/forget").status_code == 404 and other.post("/results/1/explode").status_code == 404


def test_a_picture_that_was_removed_leaves_its_result(site, page_bytes):
    """The quota takes the oldest pictures, never a verdict."""
    here = site()
    browser = here.client()
    browser.post("/v1/classify?keep=1", content=page_bytes, headers={"content-type": "image/jpeg"})
    os.unlink(here.services.store.get(1).picture)
    assert browser.get("/results/1").status_code == 200
    assert browser.get("/v1/results/1/picture").status_code == 404
    assert browser.post("/results/1/again", data={}).status_code == 404


@pytest.mark.slow
def test_leads_that_were_lost_are_named_beside_the_verdict(client, odd_pages):
    """Who looks at the verdict sees what it was reached without."""
    data = next(page for page in odd_pages if page.layout == "6x2").path.read_bytes()
    text, place = read(client, data)
    lost = [lead["name"] for lead in client.get(f"/v1{place}").json()["leads"] if lead["state"] == "lost"]
    assert (f"{', '.join(lost)} could not be followed" in text) == bool(lost) and lost == ["V3"]


def test_doubt_is_said_wherever_the_verdict_is(site, worker, page_bytes):
    """No colour of a class, words that say not to rely on it; in the list too."""
    browser = site().client()
    answer = worker.call(ReadingRequest(page_bytes, "a.jpg", None, True), 60)
    worker.before = lambda request: replace(answer, result=answer.result | {"status": "uncertain"})
    text, _ = read(browser, page_bytes)
    assert "Uncertain: most probably" in text and "do not rely on it" in text and 'class="head head-none"' in text
    assert (
        f'Normal, {percent(answer.result["confidence"])} <span class="doubt">(uncertain: low confidence)</span>'
        in re.sub(r"\s+", " ", browser.get("/history").text)
    )


def test_the_history_is_searched_and_turned_over(site, page_bytes):
    """By name, verdict, state, model and date; the rest behind a link."""
    here = site()
    browser = here.client()
    for number in range(3):
        read(browser, page_bytes, f"page-{number}.jpg", keep="on")
    text = browser.get("/history?limit=2").text
    assert "page-2.jpg" in text and "page-0.jpg" not in text
    older = re.search(r'href="(/history\?[^"]*before=\d+[^"]*)"', text)[1].replace("&amp;", "&")
    assert "page-0.jpg" in browser.get(older).text
    assert "page-1.jpg" in browser.get("/history?q=E-1&verdict=normal&status=read&model=page&since=&until=").text
    assert "No result matches." in browser.get("/history?verdict=infarction").text
    bad = browser.get("/history?since=soon")
    assert bad.status_code == 400 and "since is no time" in bad.text


def test_a_script_is_told_where_to_go(client, page_bytes):
    """And problems as JSON."""
    accept = {"accept": "application/json"}
    answer = client.post("/read?ticket=abcdefgh1234", files={"picture": ("a.jpg", page_bytes)}, headers=accept)
    assert client.get(answer.json()["location"]).status_code == 200
    assert client.post("/read", files={"picture": ("a.jpg", b"")}, headers=accept).json()["reason"] == "truncated"
    assert client.get("/progress/abcdefgh1234").json()["state"] == "unknown"


@pytest.mark.slow
def test_the_camera_is_offered_where_there_is_one(site, worker, page_bytes):
    """A frame with a hint; a picture that is read; one that could not be taken says why."""
    browser = site().client()
    assert browser.get("/camera").status_code == 404 and "/camera" not in browser.get("/").text
    browser = site(camera=True, store=False).client()
    assert 'href="/camera"' in browser.get("/").text
    Checked(browser.get("/camera").text)
    worker.before = lambda request: (False, "move closer", b"\xff\xd8frame") if request == PREVIEW else None
    frame = browser.get("/camera/look")
    assert (
        frame.content == b"\xff\xd8frame"
        and frame.headers["ecg-edge-hint"] == "move closer"
        and frame.headers["ecg-edge-found"] == "false"
    )
    read_ = worker.service(ReadingRequest(page_bytes, "camera 0", None, True))
    worker.before = lambda request: read_
    taken = browser.post("/camera/take", data={"model": "page"})
    assert (
        worker.asked[-1] == ReadingRequest(None, "camera", "page", True)
        and ">Normal</h1>" in browser.get(taken.headers["location"]).text
    )
    worker.before = lambda request: ReadingAnswer(unread("camera 0", Reason.BLURRED).to_dict(), None, {})
    assert "Blurred" in browser.get(browser.post("/camera/take", data={}).headers["location"]).text
    assert browser.post("/camera/take", data={"model": "x"}).status_code == 422


def test_static_files_are_those_that_there_are(client):
    """By name, never by path."""
    assert client.get("/static/app.css?v=1").headers["cache-control"] == "public, max-age=86400"
    for name in ("openapi.json", "base.html", "..%2fserver.py", "%2e%2e%2fapp.py", "..%2ftemplates%2fbase.html"):
        assert client.get(f"/static/{name}").status_code == 404
