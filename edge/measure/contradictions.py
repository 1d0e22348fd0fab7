"""Where a verdict and what was measured cannot both be true."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

REPOLARISATION = ("st_elevation", "st_depression", "pathological_q", "inverted_t")
"""Findings by which an infarction shows."""

HIDING = ("wide_qrs", "left_bundle_branch", "right_bundle_branch")
"""Findings that hide these."""


@dataclass(frozen=True)
class Contradiction:
    """A rule: with this `verdict`, one of the findings `any_of` that is present, or `none_of` all assessed and not present. `reason` is the
    sentence for people."""

    verdict: str
    reason: str
    any_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()

    def holds(self, verdict: str, states: Mapping[str, str]) -> bool:
        """Whether it does, of a verdict and the {code: state} of the findings that are present or were not assessed."""
        if verdict != self.verdict:
            return False
        if self.any_of:
            return any(states.get(code) == "present" for code in self.any_of)
        return not any(code in states for code in self.none_of)


CONTRADICTIONS = (
    Contradiction(
        "infarction",
        "An infarction without ST elevation or depression, pathological Q or T inversion in neighbouring leads.",
        none_of=REPOLARISATION + HIDING,
    ),
    Contradiction(
        "normal",
        "Normal, but the rhythm is irregular and no P waves are seen.",
        any_of=("irregular_without_p",),
    ),
    Contradiction("normal", "Normal, but the rate is above 100 per minute.", any_of=("tachycardia",)),
    Contradiction(
        "normal",
        "Normal, but the QRS complexes are wide and have the pattern of a bundle branch block.",
        any_of=("left_bundle_branch", "right_bundle_branch"),
    ),
    Contradiction("normal", "Normal, but pacing spikes are seen.", any_of=("paced_rhythm",)),
    Contradiction("normal", "Normal, but ST is raised in neighbouring leads.", any_of=("st_elevation",)),
    Contradiction("normal", "Normal, but there is a pause of more than 3 s.", any_of=("pause",)),
)
"""Rules that hold on less than 2 % of the report pages with an even hash whose verdict is right. Left out, with normal: QRS of 120 ms or more and
premature wide beats (each 2 of 69 pages)."""


def contradictions(verdict: str, statements: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The reasons why a verdict and the `statements` of JSON cannot both be true; none where nothing speaks against it."""
    states = {each["code"]: each["state"] for each in statements}
    return tuple(rule.reason for rule in CONTRADICTIONS if rule.holds(verdict, states))
