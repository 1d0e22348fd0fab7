"""Removing a stored page for good, with its picture, at a person's word; what is forwarded and not yet sent is not sent any more."""

from __future__ import annotations

from ..system import durable_files
from .result_store import PICTURES, Store
from .storage_errors import as_store_errors

HEIRS = "SELECT number FROM results WHERE picture_of = ? ORDER BY number LIMIT 1"
"""The next page of a file, with whose result its picture is kept from then on."""


def remove_page(store: Store, number: int) -> bool:
    """Remove the page of that number from a store that is opened to write: whether there was one.

    The picture goes first, then its row: after a crash in between the page is still there, without its picture. The picture of a file with
    several pages stays until the last of them is removed. Where the page came from is remembered, so that a file that still lies in the device's
    folder is not read anew.

    Raises
    ------
    StoreError : the disk cannot be written.
    """
    with store._mutex, as_store_errors(store.folder):
        database = store._database
        row = database.execute(
            "SELECT picture, picture_bytes, origin FROM results WHERE number = ?", (number,)
        ).fetchone()
        if row is None:
            return False
        picture, size, origin = row
        heir = database.execute(HEIRS, (number,)).fetchone()
        if picture and heir is None:
            durable_files.remove(store.path(PICTURES, picture))
            durable_files.sync_folder(store.path(PICTURES))
        database.execute("BEGIN IMMEDIATE")
        try:
            database.execute("DELETE FROM results WHERE number = ?", (number,))
            if origin is not None:
                database.execute("INSERT OR IGNORE INTO removed VALUES (?)", (origin,))
            if heir is not None:
                database.execute("UPDATE results SET picture_of = ? WHERE picture_of = ?", (heir[0], number))
                heir_row = (picture, size, heir[0])
                database.execute(
                    "UPDATE results SET picture = ?, picture_bytes = ?, picture_of = NULL WHERE number = ?", heir_row
                )
            database.execute("COMMIT")
        except BaseException:
            database.execute("ROLLBACK")
            raise
    return True
