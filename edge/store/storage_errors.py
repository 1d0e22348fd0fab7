"""What goes wrong when results are stored or read, in words that say what to do."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import StoreError, StoreFullError, UsageError


def nothing_seen(folder: str) -> StoreError:
    """What is raised where a folder that is only read has no database."""
    or_others = ", or, where another user's is meant, use 'sudo'" if os.geteuid() else ""
    return StoreError(
        f"{folder} holds no results that can be seen: nothing was stored there yet. Name the folder of 'ecg-edge watch' with --store{or_others}."
    )


@contextmanager
def as_store_errors(folder: str) -> Iterator[None]:
    """Errors of disk and database within, as a `StoreError` that says what to do."""
    try:
        yield
    except (StoreError, UsageError):
        raise
    except sqlite3.IntegrityError as error:
        raise StoreError(f"{folder}: the page is stored already ({error}).") from error
    except (OSError, sqlite3.Error) as error:
        text = getattr(error, "strerror", None) or str(error)
        if "full" in text or "No space left" in text or "quota exceeded" in text.lower():
            raise StoreFullError(
                f"{folder}: the disk is full; the page was not kept. Free some space, or lower [store] quota_mb."
            ) from error
        if "readonly" in text or "Read-only" in text:
            raise StoreError(
                f"{folder}: the disk is read-only. Check the card ('dmesg'), or mount it for writing."
            ) from error
        raise StoreError(f"{folder}: results cannot be stored or read ({text}).") from error
