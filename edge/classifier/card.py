"""Model cards, and model files that are what their cards say."""

import hashlib
import json
import math
import os
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from ..errors import DamagedModelError, NoModelError, UsageError
from ..layout import CLASSES

SCHEMA = "ecg-edge/card/1"
DEFAULT_MODEL = "page"
PAPER_MODELS = ("cnn", "crnn")
"""The paper's networks: 19 MB that few need, and so a distribution of their own, `ecg-edge-paper-models`, which puts them beside ours."""
HOW_TO_ADD_PAPER_MODELS = "'pip install ./install/paper-models' in a clone of ecg-edge adds the paper's models."

_TEXT, _NUMBER, _WHOLE, _LIST, _TABLE = str, (int, float), int, list, dict
REQUIRED: dict[str, type | tuple[type, ...]] = {
    "schema": _TEXT, "name": _TEXT, "version": _TEXT, "summary": _TEXT, "classes": _LIST,
    "input": _TABLE, "input.kind": _TEXT, "input.shape": _LIST, "input.dtype": _TEXT, "input.scale": _NUMBER,
    "input.zero_point": _WHOLE, "input.layout": _TEXT,
    "output": _TABLE, "output.dtype": _TEXT, "output.scale": _NUMBER, "output.zero_point": _WHOLE,
    "aggregation": _TABLE, "aggregation.method": _TEXT,
    "calibration": _TABLE, "calibration.method": _TEXT, "calibration.temperature": _NUMBER,
    "min_confidence": _NUMBER,
    "file": _TABLE, "file.bytes": _WHOLE, "file.sha256": _TEXT,
    "training": _TABLE, "metrics": _TABLE, "parity": _TABLE, "runtimes": _LIST,
    "licence": _TEXT, "intended_use": _TEXT, "limits": _TEXT,
}  # fmt: skip
"""Fields that a card must have, by dotted path, with their JSON type."""


@dataclass(frozen=True)
class Card:
    """A checked model card: `fields` as in its JSON, `path` where it lies."""

    fields: dict[str, Any]
    path: Path

    def __getitem__(self, dotted: str) -> Any:
        value: Any = self.fields
        for key in dotted.split("."):
            value = value[key]
        return value

    @property
    def name(self) -> str:
        """The model's name."""
        return str(self.fields["name"])

    @property
    def model_path(self) -> Path:
        """The .tflite file beside the card."""
        return self.path.with_suffix(".tflite")

    def read_model(self) -> bytes:
        """The bytes of the model file, checked against the card's SHA-256.

        Raises
        ------
        NoModelError : the file is not there.
        DamagedModelError : its bytes are not those that the card names.
        """
        try:
            data = self.model_path.read_bytes()
        except FileNotFoundError:
            raise NoModelError(f"{self.model_path} is missing: install ecg-edge again.") from None
        except OSError as error:
            raise DamagedModelError(f"{self.model_path} cannot be read: {error.strerror}.") from error
        if hashlib.sha256(data).hexdigest() != self["file.sha256"]:
            raise DamagedModelError(
                f"{self.model_path} is damaged: its {len(data)} bytes are not those that its card names"
                f" ({self['file.bytes']} bytes). Install ecg-edge again."
            )
        return data


def models_folder() -> Path:
    """The directory of the installed models."""
    models = import_module("..models", __package__)
    return Path(str(models.folder()))


def list_names(folder: str | os.PathLike[str] | None = None) -> list[str]:
    """The names of all models that have a card, sorted."""
    return sorted(path.stem for path in Path(folder or models_folder()).glob("*.json"))


def read_card(name: str, folder: str | os.PathLike[str] | None = None) -> Card:
    """The checked `Card` of the model called `name`.

    Raises
    ------
    UsageError : the name is no text.
    NoModelError : no such model; the message names those that are there.
    DamagedModelError : the card is not JSON, lacks a field or has one of another type.
    """
    if not isinstance(name, str):
        raise UsageError(f"a model is given by its name, such as 'page', not {name!r}")
    folder = Path(folder or models_folder())
    path = folder / f"{name}.json"
    if Path(name).name != name or not path.is_file():
        known = ", ".join(list_names(folder)) or "none"
        how = f" {HOW_TO_ADD_PAPER_MODELS}" if name in PAPER_MODELS else ""
        raise NoModelError(f"There is no model {name!r}. Installed: {known}.{how}")
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DamagedModelError(f"{path} is no readable card ({error}). Install ecg-edge again.") from error
    problem = find_problem(fields)
    if problem:
        raise DamagedModelError(f"{path} is no valid card: {problem}. Install ecg-edge again.")
    return Card(fields, path)


def find_problem(fields: object) -> str | None:
    """What is wrong with a card's JSON value, in words; None where nothing is."""
    if not isinstance(fields, dict):
        return "it is no JSON object"
    for dotted, kind in REQUIRED.items():
        value: object = fields
        for key in dotted.split("."):
            if not isinstance(value, dict) or key not in value:
                return f"the field {dotted} is missing"
            value = value[key]
        if not isinstance(value, kind) or isinstance(value, bool):
            return f"the field {dotted} has the wrong type"
    if fields["schema"] != SCHEMA:
        return f"its schema is {fields['schema']!r}, not {SCHEMA!r}"
    if tuple(fields["classes"]) != CLASSES:
        return f"its classes are not {', '.join(CLASSES)}"
    if not 0 < fields["calibration"]["temperature"] < float("inf"):
        return "the field calibration.temperature is not positive"
    # Cards of models that need none have no bias.
    bias = fields["calibration"].get("bias")
    if bias is not None and not _fits_classes(bias):
        return "the field calibration.bias is not a number for each class"
    if not 0 <= fields["min_confidence"] <= 1:
        return "the field min_confidence is not from 0 to 1"
    return None


def _fits_classes(values: object) -> bool:
    """Whether a JSON value is a list of one finite number for each class."""
    if not isinstance(values, list) or len(values) != len(CLASSES):
        return False
    return all(type(value) in (int, float) and math.isfinite(value) for value in values)
