"""The loops over pixels and columns that are compiled where there is a compiler when the package is installed: `loops.c`, of flattening and arrangement
`pages.c`, of the names of leads `names.c`, of a page's ink `ink.c`, of its traces `traces.c` and `centreline.c`.

Each has its twin in NumPy or Pillow, with the same sums and comparisons of the same floats: both give the same bits. The network of
`centreline.c` alone sums in another order than NumPy's libraries, which differ among themselves: signals differ by some 0.001 µV.
"""

import ctypes
from collections.abc import Callable
from functools import lru_cache
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any

import numpy as np

LIBRARY = "_loops"
_from_buffer: Callable[[Any], ctypes.c_char] = ctypes.c_char.from_buffer

_SIZE, _FLOAT, _DOUBLE, _ARRAY = ctypes.c_ssize_t, ctypes.c_float, ctypes.c_double, ctypes.c_void_p
FUNCTIONS = {
    "brightest": (None, [_SIZE] + [_ARRAY] * 3),
    "luma": (None, [_SIZE] + [_ARRAY] * 3),
    "harmonic_heights": (None, [_SIZE] * 4 + [_DOUBLE] + [_ARRAY] * 5),
    "enlarged": (None, [_SIZE] * 4 + [_ARRAY] * 7),
    # pages.c
    "square_means": (None, [_SIZE] * 4 + [_ARRAY] * 2),
    "against_enlarged": (None, [_SIZE] * 3 + [_ARRAY] * 5 + [_SIZE] + [_FLOAT] * 2 + [_ARRAY] * 2),
    "over_surroundings": (None, [_SIZE] * 3 + [_ARRAY] + [_FLOAT] * 3 + [_ARRAY] * 2),
    "heights_at": (None, [_SIZE] + [_ARRAY] * 3 + [_SIZE] + [_ARRAY] * 2),
    "resampled": (None, [_SIZE] + [_ARRAY] * 2 + [_SIZE] * 3 + [_ARRAY, _SIZE, _ARRAY]),
    "upright_runs": (None, [_SIZE] * 2 + [_ARRAY] * 4),
    "best_shifts": (None, [_SIZE] * 5 + [_ARRAY] * 4),
    "stroke_runs": (_SIZE, [_SIZE] * 2 + [_ARRAY] * 4),
    "enclosed": (_SIZE, [_SIZE] * 3 + [_ARRAY, _SIZE] + [_ARRAY] * 2),
    "kept_runs": (None, [_SIZE] * 2 + [_ARRAY] * 3),
    "coverage": (None, [_SIZE] + [_ARRAY] * 2 + [_SIZE] * 2 + [_DOUBLE, _SIZE, _DOUBLE] + [_ARRAY] * 3),
    "side_steps": (
        None, [_SIZE] * 2 + [_ARRAY] * 2 + [_SIZE] + [_ARRAY] * 2 + [_SIZE] * 3 + [_ARRAY, _DOUBLE] + [_ARRAY] * 3,
    ),
    "partners": (None, [_SIZE] * 4 + [_ARRAY] * 4),
    "levels_and_steps": (None, [_SIZE] * 3 + [_ARRAY] * 3),
    # names.c
    "window_sums": (None, [_SIZE] * 4 + [_ARRAY] * 4),
    "name_fits": (None, [_SIZE] * 4 + [_ARRAY] * 6 + [_FLOAT] + [_ARRAY] * 3),
    "name_peaks": (None, [_SIZE] * 4 + [_ARRAY] * 6 + [_FLOAT] + [_ARRAY] * 6),
    "mean_of_maxima": (None, [_SIZE] * 4 + [_ARRAY] * 3),
    # ink.c
    "brightest_channel": (None, [_SIZE] + [_ARRAY] * 2),
    "block_maxima": (None, [_SIZE] * 2 + [_ARRAY] + [_SIZE] * 3 + [_ARRAY] * 2),
    "block_means": (None, [_SIZE, _ARRAY] + [_SIZE] * 3 + [_ARRAY] * 2),
    "darker_than_paper": (None, [_SIZE] + [_ARRAY] * 2),
    "without_grid": (None, [_SIZE, _ARRAY, _SIZE, _ARRAY]),
    "times_gain": (None, [_SIZE] + [_ARRAY] * 2),
    "through_table": (None, [_SIZE, _ARRAY, _SIZE, _ARRAY]),
    "level_counts": (None, [_SIZE] + [_ARRAY] * 2),
    "dark_pixels": (None, [_SIZE] * 3 + [_ARRAY, _SIZE, _ARRAY]),
    "block_counts": (None, [_SIZE, _ARRAY] + [_SIZE] * 4 + [_ARRAY] * 2),
    "block_levels": (None, [_SIZE, _ARRAY] + [_SIZE] * 5 + [_ARRAY]),
    "solid_ink": (_SIZE, [_SIZE] * 4 + [_ARRAY] * 4),
    "periodic": (None, [_SIZE] * 3 + [_ARRAY] * 3),
    "greatest_around": (None, [_SIZE] * 2 + [_ARRAY] * 3),
    "mean_of_boxes": (None, [_SIZE] * 4 + [_ARRAY] * 7),
    # centreline.c
    "centreline": (None, [_SIZE] * 4 + [_ARRAY] + [_SIZE] * 2 + [_ARRAY] * 4),
    # traces.c
    "transposed": (None, [_SIZE] * 3 + [_ARRAY] * 2),
    "long_runs": (_SIZE, [_SIZE, _ARRAY, _SIZE, _DOUBLE] + [_ARRAY] * 2),
    "climb_sums": (None, [_SIZE] * 2 + [_ARRAY, _SIZE, _ARRAY] + [_FLOAT] * 2 + [_ARRAY] * 2),
    "climb_sums_of": (None, [_SIZE, _ARRAY] + [_SIZE] * 3 + [_ARRAY, _SIZE, _ARRAY] + [_FLOAT] * 2 + [_ARRAY]),
    "lead_path": (_FLOAT, [_ARRAY] * 5),
    "coarse_climb": (None, [_SIZE] * 3 + [_ARRAY, _SIZE, _ARRAY] + [_FLOAT] * 2 + [_ARRAY] * 2),
    "gains_of_rows": (None, [_SIZE] + [_ARRAY] * 3 + [_SIZE] * 3 + [_ARRAY] * 2),
    "row_costs": (None, [_ARRAY] * 2 + [_SIZE] + [_ARRAY] * 5 + [_SIZE] * 2 + [_ARRAY] * 2),
    "rows_within": (_FLOAT, [_SIZE] * 3 + [_ARRAY, _FLOAT] + [_ARRAY] * 2),
    "extents": (None, [_SIZE] + [_ARRAY] * 2 + [_SIZE] * 2 + [_ARRAY, _SIZE] + [_ARRAY] * 2),
    "medians": (None, [_SIZE] * 3 + [_ARRAY] * 3),
    "strokes": (None, [_SIZE] + [_ARRAY] * 3 + [_SIZE] * 2 + [_ARRAY, _DOUBLE, _ARRAY]),
}  # fmt: skip
"""What each returns, and its arguments."""


@lru_cache(maxsize=1)
def compiled() -> dict[str, Callable[..., Any]] | None:
    """The functions by name; None where it has not been built, or does not load."""
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
    try:
        # A fifth of the time of asking NumPy, and it is asked a thousand times a page.
        return ctypes.addressof(_from_buffer(array))
    except (TypeError, ValueError):  # it may not be written, has gaps, or is empty
        return int(array.__array_interface__["data"][0])
