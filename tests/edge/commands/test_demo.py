"""`ecg-edge demo`: a drawn page of each class is read."""

import re
import sys
import types

import pytest
from PIL import Image

from ecg_edge.layout import CLASSES


@pytest.mark.slow
def test_the_demo_reads_a_page_of_each_class_and_keeps_the_steps(run, few_pages, tmp_path, monkeypatch):
    """On stand-ins for the drawn pages: the lines, the files, the disclaimer."""
    pages = {page.label: Image.open(page.path).convert("RGB") for page in few_pages}
    monkeypatch.setitem(
        sys.modules, "ecg_edge.simulator.heart", types.SimpleNamespace(simulate=lambda kind, seed: kind)
    )
    monkeypatch.setitem(
        sys.modules, "ecg_edge.simulator.report_page", types.SimpleNamespace(draw_report=pages.__getitem__)
    )
    status, out, err = run("demo", "--out", tmp_path / "demo")
    assert (status, err) == (0, "")
    for kind in CLASSES:
        assert re.search(rf"^  drawn as {kind} *read as +\w+ +probability [01]\.\d\d, \d+ ms$", out, re.MULTILINE)
        assert (tmp_path / "demo" / f"{kind}.png").is_file()
        assert len(list((tmp_path / "demo" / f"{kind}-steps").rglob("*.png"))) == 1 + 13 * 4
    assert out.startswith("Model tiny 1: for tests; it has learnt nothing\nRuntime ")
    assert out.endswith("Not a medical device: for research and education, never for diagnosis or treatment.\n")


def test_a_doubtful_verdict_is_called_uncertain():
    """Not read: the reader was not sure of it."""
    from ecg_edge.commands.demo import describe
    from ecg_edge.result import Result, by_class

    known = {"source": "x", "probabilities": by_class([0.4, 0.3, 0.2, 0.1]), "timing_ms": {"total": 12.0}}
    assert describe(Result(status="read", **known)) == "read as    normal      probability 0.40, 12 ms"
    assert describe(Result(status="uncertain", **known)) == "uncertain: normal      probability 0.40, 12 ms"
