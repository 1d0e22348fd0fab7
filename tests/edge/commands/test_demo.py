"""`ecg-edge demo`: a page of each class is read, real or drawn."""

import csv
import json
import re
import sys
import types
from pathlib import Path

import pytest
from PIL import Image

from benchmarks import demo_pages
from ecg_edge.commands import demo
from ecg_edge.layout import CLASSES
from ecg_edge.reader import Reader
from ecg_edge.result import DISCLAIMER
from train.dataset import is_scored

ROOT = Path(__file__).resolve().parents[3]
PAGES = ROOT / "edge/commands/pages"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """(lines, results, folder) of the demo with the shipped model."""
    lines, folder = [], tmp_path_factory.mktemp("demo")
    return lines, demo.read_real(Reader(), folder / "out", lines.append), folder / "out"


def test_each_page_is_shown_with_its_label_verdict_two_measurements_and_overlay(told):
    """As it is, right or wrong, and beside it what a model said that had not seen it."""
    lines, results, folder = told
    assert [line.split()[1] for line in lines if line.startswith("  label")] == list(CLASSES)
    read = [line for line in lines if line.startswith("  read as")]
    for line, result in zip(read, results, strict=True):
        assert re.fullmatch(r"  read as   \w+ \(((over )?\d\d %)(, uncertain: [^)]+)?\); Rate \d+ per minute, [^,]+ \d+ ms, in \d+ ms", line)  # fmt: skip
        assert f" {result.verdict} (" in line
    overlays = [line.split()[1] for line in lines if line.startswith("  overlay")]
    assert overlays == [str(folder / f"{label}.jpg") for label in CLASSES]
    for path in overlays:
        with Image.open(path) as overlay:
            assert overlay.width > 1600
    assert "  unseen    infarction (74 %, uncertain: low confidence)" in lines
    assert "trained on these pages" in lines[-2] and lines[-1] == DISCLAIMER


def test_the_pages_are_small_and_have_their_licence_beside_them():
    """CC BY 4.0 asks for who made them and what was changed; nothing of the originals' metadata is left."""
    for label in CLASSES:
        with Image.open(PAGES / f"{label}.jpg") as picture:
            assert picture.size == (2213, 1572) and not picture.getexif()
        assert (PAGES / f"{label}.jpg").stat().st_size <= demo_pages.MOST_BYTES
    licence = (PAGES / "LICENSE.md").read_text()
    assert "CC BY 4.0" in licence and "Khan" in licence and "10.17632/gwbz3fsgp8" in licence and "Changes" in licence


def test_print_outside_the_leads_is_gone():
    """Header and footer are one colour, but for what JPEG leaves."""
    for label in CLASSES:
        with Image.open(PAGES / f"{label}.jpg") as picture:
            gray = picture.convert("L")
        for box in ((0, 0, 2213, 200), (0, 1500, 2213, 1572)):
            least, most = gray.crop(box).getextrema()
            assert most - least <= 12, (label, box)


def test_the_pages_are_those_of_the_rule():
    """Of each class the first 3x4+1 page of version 2 by SHA-256, whatever was read on it."""
    known = json.loads((PAGES / "pages.json").read_text())
    with open(ROOT / "train/lists/distinct.csv", newline="") as file:
        rows = [row for row in csv.DictReader(file) if (row["source"], row["layout"]) == ("pages", "3x4+1")]
    for label in CLASSES:
        first = min(row["sha256"] for row in rows if row["class"] == label and is_scored(row["sha256"]))
        assert known[label]["sha256_of_original"] == first


def test_drawn_pages_are_read_too(run, few_pages, tmp_path, monkeypatch):
    """On stand-ins for the drawn pages: the lines, the files, the disclaimer."""
    pages = {page.label: Image.open(page.path).convert("RGB") for page in few_pages}
    monkeypatch.setitem(
        sys.modules, "ecg_edge.simulator.heart", types.SimpleNamespace(simulate=lambda kind, seed: kind)
    )
    monkeypatch.setitem(
        sys.modules, "ecg_edge.simulator.report_page", types.SimpleNamespace(draw_report=pages.__getitem__)
    )
    status, out, err = run("demo", "--drawn", "--out", tmp_path / "demo")
    assert (status, err) == (0, "")
    for kind in CLASSES:
        assert re.search(
            rf"^  drawn as  {kind}\n  read as   \w+ \(\d\d %\); in \d+ ms\n  overlay   ", out, re.MULTILINE
        )
        assert (tmp_path / "demo" / f"drawn-{kind}.jpg").is_file()
        assert len(list((tmp_path / "demo" / f"drawn-{kind}-steps").rglob("*.png"))) == 1 + 13 * 4
    assert out.startswith("Model tiny 1: for tests; it has learnt nothing\nRuntime ")
    assert out.endswith(f"{DISCLAIMER}\n")


def test_a_folder_that_cannot_be_written_is_said(run, tmp_path):
    """With what to do, and the status of installations."""
    (tmp_path / "file").write_text("")
    status, _, err = run("demo", "--out", tmp_path / "file")
    assert status == 3 and "file: cannot be written" in err and "--out" in err
