"""Digital ECGs: from the columns of a file to leads in millivolts, all at one rate; or a reason why not."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import combinations

import numpy as np
import numpy.typing as npt

from ..errors import PictureError, Reason
from ..layout import LEADS_12, RHYTHM

RATE_HZ = 500
"""What signals are brought to: the rate at which pages are traced, that of the model's input and of the measurements."""
LOWEST_HZ, HIGHEST_HZ = 100.0, 20_000.0
"""Rates that are read. Below, QRS complexes are no longer where they were; above is no ECG."""
SHORTEST_S, LONGEST_S, CUT_S = 5.0, 10.0, 0.05
"""A shorter recording shows too few beats; of a longer one only its beginning is read, as much as a page shows. Cutting off less than `CUT_S`
is not worth a word."""
SHOWN_S = 2.5
"""A lead is shown for so long at least: of one that is known for less, the rest was lost."""
ALIKE_S = 1.0
"""Leads that are known together for less may be alike by chance, where neither beats."""
SMALLEST_MV, LARGEST_MV = 0.1, 30.0
"""The span of an ECG's largest lead is between these; one beyond is in another unit than is said."""
UNITS = {"v": 1e3, "mv": 1.0, "uv": 1e-3, "nv": 1e-6}
"""Millivolts in a unit, in small letters, its micro sign a u."""
_LEADS = {name.lower(): name for name in LEADS_12} | {"mli": "I", "mlii": "II", "mliii": "III"}
"""Leads by their names in small letters; those with M are limb leads from electrodes on the trunk."""
_NAMES = "|".join(sorted(_LEADS, key=len, reverse=True))
_COLUMN = re.compile(rf"(?:ecg|lead)?[\s_:.]*(?:(-?)({_NAMES})|({RHYTHM}[23]?))(?![a-z0-9])(.*)", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class Columns:
    """What a file holds: `mv` (n, k) float64, NaN where it is not known, under `names` (as they stand there), `rate_hz` samples a second.

    `seconds` is how long the whole recording lasts, which may be longer than what was taken of it; `recorded_at` is ISO 8601, None where it is
    not known; `data` are the bytes that were read.
    """

    mv: npt.NDArray[np.float64] = field(repr=False)
    names: tuple[str, ...]
    rate_hz: float
    seconds: float
    recorded_at: str | None = None
    data: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, eq=False)
class Recording:
    """The leads of a digital ECG.

    Attributes
    ----------
    leads : {name: (n,) float32 mV at `RATE_HZ` from where the lead begins to where it ends, NaN where it was lost}; I … V6, rhythm, rhythm2 …
    start_s : {name: when its first sample is}
    strips : {name of a strip: the lead that it shows, None where that is not said}
    recorded_at : ISO 8601, as exact as it is known; None where it is not
    note : what the person should know of how it was read; None where there is nothing
    """

    leads: dict[str, npt.NDArray[np.float32]] = field(repr=False)
    start_s: dict[str, float]
    strips: dict[str, str | None]
    recorded_at: str | None = None
    note: str | None = None

    def noted(self, sentence: str) -> Recording:
        """The same with one more sentence in its note."""
        return replace(self, note=" ".join(filter(None, (self.note, sentence))))

    @property
    def lost(self) -> dict[str, float]:
        """{name: the share of it that is not known, of what is shown of it, at least of `SHOWN_S`}."""
        known = {name: int(np.isfinite(mv).sum()) for name, mv in self.leads.items()}
        return {name: 1 - known[name] / max(len(mv), SHOWN_S * RATE_HZ) for name, mv in self.leads.items()}


def unit_mv(unit: str) -> float | None:
    """How many millivolts a unit is; None where it is none of voltage."""
    return UNITS.get(unit.strip().lower().replace("\u00b5", "u").replace("\u03bc", "u"))


def lead_of(name: str) -> tuple[str, str | None, int] | None:
    """(the place's name, the lead that is shown there, 1 or -1 where it is inverted) of a column's name, as `II`, `Lead II`, `avr`, `V1_mV`,
    `rhythm_II_mV`; None where it names no lead."""
    found = _COLUMN.fullmatch(name.strip())
    if found is None:
        return None
    sign, lead, strip, rest = found.groups()
    if strip is None:
        shown = _LEADS[lead.lower()]
        return shown, shown, -1 if sign else 1
    inner = _COLUMN.fullmatch(rest.strip(" _"))
    return strip.lower(), _LEADS[inner[2].lower()] if inner and inner[2] else None, 1


def check_rate(rate_hz: float | None) -> float:
    """A rate that can be read.

    Raises
    ------
    PictureError : it is not known, too low or too high.
    """
    if rate_hz is None:
        raise PictureError(
            Reason.BAD_SCALE,
            "The sampling rate is not said: give it with --fs (samples a second), or a column of times.",
        )
    if not LOWEST_HZ <= rate_hz <= HIGHEST_HZ:
        raise PictureError(
            Reason.BAD_SCALE,
            f"The sampling rate is {rate_hz:g} a second: recordings with {LOWEST_HZ:g} to {HIGHEST_HZ:g} are read.",
        )
    return rate_hz


def rows_of(seconds: float, rate_hz: float) -> int:
    """How many samples are so many seconds."""
    return math.ceil(seconds * rate_hz - 1e-6)


def recording_of(columns: Columns) -> Recording:
    """The `Recording` of a file's columns: the leads among them, their beginning, at `RATE_HZ`.

    Raises
    ------
    PictureError : there is no lead, one twice, by its name or its samples, too little of them, or they are in no unit that an ECG is in.
    """
    rate_hz = check_rate(columns.rate_hz)
    known = [(lead, number) for number, name in enumerate(columns.names) if (lead := lead_of(name)) is not None]
    if not known:
        there = ", ".join(columns.names[:15]) or "nothing"
        raise PictureError(Reason.BAD_LAYOUT, f"None of the signals is called as a lead (I … V6): there is {there}.")
    names = [place for (place, _, _), _ in known]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise PictureError(Reason.BAD_LAYOUT, f"Two signals are called {twice[0]}: name each lead once.")
    if columns.seconds < SHORTEST_S:
        raise PictureError(
            Reason.TOO_SMALL,
            f"The recording lasts {math.floor(100 * columns.seconds) / 100:g} s: give at least {SHORTEST_S:g} s.",
        )
    mv = columns.mv[: rows_of(LONGEST_S, rate_hz), [number for _, number in known]]
    mv = mv * [sign for (_, _, sign), _ in known]
    _check_amplitude(mv)
    _check_own_samples(names, mv, rate_hz)
    mv = _resampled(mv, rate_hz)
    leads, start_s = {}, {}
    for name, values in zip(names, mv.T, strict=True):
        shown = np.flatnonzero(np.isfinite(values))
        first, last = (int(shown[0]), int(shown[-1]) + 1) if len(shown) else (0, len(values))
        leads[name] = np.ascontiguousarray(values[first:last], np.float32)
        start_s[name] = first / RATE_HZ
    strips = {place: lead for (place, lead, _), _ in known if place not in LEADS_12}
    note = None
    if columns.seconds > LONGEST_S + CUT_S:
        note = f"The recording lasts {columns.seconds:.0f} s; its first {LONGEST_S:g} s were read."
    return Recording(leads, start_s, strips, columns.recorded_at, note)


def _check_amplitude(mv: npt.NDArray[np.float64]) -> None:
    """Refuse what no heart gives: all flat, or so large or small that it is in another unit than is said."""
    finite = np.isfinite(mv)
    if not finite.any():
        raise PictureError(Reason.LEADS_LOST, "The recording holds no sample that is known.")
    spans = [
        float(np.ptp(np.percentile(column[told], (0.5, 99.5))))
        for column, told in zip(mv.T, finite.T, strict=True)
        if told.any()
    ]
    span, largest = float(np.median(spans)), max(spans)
    if largest == 0:
        raise PictureError(Reason.NOT_AN_ECG, "The recording is flat: there is no ECG in it.")
    if span > LARGEST_MV or largest < SMALLEST_MV:
        shown = span if span > LARGEST_MV else largest
        raise PictureError(
            Reason.BAD_SCALE,
            f"The leads reach over {shown:.3g} mV, which no ECG does: say in which unit they are (mV, uV, V).",
        )


def _check_own_samples(names: list[str], mv: npt.NDArray[np.float64], rate_hz: float) -> None:
    """Refuse two leads of the twelve that are the same samples where both are known and move: no two electrodes give that. Strips repeat a lead."""
    leads = [number for number, name in enumerate(names) if name in LEADS_12]
    for one, other in combinations(leads, 2):
        both = np.isfinite(mv[:, one]) & np.isfinite(mv[:, other])
        values = mv[both, one]
        enough = len(values) >= rows_of(ALIKE_S, rate_hz) and np.ptp(values) > 0
        if enough and np.array_equal(values, mv[both, other]):
            same = f"{names[one]} and {names[other]}"
            raise PictureError(Reason.BAD_LAYOUT, f"{same} are the same samples: give each lead its own.")


def _resampled(mv: npt.NDArray[np.float64], rate_hz: float) -> npt.NDArray[np.float64]:
    """(m, k) at `RATE_HZ`, band-limited, NaN where the nearest sample is; gaps are bridged by straight lines for the filter alone."""
    share = Fraction(RATE_HZ / rate_hz).limit_denominator(1000)
    if share == 1:
        return mv
    from scipy.signal import resample_poly

    rows = round(len(mv) * RATE_HZ / rate_hz)
    nearest = np.minimum(np.rint(np.arange(rows) * rate_hz / RATE_HZ).astype(int), len(mv) - 1)
    found = np.full((rows, mv.shape[1]), np.nan)
    at = np.arange(len(mv))
    for number, column in enumerate(mv.T):
        told = np.isfinite(column)
        if told.any():
            filled = np.interp(at, at[told], column[told])
            values = resample_poly(filled, share.numerator, share.denominator, padtype="line")[:rows]
            found[: len(values), number] = np.where(told[nearest[: len(values)]], values, np.nan)
    return found
