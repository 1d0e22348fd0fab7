"""Where everything goes on a drawn page, in mm of its paper."""

from dataclasses import dataclass

from ecg_edge.layout import Box, Place

from .paper_style import LAYOUTS, ORDERS, PAPERS_MM, SLOTS
from .records import RATE_HZ

HEADER_MM, FOOT_MM, EDGE_MM = 26.0, 9.0, 5.0
PULSE_S, PULSE_PAD_MM = 0.2, 1.5
ROLL_ROW_MM = 24.0
CUT_SHARE = 0.4
"""What is left of a pulse at the page's edge."""
SIDE_MM, SIDE_PAD_MM = 14.0, 3.0
"""What a panel at the side takes, with the paper before its words."""


@dataclass(frozen=True)
class Plan:
    """Where things are on the paper, in mm: the page's `size`, the grid's box, the left edge of traces, the rows' zeros, and by how much the zero and the
    name of each [row][column] are off, where they are."""

    size: tuple
    grid: tuple
    left: float
    zeros: tuple
    pitch: float
    off: tuple = ()

    def zero(self, row, column=0):
        """The row of 0 mV there."""
        return self.zeros[row] + (self.off[row][column][0] if self.off else 0.0)


def plan_of(style, rng):
    """Where things go on the paper."""
    rows, columns, strips = LAYOUTS[style.layout]
    width, height = PAPERS_MM[style.paper]
    top = HEADER_MM if style.header else EDGE_MM
    foot = FOOT_MM if style.foot else EDGE_MM
    height = height or top + foot + (style.row_mm or ROLL_ROW_MM) * (rows + strips) + 8.0
    pulse = pulse_mm(style) + 2 * PULSE_PAD_MM if style.pulse != "none" else 0.0
    spare = width - wide_mm(style) - pulse - (SIDE_MM if style.side else 0.0)
    left = spare * rng.uniform(0.35, 0.65) + (pulse if style.pulse == "left" else 0.0)
    if style.pulse == "cut":
        left = PULSE_PAD_MM + CUT_SHARE * pulse_mm(style)
    if style.framed:
        grid = (min(EDGE_MM, 0.3 * spare), top, width - min(EDGE_MM, 0.3 * spare), height - foot)
    else:
        grid = (0.0, 0.0, width, height)
    pitch = (height - top - foot - 4.0) / (rows + strips)
    zeros = tuple(top + 2.0 + pitch * (row + 0.55) for row in range(rows + strips))
    off = ()
    if style.by_hand_mm:
        off = rng.uniform(-style.by_hand_mm, style.by_hand_mm, (rows + strips, columns, 2)).tolist()
    return Plan((width, height), grid, left, zeros, pitch, off)


def wide_mm(style):
    """From the beginning of the first column to the end of the last."""
    return style.seconds * style.mm_per_s + style.gap_mm * (LAYOUTS[style.layout][1] - 1)


def side_left_mm(style, plan):
    """The left edge of a panel at the side: beyond the pulses that stand there."""
    pulse = PULSE_PAD_MM + pulse_mm(style) if style.pulse == "right" else 0.0
    return plan.left + wide_mm(style) + pulse + SIDE_PAD_MM


def pulse_mm(style):
    """How wide a calibration pulse is."""
    return (style.pulse_s or PULSE_S) * style.mm_per_s


def places_of(style, plan, px_per_mm):
    """The `Place`s, row by row, in pixels of the page; centres of pixels are whole numbers."""
    rows, columns, _ = LAYOUTS[style.layout]
    span = style.seconds / columns

    def place(name, lead, row, start_s, seconds):
        left, zero = left_mm(start_s, style, plan), plan.zero(row, column_of(start_s, style))
        edges = (left, zero - 0.55 * plan.pitch, left + seconds * style.mm_per_s, zero + 0.45 * plan.pitch)
        box = Box(*(round(mm * px_per_mm) for mm in edges))
        return Place(name, lead, box, zero * px_per_mm - 0.5, start_s)

    slots = SLOTS[style.layout]
    names = [[ORDERS[style.order][slots[column][row]] for column in range(columns)] for row in range(rows)]
    places = [
        place(name, name, row, column * span, span)
        for row, leads in enumerate(names)
        for column, name in enumerate(leads)
    ]
    for index, lead in enumerate(style.rhythm):
        places.append(
            place(f"rhythm{index + 1 if index else ''}", lead, rows + index, 0.0, style.seconds),
        )
    return places


def seconds_of(place, style):
    """How long a place's trace is."""
    return style.seconds / (1 if place.name.startswith("rhythm") else LAYOUTS[style.layout][1])


def left_mm(start_s, style, plan):
    """The left end of the trace that begins then."""
    return plan.left + start_s * style.mm_per_s + column_of(start_s, style) * style.gap_mm


def column_of(start_s, style):
    """The number of the column that begins then."""
    return round(start_s / style.seconds * LAYOUTS[style.layout][1])


def row_of(place, places, style):
    """The number of a place's row."""
    rows, columns, _ = LAYOUTS[style.layout]
    index = places.index(place)
    return index // columns if index < rows * columns else rows + index - rows * columns


def piece_of(signal, start_s, seconds):
    """The samples that a place shows, both ends included where there are so many."""
    first = round(start_s * RATE_HZ)
    return signal[first : first + round(seconds * RATE_HZ) + 1]
