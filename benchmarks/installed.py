"""python -m benchmarks installed: what an installed device takes on disk, by distribution, and how much of it reading a page uses.

A fresh environment of this Python gets ecg-edge as a device does. A page and a photograph are then read there with signals, measurements
and overlay, and the files of modules and shared libraries that the process holds are counted: the rest was not needed for it. They are
read once more with the tests of NumPy and SciPy removed, as `install/raspberry-pi` removes them.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from . import environment, jobs

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ("tests/data/normal.jpg", "docs/pictures/photograph.jpg")
USE = """
import json, re, sys
from ecg_edge.commands.cli import main
status = main(["classify", *sys.argv[2:], "--overlay", sys.argv[1], "--signals", sys.argv[1], "--csv"])
held = {module.__file__ for module in list(sys.modules.values()) if getattr(module, "__file__", None)}
held |= set(re.findall(r"/\\S+\\.so\\S*", open("/proc/self/maps").read()))
print(json.dumps(sorted(held)))
sys.exit(status)
"""
LIST = """
import json
from importlib import metadata
found = {}
for each in metadata.distributions():
    found[each.name] = [str(file.locate()) for file in each.files or () if file.locate().is_file()]
print(json.dumps(found))
"""


def measure(extras, folder):
    """{distribution: {"bytes", "used", "tests", "bytecode"}} of an environment made in `folder`, largest first."""
    python = folder / "env" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "env"], check=True)
    source = f"{ROOT}[{','.join(extras)}]" if extras else str(ROOT)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--python", python]
    subprocess.run([*pip, "install", source], check=True)
    pictures = [str(ROOT / picture) for picture in PICTURES]
    used = {str(Path(file).resolve()) for file in _told(python, USE, folder / "out", *pictures)}
    listed = _told(python, LIST)
    found = {}
    for name, files in listed.items():
        sizes = {Path(file).resolve(): Path(file).stat().st_size for file in files}
        found[name] = {
            "bytes": sum(sizes.values()),
            "used": sum(size for file, size in sizes.items() if _source_of(file) in used),
            "tests": sum(size for file, size in sizes.items() if {"tests", "test"} & set(file.parts)),
            "bytecode": sum(size for file, size in sizes.items() if file.suffix == ".pyc"),
        }
    # Without the tests of its packages it must read the same pages still: what can be removed is tried, not guessed.
    for name in ("numpy", "scipy"):
        for tests in list((folder / "env" / "lib").glob(f"python*/site-packages/{name}/**/tests")):
            shutil.rmtree(tests, ignore_errors=True)
    _told(python, USE, folder / "out", *pictures)
    return dict(sorted(found.items(), key=lambda item: -item[1]["bytes"]))


def _told(python, program, *arguments):
    """What a program says as JSON on its last line, in the environment and without the variables of this one."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    words = [str(word) for word in (python, "-c", program, *arguments)]
    done = subprocess.run(words, env=clean, cwd=Path(python).parent, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"the installed ecg-edge ended with status {done.returncode}: {done.stderr.strip()[-500:]}")
    return json.loads(done.stdout.splitlines()[-1])


def _source_of(file):
    """The module's source where a file is its bytecode; else the file."""
    if file.suffix != ".pyc":
        return str(file)
    return str(file.parent.parent / f"{file.name.split('.')[0]}.py")


def to_markdown(found):
    """A row for each distribution."""
    lines = [
        "# What is installed",
        "",
        "| distribution | MB | used by reading | its tests | bytecode |",
        "|---|---|---|---|---|",
    ]
    packages = found["distributions"]
    rows = [
        *packages.items(),
        ("all", {key: sum(each[key] for each in packages.values()) for key in next(iter(packages.values()))}),
    ]
    lines += [f"| {name} | " + " | ".join(f"{sizes[key] / 1e6:.1f}" for key in sizes) + " |" for name, sizes in rows]
    return "\n".join(lines) + "\n"


def add_options(command):
    """The options of `python -m benchmarks installed`."""
    command.add_argument("--extras", nargs="*", default=[], help="extras that are installed too, such as device")
    command.add_argument("--out", type=Path, default=Path("benchmarks/results"))


def run(options):
    """`python -m benchmarks installed`."""
    with tempfile.TemporaryDirectory() as folder:
        found = {
            "environment": environment.record(),
            "extras": options.extras,
            "distributions": measure(options.extras, Path(folder)),
        }
    print(jobs.keep(options.out, "installed", found, to_markdown(found)))
