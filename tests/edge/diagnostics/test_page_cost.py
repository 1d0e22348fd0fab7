"""Times of this machine: how they are taken, and the command that takes them."""

import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecg_edge.commands import cli
from ecg_edge.diagnostics import machine, page_cost, timing
from ecg_edge.errors import UsageError

from ..waiting import LIMIT_S


@given(st.lists(st.floats(0.1, 1e6), min_size=1, max_size=200))
def test_a_summary_holds_median_and_quantiles(samples):
    """As NumPy gives them, between the least and the greatest."""
    found = timing.summary(samples)
    assert found["n"] == len(samples)
    for name, share in (("median", 0.5), ("p90", 0.9), ("p99", 0.99)):
        assert found[name] == pytest.approx(np.quantile(samples, share), rel=1e-6, abs=1e-3)
    assert found["low"] <= found["median"] + 1e-3 and found["median"] <= found["high"] + 1e-3


def test_the_interval_holds_the_median_nineteen_times_in_twenty():
    """Of skewed samples, as times are: in 2000 draws of 40, 93 to 99 of 100."""
    rng = np.random.default_rng(3)
    held = []
    for _ in range(2000):
        found = timing.summary(rng.exponential(1.0, 40).tolist())
        held.append(found["low"] <= np.log(2) <= found["high"])
    assert 0.93 <= np.mean(held) <= 0.99


def test_it_is_repeated_until_the_interval_is_narrow():
    """Steady times need the least number of runs, noisy ones more, and neither more than the time there is."""
    rng = np.random.default_rng(0)

    def noisy(number):
        return {"total": float(rng.exponential())}

    assert len(timing.repeated(lambda number: {"total": 1.0})) == timing.LEAST
    assert len(timing.repeated(noisy, most_s=LIMIT_S, narrow=0.3)) > timing.LEAST
    assert len(timing.repeated(noisy, most_s=0.0)) == timing.LEAST


def test_what_is_unknown_of_a_machine_is_none():
    """Every field is there, and JSON takes it."""
    found = machine.record(("numpy", "no-such-package"))
    assert found["packages"] == {"numpy": np.__version__, "no-such-package": None}
    assert json.loads(json.dumps(found)) == found
    assert {"cpu", "governor", "temperature_c", "throttled", "load_average", "emulated"} <= found.keys()


@pytest.mark.slow
def test_bench_measures_every_stage_and_writes_one_file(tmp_path, few_pages, capsys, monkeypatch):
    """The table on standard output, all that was measured in FILE; each reading's total holds its stages. Of cold starts one is enough here."""
    several = page_cost.time_cold_starts
    monkeypatch.setattr(page_cost, "time_cold_starts", lambda page, model, count: several(page, model, 1))
    out = tmp_path / "here.json"
    arguments = ["bench", str(few_pages[0].path), "--model", "page", "--seconds", "0.1", "--out", str(out)]
    assert cli.main(arguments) == 0
    printed = capsys.readouterr().out
    report = json.loads(out.read_text())
    assert report["schema"] == page_cost.SCHEMA and report["pages"] == "given"
    assert all(report["cold_start"][what]["median"] > 0 for what in ("imports", "verdict"))
    for run in report["runs"]:
        assert "error" not in run, run
        stages = [taken for stage, taken in run["samples"].items() if stage not in ("total", "cpu")]
        assert all(0 < sum(parts) <= total for *parts, total in zip(*stages, run["samples"]["total"], strict=True))
        assert run["memory_mib"]["imports"] < run["memory_mib"]["peak"] < 200
        assert run["memory_mb"]["peak"] == pytest.approx(run["memory_mib"]["peak"] * 2**20 / 1e6, abs=0.1)
        assert f"| page int8 | {run['runtime']} {run['runtime_version']} | 1 |" in printed


@pytest.mark.slow
def test_bench_says_what_cannot_be_measured(tmp_path, few_pages, capsys):
    """An unknown runtime is wrong usage; a picture that is no page, and a model that is not there, stand in the table."""
    assert cli.main(["bench", "--runtime", "other"]) == 2
    assert "no runtime 'other'" in capsys.readouterr().err
    assert cli.main(["bench", "--seconds", "nan"]) == 2
    report = page_cost.run(["other"], pages=[few_pages[0].path], most_s=0.1, cold_starts=0)
    assert "other" in report["runs"][0]["error"]
    assert report["runs"][0]["error"] in page_cost.to_markdown(report)


@pytest.mark.parametrize(
    ("given", "status", "said"),
    [
        (["missing.jpg"], 2, "missing.jpg: there is no picture there"),
        (["/dev/null"], 2, "/dev/null: there is no picture there"),
        ([__file__], 2, "The file cannot be opened as a picture"),
        (["--model", "nope"], 3, "There is no model 'nope'."),
        (["--out", "none/bench.json"], 3, "none/bench.json: its folder does not exist"),
    ],
)
def test_bench_says_what_is_wrong_before_it_measures(capsys, monkeypatch, given, status, said):
    """A picture, a model, and the place of what is measured."""
    monkeypatch.setattr(page_cost, "run", lambda *_, **__: pytest.fail("measured"))
    assert cli.main(["bench", *given]) == status and said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("raise SystemExit('no such model')", "no such model"),
        ("raise SystemExit(3)", "ended with status 3 and no message"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "ended by signal 9"),
    ],
)
def test_a_failed_process_is_told_by_its_last_line_or_by_how_it_ended(monkeypatch, script, said):
    """A killed one writes nothing, and bench must still say what happened."""
    monkeypatch.setattr(page_cost, "IMPORTS", script)
    with pytest.raises(UsageError, match=f"^imports: {said}$"):
        page_cost.time_cold_starts("page.jpg", "page", 0)


def test_times_of_an_emulated_machine_are_marked():
    """They mean nothing, and the table says so."""
    where = machine.record() | {"emulated": True, "load_average_after": [0.0]}
    assert "times mean nothing" in page_cost.to_markdown({"environment": where, "runs": [], "cold_start": None})


def test_bench_needs_no_tensorflow():
    """Nor anything else that a device has not."""
    script = "import sys\nimport ecg_edge.diagnostics.page_cost\nprint({name.split('.')[0] for name in sys.modules} & {'tensorflow', 'skimage', 'matplotlib', 'numpy'})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("set()\n", "")
