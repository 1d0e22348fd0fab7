"""Results as rows of CSV: what came of a page, and what was measured on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..layout import CLASSES
from ..words import encodable
from .measured_words import VALUES, findings, value_of

RESULT_COLUMNS = ("captured_at", "source", "status", "verdict", "confidence", *CLASSES, "reason", "message", "model", "sha256")  # fmt: skip
MEASURED_COLUMNS = (*(value.name for value in VALUES), "regular", "p_wave", "premature_narrow", "premature_wide", "findings")  # fmt: skip
COLUMNS = (*RESULT_COLUMNS, "doubts", *MEASURED_COLUMNS)


FORMULA = "=", "+", "-", "@", "\t", "\r", "\n"
"""With which a cell begins that a spreadsheet takes for a formula."""


def csv_cells(cells: Iterable[Any]) -> list[Any]:
    """Cells as CSV has them: a text that a spreadsheet would take for a formula, since a file may be called so, has `'` before it, and what UTF-8 cannot
    hold is escaped. Numbers stay."""
    return [_plain(cell) if isinstance(cell, str) else cell for cell in cells]


def _plain(text: str) -> str:
    return encodable(f"'{text}" if text.startswith(FORMULA) else text)


def result_cells(result: Mapping[str, Any]) -> list[Any]:
    """The cells of the dict of a result under `RESULT_COLUMNS`; None where it is not known."""
    known = dict(result) | (result.get("probabilities") or {}) | {"model": (result.get("model") or {}).get("name")}
    return [known.get(name) for name in RESULT_COLUMNS]


def measured_cells(result: Mapping[str, Any]) -> list[Any]:
    """The cells under `doubts` and `MEASURED_COLUMNS`: codes of doubts and of findings with spaces between them."""
    known = result.get("measurements") or {}
    beats = known.get("beats") or {}
    found = {name: known.get(name) for name in ("regular", "p_wave")} | {
        "premature_narrow": beats.get("premature_narrow"),
        "premature_wide": beats.get("premature_wide"),
        "findings": " ".join(each["code"] for each in findings(known)) if known else None,
    }
    found |= {value.name: value_of(known, value.name) for value in VALUES}
    return [" ".join(result.get("doubts") or ()) or None, *(found[name] for name in MEASURED_COLUMNS)]
