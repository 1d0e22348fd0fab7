"""Benchmarks as a person calls them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def benchmarks(*arguments):
    command = [sys.executable, "-m", "benchmarks", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


ROWS = {"paper": 140, "distinct": 490, "uncurated": 225, "uncurated-6x2": 77, "uncurated-6x2+1": 104}
"""Three of the 80 pages of 6x2 are refused."""

OF_LEADS = ["cnn", "crnn"]
MEASURED = {
    "paper": OF_LEADS,
    "distinct": [*OF_LEADS, "page"],
    "uncurated": [*OF_LEADS, "page"],
    "uncurated-6x2": ["page"],
    "uncurated-6x2+1": ["page"],
}


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """All protocols computed again from the kept probabilities: the folder, and what was printed."""
    folder = tmp_path_factory.mktemp("results")
    done = benchmarks("accuracy", "--out", folder)
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


@pytest.mark.parametrize(("protocol", "rows"), ROWS.items())
def test_accuracy_is_computed_again_from_kept_probabilities(fresh, protocol, rows):
    """Without TensorFlow and without data, the kept probabilities give the table, the JSON and the pictures."""
    folder, printed = fresh
    assert f"# Accuracy on `{protocol}`" in printed
    report = json.loads((folder / protocol / "accuracy.json").read_text())
    assert [model["model"] for model in report["models"]] == MEASURED[protocol]
    for model in report["models"]:
        formats = {(entry["format"], entry["runtime"]) for entry in model["formats"]}
        assert formats >= {("keras", "tensorflow"), ("int8", "ai-edge-litert"), ("int8", "tflite-runtime")}
        for entry in model["formats"]:
            assert entry["pages"]["rows"] == rows
            assert entry["leads"]["rows"] == rows * 13 if model["model"] in OF_LEADS else "leads" not in entry
            low, high = entry["pages"]["interval"]["accuracy"]
            assert low <= entry["pages"]["accuracy"] <= high
    shown = MEASURED[protocol][-1]
    leads = ["confusion-leads"] if shown in OF_LEADS else []
    for picture in ("confusion-pages", *leads, "reliability", "risk-coverage"):
        assert (folder / protocol / f"{shown}-int8-{picture}.png").stat().st_size > 5000


@pytest.mark.parametrize("protocol", ROWS)
def test_kept_figures_are_those_that_the_command_gives(fresh, protocol):
    """The figures under benchmarks/results are computed again, to nine digits."""
    kept, again = (
        json.loads((folder / protocol / "accuracy.json").read_text())["models"]
        for folder in (ROOT / "benchmarks/results", fresh[0])
    )
    assert rounded(kept) == rounded(again)


def rounded(value):
    """A JSON value with its numbers to nine digits: sums differ in the last ones between builds of NumPy."""
    if isinstance(value, dict):
        return {key: rounded(held) for key, held in value.items()}
    if isinstance(value, list):
        return [rounded(held) for held in value]
    return round(value, 9) if isinstance(value, float) else value


def test_the_papers_split_flatters():
    """Out of fold, the models fall more than ten points below their accuracy on the paper's split."""
    accuracy = {}
    for protocol in ("paper", "distinct"):
        report = json.loads((ROOT / "benchmarks/results" / protocol / "accuracy.json").read_text())
        for model in report["models"]:
            keras = next(entry for entry in model["formats"] if entry["format"] == "keras")
            accuracy[model["model"], protocol] = keras["pages"]["accuracy"]
    for model in OF_LEADS:
        assert accuracy[model, "paper"] - accuracy[model, "distinct"] > 0.1


def test_a_model_without_probabilities_is_answered_with_the_command(tmp_path):
    """An unknown model ends with status 1 and what to type."""
    done = benchmarks("accuracy", "--models", "other", "--protocol", "paper", "--out", tmp_path)
    assert done.returncode == 1
    assert done.stderr == (
        "benchmarks: no probabilities of other int8 by ai-edge-litert are kept for paper: "
        "'python -m convert --model other --split paper' makes them\n"
    )


def test_latency_without_pages_says_what_is_missing(tmp_path):
    """A page that is not there ends with status 1 and its name."""
    done = benchmarks("latency", "--pages", tmp_path / "nothing.jpg", "--out", tmp_path)
    assert done.returncode == 1
    assert done.stderr == f"benchmarks: not there: {tmp_path / 'nothing.jpg'}\n"


@pytest.mark.parametrize("command", ["accuracy", "latency"])
def test_help_names_every_option(command):
    """Each command explains itself."""
    done = benchmarks(command, "--help")
    assert done.returncode == 0 and "--models" in done.stdout and "--out" in done.stdout
