"""What `traces.c` is told of a page and of a lead, as it lies in memory."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from .library import address


class _Structure(ctypes.Structure):
    """A structure of numbers and of pointers to arrays, which it keeps."""

    def __init__(self, **values: Any) -> None:
        self.arrays = [value for value in values.values() if isinstance(value, np.ndarray)]
        super().__init__(
            **{name: address(value) if isinstance(value, np.ndarray) else value for name, value in values.items()}
        )

    @property
    def address(self) -> int:
        """Where it begins."""
        return ctypes.addressof(self)


def _fields(sizes: str, pointers: str, *others: tuple[str, type]) -> list[tuple[str, type]]:
    return [
        *((name, ctypes.c_ssize_t) for name in sizes.split()),
        *((name, ctypes.c_void_p) for name in pointers.split()),
        *others,
    ]


class PageInk(_Structure):
    """`struct page`."""

    _fields_ = _fields(
        "width stride every inked noises erased_columns height",
        "columns paper table sums thin gain noise erased_x erased",
        ("share", ctypes.c_float),
        ("least", ctypes.c_float),
    )


class Lead(_Structure):
    """`struct lead`."""

    _fields_ = _fields(
        "left right others ends_anywhere",
        "lows highs name rectangles first last end",
        ("name_cost", ctypes.c_double),
        ("long_px", ctypes.c_double),
        ("away", ctypes.c_float),
        ("taken", ctypes.c_float),
    )
