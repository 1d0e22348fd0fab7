"""`ecg-edge models`: lists the installed models, or shows a card."""

from __future__ import annotations

import argparse

from ..errors import InstallationError
from .console import Commands, add_command, complain
from .exit_status import CANNOT_RUN, SUCCESS


def add_to(commands: Commands) -> None:
    """Add the command to the command line's subparsers."""
    command = add_command(
        commands, "models", _models, "list the installed models, or show a card", "ecg-edge models cnn --json"
    )
    command.add_argument("name", nargs="?", metavar="NAME", help="show this model's card")
    command.add_argument("--json", action="store_true", help="JSON, one card a line")


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
            print(json.dumps(card.fields, indent=2))
        else:
            mark = " (default)" if name == DEFAULT_MODEL else ""
            print(f"{card.name:<8} {card['version']:<8} {card['file.bytes'] / 1e6:6.1f} MB  {card['summary']}{mark}")
    if not options.name and not options.json and not set(PAPER_MODELS) <= set(names):
        print(
            f"Not installed: {', '.join(name for name in PAPER_MODELS if name not in names)}. {HOW_TO_ADD_PAPER_MODELS}"
        )
    return status
