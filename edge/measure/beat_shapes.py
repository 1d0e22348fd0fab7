"""Beats by their shape: laid on each other, and grouped."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .page_beats import QrsBand

BEFORE_S, AFTER_S = 0.1, 0.14
"""What of a beat is compared, about the middle of its QRS complex."""

SHIFT_S = 0.06
"""Beats are shifted by so much at most to lie on each other."""

ROUNDS = 2
"""So often beats are laid on the mean of the largest group that resembles each other."""

OFTEN = 0.7
"""A lead that shows at least so much of the beats is a strip, or one of leads that are shown at once."""

NEARER = 0.25
"""No beat is shifted by more than that share of the way to the next one."""

ALIKE = 0.8
"""Beats whose leads correlate better are of one shape."""


@dataclass(frozen=True, eq=False)
class Shapes:
    """Beats of a page by shape.

    Attributes
    ----------
    at : (K,) float64, where each beat is, in steps of the `QrsBand`, such that beats of one shape lie on each other
    shape : (K,) int, 0 for the shape that most beats have, then by number
    alike : (K,) float64, the correlation of each beat with the mean of the dominant ones; NaN where they share no lead
    linked : (K,) int, one number for beats that share leads, also through others; those of different numbers do not lie on each other
    """

    at: npt.NDArray[np.float64]
    shape: npt.NDArray[np.int64]
    alike: npt.NDArray[np.float64]
    linked: npt.NDArray[np.int64]


def shapes_of(band: QrsBand, beats: npt.NDArray[np.int64]) -> Shapes:
    """The `Shapes` of beats at steps `beats` of a page's `QrsBand`.

    Beats share those leads that are shown at both; beats that share none are taken for one shape, since nothing speaks against it.
    """
    if not len(beats):
        return Shapes(beats.astype(float), beats, np.zeros(0), beats)
    before, after, shift = (round(seconds / band.step_s) for seconds in (BEFORE_S, AFTER_S, SHIFT_S))
    length = before + after + 1
    rows = beats[:, None] + np.arange(-before - shift, after + shift + 1)
    inside = (rows >= 0) & (rows < len(band.score))
    rows = rows.clip(0, len(band.score) - 1)
    told = (band.known[:, rows] & inside).transpose(1, 0, 2)
    wide = band.leads[:, rows].transpose(1, 0, 2) * told
    # A lead that lacks more than the margins of a beat is none of that beat's.
    heard = told[:, :, shift : shift + length].all(2)
    wide = wide * heard[:, :, None]
    lags, gaps = np.zeros(len(beats)), np.diff(beats, prepend=-len(band.score), append=2 * len(band.score))
    # Where strips show all beats and columns some, strips come first: each column's beats are already where its own leads lie on each other.
    often = heard.mean(0) >= OFTEN
    laid: dict[bytes, tuple[npt.NDArray[np.float64], npt.NDArray[np.int64], npt.NDArray[np.float64]]] = {}

    def laid_by(
        lags: npt.NDArray[np.float64],
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        first = np.round(lags).astype(int) + shift
        key = first.tobytes()
        if key not in laid:
            cut = _cut(wide, first, length)
            shape = _grouped(cut, heard)
            laid[key] = cut, shape, _template(cut, heard, shape == 0)
        return laid[key]

    for asked in ([often] if often.any() else []) + [np.ones_like(often)] * ROUNDS:
        _, _, template = laid_by(lags)
        lags = _lags(wide if asked.all() else wide[:, asked], heard, template[asked], shift)
        lags = lags.clip(-NEARER * gaps[:-1], NEARER * gaps[1:])
    cut, shape, template = laid_by(lags)
    return Shapes(beats + lags, shape, _correlation(cut, heard, template), _linked(heard))


def _cut(wide: npt.NDArray[np.float64], first: npt.NDArray[np.int64], length: int) -> npt.NDArray[np.float64]:
    cut = np.empty((*wide.shape[:2], length))
    for own, beat, start in zip(cut, wide, first.tolist(), strict=True):
        own[:] = beat[:, start : start + length]
    return cut


def _template(
    cut: npt.NDArray[np.float64], heard: npt.NDArray[np.bool_], group: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """(k, T) mean of each lead over the beats of a group; of a lead that none of them shows, over all."""
    shown = heard & group[:, None]
    shown = np.where(shown.any(0), shown, heard).astype(float)
    total = shown.T[:, None, :] @ cut.transpose(1, 0, 2)
    return total[:, 0] / np.maximum(shown.sum(0), 1)[:, None]


def _lags(
    wide: npt.NDArray[np.float64], heard: npt.NDArray[np.bool_], template: npt.NDArray[np.float64], shift: int
) -> npt.NDArray[np.float64]:
    """(K,) where each beat lies best on the template, in steps, to a fraction."""
    count, length = 2 * shift + 1, template.shape[1]
    # The template shifted by each lag: all correlations are one product of matrices.
    shifted = np.zeros((count, *wide.shape[1:]))
    for lag in range(count):
        shifted[lag, :, lag : lag + length] = template
    dot = wide.reshape(len(wide), -1) @ shifted.reshape(count, -1).T
    energy = np.zeros((len(wide), wide.shape[2] + 1))
    np.cumsum(np.einsum("bkt,bkt->bt", wide, wide), axis=1, out=energy[:, 1:])
    found = dot / np.sqrt(np.maximum(energy[:, length:] - energy[:, :-length], 1e-12))
    best = found[:, 1:-1].argmax(1) + 1
    beat = np.arange(len(found))
    left, top, right = found[beat, best - 1], found[beat, best], found[beat, best + 1]
    bend = left - 2 * top + right
    fraction = np.where(bend < 0, 0.5 * (left - right) / np.minimum(bend, -1e-12), 0.0).clip(-0.5, 0.5)
    return np.where(heard.any(1), best + fraction - shift, 0.0)


def _correlation(
    cut: npt.NDArray[np.float64], heard: npt.NDArray[np.bool_], template: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """(K,) of each beat with the template over the leads that it shows; NaN where it shows none."""
    own = (cut**2).sum((1, 2))
    other = heard @ (template**2).sum(1)
    dot = cut.reshape(len(cut), -1) @ template.ravel()
    return np.where(own * other > 0, dot / np.sqrt(np.maximum(own * other, 1e-12)), np.nan)


def _grouped(cut: npt.NDArray[np.float64], heard: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """(K,) the number of each beat's shape: the largest group first, of beats that resemble one beat, then of those left."""
    flat = cut.reshape(len(cut), -1)
    dot = flat @ flat.T
    own = np.einsum("bkt,bkt->bk", cut, cut) @ heard.T.astype(float)
    both = np.sqrt(own * own.T)
    shared = both > 1e-9
    alike = shared & (dot >= ALIKE * both)
    shape = np.full(len(cut), -1, np.int64)
    number = 0
    while (left := shape < 0).any():
        centre = np.where(left, (alike & left).sum(1), -1).argmax()
        members = alike[centre] & left
        members[centre] = True
        # Beats that share no lead with the first group, as in columns without a strip: nothing says that they are of another shape.
        apart = number > 0 and not shared[np.ix_(members, shape == 0)].any()
        shape[members] = 0 if apart else number
        number += not apart
    return shape


def _linked(heard: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """(K,) the first lead of those that beats share, directly or through beats that share leads with both."""
    first = np.arange(heard.shape[1])
    for _ in range(heard.shape[1]):
        by_beat = np.where(heard, first, heard.shape[1]).min(1, initial=heard.shape[1])
        before, first = first, np.minimum(np.where(heard, by_beat[:, None], heard.shape[1]).min(0), first)
        if (before == first).all():
            break
    return by_beat
