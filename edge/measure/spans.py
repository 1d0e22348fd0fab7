"""From where to where leads are shown, and which are shown together: what is left out need not be looked at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

SLACK = 0.1
"""Leads are shown together whose spans begin and end within so much of the length of the longest of them."""


@dataclass(frozen=True, eq=False)
class Span:
    """Leads, by their numbers, that are known from row `first` to before row `last`, some of them not all the way."""

    leads: npt.NDArray[np.int64]
    first: int
    last: int


def spans_of(known: npt.NDArray[np.bool_], margin: int = 0) -> list[Span]:
    """The `Span`s of leads `known` (k, n), one for those that are shown at about the same time, each with `margin` on either side as far as
    there is one; leads that are nowhere known have none.

    On a page of columns nine tenths of a table of all leads is empty: four spans of three leads and a strip are a third of the work.
    """
    length = known.shape[1]
    shown = np.flatnonzero(known.any(1))
    firsts = known[shown].argmax(1).tolist()
    lasts = (length - known[shown, ::-1].argmax(1)).tolist()
    groups: list[tuple[int, int, list[int]]] = []
    for lead, first, last in sorted(zip(shown.tolist(), firsts, lasts, strict=True), key=lambda each: each[1:]):
        for number, (start, stop, leads) in enumerate(groups):
            if max(abs(first - start), abs(last - stop)) <= SLACK * (stop - start):
                groups[number] = min(first, start), max(last, stop), [*leads, lead]
                break
        else:
            groups.append((first, last, [lead]))
    return [
        Span(np.array(sorted(leads)), max(first - margin, 0), min(last + margin, length))
        for first, last, leads in groups
    ]
