"""Limb leads held against each other: what Einthoven's and Goldberger's laws say of leads that were recorded at one time.

Any three limb leads lie in one plane, so that a weighted sum of them is 0. Where no sum of theirs is, whatever their gains (some programs print
each lead at a gain of its own), one of them was not traced rightly; where one is, but with signs that no gain has, they bear wrong names.
Einthoven W., Arch Gesamte Physiol 150, 1913; Goldberger E., Am Heart J 23, 1942.
"""

from collections.abc import Mapping

import numpy as np

IDENTITIES = (
    (("I", "II", "III"), (1, -1, 1)),
    (("aVR", "aVL", "aVF"), (1, 1, 1)),
    (("I", "II", "aVR"), (1, 1, 2)),
    (("I", "III", "aVL"), (1, -1, -2)),
    (("II", "III", "aVF"), (1, 1, -2)),
    (("I", "aVR", "aVL"), (3, 2, -2)),
    (("II", "aVR", "aVF"), (3, 2, -2)),
    (("III", "aVL", "aVF"), (3, 2, -2)),
)
"""Three leads and the weights of a sum of theirs that is 0."""
EDGE_S = 0.2
"""So much at each end is left out: a pulse, a separator or the next lead may stand there."""
LEAST_S = 0.8
"""Less of three leads together says nothing."""
MAX_RESIDUAL = 0.5
"""The least sum that gains can make of three leads, each of unit power; they contradict each other beyond. Of leads that were read rightly it is up to 0.3, and
0.45 on photographs whose paper is not flat."""
MIN_MISNAMED, MAX_PLANE = 0.4, 0.2
"""Leads whose sum is no less than the one with the signs of their names, and no more than the other with signs of its own, bear wrong names."""
LEAST_SD_MV = 0.01
"""A lead that moves less says nothing."""
KEPT_HZ = 125
"""QRS holds little above half of it."""
DRIFT_S, REACH_S = 0.5, 0.016
"""What is slower, and rows that are so far apart in time, are the page's doing."""


def contradictions(
    signals: Mapping[str, np.ndarray], start_s: Mapping[str, float], rate_hz: int
) -> tuple[tuple[str, ...], bool]:
    """(limb leads that contradict the others, whether limb leads bear the names of others).

    Parameters
    ----------
    signals : {name: (n,) mV, NaN where lost}; those of a column begin together
    start_s : {name: time of the first sample}
    rate_hz : samples a second

    Of three leads that contradict each other it is not known which is wrong, unless others at the same time tell: then it is the one that is in the
    most contradictions. Leads that bear wrong names contradict each other as well, and no lead is wrong then.
    """
    found: dict[tuple[str, ...], float] = {}
    misnamed = False
    for names, weights in IDENTITIES:
        residuals = _residuals(names, weights, signals, start_s, rate_hz)
        if residuals is None:
            continue
        of_names, of_any = residuals
        if of_any <= MAX_PLANE and of_names >= MIN_MISNAMED:
            misnamed = True
        found[names] = of_names
    wrong: set[str] = set()
    while max(found.values(), default=0.0) > MAX_RESIDUAL:
        of_lead = {
            name: [value for names, value in found.items() if name in names] for names in found for name in names
        }
        guilt = {name: (sum(value > MAX_RESIDUAL for value in values), sum(values)) for name, values in of_lead.items()}
        most = {name for name in guilt if guilt[name] == max(guilt.values())}
        wrong |= most
        found = {names: value for names, value in found.items() if not most & set(names)}
    return () if misnamed else tuple(sorted(wrong)), misnamed


def _residuals(
    names: tuple[str, ...],
    weights: tuple[int, ...],
    signals: Mapping[str, np.ndarray],
    start_s: Mapping[str, float],
    rate_hz: int,
) -> tuple[float, float] | None:
    """(root mean square of the least weighted sum of three leads of unit power whose weights have these signs, the same with any signs), 0..1, as they
    fit best within `REACH_S`; None where they do not stand together or one of them hardly moves."""
    if not signals.keys() >= set(names) or np.ptp([start_s[name] for name in names]) > 1 / rate_hz:
        return None
    edge, every, reach = round(EDGE_S * rate_hz), rate_hz // KEPT_HZ, round(REACH_S * KEPT_HZ)
    stop = min(len(signals[name]) for name in names) - edge
    if (stop - edge) // every < LEAST_S * KEPT_HZ:
        return None
    leads = _without_drift(np.stack([signals[name][edge:stop:every] for name in names]).astype(float))
    length = leads.shape[1] - 2 * reach
    first, *others = leads * np.sign(weights)[:, None]
    shifted = [[lead[shift : shift + length] for shift in range(2 * reach + 1)] for lead in others]
    moved = np.stack([first[reach : reach + length], *shifted[0], *shifted[1]])
    moved = moved[:, np.isfinite(moved).all(axis=0)]
    if moved.shape[1] < LEAST_S * KEPT_HZ or moved.std(axis=1).min() < LEAST_SD_MV:
        return None
    each = np.corrcoef(moved)
    steps = np.arange(2 * reach + 1)
    second, third = (grid.ravel() for grid in np.meshgrid(1 + steps, 1 + len(steps) + steps, indexing="ij"))
    correlations = np.empty((len(second), 3, 3))
    numbers = np.stack([np.zeros_like(second), second, third], axis=1)
    correlations[:] = each[numbers[:, :, None], numbers[:, None, :]]
    values, vectors = np.linalg.eigh(correlations)
    least = values[:, 0]
    # Least for weights of one sign: within, or where one of them is 0 and the other two are the same.
    of_one_sign = (vectors[:, :, 0] >= 0).all(axis=1) | (vectors[:, :, 0] <= 0).all(axis=1)
    of_two = 1 + np.minimum(correlations, 0).min(axis=(1, 2))
    of_names = np.minimum(np.where(of_one_sign, least, 1.0), of_two)
    return float(np.sqrt(max(of_names.min(), 0.0))), float(np.sqrt(max(least.min(), 0.0)))


def _without_drift(leads: np.ndarray) -> np.ndarray:
    """(k, n) mV at `KEPT_HZ` without what a page that is not quite flat adds: less their mean over `DRIFT_S` of what is known; NaN where not known."""
    from scipy import ndimage

    size, known = round(DRIFT_S * KEPT_HZ), np.isfinite(leads)
    share = ndimage.uniform_filter1d(known.astype(float), size, axis=1)
    mean = ndimage.uniform_filter1d(np.where(known, leads, 0.0), size, axis=1)
    return leads - mean / np.maximum(share, 1 / size)
