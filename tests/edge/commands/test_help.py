"""Help and version: what they name, and what they import."""

import os
import re
import shlex
import subprocess
import sys

import pytest

from ecg_edge import __version__
from ecg_edge.commands.cli import build_parser, main

from .conftest import command

COMMANDS = (
    "classify", "demo", "models", "bench", "capture", "watch", "serve", "history", "doctor", "install-service", "anonymise",
    "archive",
)  # fmt: skip


def test_the_version_is_printed():
    """As a command."""
    done = command("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"ecg-edge {__version__}\n", "")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_an_example_that_its_parser_takes(capsys, name):
    """Its help ends with one."""
    with pytest.raises(SystemExit) as end:
        main([name, "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert end.value.code == 0
    example = re.search(r"example: ecg-edge (.+)$", text)[1]
    assert shlex.split(example)[0] == name
    assert callable(build_parser().parse_args(shlex.split(example)).run)


def test_the_help_names_every_command():
    """And no other."""
    done = command("--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert tuple(re.findall(r"^    (\w[\w-]*)", done.stdout, re.MULTILINE)) == COMMANDS


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["classify", "--help"], ["classify"]])
def test_help_and_mistakes_import_nothing_heavy(arguments):
    """Neither NumPy nor SciPy nor Pillow nor a runtime."""
    script = (
        "import sys\nfrom ecg_edge.commands.cli import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "print('HEAVY', sorted({name.split('.')[0] for name in sys.modules}"
        " & {'numpy', 'scipy', 'PIL', 'tflite_runtime', 'ai_edge_litert', 'multiprocessing', 'json'}))"
    )
    # Measuring coverage imports some of these.
    clean = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], env=clean, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.splitlines()[-1] == "HEAVY []"


@pytest.mark.parametrize(("given", "taken"), [(None, "1"), ("3", "3")])
def test_numpy_takes_one_thread_unless_it_is_told_otherwise(given, taken, monkeypatch):
    """To share its small products among several costs far more of the processor's time than they do."""
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.setenv(name, "")  # so that it is put back afterwards
        monkeypatch.delenv(name)
    if given:
        monkeypatch.setenv("OMP_NUM_THREADS", given)
    with pytest.raises(SystemExit):
        main(["--version"])
    assert os.environ["OPENBLAS_NUM_THREADS"] == taken
