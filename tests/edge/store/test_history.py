"""Stored results, listed and exported."""

import csv
import io
import json
from datetime import datetime
from pathlib import Path

import pytest

from ecg_edge.commands import cli
from ecg_edge.errors import Reason, UsageError
from ecg_edge.layout import CLASSES
from ecg_edge.measure.measurements import Measurements
from ecg_edge.measure.statements import as_json
from ecg_edge.output import fhir
from ecg_edge.result import Result, unread
from ecg_edge.store import history
from ecg_edge.store.result_store import Entry, Store

from ..fhir_library import FHIR_PYTHON, checked

RESULTS = (
    Result("read", "a.jpg", "12ab", dict(zip(CLASSES, (0.91, 0.05, 0.03, 0.01), strict=True)), 0.5,
           model={"name": "cnn", "version": "1", "sha256": "0"}, captured_at="2026-11-01T10:00:00+00:00"),
    Result("uncertain", "b, the second.jpg", None, dict(zip(CLASSES, (0.2, 0.2, 0.45, 0.15), strict=True)), 0.5,
           model={"name": "page", "version": "2", "sha256": "0"}, message="The file holds 2 pictures; the first was read.", captured_at="2026-11-02T10:00:00+00:00"),
    unread("c.jpg", Reason.BLURRED, captured_at="2026-11-03T10:00:00+00:00"),
    unread("d.jpg", Reason.NOT_A_PICTURE),
    Result("read", "e.jpg", None, dict(zip(CLASSES, (0.1, 0.7, 0.1, 0.1), strict=True)), 0.5, captured_at="2026-11-05T10:00:00+00:00"),
    Result("read", "f.jpg", None, dict(zip(CLASSES, (0.1, 0.1, 0.1, 0.7), strict=True)), 0.5, captured_at="2026-11-06T10:00:00+00:00"),
)  # fmt: skip


@pytest.fixture
def kept(tmp_path):
    """A store with six results: each status, each verdict."""
    with Store(tmp_path / "store") as store:
        for result in RESULTS:
            store.add(result.to_dict(), b"picture", device={"board": {"temperature_c": 48.5}})
        yield store


@pytest.fixture
def run(kept, capsys):
    """`run("--csv")` is (status, standard output, standard error) of `ecg-edge history`."""

    def call(*arguments):
        try:
            status = cli.main(["history", "--store", kept.folder, *arguments])
        except SystemExit as end:
            status = end.code
        return status, *capsys.readouterr()

    return call


def test_results_are_listed_while_others_are_stored(run):
    """A line each, the oldest first, with the reason where there is no verdict."""
    status, out, err = run()
    assert (status, err) == (0, "")
    assert out.splitlines()[:3] == [
        "     1  2026-11-01 10:00:00  a.jpg: normal (91 %)",
        "     2  2026-11-02 10:00:00  b, the second.jpg: infarction (45 %, uncertain: low confidence): The file holds 2 pictures; the first was read.",
        f"     3  2026-11-03 10:00:00  c.jpg: refused (blurred): {Reason.BLURRED.sentence}",
    ]


@pytest.mark.parametrize(
    "arguments, numbers",
    [
        (["--status", "refused"], [3]),
        (["--verdict", "infarction"], [2]),
        (["--model", "cnn"], [1]),
        (["--since", "2026-11-02", "--until", "2026-11-03T11:00:00+01:00"], [2]),
        (["--limit", "2"], [5, 6]),
        (["--number", "4"], [4]),
    ],
)
def test_results_are_filtered(run, arguments, numbers):
    """Times in any zone."""
    status, out, _ = run(*arguments, "--json")
    assert status == 0 and [json.loads(line)["number"] for line in out.splitlines()] == numbers


def test_csv_has_a_column_for_each_class_and_empty_cells_for_what_is_not_known(run):
    """Quoted where it must be."""
    rows = list(csv.DictReader(io.StringIO(run("--csv")[1])))
    assert tuple(rows[0]) == history.COLUMNS and len(rows) == len(RESULTS)
    assert (rows[0]["normal"], rows[0]["temperature_c"], rows[0]["model"], rows[0]["reason"]) == (
        "0.91",
        "48.5",
        "cnn",
        "",
    )
    assert rows[0]["rate_per_min"] == rows[0]["findings"] == ""
    assert (
        rows[1]["source"] == "b, the second.jpg"
        and rows[3]["confidence"] == ""
        and rows[3]["reason"] == "not_a_picture"
    )


@pytest.mark.parametrize("name", ["=1+1.jpg", "+1.jpg", "-1.jpg", "@SUM(A1).jpg", "\t=1.jpg"])
def test_csv_has_no_formulas(run, kept, name):
    """A spreadsheet would do what a file's name says; other programs of the numbers find them as they are, the negative ones too."""
    measured = MEASURED | {"axis_qrs_deg": -40.0}
    number = kept.add(unread(name, Reason.BLURRED, measurements=measured).to_dict())
    (row,) = csv.DictReader(io.StringIO(run("--csv", "--number", str(number))[1]))
    assert row["source"] == f"'{name}" and row["axis_qrs_deg"] == "-40.0"


def test_csv_has_what_was_measured(run, kept):
    """QTc by the formula that is shown first."""
    number = kept.add(Result("read", "h.jpg", None, {"normal": 1.0, "abnormal": 0.0, "infarction": 0.0, "history": 0.0}, measurements=MEASURED).to_dict(), b"picture")  # fmt: skip
    (row,) = csv.DictReader(io.StringIO(run("--csv", "--number", str(number))[1]))
    assert (row["rate_per_min"], row["pr_ms"], row["qtc_ms"], row["axis_qrs_deg"]) == (
        "71.8",
        "160.0",
        "403.0",
        "-12.0",
    )


def test_json_holds_the_whole_result(run, kept):
    """With the picture's path and what the device said."""
    lines = [json.loads(line) for line in run("--json")[1].splitlines()]
    assert [line["result"] for line in lines] == [result.to_dict() for result in RESULTS]
    assert Path(lines[0]["picture"]).read_bytes() == b"picture" and lines[0]["device"] == {
        "board": {"temperature_c": 48.5}
    }


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--since", "yesterday"], "ecg-edge: 'yesterday' is no time: give 2026-11-24 or 2026-11-24T18:30:00+01:00\n"),
        (["--limit", "0"], "ecg-edge: --limit must be at least 1\n"),
    ],
)
def test_mistakes_end_with_2(run, arguments, message):
    """In one line."""
    assert run(*arguments) == (2, "", message)


def test_a_folder_without_results_ends_with_3(run, tmp_path):
    """And is not made."""
    status, _, err = run("--store", str(tmp_path / "none"))
    assert status == 3 and "holds no results that can be seen" in err and not (tmp_path / "none").exists()


@pytest.mark.parametrize("user, told", [(0, False), (1000, True)])
def test_root_is_not_told_to_use_sudo(run, tmp_path, monkeypatch, user, told):
    """It would see no more."""
    monkeypatch.setattr("os.geteuid", lambda: user)
    assert ("sudo" in run("--store", str(tmp_path / "none"))[2]) is told


def test_times_are_compared_in_utc():
    """A date is its beginning."""
    assert history.parse_time("2026-11-24") == "2026-11-24T00:00:00+00:00"
    assert (
        history.parse_time("2026-11-24T18:30:00+01:00")
        == history.parse_time("2026-11-24T17:30:00Z")
        == "2026-11-24T17:30:00+00:00"
    )
    with pytest.raises(UsageError):
        history.parse_time("24.11.2026")


# FHIR


@pytest.mark.skipif(not FHIR_PYTHON.exists(), reason="no .venv-fhir: 'make test' makes it")
def test_fhir_is_accepted_by_a_library_of_r4(run):
    """Every status and verdict; a wrong one is not accepted."""
    text = run("--fhir")[1]
    assert checked(text) == ["DiagnosticReport", "Observation"] * len(RESULTS)
    assert checked("".join(fhir.bundle_parts([]))) == []
    wrong = json.loads(text)
    wrong["entry"][0]["resource"]["conclusionCode"] = "normal"
    with pytest.raises(AssertionError, match="ValidationError"):
        checked(json.dumps(wrong))


MEASURED = as_json(
    Measurements(rate_per_min=71.8, pr_ms=160.0, qrs_ms=92.0, qt_ms=380.0, axis_qrs_deg=-12.0, qtc_ms={"bazett": 415.0, "fridericia": 403.0})
)  # fmt: skip
CODES = {"8867-4": (71.8, "/min"), "8625-6": (160, "ms"), "8633-0": (92, "ms"), "8634-8": (380, "ms"), "8636-3": (403, "ms"), "8632-2": (-12, "deg")}  # fmt: skip


def test_fhir_has_an_observation_for_each_value_that_was_measured(run, kept):
    """LOINC and UCUM, also of a page without a verdict; the report points at each; a value that is not known has none."""
    refused = unread("g.jpg", Reason.LEADS_MISSING, measurements=MEASURED)
    number = kept.add(refused.to_dict(), b"picture")
    bundle = json.loads(run("--fhir", "--number", str(number))[1])
    report, impression, *values = (entry["resource"] for entry in bundle["entry"])
    assert (report["status"], impression["status"]) == ("preliminary", "cancelled")
    assert [each["reference"] for each in report["result"]] == [f"urn:uuid:{each['id']}" for each in (impression, *values)]  # fmt: skip
    told = {each["code"]["coding"][0]["code"]: (each["valueQuantity"]["value"], each["valueQuantity"]["code"]) for each in values}  # fmt: skip
    assert told == CODES and {each["status"] for each in values} == {"preliminary"}
    assert next(each for each in values if each["valueQuantity"]["value"] == 403)["method"] == {"text": "Fridericia"}
    known = MEASURED | {"pr_ms": None, "qtc_ms": None}
    few = fhir.resources(
        Entry(1, "2026-11-01T10:00:00+00:00", RESULTS[0].to_dict() | {"measurements": known}, {}, None)
    )
    assert len(few) == 2 + len(CODES) - 2
    if FHIR_PYTHON.exists():
        assert checked(json.dumps(bundle)) == ["DiagnosticReport"] + ["Observation"] * 7


def test_fhir_says_what_was_found_in_codes(run):
    """Report and observation point at each other; nobody has confirmed it."""
    report, observation = (entry["resource"] for entry in json.loads(run("--fhir", "--number", "1")[1])["entry"])
    assert report["code"]["coding"][0] == {"system": "http://loinc.org", "code": "11524-6", "display": "EKG study"}
    assert report["result"] == [{"reference": f"urn:uuid:{observation['id']}"}] and report["status"] == "preliminary"
    assert (
        report["conclusionCode"][0]["coding"][0]["code"]
        == observation["valueCodeableConcept"]["coding"][0]["code"]
        == "164854000"
    )
    assert "Not a medical device" in report["conclusion"] and "subject" not in report
    assert [part["valueQuantity"]["value"] for part in observation["component"]] == [0.91, 0.05, 0.03, 0.01]
    assert datetime.fromisoformat(observation["issued"]).tzinfo and observation["issued"] == report["issued"]


def test_fhir_is_a_transaction_that_may_be_sent_twice(run):
    """A request for each resource, which makes it where it is not there."""
    bundle = json.loads(run("--fhir")[1])
    assert bundle["type"] == "transaction" and len(bundle["entry"]) == 2 * len(RESULTS)
    for entry in bundle["entry"]:
        (identifier,) = entry["resource"]["identifier"]
        assert entry["fullUrl"] == identifier["value"]
        assert entry["request"] == {
            "method": "POST",
            "url": entry["resource"]["resourceType"],
            "ifNoneExist": f"identifier=urn:ietf:rfc:3986|{identifier['value']}",
        }


def test_fhir_has_the_time_of_the_recording_alone(run, kept):
    """Not that of the photograph, nor of the reading, which is `issued`; without a zone the date."""
    for entry in json.loads(run("--fhir")[1])["entry"]:
        assert "effectiveDateTime" not in entry["resource"], "a page of 2019 is not of today"
    for time, told in (("2019", "2019"), ("2019-05-03T10:20:30", "2019-05-03"), ("2019-05-03T10:20:30+01:00",) * 2):
        result = RESULTS[0].to_dict() | {"recorded_at": time}
        made = fhir.resources(Entry(1, "2026-11-01T10:00:00+00:00", result, {}, None))
        assert {each["effectiveDateTime"] for each in made} == {told}
        assert {each["issued"] for each in made} == {"2026-11-01T10:00:00+00:00"}


def test_fhir_has_the_subject_that_is_given(run):
    """In every resource; what is no reference is refused."""
    bundle = json.loads(run("--fhir", "--subject", "Patient/123")[1])
    assert {entry["resource"]["subject"]["reference"] for entry in bundle["entry"]} == {"Patient/123"}
    for wrong in ("Smith", "", "Patient/", "Patient/a b"):
        status, _, errors = run("--fhir", "--subject", wrong)
        assert status == 2 and "is no reference to a patient" in errors
    assert run("--csv", "--subject", "Patient/123")[0] == 2


def test_fhir_says_why_there_is_no_finding(run):
    """Cancelled, with the reason in words."""
    report, observation = (entry["resource"] for entry in json.loads(run("--fhir", "--status", "failed")[1])["entry"])
    assert (report["status"], observation["status"]) == ("cancelled", "cancelled")
    assert observation["dataAbsentReason"]["coding"][0]["code"] == "error" and "valueCodeableConcept" not in observation
    assert report["conclusion"].startswith("Not read (not_a_picture): The file cannot be opened")


def test_fhir_names_a_page_the_same_each_time(run):
    """And each page otherwise."""
    first, again = (json.loads(run("--fhir")[1])["entry"] for _ in range(2))
    assert first == again and len({entry["fullUrl"] for entry in first}) == 2 * len(RESULTS)


@pytest.mark.parametrize("asked", [("--since", "2027-01-01"), ("--model", "cnn", "--verdict", "history")])
def test_that_there_is_none_is_said(run, kept, asked):
    """On standard error, with the folder."""
    assert run(*asked) == (0, "", f"{kept.folder}: no such results\n")


def test_a_number_that_is_not_there_ends_with_3(run, kept):
    """As a model does that is not there: one thing was named."""
    assert run("--number", "99", "--csv") == (3, "", f"ecg-edge: {kept.folder}: there is no result of number 99\n")


def test_what_can_have_no_results_is_refused(run):
    """A number that none has, and a time that ends before it begins."""
    assert run("--number", "0")[::2] == (2, "ecg-edge: --number must be at least 1\n")
    status, _, err = run("--since", "2026-12-01", "--until", "2026-11-01")
    assert status == 2 and "--until must be later than --since" in err
