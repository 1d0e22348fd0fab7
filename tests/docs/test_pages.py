"""The pages of docs/: every link leads somewhere, every reason has a remedy, every command is run."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from ecg_edge.errors import FAILURES, Reason
from ecg_edge.result import Doubt

from .pages import PAGES, ROOT, anchors_of, commands_of, links_of, text_of

TROUBLESHOOTING = text_of("docs/troubleshooting.md")
SERVED = re.compile(r"^\S*ecg-edge serve\b")
"""Run by tests/docs/test_readme.py and tests/edge/web."""
INSTALLS = re.compile(r"^(make run|\S*pip install '\.\[serve\]'|ecg-edge models( page)?)$")
"""Run by the gate, and by tests/edge/commands."""


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_links_lead_somewhere(page):
    """To files of the repository, and headings of theirs."""
    for target, anchor in links_of(page):
        at = (page.parent / target).resolve() if target else page
        assert at.exists(), target
        assert not anchor or at.suffix != ".md" or anchor in anchors_of(at), f"{target}#{anchor}"


def test_every_page_is_on_the_site_and_in_two_clicks():
    """In the navigation, and linked from the first page or from a page that it links to."""
    nav = set(re.findall(r": (\S+\.md)$", text_of("mkdocs.yml"), re.M))
    pages = {str(page.relative_to(ROOT / "docs")) for page in PAGES if page.is_relative_to(ROOT / "docs")}
    assert pages <= nav
    known, home = {"index.md"}, ROOT / "docs"
    for _ in range(2):
        for page in list(known):
            for target, _anchor in links_of(home / page):
                at = (home / page).parent.joinpath(target).resolve()
                if target.endswith(".md") and at.is_relative_to(home):
                    known.add(str(at.relative_to(home)))
    assert pages <= known


@pytest.mark.parametrize("reason", Reason, ids=[reason.value for reason in Reason])
def test_every_reason_has_cause_and_remedy(reason):
    """Under a heading of its own, with the sentence that people see."""
    section = TROUBLESHOOTING.split(f"### `{reason.value}`\n")[1].split("\n##")[0]
    assert f"> {reason.sentence}\n" in section
    assert "- **Cause.** " in section and "- **Remedy.** " in section
    opened = TROUBLESHOOTING.index("## No page was found")
    assert (TROUBLESHOOTING.index(f"### `{reason.value}`") < opened) == (reason in FAILURES)


def test_no_reason_and_no_doubt_is_made_up_or_missing():
    """Headings are reasons, and the table of doubts holds all of them."""
    assert set(re.findall(r"^### `(\w+)`$", TROUBLESHOOTING, re.M)) == {reason.value for reason in Reason}
    table = TROUBLESHOOTING.split("## There is a verdict, and a doubt")[1].split("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.M)) == set(Doubt.__args__)


def test_the_glossary_is_in_order():
    """Each word once, in the order of the alphabet."""
    words = re.findall(r"^\| \*?([^|*]+?)\*? \| ", text_of("docs/glossary.md"), re.M)[1:]
    assert words == sorted(set(words), key=str.lower)


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_what_make_is_asked_for_is_a_target(page):
    """In code and shell blocks of every page."""
    targets = set(text_of("Makefile").split(".PHONY: ")[1].splitlines()[0].split())
    asked = re.findall(r"(?:^|`)make ([a-z][\w-]*)", page.read_text(encoding="utf-8"), re.M)
    assert set(asked) <= targets


def test_every_target_is_in_contributing():
    """By its name."""
    text = text_of("CONTRIBUTING.md")
    for target in text_of("Makefile").split(".PHONY: ")[1].splitlines()[0].split():
        assert f"`make {target}`" in text, target


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with what the pages' commands name."""
    folder = tmp_path_factory.mktemp("clone")
    shutil.copytree(ROOT / "docs" / "pictures", folder / "docs" / "pictures")
    (folder / "scans").mkdir()
    for name in ("page.jpg", "my-page.jpg", "scans/one.jpg"):
        shutil.copy(ROOT / "tests" / "data" / "normal.jpg", folder / name)
    return folder


COMMANDS = {
    command.replace(".venv/bin/", "")
    for page in ("docs/start.md", "docs/photograph.md", "docs/command-line.md", "docs/models.md")
    for command in commands_of(page)
    if not SERVED.match(command) and not INSTALLS.match(command)
}


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_commands_run(command, folder):
    """On pages that are there, with status 0, and what they write is there."""
    words = command.split()
    assert words[0] == "ecg-edge"
    path = os.pathsep.join([str(ROOT), *sys.path])
    line = [sys.executable, "-m", "ecg_edge", *words[1:]]
    done = subprocess.run(line, cwd=folder, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout, done.stderr
    for option in ("--overlay", "--signals", "--steps", "--out"):
        if option in words:
            assert any((folder / words[words.index(option) + 1]).iterdir())


def test_every_command_of_the_command_line_is_listed():
    """docs/command-line.md has a row for each."""
    from ecg_edge.commands.cli import build_parser

    listed = set(re.findall(r"^\| `ecg-edge ([\w-]+)", text_of("docs/command-line.md"), re.M))
    assert listed == set(build_parser()._subparsers._group_actions[0].choices)
