"""What was followed and is no lead, or no beat of one, is lost: all rules by which it is, in the order in which they are applied."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from .beat_agreement import odd_beats
from .column_ends import ends_elsewhere, scraps
from .lead_identities import contradictions
from .limb_amplitudes import differing
from .lone_movement import lone_movement
from .narrow_spikes import narrow_spikes
from .page_clock import PageClock
from .plausibility import is_implausible, still_leads, without_strays


@dataclass(frozen=True)
class Followed:
    """The leads of a page as they were followed.

    `signals` is {name: (n,) mV at `rate_hz`, NaN where lost}, `start_s` {name: time of the first sample}, `reach_mv` {name: (lowest, highest)
    mV that the page has room for}.
    """

    signals: dict[str, np.ndarray]
    start_s: Mapping[str, float]
    reach_mv: Mapping[str, tuple[float, float]]
    rate_hz: int


Lost = Mapping[str, list[slice] | np.ndarray]
"""{name: the samples that are lost, stretches of them or (n,) bool}."""
WHOLE = [slice(None)]
"""Of a lead that is lost from end to end."""


def _strays(page: Followed) -> Lost:
    """Another thing was followed for a while: each lead by itself."""
    return {
        name: np.isnan(without_strays(signal, page.rate_hz, page.reach_mv[name]))
        for name, signal in page.signals.items()
    }


def _implausible(page: Followed) -> Lost:
    """No lead looks so: each by itself."""
    return {name: WHOLE for name, signal in page.signals.items() if is_implausible(signal, page.rate_hz)}


def _still(page: Followed) -> Lost:
    """Flat nearly all the time while others move."""
    return {name: WHOLE for name in still_leads(page.signals, page.rate_hz)}


def _ends(page: Followed) -> Lost:
    """What stands beside its column, followed at an end while no heart beats."""
    return ends_elsewhere(page.signals, page.start_s, page.rate_hz)


def _spikes(page: Followed) -> Lost:
    """Narrower than any wave, and in one lead alone."""
    return narrow_spikes(page.signals, page.start_s, page.rate_hz)


def _odd_beats(page: Followed) -> Lost:
    """Beats that one lead does not show as all others do."""
    return odd_beats(page.signals, page.start_s, page.rate_hz)


STRAYS, IMPLAUSIBLE = OFF_ROW = ("strays", "implausible")
"""Rules by which a lead is lost that has followed something far from its row."""
RULES: tuple[tuple[str, Callable[[Followed], Lost]], ...] = (
    (STRAYS, _strays),
    (IMPLAUSIBLE, _implausible),
    ("still", _still),
    ("ends", _ends),
    ("spikes", _spikes),
    ("odd beats", _odd_beats),
)
"""Each sees what those before it have left: of each lead by itself first, then by the others. After them limb leads are held against each other."""
CONTRADICTING, DIFFERING, MISREAD, MOVES_ALONE, SCRAPS = (
    "contradicting",
    "differing",
    "misread",
    "moves alone",
    "scraps",
)
MAX_MISREAD, MAX_MISREAD_ON_REPORT = 0.05, 0.15
"""A lead that is more likely to be misread than this is lost, the latter on pages of the data set's own device (docs/reading.md, *How likely a lead was misread*)."""


def lose(page: Followed) -> tuple[dict[str, str], bool]:
    """Set to NaN, in the page's `signals`, what is lost by the `RULES`, and limb leads that Einthoven's and Goldberger's laws exclude.

    Returns
    -------
    ({name of a lead of which nothing is left: the rule that took the last of it}, whether limb leads bear each other's names).
    """
    because: dict[str, str] = {}
    for rule, finds in RULES:
        because |= _lose(page, rule, finds(page))
    contradicting, misnamed = contradictions(page.signals, page.start_s, page.rate_hz)
    because |= _lose(page, CONTRADICTING, {name: WHOLE for name in contradicting})
    because |= _lose(page, DIFFERING, {name: WHOLE for name in differing(page.signals, page.start_s, page.rate_hz)})
    return because, misnamed


def lose_misread(page: Followed, probabilities: Mapping[str, float], most: float) -> dict[str, str]:
    """Lose the leads that are more likely than `most` to be misread, by `probabilities` {name: 0..1}; as the first that `lose` returns."""
    likely = (name for name, probability in probabilities.items() if probability > most)
    return _lose(page, MISREAD, dict.fromkeys(likely, WHOLE))


def lose_pieces(page: Followed, clock: PageClock | None) -> dict[str, str]:
    """Lose pieces of leads that are none of theirs, of those that were not lost as a whole since they were put on the `clock`; as the first that `lose` returns."""
    left = {name for name, signal in page.signals.items() if np.isfinite(signal).any()}
    moving = {} if clock is None else lone_movement(clock.of(left), page.rate_hz)
    return _lose(page, MOVES_ALONE, moving) | _lose(page, SCRAPS, scraps(page.signals, page.rate_hz))


def _lose(page: Followed, rule: str, lost: Lost) -> dict[str, str]:
    because = {}
    for name, stretches in lost.items():
        signal = page.signals[name]
        shown = np.isfinite(signal).any()
        for samples in [stretches] if isinstance(stretches, np.ndarray) else stretches:
            signal[samples] = np.nan
        if shown and not np.isfinite(signal).any():
            because[name] = rule
    return because
