"""Environments for `python -m benchmarks against`: a commit or the working tree, built and installed with the packages of the environment that measures."""

import hashlib
import json
import platform
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

FOLDER = Path("runs/against")
PROJECT = "ecg-edge"
WORKING_TREE = "working tree"
MADE = "installed.json"
LISTING = """
import json
from importlib import metadata
print(json.dumps({held.metadata["Name"].lower(): held.version for held in metadata.distributions()}))
"""


@dataclass(frozen=True)
class Installed:
    """One side: its `name`, the `commit` that it was built of (`git describe` for the working tree), its `python` and the versions of its
    `packages`, without the project's own."""

    name: str
    commit: str
    python: Path
    packages: dict[str, str]


def commit_of(revision: str) -> str:
    """The short name of the commit that a revision stands for.

    Raises
    ------
    RuntimeError : there is no such commit here.
    """
    done = _git("rev-parse", "--verify", "--quiet", "--short=7", f"{revision}^{{commit}}")
    if done.returncode:
        raise RuntimeError(f"no commit {revision} in this repository")
    return done.stdout.decode().strip()


def install_commit(commit: str, folder: Path = FOLDER) -> Installed:
    """A commit's environment, made once."""
    place, pins = _place(commit, folder)
    if not (place / MADE).is_file():
        with tempfile.TemporaryDirectory() as sources:
            archive = _git("archive", "--format=tar", commit).stdout
            subprocess.run(["tar", "-x", "-C", sources], input=archive, check=True)
            _install(place, Path(sources), pins)
    return _installed(commit, commit, place)


def install_working_tree(describe: str, folder: Path = FOLDER) -> Installed:
    """The working tree's environment: files that git knows and new ones that it does not ignore, installed anew each time."""
    place, pins = _place("working-tree", folder)
    with tempfile.TemporaryDirectory() as sources:
        names = _git("ls-files", "-z", "--cached", "--others", "--exclude-standard").stdout.decode().split("\0")
        for path in (Path(name) for name in names if name and Path(name).is_file()):
            (sources / path.parent).mkdir(parents=True, exist_ok=True)
            shutil.copy(path, sources / path)
        _install(place, Path(sources), pins)
    return _installed(WORKING_TREE, describe, place)


def differing_packages(first: Installed, second: Installed) -> list[str]:
    """ "name 1.0 / 2.0" of each package whose version is not the same on both sides; "none" where a side lacks it."""
    names = sorted(first.packages.keys() | second.packages.keys())
    versions = {name: tuple(side.packages.get(name, "none") for side in (first, second)) for name in names}
    return [f"{name} {' / '.join(found)}" for name, found in versions.items() if found[0] != found[1]]


def pinned() -> list[str]:
    """Constraints for pip: every package of this environment as it is, the project itself apart."""
    found = {held.metadata["Name"].lower(): held.version for held in metadata.distributions()}
    return sorted(f"{name}=={version}" for name, version in found.items() if name not in (PROJECT, "pip", "setuptools"))


def _place(name, folder):
    """(folder of an environment, its constraints): another one for other packages, another Python or another place; former ones are removed."""
    pins = pinned()
    said = json.dumps([pins, platform.python_version(), sys.base_prefix, str(Path(folder).resolve())])
    place = Path(folder).resolve() / f"{name}-{hashlib.sha256(said.encode()).hexdigest()[:8]}"
    for former in set(place.parent.glob(f"{name}-*")) - {place}:
        shutil.rmtree(former)
    return place, pins


def _install(place, sources, pins):
    """Make a virtual environment, where there is none, and install what lies in `sources` into it."""
    print(f"installing into {place} ...", file=sys.stderr, flush=True)
    python = place / "bin" / "python"
    if not python.is_file():
        _run([sys.executable, "-m", "venv", str(place)])
    constraints = place / "constraints.txt"
    constraints.write_text("\n".join(pins) + "\n")
    _run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--constraint", str(constraints),
          f"{sources}[litert]"])  # fmt: skip
    listed = _run([str(python), "-I", "-c", LISTING])
    (place / MADE).write_text(listed)


def _installed(name, commit, place):
    packages = {key: version for key, version in json.loads((place / MADE).read_text()).items() if key != PROJECT}
    return Installed(name, commit, place / "bin" / "python", packages)


def _run(command):
    """What a command printed.

    Raises
    ------
    RuntimeError : it failed; the message is its last line.
    """
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or [f"ended with {done.returncode}"]
        raise RuntimeError(f"{' '.join(command[:4])} … failed: {said[-1]}")
    return done.stdout


def _git(*arguments):
    return subprocess.run(["git", *arguments], capture_output=True)
