"""Paper that is of no family: each property drawn by itself, so that they meet in ways in which no family has them.

Families (`paper_families`) hold what goes together on the pages of one kind of maker. A reader that was mended on them may have learnt what goes
together, too: these pages show it. Only what no page could be read without is kept: a page at an unusual speed or gain has pulses that say so; and
what no maker prints is left out: names nearer to the row above than to their own, a grid as dark as what is printed on it, print beyond
the paper's edge.
"""

from dataclasses import replace

import numpy as np

from .paper_families import TALL_ROWS, Among, Between
from .paper_plan import PULSE_PAD_MM, SIDE_MM, plan_of, pulse_mm, wide_mm
from .paper_style import COLOURS, INKS, LAYOUTS, PAPERS_MM, RHYTHMS, USUAL_COLOURS, Style

MAX_RISE = 0.5
"""The most that names stand above their row, as a share of the rows' distance: higher up they would be read as those of the row above."""
PALER = 40
"""By so many levels of luma (of 255) a grid's bold lines are paler than what is printed on them."""
LUMA = 0.299, 0.587, 0.114
SPARE_MM = 6.0
"""So much bare paper is left beside the traces, both sides together."""

MIXTURE = "mixture"
"""What they are called where families are named."""
MIXED = {
    "px_per_mm": Between(4.0, 11.8),
    "layout": Among(("3x4", "3x4+1", "3x4+1", "3x4+2", "3x4+3", "4x3", "6x2", "6x2", "6x2+1", "12x1")),
    "order": Among(("standard",) * 4 + ("cabrera",)),
    "paper": Among(("a4", "letter", "roll")),
    "row_mm": Among((None, None, 17.0, 20.0, 28.0)),
    "grid": Among(("line",) * 5 + ("boxes", "dots", "none")),
    "colour": Among((*USUAL_COLOURS, "one weight", "faint", "black")),
    "minor": Among((True, True, True, False)),
    "minor_mm": Between(0.08, 0.18),
    "major_mm": Between(0.14, 0.34),
    "strength": Between(0.7, 1.7),
    "framed": Among((True, False)),
    "pen_mm": Between(0.12, 0.55),
    "ink": Among(("black",) * 4 + ("soft", "grey", "blue", "bright blue", "teal", "red")),
    "mm_per_s": Among((25.0,) * 7 + (50.0,)),
    "mm_per_mv": Among((10.0,) * 5 + (5.0, 20.0)),
    "pulse": Among(("left", "left", "right", "none")),
    "pulse_rows": Among(("all", "all", "last")),
    "pulse_s": Among((0.2, 0.2, None)),
    "separators": Among(("solid", "dashed", "ticks", "short", "none")),
    "separator_ink": Among((None, None, "grey", "bright blue")),
    "names": Among(("above", "above", "on", "below")),
    "name_mm": Between(1.7, 3.6),
    "name_rise_mm": Among((None, None, 5.0, 9.0, 13.0)),
    "name_shift_mm": Among((0.8, 0.8, 2.0, 5.0)),
    "name_ink": Among((None, None, None, "grey", "bright blue", "red")),
    "font": Among(("sans", "sans bold", "serif", "serif bold", "mono")),
    "header": Among((True, False)),
    "header_rule": Among((True, False)),
    "foot": Among((True, False)),
    "side": Among((False, False, False, True)),
    "gap_mm": Among((0.0, 0.0, 0.0, 2.0, 6.0)),
    "frame": Among(("none", "none", "grid", "traces")),
    "frame_mm": Between(0.1, 0.3),
    "tint": Among(("white", "white", "white", "cream", "grey")),
    "handwriting": Among((0, 0, 0, 2)),
    "finish": Among(("none",) * 6 + ("whitened", "photocopy")),
    "skew_deg": Among((0.0, 0.0, -1.0, -0.4, 0.3, 0.8)),
    "jpeg": Among((0, 0, 50, 70, 90)),
}
"""{field of `Style`, or `px_per_mm`: what it is drawn from}."""


def draw_mixture(rng: np.random.Generator) -> tuple[Style, float]:
    """(a `Style` of `MIXED`, pixels to a millimetre) at random."""
    drawn = {key: value.draw(rng) for key, value in MIXED.items()}
    rows, _, strips = LAYOUTS[drawn["layout"]]
    drawn["rhythm"] = Among(RHYTHMS[strips]).draw(rng)
    if rows + strips > TALL_ROWS:
        drawn["paper"], drawn["row_mm"] = "square", None
    if drawn["row_mm"] is not None:
        drawn["paper"] = "roll"
    if drawn["mm_per_s"] != 25.0 or drawn["mm_per_mv"] != 10.0 or drawn["grid"] == "none":
        drawn |= {"pulse": "left" if drawn["pulse"] == "none" else drawn["pulse"], "pulse_s": 0.2}
    if drawn["mm_per_s"] != 25.0:
        drawn["gap_mm"] = 0.0
    if drawn["grid"] == "none":
        drawn["mm_per_mv"], drawn["framed"] = 10.0, False
    if drawn["pen_mm"] * drawn["px_per_mm"] < 1.0:
        drawn["pen_mm"] = 1.0 / drawn["px_per_mm"]
    if not drawn["header"]:
        drawn["header_rule"] = False
    if drawn["frame"] == "traces":
        drawn["gap_mm"] = 0.0
    if not drawn["framed"] and drawn["frame"] == "grid":
        drawn["frame"] = "none"  # it would be the edge of the paper
    px_per_mm = drawn.pop("px_per_mm")
    return _printable(Style(**drawn)), px_per_mm


def _printable(style: Style) -> Style:
    """The style as a maker could print it: on its paper, its names with their own rows, its grid paler than its print."""
    pulse = pulse_mm(style) + 2 * PULSE_PAD_MM if style.pulse != "none" else 0.0
    spare = PAPERS_MM[style.paper][0] - wide_mm(style) - pulse - SPARE_MM
    if spare < SIDE_MM * style.side:
        style = replace(style, gap_mm=0.0)
        spare = PAPERS_MM[style.paper][0] - wide_mm(style) - pulse - SPARE_MM
        style = replace(style, side=style.side and spare >= SIDE_MM)
    if style.name_rise_mm is not None:
        pitch = plan_of(style, np.random.default_rng(0)).pitch
        style = replace(style, name_rise_mm=min(style.name_rise_mm, MAX_RISE * pitch))
    palest = max(_luma(INKS[ink]) for ink in (style.ink, style.name_ink or style.ink))
    bold = 255 - _luma(COLOURS[style.colour][1])
    return replace(style, strength=min(style.strength, (255 - palest - PALER) / bold))


def _luma(colour: tuple[int, int, int]) -> float:
    return float(np.dot(LUMA, colour))
