"""`ecg-edge demo`: a report page of each class, read by the real model; with `--drawn` simulated ones."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import OutputError
from ..layout import CLASSES
from ..words import verdict_words
from .console import Commands, add_command
from .exit_status import EXIT_STATUS

if TYPE_CHECKING:
    from PIL import Image

    from ..reader import Reader
    from ..result import Result
    from ..stages import Stages

SEED = 1
FOLDER = "ecg-edge-demo"
"""Where overlays are written if nothing else is said."""
SHOWN_MEASUREMENTS = 2
SOURCE = "Khan & Hussain, DOI 10.17632/gwbz3fsgp8, CC BY 4.0; print outside the leads removed"
UNSEEN = "The model was trained on these pages. 'Unseen': what the model of a test fold said of the original page, which it had not seen."
DRAWN = (
    "The models were trained on pages of patients, not on drawn ones: this shows that they run, not how well they read."
)


def add_to(commands: Commands) -> None:
    """Add the command to the command line's subparsers."""
    command = add_command(commands, "demo", _demo, "read four pages that come with the package", "ecg-edge demo --out demo/")  # fmt: skip
    command.add_argument("--out", metavar="DIR", default=FOLDER, help=f"write overlays to this folder (default {FOLDER})")  # fmt: skip
    command.add_argument("--drawn", action="store_true", help="draw simulated pages instead, and read them")
    command.add_argument("--model", metavar="NAME", help="model (see 'ecg-edge models')")
    command.add_argument("--runtime", metavar="NAME", help="ai-edge-litert or tflite-runtime (default: the faster)")


def _demo(options: argparse.Namespace) -> int:
    from ..reader import Reader

    read = read_drawn if options.drawn else read_real
    results = read(Reader(options.model, runtime=options.runtime), options.out)
    return max(EXIT_STATUS[result.status] for result in results)


def read_real(reader: Reader, out: str | Path, write: Callable[[str], object] = print) -> list[Result]:
    """Read the page of each class that comes with the package, and `write` what came out, line by line.

    Which pages they are was settled by a rule that looks at no result (`benchmarks/demo_pages.py`); right or wrong, each is shown beside its label.

    Parameters
    ----------
    reader : reads the pages
    out : directory for the overlays, and for each lead after each step where the model reads single leads
    write : takes a line

    Returns
    -------
    The results, in the order of the classes

    Raises
    ------
    OutputError : `out` cannot be written.
    """
    import json
    from importlib import resources

    from PIL import Image

    folder = resources.files(__package__) / "pages"
    known = json.loads((folder / "pages.json").read_text(encoding="utf-8"))
    _write_head(reader, write)
    write(f"Four report pages of patients ({SOURCE}):")
    results = []
    for label in CLASSES:
        with (folder / f"{label}.jpg").open("rb") as file, Image.open(file) as picture:
            page = picture.convert("RGB")
        result, stages = reader.inspect(page, trace=True)
        results.append(result)
        write("")
        write(f"  {'label':<9} {label}")
        write(f"  {'read as':<9} {_read_as(result)}")
        if reader.card.name == "page":
            write(f"  {'unseen':<9} {verdict_words(known[label]['unseen'])}")
        write(f"  {'overlay':<9} {_write(page, result, stages, Path(out), label)}")
    _write_end(UNSEEN if reader.card.name == "page" else "The model was trained on these pages.", write)
    return results


def read_drawn(reader: Reader, out: str | Path, write: Callable[[str], object] = print) -> list[Result]:
    """The same with a simulated page of each class, drawn by this program."""
    from ..simulator.heart import simulate
    from ..simulator.report_page import draw_report

    _write_head(reader, write)
    write("Simulated pages, drawn by this program, of nobody's heart:")
    results = []
    for kind in CLASSES:
        page = draw_report(simulate(kind, seed=SEED))
        result, stages = reader.inspect(page)
        results.append(result)
        write("")
        write(f"  {'drawn as':<9} {kind}")
        write(f"  {'read as':<9} {_read_as(result)}")
        write(f"  {'overlay':<9} {_write(page, result, stages, Path(out), f'drawn-{kind}')}")
    _write_end(DRAWN, write)
    return results


def _write_head(reader: Reader, write: Callable[[str], object]) -> None:
    write(f"Model {reader.card.name} {reader.card['version']}: {reader.card['summary']}")
    write(f"Runtime {reader.network.runtime.name} {reader.network.runtime.version}, {reader.network.threads} thread(s)")
    write("")


def _write_end(sentence: str, write: Callable[[str], object]) -> None:
    from ..result import DISCLAIMER

    write("")
    write(sentence)
    write(DISCLAIMER)


def _read_as(result: Result) -> str:
    """Verdict, confidence and doubts, two measurements and the time; or the refusal."""
    from ..output.measured_words import VALUES, shown, value_of

    known: dict[str, Any] = result.to_dict()
    took = f"{result.timing_ms['total']:.0f} ms"
    if result.verdict is None:
        return f"{result.status} ({known['reason']}): {result.message} ({took})"
    values = [(value, value_of(result.measurements, value.name)) for value in VALUES]
    told = [f"{value.title} {shown(value, number)}" for value, number in values if number is not None]
    return f"{verdict_words(known)}; {', '.join([*told[:SHOWN_MEASUREMENTS], f'in {took}'])}"


def _write(page: Image.Image, result: Result, stages: Stages | None, out: Path, name: str) -> Path:
    """Write OUT/NAME.jpg, the overlay, and where there are some the steps of the leads; the overlay's path."""
    from ..output.overlay import draw_overlay

    path = out / f"{name}.jpg"
    try:
        out.mkdir(parents=True, exist_ok=True)
        draw_overlay(page, result, stages).save(path, quality=90)
    except OSError as error:
        raise OutputError(f"{out}: cannot be written ({error.strerror or error}): choose another with --out.") from error  # fmt: skip
    if stages is not None and stages.steps is not None:
        from ..output.step_images import write_steps

        write_steps(stages, out / f"{name}-steps")
    return path
