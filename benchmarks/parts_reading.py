"""Reading a page with what a network of `python -m train parts` says is where on it, or with what is true: the ways that `python -m benchmarks parts` compares."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property

import numpy as np

from train import page_parts
from train.paper_marks import KINDS

PRINT, NAME, TRACE = (KINDS.index(kind) for kind in ("print", "name", "trace"))
PULSE = KINDS.index("pulse")
LOW_BITS, DARK = np.uint8(3), 76
"""Of ink, and what is dark of it when it is reduced."""
GRID_PERCENTILE, SOLID_PERCENTILE = 98, 95
"""Of the darkness of paper, and of spots that are of a kind: where ink begins, and where it is solid."""
NO_TRACE = tuple(KINDS.index(kind) for kind in ("print", "separator", "name", "pulse"))
ASSUMED_MM = 297.0
"""The longer side of a page whose scale is not known."""
WAYS = {
    "rules": ((), (), False, False),
    "both": ((PRINT,), NO_TRACE, False, False),
    "each by itself": ((PRINT,), NO_TRACE, False, True),
    "network": ((PRINT,), NO_TRACE, True, False),
}
"""How a page is read: which kinds are taken from the ink before rows and names are looked for and before traces are followed; whether traces are followed
in those cells alone that the network calls trace; whether names and pulses
are looked for in those that it calls so, in any colour, and rows in all that is no name."""


def mask_of(parts: np.ndarray, kinds: Iterable[int], shape: tuple[int, ...], alone: bool = False) -> np.ndarray:
    """(H, W) bool: the pixels of a page of this shape in cells of these kinds, or beside them and in no cell of a trace; `alone`: in no trace's cell nor beside one."""
    from PIL import Image
    from scipy import ndimage

    if alone:
        away = ~ndimage.binary_dilation(parts == TRACE, np.ones((3, 3), bool))
    else:
        away = ndimage.binary_dilation(np.isin(parts, list(kinds)), np.ones((3, 3), bool)) & (parts != TRACE)
    return np.asarray(Image.fromarray(away).resize(shape[::-1], Image.Resampling.NEAREST))


def cleared(ink: np.ndarray, parts: np.ndarray, kinds: Iterable[int], alone: bool = False) -> np.ndarray:
    """(H, W) uint8 `ink` without that of some kinds."""
    return np.where(mask_of(parts, kinds, ink.shape, alone), np.uint8(0), ink)


@contextmanager
def aided(parts_of: Callable, way: str) -> Iterator[None]:
    """Reading in one of `WAYS`, until left, with what `parts_of(page)` says of an `ecg_edge.page.page.Page`: (h, w) places in `KINDS`.

    Report pages are read as they are: their places are known.
    """
    from ecg_edge import reader
    from ecg_edge.arrangement import arrangement, calibration_pulses, coarse_page
    from ecg_edge.page.page import Page

    of_rows, of_traces, alone, apart = WAYS[way]
    if not of_traces:
        yield
        return
    plain, turn, follow = Page.__dict__["ink"], Page.upright, reader.trace_page
    reduce, level, find = arrangement.reduced, coarse_page._levelled, calibration_pulses.find_pulses
    last = {}

    def ink(page):
        held = plain.func(page)
        if page.template is not None:
            return held & ~LOW_BITS if apart else held
        parts = parts_of(page)
        held = cleared(held, parts, of_rows)
        return with_kinds(held, page.image, parts) if apart else held

    def upright(page):
        # Traces are followed on the page that was made upright last.
        last["page"] = turn(page)
        return last["page"]

    def trace_page(held, found):
        page = last["page"]
        if page.template is None:
            held = cleared(held, parts_of(page), of_traces, alone)
        return follow(held, found)

    def reduced(held, px_per_mm):
        kinds = held & LOW_BITS
        small, dark = reduce(np.where(kinds == 1, np.uint8(0), held), px_per_mm)
        names, pulses = (resized(np.where(kinds == kind, held, np.uint8(0)), small.shape) for kind in (1, 2))
        last["pulses"] = pulses > DARK if pulses.any() else None
        return names if names.any() else small, dark

    def levelled(image, tilt):
        last["tilt"] = tilt
        return level(image, tilt)

    def find_pulses(dark, px_per_mm, *gains):
        pulses = None if gains else last.get("pulses")
        known = pulses is not None and pulses.shape == dark.shape
        return find(level(pulses, last["tilt"]) if known else dark, px_per_mm, *gains)

    aiding = cached_property(ink)
    aiding.__set_name__(Page, "ink")
    try:
        Page.ink, Page.upright, reader.trace_page = aiding, upright, trace_page
        if apart:
            arrangement.reduced, coarse_page._levelled = reduced, levelled
            calibration_pulses.find_pulses = find_pulses
        yield
    finally:
        Page.ink, Page.upright, reader.trace_page = plain, turn, follow
        arrangement.reduced, coarse_page._levelled, calibration_pulses.find_pulses = reduce, level, find


def coloured_ink(image, parts: np.ndarray, where: np.ndarray) -> np.ndarray:
    """(H, W) uint8: the ink in any colour `where` some kind is in a page's RGB image: as dark as in the channel that shows it best, 0 what is no darker
    than the grid on the page's paper."""
    from PIL import Image

    colours = np.asarray(image, np.float32)
    dark = (255 * (1 - colours / np.percentile(colours[::8, ::8].reshape(-1, 3), 75, axis=0).clip(1))).max(axis=2)
    paper = np.asarray(Image.fromarray(parts == 0).resize(image.size, Image.Resampling.NEAREST))
    grid = np.percentile(dark[paper], GRID_PERCENTILE) if paper.any() else 0.0
    solid = np.percentile(dark[where], SOLID_PERCENTILE) if where.any() else 255.0
    return np.clip((dark - grid) * (255 / max(solid - grid, 1)), 0, 255).astype(np.uint8)


def with_kinds(held: np.ndarray, image, parts: np.ndarray) -> np.ndarray:
    """(H, W) uint8 ink, that of names and pulses in any colour; through all turns of a page its lowest bits say what is a name (1) and what a pulse (2)."""
    found = held & ~LOW_BITS
    for bit, kind in ((1, NAME), (2, PULSE)):
        where = mask_of(parts, [kind], held.shape)
        found = np.where(where, (coloured_ink(image, parts, where) & ~LOW_BITS) | np.uint8(bit), found)
    return found


def resized(ink: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """(h, w) uint8: (H, W) uint8 ink in another size."""
    from PIL import Image

    return np.asarray(Image.fromarray(ink).resize(shape[::-1], Image.Resampling.BOX))


def scale_of(page) -> tuple[float, float]:
    """Pixels to a millimetre of a page, across and down; of one whose scale is not known by its longer side."""
    assumed = max(page.image.size) / ASSUMED_MM
    return (page.found.px_per_mm if page.found is not None else page.px_per_mm) or (assumed, assumed)


def seen_by(seer: page_parts.Seer) -> Callable:
    """What the network says of pages."""
    return lambda page: seer.parts(page.image, scale_of(page))


def known_of(labels: np.ndarray, px_per_mm: float) -> Callable:
    """What is true of a page, for pages that were found in its picture of (H, W) `labels`: what a network that is never wrong would say."""
    from scipy import ndimage

    cell_mm = page_parts.CELL_PX / page_parts.PX_PER_MM
    near = ndimage.maximum_filter(labels, max(1, round(cell_mm * px_per_mm)))

    def parts_of(page):
        width, height = (int(n / scale / cell_mm) for n, scale in zip(page.image.size, scale_of(page), strict=True))
        down, across = (np.arange(n) + 0.5 for n in (height, width))
        x, y = across * page.image.width / width - 0.5, down * page.image.height / height - 0.5
        points = page.to_picture(np.stack([a.ravel() for a in np.meshgrid(x, y)], axis=1))
        at = np.rint(points).astype(int)
        inside = ((at >= 0) & (at < near.shape[::-1])).all(axis=1)
        at = np.where(inside[:, None], at, 0)
        return np.where(inside, near[at[:, 1], at[:, 0]], 0).reshape(height, width).astype(np.uint8)

    return parts_of
