"""A library of FHIR R4 (4.0.1), to hold our Bundles against."""

import json
import subprocess
from pathlib import Path

FHIR_PYTHON = Path(__file__).resolve().parents[2] / ".venv-fhir/bin/python"
"""An environment of its own: fhir.resources 6.4.0 is the last with R4 (4.0.1) and needs pydantic 1."""


CHECK = """
import json, sys
from fhir.resources import __fhir_version__
from fhir.resources.bundle import Bundle
given = json.load(sys.stdin)
bundle = Bundle.parse_obj(given)
kept = json.loads(bundle.json())
assert __fhir_version__ == "4.0.1", __fhir_version__
print(json.dumps([entry["resource"]["resourceType"] for entry in kept.get("entry", [])]))
"""


def checked(text):
    """The kinds of resource in a Bundle that fhir.resources accepts."""
    done = subprocess.run([FHIR_PYTHON, "-c", CHECK], input=text, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
