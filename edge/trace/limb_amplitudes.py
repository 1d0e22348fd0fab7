"""Limb leads whose waves are as high as no two of the others say: the tip of a wave was given to the row beside it, or cut.

Two limb leads say all others (Einthoven, Goldberger: see `lead_identities`). There they are held against each other whatever their gains, since some programs print each lead at a
gain of its own, and a wave that is cut in the same way in every beat is nearly such a gain. Here the page's own gain counts, where most leads keep to it.
"""

from collections.abc import Mapping
from functools import lru_cache
from itertools import combinations, product

import numpy as np

OF_I_AND_II = {"I": (1, 0), "II": (0, 1), "III": (-1, 1), "aVR": (-0.5, -0.5), "aVL": (1, -0.5), "aVF": (-0.5, 1)}
"""Each limb lead as a sum of I and II."""
KEPT_HZ, SHIFTS = 125, (-1, 0, 1)
"""Rows may be so many samples apart."""
LEAST_S = 2.0
"""So long all leads are known."""
LEAST_DB, LEAST_MV = 7.0, 0.05
"""A lead differs where the sum of the two others that come nearest is nearer by no more than this to it, and is off by so much (root mean square)."""
ALIKE_DB, LEAST_ALIKE = 14.0, 4
"""So many are as near to what two leads say: all leads are at one gain."""


def differing(signals: Mapping[str, np.ndarray], start_s: Mapping[str, float], rate_hz: int) -> tuple[str, ...]:
    """The limb leads that differ from all that two others say of them, where most do not.

    Parameters
    ----------
    signals : {name: (n,) mV, NaN where lost}
    start_s : {name: time of the first sample}
    rate_hz : samples a second
    """
    names = tuple(name for name in OF_I_AND_II if name in signals and np.isfinite(signals[name]).any())
    if len(names) <= LEAST_ALIKE or len({start_s[name] for name in names}) > 1:
        return ()
    count = min(signals[name].size for name in names)
    leads = np.stack([signals[name][: count : rate_hz // KEPT_HZ] for name in names]).astype(float)
    shifted = np.stack([np.roll(leads, shift, axis=1) for shift in SHIFTS], axis=1).reshape(-1, leads.shape[1])
    known = np.isfinite(shifted).all(axis=0)
    known[: len(SHIFTS)] = known[-len(SHIFTS) :] = False
    if known.sum() < LEAST_S * KEPT_HZ:
        return ()
    covariance = np.cov(shifted[:, known], bias=True)
    own, weights = _sums(names)
    of_lead = np.eye(len(shifted))[own * len(SHIFTS) + SHIFTS.index(0)]

    def power(rows: np.ndarray) -> np.ndarray:
        return np.asarray(np.einsum("mi,mi->m", rows @ covariance, rows))

    off, said = power(of_lead - weights), np.maximum(power(weights), 1e-9)
    nearest = [np.flatnonzero(own == lead)[(off / said)[own == lead].argmin()] for lead in range(len(names))]
    near_db = -10 * np.log10(np.maximum(off / said, 1e-9))[nearest]
    off_mv = np.sqrt(np.maximum(off, 0))[nearest]
    if (near_db >= ALIKE_DB).sum() < LEAST_ALIKE:
        return ()
    return tuple(name for name, db, mv in zip(names, near_db, off_mv, strict=True) if db < LEAST_DB and mv >= LEAST_MV)


@lru_cache(maxsize=8)
def _sums(names: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """((m,) numbers of leads, (m, leads * shifts) weights): every sum of two of the other leads, each at every shift, that is the lead."""
    own, rows = [], []
    for lead, name in enumerate(names):
        others = [number for number in range(len(names)) if number != lead]
        for one, other in combinations(others, 2):
            known = np.array([OF_I_AND_II[names[one]], OF_I_AND_II[names[other]]], float).T
            weights = np.linalg.solve(known, np.array(OF_I_AND_II[name], float))
            for first, second in product(range(len(SHIFTS)), repeat=2):
                row = np.zeros(len(names) * len(SHIFTS))
                row[one * len(SHIFTS) + first], row[other * len(SHIFTS) + second] = weights
                own.append(lead)
                rows.append(row)
    return np.array(own), np.array(rows)
