"""Families of paper, as data: what pages of other makers, books, programs and scans look like, each drawn at random within its kind.

They are named by their looks. What varies is what reading has been seen to fail on: layouts, speed and gain, grids, colours, typefaces, where
names stand, separators, pulses, frames, print and handwriting about the traces, and what became of the page afterwards. Leaving one
family out is how to tell what is learnt of paper from what is learnt of a family.
"""

from dataclasses import dataclass

import numpy as np

from .paper_style import LAYOUTS, RHYTHMS, USUAL_COLOURS, Style


@dataclass(frozen=True)
class Among:
    """One of some values, each as likely."""

    values: tuple

    def draw(self, rng):
        """One of them."""
        return self.values[rng.integers(len(self.values))]


@dataclass(frozen=True)
class Between:
    """A number from `low` to `high`."""

    low: float
    high: float

    def draw(self, rng):
        """One of them."""
        return float(rng.uniform(self.low, self.high))


def among(*values):
    """`Among` them."""
    return Among(values)


TALL_ROWS = 7
"""Pages of more rows are drawn on paper that is as high as it is wide."""
FOUR_BY_THREE = among("3x4", "3x4+1", "3x4+1", "3x4+3")
TWO_PANELS = among("6x2", "6x2+1")

USUAL = {
    "px_per_mm": Between(5.0, 9.0),
    "layout": among("3x4", "3x4+1", "3x4+1", "3x4+2", "3x4+3", "6x2", "6x2+1"),
    "paper": among("a4", "letter"),
    "minor_mm": Between(0.08, 0.18),
    "major_mm": Between(0.16, 0.32),
    "strength": Between(0.8, 1.6),
    "pen_mm": Between(0.22, 0.42),
    "name_mm": Between(2.0, 3.0),
    "font": among("sans", "sans bold", "serif", "mono"),
    "pulse_s": 0.2,
    "framed": among(True, False),
    "header": among(True, True, False),
    "foot": among(True, False),
}
"""What a family draws that it does not say otherwise."""

FAMILIES = {
    "pink cart page": {
        "layout": FOUR_BY_THREE,
        "colour": among("pink", "red"),
        "font": among("sans", "sans bold"),
        "pulse": among("left", "right"),
        "separators": among("short", "ticks"),
        "name_rise_mm": Between(6.0, 13.0),
        "header": True,
        "foot": True,
    },
    "orange dots": {
        "colour": "orange",
        "grid": among("dots", "boxes"),
        "separators": among("none", "ticks", "short"),
        "pulse_rows": among("all", "last"),
        "strength": Between(1.0, 2.0),
    },
    "roll with small print": {
        "layout": among("3x4", "3x4+1", "6x2"),
        "paper": "roll",
        "colour": among("red", "pink", "brown"),
        "font": "mono",
        "name_mm": Between(1.8, 2.3),
        "name_rise_mm": Between(8.0, 11.0),
        "header": False,
        "framed": False,
    },
    "two panels": {
        "layout": TWO_PANELS,
        "gap_mm": Between(3.0, 9.0),
        "separators": "none",
        "colour": among("red", "orange", "pink"),
        "names": among("above", "on"),
    },
    "Cabrera": {
        "layout": among("6x2", "6x2+1", "3x4+1"),
        "order": "cabrera",
        "colour": among("orange", "red", "grey"),
        "separators": among("none", "solid", "short"),
    },
    "rows across the page": {
        "layout": "12x1",
        "colour": among("pink", "grey", "orange", "faint"),
        "mm_per_mv": among(5.0, 10.0),
        "pulse": among("left", "right", "none"),
        "names": among("above", "on"),
        "frame": among("none", "grid"),
    },
    "limb leads of a telephone": {
        "layout": "6x1",
        "colour": among("faint", "grey", "pink"),
        "ink": among("black", "bright blue", "red"),
        "font": among("sans", "sans bold"),
        "pulse": among("none", "left"),
        "pulse_rows": among("all", "last"),
        "header": True,
        "foot": True,
        "framed": True,
    },
    "fast paper": {
        "layout": among("3x4", "3x4+1", "6x2", "12x1"),
        "mm_per_s": 50.0,
        "colour": among(*USUAL_COLOURS),
        "separators": among("solid", "short", "none"),
        "pulse": among("left", "right"),
    },
    "other gain": {
        "layout": among("3x4+1", "6x2", "3x4+3", "12x1"),
        "mm_per_mv": among(5.0, 20.0),
        "colour": among(*USUAL_COLOURS),
        "pulse": among("left", "right"),
        "pulse_rows": among("all", "last"),
    },
    "faint thin print": {
        "layout": FOUR_BY_THREE,
        "colour": among("faint", "grey", "pink"),
        "ink": among("grey", "soft"),
        "pen_mm": Between(0.13, 0.2),
        "separators": among("dashed", "ticks", "short"),
        "strength": Between(0.6, 1.0),
    },
    "coloured traces": {
        "colour": among("grey", "faint", "pink"),
        "ink": among("bright blue", "teal", "red", "violet"),
        "separators": among("solid", "short", "none"),
        "pulse": among("left", "none"),
        "side": among(True, False),
    },
    "coloured names and separators": {
        "colour": among(*USUAL_COLOURS),
        "name_ink": among("bright blue", "red", "teal", "violet"),
        "separator_ink": among("bright blue", "red", "grey"),
        "pulse_rows": among("all", "last"),
    },
    "framed plot": {
        "layout": among("3x4", "3x4+1", "6x2", "12x1"),
        "colour": among("red", "one weight", "grey", "faint"),
        "font": among("sans", "serif"),
        "frame": "traces",
        "frame_mm": Between(0.1, 0.2),
        "pen_mm": Between(0.14, 0.26),
        "pulse": among("right", "none", "left"),
        "separators": among("ticks", "none", "solid"),
        "header": False,
        "foot": False,
    },
    "book": {
        "layout": among("3x4", "3x4+1", "6x2", "12x1"),
        "colour": among("black", "grey", "brown"),
        "grid": among("dots", "line", "boxes"),
        "tint": among("white", "cream", "grey"),
        "font": among("serif", "serif bold"),
        "pulse": among("none", "left"),
        "pulse_rows": "last",
        "separators": "none",
        "header": False,
        "foot": False,
        "jpeg": among(60, 75, 85),
        "px_per_mm": Between(4.5, 7.0),
    },
    "figures of a book": {
        "layout": "6x2",
        "row_s": Between(7.0, 8.4),
        "gap_mm": Between(12.0, 15.0),
        "colour": among("black", "grey"),
        "grid": among("dots", "boxes", "line"),
        "font": among("serif", "serif bold"),
        "numerals": True,
        "by_hand_mm": Between(0.0, 1.6),
        "name_rise_mm": Between(7.0, 10.0),
        "name_shift_mm": Between(-10.5, -9.0),
        "pulse": "left",
        "pulse_rows": "each column",
        "pulse_s": 0.1,
        "frame": among("grid", "none"),
        "framed": True,
        "separators": "none",
        "header": False,
        "foot": False,
        "jpeg": among(0, 75, 85),
        "px_per_mm": Between(5.0, 7.5),
    },
    "dark screen": {
        "layout": among("3x4", "3x4+1", "6x2"),
        "tint": "dark",
        "colour": "dim",
        "strength": 1.0,
        "ink": among("white", "phosphor", "yellow"),
        "separators": among("short", "none", "solid"),
        "pulse": among("none", "left"),
        "framed": False,
    },
    "fax": {
        "layout": FOUR_BY_THREE,
        "grid": among("none", "none", "dots"),
        "colour": "black",
        "finish": "fax",
        "px_per_mm": Between(6.0, 8.0),
        "pen_mm": Between(0.25, 0.4),
        "pulse": among("left", "right"),
    },
    "export without a grid": {
        "grid": "none",
        "font": among("sans", "sans bold"),
        "pulse": among("left", "right"),
        "name_ink": among(None, "bright blue", "grey"),
        "separators": among("none", "short", "ticks"),
        "jpeg": among(0, 70, 85),
    },
    "whitened scan": {
        "colour": among("pink", "red", "orange", "green"),
        "finish": "whitened",
        "jpeg": among(60, 75, 85),
        "strength": Between(0.8, 1.4),
    },
    "white export as JPEG": {
        "colour": among("faint", "pink", "grey"),
        "jpeg": among(60, 70, 85),
        "px_per_mm": Between(4.0, 7.0),
        "separators": among("short", "ticks", "solid"),
        "header_rule": True,
        "header": True,
        "side": among(True, False),
    },
    "photocopy": {
        "colour": among("grey", "brown", "red"),
        "finish": "photocopy",
        "jpeg": among(60, 80),
        "names": among("above", "on", "below"),
    },
    "one weight": {
        "colour": "one weight",
        "strength": Between(0.8, 1.3),
        "minor_mm": 0.14,
        "major_mm": 0.14,
        "name_rise_mm": Between(4.0, 18.0),
        "separators": among("none", "solid", "short"),
    },
    "green on cream": {
        "tint": "cream",
        "colour": among("green", "brown"),
        "paper": among("a4", "roll"),
        "separators": among("dashed", "short", "solid"),
    },
    "names far from their traces": {
        "layout": among("3x4", "3x4+1", "3x4+3"),
        "colour": among(*USUAL_COLOURS),
        "name_rise_mm": among(-7.0, -5.0, 17.0, 20.0, 22.0),
        "name_pitch_mm": among(None, 56.0, 68.0),
        "separators": among("none", "short", "solid"),
    },
    "cut at its edges": {
        "layout": among("3x4", "3x4+1", "6x2"),
        "colour": among("pink", "red", "brown"),
        "pulse": among("cut", "none"),
        "header": False,
        "foot": False,
        "framed": False,
        "separators": among("solid", "ticks", "short"),
        "jpeg": among(0, 75),
    },
    "written on": {
        "layout": FOUR_BY_THREE,
        "colour": among("pink", "red", "orange", "green"),
        "handwriting": among(2, 4, 7),
        "header_rule": among(True, False),
        "header": True,
        "separators": among("solid", "short", "ticks", "none"),
    },
}
"""{name: {field of `Style`, or `px_per_mm`: a value, or what it is drawn from}}."""


def draw_family(rng: np.random.Generator, family: str) -> tuple[Style, float]:
    """(a `Style` of one of `FAMILIES`, pixels to a millimetre) at random."""
    drawn = {
        key: value.draw(rng) if hasattr(value, "draw") else value for key, value in (USUAL | FAMILIES[family]).items()
    }
    rows, _, strips = LAYOUTS[drawn["layout"]]
    drawn["rhythm"] = Among(RHYTHMS[strips]).draw(rng)
    if rows + strips > TALL_ROWS and drawn["paper"] != "roll":
        drawn["paper"] = "square"
    if not drawn["header"]:
        drawn["header_rule"] = False
    px_per_mm = drawn.pop("px_per_mm")
    return Style(**drawn), px_per_mm
