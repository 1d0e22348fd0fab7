"""README: short, with pictures, each command run, each figure where its protocol is."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from ..edge.web.test_server import Server
from .pages import ROOT, code_of, commands_of, text_of

README = text_of("README.md")
PROGRAM = ".venv/bin/ecg-edge "
BY_THE_GATE = {"make run"}
"""What `.ci/run` runs in a fresh clone."""
RUN_HERE = {
    f"{PROGRAM}classify docs/pictures/photograph.jpg --overlay seen/": "docs/pictures/photograph.jpg: infarction ",
}
"""Commands, and what their output begins with."""
SERVED = {f"{PROGRAM}serve"}


@pytest.fixture
def clone(tmp_path):
    """A folder with the clone's docs, in place of the clone."""
    shutil.copytree(ROOT / "docs" / "pictures", tmp_path / "docs" / "pictures")
    return tmp_path


def test_it_is_short_and_shows_pictures():
    """900 words, two pictures of at most 150 kB."""
    assert len(README.split()) <= 900
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README)
    assert len(pictures) >= 2
    for picture in pictures:
        assert (ROOT / picture).stat().st_size <= 150_000


def test_every_command_is_run():
    """Here, by the gate, or as a server."""
    assert set(commands_of("README.md")) == BY_THE_GATE | set(RUN_HERE) | SERVED
    made = {word for line in text_of(".ci/run").splitlines() if line.startswith("beside ") for word in line.split()[1:]}
    assert {command.removeprefix("make ") for command in BY_THE_GATE} <= made


def test_figures_of_the_model_are_those_of_its_card():
    """Of the shipped model: accuracy and macro-F1 with their intervals, infarctions found, what is read and how often that is wrong."""
    card = json.loads(text_of("models/page.json"))
    distinct, uncurated, doubt = card["metrics"]["distinct"], card["metrics"]["uncurated"], card["doubt"]["distinct"]
    infarctions = distinct["per_class"]["infarction"]
    for figure in (
        _with_interval(distinct, "accuracy"),
        _with_interval(distinct, "macro_f1"),
        _with_interval(uncurated, "accuracy"),
        f"{round(infarctions['recall'] * infarctions['rows'])} of {infarctions['rows']} infarctions",
        f"{doubt['error']:.3f} of the {doubt['read']:.2f} read",
    ):
        assert figure in README


def _with_interval(metrics, name):
    low, high = metrics["interval"][name]
    return f"{metrics[name]:.3f} ({low:.3f}–{high:.3f})"


@pytest.mark.slow
@pytest.mark.parametrize("command", RUN_HERE)
def test_commands_run(command, clone):
    """Word for word but for the environment's place."""
    line = [sys.executable, "-m", "ecg_edge", *command.removeprefix(PROGRAM).split()]
    path = os.pathsep.join([str(ROOT), *sys.path])
    done = subprocess.run(line, cwd=clone, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True)
    assert (done.returncode, done.stdout[: len(RUN_HERE[command])]) == (0, RUN_HERE[command])
    assert [path.suffix for path in (clone / "seen").iterdir()] == [".jpg"]


def test_the_server_starts(tmp_path):
    """`ecg-edge serve`, at a free port and with a store of its own."""
    pytest.importorskip("starlette")
    server = Server(tmp_path)
    status, body = server.get("/")
    assert server.end() == 143 and status == 200 and b"Not a medical device" in body


def test_the_extra_that_it_installs_is_there():
    """`pip install '.[serve]'` stands in the text."""
    (extra,) = set(re.findall(r"install '\.\[(\w+)\]'", README))
    assert re.search(rf"^{extra} =$", text_of("setup.cfg"), re.M)


@pytest.mark.slow
def test_the_example_runs(clone, monkeypatch, capsys):
    """It prints a verdict, a rate and a signal."""
    (code,) = code_of("README.md", "python")
    monkeypatch.chdir(clone)
    exec(compile(code, "README.md", "exec"), {"__name__": "example"})
    first, *samples = capsys.readouterr().out.splitlines()
    assert first.startswith("read infarction ") and 65 < float(first.split()[2]) < 77 and samples


def rows_of(section):
    """The rows of a section's table."""
    lines = [line for line in README.split(f"\n## {section}\n")[1].split("\n## ")[0].splitlines() if line[:1] == "|"]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


@pytest.mark.parametrize("question, figure, protocol", rows_of("Where it stands"))
def test_figures_are_those_of_their_protocol(question, figure, protocol):
    """Each number stands in the page that it links to: a figure that is measured anew there is renewed here."""
    page = text_of(re.search(r"\(([^)]+)\)", protocol)[1])
    numbers = re.findall(r"\d+(?:\.\d+)?", figure.replace("arm64", "").replace("x86-64", ""))
    missing = [number for number in numbers if not re.search(rf"(?<![\d.]){re.escape(number)}(?![\d]|\.\d)", page)]
    assert missing == [], question


def test_it_says_how_many_reasons_there_are():
    """The word before *reasons* in README."""
    from ecg_edge.errors import Reason

    words = {15: "Fifteen", 16: "Sixteen", 17: "Seventeen", 18: "Eighteen", 19: "Nineteen", 20: "Twenty"}
    assert f"[{words[len(Reason)]} reasons]" in README


def test_pictures_have_a_source():
    """Each picture of docs/pictures is named beside its licence."""
    source = text_of("docs/pictures/README.md")
    assert "CC BY 4.0" in source
    pictures = [path for path in (ROOT / "docs" / "pictures").iterdir() if path.suffix in (".jpg", ".webp", ".png")]
    for picture in pictures:
        assert f"`{picture.stem}`" in source and picture.stat().st_size <= 150_000, picture
