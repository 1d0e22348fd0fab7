"""Who trains and who tests: splits as files under version control, lists of SHA-256."""

import csv
from dataclasses import dataclass
from pathlib import Path

from ecg_edge.layout import CLASSES, REPORT

from .dataset import is_scored

FOLDER = Path(__file__).parent / "lists"
FOLDS = 5
INNER_SHARE = 0.15
SEED = 2024
PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class PaperRow:
    """One published file under the paper's protocol."""

    name: str
    sha256: str
    label: str
    part: str


@dataclass(frozen=True)
class FoldRow:
    """One distinct page under `distinct`: tested in `fold`; `inner` are the folds whose validation set it is in."""

    sha256: str
    label: str
    layout: str
    group: str
    source: str
    fold: int
    inner: tuple


def make_paper(pages):
    """`paper`: every published file by itself, 70 / 15 / 15 by file, stratified by class, copies and all."""
    from sklearn.model_selection import train_test_split

    files = sorted((name, page.sha256, page.label) for page in pages for name in page.names)
    labels = [label for *_, label in files]
    train, rest = train_test_split(files, test_size=0.3, random_state=SEED, stratify=labels)
    validation, test = train_test_split(rest, test_size=0.5, random_state=SEED, stratify=[r[2] for r in rest])
    parts = {row: part for part, rows in zip(PARTS, (train, validation, test), strict=True) for row in rows}
    return [PaperRow(*row, parts[row]) for row in files]


def make_distinct(pages):
    """`distinct`: five folds of whole groups, stratified by class and layout; in each fold's training pages
    a fixed inner validation set of `INNER_SHARE`, of whole groups as well."""
    from sklearn.model_selection import StratifiedGroupKFold

    pages = sorted(pages, key=lambda page: page.sha256)
    strata = [f"{page.label} {page.layout} {page.extra}" for page in pages]
    groups = [page.group for page in pages]
    outer = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=SEED)
    fold_of, inner_of = {}, {page.sha256: [] for page in pages}
    for fold, (train, test) in enumerate(outer.split(pages, strata, groups)):
        fold_of.update((pages[i].sha256, fold) for i in test)
        inner = StratifiedGroupKFold(round(1 / INNER_SHARE), shuffle=True, random_state=SEED + fold)
        _, chosen = next(inner.split(train, [strata[i] for i in train], [groups[i] for i in train]))
        for i in chosen:
            inner_of[pages[train[i]].sha256].append(fold)
    return [
        FoldRow(
            page.sha256,
            page.label,
            page.layout,
            page.group,
            "extra_pages" if page.extra else "pages",
            fold_of[page.sha256],
            tuple(inner_of[page.sha256]),
        )
        for page in pages
    ]


def find_leaks(rows):
    """What stands on both sides of a line that `distinct` draws: a sentence for each, none where nothing leaks.

    Looked for are a SHA-256 or a group that is tested in more than one fold, and one that is in the inner validation set
    of a fold and in what that fold trains on.
    """
    found = []
    for what in ("sha256", "group"):
        folds = {}
        for row in rows:
            folds.setdefault(getattr(row, what), set()).add(row.fold)
        found += [
            f"{what} {name} is in folds {', '.join(map(str, sorted(its)))}"
            for name, its in sorted(folds.items())
            if len(its) > 1
        ]
        for fold in range(FOLDS):
            others = [row for row in rows if row.fold != fold]
            inner = {getattr(row, what) for row in others if fold in row.inner}
            both = inner & {getattr(row, what) for row in others if fold not in row.inner}
            found += [f"{what} {name} is in training and in validation of fold {fold}" for name in sorted(both)]
    return found + [
        f"sha256 {row.sha256} is tested and validated in fold {row.fold}" for row in rows if row.fold in row.inner
    ]


def write_paper(rows, path=FOLDER / "paper.csv"):
    """Write the split as CSV: name, sha256, class, part."""
    _write(path, ("name", "sha256", "class", "part"), [(r.name, r.sha256, r.label, r.part) for r in rows])


def write_distinct(rows, path=FOLDER / "distinct.csv"):
    """Write the folds as CSV: sha256, class, layout, group, source, fold, inner (folds after spaces)."""
    _write(
        path,
        ("sha256", "class", "layout", "group", "source", "fold", "inner"),
        [(r.sha256, r.label, r.layout, r.group, r.source, r.fold, " ".join(map(str, r.inner))) for r in rows],
    )


def read_paper(path=FOLDER / "paper.csv"):
    """The `PaperRow`s of the saved split."""
    return [PaperRow(r["name"], r["sha256"], r["class"], r["part"]) for r in _read(path)]


def read_distinct(path=FOLDER / "distinct.csv"):
    """The `FoldRow`s of the saved folds."""
    return [
        FoldRow(
            r["sha256"],
            r["class"],
            r["layout"],
            r["group"],
            r["source"],
            int(r["fold"]),
            tuple(int(f) for f in r["inner"].split()),
        )
        for r in _read(path)
    ]


def scored_rows() -> list[FoldRow]:
    """The rows of the fold file whose labels count."""
    return [row for row in read_distinct() if is_scored(row.sha256)]


def parts_of(split, fold=None):
    """{part: [(sha256, class index), ...]} of `paper`, of one `fold` of `distinct`, or of `all`.

    `train`, `validation` and `test` of a fold are pages of version 2; `extra` are the 3x4+1 pages that version 2 leaves out and
    that are tested in this fold. With `all`, every distinct page of version 2 trains but those whose label is contradicted, and
    `extra` are all those pages.
    """
    if split == "paper":
        rows = read_paper()
        return {part: [(r.sha256, CLASSES.index(r.label)) for r in rows if r.part == part] for part in PARTS}
    if split != "all" and (split != "distinct" or fold not in range(FOLDS)):
        raise ValueError(f"a split is 'paper', 'all', or 'distinct' with a fold of 0 to {FOLDS - 1}")
    parts = {part: [] for part in (*PARTS, "extra")}
    for row in read_distinct():
        if row.source == "extra_pages":
            if (split == "all" or row.fold == fold) and row.layout == REPORT.name:
                parts["extra"].append((row.sha256, CLASSES.index(row.label)))
        elif split == "all":
            if is_scored(row.sha256):
                parts["train"].append((row.sha256, CLASSES.index(row.label)))
        else:
            part = "test" if row.fold == fold else "validation" if fold in row.inner else "train"
            parts[part].append((row.sha256, CLASSES.index(row.label)))
    return parts


def _write(path, header, rows):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _read(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))
