"""Rate and rhythm of the beats of a page, and what kind each beat is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from ..signals import Signals
from .beat_shapes import Shapes, shapes_of
from .delineation import complex_of
from .median_beats import BEFORE_S, median_beats
from .page_beats import QrsBand, find_beats_in, median_of, qrs_band

EARLY = 0.8
"""A beat is premature that comes sooner after the one before it than that share of the median RR."""

WIDE_S = 0.12
"""A QRS complex is wide from there on."""

REGULAR_S = 0.16
"""A rhythm is regular whose longest and shortest RR differ by no more, premature beats and the pauses after them left out: the usual limit
between sinus rhythm and sinus arrhythmia."""

PAUSE_S = 2.0
"""An RR that is longer is a pause."""

UNEVEN = 0.1
"""Where RR changes from beat to beat by more than that share of its median, in the median, no narrow beat can be called premature."""

NEAR_MEAN = 0.1
"""The rate is that of the RR that differ from their mean by no more than that share of it, in the mean: what one missed, false or premature beat makes
of RR does not count, and where RR changes all along the rate lies in between."""

OUTER_SHARE = 0.25
"""Where no RR is near the mean, as in bigeminy, it is that of the mean RR without so much of the shortest and so much of the longest."""

Kind = Literal["dominant", "premature_narrow", "premature_wide", "other"]


@dataclass(frozen=True, eq=False)
class Rhythm:
    """The beats of a page in their order.

    Attributes
    ----------
    rows : (K,) float64, the rows of `Signals.mv` in which the beats are; those of one shape lie on each other
    kinds : (K,) what each beat is; "other" is of another shape than most, and not premature or not wide
    rr_s : (R,) float64 seconds from beat to beat, where some lead was known all the way
    narrow_told : whether narrow beats can be told premature: not where RR changes from each beat to the next
    """

    rows: npt.NDArray[np.float64]
    kinds: tuple[Kind, ...]
    rr_s: npt.NDArray[np.float64]
    steady_s: npt.NDArray[np.float64]
    """(S,) float64, those of `rr_s` that neither begin nor end with a premature beat."""
    scatter: float | None
    """By what share of its mean RR changes to the next, in the mean, between beats of the dominant shape; None where two cannot be compared."""
    narrow_told: bool

    @property
    def rr_median_s(self) -> float | None:
        """The median RR in seconds; None where there are no two beats."""
        return median_of(self.rr_s) if len(self.rr_s) else None

    @property
    def rate_per_min(self) -> float | None:
        """From the RR near their mean (`NEAR_MEAN`); where none is, from the middle ones (`OUTER_SHARE`)."""
        if not len(self.rr_s):
            return None
        mean_s, outer = self.rr_s.mean(), int(OUTER_SHARE * len(self.rr_s))
        near = self.rr_s[np.abs(self.rr_s - mean_s) <= NEAR_MEAN * mean_s]
        return float(60 / (near if len(near) else np.sort(self.rr_s)[outer : len(self.rr_s) - outer]).mean())

    @property
    def dominant(self) -> npt.NDArray[np.float64]:
        """The rows of dominant beats."""
        return self.rows[[kind == "dominant" for kind in self.kinds]]

    @property
    def regular(self) -> bool | None:
        """Whether RR is the same all along, within `REGULAR_S`; None where two RR cannot be compared."""
        return bool(np.ptp(self.steady_s) <= REGULAR_S) if len(self.steady_s) > 1 else None

    @property
    def unevenness(self) -> float | None:
        """By what share of its median a steady RR changes to the next, in the median; None where two cannot be compared."""
        return _unevenness(self.steady_s)

    @property
    def pauses_s(self) -> tuple[float, ...]:
        """The RR that are pauses."""
        return tuple(float(rr) for rr in self.rr_s if rr > PAUSE_S)

    def count(self, kind: Kind) -> int:
        """How many beats are of a kind."""
        return self.kinds.count(kind)


def rhythm_of(signals: Signals, band: QrsBand | None = None) -> Rhythm:
    """The `Rhythm` of the leads of a page, all together; `band` is theirs where it is known."""
    band = qrs_band(signals) if band is None else band
    shapes = shapes_of(band, find_beats_in(band.score, band.step_s))
    rows = shapes.at * band.step
    rows = _on_one_onset(signals, rows, shapes)
    rr_s = np.diff(rows) / signals.rate_hz
    seen = _seen(band.known.any(0), shapes.at)
    told = rr_s[seen]
    if not len(told):
        return Rhythm(rows, tuple(_kind(shape, False, False, False) for shape in shapes.shape), told, told, None, False)
    early = np.concatenate([[False], seen & (rr_s < EARLY * median_of(told))])
    wide = _wide(signals, rows, shapes, early)
    usual = shapes.shape == 0
    # After a beat between two regular ones, which resets nothing, the next one comes soon without being early.
    early &= ~(usual & np.concatenate([[False], early[:-1]]))
    between_usual = rr_s[seen & usual[1:] & usual[:-1]]
    unevenness = _unevenness(between_usual)
    scatter = float(np.abs(np.diff(between_usual)).mean() / between_usual.mean()) if len(between_usual) > 1 else None
    narrow_told = unevenness is not None and unevenness <= UNEVEN
    # What comes early where all is uneven is no exception to leave out.
    odd = ~usual | early if narrow_told else ~usual
    after_odd = np.concatenate([[False], odd[:-1]])
    steady_s = rr_s[seen & ~odd[1:] & ~after_odd[1:]]
    kinds = tuple(
        _kind(shape, soon, broad, narrow_told) for shape, soon, broad in zip(shapes.shape, early, wide, strict=True)
    )
    return Rhythm(rows, kinds, told, steady_s, scatter, narrow_told)


def _on_one_onset(signals: Signals, rows: npt.NDArray[np.float64], shapes: Shapes) -> npt.NDArray[np.float64]:
    """`rows`, those in columns that share no lead with others shifted such that the QRS complexes of all begin at the same place."""
    columns = np.unique(shapes.linked)
    if len(columns) < 2:
        return rows
    onsets_s = {}
    for column in columns.tolist():
        members = rows[(shapes.linked == column) & (shapes.shape == 0)]
        found = complex_of(median_beats(signals, members), round(BEFORE_S * signals.rate_hz), signals.rate_hz)
        if found is not None:
            onsets_s[column] = found[0]
    usual_s = float(np.median(list(onsets_s.values()))) if onsets_s else 0.0
    shift_s = np.array([onsets_s.get(column, usual_s) - usual_s for column in shapes.linked.tolist()])
    return rows + shift_s * signals.rate_hz


def _unevenness(rr_s: npt.NDArray[np.float64]) -> float | None:
    return median_of(np.abs(np.diff(rr_s))) / median_of(rr_s) if len(rr_s) > 1 else None


def _seen(known: npt.NDArray[np.bool_], at: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """(K - 1,) whether some lead is known from each beat to the next: else beats may have been missed."""
    blind = np.concatenate([[0], np.cumsum(~known)])
    steps = np.round(at).astype(int).clip(0, max(len(blind) - 1, 0))
    return blind[steps[1:]] == blind[steps[:-1]]


def _wide(
    signals: Signals, rows: npt.NDArray[np.float64], shapes: Shapes, early: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """(K,) whether beats of other shapes than the dominant one have wide complexes; looked at where one of the shape is early."""
    wide = np.zeros(len(rows), bool)
    for shape in np.unique(shapes.shape[early]):
        if shape:
            members = shapes.shape == shape
            middle = round(BEFORE_S * signals.rate_hz)
            found = complex_of(median_beats(signals, rows[members]), middle, signals.rate_hz)
            if found is not None:
                wide |= members & (found[1] - found[0] >= WIDE_S)
    return wide


def _kind(shape: int, early: bool, wide: bool, narrow_told: bool) -> Kind:
    if early and wide:
        return "premature_wide"
    if early and narrow_told:
        return "premature_narrow"
    return "other" if shape else "dominant"
