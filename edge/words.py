"""What is said of a result in the same words wherever a verdict is shown: line, light, overlay, page, report, FHIR."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

SUREST, LEAST = 0.99, 0.01
"""No probability is shown as more than "over" the one, nor as less than "under" the other: models are calibrated on hundreds of pages, which cannot tell
0.997 from 0.999."""

DOUBTS = {
    "low_confidence": ("low confidence", "The confidence is below what a verdict needs: do not rely on it."),
    "assumed_scale": ("scale doubtful", "Paper speed or gain is assumed, or the page shows another than was given."),
    "contradicts_measurements": ("contradicts the measurements", "The measurements contradict the verdict."),
    "contradicts_findings": (
        "contradicts what else was found",
        "What the model finds besides contradicts the verdict: whether the ECG is normal.",
    ),
    "strip_of_another_time": (
        "strip of another time",
        "The rhythm strip is of another time than the leads above it, or part of the page is of another person.",
    ),
    "unlike_training": ("unlike the pages that the model knows", "The page is unlike those that the model knows."),
    "leads_lost": ("leads lost", "Some of the leads could not be followed."),
}  # fmt: skip
"""Why a result is uncertain, in few words and as a sentence."""
SCALES = (("speed_from", "mm_per_s", "paper speed", "mm/s"), ("gain_from", "mm_per_mv", "gain", "mm/mV"))
"""Of `page`: where a scale comes from, its value, what it is called and its unit."""


def printable(text: str) -> str:
    """A text with what cannot be printed, in a file's name a line's end or a terminal's control, as an escape: one line, and no more than it says."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)


def encodable(text: str) -> str:
    """A text with what UTF-8 cannot hold, the bytes of a file's name that is none, as the escape that is printed of it (`\\udcff`): what files,
    databases and strict readers of JSON take."""
    return text.encode("utf-8", "backslashreplace").decode()


def percent(probability: float) -> str:
    """A probability as people read it, in whole percent: neither certain nor impossible."""
    sign = "over " if probability > SUREST else "under " if probability < LEAST else ""
    return f"{sign}{100 * min(max(probability, LEAST), SUREST):.0f} %"


def doubt_words(result: Mapping[str, Any]) -> list[str]:
    """What makes a verdict doubtful, in few words each, of the dict of its result: every doubt, assumed scales and lost leads by name."""
    return [words for words, _ in _doubts(result, None)]


def doubt_sentences(result: Mapping[str, Any], min_confidence: float | None = None) -> list[str]:
    """The same in sentences; `min_confidence` is the least that a verdict needed, where it is known."""
    return [sentence for _, sentence in _doubts(result, min_confidence)]


def verdict_words(result: Mapping[str, Any]) -> str:
    """Class, probability and all doubts of a result with a verdict: "normal (70 %, uncertain: low confidence; lost: V2)"."""
    uncertain, doubts = result["status"] == "uncertain", doubt_words(result)
    words = [percent(result["confidence"])]
    if uncertain or doubts:
        words.append(": ".join(filter(None, ["uncertain" if uncertain else "", "; ".join(doubts)])))
    return f"{result['verdict']} ({', '.join(words)})"


def _doubts(result: Mapping[str, Any], min_confidence: float | None) -> Iterator[tuple[str, str]]:
    """(in few words, as a sentence) of each."""
    named = list(result.get("doubts") or ())
    if result["status"] == "uncertain" and not named:
        named = ["low_confidence"]  # stored results of earlier versions name no doubts, and knew this one alone
    assumed = list(_assumed(result.get("page") or {}))
    for name in named:
        words, sentence = DOUBTS[name]
        if name == "low_confidence" and min_confidence is not None:
            sentence = f"The confidence is below the {percent(min_confidence)} that a verdict needs: do not rely on it."
        if not (name == "assumed_scale" and assumed or name == "leads_lost"):
            yield words, sentence
    yield from assumed
    lost = [lead["name"] for lead in result.get("leads") or () if lead["state"] == "lost"]
    if lost:
        names = ", ".join(lost)
        them = "it" if len(lost) == 1 else "them"
        yield f"lost: {names}", f"{names} could not be followed: the verdict was reached without {them}."
    elif "leads_lost" in named:
        yield DOUBTS["leads_lost"]


def _assumed(page: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(in few words, as a sentence) of each scale of a page that is assumed."""
    for source, value, name, unit in SCALES:
        if page.get(source) == "assumed" and page.get(value):
            scale = f"{page[value]:g} {unit}"
            yield f"{name} assumed", f"The {name} could not be read from the page: {scale} is assumed."
