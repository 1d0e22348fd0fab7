"""`ecg-edge anonymise`: a page without the print outside its leads, so that it can be shown to others."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..files.limits import MAX_PAGES
from ..output.files import not_written
from ..words import printable
from .console import Commands, add_command, expand
from .exit_status import EXIT_STATUS, SUCCESS

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

    from ..image import Source
    from ..layout import Place
    from ..result import Result
    from ..stages import Stages

ABOVE_MM, BELOW_MM = 9.0, 3.0
"""What is kept above and below a lead's base line at least: its name stands there. On report pages of the data set names end less than 8 mm above it,
and the header's print more than 20 mm."""
AROUND_MM = 2.0
"""What is kept around a trace and a calibration pulse: a stroke's width, and grid enough to see where it stands."""
BESIDE_MM = 3.0
"""What is kept at the left and right of a lead: the ends of separators and names."""
EDGE_POINTS = 40
"""Of each side of what is kept, since sides are bent in photographs."""
PAPER_PERCENTILE = 70
"""Most of what is kept is paper: its colour, between grid and highlights, is what blanks the rest."""
JPEG_QUALITY = 95

NO_PICTURE = "It is a digital ECG, of which there is no picture."
LOOK = "Look at it before you share it: handwriting, and print on the leads, may still be there."


def add_to(commands: Commands) -> None:
    """Add the command to the command line's subparsers."""
    command = add_command(
        commands,
        "anonymise",
        _anonymise,
        "blank all print outside the leads of a page, so that it can be shown to others",
        "ecg-edge anonymise page.jpg --out shared/",
    )
    command.add_argument("paths", nargs="+", metavar="PATH", help="picture, PDF or DICOM file, or directory of them")
    command.add_argument("--out", required=True, metavar="DIR", help="write the blanked pictures there")
    command.add_argument("--page", type=int, metavar="N", help="of a file with several pages this one (default: each)")


def _anonymise(options: argparse.Namespace) -> int:
    from ..image import name_of, page_name
    from ..reader import Reader
    from ..system.batch import read_pages

    reader, status, folder = Reader(guarded=True), SUCCESS, Path(options.out)

    def blank_page(source: Source, page: int) -> Result:
        result, stages = reader.inspect(source, trace=True, page=page)
        name = page_name(name_of(source) or "-", page, result.pages)
        blanked = None if stages is None else blank(stages)
        if stages is None or blanked is None:
            nonlocal status
            status = EXIT_STATUS["refused"]
            reason = f" ({result.reason.value})" if result.reason else ""
            why = "there is no page" if stages is None else "the places of the leads are not known"
            print(f"{printable(name)}: not written: {why}{reason}. {result.message or NO_PICTURE}")
            return result
        number = "" if result.pages == 1 else f"-{page}"
        target = write(blanked, folder, stages.picture.sha256, number)
        again = reader.inspect(blanked)[0]
        print(f"{printable(name)}: {printable(str(target))}. {LOOK}")
        if _outcome(again) != _outcome(result):
            print(
                f"{printable(name)}: the blanked picture is read otherwise ({again.to_text()}): say so when you report it."
            )
        return result

    for source in expand(options.paths):
        for result in read_pages(blank_page, source, None if options.page is None else [options.page]):
            if result.source.endswith(f"#{MAX_PAGES + 1}") and options.page is None:
                status = EXIT_STATUS["failed"]
                print(f"{printable(result.source)}: not written: {result.message}")
    return status


def blank(stages: Stages) -> Image.Image | None:
    """The picture of a reading, with all but its leads, their names and calibration pulses in one colour; None where the leads' places are not known.

    Perspective, resolution and light stay, so that what is read wrongly stays so; the metadata of the file do not.
    """
    import numpy as np
    from PIL import Image, ImageDraw

    page, found = stages.page, stages.arrangement
    if page is None or found is None:
        return None
    picture = stages.picture.image.convert("RGB")
    kept = Image.new("L", picture.size)
    draw = ImageDraw.Draw(kept)
    for box in _kept(stages, found.places):
        draw.polygon([tuple(point) for point in page.to_picture(_around(box))], fill=255)
    inside = np.asarray(picture)[np.asarray(kept) > 0]
    if not len(inside):
        return None
    paper = tuple(int(level) for level in np.percentile(inside, PAPER_PERCENTILE, axis=0))
    return Image.composite(picture, Image.new("RGB", picture.size, paper), kept)


def write(picture: Image.Image, folder: Path, sha256: str, number: str = "") -> Path:
    """Write FOLDER/anonymised-XXXXXXXX.jpg, the `number` of a page after it, without metadata; its path. The name has nothing of the source's, which
    may be a person's.

    Raises
    ------
    OutputError : it cannot be written there.
    """
    target = folder / f"anonymised-{sha256[:8]}{number}.jpg"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        picture.save(target, quality=JPEG_QUALITY, subsampling=0)
    except OSError as error:
        raise not_written(folder, error) from error
    return target


def _kept(stages: Stages, places: tuple[Place, ...]) -> Iterator[np.ndarray]:
    """Boxes (left, top, right, bottom) in page pixels: each lead about its base line and its trace, and each calibration pulse."""
    import numpy as np

    found = stages.arrangement
    assert found is not None
    across, down = found.px_per_mm
    margin = np.array([AROUND_MM * across, AROUND_MM * down])
    for place in places:
        top, bottom = place.zero_px - ABOVE_MM * down, place.zero_px + BELOW_MM * down
        path = stages.traces.paths.get(place.name) if stages.traces else None
        if path is not None and np.isfinite(path[:, 1]).any():
            top = min(top, np.nanmin(path[:, 1]) - margin[1])
            bottom = max(bottom, np.nanmax(path[:, 1]) + margin[1])
        yield np.array([place.box.left - BESIDE_MM * across, top, place.box.right + BESIDE_MM * across, bottom])
    for left, right, top, bottom in found.pulses:
        yield np.array([left - margin[0], top - margin[1], right + margin[0], bottom + margin[1]])


def _around(box: np.ndarray) -> np.ndarray:
    """(4 × EDGE_POINTS, 2) points around a box, clockwise from its left top."""
    import numpy as np

    left, top, right, bottom = box
    corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom), (left, top)])
    part = np.linspace(0, 1, EDGE_POINTS, endpoint=False)[:, None]
    return np.concatenate([start + part * (stop - start) for start, stop in zip(corners, corners[1:], strict=False)])


def _outcome(result: Result) -> tuple[str, str | None, str | None]:
    """What must not change when a picture is blanked: status, reason and layout."""
    return result.status, result.reason, result.page["layout"] if result.page else None
