"""Whose page it is, as far as limits of findings depend on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..errors import UsageError, check_number

Sex = Literal["male", "female"]
SEXES: tuple[Sex, ...] = ("male", "female")
OLDEST_YEARS = 130


@dataclass(frozen=True)
class Person:
    """Whose page it is: `sex` (of `SEXES`) and `age` in years, as far as known.

    Raises
    ------
    UsageError : there is no such sex, or the age is none.
    """

    sex: Sex | None = None
    age: float | None = None

    def __post_init__(self) -> None:
        if self.sex not in (None, *SEXES):
            raise UsageError(f"sex must be {' or '.join(SEXES)}, not {self.sex!r}")
        if self.age is not None:
            check_number("age", self.age)
        if self.age is not None and not 0 <= self.age <= OLDEST_YEARS:
            raise UsageError(f"age must be from 0 to {OLDEST_YEARS} years, not {self.age}")


UNKNOWN_PERSON = Person()
