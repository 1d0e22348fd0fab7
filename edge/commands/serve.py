"""`ecg-edge serve`: a page in the browser, and an interface for programs."""

from __future__ import annotations

import argparse
from importlib import import_module

from ..errors import InstallationError, UsageError
from .console import Commands, add_command
from .exit_status import SUCCESS


def add_to(commands: Commands) -> None:
    """Add the command to the command line's subparsers."""
    command = add_command(
        commands,
        "serve",
        _serve,
        "serve a web page that reads pictures, and an API for programs",
        "ecg-edge serve --host 0.0.0.0 --watch",
    )
    command.add_argument("--config", metavar="FILE", help="configuration file (default: the default settings)")
    command.add_argument(
        "--host", metavar="ADDRESS", help="address to listen on (default 127.0.0.1: only this machine)"
    )
    command.add_argument("--port", type=int, metavar="N", help="port (default 8000)")
    command.add_argument(
        "--watch", action="store_true", help="run the loop of 'ecg-edge watch' too, with the same camera and store"
    )
    command.add_argument("--camera", metavar="N|DIR", help="offer this camera on the page")
    command.add_argument("--model", metavar="NAME", help="the model that reads unless another is chosen")
    store = command.add_mutually_exclusive_group()
    store.add_argument("--store", metavar="DIR", help="folder for results that are kept ([store] folder)")
    store.add_argument("--no-store", action="store_true", help="keep nothing")
    command.add_argument("--new-token", action="store_true", help="make and show a new token, then exit")


def _serve(options: argparse.Namespace) -> int:
    from ..device.settings import SETTINGS, read_settings

    settings = read_settings(options.config)
    for section, name, value in (("serve", "host", options.host), ("serve", "port", options.port), ("store", "folder", options.store),
                                 ("camera", "source", options.camera), ("reader", "model", options.model)):  # fmt: skip
        if value is not None:
            settings[section][name] = value
            problem = next(s for s in SETTINGS if (s.section, s.name) == (section, name)).problem(value)
            if problem:
                raise UsageError(f"--{name} must be {problem}")
    settings["serve"]["camera"] |= options.camera is not None
    try:
        from ..web import server

        import_module("reportlab")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in (
            "starlette",
            "uvicorn",
            "anyio",
            "multipart",
            "python_multipart",
            "jinja2",
            "prometheus_client",
            "reportlab",
        ):
            raise
        raise InstallationError(f"The page needs {error.name}: pip install 'ecg-edge[serve]'.") from error
    if options.new_token:
        print(server.new_token(settings))
        return SUCCESS
    return 128 + server.serve(settings, options.watch, not options.no_store)
