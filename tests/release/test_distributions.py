"""Source distribution and wheels: built as a maintainer builds them, installed where nothing else is, and used there."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from ecg_edge import __version__

from ..docs.pages import ROOT, text_of

OTHER = "3.13"
"""A Python beside the running one that is installed in as well where there is an interpreter of it; it takes the other runtime."""
WHEEL_BYTES = 1_450_000
"""The wheel at most: 1.43 MB with the model `page` and the pages of the demo; with the paper's models it would be 20."""
PAGE = ROOT / "tests" / "data" / "infarction.jpg"
MADE = (
    ".coverage*",
    "runs",
    "build",
    "dist",
    "site",
    "screens",
    "ecg-edge-demo",
    "__pycache__",
    ".*_cache",
    ".git",
    ".venv*",
    ".hypothesis",
    "*.egg-info",
)


def call(*words, **options):
    """The output of a command that must succeed."""
    done = subprocess.run([*map(str, words)], capture_output=True, text=True, **options)
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def other_interpreter():
    """Python 3.13: on the path, or beside the running one as version managers keep them; None where there is none that runs."""
    beside = sorted(Path(sys.base_prefix).parent.glob(f"{OTHER}*/bin/python{OTHER}"))
    for path in filter(None, [shutil.which(f"python{OTHER}"), *beside]):
        if subprocess.run([path, "-c", "import venv, ensurepip"], capture_output=True).returncode == 0:
            return str(path)
    return None


@pytest.fixture(scope="module")
def distributions(tmp_path_factory):
    """{"sdist": path, "wheel": path, "models": path}: the wheel is built from the source distribution, which is built from a copy."""
    source, out = tmp_path_factory.mktemp("source") / "ecg-edge", tmp_path_factory.mktemp("dist")
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(*MADE), symlinks=True)
    for options in ([source], ["--wheel", source / "install" / "paper-models"]):
        # The wheel of a release fits any machine: nothing in it is compiled.
        call(sys.executable, "-m", "build", "--outdir", out, *options, env=os.environ | {"ECG_EDGE_PURE": "1"})
    return {
        "sdist": out / f"ecg_edge-{__version__}.tar.gz",
        "wheel": out / f"ecg_edge-{__version__}-py3-none-any.whl",
        "models": out / f"ecg_edge_paper_models-{__version__}-py3-none-any.whl",
    }


def test_the_source_distribution_has_what_a_clone_has(distributions):
    """Code, models, tests and docs; nothing that was made."""
    with tarfile.open(distributions["sdist"]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    tracked = call("git", "ls-files", cwd=ROOT).splitlines() if (ROOT / ".git").exists() else []
    folders = ("edge/", "models/", "tests/", "docs/", "train/", "convert/", "findings/", "install/")
    wanted = {name for name in tracked if name.startswith(folders) and not name.endswith("-float16.tflite")}
    assert wanted <= names
    assert {
        "README.md",
        "setup.py",
        "Makefile",
        "LICENSE",
        "CHANGELOG.md",
        "Containerfile",
        ".ci/run",
        "constraints-device.txt",
    } <= names
    assert not [name for name in names if name.endswith((".pyc", "-float16.tflite")) or "/build/" in name]


def test_the_wheel_has_what_a_device_needs(distributions):
    """The package and one model: neither tests, nor training, nor the paper's models, which have a wheel with nothing else."""
    with zipfile.ZipFile(distributions["wheel"]) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name and ".data/" not in name}
        assert any(name.endswith("share/ecg-edge/constraints-device.txt") for name in wheel.namelist())
    assert distributions["wheel"].stat().st_size < WHEEL_BYTES
    assert not [name for name in names if name.endswith((".so", ".pyd"))]
    assert {name.partition("/")[0] for name in names} == {"ecg_edge"} and "ecg_edge/py.typed" in names
    models = {name for name in names if name.startswith("ecg_edge/models/")}
    assert models == {f"ecg_edge/models/{name}" for name in ("__init__.py", "page.json", "page.tflite")}
    with zipfile.ZipFile(distributions["models"]) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert names == {f"ecg_edge/models/{name}" for name in ("cnn.json", "cnn.tflite", "crnn.json", "crnn.tflite")}


def test_the_wheel_holds_the_kinds_of_files_that_are_told(distributions):
    """The table of docs/architecture.md: each kind of file is in the wheel, and takes no more than is said."""
    section = text_of("docs/architecture.md").split("\n## What is in the wheel\n")[1].split("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")][1:]
    limits = {tuple(re.findall(r"`(\.\w+)`", files)): float(most) for files, _, most in rows}
    kind_of = {ending: endings for endings in limits for ending in endings}
    found = Counter()
    with zipfile.ZipFile(distributions["wheel"]) as wheel:
        for file in wheel.infolist():
            inside = file.filename.startswith("ecg_edge/")
            kind = kind_of.get(Path(file.filename).suffix, ()) if inside else ()
            assert kind or not inside or file.filename == "ecg_edge/py.typed", (
                f"{file.filename} is of no kind in the table"
            )
            found[kind] += file.compress_size / 1000
    assert found.keys() == limits.keys()
    assert {kind: size for kind, size in found.items() if size > limits[kind]} == {}


@pytest.mark.parametrize("python", [f"{sys.version_info.major}.{sys.version_info.minor}", OTHER])
def test_the_wheel_reads_a_page_in_a_fresh_environment(python, distributions, tmp_path):
    """Of the running Python and of 3.13, with what it asks for and nothing else; the paper's models can be added and removed."""
    interpreter = sys.executable if sys.version.startswith(f"{python}.") else other_interpreter()
    if interpreter is None:
        pytest.skip(f"no Python {python} with venv")
    call(interpreter, "-m", "venv", "--without-pip", tmp_path / "env")
    inside = tmp_path / "env" / "bin"
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--python", inside / "python"]
    call(*pip, "install", "--no-compile", distributions["wheel"])
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV"))}

    def run(*words):
        return call(inside / words[0], *words[1:], cwd=tmp_path, env=clean)

    assert run("ecg-edge", "--version").split()[-1] == __version__
    assert str(tmp_path) in run("python", "-c", "import ecg_edge; print(ecg_edge.__file__)")
    assert f"{PAGE}: infarction " in run("ecg-edge", "classify", PAGE)
    constraints = tmp_path / "env" / "share" / "ecg-edge" / "constraints-device.txt"
    assert constraints.read_bytes() == (ROOT / "constraints-device.txt").read_bytes()
    assert "Not installed: cnn, crnn." in run("ecg-edge", "models")
    call(*pip, "install", "--no-deps", distributions["models"])
    assert f"{PAGE}: infarction " in run("ecg-edge", "classify", PAGE, "--model", "cnn")
    call(*pip, "uninstall", "--yes", "ecg-edge-paper-models")
    assert f"{PAGE}: infarction " in run("ecg-edge", "classify", PAGE)
