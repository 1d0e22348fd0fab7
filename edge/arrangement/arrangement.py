"""How the leads are arranged on a flat page, and which way up it lies."""

import numpy as np

from .. import layout
from ..errors import PictureError, Reason
from . import calibration_pulses, lead_names, rows
from .coarse_page import PX_PER_MM, coarse_page_of, coarse_report, reduced
from .layout_matching import WINDOW_MM, known_match, matches_of

MAX_COST = 0.5
MIN_MARGIN = 0.04
MIN_COLUMN_FIT = 0.28
"""How well the names of each column fit at least: chance reaches about a quarter."""
MIN_ONE_COLUMN_FIT = 0.5
MIN_SECOND_FIT = {2: 0.32, 4: 0.39}
"""What the second best column reaches, by how many there are: more names on the whole fit less by chance."""
CLEAR_COST, CLEAR_PULSES = 0.3, 3
"""A page this well read, or read with so many pulses, which rise, lies the right way up."""
FINE_PX_PER_MM = 8
MIN_STRIP_FIT, MIN_STRIP_MARGIN, MIN_I_MARGIN = 0.5, 0.05, 0.3
"""Any stroke passes for an I: as a rhythm strip's name it has to be clearer than others."""
NO_STRIPS = "aVR", "aVL", "aVF"
"""Rhythm strips show none of these: where they are read, rows of an order that is not known were taken for strips."""
NEAR_MM = 1.5
CROSSING_INK = 128
STRIP_MM = -3.0, -6.0, 11.0, 3.0
"""What is looked at closely about a rhythm strip's name: left, top, right and bottom from its lower left corner."""
PAGE_S = 10.0
"""What a page holds: the columns of the grid follow each other in time."""
SPEEDS_MM_PER_S = 25.0, 50.0
USUAL_SPEED, USUAL_GAIN = 25.0, 10.0
SPEED_SLACK, SCALE_SLACK = 0.08, 0.15
PAGE_MM = 281.0
"""The width of a report's picture, while neither grid nor pulses have told."""
LYING = 4
"""To this power of how much wider a page is than high it is likelier that its rows run along the longer side: few stand."""
SURE_AXIS = 4.0
"""So much likelier than the other is an axis that is tried alone."""
LEAST_RESCALED = 0.15
"""Logarithm of a factor: multiples of a grid's lines are farther apart, pulses that are not drawn well nearer."""
MAX_PAGE_MM2 = 140_000
"""A little more than A3: the scale of a larger page is wrong."""
OUTER_MM = 25.0
"""How far the traces of the uppermost row may rise and of the lowest fall."""


def arrange(ink, px_per_mm, *, mm_per_s=None, mm_per_mv=None, other_than=None, attempts=range(4)):
    """As `find_arrangement`, of a flat page that may lie in any of four ways, the likeliest first: as many of them as `attempts` has
    items, of which one is taken for each.

    First the axis along which the traces run is found, then the way up in which names are read.

    Returns
    -------
    (turns, layout.Arrangement) : `numpy.rot90(page, turns)` is upright, and the arrangement in its pixels.
    """
    if px_per_mm is not None and ink.size > MAX_PAGE_MM2 * px_per_mm[0] * px_per_mm[1]:
        raise PictureError(Reason.BAD_SCALE)
    found, refusals = [], []
    for turns, _ in zip(_likely_turns(ink, px_per_mm), attempts, strict=False):
        scale = px_per_mm if px_per_mm is None or turns % 2 == 0 else px_per_mm[::-1]
        turned = np.ascontiguousarray(np.rot90(ink, turns))
        try:
            arrangement = find_arrangement(turned, scale, mm_per_s=mm_per_s, mm_per_mv=mm_per_mv, other_than=other_than)
        except PictureError as refusal:
            refusals.append(refusal.with_traceback(None))
            continue
        if arrangement.cost <= CLEAR_COST or len(arrangement.pulses) >= CLEAR_PULSES:
            return turns, arrangement
        found.append((turns, arrangement))
    if not found:
        # Not by a name: an error and the frame that it passed would hold each other, and the page.
        raise refusals.pop(0) if refusals else PictureError(Reason.BAD_LAYOUT)
    found.sort(key=lambda item: item[1].cost)
    if len(found) > 1 and found[1][1].cost - found[0][1].cost < MIN_MARGIN:
        raise PictureError(Reason.BAD_LAYOUT)
    return found[0]


def _likely_turns(ink, px_per_mm):
    """The quarter turns that bring the longest tracks level, both ways up; where that is not clear, the other two after them."""
    _, dark = reduced(ink, px_per_mm or (max(ink.shape) / PAGE_MM,) * 2)
    level, steep = (
        rows.levelness(*rows.flat_points(rows.tracks_of(image, PX_PER_MM), PX_PER_MM), image.shape, PX_PER_MM)
        for image in (dark, dark.T)
    )
    height, width = dark.shape
    level, steep = level * width**LYING, steep * height**LYING
    turns = (0, 2, 1, 3) if level >= steep else (1, 3, 0, 2)
    return turns[:2] if max(level, steep) >= SURE_AXIS * min(level, steep) else turns


def find_arrangement(ink, px_per_mm, *, mm_per_s=None, mm_per_mv=None, other_than=None):
    """The `layout.Arrangement` of an upright flat page.

    Parameters
    ----------
    ink : (H, W) uint8 array
        0 paper, 255 the ink of traces, names and pulses.
    px_per_mm : (across, down), or None where there is no grid: the calibration pulses then give it.
    mm_per_s, mm_per_mv : float, optional
        Paper speed and gain where they are known.
    other_than : float, optional
        A scale in px/mm that has been tried: a page whose pulses say the same is not looked at again.

    Raises
    ------
    PictureError : `not_an_ecg` where nothing runs in rows, `bad_layout` where the arrangement is none of `layout.PATTERNS` or not
        clearly one, `bad_scale` where neither grid nor pulses give it.
    """
    has_grid = px_per_mm is not None
    if not has_grid:
        px_per_mm = _scale_by_pulses(ink, mm_per_mv)
        if other_than and abs(np.log(other_than / px_per_mm[0])) < LEAST_RESCALED:
            raise PictureError(Reason.BAD_SCALE)
    view = coarse_page_of(*reduced(ink, px_per_mm))
    matches = matches_of(view)
    if not matches:
        raise PictureError(Reason.BAD_LAYOUT if view.pulses else Reason.NOT_AN_ECG)
    best = matches[0]
    runner_up = matches[1].cost if len(matches) > 1 else 1.0
    if best.cost > MAX_COST or runner_up - best.cost < MIN_MARGIN or not _is_named(best.fits):
        raise PictureError(Reason.BAD_LAYOUT)
    if not has_grid and not _is_plausible(best, mm_per_s):
        raise PictureError(Reason.BAD_SCALE)
    return _placed(view, best, ink, px_per_mm, runner_up, mm_per_s, mm_per_mv)


def find_report(ink, px_per_mm, *, mm_per_s=None, mm_per_mv=None):
    """As `find_arrangement`, of a report page: of which layout and in which letters is known, and only where it stands is looked for.

    None where the page does not show what every report page shows.
    """
    view = coarse_report(*reduced(ink, px_per_mm))
    match = view and known_match(
        view, layout.REPORT_PATTERN, [pulse.foot for pulse in view.pulses], lead_names.REPORT_FACE
    )
    return match and _placed(view, match, ink, px_per_mm, 1.0, mm_per_s, mm_per_mv)


def _placed(view, best, ink, px_per_mm, runner_up, mm_per_s, mm_per_mv):
    """The `layout.Arrangement` of a page whose view is matched `best`."""
    leads = _strip_leads(view, best, ink, px_per_mm)
    if any(lead in NO_STRIPS for lead in leads):
        raise PictureError(Reason.BAD_LAYOUT)
    speed = mm_per_s or _speed(best)
    return layout.Arrangement(
        layout=best.pattern.layout,
        places=_places(view, best, leads, px_per_mm, speed),
        px_per_mm=tuple(float(scale) for scale in px_per_mm),
        mm_per_s=float(speed),
        mm_per_mv=float(mm_per_mv or calibration_pulses.gain_of(view.pulses, PX_PER_MM) or USUAL_GAIN),
        cost=float(best.cost),
        runner_up=float(runner_up),
        pulses=tuple(_on_page(view, pulse, px_per_mm) for pulse in view.pulses),
    )


def _is_named(fits):
    """Whether names are read in enough columns and clearly in two, or in the only one; one in four may be covered."""
    if len(fits) == 1:
        return fits[0] >= MIN_ONE_COLUMN_FIT
    poor = sum(fit < MIN_COLUMN_FIT for fit in fits)
    return poor <= len(fits) // 4 and sorted(fits)[-2] >= MIN_SECOND_FIT[len(fits)]


def _scale_by_pulses(ink, mm_per_mv):
    """(across, down) px/mm of a page without a grid, by pulses of 1 mV.

    Raises
    ------
    PictureError : `bad_scale` where fewer than two pulses stand below each other.
    """
    guess = ink.shape[1] / PAGE_MM
    _, dark = reduced(ink, (guess, guess))
    found = calibration_pulses.aligned(calibration_pulses.find_pulses(dark, PX_PER_MM, (8.0, 10.0, 12.5)), PX_PER_MM)
    if not found:
        raise PictureError(Reason.BAD_SCALE)
    height_mm = np.median([pulse.height for pulse in found]) / PX_PER_MM
    scale = guess * height_mm / (mm_per_mv or USUAL_GAIN)
    return scale, scale


def _is_plausible(match, mm_per_s):
    """Whether the columns are as wide as `PAGE_S` at a paper speed, by the scale that pulses gave."""
    across_mm = (match.edges[-1] - match.edges[0]) / PX_PER_MM
    speeds = (mm_per_s,) if mm_per_s else SPEEDS_MM_PER_S
    return any(abs(across_mm / (PAGE_S * speed) - 1) <= SCALE_SLACK for speed in speeds)


def _speed(match):
    """The usual paper speed, or the one at which the columns of a page hold what they should."""
    across_mm = (match.edges[-1] - match.edges[0]) / PX_PER_MM
    fitting = [speed for speed in SPEEDS_MM_PER_S if abs(across_mm / (PAGE_S * speed) - 1) <= SPEED_SLACK]
    return fitting[0] if fitting else USUAL_SPEED


def _places(view, match, strip_leads, px_per_mm, mm_per_s):
    """The `layout.Place`s of a match, row by row, in the page's pixels."""
    pattern, edges, count = match.pattern, match.edges, len(match.pattern.columns)
    column_s = (edges[1] - edges[0]) / PX_PER_MM / mm_per_s
    if abs(column_s * count / PAGE_S - 1) <= SPEED_SLACK:
        column_s = PAGE_S / count
    places = []
    for row in range(pattern.grid_rows):
        for column in range(count):
            name = pattern.columns[column][row]
            box, zero = _cell(view, match.zeros[:, column], row, edges[column : column + 2], px_per_mm)
            places.append(layout.Place(name, name, box, zero, column * column_s))
    for strip, lead in enumerate(strip_leads):
        name = layout.RHYTHM if strip == 0 else f"{layout.RHYTHM}{strip + 1}"
        box, zero = _cell(view, match.zeros[:, 0], pattern.grid_rows + strip, edges[[0, -1]], px_per_mm)
        places.append(layout.Place(name, lead, box, zero, 0.0))
    return tuple(places)


def _cell(view, zeros, row, sides, px_per_mm):
    """The `layout.Box` from the base line above to the one below, and the row of 0 mV, of one cell in the page's pixels."""
    height, width = view.dark.shape
    above = zeros[row - 1] if row else zeros[row] - OUTER_MM * PX_PER_MM
    below = zeros[row + 1] if row + 1 < len(zeros) else zeros[row] + OUTER_MM * PX_PER_MM
    across, down = (scale / PX_PER_MM for scale in px_per_mm)
    left, right = np.clip(sides, 0, width)
    slope = view.slope((left + right) / 2)
    top, bottom = np.clip([above + slope, below + slope], 0, height)
    box = layout.Box(round(left * across), round(top * down), round(right * across), round(bottom * down))
    return box, float((zeros[row] + slope) * down)


def _on_page(view, pulse, px_per_mm):
    """(left, right, top, bottom) of a pulse in the page's pixels."""
    across, down = (scale / PX_PER_MM for scale in px_per_mm)
    slope = view.slope(pulse.left)
    return pulse.left * across, pulse.right * across, (pulse.top + slope) * down, (pulse.foot + slope) * down


def _strip_leads(view, match, ink, px_per_mm):
    """What each rhythm strip shows, None where its name is not read: looked at closely where the first column has its names."""
    mm, fine, pattern = PX_PER_MM, FINE_PX_PER_MM, match.pattern
    zeros = match.zeros[pattern.grid_rows :, 0]
    if not zeros.size:
        return []
    x = match.starts[0] + match.place[1] + WINDOW_MM[0][0] * mm
    ys = [zero + match.place[0] + WINDOW_MM[1][0] * mm + view.slope(x) for zero in zeros]
    crops = np.stack([_crop(ink, px_per_mm, (x / mm, y / mm)) for y in ys])
    reading = lead_names.Reading(crops, fine, slack_mm=0)
    corner = np.array([-STRIP_MM[1], -STRIP_MM[0]]) * fine
    leads = []
    for strip in range(len(zeros)):
        fits = {
            name: _nearby(reading.fit(strip, name, *match.face), corner, NEAR_MM * fine) for name in layout.LEADS_12
        }
        first, second = sorted(fits, key=fits.get, reverse=True)[:2]
        margin = MIN_I_MARGIN if first == "I" else MIN_STRIP_MARGIN
        clear = fits[first][0] >= MIN_STRIP_FIT and fits[first][0] - fits[second][0] >= margin
        if clear and first in ("I", "II", "III"):
            clear = not _crossed(crops[strip], fits[first][1:], match.face[1] * fine)
        leads.append(first if clear else None)
    return leads


def _nearby(fit, corner, reach):
    """(fit, row, column) of the best place within `reach` pixels of a corner."""
    top, left = (max(round(side - reach), 0) for side in corner)
    part = fit[top : round(corner[0] + reach) + 1, left : round(corner[1] + reach) + 1]
    row, column = np.unravel_index(part.argmax(), part.shape)
    return float(part[row, column]), int(row) + top, int(column) + left


def _crossed(crop, foot, cap_px):
    """Whether a stroke goes on above the capitals of I, II or III, whose corner is at `foot`: the trace's, which may pass for an I."""
    row, column = foot
    above = crop[max(round(row - 1.5 * cap_px), 0) : max(round(row - 1.07 * cap_px), 0)]
    return bool((above[:, max(round(column - 0.1 * cap_px), 0) : round(column + 1.3 * cap_px)] > CROSSING_INK).any())


def _crop(ink, px_per_mm, corner_mm):
    """(h, w) float32 of the fine resolution: the page's ink about the lower left corner of a name."""
    from PIL import Image

    left, top, right, bottom = STRIP_MM
    size = round((right - left) * FINE_PX_PER_MM), round((bottom - top) * FINE_PX_PER_MM)
    x, y = corner_mm
    edges = [
        (x + left) * px_per_mm[0],
        (y + top) * px_per_mm[1],
        (x + right) * px_per_mm[0],
        (y + bottom) * px_per_mm[1],
    ]
    part = Image.fromarray(ink).crop(tuple(round(edge) for edge in edges))
    return np.asarray(part.resize(size, Image.Resampling.BILINEAR), np.float32)
