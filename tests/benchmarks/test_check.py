"""`python -m benchmarks check`: it holds where nothing changed, and fails where a figure has fallen."""

import json
import shutil
from pathlib import Path

import pytest

from benchmarks import __main__ as command
from benchmarks import check

KEPT = Path(__file__).parents[2] / "benchmarks" / "results"
CHECKS = json.loads(check.LIMITS.read_text(encoding="utf-8"))
FIGURES = [(each["name"], figure) for each in CHECKS for figure in each["figures"]]


@pytest.mark.parametrize("name, figure", FIGURES, ids=[f"{name} {figure['what']}" for name, figure in FIGURES])
def test_every_figure_is_kept_and_compared_with_itself(name, figure):
    """It stands where the limits say, and is within them; it may move one way, and not far."""
    same = check.compare(figure, KEPT, KEPT)
    assert same.holds and same.kept == same.now
    (key,) = {"may_fall", "may_fall_by", "may_rise"} & figure.keys()
    assert 0 <= figure[key] <= 0.15 * (1 if key == "may_fall_by" else abs(same.kept) or 1)


def test_a_path_leads_to_one_number():
    """By keys and by what an element says of itself; where it does not, the message says so."""
    found = {"runs": [{"model": "a", "ms": 2}, {"model": "b", "ms": 3}, {"model": "b", "ms": 4}]}
    assert check.find(found, ["runs", {"model": "a"}, "ms"]) == 2.0
    for path, said in (
        (["runs", {"model": "b"}, "ms"], "2 entries"),
        (["runs", {"model": "c"}], "0 entries"),
        (["ms"], "no 'ms'"),
    ):
        with pytest.raises(LookupError, match=said):
            check.find(found, path)


@pytest.mark.parametrize(
    "limit, now, holds",
    [
        ({"may_fall": 0.1}, 0.9, True), ({"may_fall": 0.1}, 0.89, False), ({"may_fall_by": 0.5}, 0.5, True), ({"may_fall_by": 0.5}, 0.49, False),
        ({"may_rise": 1}, 2.0, True), ({"may_rise": 1}, 2.1, False), ({"may_rise": 1}, 0.0, True), ({"may_fall": 0.1}, 7.0, True),
    ],
)  # fmt: skip
def test_a_figure_that_is_worse_than_its_limit_does_not_hold(tmp_path, limit, now, holds):
    """Better is never wrong."""
    for folder, number in (("kept", 1.0), ("now", now)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.json").write_text(json.dumps({"x": number, "one": 1.0}))
    figure = {"what": "x", "file": "a.json", "of": ["x"], "over": ["one"], **limit}
    assert check.compare(figure, tmp_path / "kept", tmp_path / "now").holds == holds


@pytest.fixture
def limits(tmp_path, monkeypatch):
    """The limits of the page model alone, which are measured in seconds."""
    accuracy = next(each for each in CHECKS if each["name"] == "accuracy")
    of_page = [figure for figure in accuracy["figures"] if figure["what"].startswith("page, distinct")]
    few = ["accuracy", "--protocol", "distinct", "--model", "page", "--runtime", "ai-edge-litert"]
    (tmp_path / "limits.json").write_text(json.dumps([accuracy | {"command": few, "figures": of_page}]))
    monkeypatch.setattr(check, "LIMITS", tmp_path / "limits.json")
    monkeypatch.chdir(KEPT.parents[1])


def test_accuracy_is_what_is_kept(limits, capsys):
    """Measured anew from the kept probabilities."""
    assert command.main(["check"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 2 and all(line.startswith("holds  accuracy, page, distinct, ") for line in said)


def test_the_command_says_what_fell(limits, tmp_path, monkeypatch, capsys):
    """By name and with both figures; a file that is not there is no success either."""
    now = tmp_path / "now" / "distinct"
    shutil.copytree(KEPT / "distinct", now)
    monkeypatch.setattr(check, "measure", lambda _, out: shutil.copytree(now, out / "distinct"))
    found = json.loads((now / "accuracy.json").read_text())
    page = next(model for model in found["models"] if model["model"] == "page")
    (form,) = (each for each in page["formats"] if (each["format"], each["runtime"]) == ("int8", "ai-edge-litert"))
    form["pages"]["macro_f1"] -= 0.01
    (now / "accuracy.json").write_text(json.dumps(found))
    assert command.main(["check"]) == 1
    assert [line for line in capsys.readouterr().out.splitlines() if line.startswith("WORSE")] == [
        "WORSE  accuracy, page, distinct, macro-F1: 0.9251, kept 0.9351, at least 0.9301"
    ]
    (now / "accuracy.json").unlink()
    assert command.main(["check"]) == 1
    assert "is not there: run the benchmark that makes it first" in capsys.readouterr().out
