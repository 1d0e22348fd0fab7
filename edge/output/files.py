"""What is written of a reading, as files in a folder."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import OutputError


def not_written(folder: str | os.PathLike[str], error: OSError) -> OutputError:
    """What is raised where something cannot be written in a folder."""
    path = error.filename or os.fspath(folder)
    if isinstance(error, (FileExistsError, NotADirectoryError)):
        return OutputError(f"{path}: cannot be written (a file is there, or on the way, where a folder is needed).")
    return OutputError(f"{path}: cannot be written ({error.strerror or error}).")


def write_bytes(folder: str | os.PathLike[str], name: str, data: bytes) -> Path:
    """Write FOLDER/NAME, the folder too where it is missing; the path.

    Raises
    ------
    OutputError : it cannot be written there.
    """
    path = Path(folder) / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise not_written(folder, error) from error
    return path
