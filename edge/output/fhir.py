"""Stored results as FHIR R4 (4.0.1): a `DiagnosticReport` and an `Observation` for each page, in one `Bundle`.

Codes are LOINC and SNOMED CT where there are codes. Nobody has confirmed a reading and no patient is known: reports are
preliminary and carry no subject; what was not read is cancelled, with the reason.
"""

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from .. import __version__
from ..layout import CLASSES

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


def resources(entry: Entry) -> tuple[Json, Json]:
    """The `DiagnosticReport` and the `Observation` of an entry, as dicts."""
    result = entry.result
    report_id, observation_id = (_id(entry, kind) for kind in ("report", "observation"))
    status = "preliminary" if result["verdict"] else "cancelled"
    effective = result.get("captured_at") or entry.stored_at
    model = result.get("model") or {}
    device: Json = {"resourceType": "Device", "id": "reader",
              "deviceName": [{"name": "ecg-edge", "type": "model-name"}],
              "version": [{"type": _text("ecg-edge"), "value": str(result.get("ecg_edge") or __version__)}]
              + ([{"type": _text(f"model {model['name']}"), "value": model["version"]}] if model.get("version") else [])}  # fmt: skip
    observation = {"resourceType": "Observation", "id": observation_id, "status": status, "category": [_coded(CATEGORY)],
                   "code": _coded(IMPRESSION), "effectiveDateTime": effective, "issued": entry.stored_at,
                   "contained": [device], "device": {"reference": "#reader"}, **_value(result)}  # fmt: skip
    report = {"resourceType": "DiagnosticReport", "id": report_id, "status": status, "category": [_coded(SERVICE)],
              "identifier": [{"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{report_id}"}],
              "code": _coded(STUDY), "effectiveDateTime": effective, "issued": entry.stored_at,
              "result": [{"reference": f"urn:uuid:{observation_id}"}], "conclusion": _conclusion(result)}  # fmt: skip
    if result["verdict"]:
        report["conclusionCode"] = [_coded(FINDINGS[result["verdict"]])]
    return report, observation


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
    if not result["verdict"]:
        return f"Not read ({result['reason']}): {result['message']} {DISCLAIMER}"
    doubt = ", uncertain" if result["status"] == "uncertain" else ""
    return f"{result['verdict']} (probability {result['confidence']:.2f}{doubt}). {DISCLAIMER}"


def _coded(coding: Coding) -> Json:
    system, code, display = coding
    return {"coding": [{"system": system, "code": code, "display": display}]}


def _text(text: str) -> Json:
    return {"text": text}


def _id(entry: Entry, kind: str) -> str:
    """The same for the same page, wherever and whenever it is exported."""
    known = f"ecg-edge {kind} {entry.number} {entry.stored_at} {entry.result.get('sha256')}"
    return str(uuid.uuid5(uuid.NAMESPACE_OID, known))
