"""Splits: who may train and who tests."""

from collections import Counter
from dataclasses import replace

import pytest

from train import dataset, splits


def test_paper_split_has_every_published_file_once():
    """928 files, 70 / 15 / 15, with the class counts of the publication."""
    rows = splits.read_paper()
    assert len(rows) == len({row.name for row in rows}) == 928
    assert Counter(row.part for row in rows) == {"train": 649, "validation": 139, "test": 140}
    assert Counter(row.label for row in rows) == {"normal": 284, "abnormal": 233, "infarction": 239, "history": 172}


def test_paper_split_is_stratified():
    """Each class has 70 % of its files in training, within one file."""
    rows = splits.read_paper()
    for label, count in Counter(row.label for row in rows).items():
        trained = sum(row.label == label and row.part == "train" for row in rows)
        assert abs(trained - 0.7 * count) <= 1


def test_paper_split_leaks_copies():
    """It is the paper's own protocol: most test files have a copy in training, and that is why nothing is claimed on it."""
    rows = splits.read_paper()
    trained = {row.sha256 for row in rows if row.part == "train"}
    tested = [row for row in rows if row.part == "test"]
    assert sum(row.sha256 in trained for row in tested) / len(tested) > 0.5


def test_no_page_and_no_group_is_in_two_folds():
    """Pages of one SHA-256 or one printed identity are tested in one fold alone."""
    rows = splits.read_distinct()
    assert len(rows) == len({row.sha256 for row in rows}) == 900
    folds = {}
    for row in rows:
        folds.setdefault(row.group, set()).add(row.fold)
    assert all(len(found) == 1 for found in folds.values())
    assert {row.fold for row in rows} == set(range(splits.FOLDS))


def test_nothing_leaks_through_the_saved_folds():
    """No SHA-256 and no group is tested in two folds, or validates what it trains."""
    assert splits.find_leaks(splits.read_distinct()) == []


def test_one_more_copy_of_a_test_page_in_training_is_found():
    """A page of fold 0 that slips into the pages of fold 1 is trained on by the model that it tests: it is named."""
    rows = splits.read_distinct()
    page = next(row for row in rows if row.fold == 0)
    assert splits.find_leaks([*rows, replace(page, fold=1, inner=())]) == [
        f"sha256 {page.sha256} is in folds 0, 1",
        *_split_inside_training(page, "sha256"),
        f"group {page.group} is in folds 0, 1",
        *_split_inside_training(page, "group"),
    ]


def _split_inside_training(page, what):
    """The sentences on a copy without inner folds of a page that validates in `page.inner`."""
    name = getattr(page, what)
    return [f"{what} {name} is in training and in validation of fold {fold}" for fold in page.inner if fold > 1]


def test_a_page_of_the_same_group_in_another_fold_is_found():
    """Other bytes under one printed identity count as well: one patient may be on both."""
    rows = splits.read_distinct()
    page = next(row for row in rows if row.fold == 2 and not row.inner)
    assert splits.find_leaks([*rows, replace(page, sha256="f" * 64, fold=3)]) == [
        f"group {page.group} is in folds 2, 3"
    ]


def test_a_copy_across_the_inner_line_is_found():
    """A page of the inner validation set that is trained on as well would choose the epoch by what it has seen."""
    rows = splits.read_distinct()
    page = next(row for row in rows if row.fold == 4 and row.inner == (1,))
    found = splits.find_leaks([*rows, replace(page, inner=())])
    assert found == [
        f"sha256 {page.sha256} is in training and in validation of fold 1",
        f"group {page.group} is in training and in validation of fold 1",
    ]
    assert splits.find_leaks([*rows, replace(page, inner=(1, 4))]) == [
        f"sha256 {page.sha256} is tested and validated in fold 4"
    ]


@pytest.mark.parametrize("fold", range(splits.FOLDS))
def test_parts_of_a_fold_share_no_page_and_no_group(fold):
    """Training, inner validation and test pages of a fold have neither page nor group in common."""
    rows = {row.sha256: row for row in splits.read_distinct()}
    parts = splits.parts_of("distinct", fold)
    extra = parts.pop("extra")
    assert sum(map(len, parts.values())) == 491
    seen = {rows[digest].group for part in ("train", "validation") for digest, _ in parts[part]}
    assert extra and not seen & {rows[digest].group for digest, _ in extra}
    groups = [{rows[digest].group for digest, _ in part} for part in parts.values()]
    for i, some in enumerate(groups):
        for other in groups[i + 1 :]:
            assert not some & other
    for part in parts.values():
        assert {label for _, label in part} == {0, 1, 2, 3}


@pytest.mark.parametrize("fold", range(splits.FOLDS))
def test_inner_split_takes_about_15_percent(fold):
    """The inner validation set is 15 % of the pages that are not tested, within two points."""
    parts = splits.parts_of("distinct", fold)
    inner = len(parts["validation"])
    assert inner / (inner + len(parts["train"])) == pytest.approx(splits.INNER_SHARE, abs=0.02)


def test_unknown_splits_are_refused():
    """A split is `paper`, or `distinct` with a fold."""
    for split, fold in (("random", None), ("distinct", None), ("distinct", 5)):
        with pytest.raises(ValueError, match="a split is 'paper', 'all', or 'distinct' with a fold of 0 to 4"):
            splits.parts_of(split, fold)


def test_shipped_models_train_on_every_distinct_page_but_the_contradicted_one():
    """`all` trains on 490 of the 491 pages and watches none."""
    parts = splits.parts_of("all")
    assert len(parts["train"]) == len({digest for digest, _ in parts["train"]}) == 490
    assert not parts["validation"] and not parts["test"] and len(parts["extra"]) == 225


def test_saved_splits_are_those_that_the_data_give(data_pages):
    """`python -m train split` writes the same lists again."""
    if len(data_pages) < 900:
        return
    assert splits.make_paper([page for page in data_pages if not page.extra]) == splits.read_paper()


def test_pages_of_the_splits_are_those_of_the_data(data_pages):
    """Every page at hand has the class in the fold file that the data give it."""
    known = {row.sha256: row.label for row in splits.read_distinct()}
    assert data_pages and all(known[page.sha256] == page.label for page in data_pages)


def test_the_contradicted_page_is_named():
    """The one page with two labels is in the folds, and named as not to be scored."""
    digests = {row.sha256[:16] for row in splits.read_distinct()}
    assert set(dataset.UNSCORED) <= digests
