"""Results as FHIR R4 (4.0.1): a `DiagnosticReport` and its `Observation`s for each page, in one transaction `Bundle`: the impression, what was
measured, and each lead's signal.

Codes are LOINC, SNOMED CT and MDC where there are codes. Nobody has confirmed a reading: reports are preliminary; what was not read is
cancelled, with the reason. They have a subject where one is given, and a time where it is known when the ECG was recorded.
"""

from __future__ import annotations

import base64
import json
import os
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from .. import __version__
from ..errors import UsageError
from ..image import split_page_name
from ..layout import CLASSES
from ..result import SHOWN_QTC
from ..words import verdict_words
from .fhir_samples import LeadSamples, samples_of
from .files import write_bytes
from .measured_words import findings, value_of

if TYPE_CHECKING:
    from ..result import Result
    from ..stages import Stages

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
_REFERENCE = re.compile(
    r"urn:(?:uuid|oid):\S+|(?:https?://\S+/)?[A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64}(?:/_history/[A-Za-z0-9.-]{1,64})?"
)
DISCLAIMER = "Automatic reading of an ECG, not confirmed by anybody. Not a medical device."


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


@dataclass(frozen=True)
class Reading:
    """A result that is not stored, as an `Entry`: read at `stored_at`."""

    stored_at: str
    result: Mapping[str, Any]
    number: int = 0


def check_subject(reference: str) -> str:
    """A reference to a patient: `Patient/123`, its address on a server, or a `urn:`.

    Raises
    ------
    UsageError : it is none.
    """
    if _REFERENCE.fullmatch(reference) is None:
        raise UsageError(f"{reference!r} is no reference to a patient: give Patient/123 or its address")
    return reference


def write_fhir_of(
    result: Result,
    stages: Stages,
    folder: str | os.PathLike[str],
    read_at: str,
    subject: str | None = None,
    report: bytes | None = None,
) -> Path:
    """Write FOLDER/STEM-fhir.json, the Bundle of a reading with the signals of its leads; the path.

    Raises
    ------
    OutputError : it cannot be written there.
    """
    samples = () if stages.signals is None else samples_of(stages.signals)
    text = "".join(bundle_parts([Reading(read_at, result.to_dict())], subject, samples, report))
    return write_bytes(folder, f"{stages.picture.stem}-fhir.json", text.encode())


def bundle_parts(
    entries: Iterable[Entry],
    subject: str | None = None,
    samples: Sequence[LeadSamples] = (),
    report: bytes | None = None,
) -> Iterator[str]:
    """Yield the text of a JSON `Bundle` of type transaction of results, in parts, however many there are.

    Sent twice, it makes nothing twice: what has the same identifier is there already. `subject` is a reference to whose they are; of a single
    result `samples` are its leads and `report` the bytes of its PDF.
    """
    yield '{"resourceType": "Bundle", "type": "transaction"'
    first = True
    for entry in entries:
        for resource in resources(entry, subject, samples, report):
            (identifier,) = resource["identifier"]
            request = {
                "method": "POST",
                "url": resource["resourceType"],
                "ifNoneExist": f"identifier={identifier['system']}|{identifier['value']}",
            }
            item = {"fullUrl": f"urn:uuid:{resource['id']}", "resource": resource, "request": request}
            yield (', "entry": [\n' if first else ",\n") + json.dumps(item)
            first = False
    # FHIR's JSON has no empty arrays.
    yield "}\n" if first else "\n]}\n"


def resources(
    entry: Entry, subject: str | None = None, samples: Sequence[LeadSamples] = (), report: bytes | None = None
) -> tuple[Json, ...]:
    """The `DiagnosticReport` of an entry, its impression as an `Observation`, one for each of `MEASURED` that is known, and one for each lead of
    `samples`, as dicts; `report` (a PDF) as the report's presented form."""
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
    for lead in samples:
        shown = _observation(entry, f"lead {lead.title}", lead.code, "preliminary")
        shown["code"]["text"] = f"lead {lead.title}"
        observations.append(shown | {"valueSampledData": lead.to_fhir()})
    status = "preliminary" if result["verdict"] or measured or samples else "cancelled"
    made: Json = {"resourceType": "DiagnosticReport", **_known(entry, "report"), "status": status, "category": [_coded(SERVICE)],
            "code": _coded(STUDY), "result": [{"reference": f"urn:uuid:{each['id']}"} for each in observations],
            "conclusion": _conclusion(result)}  # fmt: skip
    if result["verdict"]:
        made["conclusionCode"] = [_coded(FINDINGS[result["verdict"]])]
    if report is not None:
        title = "What was read, and how sure it is"
        data = base64.b64encode(report).decode()
        made["presentedForm"] = [{"contentType": "application/pdf", "language": "en", "data": data, "title": title}]
    whose = {"subject": {"reference": subject}} if subject else {}
    return tuple(each | whose for each in (made, *observations))


def _observation(entry: Entry, kind: str, code: Coding, status: str) -> Json:
    """An `Observation` without its value."""
    result = entry.result
    model = result.get("model") or {}
    device: Json = {"resourceType": "Device", "id": "reader",
              "deviceName": [{"name": "ecg-edge", "type": "model-name"}],
              "version": [{"type": _text("ecg-edge"), "value": str(result.get("ecg_edge") or __version__)}]
              + ([{"type": _text(f"model {model['name']}"), "value": model["version"]}] if model.get("version") else [])}  # fmt: skip
    return {"resourceType": "Observation", **_known(entry, kind), "status": status, "category": [_coded(CATEGORY)],
            "code": _coded(code), "contained": [device], "device": {"reference": "#reader"}}  # fmt: skip


def _known(entry: Entry, kind: str) -> Json:
    """Identity and times of a resource: when it was read, and, where that is known, when the ECG was recorded."""
    own = _id(entry, kind)
    recorded_at = fhir_time(entry.result.get("recorded_at"))
    return {
        "id": own,
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{own}"}],
        "issued": entry.stored_at,
        **({"effectiveDateTime": recorded_at} if recorded_at else {}),
    }


def fhir_time(time: str | None) -> str | None:
    """A time of recording as FHIR's dateTime, which has no time of day without its distance from UTC: then the date alone."""
    if time is None or "T" not in time:
        return time
    return time if re.search(r"[+-]\d\d:\d\d$", time) else time.partition("T")[0]


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
    if entry.number:
        known = f"ecg-edge {kind} {entry.number} {entry.stored_at} {entry.result.get('sha256')}"
    else:
        page = split_page_name(entry.result["source"])[1]
        known = f"ecg-edge {kind} {entry.result.get('sha256') or entry.stored_at} {page} {entry.result.get('model')}"
    return str(uuid.uuid5(uuid.NAMESPACE_OID, known))
