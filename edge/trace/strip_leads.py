"""Which lead a rhythm strip shows, by the leads that the page shows of the same time: printed names are small, and may be misread."""

from collections.abc import Iterable, Mapping

import numpy as np

from ..arrangement.arrangement import NO_STRIPS
from ..layout import LEADS_12, Place

KEPT_HZ = 125
REACH_S = 0.024
"""How far a column's clock and a strip's may be apart."""
LEAST_S = 1.0
"""Less of a lead and a strip together says nothing."""
LEAST_SD_MV = 0.03
"""What moves less resembles anything."""
THE_SAME, APART = 0.97, 0.03
"""The correlation of a strip with the lead that it shows, and how much lower those with all others are."""
ANOTHER = 0.8
"""A strip that correlates no better with the lead of its name shows another one."""


def strip_leads(places: Iterable[Place], signals: Mapping[str, np.ndarray], rate_hz: int) -> dict[str, str]:
    """{place of a rhythm strip: lead} of strips that bear no name that was read, or the name of a lead that they are not.

    Parameters
    ----------
    places : the leads and strips of a page
    signals : {name of a place: (n,) mV, NaN where lost} from `start_s` of the place on
    rate_hz : samples a second
    """
    places = list(places)
    leads = [place for place in places if place.name in LEADS_12]
    found = {}
    for strip in places:
        if strip.name in LEADS_12:
            continue
        named = [lead for lead in leads if lead.name == strip.lead]
        if strip.lead is not None and not any(_alike(strip, lead, signals, rate_hz) <= ANOTHER for lead in named):
            continue
        alike = {lead.name: _alike(strip, lead, signals, rate_hz) for lead in leads}
        if len(alike) < 2:
            continue
        second, best = sorted(alike, key=alike.__getitem__)[-2:]
        if alike[best] >= THE_SAME and alike[second] <= alike[best] - APART and best not in NO_STRIPS:
            found[strip.name] = best
    return found


def _alike(strip: Place, lead: Place, signals: Mapping[str, np.ndarray], rate_hz: int) -> float:
    """The correlation of a strip with a lead, -1..1, where they are nearest to each other; 1 where too little of both is known, which says nothing."""
    every = rate_hz // KEPT_HZ
    of_lead, whole = signals[lead.name][::every], signals[strip.name][::every]
    reach, start = round(REACH_S * KEPT_HZ), round((lead.start_s - strip.start_s) * KEPT_HZ)
    found = []
    for shift in range(-reach, reach + 1):
        first = max(start + shift, 0)
        shown = whole[first : max(start + shift + len(of_lead), 0)]
        part = of_lead[first - start - shift :][: len(shown)]
        known = np.isfinite(shown) & np.isfinite(part)
        one, other = shown[known], part[known]
        if len(one) >= LEAST_S * KEPT_HZ and min(one.std(), other.std()) >= LEAST_SD_MV:
            found.append(float(np.mean((one - one.mean()) * (other - other.mean())) / (one.std() * other.std())))
    return max(found, default=1.0)
