"""Installing on Raspberry Pi OS and in a container, as far as it can be tried here: apt, systemd and the system's Python have stand-ins."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig

import pytest

from ..docs.pages import ROOT, text_of

SCRIPT = ROOT / "install" / "raspberry-pi"
SCRIPTS = (SCRIPT, ROOT / ".ci" / "run", ROOT / "tests" / "arm64" / "run", *sorted((ROOT / "findings").glob("*.sh")))
STAND_INS = {
    "apt-get": 'echo "apt-get $*" >> "$CALLS"; [ -z "${APT_FAILS:-}" ]',
    "apt-cache": '[ "$2" != "${UNKNOWN:-}" ]',
    "dpkg-query": '[ -n "${HAS_ALL:-}" ] && echo "install ok installed"',
    "systemctl": 'echo "systemctl $*" >> "$CALLS"',
    "getconf": 'echo "${BITS:-64}"',
    "id": 'echo "${WHO:-0}"',
    "python3": f'exec {sys.executable} "$@"',
}
"""Commands of the system, and what is run in their place; all calls that change it are written down."""


@pytest.fixture
def pi(tmp_path):
    """Run the script below a folder: pi(*arguments, VARIABLE="value") gives (status, output, calls)."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, text in STAND_INS.items():
        (tools / name).write_text(f"#!/bin/sh\n{text}\n")
        (tools / name).chmod(0o755)
    calls = tmp_path / "calls"
    # The environment's packages stand for those of the system and of the network.
    standing = {"PATH": f"{tools}:{os.environ['PATH']}", "CALLS": str(calls), "PIP_NO_DEPS": "1"}
    packages = {"PYTHONPATH": sysconfig.get_paths()["purelib"], "PYTHONDONTWRITEBYTECODE": "1"}

    def run(*arguments, **more):
        calls.write_text("")
        words = ["bash", SCRIPT, *arguments, "--root", tmp_path / "root"]
        done = subprocess.run(words, env=os.environ | standing | packages | more, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr, calls.read_text().splitlines()

    run.root = tmp_path / "root"
    return run


@pytest.mark.parametrize("script", SCRIPTS, ids=[script.name for script in SCRIPTS])
def test_scripts_are_clean(script):
    """By shellcheck, where it is installed."""
    if shutil.which("shellcheck") is None:
        pytest.skip("no shellcheck")
    done = subprocess.run(["shellcheck", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_it_installs_updates_and_goes_again(pi):
    """Twice, with settings that were changed between; what belongs to the user stays until it is asked to go."""
    status, said, calls = pi("--serve", "--extras", "pdf", UNKNOWN="python3-picamera2")
    assert status == 0, said
    assert "has no package python3-picamera2" in said
    assert "apt-get install -y -qq --no-install-recommends python3-venv python3-lgpio" in calls
    assert calls[-3:] == [
        "systemctl daemon-reload",
        "systemctl enable ecg-edge-serve",
        "systemctl restart ecg-edge-serve",
    ]
    program = pi.root / "opt" / "ecg-edge" / "bin" / "ecg-edge"
    unit = pi.root / "etc" / "systemd" / "system" / "ecg-edge-serve.service"
    assert f"ExecStart={program} serve --watch" in unit.read_text()
    assert "with the extras device,serve,pdf in" in said
    assert (pi.root / "opt/ecg-edge/share/ecg-edge/raspberry-pi").read_text() == SCRIPT.read_text()
    settings = pi.root / "etc" / "ecg-edge" / "ecg-edge.toml"
    settings.write_text(settings.read_text() + "# mine\n")
    (pi.root / "var" / "lib" / "ecg-edge").mkdir(parents=True)

    status, said, calls = pi("--serve", HAS_ALL="1")
    assert status == 0 and settings.read_text().endswith("# mine\n"), said
    assert calls == ["systemctl daemon-reload", "systemctl enable ecg-edge-serve", "systemctl restart ecg-edge-serve"]

    status, said, calls = pi("--uninstall")
    assert (status, program.exists(), unit.exists()) == (0, False, False), said
    assert calls == ["systemctl disable --now ecg-edge-serve", "systemctl daemon-reload"]
    assert settings.exists() and (pi.root / "var/lib/ecg-edge").exists() and "stay" in said
    status, said, _ = pi("--uninstall", "--purge")
    assert status == 0 and not settings.exists() and not (pi.root / "var/lib/ecg-edge").exists()
    assert (pi.root / "srv" / "ecg-edge").exists(), "pictures are the person's"


@pytest.mark.parametrize(
    "arguments, variables, status, words",
    [
        (["--colour"], {}, 2, "--colour is not known"),
        (["--purge"], {}, 2, "--purge goes with --uninstall"),
        (["--wheel", "none.whl"], {}, 1, "none.whl is not there"),
        ([], {"BITS": "32"}, 1, "install the 64-bit Raspberry Pi OS"),
        ([], {"APT_FAILS": "1"}, 1, "apt-get cannot install python3-venv"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said(pi, arguments, variables, status, words):
    """With a status, a sentence, and nothing installed."""
    got, said, _ = pi(*arguments, **variables)
    assert got == status and words in said
    assert not (pi.root / "opt").exists()


def test_it_asks_for_roots_rights(pi, tmp_path):
    """Where it is to change the system."""
    environment = os.environ | {
        "PATH": f"{tmp_path / 'tools'}:{os.environ['PATH']}",
        "WHO": "1000",
        "CALLS": str(tmp_path / "calls"),
    }
    done = subprocess.run(["bash", SCRIPT], env=environment, capture_output=True, text=True)
    assert done.returncode == 1 and "use 'sudo'" in done.stderr


def test_help_shows_how_it_is_called(pi):
    """Each option that it knows."""
    done = subprocess.run(["bash", SCRIPT, "--help"], capture_output=True, text=True)
    known = set(re.findall(r"^        (--[a-z-]+)\)", SCRIPT.read_text(), re.M))
    assert len(known) == 7 and all(option in done.stdout for option in known)


def test_the_container_gets_what_the_wheel_is_built_from(tmp_path):
    """A wheel is built from the files that the Containerfile copies, and it has everything that a wheel of the clone has."""
    for sources, target in re.findall(r"^COPY (?!--)(.+) /source/(\S*)$", text_of("Containerfile"), re.M):
        for name in sources.split():
            at = tmp_path / target if (ROOT / name).is_dir() else tmp_path / target / os.path.basename(name)
            at.parent.mkdir(parents=True, exist_ok=True)
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, at, ignore=ignored) if (ROOT / name).is_dir() else shutil.copy(ROOT / name, at)
    setup = text_of("setup.cfg")
    for name in re.findall(r"^license_files = (.+)$|^long_description = file: (.+)$", setup, re.M):
        assert (tmp_path / "".join(name)).exists()
    line = [sys.executable, "-m", "build", "--wheel", "--outdir", tmp_path / "out", tmp_path]
    done = subprocess.run([*map(str, line)], capture_output=True, text=True)
    assert done.returncode == 0 and list((tmp_path / "out").glob("ecg_edge-*.whl")), done.stdout + done.stderr
    assert re.search(r"^USER ecg-edge$", text_of("Containerfile"), re.M), "it runs without root's rights"
