"""`ecg-edge demo`: a drawn page of each class, read by the real model."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import OutputError
from ..layout import CLASSES
from .console import Commands, add_command
from .exit_status import EXIT_STATUS

if TYPE_CHECKING:
    from PIL import Image

    from ..reader import Reader
    from ..result import Result
    from ..stages import Stages

SEED = 1


def add_to(commands: Commands) -> None:
    """Add the command to the command line's subparsers."""
    command = add_command(commands, "demo", _demo, "draw simulated pages and read them", "ecg-edge demo --out demo/")
    command.add_argument("--out", metavar="DIR", help="keep the pages and their steps there")
    command.add_argument("--model", metavar="NAME", help="model (see 'ecg-edge models')")
    command.add_argument("--runtime", metavar="NAME", help="ai-edge-litert or tflite-runtime (default: the faster)")


def _demo(options: argparse.Namespace) -> int:
    from ..reader import Reader

    results = run(Reader(options.model, runtime=options.runtime), options.out)
    return max(EXIT_STATUS[result.status] for result in results)


def run(reader: Reader, out: str | Path | None = None, write: Callable[[str], object] = print) -> list[Result]:
    """Draw one simulated page of each class, read it and `write` what came out, line by line.

    Parameters
    ----------
    reader : reads the pages
    out : directory for the pages and what was seen of them, or None: each lead after each step where the model reads single leads,
        else the page with all that was read drawn over it
    write : takes a line

    Returns
    -------
    The results, in the order of the classes
    """
    from ..result import DISCLAIMER
    from ..simulator.heart import simulate
    from ..simulator.report_page import draw_report

    write(f"Model {reader.card.name} {reader.card['version']}: {reader.card['summary']}")
    write(f"Runtime {reader.network.runtime.name} {reader.network.runtime.version}, {reader.network.threads} thread(s)")
    write("")
    write("Simulated pages (drawn by this program, of nobody's heart), and what the model makes of them:")
    results = []
    for kind in CLASSES:
        page = draw_report(simulate(kind, seed=SEED))
        result, stages = reader.inspect(page)
        results.append(result)
        write(f"  drawn as {kind:<11} {describe(result)}")
        if out is not None:
            _write(page, result, stages, Path(out), kind)
    write("")
    write(
        "The models were trained on pages of patients, not on drawn ones: this shows that they run, not how well they read."
    )
    if out is not None:
        write(f"The pages, and what was seen of them, are in {out}")
    write(DISCLAIMER)
    return results


def describe(result: Result) -> str:
    """A result in a few words: verdict, probability and time, or the refusal."""
    took = f"{result.timing_ms['total']:.0f} ms"
    if result.reason is not None:
        return f"{result.status} ({result.reason.value}), {took}"
    said = "read as" if result.status == "read" else f"{result.status}:"
    return f"{said:<10} {result.verdict:<11} probability {result.confidence:.2f}, {took}"


def _write(page: Image.Image, result: Result, stages: Stages | None, out: Path, kind: str) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
        page.save(out / f"{kind}.png")
    except OSError as error:
        raise OutputError(f"{out}: cannot be written ({error.strerror or error}).") from error
    if stages is not None and stages.steps is not None:
        from ..output.step_images import write_steps

        write_steps(stages, out / f"{kind}-steps")
    elif stages is not None:
        from ..output.overlay import write_overlay

        write_overlay(stages.picture, result, stages, out / f"{kind}-overlay")
