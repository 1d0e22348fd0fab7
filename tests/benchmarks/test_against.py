"""The working tree against a commit: turns, ratios, differences in results, and what is said of a side that ends. Nothing is installed here."""

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import against, against_environments, against_reader, against_table
from benchmarks.__main__ import main

STAND_IN = """
import json, sys
name, log, cpu_ms = sys.argv[1], sys.argv[2], float(sys.argv[3])
print(json.dumps({"file": name, "cpu_ms": 100.0, "wall_ms": 200.0}), flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    if asked.get("memory"):
        print(json.dumps({"peak_mb": 10 * cpu_ms}), flush=True)
        continue
    with open(log, "a") as file:
        file.write(f"{name} {asked['path']}\\n")
    if asked["path"] == "fatal":
        sys.exit("out of paper")
    result = {"schema": name, "status": "read", "timing_ms": {"open": 1.0, "total": cpu_ms}}
    print(json.dumps({"cpu_ms": cpu_ms, "wall_ms": 2 * cpu_ms, "result": result}), flush=True)
"""


@pytest.fixture
def commands(tmp_path):
    """Commands of two stand-ins, the first of which takes twice as long, and the file in which they write down what they read."""
    script, log = tmp_path / "stand_in.py", tmp_path / "log"
    script.write_text(STAND_IN)
    return [[sys.executable, str(script), name, str(log), ms] for name, ms in (("a", "8"), ("b", "4"))], log


def test_sides_read_the_same_pictures_by_turns(commands, capsys):
    """One picture that is not counted, then each picture twice a side: before, after, after, before, and the other way round by turns."""
    commands, log = commands
    found = against.measure(commands, ["x", "y"], count=3, most_s=60, kind="page")
    read = [line.split() for line in log.read_text().splitlines()]
    assert len(read) == 3 * (2 + 2 * 4)
    assert [name for name, _ in read[:10]] == list("ababbabaab")
    assert [path for _, path in read[:10]] == list("xxxxxxyyyy")
    assert [name for name, _ in read[10:20]] == list("abbaababba")
    assert found["rounds"] == 3 and found["pictures"] == ["x", "y"]
    assert found["times"]["cpu"] == {"before": 16.0, "after": 8.0, "ratio": 2.0, "interval": [2.0, 2.0]}
    assert found["stages"]["total"]["ratio"] == 2.0 and found["stages"]["open"]["ratio"] == 1.0
    assert found["peak_mb"] == {"before": 80.0, "after": 40.0, "ratio": 2.0, "interval": [2.0, 2.0]}
    assert found["results"] == {
        "equal": 2,
        "pictures": 2,
        "steady": 2,
        "only": {"before": [], "after": []},
        "fields": {},
    }
    assert "page: round 3 of 3" in capsys.readouterr().err


def test_no_round_begins_after_the_time_is_up_but_three_are_measured(commands):
    """An interval needs some."""
    assert len(list(against.rounds(commands[0], ["x"], count=9, most_s=0.0))) == against.LEAST_ROUNDS


def test_a_side_that_ends_is_named_with_what_it_said_last(commands, tmp_path):
    """While reading, and at its start."""
    with pytest.raises(RuntimeError, match="^the side before ended with 1 reading fatal: out of paper$"):
        against.measure(commands[0], ["fatal"], count=3, most_s=60)
    with pytest.raises(RuntimeError, match="^the side after ended with 3 at its start: it said nothing$"):
        against.Side("after", [sys.executable, "-c", "raise SystemExit(3)"])


def test_the_interval_is_of_the_mean_over_rounds():
    """It holds the ratio, and is narrower with more rounds; one value has none beyond itself."""
    rng = np.random.default_rng(1)
    widths = []
    for count in (10, 160):
        ratio, low, high = against_table.interval(np.log(1.04) + rng.normal(0, 0.02, count))
        assert low < ratio < high and ratio == pytest.approx(1.04, abs=0.02)
        widths.append(high - low)
    assert widths[1] < 0.4 * widths[0]
    assert against_table.interval([0.0, 0.0]) == (1.0, 1.0, 1.0)


RESULT_1 = {"schema": "ecg-edge/result/1", "status": "read", "confidence": 0.9, "leads": [{"name": "I", "box": [1, 2, 3, 4]}],
            "page": None, "timing_ms": {"total": 5.0}, "ecg_edge": "0.1.0"}  # fmt: skip
RESULT_2 = {"schema": "ecg-edge/result/2", "status": "read", "confidence": 0.9, "doubts": [],
            "leads": [{"name": "I", "lead": "I", "box": [1, 2, 3, 4]}], "page": None, "timing_ms": {"measure": 1.0, "total": 6.0},
            "ecg_edge": "0.2.0"}  # fmt: skip


def rounds_of(first, second):
    """Three rounds over one picture in which each side always has the same result."""
    read = {
        side: [{"cpu_ms": 1.0, "wall_ms": 1.0, "result": result}] * 2
        for side, result in zip(against.SIDES, (first, second), strict=True)
    }
    start = dict.fromkeys(against.SIDES, {"cpu_ms": 1.0, "wall_ms": 1.0})
    return [{"pictures": [read], "peak_mb": {"before": None, "after": 2.0}, "start": start}] * 3


def test_results_of_two_schemas_are_compared_in_what_both_have():
    """Times and the version are no difference; fields that one side lacks are named, and its stages have no ratio."""
    found = against_table.summary(rounds_of(RESULT_1, RESULT_2), ["p"])
    assert found["results"]["equal"] == found["results"]["steady"] == 1
    assert found["results"]["only"] == {"before": [], "after": ["doubts", "leads[].lead"]}
    assert found["results"]["fields"] == {}
    assert found["stages"]["measure"] == {"before": None, "after": 1.0, "ratio": None, "interval": None}
    assert found["peak_mb"] == {"before": None, "after": 2.0, "ratio": None, "interval": None}


def test_differences_are_listed_by_field():
    """With the pictures, an example and the greatest difference of numbers; a list of another length differs as a whole."""
    other = RESULT_2 | {"status": "uncertain", "confidence": 0.7, "page": {"width": 1}}
    other["leads"] = [{"name": "I", "lead": "I", "box": [1, 2, 3, 9]}]
    found = against_table.summary(rounds_of(RESULT_1, other), ["p"])["results"]
    assert found["equal"] == 0
    assert sorted(found["fields"]) == ["confidence", "leads[].box[]", "page", "status"]
    assert found["fields"]["confidence"]["most"] == pytest.approx(0.2)
    assert found["fields"]["leads[].box[]"] == {
        "pictures": ["p"],
        "first": {"picture": "p", "before": 4, "after": 9},
        "most": 5,
    }
    assert list(against_table.compare({"leads": []}, {"leads": [1]})) == [("leads", ([], [1]))]
    shown = "\n".join(against_table._told(found))
    assert "| `status` | 1 | read | uncertain |  |" in shown and "Only after: `doubts`, `leads[].lead`." in shown


def test_a_side_whose_results_vary_is_told():
    """What differs between two readings by the same side says nothing of the change."""
    found = rounds_of(RESULT_1, RESULT_2)
    found[2] = json.loads(json.dumps(found[2]))
    found[2]["pictures"][0]["after"][1]["result"]["confidence"] = 0.8
    assert against_table.summary(found, ["p"])["results"]["steady"] == 0


def test_the_reading_process_answers_each_line(normal_page):
    """By what is installed for its interpreter: what reads, a result with its times, its memory."""
    requests = "".join(json.dumps(asked) + "\n" for asked in ({"path": str(normal_page)}, {"memory": True}))
    answers = io.StringIO()
    assert against_reader.main(["page"], io.StringIO(requests), answers) == 0
    ready, read, memory = map(json.loads, answers.getvalue().splitlines())
    assert Path(ready["file"]).name == "__init__.py"
    assert (
        read["result"]["status"] == "read"
        and read["cpu_ms"] > 0
        and 0 < read["result"]["timing_ms"]["total"] <= read["wall_ms"]
    )
    assert memory["peak_mb"] is None or 50 < memory["peak_mb"] < 2000


def test_both_sides_are_held_to_the_same_packages():
    """Every package of this environment is pinned, the project and its builders apart; others are named with both versions."""
    pins = against_environments.pinned()
    assert f"numpy=={np.__version__}" in pins and not [pin for pin in pins if pin.startswith(("ecg-edge==", "pip=="))]
    sides = [
        against_environments.Installed("x", "y", Path("p"), packages)
        for packages in ({"a": "1", "b": "1"}, {"a": "2", "b": "1"})
    ]
    assert against_environments.differing_packages(*sides) == ["a 1 / 2"]
    assert against_environments.differing_packages(sides[0], sides[0]) == []


def test_an_environment_of_other_packages_makes_way(monkeypatch, tmp_path):
    """The same packages have the same place; others remove what was installed with the former ones, and nothing else."""
    place, pins = against_environments._place("abc1234", tmp_path)
    assert pins == against_environments.pinned() and against_environments._place("abc1234", tmp_path)[0] == place
    for folder in (place, tmp_path / "other-1"):
        folder.mkdir()
    monkeypatch.setattr(against_environments, "pinned", lambda: ["numpy==1"])
    assert against_environments._place("abc1234", tmp_path)[0] != place
    assert [path.name for path in tmp_path.iterdir()] == ["other-1"]


@pytest.fixture
def installed(commands, monkeypatch, tmp_path):
    """Both environments are stand-ins: commits and trees are named, nothing is built."""
    script = Path(commands[0][0][1])
    monkeypatch.setattr(against_environments, "commit_of", lambda revision: "c0ffee1")
    for name, packages in (("install_commit", {"numpy": "1"}), ("install_working_tree", {"numpy": "1"})):
        side = against_environments.Installed(name, "tree", Path(sys.executable), packages)
        monkeypatch.setattr(against_environments, name, lambda *_, side=side: side)
    wrapper = tmp_path / "against_reader.py"
    wrapper.write_text(f"import sys\nsys.argv[1:] = ['s', {str(tmp_path / 'log')!r}, '4']\n" + script.read_text())
    monkeypatch.setattr(against, "READER", wrapper)


def test_the_command_writes_a_table_and_json_named_by_the_commit(installed, normal_page, tmp_path, capsys):
    """What was measured, how, on what."""
    arguments = ["against", "before-it", "--pages", str(normal_page), "--rounds", "3", "--out", str(tmp_path / "out")]
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    assert "| processor, ms | 4.0 | 4.0 | 1.000 (1.000–1.000) |" in printed
    assert (tmp_path / "out" / "c0ffee1.md").read_text() == printed.removesuffix("\n")
    report = json.loads((tmp_path / "out" / "c0ffee1.json").read_text())
    assert report["schema"] == "ecg-edge/against/1" and report["before"] == {
        "revision": "before-it",
        "commit": "c0ffee1",
    }
    assert report["command"].startswith(
        "python -m benchmarks against before-it --model page --rounds 3 --seconds 300 --pages"
    )
    assert report["environment"]["cores"] and report["packages"] == {"numpy": "1"}
    assert len(report["kinds"]["given"]["sha256"][0]) == 64


def test_other_packages_too_few_rounds_and_unknown_commits_are_errors(installed, monkeypatch, tmp_path, capsys):
    """Nothing is measured then."""
    assert main(["against", "x", "--rounds", "2"]) == 1
    assert main(["against", "x", "--pages", str(tmp_path / "none.jpg")]) == 1
    other = against_environments.Installed("tree", "tree", Path(sys.executable), {"numpy": "2"})
    monkeypatch.setattr(against_environments, "install_working_tree", lambda *_: other)
    assert main(["against", "x"]) == 1
    monkeypatch.undo()
    assert main(["against", "no-such-revision"]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "benchmarks: --rounds must be at least 3: an interval needs them",
        f"benchmarks: not there: {tmp_path / 'none.jpg'}",
        "benchmarks: the two sides have other packages: numpy 1 / 2",
        "benchmarks: no commit no-such-revision in this repository",
    ]


def test_pictures_are_the_same_in_every_run(monkeypatch, tmp_path):
    """Report pages by a hash of their names, those of tests/data where the data are missing; photographs to the byte."""
    monkeypatch.setenv("ECG_EDGE_DATA", str(tmp_path / "nothing"))
    assert against.report_pages() == against.PAGES
    made = [against.photographs(against.PAGES[:1], tmp_path)[0].read_bytes() for _ in range(2)]
    assert made[0] == made[1] and made[0][:2] == b"\xff\xd8"


def test_help_explains_the_command():
    """Its options."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "against", "--help"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0 and all(
        option in done.stdout for option in ("--pages", "--rounds", "--model", "--seconds")
    )
