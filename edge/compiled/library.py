"""The loops over pixels and columns that are compiled where there is a compiler when the package is installed: `loops.c`.

Each has its twin in NumPy or Pillow, with the same sums and comparisons of the same floats: both give the same bits. `convolved` alone sums in
another order than NumPy's libraries, which differ among themselves: signals differ by some 0.001 µV.
"""

import ctypes
from collections.abc import Callable
from functools import lru_cache
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any

import numpy as np

LIBRARY = "_loops"

_SIZE, _FLOAT, _DOUBLE, _ARRAY = ctypes.c_ssize_t, ctypes.c_float, ctypes.c_double, ctypes.c_void_p
FUNCTIONS = {
    "cheapest_path": (_FLOAT, [_SIZE] * 4 + [_ARRAY] * 6),
    "least_through": (None, [_SIZE] * 3 + [_ARRAY] * 6),
    "band_costs": (
        None, [_SIZE] * 5 + [_ARRAY] * 2 + [_FLOAT] * 2 + [_ARRAY, _SIZE] + [_ARRAY] * 4 + [_SIZE, _ARRAY, _SIZE, _ARRAY, _ARRAY],
    ),
    "brightest": (None, [_SIZE] + [_ARRAY] * 3),
    "luma": (None, [_SIZE] + [_ARRAY] * 3),
    "resampled": (None, [_SIZE] + [_ARRAY] * 2 + [_SIZE] * 4 + [_ARRAY, _SIZE, _ARRAY]),
    "window_sums": (None, [_SIZE] * 3 + [_ARRAY] * 2),
    "normalised": (None, [_SIZE] * 7 + [_ARRAY, _FLOAT, _ARRAY, _ARRAY]),
    "maximum_near": (None, [_SIZE] * 3 + [_ARRAY] * 3),
    "harmonic_heights": (None, [_SIZE] * 4 + [_DOUBLE] + [_ARRAY] * 5),
    "enlarged": (None, [_SIZE] * 4 + [_ARRAY] * 7),
    "convolved": (None, [_SIZE] * 4 + [_ARRAY] * 4),
    # ink.c
    "brightest_channel": (None, [_SIZE] + [_ARRAY] * 2),
    "block_maxima": (None, [_SIZE] * 2 + [_ARRAY] + [_SIZE] * 3 + [_ARRAY] * 2),
    "block_means": (None, [_SIZE, _ARRAY] + [_SIZE] * 3 + [_ARRAY] * 2),
    "darker_than_paper": (None, [_SIZE] + [_ARRAY] * 2),
    "through_table": (None, [_SIZE, _ARRAY, _SIZE, _ARRAY]),
    "level_counts": (None, [_SIZE] + [_ARRAY] * 2),
    "block_counts": (None, [_SIZE, _ARRAY] + [_SIZE] * 4 + [_ARRAY] * 2),
    "block_levels": (None, [_SIZE, _ARRAY] + [_SIZE] * 5 + [_ARRAY]),
    "mean_of_boxes": (None, [_SIZE] * 4 + [_ARRAY] * 7),
}  # fmt: skip
"""What each returns, and its arguments."""


@lru_cache(maxsize=1)
def compiled() -> dict[str, Callable[..., Any]] | None:
    """The functions of `loops.c` by name; None where it has not been built, or does not load."""
    for suffix in EXTENSION_SUFFIXES:
        file = Path(__file__).with_name(LIBRARY + suffix)
        if file.is_file():
            try:
                library = ctypes.CDLL(str(file))
                found = {name: getattr(library, name) for name in FUNCTIONS}
            except (OSError, AttributeError):
                continue
            for name, (result, arguments) in FUNCTIONS.items():
                found[name].restype, found[name].argtypes = result, arguments
            return found
    return None


def address(array: np.ndarray) -> int:
    """Where an array's memory begins."""
    return int(array.__array_interface__["data"][0])
