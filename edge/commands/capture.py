"""`ecg-edge capture`: takes a picture and reads it."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from ..errors import OutputError, UsageError
from .console import Commands, add_command, add_model_options
from .exit_status import EXIT_STATUS

if TYPE_CHECKING:
    from ..system.worker import Worker

START_S, READ_S = 120.0, 120.0
"""Limits for camera and model to get ready, and for reading a picture that was taken."""
FOUND_TIMES = 3
"""A page that was found so often in a row is lying still."""


def add_to(commands: Commands) -> None:
    """Add the command to the command line's subparsers."""
    command = add_command(
        commands, "capture", _capture, "take a picture and read it", "ecg-edge capture --out page.jpg"
    )
    command.add_argument(
        "--camera", default="0", metavar="N|DIR", help="camera number, or a folder of pictures (default 0)"
    )
    command.add_argument("--out", metavar="FILE", help="keep the picture in this file")
    command.add_argument(
        "--timeout", type=float, default=20.0, metavar="S", help="seconds to wait for the camera (default 20)"
    )
    command.add_argument(
        "--preview", action="store_true", help="show hints until the page is found, then take the picture"
    )
    add_model_options(command)


def _capture(options: argparse.Namespace) -> int:
    import json

    from ..device.settings import defaults
    from ..result import describe

    if not 0 < options.timeout < float("inf"):
        raise UsageError("--timeout must be above 0")
    values = defaults()
    values["camera"] |= {"source": options.camera, "timeout_s": options.timeout}
    values["reader"] |= {
        name: value
        for name in ("model", "runtime", "threads", "min_confidence", "mm_per_s", "mm_per_mv")
        if (value := getattr(options, name)) is not None
    }
    process = make_process(values)
    # The camera's own limit comes first; beyond it the driver hangs, and the process is ended.
    limit_s = options.timeout + READ_S
    try:
        process.start()
        if options.preview:
            _show_hints(process, limit_s)
        outcome = process.call(None, limit_s)
    finally:
        process.close()
    result = outcome.result
    if options.out and outcome.picture is not None:
        _keep(outcome.picture, options.out)
        result["source"] = options.out
    print(json.dumps(result) if options.json else f"{result['source']}: {describe(result)}", flush=True)
    return EXIT_STATUS[result["status"]]


def make_process(settings: dict[str, dict[str, Any]]) -> Worker:
    """The process that has camera and reader."""
    from ..device.capture_service import CaptureService
    from ..system.worker import Worker

    return Worker(CaptureService, (settings, True), START_S)


def _show_hints(process: Worker, limit_s: float) -> None:
    """Show hints until the page was found so often in a row."""
    from ..device.capture_service import FRAMING_HINT

    times = 0
    while times < FOUND_TIMES:
        found, text = process.call(FRAMING_HINT, limit_s)
        times = times + 1 if found else 0
        print(text, file=sys.stderr, flush=True)


def _keep(picture: bytes, path: str) -> None:
    """Write a picture in the format that the path's suffix names; a JPEG as it is."""
    import io
    import os

    from PIL import Image

    try:
        if os.path.splitext(path)[1].lower() in (".jpg", ".jpeg"):
            with open(path, "wb") as file:
                file.write(picture)
        else:
            Image.open(io.BytesIO(picture)).save(path)
    except (OSError, ValueError) as error:
        raise OutputError(f"{path}: cannot be written ({error}).") from error
