"""A reading drawn over its picture: the page, its leads, the traced signals, and in words what was found or why nothing was."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..result import Result
from ..trace.ink_runs import INK
from .colours import PAPER, TEXT, WARNING, WHITE
from .files import not_written
from .overlay_labels import FreeRoom
from .overlay_measured import draw_measured, marks_svg
from .overlay_panel import WIDTH_PX, draw_panel, font
from .overlay_view import View, to_shown, view_of
from .signal_plot import pieces
from .wording import title_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from PIL import Image, ImageDraw

    from ..image import Picture
    from ..stages import Stages

Corners = tuple[int, int, int, int]
"""(left, top, right, bottom) of a box in page pixels."""

TRACE, OUTLINE, BOX = (0, 102, 255), (255, 140, 0), (60, 60, 75)
CLEAR_PX = 3
"""Names keep so far from traces and print."""
LEAST_STROKE_PX = 3
"""Of the nine pixels about one of a stroke so many are ink."""
EDGE_POINTS = 9
"""Points along each edge of a box: paper that curls has no straight edges."""


def draw_overlay(picture: Image.Image, result: Result, stages: Stages | None = None) -> Image.Image:
    """A picture that tells at a glance what was read in it, and where: as `draw_over` does, with a panel of words at its right."""
    from PIL import Image

    shown = draw_over(picture, result, stages)
    panel = draw_panel(result, shown.height)
    whole = Image.new("RGB", (shown.width + WIDTH_PX, panel.height), PAPER)
    whole.paste(shown, (0, 0))
    whole.paste(panel, (shown.width, 0))
    return whole


def draw_over(picture: Image.Image, result: Result, stages: Stages | None = None) -> Image.Image:
    """A picture, turned so that its page is upright, with what was read in it drawn over it.

    Parameters
    ----------
    picture : PIL.Image.Image
        RGB, as it was read.
    result : Result
    stages : Stages, optional
        What the reading saw. Drawn of them is what is there: `arrangement.places` and `traces.paths`, where `page.to_picture` places them
        (without a page its pixels are the picture's).

    Returns
    -------
    PIL.Image.Image
        RGB: the picture at another size, with outline, leads and traces.
    """
    view = view_of(picture.size, stages)
    shown = view.draw(picture)
    _draw_page(shown, view, result, stages)
    return shown


def marks_over(size: tuple[int, int], stages: Stages) -> str | None:
    """The SVG picture that shows over what `draw_over` makes of a picture of `size` where each value was measured, as `overlay_measured.marks_svg`
    says; None where nothing was."""
    if stages.measured is None or stages.arrangement is None or stages.traces is None:
        return None
    view = view_of(size, stages)
    return marks_svg(stages.measured, stages.arrangement, stages.traces, partial(to_shown, view, stages), view.size)


def write_overlay(picture: Picture, result: Result, stages: Stages | None, folder: str | os.PathLike[str]) -> Path:
    """Write FOLDER/STEM.jpg for an opened `image.Picture`, by its `stem`; its path.

    Raises
    ------
    OutputError : it cannot be written there.
    """
    target = Path(folder) / f"{picture.stem}.jpg"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        draw_overlay(picture.image, result, stages).save(target, quality=90)
    except OSError as error:
        raise not_written(folder, error) from error
    return target


def _draw_page(shown: Image.Image, view: View, result: Result, stages: Stages | None) -> None:
    """Draw the page's outline, the boxes of leads, their traces and their names into the shown picture."""
    from PIL import ImageDraw

    draw = ImageDraw.Draw(shown, "RGBA")
    line_px = max(2, round(max(shown.size) / 700))
    in_picture = partial(to_shown, view, stages)
    corners = result.page["corners"] if result.page else None
    if corners is not None:
        outline = view.points(np.asarray([*corners, corners[0]], float))
        draw.line(_flat(outline), (*WHITE, 200), 2 * line_px + 2, joint="curve")
        draw.line(_flat(outline), OUTLINE, 2 * line_px, joint="curve")
    boxes, states = _boxes(result, stages)
    for name, box in boxes.items():
        colour = WARNING if states.get(name) == "lost" else BOX
        draw.line(_flat(in_picture(_around(box))), (*colour, 170), max(line_px - 1, 2))
    paths = stages.traces.paths if stages and stages.traces else {}
    traces = {name: in_picture(path) for name, path in paths.items()}
    for name, trace in traces.items():
        if states.get(name) != "lost":
            _draw_trace(draw, trace, line_px)
    face = font(max(13, round(max(shown.size) / 100)))
    room = FreeRoom(shown.size)
    room.take_lines(traces.values(), line_px + 2 * CLEAR_PX)
    if stages and stages.page:
        room.take_points(in_picture(_inked(stages.page.ink)), CLEAR_PX)
    if stages and stages.measured and stages.arrangement and stages.traces:
        before = shown.copy()
        draw_measured(draw, stages.measured, stages.arrangement, stages.traces, in_picture, shown.size, face)
        room.take_changes(before, shown)
    titles = _titles(stages)
    for name, box in boxes.items():
        words = titles.get(name, name) + ("  lost" if states.get(name) == "lost" else "")
        _draw_name(draw, in_picture(_around(box)), words, states.get(name) == "lost", room, face)


def _inked(ink: np.ndarray) -> np.ndarray:
    """(n, 2) points of a page's strokes; single dots are left of its grid."""
    from scipy import ndimage

    dark = ink >= INK
    rows, columns = np.nonzero(dark & (ndimage.uniform_filter(dark.astype(np.float32), 3) * 9 > LEAST_STROKE_PX - 0.5))
    return np.stack([columns, rows], axis=1).astype(float)


def _boxes(result: Result, stages: Stages | None) -> tuple[dict[str, Corners], dict[str, str]]:
    """({name: box corners in page pixels}, {name: state}): of the arrangement where there is one, else of the result's leads."""
    states = {lead.name: str(lead.state) for lead in result.leads}
    places = stages.arrangement.places if stages and stages.arrangement else ()
    if places:
        return {place.name: place.box.corners for place in places}, states
    return {lead.name: lead.box for lead in result.leads if lead.box}, states


def _around(box: Corners) -> np.ndarray:
    """(4 × EDGE_POINTS + 1, 2) points around a box (left, top, right, bottom), clockwise from its left top."""
    left, top, right, bottom = box
    corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom), (left, top)], float)
    part = np.linspace(0, 1, EDGE_POINTS, endpoint=False)[:, None]
    edges = [start + part * (stop - start) for start, stop in zip(corners[:-1], corners[1:], strict=True)]
    return np.concatenate([*edges, corners[:1]])


def _draw_trace(draw: ImageDraw.ImageDraw, trace: np.ndarray, line_px: int) -> None:
    """Draw a trace (n, 2) in picture pixels, with a gap wherever it is NaN."""
    for start, stop in pieces(trace.sum(axis=1)):
        if stop - start > 1:
            draw.line(_flat(trace[start:stop]), (*TRACE, 215), line_px, joint="curve")


def _draw_name(
    draw: ImageDraw.ImageDraw, edge: np.ndarray, words: str, is_lost: bool, room: FreeRoom, face: Any
) -> None:
    """Write a lead's words on a tag within its box, where nothing is printed or drawn, as near to where the lead begins as can be; nowhere
    if there is no such place: the name is on the page, and the panel has what is lost."""
    left, _, right, bottom = draw.textbbox((0, 0), words, face)
    extent = round(right - left) + 8, round(bottom) + 6
    (x, y), (far, low) = edge.min(axis=0).tolist(), edge.max(axis=0).tolist()
    corner = room.place(extent, (x, (y + low - extent[1]) / 2), (x, y, far, low))
    if corner is not None:
        colour = WARNING if is_lost else TEXT
        draw.rectangle((*corner, corner[0] + extent[0] - 1, corner[1] + extent[1] - 1), (*colour, 215))
        draw.text((corner[0] + 4, corner[1] + 2), words, WHITE, face)


def _titles(stages: Stages | None) -> dict[str, str]:
    """{name: words} of the arrangement's places: a rhythm strip with the lead that it holds."""
    places = stages.arrangement.places if stages and stages.arrangement else ()
    return {place.name: title_of(place) for place in places}


def _flat(points: ArrayLike) -> list[float]:
    """[x, y, x, y, ...] as Pillow's lines take them."""
    return np.asarray(points, np.float64).ravel().tolist()
