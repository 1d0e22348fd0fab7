"""How well a page can be read: numbers, and the limits beyond which it is refused."""

import numpy as np

from .errors import PictureError, Reason
from .layout import LEADS_12

MAX_LOST_LEADS = 4
MAX_LOST_SHARE = 0.5
"""A lead is lost where so much of it cannot be followed."""


def states(traces):
    """{place name: "read" or "lost"} of a page's `Traces`."""
    return {name: "lost" if share > MAX_LOST_SHARE else "read" for name, share in traces.lost.items()}


def measure(page, traces):
    """{name: number or None} for results.

    `px_per_mm` of the picture, `grid` clarity, `leads_lost` of the twelve, `lost_share` of their samples, `limb_residual_mv` of
    I + III − II and `augmented_residual_mv` of aVR + aVL + aVF where these leads are simultaneous.
    """
    flat = page.flat
    numbers = {
        "px_per_mm": None if flat is None else flat.picture_px_per_mm,
        "grid": None if flat is None else flat.grid_score,
        "leads_lost": None,
        "lost_share": None,
        "limb_residual_mv": None,
        "augmented_residual_mv": None,
    }
    if traces is not None:
        shares = [traces.lost[name] for name in LEADS_12 if name in traces.lost]
        numbers["leads_lost"] = int(sum(share > MAX_LOST_SHARE for share in shares))
        numbers["lost_share"] = float(np.mean(shares)) if shares else None
        numbers["limb_residual_mv"] = traces.limb_mv
        numbers["augmented_residual_mv"] = traces.augmented_mv
    return {name: _rounded(value) for name, value in numbers.items()}


def check(page, traces):
    """Refuse a page that cannot be read well enough.

    Raises
    ------
    PictureError : `leads_lost`.
    """
    found = states(traces)
    if sum(found.get(name) == "lost" for name in LEADS_12) > MAX_LOST_LEADS:
        raise PictureError(Reason.LEADS_LOST)


def _rounded(value):
    if value is None or (isinstance(value, float) and not np.isfinite(value)):
        return None
    return value if isinstance(value, int) else round(float(value), 4)
