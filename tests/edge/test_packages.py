"""The packages of `edge/`: who may import whom, and what each module owes its reader."""

import ast
import configparser
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EDGE = ROOT / "edge"
MODULES = sorted(EDGE.rglob("*.py"))
LEVELS = (
    {"__init__", "compiled", "errors", "formats", "layout"},
    {"files", "words"},
    {"signals"},
    {"result", "image"},
    {"arrangement", "measure", "preprocessing", "simulator", "system"},
    {"trace"},
    {"classifier", "page"},
    {"stages"},
    {"reader"},
    {"output"},
    {"store"},
    {"device"},
    {"archive", "diagnostics"},
    {"web"},
    {"commands"},
    {"__main__"},
)
"""The packages and the modules beside them, from the bottom: each imports of lower levels alone."""
LEVEL = {name: number for number, names in enumerate(LEVELS) for name in names}
MOST_AT_THE_TOP = 10
MOST_LINES = 400
LIGHT = {"numpy", "scipy", "PIL"}
DEVICE = {
    "device.pi_camera": {"picamera2"},
    "diagnostics.machine_checks": {"picamera2"},
    "store.forwarding": {"paho"},
    "device.indicator": {"gpiozero"},
    "device.settings": {"tomli"},
    "signals": {"pandas"},
    "files.pdf_pages": {"pypdfium2"},
    "files.heif_pages": {"pillow_heif"},
    "files.dicom_pages": {"pydicom"},
    "files.dicom_recordings": {"pydicom"},
    "formats.dicom_waveform": {"pydicom"},
    "output.pdf": {"reportlab"},
    "archive.sources": {"fsspec"},
    "archive.workers": {"dask", "distributed"},
    "archive.parquet": {"pyarrow"},
}
"""Modules that import what comes with the system, with the extras `device`, `pdf`, `heic`, `dicom`, `report` and `archive`, or with those who ask for it."""
WEB = {"starlette", "uvicorn", "anyio", "jinja2", "prometheus_client"}
"""What comes with the extra `serve`, for the package `web`."""


def name_of(path):
    """A module's dotted name within `edge`: "page.grid", of a package "page", of the whole "__init__"."""
    parts = path.relative_to(EDGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


NAMES = {name_of(path): path for path in MODULES}


def unit_of(name):
    """The package, or the module beside them, that a dotted name belongs to."""
    return name.partition(".")[0]


def top_level(tree):
    """The nodes of a module that run when it is imported: neither those within functions nor what type checkers alone see."""
    waiting = list(tree.body)
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            waiting += ast.iter_child_nodes(node)


def imports_of(path, *, lazy=True):
    """(module, name) of what is imported: of `edge` itself the dotted name with a dot before it; with `lazy` also within functions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    package = path.relative_to(EDGE).parent.parts
    for node in ast.walk(tree) if lazy else top_level(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield from ((node.module, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = [*package[: len(package) - node.level + 1], *(node.module or "").split(".")]
            base = ".".join(filter(None, base))
            for alias in node.names:
                inner = f"{base}.{alias.name}".lstrip(".")
                yield (f".{inner}", None) if inner in NAMES else (f".{base or '__init__'}", alias.name)


def needs_of(name, *, lazy):
    """The modules of `edge` that a module imports."""
    found = {module[1:] for module, _ in imports_of(NAMES[name], lazy=lazy) if module.startswith(".")}
    return {need if need in NAMES else "__init__" for need in found} - {name}


def outside(path, *, lazy=True):
    """The top names of what a module imports from elsewhere, the standard library left out."""
    found = {module.partition(".")[0] for module, _ in imports_of(path, lazy=lazy) if not module.startswith(".")}
    return found - set(sys.stdlib_module_names)


every_module = pytest.mark.parametrize("path", MODULES, ids=name_of)


def test_few_modules_stand_beside_the_packages():
    """The public face and the entry point; all else has a package."""
    assert len([name for name in NAMES if NAMES[name].parent == EDGE]) <= MOST_AT_THE_TOP


def test_every_package_has_a_level():
    """A new one is given its own; one that is gone is struck out."""
    assert set(LEVEL) == {unit_of(name) for name in NAMES}


def test_higher_packages_import_lower_ones():
    """Also within functions and for types; errors at the bottom, the reader above pictures, pages and networks, the command line on top."""
    # `__init__` names what is public, and imports it when it is asked for.
    for name in set(NAMES) - {"__init__"}:
        for need in needs_of(name, lazy=True) - {"__init__"}:
            one, other = unit_of(name), unit_of(need)
            assert one == other or LEVEL[other] < LEVEL[one], f"{name} imports {need}"


def test_nothing_is_imported_in_a_circle():
    """Module by module, at the top level; whoever is left when all leaves are taken stands in a circle."""
    left = {name: needs_of(name, lazy=False) for name in NAMES}
    while leaves := {name for name, needs in left.items() if not needs & set(left) - {name}}:
        left = {name: needs for name, needs in left.items() if name not in leaves}
    assert not left, f"circle among {sorted(left)}"


@every_module
def test_no_package_reaches_into_the_private_names_of_another(path):
    """What begins with an underscore is its module's own, or its package's."""
    own = unit_of(name_of(path))
    modules = {}
    for module, name in imports_of(path):
        if module.startswith(".") and unit_of(module[1:]) != own:
            last = name or module.rpartition(".")[2]
            assert not last.startswith("_") or last in ("__init__", "__version__"), f"{module} {last}"
            modules[last] = module
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            assert not node.attr.startswith("_") or node.attr.startswith("__"), ast.unparse(node)


def test_the_architecture_page_and_its_picture_name_every_package():
    """And every file that they name is there: a newcomer trusts them."""
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    picture = (ROOT / "docs/architecture.svg").read_text(encoding="utf-8")
    for package in {unit_of(name) for name in NAMES if "." in name}:
        assert f">{package}<" in picture, package
    for name in re.findall(r"`((?:[a-z_]+/)?[a-z_.]+\.(?:py|json))`", text):
        assert (EDGE / name).is_file() or (ROOT / name).is_file(), name


def test_the_distribution_lists_every_package():
    """setup.cfg names them one by one, since the folder is called otherwise than the package: one that it forgets would not be installed."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    listed = set(setup["options"]["packages"].split())
    folders = {path.parent.relative_to(EDGE).parts for path in EDGE.rglob("__init__.py")}
    assert listed == {".".join(["ecg_edge", *parts]) for parts in folders} | {"ecg_edge.models"}


def test_the_distribution_takes_every_file_along():
    """What is no module is named under package_data, or it would be missing where the wheel is installed; sources in C are built by setup.py."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    patterns = {
        package: [pattern.strip() for pattern in text.split(",")]
        for package, text in setup["options.package_data"].items()
    }
    files = [
        p for p in EDGE.rglob("*") if p.is_file() and p.suffix not in {".py", ".so"} and "__pycache__" not in p.parts
    ]
    assert files
    built = (ROOT / "setup.py").read_text(encoding="utf-8")
    for path in files:
        if path.suffix in {".c", ".h"}:
            assert f'"edge/{path.relative_to(EDGE)}"' in built, path
            continue
        parts = path.relative_to(EDGE).parts
        package = ".".join(["ecg_edge", *parts[:1]]) if len(parts) > 1 else "ecg_edge"
        inner = Path(*parts[1:]) if len(parts) > 1 else Path(*parts)
        assert any(inner.match(pattern) for pattern in patterns.get(package, ())), path


@every_module
def test_edge_imports_nothing_of_train_convert_or_benchmarks(path):
    """One direction: these import `edge`. Nor does it import itself by its installed name."""
    tops = {module.partition(".")[0] for module, _ in imports_of(path)}
    assert not tops & {"train", "convert", "benchmarks", "tests", "ecg_edge", "edge"}


@every_module
def test_edge_imports_the_standard_library_numpy_scipy_pillow_and_what_devices_need_alone(path):
    """No TensorFlow, OpenCV, scikit-image or matplotlib on the device; runtimes by name, in `classifier.runtime`."""
    name = name_of(path)
    web = WEB if unit_of(name) == "web" else set()
    assert outside(path) - DEVICE.get(name, set()) - web <= LIGHT


@every_module
def test_scipy_pillow_and_what_devices_need_are_imported_when_they_are_needed(path):
    """Within functions: `ecg-edge --help` imports none of them."""
    assert not outside(path, lazy=False) & {"scipy", "PIL", *set().union(*DEVICE.values())}


def test_nothing_else_imports_what_serves_before_it_serves():
    """A device that shows no page needs nothing of the extra `serve`."""
    for name in NAMES:
        assert unit_of(name) == "web" or "web" not in map(unit_of, needs_of(name, lazy=False)), name


def test_a_server_neither_decodes_nor_reads():
    """It is light: pictures are another process's."""
    pytest.importorskip("uvicorn", reason="the extra serve is not installed")
    script = "import sys\nfrom ecg_edge.web import server\nprint({name.split('.')[0] for name in sys.modules} & {'numpy', 'scipy', 'PIL'})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("set()\n", "")


def test_models_hold_data_and_no_code_but_for_finding_them():
    """One module, `__init__.py`, and beside it .tflite and .json."""
    files = [path for path in (ROOT / "models").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert [path.name for path in files if path.suffix == ".py"] == ["__init__.py"]
    assert {path.suffix for path in files} <= {".py", ".tflite", ".json"}


@every_module
def test_every_public_name_of_edge_says_what_it_is(path):
    """Modules, classes, functions and methods that can be reached without an underscore have a docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    waiting = list(tree.body)
    for node in waiting:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{path.stem}.{node.name}"
            waiting += node.body if isinstance(node, ast.ClassDef) else []


@every_module
def test_no_module_is_too_large(path):
    """A hard look above 400 lines."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES
