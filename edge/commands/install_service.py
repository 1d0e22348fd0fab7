"""`ecg-edge install-service`: the systemd unit of 'ecg-edge watch', printed or placed."""

from __future__ import annotations

import argparse

from .console import Commands, add_command
from .exit_status import SUCCESS


def add_to(commands: Commands) -> None:
    """Add the command to the command line's subparsers."""
    command = add_command(
        commands,
        "install-service",
        _install_service,
        "print the systemd unit of 'ecg-edge watch', or place it",
        "ecg-edge install-service --place",
    )
    command.add_argument(
        "--place", action="store_true", help="write unit, user and configuration, and say how to start it"
    )
    command.add_argument(
        "--serve", action="store_true", help="the unit of 'ecg-edge serve --watch' in its place: loop and page in one"
    )
    command.add_argument("--root", default="/", metavar="DIR", help="the system's root (default /)")


def _install_service(options: argparse.Namespace) -> int:
    from ..device import systemd

    if options.place:
        for line in systemd.place(options.root, serve=options.serve):
            print(line)
    else:
        print(systemd.unit(serve=options.serve), end="")
    return SUCCESS
