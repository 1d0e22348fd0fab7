"""The errors that are shown: sure, wrong, the surest of their layout, and from pages that version 2 leaves out."""

import json
from pathlib import Path

from benchmarks import doubt, sure_errors
from train import splits

KEPT = Path(__file__).parents[2] / "benchmarks/results/doubt/errors"


def test_the_kept_errors_are_the_surest_wrong_verdicts_that_are_read():
    """Of the kept predictions of the folds; each with its overlay."""
    found = sure_errors.choose()
    kept = json.loads((KEPT / "errors.json").read_text())["errors"]
    assert [error["sha256"] for error in kept] == [error["sha256"] for error in found]
    assert {path.stem for path in KEPT.glob("*.jpg")} == {error["sha256"][:12] for error in found}
    extra = {row.sha256: row for row in splits.read_distinct() if row.source == "extra_pages"}
    judged = doubt.judge()
    for error in found:
        assert error["verdict"] != error["label"] == extra[error["sha256"]].label
        of = judged[f"uncurated {error['layout']}"]
        here = of.names.index(error["sha256"])
        assert of.sure[here] and of.wrong[here]
    for layout, count in (("3x4+1", 4), ("6x2", 3), ("6x2+1", 3)):
        of = judged[f"uncurated {layout}"]
        mine = sorted((error["confidence"] for error in found if error["layout"] == layout), reverse=True)
        surest = sorted((page.max() for page in of.pages[of.sure & of.wrong]), reverse=True)
        assert mine == [round(float(value), 4) for value in surest[:count]]


def test_overlays_are_small():
    """They are in the repository."""
    sizes = [path.stat().st_size for path in KEPT.glob("*.jpg")]
    assert max(sizes) < 100_000 and sum(sizes) < 800_000


def test_the_table_tells_label_verdict_and_findings():
    """One line for each."""
    error = {"sha256": "ab" * 32, "layout": "6x2", "label": "history", "verdict": "normal", "confidence": 0.97}
    told = sure_errors.to_markdown(
        [error | {"findings": {"ectopy": 0.6}, "rate_per_min": None, "statements": ["pause"]}]
    )
    assert "| [`abababababab`](abababababab.jpg) | 6x2 | history → normal, 0.97 | ectopy 0.60 | –; pause |" in told
