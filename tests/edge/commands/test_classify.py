"""`ecg-edge classify`: what it prints and writes."""

import csv
import io
import json
import os
import re
import sys
import types

import pytest
from PIL import Image

from ecg_edge import stages
from ecg_edge.classifier import card as cards
from ecg_edge.layout import REPORT
from ecg_edge.measure.person import Person
from ecg_edge.output.result_table import COLUMNS

from ..files import made


@pytest.mark.slow
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_every_json_line_follows_the_schema(run, archive, validate, jobs):
    """Verdicts, refusals and failures, a line each, sorted by path; with one process or two."""
    status, out, err = run("classify", archive, "--json", "--jobs", jobs)
    assert (status, err) == (1, f"{archive}: 1 file is of no known kind, and not read\n")
    lines = [json.loads(line) for line in out.splitlines()]
    for line in lines:
        validate(line)
    assert [(os.path.relpath(line["source"], archive), line["reason"]) for line in lines] == [
        ("a/10.JPG", None), ("b/1.jpg", "not_a_picture"), ("b/2.jpg", None), ("b/3.jpg", "bad_layout"), ("c.jpeg", None),
    ]  # fmt: skip


@pytest.mark.slow
def test_csv_has_a_row_for_each_result(run, archive):
    """A head, the same columns for what is read and what is not, in the order of the files."""
    status, out, _ = run("classify", archive, "--csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert status == 1 and tuple(rows[0]) == COLUMNS and len(rows) == 5
    assert [row["reason"] for row in rows] == ["", "not_a_picture", "", "bad_layout", ""]
    assert run("classify", archive, "--csv", "--json")[0] == 2
    (row,) = csv.DictReader(io.StringIO(run("classify", "=1+1.jpg", "--csv")[1]))
    assert (row["source"], row["reason"]) == ("'=1+1.jpg", "not_found")


@pytest.mark.slow
def test_sex_and_age_of_the_person_reach_the_reader(run, normal_page, monkeypatch, tmp_path):
    """With and without files that are written; what is no age ends with 2."""
    asked = []
    monkeypatch.setattr(stages, "as_json", lambda measured, person: asked.append(person))
    for more in ((), ("--overlay", tmp_path)):
        assert run("classify", normal_page, "--sex", "female", "--age", "63", "--signals", tmp_path, *more)[0] == 0
    assert set(asked) == {Person("female", 63.0)}
    assert run("classify", normal_page, "--age", "200")[0] == run("classify", normal_page, "--sex", "x")[0] == 2


def test_an_empty_directory_is_not_found(run, tmp_path):
    """A directory without pictures is answered, among files that are read."""
    status, out, _ = run("classify", tmp_path)
    assert (status, out) == (
        1,
        f"{tmp_path}: failed (not_found): The directory holds no picture, PDF, DICOM, WFDB or CSV file: check the path.\n",
    )


def stdin_of(monkeypatch, data):
    monkeypatch.setattr(sys, "stdin", types.SimpleNamespace(buffer=io.BytesIO(data)))


@pytest.mark.slow
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_dash_is_standard_input(run, normal_page, monkeypatch, jobs):
    """The picture's bytes come through a pipe."""
    stdin_of(monkeypatch, normal_page.read_bytes())
    status, out, _ = run("classify", "-", "--json", "--jobs", jobs)
    line = json.loads(out)
    assert (status, line["source"], line["status"]) == (0, "-", "read")
    assert line["sha256"] == "b2790b05c4c4ae6b198eb83f2424dda55ca5714cec931ebbad7f932126d3cf7b"


@pytest.mark.parametrize("data, reason", [(b"", "truncated"), (b"hello", "not_a_picture")])
def test_a_bad_standard_input_is_called_a_dash_too(run, monkeypatch, data, reason):
    """As a person typed it."""
    stdin_of(monkeypatch, data)
    status, out, _ = run("classify", "-", "--json")
    assert (status, json.loads(out)["source"], json.loads(out)["reason"]) == (1, "-", reason)


def test_names_that_are_no_text_are_printed_all_the_same(run, tmp_path, normal_page):
    """A file system takes any bytes as a name; strict readers of JSON do not: those that are no UTF-8 are escapes in it, as in the line for a person."""
    path = os.path.join(os.fsencode(tmp_path), b"caf\xe9.jpg")
    with open(path, "wb") as file:
        file.write(normal_page.read_bytes())
    status, out, _ = run("classify", tmp_path, "--json")
    assert status == 0 and json.loads(out)["source"] == f"{tmp_path}/caf\\udce9.jpg"
    status, out, _ = run("classify", tmp_path)
    assert status == 0 and out.startswith(f"{tmp_path}/caf\\udce9.jpg: ")


@pytest.mark.slow
def test_steps_signals_and_overlays_are_written(run, archive, tmp_path):
    """Steps of each page that was read; CSV and WFDB of every page whose leads were followed, those that the model then refused too; an overlay
    of every picture that could be opened."""
    options = [word for name in ("steps", "signals", "overlay") for word in (f"--{name}", tmp_path / name)]
    status, _, _ = run("classify", archive, *options)
    assert status == 1
    folders = sorted(path.name for path in (tmp_path / "steps").iterdir())
    assert [re.fullmatch(r"(.+)-[0-9a-f]{8}", name)[1] for name in folders] == ["10", "2", "c"]
    files = ("1-crop.png", "2-gaussian.png", "3-binary.png", "4-model-input.png")
    for name in folders:
        found = {
            str(path.relative_to(tmp_path / "steps" / name)) for path in (tmp_path / "steps" / name).rglob("*.png")
        }
        assert found == {"page-gray.png", *(f"{lead}/{file}" for lead in REPORT.lead_names for file in files)}
    found = sorted(path.name for path in (tmp_path / "signals").iterdir())
    names = [re.fullmatch(r"(.+)-[0-9a-f]{8}\.(csv|dat|hea)", name).groups() for name in found]
    assert names == [(stem, kind) for stem in ("10", "2", "3", "c") for kind in ("csv", "dat", "hea")]
    overlays = sorted((tmp_path / "overlay").iterdir())
    assert len(overlays) == 4
    for path in overlays:
        with Image.open(path) as image:
            assert min(image.size) > 500


def test_steps_are_refused_where_the_model_has_none(run, monkeypatch, tiny_folder, normal_page, tmp_path):
    """A model of whole pages sees signals: nothing would be written, in silence."""
    card = json.loads((tiny_folder / "tiny.json").read_text())
    card["input"]["kind"] = "page_signal"
    (tmp_path / "tiny.json").write_text(json.dumps(card))
    (tmp_path / "tiny.tflite").write_bytes((tiny_folder / "tiny.tflite").read_bytes())
    monkeypatch.setattr(cards, "models_folder", lambda: tmp_path)
    status, out, err = run("classify", normal_page, "--steps", tmp_path / "steps")
    assert (status, out) == (2, "")
    assert err == "ecg-edge: --steps shows what models of single leads see: add --model cnn (tiny sees signals)\n"


def test_steps_that_cannot_be_written_end_with_3(run, normal_page, tmp_path):
    """In one line."""
    (tmp_path / "taken").touch()
    status, out, err = run("classify", normal_page, "--steps", tmp_path / "taken")
    assert (status, out) == (3, "")
    assert (
        err
        == f"ecg-edge: {tmp_path / 'taken' / 'normal-b2790b05'}: cannot be written (a file is there, or on the way, where a folder is needed).\n"
    )


ODD_NAMES = os.fsdecode(b"bad\xff\n.jpg"), "n" * 250 + ".jpg", "é" * 125 + ".jpg"
"""Of bytes that are no UTF-8 and a line's end, and of as many bytes as a name may have."""


@pytest.mark.slow
def test_names_of_any_bytes_and_length_have_their_files(run, normal_page, tmp_path):
    """And the files after them; all that is said of them is strict JSON, or one line."""
    pages = tmp_path / "pages"
    pages.mkdir()
    for name in (*ODD_NAMES, "z.jpg"):
        (pages / name).write_bytes(normal_page.read_bytes())
    kinds = ("overlay", "signals", "report", "fhir", "steps")
    options = [word for kind in kinds for word in (f"--{kind}", tmp_path / kind)]
    status, out, _ = run("classify", pages, "--json", *options, "--signals-format", "wfdb-segments,dicom")
    sources = [json.loads(line)["source"].encode() for line in out.splitlines()]
    assert status == 0 and len(sources) == 4 and any(b"bad\\udcff\n.jpg" in source for source in sources)
    for kind in kinds:
        stems = {name.split("-b2790b05")[0] for name in os.listdir(tmp_path / kind)}
        assert len(stems) == 4 and all(stem.encode() for stem in stems), kind


SEGMENTS = "0ms_I-III", "0ms_rhythm", "2500ms_aVR-aVF", "5000ms_V1-V3", "7500ms_V4-V6"


@pytest.mark.slow
@pytest.mark.parametrize(
    "asked, endings",
    [
        (["csv"], {".csv"}),
        (["wfdb,csv"], {".csv", ".dat", ".hea"}),
        (
            ["wfdb-segments", "csv", "csv"],
            {".csv"} | {f"_{part}.{kind}" for part in SEGMENTS for kind in ("dat", "hea")},
        ),
    ],
)
def test_signals_are_written_in_the_formats_that_are_asked_for(run, normal_page, tmp_path, asked, endings):
    """With commas or one by one, each once; no other files."""
    formats = [word for names in asked for word in ("--signals-format", names)]
    assert run("classify", normal_page, "--signals", tmp_path / "signals", *formats)[0] == 0
    found = {path.name.removeprefix("normal-b2790b05") for path in (tmp_path / "signals").iterdir()}
    assert found == endings


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--signals-format", "csv"], "ecg-edge: --signals-format goes with --signals\n"),
        (
            ["--signals", "x", "--signals-format", "csv,edf"],
            "there is no format 'edf': csv, wfdb, wfdb-segments, dicom\n",
        ),
        (["--signals", "x", "--signals-format", ""], "there is no format '': csv, wfdb, wfdb-segments, dicom\n"),
    ],
)
def test_wrong_formats_of_signals_end_with_2(run, normal_page, tmp_path, arguments, message):
    """Before anything is read."""
    status, out, err = run("classify", normal_page, *arguments)
    assert (status, out) == (2, "") and err.endswith(message)


@pytest.mark.slow
def test_a_photograph_is_classified(run, one_photo, tmp_path, validate):
    """From a file of a camera, at a given speed and gain."""
    (tmp_path / "photo.jpg").write_bytes(one_photo.photo.jpeg)
    status, out, err = run("classify", tmp_path / "photo.jpg", "--json", "--mm-per-s", "25", "--mm-per-mv", "10")
    line = json.loads(out)
    validate(line)
    assert (status, err, line["status"], line["page"]["layout"]) == (0, "", "read", "3x4+1")


def test_progress_is_for_terminals_alone(run, normal_page, monkeypatch):
    """On standard error, and only where results go elsewhere."""
    monkeypatch.setattr(type(sys.stderr), "isatty", lambda self: self is sys.stderr, raising=False)
    _, out, err = run("classify", normal_page, normal_page)
    assert err == "\r1 of 2\r2 of 2\n" and "\r" not in out


# Files with several pages, and files of other kinds


@pytest.fixture(scope="module")
def scans(tmp_path_factory, few_pages):
    """A directory with a PDF of three pages, a page, a letter and notes; nobody writes into it."""
    pages = [Image.open(page.path).convert("RGB") for page in few_pages[:3]]
    folder = tmp_path_factory.mktemp("made") / "scans"
    folder.mkdir()
    (folder / "scan.pdf").write_bytes(made.pdf(*pages))
    pages[0].save(folder / "page.png")
    (folder / "letter.docx").write_bytes(b"PK")
    for name in ("notes.txt", "more.txt"):
        (folder / name).touch()
    return folder


def sources_of(out, folder):
    return [os.path.relpath(json.loads(line)["source"], folder) for line in out.splitlines()]


@pytest.mark.slow
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_each_page_of_a_pdf_is_a_line_and_nothing_is_passed_over(run, scans, validate, jobs):
    """What is known and not read is a failure with a sentence; the rest is counted."""
    status, out, err = run("classify", scans, "--json", "--jobs", jobs)
    assert sources_of(out, scans) == ["letter.docx", "page.png", "scan.pdf#1", "scan.pdf#2", "scan.pdf#3"]
    assert (status, err) == (1, f"{scans}: 2 files are of no known kind, and not read\n")
    letter = json.loads(out.splitlines()[0])
    validate(letter)
    assert (letter["reason"], letter["message"]) == (
        "unsupported", "Office files are not supported: export the page as PDF, JPEG or PNG."
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("asked", "numbers"), [("2", [2]), ("3,1", [3, 1]), ("2-3", [2, 3]), ("1,1-2", [1, 2])])
def test_pages_are_chosen_by_number(run, scans, asked, numbers):
    """One by one or from one to another, each once, in the order in which they are asked for."""
    status, out, _ = run("classify", scans / "scan.pdf", "--json", "--pages", asked)
    assert (status, sources_of(out, scans)) == (0, [f"scan.pdf#{number}" for number in numbers])


def test_a_page_that_is_not_there_is_a_failure(run, scans):
    """In a sentence that says how many there are."""
    status, out, _ = run("classify", scans / "scan.pdf", "--pages", "9")
    assert (status, out) == (
        1,
        f"{scans / 'scan.pdf'}#9: failed (not_found): There is no page 9: the file holds 3 pages.\n",
    )


@pytest.mark.slow
@pytest.mark.parametrize("asked", ["", "0", "a", "1,", "3-2", "-2", "2-", "1-99999", "10001"])
def test_wrong_numbers_of_pages_end_with_2(run, scans, asked):
    """Before anything is read."""
    status, out, err = run("classify", scans / "scan.pdf", f"--pages={asked}")
    assert (status, out) == (2, "") and "page" in err.splitlines()[-1]


@pytest.mark.slow
def test_what_is_written_of_pages_has_their_numbers(run, scans, tmp_path):
    """Overlays, signals and steps of one file do not overwrite each other."""
    run(
        "classify",
        scans / "scan.pdf",
        "--overlay",
        tmp_path / "o",
        "--signals",
        tmp_path / "s",
        "--steps",
        tmp_path / "t",
    )
    for folder, ending in (("o", r"\.jpg"), ("s", r"\.csv"), ("t", "")):
        names = sorted(path.name for path in (tmp_path / folder).iterdir() if path.suffix not in (".hea", ".dat"))
        assert [re.fullmatch(rf"scan-[0-9a-f]{{8}}-(\d){ending}", name)[1] for name in names] == ["1", "2", "3"]


@pytest.mark.slow
def test_progress_counts_pages(run, scans, monkeypatch):
    """As they become known."""
    monkeypatch.setattr(type(sys.stderr), "isatty", lambda self: self is sys.stderr, raising=False)
    _, _, err = run("classify", scans / "scan.pdf", scans / "page.png")
    assert err == "\r1 of 4\r2 of 4\r3 of 4\r4 of 4\n"


@pytest.mark.slow
def test_a_pdf_comes_through_a_pipe_too(run, scans, monkeypatch):
    """Page by page, under the name of a dash."""
    stdin_of(monkeypatch, (scans / "scan.pdf").read_bytes())
    status, out, _ = run("classify", "-", "--json")
    assert (status, [json.loads(line)["source"] for line in out.splitlines()]) == (0, ["-#1", "-#2", "-#3"])


def test_verbose_adds_lines_below_each_result(run, normal_page):
    """Indented; programs have JSON and CSV for it."""
    status, out, err = run("classify", normal_page, "none.jpg", "--verbose")
    lines = out.splitlines()
    assert (
        (status, err) == (1, "")
        and lines[0].startswith(f"{normal_page}: ")
        and lines[-1].startswith("none.jpg: failed")
    )
    assert len(lines) > 2 and all(line.startswith("    ") for line in lines[1:-1])
    assert any(line.startswith("    Probabilities: Normal ") for line in lines)
    status, _, err = run("classify", normal_page, "--verbose", "--json")
    assert status == 2 and "--verbose goes with text" in err
