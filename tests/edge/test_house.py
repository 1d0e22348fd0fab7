"""The rules of the house: who may import whom."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EDGE = sorted((ROOT / "edge").glob("*.py"))
FLOORS = {
    "__init__": 0, "errors": 0, "layout": 0, "path": 0, "pen": 0, "beats": 0,
    "result": 1, "otsu": 1, "image": 1, "leads": 1, "quality": 1, "verdict": 1, "runtime": 1, "card": 1, "simulator": 1,
    "page_input": 1, "scale": 1, "strokes": 1, "signals": 1, "pulses": 1, "rows": 1, "names": 1, "grid": 1, "warp": 1,
    "filters": 2, "crossings": 2, "bands": 2, "ways": 3, "ink": 2, "view": 2, "panel": 2, "sheet": 2,
    "drawing": 3, "trace": 4, "columns": 3, "overlay": 3, "flat": 3,
    "matching": 4, "arrangement": 5, "page": 6, "reader": 7, "steps": 7,
    "timing": 0, "machine": 1, "bench": 8, "disk": 0, "holder": 0, "process": 0, "schema": 0, "journal": 0, "service": 1, "board": 0, "console": 1, "store": 1, "worker": 1, "settings": 1, "outbox": 1, "lamp": 1, "doctor": 2, "fhir": 1, "triggers": 2, "history": 2,
    "plot": 0, "pdf": 0, "advice": 3, "report": 4, "views": 11, "desk": 11, "camera": 8, "mock_picamera2": 0, "aim": 8, "pi_camera": 9, "station": 10, "watch": 9, "watching": 11, "demo": 9,
    "web_problems": 1, "web_access": 2, "web_shelf": 0, "web_metrics": 1, "web_openapi": 1, "web_guard": 2, "web_turns": 12, "web_upload": 2, "web_parts": 13, "web_api": 14, "web_pages": 15,
    "web_app": 16, "serving": 17, "device_commands": 18, "cli": 19, "__main__": 20,
}  # fmt: skip
"""Lower floors know nothing of higher ones; on one floor rooms do not know each other."""
DEVICE = {
    "pi_camera": {"picamera2"},
    "doctor": {"picamera2"},
    "outbox": {"paho"},
    "lamp": {"gpiozero"},
    "settings": {"tomli"},
}
"""Rooms that import what comes with the system or with the extra `device`."""
WEB = {
    name: {"starlette", "uvicorn", "anyio", "jinja2"} for name in FLOORS if name.startswith("web_") or name == "serving"
}
"""Rooms that import what comes with the extra `serve`, and that no other room imports before it serves."""


def imports_of(path, *, lazy=True):
    """The dotted names that a module of `edge` imports, its own package's as ".name"; with `lazy` also within functions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree) if lazy else top_level(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module
        elif isinstance(node, ast.ImportFrom):
            names = [node.module] if node.module else [alias.name for alias in node.names]
            yield from ("." + name.split(".")[0] for name in names)


def top_level(tree):
    """The nodes of a module that run when it is imported: not those within functions."""
    waiting = list(tree.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            waiting += ast.iter_child_nodes(node)


def graph():
    """{module: modules of `edge` that it imports when it is imported}."""
    names = {path.stem for path in EDGE}
    return {
        path.stem: {
            name[1:] if name[1:] in names else "__init__"
            for name in imports_of(path, lazy=False)
            if name.startswith(".")
        }
        for path in EDGE
    }


@pytest.mark.parametrize("path", EDGE, ids=lambda path: path.stem)
def test_edge_imports_nothing_of_train_convert_or_benchmarks(path):
    """One direction: these import `edge`. Nor does it import itself by its installed name."""
    tops = {name.split(".")[0] for name in imports_of(path)}
    assert not tops & {"train", "convert", "benchmarks", "tests", "ecg_edge", "edge"}


@pytest.mark.parametrize("path", EDGE, ids=lambda path: path.stem)
def test_edge_imports_the_standard_library_numpy_scipy_pillow_and_what_devices_need_alone(path):
    """No TensorFlow, OpenCV, scikit-image or matplotlib on the device; runtimes by name, in `runtime`."""
    outside = {name.split(".")[0] for name in imports_of(path) if not name.startswith(".")} - set(
        sys.stdlib_module_names
    )
    assert outside - DEVICE.get(path.stem, set()) - WEB.get(path.stem, set()) <= {"numpy", "scipy", "PIL"}


@pytest.mark.parametrize("path", EDGE, ids=lambda path: path.stem)
def test_scipy_pillow_and_what_devices_need_are_imported_when_they_are_needed(path):
    """Within functions: `ecg-edge --help` imports none of them."""
    tops = {name.split(".")[0] for name in imports_of(path, lazy=False)}
    assert not tops & {"scipy", "PIL", *set().union(*DEVICE.values())}


def test_what_serves_is_imported_by_what_serves_alone():
    """A device that shows no page needs nothing of the extra `serve`; the server itself is light: it neither decodes nor reads."""
    for name, needs in graph().items():
        assert name in WEB or not needs & set(WEB), name
    pytest.importorskip("uvicorn", reason="the extra serve is not installed")
    script = "import sys\nfrom ecg_edge import serving\nprint({name.split('.')[0] for name in sys.modules} & {'numpy', 'scipy', 'PIL'})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("set()\n", "")


def test_nothing_is_imported_in_a_circle():
    """Module by module, at the top level; whoever is left when all leaves are taken stands in a circle."""
    left = graph()
    assert all(left[name] <= set(left) for name in left)
    while leaves := {name for name, needs in left.items() if not needs & set(left) - {name}}:
        left = {name: needs for name, needs in left.items() if name not in leaves}
    assert not left, f"circle among {sorted(left)}"


def test_every_room_has_a_floor():
    """A new one is given its own; one that is gone is struck out."""
    assert set(FLOORS) == {path.stem for path in EDGE}


def test_higher_floors_import_lower_ones():
    """Errors and results at the ground, the reader above pictures, filters and runtimes, the command line on top."""
    for name, needs in graph().items():
        for need in needs - {"__init__"}:
            assert FLOORS[need] < FLOORS[name], f"{name} imports {need}"


def test_models_hold_data_and_no_code_but_for_finding_them():
    """One module, `__init__.py`, and beside it .tflite and .json."""
    files = [path for path in (ROOT / "models").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert [path.name for path in files if path.suffix == ".py"] == ["__init__.py"]
    assert {path.suffix for path in files} <= {".py", ".tflite", ".json"}


@pytest.mark.parametrize("path", EDGE, ids=lambda path: path.stem)
def test_every_public_name_of_edge_says_what_it_is(path):
    """Modules, classes, functions and methods that can be reached without an underscore have a docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    waiting = list(tree.body)
    for node in waiting:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{path.stem}.{node.name}"
            waiting += node.body if isinstance(node, ast.ClassDef) else []


@pytest.mark.parametrize("path", EDGE, ids=lambda path: path.stem)
def test_no_room_is_too_large(path):
    """A hard look above 400 lines."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400
