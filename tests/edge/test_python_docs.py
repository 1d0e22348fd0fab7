"""The examples of docs/python.md and docs/measurements.md, run as they stand."""

import ast
import re
import shutil
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs" / "python.md"
EXAMPLES = re.findall(r"^## ([^\n]+)\n+```python\n(.+?)^```", DOCS.read_text(encoding="utf-8"), re.M | re.S)
MADE = {
    "Its leads in pandas, drawn": ["leads.png"],
    "A folder as a table": ["results.csv"],
    "WFDB": ["page.hea", "page_5000ms_V1.dat"],
}
"""The files that an example leaves behind."""


def needs(code):
    """The packages beside our own that an example imports."""
    found = [node for node in ast.walk(ast.parse(code)) if isinstance(node, (ast.Import, ast.ImportFrom))]
    names = {alias.name for node in found if isinstance(node, ast.Import) for alias in node.names}
    return {name.partition(".")[0] for name in names} - {"ecg_edge"}


def test_every_example_is_run():
    """One in each section, and each section's code is seen."""
    assert len(EXAMPLES) == DOCS.read_text(encoding="utf-8").count("```python") == 5
    assert set(MADE) <= {title for title, _ in EXAMPLES}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("title, code", EXAMPLES, ids=[title for title, _ in EXAMPLES])
def test_examples_run(title, code, normal_page, few_pages, tmp_path, monkeypatch, capsys):
    """On a page of tests/data, and a folder of two; what they print and leave behind is there."""
    for name in needs(code):
        pytest.importorskip(name)
    (tmp_path / "pages").mkdir()
    shutil.copy(normal_page, tmp_path / "page.jpg")
    for page in few_pages[:2]:
        shutil.copy(page.path, tmp_path / "pages")
    monkeypatch.chdir(tmp_path)
    exec(compile(code, str(DOCS), "exec"), {"__name__": "example"})
    for name in MADE.get(title, ()):
        assert (tmp_path / name).stat().st_size
    assert capsys.readouterr().out or title in ("Its leads in pandas, drawn", "A folder as a table")


def test_the_example_of_measurements_runs(normal_page, tmp_path, monkeypatch, capsys):
    """It prints a line of values, and one for each finding."""
    (code,) = re.findall(
        r"^```python\n(.+?)^```", DOCS.with_name("measurements.md").read_text(encoding="utf-8"), re.M | re.S
    )
    shutil.copy(normal_page, tmp_path / "page.jpg")
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "measurements.md", "exec"), {"__name__": "example"})
    values, *findings = capsys.readouterr().out.splitlines()
    assert float(values.split()[0]) > 30 and any(line.startswith("sinus_rhythm present") for line in findings)
