"""What is kept: shown small, deleted, taken away; several files at once; the description of the interface as a page."""

import csv
import io
import json
import os
import re
import zipfile

from PIL import Image

from ecg_edge.store.result_store import Store
from ecg_edge.web.api_page import operations
from ecg_edge.web.openapi import document
from ecg_edge.web.reading_service import ThumbnailRequest
from ecg_edge.web.upload import MAX_FILES

from .test_pages import Checked, read

JPEG = {"content-type": "image/jpeg"}


def keep(browser, *pictures):
    for data in pictures:
        assert browser.post("/v1/classify?keep=1", content=data, headers=JPEG).status_code == 200


def test_results_have_a_small_picture_made_once(site, worker, page_bytes, no_ecg):
    """Of this session and of what is kept; by the process that reads."""
    here = site()
    browser = here.client()
    keep(browser, page_bytes)
    read(browser, no_ecg)
    text = browser.get("/history").text
    Checked(text)
    places = re.findall(r'src="(/v1/results/[^"]+/thumbnail\.jpg)"', text)
    assert len(places) == 2
    for place in [*places, *places]:
        answer = browser.get(place)
        assert answer.headers["content-type"] == "image/jpeg" and "max-age" in answer.headers["cache-control"]
        assert max(Image.open(io.BytesIO(answer.content)).size) == 192
    assert len([each for each in worker.asked if isinstance(each, ThumbnailRequest)]) == 2


def test_a_picture_that_cannot_be_opened_or_is_another_sessions_has_no_small_one(site, page_bytes):
    """Nor has one that is gone."""
    here = site()
    mine, other = here.client(), here.client()
    _, place = read(mine, b"\xff\xd8\xff broken", "broken.jpg")
    assert mine.get(f"/v1{place}/thumbnail.jpg").status_code == 404
    _, place = read(mine, page_bytes)
    assert mine.get(f"/v1{place}/thumbnail.jpg").status_code == 200
    assert other.get(f"/v1{place}/thumbnail.jpg").status_code == 404


def test_what_is_kept_is_deleted_by_a_form_and_by_a_program(site, page_bytes, no_ecg):
    """Result and picture; what is not there is said to be so."""
    here = site()
    browser = here.client()
    keep(browser, page_bytes, no_ecg)
    picture = here.services.store.get(1).picture
    page = browser.get("/results/1").text
    Checked(page)
    assert 'action="/results/1/delete"' in page
    assert browser.post("/results/1/delete").headers["location"] == "/history"
    assert browser.get("/results/1").status_code == 404 and here.services.store.get(1) is None
    assert not os.path.exists(picture)
    assert browser.delete("/v1/results/2").status_code == 204 and browser.delete("/v1/results/2").status_code == 404
    assert browser.get("/v1/results", params={"status": "refused"}).json()["results"] == []
    assert [event for _, event, _ in here.noted if event == "page.removed"] == ["page.removed"] * 2


def test_deleting_needs_a_request_of_this_page(site, page_bytes):
    """As every other change."""
    here = site()
    browser = here.client()
    keep(browser, page_bytes)
    for headers in ({"origin": "http://elsewhere.example"}, {"sec-fetch-site": "cross-site"}):
        assert browser.post("/results/1/delete", headers=headers).status_code == 403
        assert browser.delete("/v1/results/1", headers=headers).status_code == 403
    assert browser.get("/results/1/delete").status_code == 405 and here.services.store.get(1) is not None


def test_a_result_that_is_kept_while_it_is_shown_is_deleted_whole(site, page_bytes):
    """From the session too; one that is not kept is forgotten, not deleted."""
    here = site()
    browser = here.client()
    text, place = read(browser, page_bytes)
    assert "/delete" not in text and browser.post(f"{place}/delete").status_code == 404
    browser.post(f"{place}/keep")
    assert browser.post(f"{place}/delete").headers["location"] == "/history"
    assert browser.get(place).status_code == 404 and here.services.store.get(1) is None


def test_all_that_is_kept_can_be_taken_away(site, page_bytes, no_ecg):
    """As a table, as lines, with the pictures; what fits a search alone."""
    here = site()
    browser = here.client()
    keep(browser, page_bytes, no_ecg)
    links = re.findall(r'href="(/history/export\?[^"]+)"', browser.get("/history?status=read").text)
    assert links == [f"/history/export?status=read&amp;form={form}" for form in ("csv", "json", "zip")]
    table = browser.get("/history/export?form=csv")
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert [row["number"] for row in rows] == ["1", "2"] and [row["verdict"] for row in rows] == ["normal", ""]
    assert re.fullmatch(r'attachment; filename="ecg-edge-\d{4}-\d\d-\d\d\.csv"', table.headers["content-disposition"])
    lines = [json.loads(line) for line in browser.get("/history/export?form=json").text.splitlines()]
    assert [line["number"] for line in lines] == [1, 2] and lines[0]["result"]["verdict"] == "normal"
    packed = zipfile.ZipFile(io.BytesIO(browser.get("/history/export?form=zip&status=read&model=").content))
    assert packed.testzip() is None
    assert packed.namelist() == ["results.csv", "results.json", "pictures/000000001.jpg"]
    assert packed.read("pictures/000000001.jpg") == page_bytes
    assert len(packed.read("results.json").splitlines()) == 1


def test_a_long_history_is_taken_away_with_one_head(site, monkeypatch):
    """Some at a time."""
    from ecg_edge.web import export

    monkeypatch.setattr(export, "AT_ONCE", 2)
    here = site()
    for number in range(5):
        here.services.store.add({**read_result(), "source": f"{number}.jpg"})
    rows = list(csv.reader(io.StringIO(here.client().get("/history/export").text)))
    assert len(rows) == 6 and rows[0][0] == "number" and [row[0] for row in rows[1:]] == ["1", "2", "3", "4", "5"]


def read_result():
    from ecg_edge.errors import Reason
    from ecg_edge.result import unread

    return unread("a.jpg", Reason.BLURRED).to_dict()


def test_an_export_of_nothing_has_its_head(site):
    """A table of no rows, and no lines of JSON."""
    from ecg_edge.store.history import COLUMNS

    browser = site().client()
    assert browser.get("/history/export?form=csv").text == ",".join(COLUMNS) + "\n"
    assert browser.get("/history/export?form=json").text == ""


def test_an_export_that_cannot_be_is_a_problem(site):
    """Which form; and where nothing is kept."""
    browser = site().client()
    assert browser.get("/history/export?form=xls").status_code == 400
    assert browser.get("/history/export?status=good").status_code == 400
    assert site(store=False).client().get("/history/export").status_code == 409


def test_several_files_are_read_one_after_the_other(site, page_bytes, no_ecg):
    """And listed; each with its own outcome."""
    browser = site().client()
    files = [
        ("picture", ("a.jpg", page_bytes)),
        ("picture", ("b.png", no_ecg)),
        ("picture", ("c.scp", b"x" * 100)),
        ("picture", ("", b"")),
    ]
    answer = browser.post("/read", files=files)
    assert (answer.status_code, answer.headers["location"]) == (303, "/history")
    text = browser.get("/history").text
    assert all(name in text for name in ("a.jpg", "b.png", "c.scp")) and "Normal" in text
    many = [("picture", (f"{number}.jpg", b"x")) for number in range(MAX_FILES + 2)]
    refused = browser.post("/read", files=many, headers={"accept": "application/json"})
    assert refused.status_code == 400 and f"at most {MAX_FILES} files" in refused.json()["detail"]


def test_read_again_it_is_of_the_same_person(site, worker, page_bytes):
    """As the form says, or the session knows; the store does not."""
    here = site()
    browser = here.client()
    text, place = read(browser, page_bytes, sex="female", age="63.5", keep="on")
    assert '<option value="female" selected>' in text and 'value="63.5"' in text

    def asked_again(place, **fields):
        assert browser.post(f"{place}/again", data=fields).status_code == 303
        person = worker.asked[-1].person
        return person.sex, person.age

    assert asked_again(place) == ("female", 63.5)
    assert asked_again(place, model="cnn", sex="male", age="") == ("male", None)
    assert asked_again(place, sex="", age="") == (None, None)
    assert asked_again("/results/1") == (None, None)
    assert "63.5" not in json.dumps([entry.device for entry in here.services.store.list()])
    assert browser.post(f"{place}/again", data={"age": "old"}).status_code == 400


def test_the_interface_is_described_by_a_page_of_this_device(client):
    """Every operation of the document; nothing from elsewhere."""
    page = client.get("/docs")
    assert page.status_code == 200 and 'href="/docs"' in client.get("/").text
    Checked(page.text)
    for path, item in document()["paths"].items():
        for method in set(item) & {"get", "post", "delete"}:
            assert f"<code>{method.upper()} {path}</code>" in page.text
    assert not re.findall(r'(?:src|href)="(?!/|#)', page.text)
    classify = next(each for each in operations() if each["id"] == "classify")
    assert {"model", "page", "sex", "age", "keep", "views"} <= {each["name"] for each in classify["parameters"]}


def test_an_older_store_is_brought_up_to_date(tmp_path):
    """One that was written before pages could be removed."""
    import sqlite3

    from ecg_edge.store import schema

    with sqlite3.connect(tmp_path / "results.db") as old:
        schema.migrate(old, schema.MIGRATIONS[:2])
    old.close()
    with Store(tmp_path) as store:
        assert not store.knows("a")
