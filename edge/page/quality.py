"""How well a page can be read: numbers, and the limits beyond which it is refused."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..arrangement.coarse_page import percentile_of
from ..compiled.library import address, compiled
from ..compiled.reduction import level_counts
from ..errors import PictureError, Reason
from ..layout import LEADS_12
from ..result import LeadState
from .cover import MAP_PX, extremes, is_foreign, paper_of

if TYPE_CHECKING:
    from ..trace.lead_traces import Traces
    from .page import Page

Numbers = Mapping[str, float | None]
"""The quality of a page: a number, or None where it does not apply, by name."""

MAX_LOST_SHARE = 0.5
"""A lead is lost where more than this share of it cannot be traced."""

LEADS_LOST = "leads_lost"
MISNAMED = "The limb leads do not fit the names that they were read by: use a page whose leads stand in one of the known orders."
RUN_TOGETHER = (
    "More than four leads were probably misread: where waves run into the rows beside theirs, print the page at half the gain or with rows farther apart;"
    " otherwise take a sharper, flatter picture."
)
CONTRADICTION = "The limb leads contradict each other as they were followed: take a sharper, flatter picture."


@dataclass(frozen=True)
class Limit:
    """The number `name` may be at most `most`; beyond, a page is refused for `reason`, with its own sentence or with `sentence`."""

    name: str
    most: float
    reason: Reason
    sentence: str | None = None


LIMITS = (
    Limit("covered", 0.12, Reason.COVERED),
    Limit("glare", 0.15, Reason.BAD_LIGHT),
    Limit("blur_px", 3.4, Reason.BLURRED),
    Limit(LEADS_LOST, 4, Reason.LEADS_LOST),
    # Einthoven's law: leads that contradict each other by so much were not traced rightly.
    Limit("limb_residual_mv", 0.5, Reason.LEADS_LOST, CONTRADICTION),
    Limit("augmented_residual_mv", 0.5, Reason.LEADS_LOST, CONTRADICTION),
)
"""In the order in which they are checked: the first that is broken is the reason why a page is refused, causes before their effects."""

SATURATED, WHITE, NEARLY_WHITE = 252, 254, 240
SLOPE_PERCENTILE, DEEP_PERCENTILE = 99.7, 0.5


def states(traces: Traces) -> dict[str, LeadState]:
    """{place name: "read" or "lost"} of a page's traces."""
    return {name: "lost" if share > MAX_LOST_SHARE else "read" for name, share in traces.lost.items()}


def measure(page: Page | None, traces: Traces | None = None) -> dict[str, float | None]:
    """{name: number or None} for results.

    `px_per_mm` and `grid` of the picture: its resolution, and how clear its grid is; `shade`, how dark the page's darkest paper is relative to its
    brightest (0 even light, 1 black); `glare`, the share of the leads' area that is burnt out; `covered`, the share of it that is not
    paper; `blur_px`, the Gaussian σ that would blur sharp strokes so, in pixels of the flat page; `leads_lost` of those of the twelve that are shown and
    `lost_share` of their samples; `limb_residual_mv` of I + III − II and `augmented_residual_mv` of aVR + aVL + aVF, root mean square,
    where these leads are simultaneous. What does not apply is None: light and focus of a report, which is no photograph, and of a digital ECG.
    """
    numbers: dict[str, float | None] = dict.fromkeys(
        ("px_per_mm", "grid", "shade", "glare", "covered", "blur_px", "leads_lost", "lost_share", "limb_residual_mv",
         "augmented_residual_mv")
    )  # fmt: skip
    if page is not None and page.flat is not None:
        numbers["px_per_mm"], numbers["grid"] = page.flat.picture_px_per_mm, page.flat.grid_score
        numbers |= _light(page)
        numbers["blur_px"] = _blur_px(page)
    if traces is not None:
        shares = [traces.lost[name] for name in LEADS_12 if name in traces.lost]
        numbers["leads_lost"] = int(sum(share > MAX_LOST_SHARE for share in shares))
        numbers["lost_share"] = float(np.mean(shares)) if shares else None
        numbers["limb_residual_mv"] = traces.limb_mv
        numbers["augmented_residual_mv"] = traces.augmented_mv
    return {name: _rounded(value) for name, value in numbers.items()}


def find_problem(numbers: Numbers) -> Reason | None:
    """The `Reason` for which a page with these numbers is refused; None where it is good enough."""
    limit = _broken_limit(numbers)
    return None if limit is None else limit.reason


def check(numbers: Numbers, misread: Collection[str] = ()) -> None:
    """Refuse a page that cannot be read well enough; `misread` are the leads that were lost as such.

    Raises
    ------
    PictureError : for the first of `LIMITS` that is broken.
    """
    limit = _broken_limit(numbers)
    if limit is None:
        return
    mostly_misread = limit.name == LEADS_LOST and 2 * len(set(LEADS_12) & set(misread)) > (numbers[LEADS_LOST] or 0)
    raise PictureError(limit.reason, RUN_TOGETHER if mostly_misread else limit.sentence)


def check_names(traces: Traces) -> None:
    """Refuse a page whose limb leads bear each other's names.

    Raises
    ------
    PictureError : `bad_layout`.
    """
    if traces.misnamed:
        raise PictureError(Reason.BAD_LAYOUT, MISNAMED)


def _broken_limit(numbers: Numbers) -> Limit | None:
    """The first of `LIMITS` that is broken."""
    values = ((limit, numbers[limit.name]) for limit in LIMITS)
    return next((limit for limit, value in values if value is not None and value > limit.most), None)


def _lead_area(page: Page) -> tuple[slice, slice]:
    """The rows and columns of the page on which its leads stand, as slices; all of it where they are not known."""
    if page.found is None:
        return slice(None), slice(None)
    places = page.found.places
    reach = round(10 * page.found.px_per_mm[1])
    top = max(round(min(place.zero_px for place in places)) - reach, 0)
    bottom = round(max(place.zero_px for place in places)) + reach
    return slice(top, bottom), slice(min(p.box.left for p in places), max(p.box.right for p in places))


def _light(page: Page) -> dict[str, float]:
    """{"shade", "glare", "covered"} of the leads' area."""
    rows, columns = _lead_area(page)
    assert page.image is not None  # a photograph's is kept until it has been looked at
    (left, right, _), (top, bottom, _) = columns.indices(page.image.width), rows.indices(page.image.height)
    if min(right - left, bottom - top) < 10 * MAP_PX:
        return {}
    paper = paper_of(page.image, (left, top, right, bottom))
    least, brightness = extremes(paper)
    darkest, brightest = np.quantile(brightness, (0.05, 0.95))
    return {
        "shade": float(1 - darkest / max(brightest, 1.0)),
        "glare": float((least >= SATURATED).mean()) if _is_photograph(least, brightness, darkest) else 0.0,
        "covered": float(is_foreign(paper).mean()),
    }


def _is_photograph(least: np.ndarray, brightness: np.ndarray, darkest: float) -> bool:
    """Whether paper, (h, w) of its darkest and of its brightest channel and `darkest` a twentieth, is as in a photograph: in a scan or a drawing nearly all of
    it is white, but for the lines of a pale grid, or none of it much less than white, and nothing is burnt out."""
    return float((least >= SATURATED).mean()) < 0.7 and float(np.median(brightness)) < WHITE and darkest < NEARLY_WHITE


def _blur_px(page: Page) -> float:
    """The σ of the blur: of a thin stroke that a Gaussian has blurred the steepest slope is its depth times 0.607 / σ."""
    rows, columns = _lead_area(page)
    levels, steps = _levels_and_steps(page.gray[rows, columns])
    depth = percentile_of(levels, 50) - percentile_of(levels, DEEP_PERCENTILE)
    return float(0.607 * depth / max(percentile_of(steps, SLOPE_PERCENTILE) / 2, 1.0))


def _levels_and_steps(gray: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(256,) int each: how many pixels of a (H, W) uint8 image have each level, and how many differ by each from the pixel two rows below."""
    library = compiled()
    if library is None:
        return _levels_and_steps_in_numpy(gray)
    levels, steps = np.empty((2, 256), np.int64)
    gray = gray if gray.strides[1] == 1 else np.ascontiguousarray(gray)
    library["levels_and_steps"](*gray.shape, gray.strides[0], *map(address, (gray, levels, steps)))
    return levels, steps


def _levels_and_steps_in_numpy(gray: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """As `_levels_and_steps`."""
    return level_counts(gray), level_counts(np.maximum(gray[2:], gray[:-2]) - np.minimum(gray[2:], gray[:-2]))


def _rounded(value: float | None) -> float | None:
    if value is None or (isinstance(value, float) and not np.isfinite(value)):
        return None
    return value if isinstance(value, int) else round(float(value), 4)
