"""Colours of results, for panels, overlays and reports: red, green and blue of 0..255."""

from .wording import confidence_word

Colour = tuple[int, int, int]
CLASS_COLOURS: dict[str | None, Colour] = {
    "normal": (0, 120, 90),
    "abnormal": (176, 96, 0),
    "infarction": (178, 34, 52),
    "history": (0, 84, 166),
    None: (70, 70, 74),
}
"""Of the classes, and of a refusal: apart also for eyes that do not tell red from green, and dark enough for white print."""
PAPER, TEXT, FAINT, RULE, WARNING = (252, 252, 250), (25, 25, 28), (95, 95, 100), (205, 205, 205), (178, 34, 52)
WHITE = (255, 255, 255)


def colour_class(status: str, verdict: str | None, confidence: float | None) -> str | None:
    """The class in whose colour a result is shown: none where it is doubtful, so that nobody is calmed or alarmed by a guess."""
    sure = status == "read" and confidence is not None and confidence_word(confidence) != "low"
    return verdict if sure else None
