"""`ecg-edge watch`: reads pages as they come, and stores the results."""

from __future__ import annotations

import argparse

from .console import Commands, add_command
from .exit_status import SUCCESS


def add_to(commands: Commands) -> None:
    """Add the command to the command line's subparsers."""
    command = add_command(
        commands,
        "watch",
        _watch,
        "read pages as they arrive, and store the results",
        "ecg-edge watch --config ecg-edge.toml",
    )
    command.add_argument("--config", metavar="FILE", help="configuration file (default: the default settings)")
    command.add_argument(
        "--print-config", action="store_true", help="print a configuration with every setting, then exit"
    )
    command.add_argument("--folder", metavar="DIR", help="folder to watch for pictures ([trigger] kind and folder)")
    command.add_argument("--store", metavar="DIR", help="folder for the results ([store] folder)")


def _watch(options: argparse.Namespace) -> int:
    from ..device.settings import read_settings, to_toml

    settings = read_settings(options.config)
    if options.folder is not None:
        settings["trigger"] |= {"kind": "folder", "folder": options.folder}
    if options.store is not None:
        settings["store"]["folder"] = options.store
    if options.print_config:
        print(to_toml(settings), end="")
        return SUCCESS
    from ..device.watch_service import watch

    return 128 + watch(settings)
