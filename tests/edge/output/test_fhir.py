"""Signals and reports in FHIR Bundles, read back by another program."""

import base64
import csv
import json
import subprocess

import numpy as np
import pytest

from ecg_edge.commands.cli import main
from ecg_edge.layout import LEADS_12
from ecg_edge.output import fhir
from ecg_edge.output.fhir_samples import samples_of, samples_of_table
from ecg_edge.signals import Signals

from ..fhir_library import FHIR_PYTHON, checked

CODES = dict(zip(LEADS_12, ("131329", "131330", "131389", "131390", "131391", "131392", "131331", "131332", "131333", "131334", "131335", "131336"), strict=True))  # fmt: skip
READ_BACK = """
import json, sys
from fhir.resources.bundle import Bundle
read = {}
for entry in Bundle.parse_obj(json.load(sys.stdin)).entry:
    sampled = getattr(entry.resource, "valueSampledData", None)
    if sampled is not None:
        mv = [None if word in "EUL" else float(sampled.origin.value + int(word) * sampled.factor) for word in sampled.data.split()]
        read[entry.resource.code.text] = {"mv": mv, "period": float(sampled.period), "unit": sampled.origin.code}
print(json.dumps(read))
"""


@pytest.fixture(scope="module")
def signals():
    """Two columns of leads and a strip, with a gap; of whole microvolts."""
    rng = np.random.default_rng(1)
    leads = {name: np.round(rng.normal(0, 0.5, 1250), 3).astype(np.float32) for name in ("I", "II", "V1", "V2")}
    leads["V2"][100:150] = np.nan
    leads["rhythm"] = np.round(rng.normal(0, 0.5, 2500), 3).astype(np.float32)
    starts = {"I": 0.0, "II": 0.0, "V1": 2.5, "V2": 2.5, "rhythm": 0.0}
    return Signals.on_one_clock(leads, starts, {"rhythm": None}, 500)


def test_each_lead_is_an_observation_of_its_samples(signals):
    """In microvolts, E where nothing is known, all on one clock."""
    for lead, mv in zip(samples_of(signals), signals.mv.T, strict=True):
        sampled = lead.to_fhir()
        assert sampled["origin"]["code"] == "mV" and (sampled["period"], sampled["factor"], sampled["dimensions"]) == (
            2,
            0.001,
            1,
        )
        words = sampled["data"].split(" ")
        assert [word == "E" for word in words] == np.isnan(mv).tolist()
        assert all(
            int(word) == round(1000 * value) for word, value in zip(words, mv.tolist(), strict=True) if word != "E"
        )
    assert samples_of(signals)[-1].code[1:] == ("131328", "MDC_ECG_ELEC_POTL")
    assert [lead.code[1] for lead in samples_of(signals)[:4]] == [CODES[name] for name in ("I", "II", "V1", "V2")]


def test_a_process_without_arrays_makes_the_same_of_the_table(signals, tmp_path):
    """As the page in the browser does; to the microvolt."""
    assert tuple(samples_of_table(signals.to_csv(tmp_path, "page").read_text())) == samples_of(signals)
    assert tuple(samples_of_table("time_s,I_mV\r\n")) == ()


def test_a_reading_is_written_with_its_signals_and_its_report(normal_page, tmp_path, capsys):
    """By the command line: report, impression, what was measured, thirteen leads; twice the same identity."""
    pytest.importorskip("reportlab")
    identities = []
    for _ in range(2):
        assert main(["classify", str(normal_page), "--fhir", str(tmp_path), "--report", str(tmp_path), "--subject", "Patient/7",
                     "--recorded-at", "2019-05-03", "--signals", str(tmp_path), "--signals-format", "csv"]) == 0  # fmt: skip
        (file,) = tmp_path.glob("*-fhir.json")
        bundle = json.loads(file.read_text())
        made = [entry["resource"] for entry in bundle["entry"]]
        identities.append([entry["fullUrl"] for entry in bundle["entry"]])
    assert identities[0] == identities[1] and len(set(identities[0])) == len(made)
    report, *observations = made
    assert [each["reference"] for each in report["result"]] == [f"urn:uuid:{each['id']}" for each in observations]
    assert {(each["subject"]["reference"], each["effectiveDateTime"]) for each in made} == {("Patient/7", "2019-05-03")}
    (form,) = report["presentedForm"]
    (pdf,) = tmp_path.glob("*-report.pdf")
    assert form["contentType"] == "application/pdf" and base64.b64decode(form["data"]) == pdf.read_bytes()
    shown = [each for each in observations if "valueSampledData" in each]
    assert [each["code"]["coding"][0]["code"] for each in shown[:12]] == list(CODES.values()) and len(shown) == 13
    if FHIR_PYTHON.exists():
        assert checked(file.read_text()) == ["DiagnosticReport"] + ["Observation"] * len(observations)
        done = subprocess.run(
            [FHIR_PYTHON, "-c", READ_BACK], input=file.read_text(), capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        read = json.loads(done.stdout)
        (table,) = tmp_path.glob("*.csv")
        rows = list(csv.DictReader(table.read_text().splitlines()))
        for title, lead in read.items():
            column = [row[title.removeprefix("lead ").replace(" ", "_") + "_mV"] for row in rows]
            assert (lead["period"], lead["unit"]) == (2.0, "mV")
            assert [mv is None for mv in lead["mv"]] == [cell == "" for cell in column]
            told = [(mv, float(cell)) for mv, cell in zip(lead["mv"], column, strict=True) if cell]
            assert max(abs(mv - cell) for mv, cell in told) <= 0.00056  # the table has tenths of a microvolt


def test_what_was_not_read_may_have_signals(signals):
    """A refusal's report is preliminary where there is something in it."""
    result = {
        "source": "a.jpg",
        "sha256": "ab",
        "verdict": None,
        "status": "refused",
        "reason": "leads_missing",
        "message": "Few.",
        "model": None,
    }
    report, impression, *leads = fhir.resources(
        fhir.Reading("2026-11-01T10:00:00+00:00", result), samples=samples_of(signals)
    )
    assert (report["status"], impression["status"], len(leads)) == ("preliminary", "cancelled", 5)


def test_subject_goes_with_fhir(normal_page, capsys):
    """Else it would be forgotten in silence."""
    assert main(["classify", str(normal_page), "--subject", "Patient/7"]) == 2
    assert main(["classify", str(normal_page), "--subject", "Smith", "--fhir", "out"]) == 2
    assert "'Smith' is no reference to a patient" in capsys.readouterr().err
