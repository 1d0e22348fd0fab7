"""Stored results as FHIR R4 (4.0.1): a `DiagnosticReport` and its `Observation`s for each page, in one `Bundle`: the impression, and what was measured.

Codes are LOINC and SNOMED CT where there are codes. Nobody has confirmed a reading and no patient is known: reports are
preliminary and carry no subject; what was not read is cancelled, with the reason.
"""

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from .. import __version__
from ..layout import CLASSES
from ..result import SHOWN_QTC
from ..words import verdict_words
from .measured_words import findings, value_of

Coding = tuple[str, str, str]
"""System, code and display of a concept."""
Json = dict[str, Any]

LOINC, SNOMED, UCUM = "http://loinc.org", "http://snomed.info/sct", "http://unitsofmeasure.org"
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"
STUDY = (LOINC, "11524-6", "EKG study")
IMPRESSION = (LOINC, "8601-7", "EKG impression")
SERVICE = (TERMINOLOGY + "v2-0074", "EC", "Electrocardiac (e.g., EKG, EEC, Holter)")
CATEGORY = (TERMINOLOGY + "observation-category", "procedure", "Procedure")
FINDINGS = {
    "normal": (SNOMED, "164854000", "Electrocardiogram normal (finding)"),
    "abnormal": (SNOMED, "102594003", "Electrocardiogram abnormal (finding)"),
    "infarction": (SNOMED, "164865005", "Electrocardiographic myocardial infarction (finding)"),
    "history": (SNOMED, "164867002", "Electrocardiographic old myocardial infarction (finding)"),
}
"""A code for each verdict; of heartbeats there is none narrower than that the ECG is abnormal."""
MEASURED = {
    "rate_per_min": ((LOINC, "8867-4", "Heart rate"), ("/min", "per minute")),
    "pr_ms": ((LOINC, "8625-6", "P-R Interval"), ("ms", "ms")),
    "qrs_ms": ((LOINC, "8633-0", "QRS duration"), ("ms", "ms")),
    "qt_ms": ((LOINC, "8634-8", "Q-T interval"), ("ms", "ms")),
    "qtc_ms": ((LOINC, "8636-3", "Q-T interval corrected"), ("ms", "ms")),
    "axis_qrs_deg": ((LOINC, "8632-2", "QRS axis"), ("deg", "degrees")),
}
"""Code and unit (of UCUM, and in words) of what is measured."""
ABSENT = {"refused": ("not-performed", "Not Performed"), "failed": ("error", "Error")}
DISCLAIMER = "Automatic reading of a printed ECG, not confirmed by anybody. Not a medical device."


class Entry(Protocol):
    """A stored result, as the store gives it: its number, when it was stored, and the dict of its JSON."""

    @property
    def number(self) -> int:
        """The store's number."""

    @property
    def stored_at(self) -> str:
        """ISO 8601, UTC."""

    @property
    def result(self) -> Mapping[str, Any]:
        """As `Result.to_dict` gives it."""


def bundle_parts(entries: Iterable[Entry]) -> Iterator[str]:
    """Yield the text of a JSON `Bundle` of type collection of stored results, in parts, however many there are."""
    yield '{"resourceType": "Bundle", "type": "collection"'
    first = True
    for entry in entries:
        for resource in resources(entry):
            item = {"fullUrl": f"urn:uuid:{resource['id']}", "resource": resource}
            yield (', "entry": [\n' if first else ",\n") + json.dumps(item)
            first = False
    # FHIR's JSON has no empty arrays.
    yield "}\n" if first else "\n]}\n"


def resources(entry: Entry) -> tuple[Json, ...]:
    """The `DiagnosticReport` of an entry, its impression as an `Observation`, and one for each of `MEASURED` that is known, as dicts."""
    result = entry.result
    measured = {name: value_of(result.get("measurements"), name) for name in MEASURED}
    measured = {name: value for name, value in measured.items() if value is not None}
    impression = _observation(entry, "observation", IMPRESSION, "preliminary" if result["verdict"] else "cancelled")
    observations = [impression | _value(result)]
    for name, value in measured.items():
        code, (unit, words) = MEASURED[name]
        method = {"method": _text(SHOWN_QTC.capitalize())} if name == "qtc_ms" else {}
        quantity = {"value": value, "unit": words, "system": UCUM, "code": unit}
        observations.append(_observation(entry, name, code, "preliminary") | {"valueQuantity": quantity} | method)
    report_id, status = _id(entry, "report"), "preliminary" if result["verdict"] or measured else "cancelled"
    report = {"resourceType": "DiagnosticReport", "id": report_id, "status": status, "category": [_coded(SERVICE)],
              "identifier": [{"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{report_id}"}],
              "code": _coded(STUDY), "effectiveDateTime": impression["effectiveDateTime"], "issued": entry.stored_at,
              "result": [{"reference": f"urn:uuid:{each['id']}"} for each in observations], "conclusion": _conclusion(result)}  # fmt: skip
    if result["verdict"]:
        report["conclusionCode"] = [_coded(FINDINGS[result["verdict"]])]
    return report, *observations


def _observation(entry: Entry, kind: str, code: Coding, status: str) -> Json:
    """An `Observation` without its value."""
    result = entry.result
    model = result.get("model") or {}
    device: Json = {"resourceType": "Device", "id": "reader",
              "deviceName": [{"name": "ecg-edge", "type": "model-name"}],
              "version": [{"type": _text("ecg-edge"), "value": str(result.get("ecg_edge") or __version__)}]
              + ([{"type": _text(f"model {model['name']}"), "value": model["version"]}] if model.get("version") else [])}  # fmt: skip
    return {"resourceType": "Observation", "id": _id(entry, kind), "status": status, "category": [_coded(CATEGORY)],
            "code": _coded(code), "effectiveDateTime": result.get("captured_at") or entry.stored_at, "issued": entry.stored_at,
            "contained": [device], "device": {"reference": "#reader"}}  # fmt: skip


def _value(result: Mapping[str, Any]) -> Json:
    """What was found, with a component for each class's probability; or why nothing was."""
    note = {"note": [{"text": result["message"]}]} if result.get("message") else {}
    if not result["verdict"]:
        code, display = ABSENT[result["status"]]
        return {"dataAbsentReason": _coded((TERMINOLOGY + "data-absent-reason", code, display)), **note}
    probabilities = result["probabilities"]
    return {
        "valueCodeableConcept": _coded(FINDINGS[result["verdict"]]) | {"text": result["verdict"]},
        "component": [
            {
                "code": _coded(FINDINGS[label]) | {"text": f"probability of {label}"},
                "valueQuantity": {"value": probabilities[label], "system": UCUM, "code": "1"},
            }
            for label in CLASSES
        ],
        **note,
    }


def _conclusion(result: Mapping[str, Any]) -> str:
    found = ", ".join(each["text"] for each in findings(result.get("measurements")))
    found = f" Measured: {found}." if found else ""
    if not result["verdict"]:
        return f"Not read ({result['reason']}): {result['message']}{found} {DISCLAIMER}"
    return f"{verdict_words(result)}.{found} {DISCLAIMER}"


def _coded(coding: Coding) -> Json:
    system, code, display = coding
    return {"coding": [{"system": system, "code": code, "display": display}]}


def _text(text: str) -> Json:
    return {"text": text}


def _id(entry: Entry, kind: str) -> str:
    """The same for the same page, wherever and whenever it is exported."""
    known = f"ecg-edge {kind} {entry.number} {entry.stored_at} {entry.result.get('sha256')}"
    return str(uuid.uuid5(uuid.NAMESPACE_OID, known))
