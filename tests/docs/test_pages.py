"""The pages of docs/: every link leads somewhere, every reason has a remedy, every command is run."""

import argparse
import importlib
import re
import shlex
import shutil

import pytest
from PIL import Image

from ecg_edge import Reader
from ecg_edge.commands import cli
from ecg_edge.errors import FAILURES, Reason
from ecg_edge.formats.wfdb_record import write_record
from ecg_edge.layout import LEADS_12
from ecg_edge.result import Doubt
from ecg_edge.simulator.heart import simulate

from .pages import PAGES, ROOT, anchors_of, code_of, commands_of, links_of, text_of

TROUBLESHOOTING = text_of("docs/troubleshooting.md")
SERVED = re.compile(r"^\S*ecg-edge serve\b")
"""Run by tests/docs/test_readme.py and tests/edge/web."""
INSTALLS = re.compile(r"^(make run|\S*pip install ('\.\[serve\]'|\./install/paper-models)|ecg-edge models( page)?)$")
"""Run by the gate, by tests/test_distribution.py and by tests/edge/commands."""


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
def folder(tmp_path_factory, few_pages):
    """A folder with what the pages' commands name, and results that are stored."""
    from ecg_edge.store.result_store import Store

    folder = tmp_path_factory.mktemp("clone")
    shutil.copytree(ROOT / "docs" / "pictures", folder / "docs" / "pictures")
    for name in ("page.jpg", "my-page.jpg", "scans/one.jpg", "pages/one.jpg"):
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / "tests" / "data" / "normal.jpg", folder / name)
    first, *others = (Image.open(page.path) for page in [*few_pages, few_pages[0]])
    first.save(folder / "scan.pdf", save_all=True, append_images=others, resolution=200)
    with Store(folder / "kept" / "ecg-edge") as store:
        result = Reader().read(folder / "page.jpg").to_dict()
        store.add(result | {"verdict": "infarction"})
        store.add(result | {"status": "refused", "verdict": None, "reason": "blurred"})
    mv = simulate("normal", seconds=10.0, rate_hz=500, seed=1).T
    write_record(folder, "record", LEADS_12, mv, 500)
    signals = Reader(signals=True).read(folder / "record.hea").signals
    signals.to_csv(folder, "leads")
    signals.to_dicom(folder, "ecg")
    return folder


def _bare(command):
    """A command as it is in the environment: without its folder, without 'sudo', and without where its output goes."""
    return re.sub(r"^(sudo )?(\S*/bin/(?=ecg-edge|python|pip))?", "", command).partition(" > ")[0]


OF_PAGES = {str(page.relative_to(ROOT)): [_bare(command) for command in commands_of(page)] for page in PAGES}
RUN_HERE = ("docs/start.md", "docs/photograph.md", "docs/command-line.md", "docs/models.md", "docs/files.md", "docs/measurements.md", "docs/python.md")  # fmt: skip
"""Pages whose commands read pages."""
COMMANDS = {
    command
    for page, commands in OF_PAGES.items()
    for command in commands
    if (page in RUN_HERE and not SERVED.match(command) and not INSTALLS.match(command))
    or command.startswith("ecg-edge history")
}
OUTSIDE = re.compile(
    r"apt install [\w -]+|python3 -m venv --system-site-packages /opt/ecg-edge|pip install .+|curl .+|podman (build|run) .+|dask (scheduler|worker .+)|install/raspberry-pi|git pull"
)
"""What belongs to the system or the network. Of pip the extras, and of curl the paths, are looked up."""


@pytest.mark.slow
@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_commands_run(command, folder, monkeypatch, capsys):
    """On pages that are there, with status 0, and what they write is there; README's are run in processes of their own."""
    words = command.split()
    assert words[0] == "ecg-edge"
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_DATA_HOME", str(folder / "kept"))
    status = cli.main(words[1:])
    said = capsys.readouterr()
    assert status == 0 and said.out, said.err
    for option in ("--overlay", "--signals", "--steps", "--report", "--fhir", "--out"):
        if option in words[:-1]:  # `history` prints FHIR
            assert any((folder / words[words.index(option) + 1]).iterdir())


@pytest.mark.parametrize("page", OF_PAGES)
def test_a_page_says_what_the_program_is_called_in_a_clone(page):
    """Before its first command: nothing is installed where a shell finds it."""
    before, *commands = re.split(r"^```sh\n(?:.+\n)*?(?=ecg-edge )", text_of(page), maxsplit=1, flags=re.M)
    assert not commands or "`.venv/bin/ecg-edge`" in before


class _Understood(Exception):
    """A command line was parsed, and nothing of it was run."""


@pytest.mark.parametrize("page", OF_PAGES)
def test_every_command_is_understood(page, monkeypatch):
    """Also those that take hours or a device: programs know the command and its options, make its target, the extras are there."""
    parse = argparse.ArgumentParser.parse_args

    def only_parse(parser, *arguments, **named):
        parse(parser, *arguments, **named)
        raise _Understood

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", only_parse)
    mains = {
        "ecg-edge": "ecg_edge.commands.cli",
        **{f"python -m {name}": f"{name}.__main__" for name in ("train", "convert", "benchmarks")},
    }
    targets = text_of("Makefile").split(".PHONY: ")[1].splitlines()[0].split()
    extras = re.findall(r"^(\w[\w-]*) =$", text_of("setup.cfg").split("[options.extras_require]")[1], re.M)
    for command in OF_PAGES[page]:
        program = next((name for name in mains if command.startswith(f"{name} ")), None)
        if program is not None:
            with pytest.raises(_Understood):
                importlib.import_module(mains[program]).main(shlex.split(command.removeprefix(program)))
        elif command.startswith("make "):
            assert command.split()[1] in targets, command
        else:
            assert OUTSIDE.fullmatch(command), command
            for asked in re.findall(r"\[([\w,-]+)\]", command) if command.startswith("pip") else ():
                assert set(asked.split(",")) <= set(extras), command
            for path in re.findall(r":\d+(/v1/\w+)", command):
                assert path in text_of("edge/web/openapi.json"), command


@pytest.mark.parametrize("block", [block for page in OF_PAGES for block in code_of(page, "toml")])
def test_settings_are_ones_that_can_be_set(block, tmp_path):
    """Sections and keys of the configuration, with values that it takes."""
    from ecg_edge.device.settings import read_settings

    (tmp_path / "ecg-edge.toml").write_text(block)
    assert read_settings(tmp_path / "ecg-edge.toml") != read_settings()


def test_every_command_of_the_command_line_is_listed():
    """docs/command-line.md has a row for each."""
    from ecg_edge.commands.cli import build_parser

    listed = set(re.findall(r"^\| `ecg-edge ([\w-]+)", text_of("docs/command-line.md"), re.M))
    assert listed == set(build_parser()._subparsers._group_actions[0].choices)
