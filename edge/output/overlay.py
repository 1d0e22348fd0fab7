"""A reading drawn over its picture: the page, its leads, the traced signals, and in words what was found or why nothing was."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import OutputError
from ..layout import CLASSES
from ..result import LeadResult, Result
from .colours import PAPER, TEXT, WARNING, WHITE
from .overlay_measured import draw_measured, marks_svg
from .overlay_panel import WIDTH_PX, draw_panel, font
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
LONG_SIDE_PX = (1200, 1600)
"""The picture's longer side is brought between these."""
FAR_END_SHARE = 0.1
"""So much of a trace may be hidden before its name goes to the end of the lead."""
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
    """A picture with what was read in it drawn over it.

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
    from PIL import Image

    shown = picture.convert("RGB")
    scale, size = _shown_size(shown.size)
    shown = shown.resize(size, Image.Resampling.LANCZOS if scale < 1 else Image.Resampling.BICUBIC)
    _draw_page(shown, scale, result, stages)
    return shown


def marks_over(size: tuple[int, int], stages: Stages) -> str | None:
    """The SVG picture that shows over what `draw_over` makes of a picture of `size` where each value was measured, as `overlay_measured.marks_svg`
    says; None where nothing was."""
    if stages.measured is None or stages.arrangement is None or stages.traces is None:
        return None
    scale, shown = _shown_size(size)
    return marks_svg(stages.measured, stages.arrangement, stages.traces, _to_picture(stages, scale), shown)


def _shown_size(size: tuple[int, int]) -> tuple[float, tuple[int, int]]:
    """(scale, (width, height)) at which a picture of `size` is shown."""
    longest = max(size)
    scale = float(np.clip(longest, *LONG_SIDE_PX)) / longest
    width, height = (max(round(side * scale), 1) for side in size)
    return scale, (width, height)


def _to_picture(stages: Stages | None, scale: float) -> Callable[[np.ndarray], np.ndarray]:
    """What gives (n, 2) pixels of the shown picture of page pixels."""
    page = stages.page if stages else None

    def in_picture(points: np.ndarray) -> np.ndarray:
        points = np.asarray(points, float)
        return (page.to_picture(points) if page else points) * scale

    return in_picture


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
        raise OutputError(f"{error.filename or folder}: cannot be written ({error.strerror or error}).") from error
    return target


def _draw_page(shown: Image.Image, scale: float, result: Result, stages: Stages | None) -> None:
    """Draw the page's outline, the boxes of leads, their traces and their names into the resized picture."""
    from PIL import ImageDraw

    draw = ImageDraw.Draw(shown, "RGBA")
    line_px = max(2, round(max(shown.size) / 700))
    in_picture = _to_picture(stages, scale)
    corners = result.page["corners"] if result.page else None
    if corners is not None:
        outline = np.asarray([*corners, corners[0]], float) * scale
        draw.line(_flat(outline), (*WHITE, 200), 2 * line_px + 2, joint="curve")
        draw.line(_flat(outline), OUTLINE, 2 * line_px, joint="curve")
    boxes, states = _boxes(result, stages)
    for name, box in boxes.items():
        colour = WARNING if states.get(name) == "lost" else BOX
        draw.line(_flat(in_picture(_around(box))), (*colour, 170), max(line_px - 1, 2))
    paths = stages.traces.paths if stages and stages.traces else {}
    traces = {name: in_picture(path) for name, path in paths.items() if states.get(name) != "lost"}
    for trace in traces.values():
        _draw_trace(draw, trace, line_px)
    face = font(max(13, round(max(shown.size) / 100)))
    if stages and stages.measured and stages.arrangement and stages.traces:
        draw_measured(draw, stages.measured, stages.arrangement, stages.traces, in_picture, shown.size, face)
    titles = _titles(stages)
    words = titles | {lead.name: _lead_words(lead, titles.get(lead.name)) for lead in result.leads}
    for name, box in boxes.items():
        edge = in_picture(_around(box))
        _draw_name(draw, edge, words.get(name, name), states.get(name), traces.get(name), shown.size, face)


def _boxes(result: Result, stages: Stages | None) -> tuple[dict[str, Corners], dict[str, str]]:
    """({name: box corners in page pixels}, {name: state}): of the arrangement where there is one, else of the result's leads."""
    states = {lead.name: str(lead.state) for lead in result.leads}
    places = stages.arrangement.places if stages and stages.arrangement else ()
    if places:
        return {place.name: place.box.corners for place in places}, states
    return {lead.name: lead.box for lead in result.leads}, states


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
    draw: ImageDraw.ImageDraw,
    edge: np.ndarray,
    words: str,
    state: str | None,
    trace: np.ndarray | None,
    size: tuple[int, int],
    face: Any,
) -> None:
    """Write a lead's words on a tag in that corner of its box where it hides least of the trace; where the lead begins, if it can."""
    left, _, right, bottom = draw.textbbox((0, 0), words, face)
    extent = np.array([right - left + 8, bottom + 6])
    corners, middle = edge[:-1:EDGE_POINTS], edge[:-1].mean(axis=0)
    places = np.clip(np.where(corners < middle, corners, corners - extent), 0, np.maximum(np.array(size) - extent, 0))
    trace = np.empty((0, 2)) if trace is None else trace
    hidden = np.array([((trace >= at) & (trace <= at + extent)).all(axis=1).sum() for at in places])
    # The page's left corners are the first and the last.
    x, y = places[np.argmin(hidden + FAR_END_SHARE * len(trace) * np.array([0, 1, 1, 0]))].tolist()
    colour = WARNING if state == "lost" else TEXT
    draw.rectangle((x, y, x + int(extent[0]), y + int(extent[1])), (*colour, 215))
    draw.text((x + 4, y + 2), words, WHITE, face)


def _titles(stages: Stages | None) -> dict[str, str]:
    """{name: words} of the arrangement's places: a rhythm strip with the lead that it holds."""
    places = stages.arrangement.places if stages and stages.arrangement else ()
    return {place.name: title_of(place) for place in places}


def _lead_words(lead: LeadResult, title: str | None = None) -> str:
    """A lead's title, and what it said: its own most probable class, or how much it spoke."""
    title = title or lead.name
    if lead.state == "lost":
        return f"{title}  lost"
    if lead.probabilities:
        label = max(CLASSES, key=lead.probabilities.__getitem__)
        return f"{title}  {label} {lead.probabilities[label]:.0%}"
    return title if lead.weight is None else f"{title}  weight {lead.weight:.0%}"


def _flat(points: ArrayLike) -> list[float]:
    """[x, y, x, y, ...] as Pillow's lines take them."""
    return np.asarray(points, np.float64).ravel().tolist()
