"""Results as a Parquet file: the columns of the CSV, typed, and each result's JSON."""

from __future__ import annotations

import json
import os
from itertools import islice
from types import ModuleType

from ..errors import InstallationError, OutputError
from ..output.result_table import COLUMNS, measured_cells, result_cells
from ..words import encodable

ROWS = 1000
"""So many results are in memory at once."""
TEXTS = ("captured_at", "source", "status", "verdict", "reason", "message", "model", "sha256", "doubts", "findings")
"""Columns that hold text; all others hold numbers, but for `FLAGS`."""
FLAGS = ("regular", "p_wave")
RESULT = "result"
"""The column with the whole result as JSON."""


def import_pyarrow() -> ModuleType:
    """The package pyarrow, or an `InstallationError` that says where it comes from."""
    try:
        import pyarrow
    except ImportError as error:
        raise InstallationError(
            f"Parquet needs an extra ({error}): pip install 'ecg-edge[archive]', or --out results.jsonl."
        ) from error
    return pyarrow


def write_parquet(lines: str, out: str) -> None:
    """Write the results in the file `lines`, JSON, as the Parquet file `out`; it is wholly there or as it was before."""
    arrow = import_pyarrow()
    from pyarrow import parquet

    kinds = dict.fromkeys(TEXTS, arrow.string()) | dict.fromkeys(FLAGS, arrow.bool_())
    schema = arrow.schema([(name, kinds.get(name, arrow.float64())) for name in COLUMNS] + [(RESULT, arrow.string())])
    part = f"{out}.part"
    try:
        with open(lines, encoding="utf-8") as file, parquet.ParquetWriter(part, schema, compression="zstd") as writer:
            while batch := list(islice(file, ROWS)):
                writer.write_table(arrow.Table.from_pylist([_row(line) for line in batch], schema))
        os.replace(part, out)
    except OSError as error:
        raise OutputError(f"{out} cannot be written ({error.strerror or error}): check folder and disk.") from error


def _row(line: str) -> dict[str, object]:
    result = json.loads(line)
    # Lines of version 1.0.0 may have a name that is no UTF-8 as it is, which Parquet does not take.
    result["source"] = encodable(result["source"])
    cells = dict(zip(COLUMNS, [*result_cells(result), *measured_cells(result)], strict=True))
    return cells | {RESULT: json.dumps(result)}
