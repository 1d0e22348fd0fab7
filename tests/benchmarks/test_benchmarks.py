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


def test_accuracy_is_computed_again_from_kept_probabilities(tmp_path):
    """Without TensorFlow and without data, the kept probabilities give the table, the JSON and the pictures."""
    done = benchmarks("accuracy", "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "| crnn | int8 |" in done.stdout and "| cnn | keras |" in done.stdout
    report = json.loads((tmp_path / "paper/accuracy.json").read_text())
    for model in report["models"]:
        for entry in model["formats"]:
            assert entry["pages"]["rows"] == 140 and entry["leads"]["rows"] == 140 * 13
            low, high = entry["pages"]["interval"]["accuracy"]
            assert low <= entry["pages"]["accuracy"] <= high
    assert (tmp_path / "paper/cnn-int8-confusion-pages.png").stat().st_size > 5000


def test_kept_figures_are_those_that_the_command_gives(tmp_path):
    """The figures under benchmarks/results are computed again to the last digit."""
    benchmarks("accuracy", "--out", tmp_path)
    kept, fresh = (
        json.loads((folder / "paper/accuracy.json").read_text())["models"]
        for folder in (ROOT / "benchmarks/results", tmp_path)
    )
    assert kept == fresh


def test_a_model_without_probabilities_is_answered_with_the_command(tmp_path):
    """An unknown model ends with status 1 and what to type."""
    done = benchmarks("accuracy", "--models", "other", "--out", tmp_path)
    assert done.returncode == 1
    assert done.stderr == (
        "benchmarks: no probabilities of other int8 by ai-edge-litert are kept for paper: "
        "'python -m convert --model other' makes them\n"
    )


def test_latency_times_every_stage(tmp_path):
    """One model, one repetition: every stage has a median and a p90, and the total is at least their sum."""
    done = benchmarks("latency", "--models", "crnn", "--warm-up", 1, "--repetitions", 3, "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "latency.json").read_text())
    timed = [result for result in report["results"] if "stages" in result]
    assert {result["format"] for result in timed} >= {"int8", "float16"}
    for result in timed:
        assert all(0 <= times["median"] <= times["p90"] for times in result["stages"].values())
        parts = sum(times["median"] for stage, times in result["stages"].items() if stage != "total")
        assert result["stages"]["total"]["p90"] >= 0.8 * parts
    assert (tmp_path / "latency.png").stat().st_size > 5000 and "| crnn | int8 |" in done.stdout


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
