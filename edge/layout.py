"""Where the leads stand on a page: names, classes and templates, as data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

CLASSES = ("normal", "abnormal", "infarction", "history")
"""Verdicts, in the order of every model's output."""

LEADS_12 = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
"""The standard leads, in the order of signals."""

RHYTHM = "rhythm"


@dataclass(frozen=True)
class Box:
    """A rectangle in page pixels, half open: columns `left` to `right`, rows `top` to `bottom`."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns that index an array of the page."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    @property
    def corners(self) -> tuple[int, int, int, int]:
        """(left, top, right, bottom), as Pillow's `crop` takes it and as results carry it."""
        return self.left, self.top, self.right, self.bottom


@dataclass(frozen=True)
class Template:
    """A printed page of one geometry.

    Lengths in pixels of a page of `width_px` × `height_px`; `leads` are (name, box), row by row as printed.
    """

    name: str
    width_px: int
    height_px: int
    tolerance_px: int
    px_per_mm: float
    mm_per_s: float
    mm_per_mv: float
    leads: tuple[tuple[str, Box], ...]
    frame: Box
    separators_px: tuple[int, ...]
    separator_rows: tuple[int, int]
    rows_px: tuple[int, ...]
    pulse_px: tuple[int, int]
    """Columns of the rising and the falling edge of the calibration pulses."""

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.width_px, self.height_px

    @property
    def lead_names(self) -> tuple[str, ...]:
        """The names of the leads, row by row as printed."""
        return tuple(name for name, _ in self.leads)


@dataclass(frozen=True)
class Place:
    """Where one lead stands on a flat page.

    `name` is the place's (I … V6, rhythm, rhythm2, …), `lead` what is recorded there (for a rhythm strip II, III, V1, …; None
    where it is not known), `box` the part of the page in which its trace may run, `zero_px` the row of 0 mV, `start_s` the time of
    the box's left edge in the recording.
    """

    name: str
    lead: str | None
    box: Box
    zero_px: float
    start_s: float


ScaleSource = Literal["report", "pulse", "columns", "print", "option", "assumed"]
"""Where paper speed or gain come from: `report` is the known geometry of such pages, `option` what the caller said."""


@dataclass(frozen=True)
class Arrangement:
    """How the leads of a flat page are arranged: `layout` is a name of the contract (3x4+1, 6x2, …), `places` row by row.

    `px_per_mm` is (across, down); `mm_per_s` and `mm_per_mv` as found or given, `speed_from` and `gain_from` say where; `cost` and `runner_up` tell how well the best and the
    second best layout fit (0 all there, 1 nothing); `pulses` are (left, right, top, bottom) pixels of calibration pulses.
    """

    layout: str
    places: tuple[Place, ...]
    px_per_mm: tuple[float, float]
    mm_per_s: float
    mm_per_mv: float
    cost: float
    runner_up: float
    pulses: tuple[tuple[float, float, float, float], ...] = ()
    speed_from: ScaleSource = "assumed"
    gain_from: ScaleSource = "assumed"
    gap_mm: float = 0.0
    """How much bare paper is between the columns."""
    contradicts: tuple[str, ...] = ()
    """What the page shows of speed and gain that is not what the caller gave, as sentences."""
    on_report: bool = False
    """Whether it is that of a page of the data set's own device, whose size and scale are known."""


@dataclass(frozen=True)
class Pattern:
    """An order of leads on paper, without lengths: `columns` of lead names from the left, each from the top down, above `strips` rhythm
    strips. `cabrera` tells the order of the limb leads; `-aVR` is aVR turned over.
    """

    layout: str
    columns: tuple[tuple[str, ...], ...]
    strips: int = 0
    cabrera: bool = False

    @property
    def grid_rows(self) -> int:
        """Rows that hold leads in columns, above the rhythm strips."""
        return len(self.columns[0])

    @property
    def rows(self) -> int:
        """All rows, rhythm strips too."""
        return self.grid_rows + self.strips


STANDARD_ORDER = LEADS_12[:6]
CABRERA_ORDER = ("aVL", "I", "-aVR", "II", "aVF", "III")
_CHEST = LEADS_12[6:]
_SHAPES = (
    # Name, leads below each other, leads in a last row beside each other, rhythm strips, whether the chest leads are there
    ("3x4", 3, 0, 0, True),
    ("3x4+1", 3, 0, 1, True),
    ("3x4+2", 3, 0, 2, True),
    ("3x4+3", 3, 0, 3, True),
    ("4x3", 3, 3, 0, True),
    ("4x3+1", 3, 3, 1, True),
    ("6x2", 6, 0, 0, True),
    ("6x2+1", 6, 0, 1, True),
    ("12x1", 12, 0, 0, True),
    ("6x1", 6, 0, 0, False),
)


def _pattern(layout: str, below: int, beside: int, strips: int, chest: bool, limb: tuple[str, ...]) -> Pattern:
    names = limb + _CHEST * chest
    in_columns, last_row = names[: len(names) - beside], names[len(names) - beside :]
    columns = [in_columns[i : i + below] for i in range(0, len(in_columns), below)]
    columns = [(*column, *last_row[i : i + 1]) for i, column in enumerate(columns)]
    return Pattern(layout, tuple(columns), strips, cabrera=limb is CABRERA_ORDER)


PATTERNS = (
    *(_pattern(*shape, limb) for limb in (STANDARD_ORDER, CABRERA_ORDER) for shape in _SHAPES),
    _pattern("6x1", 6, 0, 0, True, ()),  # the chest leads alone
)
"""The orders of leads that are recognised."""

WHOLE_LAYOUTS = tuple(
    dict.fromkeys(found.layout for found in PATTERNS if sum(map(len, found.columns)) == len(LEADS_12))
)
"""The names of the layouts that show all twelve leads."""

REPORT_PATTERN = next(pattern for pattern in PATTERNS if pattern.layout == "3x4+1")
"""The order of leads on report pages."""


def _grid_of_leads(
    rows: Iterable[tuple[int, int]], columns: Sequence[tuple[int, int]], names: Iterable[str]
) -> tuple[tuple[str, Box], ...]:
    """(name, box) for `names`, printed row by row over `rows` and `columns` (pairs of edges)."""
    boxes = [Box(left, top, right, bottom) for top, bottom in rows for left, right in columns]
    return tuple(zip(names, boxes, strict=True))


REPORT = Template(
    name="3x4+1",
    width_px=2213,
    height_px=1572,
    tolerance_px=15,
    px_per_mm=8.0,
    mm_per_s=25.0,
    mm_per_mv=10.0,
    leads=_grid_of_leads(
        rows=((300, 600), (600, 900), (900, 1200)),
        columns=((150, 643), (646, 1135), (1140, 1625), (1630, 2125)),
        names=("I", "aVR", "V1", "V4", "II", "aVL", "V2", "V5", "III", "aVF", "V3", "V6"),
    )
    + ((RHYTHM, Box(150, 1250, 2125, 1480)),),
    frame=Box(68, 283, 2177, 1518),
    separators_px=(644, 1136, 1628),
    separator_rows=(420, 1110),
    rows_px=(463, 763, 1066, 1366),
    pulse_px=(105, 122),
)
"""The report page of the data set (DOI 10.17632/gwbz3fsgp8), with the boxes of the paper's public
application: twelve leads of 2.5 s and a rhythm strip of 10 s."""
