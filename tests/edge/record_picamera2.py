"""Record what tests hold the stand-in for picamera2 against: signatures from its wheel, control numbers from libcamera's control list.

    pip download --no-deps picamera2==0.3.38
    python -m tests.edge.record_picamera2 picamera2-0.3.38-py3-none-any.whl control_ids.yaml "libcamera 0.0.3, Debian's libcamera_0.0.3.orig.tar.xz"

The wheel cannot be imported without libcamera: its source is parsed.
"""

import ast
import hashlib
import json
import re
import sys
import zipfile
from pathlib import Path

RECORDED = Path(__file__).resolve().parents[1] / "data/recorded/picamera2.json"
CLASSES = {
    "picamera2/picamera2.py": ("Picamera2",),
    "picamera2/request.py": ("CompletedRequest",),
    "picamera2/job.py": ("Job",),
}
ENUMS = ("AfMode", "AfRange", "AfMetering", "AfTrigger", "AfState")


def signatures(source, names):
    """{class: {method: [[parameter, default or None], …]}} of a module's source, the last definition of each (overloads stand before it)."""
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef) and node.name in names:
            methods = {}
            for item in node.body:
                if isinstance(item, ast.FunctionDef) and not any(
                    "setter" in ast.unparse(d) for d in item.decorator_list
                ):
                    given = item.args.args
                    defaults = [None] * (len(given) - len(item.args.defaults)) + [
                        ast.unparse(value) for value in item.args.defaults
                    ]
                    methods[item.name] = [[arg.arg, default] for arg, default in zip(given, defaults, strict=True)]
            found[node.name] = methods
    return found


def numbers(text):
    """{control: {name: number}} of the enumerations in libcamera's control list, names as its Python bindings have them."""
    found = {}
    for name in ENUMS:
        block = re.search(rf"^  - {name}:\n(.*?)(?=^  - \w+:\n|\Z)", text, re.MULTILINE | re.DOTALL)[1]
        pairs = re.findall(r"- name: (\w+)\n\s+value: (\d+)", block)
        found[name] = {pair[0].removeprefix(name): int(pair[1]) for pair in pairs}
    return found


def names(text):
    """All controls in libcamera's control list."""
    return re.findall(r"^  - (\w+):$", text, re.MULTILINE)


def main(wheel, controls, where):
    """Write the record."""
    with zipfile.ZipFile(wheel) as archive:
        found = {}
        for path, classes in CLASSES.items():
            found |= signatures(archive.read(path).decode(), classes)
    text = Path(controls).read_text()
    record = {"picamera2": Path(wheel).name, "sha256": hashlib.sha256(Path(wheel).read_bytes()).hexdigest(), "classes": found,
              "libcamera": where, "controls": names(text), "enums": numbers(text)}  # fmt: skip
    RECORDED.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
