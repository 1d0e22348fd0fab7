"""From a page's ink to millivolts: each lead's trace followed column by column."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..arrangement.separators import separators
from ..layout import Arrangement, Place
from .centreline import OFFSETS_PX, centrelines
from .crossings import ink_spans
from .ink_runs import INK, InkRuns, columns_of, name_area
from .lead_identities import contradictions
from .lost_leads import MAX_MISREAD, MAX_MISREAD_ON_REPORT, MISREAD, OFF_ROW, Followed, lose, lose_misread, lose_pieces
from .misread_leads import evidence, probabilities
from .page_clock import on_page_clock
from .path_search import track
from .printed_lines import without_lines
from .shared_ink import shared_ink
from .strip_leads import strip_leads
from .writing import writing

RATE_HZ = 500
BRIDGE_MM = 1.0
"""Gaps up to this length are bridged by a straight line; longer ones are lost."""
NOISE_MM = (3.0, 4.0)
"""Ink at least so wide and so high throughout hides its trace: the tip of a wave is narrower."""
FLAT_PERCENTILE = 5
NAME_STROKE_PX = 4
LETTER_MM = 3.5
NAME_REACH_MM = 14.0
"""Ink no larger than a letter, so near a lead's beginning, is no trace."""


@dataclass(frozen=True)
class Traces:
    """The leads of a page as signals.

    `signals` is {name: (n,) float32 mV at `rate_hz`, NaN where lost}, `start_s` {name: time of the first sample}, `states`
    {name: (w,) bool per pixel column, true where the trace was read}, `lost` {name: share of the samples lost}, `paths`
    {name: (m, 2) float32 page pixels x, y of the trace, NaN between its pieces}; `limb_mv` and `augmented_mv` the root mean squares
    of I + III − II and of aVR + aVL + aVF, NaN where these leads are not simultaneous; `misnamed` says whether limb leads bear each other's names, and
    `strip_leads` {place of a strip: lead} what strips show whose names were not read, or not rightly;
    `lost_because` is {name of a lead that was followed and then lost whole: the rule of `lost_leads` that took the last of it};
    `evidence` is {name: (F,) float32 what `misread_leads` judged it by} of leads that no rule took whole, and `misread` {name: how likely each was misread}.
    """

    signals: dict[str, np.ndarray]
    start_s: dict[str, float]
    states: dict[str, np.ndarray]
    lost: dict[str, float]
    paths: dict[str, np.ndarray]
    limb_mv: float
    augmented_mv: float
    rate_hz: int = RATE_HZ
    misnamed: bool = False
    strip_leads: dict[str, str] = field(default_factory=dict)
    lost_because: dict[str, str] = field(default_factory=dict)
    evidence: dict[str, np.ndarray] = field(default_factory=dict)
    misread: dict[str, float] = field(default_factory=dict)

    @property
    def lost_as_misread(self) -> list[str]:
        """The names of the leads that were lost because they were probably misread."""
        return [name for name, rule in self.lost_because.items() if rule == MISREAD]


@dataclass(frozen=True)
class PageStrokes:
    """What was followed of a page: for each place its stroke (w, 4), `line_px` the width of the page's lines where they are flat, in pixels, and for each place
    the numbers of those with which it shares ink.

    A stroke is the upper and the lower edge in each column, and how dark its upper and lower half are, 0..1: as `centrelines` takes it.
    """

    strokes: list[np.ndarray]
    line_px: float
    shared: list[tuple[int, ...]]


def trace_page(ink: np.ndarray, arrangement: Arrangement, max_misread: float | None = None) -> Traces:
    """The `Traces` of a flat page's (H, W) uint8 `ink` whose leads stand as the `layout.Arrangement` says.

    Where leads were lost that have followed printed lines, all are followed once more without these. Leads that are more likely to be misread than
    `max_misread` are lost (where None than `MAX_MISREAD`, or `MAX_MISREAD_ON_REPORT`).
    """
    if max_misread is None:
        max_misread = MAX_MISREAD_ON_REPORT if arrangement.on_report else MAX_MISREAD
    followed = page_strokes(ink, arrangement)
    traces = _traces_of_strokes(followed, arrangement, ink.shape[0], max_misread)
    lost = [
        (place, stroke)
        for place, stroke in zip(arrangement.places, followed.strokes, strict=True)
        if traces.lost_because.get(place.name) in OFF_ROW
    ]
    cleaned = without_lines(ink, lost, arrangement.px_per_mm)
    if cleaned is None:
        return traces
    again = _traces_of_strokes(page_strokes(cleaned, arrangement), arrangement, ink.shape[0], max_misread)
    return min(again, traces, key=lambda found: len(found.lost_because))


def _traces_of_strokes(followed: PageStrokes, arrangement: Arrangement, height_px: int, max_misread: float) -> Traces:
    """The `Traces` of what was followed on a page of this height."""
    across, down = arrangement.px_per_mm
    places = arrangement.places
    signals, start_s, states, reach_mv, paths = {}, {}, {}, {}, {}
    for place, (x, y, read) in zip(places, _curves(followed.strokes, followed.line_px, places, across), strict=True):
        name = place.name
        # Cabrera's order prints aVR inverted.
        sign = -1 if (place.lead or "").startswith("-") else 1
        signals[name] = sign * _sampled(x, y, place, across * arrangement.mm_per_s, down * arrangement.mm_per_mv)
        start_s[name], states[name], paths[name] = place.start_s, read, np.stack([x, y], 1).astype(np.float32)
        ends = sorted(sign * (place.zero_px - row) / (down * arrangement.mm_per_mv) for row in (0, height_px))
        reach_mv[name] = ends[0], ends[1]
    page = Followed(signals, start_s, reach_mv, RATE_HZ)
    lost_because, misnamed = lose(page)
    clock = on_page_clock(signals, start_s, RATE_HZ)
    rows_mv = [place.zero_px / (down * arrangement.mm_per_mv) for place in places]
    seen = {} if clock is None else evidence(clock, places, followed.shared, rows_mv)
    misread = probabilities(seen)
    lost_because |= lose_misread(page, misread, max_misread)
    lost_because |= lose_pieces(page, clock)
    lost = {name: float(np.isnan(signal).mean()) if signal.size else 1.0 for name, signal in signals.items()}
    states |= {name: np.zeros_like(states[name]) for name, share in lost.items() if share == 1.0}
    limb = _residual_mv(signals, start_s, {"I": 1, "III": 1, "II": -1})
    augmented = _residual_mv(signals, start_s, {"aVR": 1, "aVL": 1, "aVF": 1})
    shown = strip_leads(places, signals, RATE_HZ)
    return Traces(
        signals, start_s, states, lost, paths, limb, augmented, RATE_HZ, misnamed, shown, lost_because, seen, misread
    )


def traces_of(leads: dict[str, np.ndarray], start_s: dict[str, float], lost: dict[str, float]) -> Traces:
    """The `Traces` of leads {name: (n,) mV at `RATE_HZ`} that were not followed on paper: without paths and states.

    No stroke was taken for another there, so limb leads that contradict each other all count as `misnamed`.
    """
    wrong, misnamed = contradictions(leads, start_s, RATE_HZ)
    limb = _residual_mv(leads, start_s, {"I": 1, "III": 1, "II": -1})
    augmented = _residual_mv(leads, start_s, {"aVR": 1, "aVL": 1, "aVF": 1})
    return Traces(leads, start_s, {}, lost, {}, limb, augmented, misnamed=misnamed or bool(wrong))


def page_strokes(ink: np.ndarray, arrangement: Arrangement) -> PageStrokes:
    """The `PageStrokes` of a flat page's (H, W) uint8 `ink`."""
    places = arrangement.places
    erased, written = separators(ink, arrangement), writing(ink, arrangement)
    runs = InkRuns(ink, erased if written is None else erased | written, arrangement.px_per_mm)
    tracked = track(runs, places)
    line_px, usual_px = _thickness_px(runs, places, tracked)
    spans = ink_spans(tracked, runs, places)
    strokes = [_stroke(runs, place, span, usual_px) for place, span in zip(places, spans, strict=True)]
    return PageStrokes(strokes, line_px, shared_ink(runs, places, spans))


def trace_lead(
    ink: np.ndarray, place: Place, px_per_mm: tuple[float, float], mm_per_s: float, mm_per_mv: float
) -> np.ndarray:
    """One lead's signal, (n,) float32 mV at 500 Hz from the left edge of its box on, NaN where lost.

    `ink` is the whole page's, (H, W) uint8; `px_per_mm` is (across, down). Neighbours are not known here: `trace_page` knows them.
    """
    alone = Arrangement("", (place,), px_per_mm, mm_per_s, mm_per_mv, 0.0, 1.0)
    return trace_page(ink, alone).signals[place.name]


def _stroke(runs: InkRuns, place: Place, span: np.ndarray, usual_px: float) -> np.ndarray:
    """(w, 4) float: the upper and the lower edge of the trace's stroke in each column, and how dark its upper and lower half are, 0..1; NaN
    where there is none, infinite where it is hidden."""
    x, lost = columns_of(place), ~np.isfinite(span).all(axis=1)
    rows = np.clip(np.rint(np.where(lost[:, None], 0, span)), 0, runs.ink.shape[0] - 1)
    first, last = rows.astype(int).T
    stroke = runs.strokes(first, last, x)
    edges = stroke[:, :2]
    name_rows, name_columns = name_area(place, runs.px_per_mm)
    named = edges[: name_columns.stop - name_columns.start]
    thick = named[:, 1] - named[:, 0] > usual_px + NAME_STROKE_PX
    # A wave that goes farther down than letters go up is no trace under a name.
    lowest = 2 * place.zero_px - name_rows.start
    letter = thick & (named[:, 0] > name_rows.start - 2) & (named[:, 0] < name_rows.stop) & (named[:, 1] < lowest)
    named[letter, 0] = named[letter, 1] - usual_px
    stroke[_hidden(runs, edges)] = np.inf
    stroke[lost | _in_letters(runs, place, first, last)] = np.nan
    return stroke


def _in_letters(runs: InkRuns, place: Place, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """(w,) bool: the columns at a lead's beginning whose stroke is a letter of its name that stands off the trace."""
    from scipy import ndimage

    across, down = runs.px_per_mm
    left, width = place.box.left, min(round(NAME_REACH_MM * across), place.box.right - place.box.left)
    top = max(round(place.zero_px - 2 * LETTER_MM * down), 0)
    rows, columns = slice(top, round(place.zero_px + 2 * LETTER_MM * down)), slice(left, left + 2 * width)
    letter = np.zeros(len(first), bool)
    ink = runs.ink[rows, columns]
    if not ink.size:
        return letter
    middle = np.clip((first[:width] + last[:width]) // 2 - top, 0, ink.shape[0] - 1)
    if _goes_on(runs, middle + top, slice(top, top + ink.shape[0]), left) >= LETTER_MM * across:
        return letter  # the usual case, in which nothing needs to be told apart
    labels, count = ndimage.label(ink >= INK, np.ones((3, 3), bool))
    passed = labels[middle, np.arange(width)]
    small = np.zeros(count + 1, bool)
    for label in set(passed.tolist()) - {0}:
        high, wide = (np.ptp(np.flatnonzero((labels == label).any(axis=axis))) + 1 for axis in (1, 0))
        small[label] = high < LETTER_MM * down and wide < LETTER_MM * across
    letter[:width] = small[passed]
    return letter


def _goes_on(runs: InkRuns, at: np.ndarray, rows: slice, left: int) -> int:
    """Of pixels in rows `at` of columns from `left` on those in ink: over how many columns at least each of them is part of one stroke, within `rows`."""
    x = left + np.flatnonzero(runs.columns[np.arange(left, left + len(at)), at] >= INK)
    if not x.size:
        return len(at)
    first, last = runs.extent(at[x - left], x)
    first, last = np.maximum(first, rows.start), np.minimum(last, rows.stop - 1)
    apart = (np.diff(x) > 1) | (first[1:] > last[:-1] + 1) | (first[:-1] > last[1:] + 1)
    ends = np.concatenate([[0], np.flatnonzero(apart) + 1, [len(x)]])
    return int(np.diff(ends).min())


def _hidden(runs: InkRuns, edges: np.ndarray) -> np.ndarray:
    """(w,) bool: where a trace has left the page, and where it is hidden in noise that is thicker and wider than any wave."""
    from scipy import ndimage

    across, down = runs.px_per_mm
    with np.errstate(invalid="ignore"):
        outside = (edges[:, 0] <= 0) | (edges[:, 1] >= runs.ink.shape[0] - 1)
        thick = edges[:, 1] - edges[:, 0] > NOISE_MM[1] * down
    if np.count_nonzero(thick) < round(NOISE_MM[0] * across):
        return outside
    return outside | ndimage.binary_opening(thick, np.ones(round(NOISE_MM[0] * across), bool))


def _thickness_px(runs: InkRuns, places: Sequence[Place], paths: Sequence[np.ndarray]) -> tuple[float, float]:
    """The thickness of a page's strokes where they are flat, and the usual one."""
    x, rows = np.concatenate([columns_of(place) for place in places]), np.concatenate(paths)[:, 0]
    in_ink = runs.columns[x, rows] >= INK
    x, rows = x[in_ink], rows[in_ink]
    first, last = runs.extent(rows, x)
    edges = runs.strokes(first, last, x)
    thickness = edges[:, 1] - edges[:, 0]
    if not thickness.size:
        return 2.0, 2.0
    flat_px, usual_px = np.percentile(thickness, [FLAT_PERCENTILE, 50])
    return flat_px, usual_px


def _curves(
    strokes: Sequence[np.ndarray], line_px: float, places: Sequence[Place], across: float
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Each trace as a curve: x and y in page pixels, NaN where lost, and whether each column was read.

    Parameters
    ----------
    strokes : for each place (w, 4), as `_stroke` gives them
    line_px : the width of the printed line
    across : pixels per mm
    """
    known = [np.isfinite(stroke[:, 0]) for stroke in strokes]
    # Where a crossing has left of a stroke less than a pixel it has edges, but nothing that is dark.
    followed = [number for number, stroke in enumerate(strokes) if np.isfinite(stroke).all(axis=1).sum() >= 3]
    lines = dict(zip(followed, centrelines([strokes[number] for number in followed], line_px), strict=True))
    for number, (stroke, read, place) in enumerate(zip(strokes, known, places, strict=True)):
        y = lines.get(number, np.full((len(stroke), len(OFFSETS_PX)), np.nan))
        y[_distance(read) > BRIDGE_MM * across / 2] = np.nan
        # Beside where a trace is hidden, or has left the page, it was on its way there.
        hidden = np.isinf(stroke[:, 0])
        y[hidden] = np.nan
        y[1:][hidden[:-1]] = y[:-1][hidden[1:]] = np.nan
        x = columns_of(place)[:, None] + np.array(OFFSETS_PX)
        yield x.ravel(), y.ravel().astype(float), read


def _distance(read: np.ndarray) -> np.ndarray:
    """For each column the distance to the nearest one read; far beyond the ends."""
    columns = np.arange(read.size)
    last = np.maximum.accumulate(np.where(read, columns, -read.size))
    following = np.minimum.accumulate(np.where(read, columns, 2 * read.size)[::-1])[::-1]
    return np.minimum(columns - last, following - columns)


def _sampled(x: np.ndarray, y: np.ndarray, place: Place, px_per_s: float, px_per_mv: float) -> np.ndarray:
    """The curve in mV at `RATE_HZ`, from the box's left edge to its right edge."""
    n = round((place.box.right - place.box.left) / px_per_s * RATE_HZ)
    at = place.box.left + np.arange(n) * px_per_s / RATE_HZ
    if not x.size:
        return np.full(n, np.nan, np.float32)
    return np.interp(at, x, (place.zero_px - y) / px_per_mv).astype(np.float32)


def _residual_mv(signals: Mapping[str, np.ndarray], start_s: Mapping[str, float], weights: Mapping[str, int]) -> float:
    """The root mean square of a sum of leads that should be 0, in mV, but for its median: a row of 0 mV is found to a pixel or two.

    NaN where a lead is missing or they begin at different times.
    """
    if not weights.keys() <= signals.keys() or len({start_s[name] for name in weights}) > 1:
        return float("nan")
    n = min(signals[name].size for name in weights)
    total = np.asarray(sum(weight * signals[name][:n] for name, weight in weights.items()))
    known = total[np.isfinite(total)]
    return float(np.sqrt(np.mean((known - np.median(known)) ** 2))) if known.size else float("nan")
