"""All that a person may want to know of a result, as lines of text: doubts, probabilities, measurements, findings, page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..layout import CLASSES
from ..words import doubt_sentences, percent
from .measured_words import lines as measured_lines
from .wording import VERDICTS, advice, is_digital, model_findings, scale_words


def result_lines(result: Mapping[str, Any], min_confidence: float | None = None) -> Iterator[str]:
    """Yield the lines of the dict of a result; `min_confidence` is the least that its verdict needed, where it is known."""
    if result["status"] == "refused":
        yield from advice(result["reason"], is_digital(result))
    if result["verdict"] is not None:
        yield from doubt_sentences(result, min_confidence)
        shares = result["probabilities"]
        yield "Probabilities: " + ", ".join(f"{VERDICTS[label]} {percent(shares[label])}" for label in CLASSES)
    yield from measured_lines(result["measurements"])
    if result["findings"]:
        found = ", ".join(f"{words} {percent(share)}" for words, share in model_findings(result["findings"], least=0.0))
        yield f"Findings of the model, not calibrated, no diagnosis: {found}"
    page = result["page"] or {}
    if page.get("layout"):
        yield f"Layout {page['layout']}, paper {scale_words(page)}"
