"""What the tests of the command line share: it is run in this process with the model `tiny`, and as a command where no model is needed."""

import os
import subprocess
import sys

import pytest

from ecg_edge.classifier import card as cards
from ecg_edge.commands.cli import main


@pytest.fixture
def run(monkeypatch, capsys, tiny_folder):
    """`run("classify", …)` is (exit status, standard output, standard error), with `tiny` as the one installed model."""
    monkeypatch.setattr(cards, "models_folder", lambda: tiny_folder)
    monkeypatch.setattr(cards, "DEFAULT_MODEL", "tiny")

    def call(*arguments):
        try:
            status = main([os.fspath(argument) for argument in arguments])
        except SystemExit as end:
            status = end.code
        return status, *capsys.readouterr()

    return call


@pytest.fixture
def archive(tmp_path, few_pages, odd_pages):
    """A directory of pages below each other, a bad one among them."""
    folder = tmp_path / "archive"
    for name, page in zip(("b/2.jpg", "a/10.JPG", "c.jpeg"), few_pages, strict=False):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(page.path.read_bytes())
    (folder / "b" / "1.jpg").write_bytes(b"no picture")
    (folder / "b" / "3.jpg").write_bytes(odd_pages[0].path.read_bytes())
    (folder / "notes.txt").write_text("not a picture's name")
    return folder


def command(*arguments, **options):
    """Run `python -m ecg_edge` in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "ecg_edge", *map(os.fspath, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        **options,
    )
