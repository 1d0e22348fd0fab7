"""`ecg-edge models`: lists the installed models, or shows a card."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from textwrap import wrap
from typing import Any

from ..errors import InstallationError
from .console import Commands, add_command, complain
from .exit_status import CANNOT_RUN, SUCCESS

KINDS_OF_INPUT = {
    "lead_image": "pictures of single leads",
    "page_signal": "the signals of a page's leads",
    "page_image": "a picture of the page",
}
FIGURES = (("accuracy", "accuracy"), ("balanced_accuracy", "balanced accuracy"), ("macro_f1", "macro-F1"))
"""Of each protocol of a card: the figures that are shown, and what they are called."""


def add_to(commands: Commands) -> None:
    """Add the command to the command line's subparsers."""
    command = add_command(
        commands, "models", _models, "list the installed models, or show a card", "ecg-edge models cnn --json"
    )
    command.add_argument("name", nargs="?", metavar="NAME", help="show this model's card")
    command.add_argument("--json", action="store_true", help="JSON, one card a line")


LABEL_WIDE, TEXT_WIDE = 16, 104
"""Of the table of a card: the labels' width, and the longest line of text beside them."""


def card_lines(card: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of the table of a model's card: what it is, how sure it must be, how good it was, and what it is not for."""
    from ..words import percent

    calibration, training = card.get("calibration") or {}, card.get("training") or {}
    rows = [
        ("Model", f"{card['name']} {card['version']}, {card['file']['bytes'] / 1e6:.1f} MB"),
        ("What it is", card["summary"]),
        ("Says", ", ".join(card["classes"])),
        ("Sees", f"{KINDS_OF_INPUT.get(card['input']['kind'], card['input']['kind'])}; layouts: {card['input'].get('layout', 'any')}"),
        ("Uncertain below", percent(card["min_confidence"])),
        ("Calibration", ", ".join(f"{name} {calibration[name]:.3f}" for name in ("temperature", "ece", "brier") if isinstance(calibration.get(name), (int, float)))),
        ("Trained on", str(training.get("data") or "")),
        ("Meant for", str(card.get("intended_use") or "")),
        *(("Limits" if not number else "", limit) for number, limit in enumerate(_texts(card.get("limits")))),
        ("Licence", str(card.get("licence") or "")),
        ("SHA-256", card["file"]["sha256"]),
    ]  # fmt: skip
    for label, text in rows:
        for number, line in enumerate(wrap(text, TEXT_WIDE)):
            yield f"{'' if number else label:<{LABEL_WIDE}}{line}"
    yield from _figures(card.get("metrics") or {})


def _figures(metrics: Mapping[str, Any]) -> Iterator[str]:
    """The table of what was measured: a line for each protocol."""
    shown = {
        name: values
        for name, values in metrics.items()
        if isinstance(values, Mapping) and any(key in values for key, _ in FIGURES)
    }
    if shown:
        yield ""
        yield f"{'Measured':<{LABEL_WIDE}}" + "".join(f"{words:>20}" for _, words in FIGURES)
    for name, values in shown.items():
        cells = (f"{values[key]:.3f}" if isinstance(values.get(key), (int, float)) else "" for key, _ in FIGURES)
        yield f"{name:<{LABEL_WIDE}}" + "".join(f"{cell:>20}" for cell in cells)


def _texts(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [str(each) for each in value or ()]


def _models(options: argparse.Namespace) -> int:
    import json

    from ..classifier.card import DEFAULT_MODEL, HOW_TO_ADD_PAPER_MODELS, PAPER_MODELS, list_names, read_card

    status = SUCCESS
    names = [options.name] if options.name else list_names()
    for name in names:
        try:
            card = read_card(name)
            card.read_model()
        except InstallationError as error:
            status = complain(error, CANNOT_RUN)
            continue
        if options.json:
            print(json.dumps(card.fields))
        elif options.name:
            print("\n".join(card_lines(card.fields)))
        else:
            mark = " (default)" if name == DEFAULT_MODEL else ""
            print(f"{card.name:<8} {card['version']:<8} {card['file.bytes'] / 1e6:6.1f} MB  {card['summary']}{mark}")
    if not options.name and not options.json and not set(PAPER_MODELS) <= set(names):
        print(
            f"Not installed: {', '.join(name for name in PAPER_MODELS if name not in names)}. {HOW_TO_ADD_PAPER_MODELS}"
        )
    return status
