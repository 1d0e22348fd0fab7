"""Writing the card of a converted model."""

import hashlib
import json
from pathlib import Path

from ecg_edge.classifier import card
from ecg_edge.layout import CLASSES, REPORT

SUMMARIES = {
    "cnn": "the paper's CNN on the thirteen lead images, int8",
    "crnn": "the paper's CNN-RNN on the thirteen lead images, int8",
    "page": "all leads of a page at once, as signals in mV, of any layout; int8",
}
_PAPER = (
    "Research and education: reading 2213 x 1572 report pages of the data set DOI 10.17632/gwbz3fsgp8 as the paper"
    " DOI 10.22214/ijraset.2024.59181 does. Not a medical device; never for diagnosis or treatment."
)
INTENDED_USE = {
    "cnn": _PAPER,
    "crnn": _PAPER,
    "page": "Research and education: reading photographs, scans and exports of printed 12-lead ECGs, in the four classes of the data set"
    " DOI 10.17632/gwbz3fsgp8. Not a medical device; never for diagnosis or treatment.",
}
LIMITS = {
    "paper": (
        "Trained on the paper's random split by file, in which copies of most test files are in the training set: its"
        " figures flatter, and probabilities are not calibrated. Reads 3x4+1 report pages of one device alone."
    ),
    "all": (
        "491 pages of one device and one place, 30 of them infarctions, and a selection: on the pages that the publishers left"
        " out it is far worse (see the metrics of `uncurated`). Its figures are out of fold: aggregation, calibration and threshold"
        " are chosen on the pages of four folds and measured on the fifth's. Reads 3x4+1 report pages alone."
    ),
    "page": (
        "896 pages of one device and one place, 51 of them infarctions, and 1,857 records of other hospitals. Its figures are out of fold: calibration"
        " and threshold are chosen on the pages of four folds, those that were left out of version 2 counting 0.3, and measured on the fifth's. What the"
        " publishers left out it reads far worse (see `doubt` and the metrics of `uncurated`), and many labels there are doubtful: on one page in eight all"
        " models agree against the label. It is calibrated mostly for version 2's mix of classes. Records were seen as signals and drawn on the data"
        " set's own paper: paper of other devices, 12 x 1 and other layouts it has never been trained on. What it finds besides the classes"
        " (`output.findings`) is not calibrated: results say it as findings, never as a diagnosis."
    ),
}
"""By what a model was trained on; the page model's own."""


def make(name, version, data, details, training, trust, metrics, parity, runtimes, limits):
    """The card's fields for the int8 model `data` (bytes).

    Parameters
    ----------
    details : {"input": {...}, "output": {...}} as `describe` gives them
    training, metrics, parity : tables of the card
    trust : {"choices": `train.choices.Choices`, "ece", "brier"}, the latter None where nothing was calibrated, and "doubt", what stands on the
        card of how many verdicts are not uncertain and how many of them are wrong, by origin, where that is known
    runtimes : names and versions that the model was run with
    limits : a key of `LIMITS`
    """
    chosen = trust["choices"]
    fields = {
        "schema": card.SCHEMA,
        "name": name,
        "version": version,
        "summary": SUMMARIES[name],
        "classes": list(CLASSES),
        "input": {"kind": "lead_image", "layout": REPORT.name, **details["input"]},
        "output": details["output"],
        "aggregation": {"method": chosen.method, "weights": chosen.weights and list(chosen.weights)},
        "calibration": {
            "method": "none" if trust["ece"] is None else "vector",
            "temperature": chosen.temperature,
            "bias": chosen.bias and list(chosen.bias),
            "ece": trust["ece"],
            "brier": trust["brier"],
        },
        "min_confidence": chosen.min_confidence,
        **({"doubt": trust["doubt"]} if "doubt" in trust else {}),
        "file": {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()},
        "training": training,
        "metrics": metrics,
        "parity": parity,
        "runtimes": runtimes,
        "licence": "Apache-2.0; trained on pages under CC BY 4.0 (Khan, Hussain: ECG Images dataset of Cardiac Patients)",
        "intended_use": INTENDED_USE[name],
        "limits": LIMITS[limits],
    }
    problem = card.find_problem(fields)
    if problem:
        raise ValueError(f"the card of {name} would be invalid: {problem}")
    return fields


def describe(network):
    """{"input", "output"}: shape, type, scale and zero point of an `ecg_edge.classifier.runtime.Network`."""
    tensors = network.quantisation()
    return {
        "input": {"shape": [None, *network.input_shape], **tensors["input"]},
        "output": tensors["output"],
    }


def write(fields, folder):
    """Write NAME.json in `folder`."""
    path = Path(folder) / f"{fields['name']}.json"
    path.write_text(json.dumps(fields, indent=1) + "\n")
    return path
