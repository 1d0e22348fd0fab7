"""What is written of a reading, as files in a folder."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import OutputError


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
        raise OutputError(f"{error.filename or folder}: cannot be written ({error.strerror or error}).") from error
    return path
