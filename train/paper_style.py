"""How ECG devices lay out and colour their paper, as data, and one of their ways at random."""

from dataclasses import dataclass

from ecg_edge.layout import CABRERA_ORDER, LEADS_12, PATTERNS

ORDERS = {"standard": LEADS_12, "cabrera": CABRERA_ORDER + LEADS_12[6:]}

LAYOUTS = {pattern.layout: (pattern.grid_rows, len(pattern.columns), pattern.strips) for pattern in PATTERNS}
"""Rows, columns and rhythm strips."""

SLOTS = {
    pattern.layout: tuple(tuple(map(LEADS_12.index, column)) for column in pattern.columns)
    for pattern in PATTERNS
    if pattern.columns[0][0] == LEADS_12[0]
}
"""For each column, from the top down, the places that its leads have in an order of twelve."""

USUAL_LAYOUTS = ("3x4", "3x4+1", "3x4+2", "3x4+3", "6x2", "6x2+1", "12x1", "6x1")
"""Those that a style at random is of. What a seed draws must not change with what else can be drawn, here and in the next two."""
USUAL_COLOURS = ("pink", "red", "orange", "brown", "grey", "green")
USUAL_INKS = ("black", "soft", "blue")

RHYTHMS = {
    0: ((),),
    1: (("II",), ("II",), ("III",), ("V1",)),
    2: (("V1", "II"), ("II", "V5")),
    3: (("V1", "II", "V5"),),
}

PAPERS_MM = {
    "a4": (297.0, 210.0),
    "letter": (279.4, 215.9),
    "roll": (300.0, None),
    "square": (297.0, 297.0),
}
"""Width and height; a roll is as high as its rows."""

COLOURS = {
    "pink": ((250, 205, 210), (240, 150, 165)),
    "red": ((245, 175, 165), (225, 95, 85)),
    "orange": ((250, 215, 180), (240, 165, 105)),
    "brown": ((225, 205, 185), (185, 145, 115)),
    "grey": ((220, 220, 220), (165, 165, 165)),
    "green": ((200, 228, 205), (125, 185, 140)),
    "one weight": ((236, 150, 150), (236, 150, 150)),
    "faint": ((250, 232, 232), (246, 214, 214)),
    "black": ((150, 150, 150), (80, 80, 80)),
    "dim": ((44, 46, 52), (66, 68, 76)),
}
"""The 1 mm and the 5 mm lines of grids."""

INKS = {
    "black": (15, 15, 18),
    "soft": (60, 60, 62),
    "blue": (25, 30, 95),
    "bright blue": (20, 40, 220),
    "teal": (0, 130, 130),
    "red": (200, 20, 20),
    "violet": (120, 30, 150),
    "grey": (110, 110, 110),
    "white": (240, 240, 240),
    "phosphor": (90, 240, 120),
    "yellow": (250, 225, 90),
}
TINTS = {"white": (255, 255, 255), "cream": (250, 244, 230), "grey": (226, 226, 222), "dark": (24, 26, 30)}
"""Of bare paper."""
SEPARATORS = ("solid", "dashed", "ticks", "none")
FONTS = {
    "sans": "DejaVuSans.ttf",
    "sans bold": "DejaVuSans-Bold.ttf",
    "serif": "STIXGeneral.ttf",
    "serif bold": "STIXGeneralBol.ttf",
    "mono": "DejaVuSansMono.ttf",
}


@dataclass(frozen=True)
class Style:
    """One device's page. Lengths in mm of the paper, `name_mm` the height of lead names' letters."""

    layout: str = "3x4+1"
    order: str = "standard"
    rhythm: tuple = ("II",)
    paper: str = "a4"
    grid: str = "line"
    """`line`s, `boxes` of 5 mm with a dot for each mm in them, `dots` alone, or `none`."""
    colour: str = "pink"
    minor: bool = True
    minor_mm: float = 0.12
    major_mm: float = 0.22
    strength: float = 1.0
    """How much darker than `COLOURS` the grid is."""
    framed: bool = True
    """Whether the grid ends in a frame, with white paper around it; else it covers the page."""
    pen_mm: float = 0.35
    ink: str = "black"
    mm_per_s: float = 25.0
    mm_per_mv: float = 10.0
    pulse: str = "left"
    separators: str = "solid"
    names: str = "above"
    """Where names stand against the beginning of their traces: `above`, `on` or `below` it."""
    name_mm: float = 2.4
    font: str = "sans"
    header: bool = True
    foot: bool = True
    tint: str = "white"
    name_ink: str | None = None
    separator_ink: str | None = None
    """Of names and separators, where it is another than the traces'."""
    name_rise_mm: float | None = None
    """How far above the base line names stand; by `names` where None."""
    name_pitch_mm: float | None = None
    """From name to name along a row, where it is not the columns'."""
    name_shift_mm: float = 0.8
    """How far behind the beginning of their traces names stand."""
    row_mm: float | None = None
    """From row to row on a roll."""
    gap_mm: float = 0.0
    """Bare paper between one column and the next."""
    pulse_rows: str = "all"
    """Whether `all` rows have a pulse, the `last` alone, or all of `each column`."""
    pulse_s: float | None = None
    """How long a pulse is; 0.2 s where None, as on every device: one that is 5 mm wide at 50 mm/s would say 25."""
    frame: str = "none"
    """A thin line around the `traces`, touching them, or around the `grid`."""
    frame_mm: float = 0.125
    header_rule: bool = False
    side: bool = False
    """A panel of measurements to the right of the traces."""
    handwriting: int = 0
    """How many scribbles."""
    finish: str = "none"
    """What became of the page afterwards: `fax`, `whitened` by an app, `photocopy`."""
    row_s: float | None = None
    """How much of the record a row shows, where it is not what fits on a page."""
    by_hand_mm: float = 0.0
    """By so much names, and the base lines of columns, are off where somebody has set them one by one."""
    numerals: bool = False
    """Whether I, II and III are printed as Roman numerals, each one letter."""
    skew_deg: float = 0.0
    """By how much the page lies askew in its picture, anticlockwise."""
    jpeg: int = 0
    """The quality of the file; no JPEG where 0."""

    @property
    def strips(self):
        """The number of rhythm strips."""
        return LAYOUTS[self.layout][2]

    @property
    def seconds(self):
        """How much of the record a row shows: at 50 mm/s half of it fits on a page."""
        return self.row_s or 10.0 * min(1.0, 25.0 / self.mm_per_s)


def draw_style(rng, layout=None):
    """A `Style` at random, of a `layout` or any."""
    layout = layout or str(rng.choice(USUAL_LAYOUTS))
    rows, _, strips = LAYOUTS[layout]
    grid = str(rng.choice(("line", "boxes", "dots", "none"), p=(0.6, 0.2, 0.15, 0.05)))
    tall = rows + strips > 7
    options = RHYTHMS[strips]
    return Style(
        layout=layout,
        order=str(rng.choice(("standard", "cabrera"), p=(0.85, 0.15))),
        rhythm=options[rng.integers(len(options))],
        paper=str(rng.choice(("a4", "square", "roll") if tall else ("a4", "a4", "letter", "roll"))),
        grid=grid,
        colour=str(rng.choice(USUAL_COLOURS)),
        minor=bool(rng.random() < 0.85),
        minor_mm=float(rng.uniform(0.08, 0.18)),
        major_mm=float(rng.uniform(0.15, 0.32)),
        strength=float(rng.uniform(0.8, 2.2)),
        framed=bool(rng.random() < 0.6),
        pen_mm=float(rng.uniform(0.2, 0.5)),
        ink=str(rng.choice(USUAL_INKS, p=(0.65, 0.2, 0.15))),
        mm_per_s=float(rng.choice((25.0, 50.0), p=(0.92, 0.08))),
        mm_per_mv=float(rng.choice((5.0, 10.0, 20.0), p=(0.3, 0.65, 0.05) if tall else (0.07, 0.85, 0.08))),
        pulse=str(rng.choice(("left", "right", "none"), p=(0.7, 0.15, 0.15))),
        separators=str(rng.choice(SEPARATORS)),
        names=str(rng.choice(("above", "on", "below"), p=(0.6, 0.2, 0.2))),
        name_mm=float(rng.uniform(1.7, 3.0)),
        font=str(rng.choice(tuple(FONTS))),
        header=bool(rng.random() < 0.8),
        foot=bool(rng.random() < 0.8),
    )
