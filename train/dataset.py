"""The report pages: from the project's CSV files, or from the folders as Mendeley publishes them."""

import csv
import hashlib
import os
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from ecg_edge.layout import CLASSES

DOI = "10.17632/gwbz3fsgp8"
UNSCORED = {
    "283b52bac093f966": "infarction in version 2 of the data set, history in version 1",
}
"""Pages (start of their SHA-256) whose label the publication itself contradicts."""

_FOLDERS = {
    "Normal": "normal",
    "abnormal heartbeat": "abnormal",
    "Myocardial Infarction": "infarction",
    "History of MI": "history",
}
_NATURAL = re.compile(r"(\d+)")


@dataclass(frozen=True)
class PageFile:
    """One distinct page: its `path`, what is known of it, and the names of all its copies in the publication."""

    path: Path
    sha256: str
    label: str
    layout: str
    group: str
    names: tuple
    extra: bool = False

    @property
    def key(self):
        """A short name of the page: the start of its SHA-256."""
        return self.sha256[:16]


def is_scored(digest: str) -> bool:
    """Whether the label of the page with this SHA-256 counts: the publication does not contradict it."""
    return digest[:16] not in UNSCORED


def data_directory():
    """Where the data lie: $ECG_EDGE_DATA, else ecg-edge/data in the user's cache; None where there is nothing."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = Path(os.environ.get("ECG_EDGE_DATA") or cache / "ecg-edge" / "data")
    return folder if (folder / "pages.csv").is_file() or _published_folders(folder) else None


def read_pages(folder=None, *, extra=False):
    """The distinct pages under `folder`, sorted by SHA-256: `PageFile`s of the CSV files or of Mendeley's folders.

    Parameters
    ----------
    folder : path; `data_directory()` where None
    extra : bool, also those of version 1 that version 2 leaves out (CSV files alone)

    Raises
    ------
    FileNotFoundError : there are no data.
    """
    folder = Path(folder) if folder else data_directory()
    if folder is None:
        raise FileNotFoundError(
            f"no data: set ECG_EDGE_DATA, or download DOI {DOI} (version 2) and give its folder with --data"
        )
    if (folder / "pages.csv").is_file():
        pages = _read_csv(folder, "pages.csv", extra=False)
        if extra and (folder / "extra_pages.csv").is_file():
            pages += _read_csv(folder, "extra_pages.csv", extra=True)
    elif _published_folders(folder):
        pages = _read_published(folder)
    else:
        raise FileNotFoundError(f"{folder} has neither pages.csv nor the folders of DOI {DOI}")
    return sorted(pages, key=lambda page: page.sha256)


def _read_csv(folder, table, extra):
    with open(folder / table, newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        PageFile(
            folder / row["path"],
            row["sha256"],
            row["class"],
            row["layout"],
            row["group"],
            _version_2_names(row["published_as"]),
            extra,
        )
        for row in rows
    ]


def _version_2_names(published_as):
    names = [name.strip() for name in published_as.split(";")]
    return tuple(sorted((name[3:] for name in names if name.startswith("v2:")), key=_natural))


def _natural(name):
    return [int(part) if part.isdigit() else part for part in _NATURAL.split(name)]


def _published_folders(folder):
    """{directory: class} of Mendeley's class folders in `folder`, by what their names hold."""
    if not folder.is_dir():
        return {}
    return {
        path: label
        for path in sorted(folder.iterdir())
        for words, label in _FOLDERS.items()
        if path.is_dir()
        and words.lower() in path.name.lower()
        and (label != "normal" or path.name.startswith("Normal"))
    }


def _read_published(folder):
    """Distinct pages of Mendeley's folders: copies are recognised by their bytes, printed identities are unknown."""
    names: dict[str, list[str]] = {}
    first: dict[str, tuple[Path, str]] = {}
    for directory, label in _published_folders(folder).items():
        for path in sorted(
            (p for p in directory.iterdir() if p.suffix.lower() in (".jpg", ".jpeg")), key=lambda p: _natural(p.name)
        ):
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            names.setdefault(digest, []).append(path.name)
            if first.setdefault(digest, (path, label))[1] != label:
                raise ValueError(f"{path} is a copy of {first[digest][0]}, which has another class")
    return [
        PageFile(path, digest, label, "3x4+1", f"unknown:{digest[:16]}", tuple(names[digest]))
        for digest, (path, label) in first.items()
    ]


def count_classes(pages):
    """{class: pages}, in the order of the classes."""
    counts = Counter(page.label for page in pages)
    return {label: counts[label] for label in CLASSES}
