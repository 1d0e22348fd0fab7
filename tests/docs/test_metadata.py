"""What the distribution, the citation and the source distribution say of the project."""

import configparser
import re
import subprocess
from pathlib import Path

from ecg_edge import __version__

from .pages import ROOT, text_of


def test_the_citation_is_of_this_version():
    """And of the same licence and authors as the distribution."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    citation = dict(re.findall(r"^([a-z-]+): (.+)$", text_of("CITATION.cff"), re.M))
    assert citation["version"] == __version__
    assert citation["license"] == setup["metadata"]["license"]
    assert f"- name: {setup['metadata']['author']}\n" in text_of("CITATION.cff")


def test_what_the_source_distribution_names_is_there():
    """Every file and folder of MANIFEST.in."""
    for words in map(str.split, text_of("MANIFEST.in").splitlines()):
        if words[:1] in (["include"], ["graft"]):
            assert all((ROOT / name).exists() for name in words[1:]), words


def test_the_constraints_are_installed():
    """Where docs/device.md says."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    ((folder, names),) = setup["options.data_files"].items()
    for path in map(Path, names.split(", ")):
        assert (ROOT / path).exists() and f"/opt/ecg-edge/{folder}/{path.name}" in text_of("docs/device.md")


def test_hooks_run_what_lint_runs():
    """The commands of `make lint`, each in a hook."""
    hooks = text_of(".pre-commit-config.yaml").replace("--force-exclude ", "")
    lint = text_of("Makefile").split("\nlint:")[1].split("\n\n")[0]
    commands = [words.removesuffix(" .") for words in re.findall(r"\$\(DEVELOP\)/bin/(.+)", lint)]
    assert len(commands) == 3
    hooks = hooks.replace(" --force-exclude", "")
    for command in commands:
        program, *arguments = command.split()
        assert re.search(rf"entry: \.venv-dev/bin/{program}( .*)?$", hooks, re.M), command
        assert all(argument in hooks for argument in arguments)


def test_findings_state_version_behaviour_and_output():
    """Each says what it installs, pinned, what it gives, and what was seen; none uses this project, and each is whole by itself."""
    scripts = sorted((ROOT / "findings").iterdir())
    assert scripts and all(script.suffix == ".sh" for script in scripts)
    for script in scripts:
        text = script.read_text(encoding="utf-8")
        about = re.match(r"#!/usr/bin/env bash\n# ([\w.-]+) (\d[\w.]*): ", text)
        comments = text.split("\nset -euo pipefail\n")[0]
        assert about and "\n# Input: " in comments and "\n# Seen: " in comments, script
        installed = re.findall(r"[\w.\[\]-]+==[\w.]+", text)
        assert f"{about[1]}=={about[2]}" in installed and "ecg_edge" not in text
        assert "mktemp -d" in text and "exit 1" in text
        assert subprocess.run(["bash", "-n", script]).returncode == 0
