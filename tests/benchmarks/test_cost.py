"""What pages cost: latency, memory, size, scale, comparisons, and formats made of the float16 files."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import compare, floors, formats, jobs, latency, memory, peers, scale, size, summary
from convert import from_float16
from ecg_edge.classifier.runtime import Network, find_runtime

ROOT = Path(__file__).parents[2]
TINY = ["--rounds", "1", "--seconds", "0.1"]


def benchmarks(*arguments):
    command = [sys.executable, "-m", "benchmarks", *map(str, arguments)]
    quiet = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=quiet)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """{format: bytes} of `crnn`, what is not shipped made of its float16 file."""
    folder = tmp_path_factory.mktemp("formats")
    found = formats.files_of(["crnn"], ROOT / "models", folder)
    assert {path.parent for (_, form), path in found.items() if form in ("float32", "dynamic")} == {folder}
    return {form: path.read_bytes() for (_, form), path in found.items()}


def test_made_formats_say_what_the_float16_file_says(made):
    """float32 to a part in a million; dynamic range to a hundredth of a probability, in a third of the bytes."""
    leads = (np.random.default_rng(2).random((3, 150, 150)) < 0.1).astype(np.uint8) * 255
    said = {form: Network(data, find_runtime(None)).probabilities(leads) for form, data in made.items()}
    np.testing.assert_allclose(said["float32"], said["float16"], atol=1e-5)
    np.testing.assert_allclose(said["dynamic"], said["float32"], atol=0.02)
    assert np.abs(said["dynamic"] - said["float32"]).max() > 0
    assert len(made["float32"]) > 1.9 * len(made["float16"]) and len(made["dynamic"]) < 0.3 * len(made["float32"])


def test_a_file_without_float16_weights_is_no_source(made):
    """It is said, and nothing is made."""
    with pytest.raises(ValueError, match="no float16 weights"):
        from_float16.to_float32(made["float32"])


def test_formats_are_made_once(tmp_path):
    """What is there and newer than its source stays as it is."""
    first = formats.files_of(["crnn"], ROOT / "models", tmp_path)["crnn", "dynamic"]
    stamp = first.stat().st_mtime_ns
    assert formats.files_of(["crnn"], ROOT / "models", tmp_path)["crnn", "dynamic"].stat().st_mtime_ns == stamp
    assert formats.files_of(["other"], ROOT / "models", tmp_path) == {}


def test_a_ratio_has_its_interval():
    """Twice as slow is 2; the interval holds it, and is narrower with more samples."""
    rng = np.random.default_rng(1)
    few, many = ([rng.normal(factor, 0.1, n) for factor in (2.0, 1.0)] for n in (20, 400))
    for before, after in (few, many):
        value, low, high = compare.ratio(before, after)
        assert low <= value <= high and value == pytest.approx(2, abs=0.2)
    widths = [np.ptp(compare.ratio(*samples)[1:]) for samples in (few, many)]
    assert widths[1] < 0.5 * widths[0]
    assert compare.ratio([3.0], [1.0]) == (3.0, 3.0, 3.0)


def report_of(total, cpu="one"):
    run = {"model": "page", "format": "int8", "runtime": "r", "threads": 1, "kernels": "default"}
    return {"environment": {"cpu": cpu, "load_average": [0.5]}, "runs": [run | {"samples": {"total": total}}]}


def test_two_files_are_compared_by_what_both_measured(tmp_path):
    """A row for each, its ratio and interval; two machines are named; nothing in common is an error."""
    for name, report in (("a", report_of([2.0, 2.0], "one")), ("b", report_of([1.0, 1.0], "two")), ("c", {"runs": []})):
        (tmp_path / f"{name}.json").write_text(json.dumps(report))
    done = benchmarks("compare", tmp_path / "a.json", tmp_path / "b.json")
    assert done.returncode == 0, done.stderr
    assert "| page int8 | r | 1 | 2.0 | 1.0 | 2.00 (2.00–2.00) |" in done.stdout
    assert "Two machines: one and two." in done.stdout
    done = benchmarks("compare", tmp_path / "a.json", tmp_path / "c.json")
    assert (done.returncode, done.stderr) == (1, "benchmarks: the two files measured nothing in common\n")


def test_jobs_take_turns(monkeypatch, capsys):
    """Round by round; one that fails says why and is not asked again."""
    good = {"samples": {"total": [1.0]}}
    monkeypatch.setattr(jobs, "answer", lambda job: {"error": "no"} if job["title"] == "bad" else good)
    answers = jobs.interleaved([{"title": "good"}, {"title": "bad"}], rounds=2)
    assert [line.split(": ")[1] for line in capsys.readouterr().err.splitlines()] == ["good ...", "bad ...", "good ..."]
    assert answers[0]["samples"]["total"] == [1.0, 1.0] and answers[1] == {"error": "no"}


def test_a_process_that_fails_says_its_last_line():
    """As the row's error."""
    assert "no_such_module" in jobs.answer({"module": "no_such_module", "title": "none"})["error"]


def test_peers_are_measured_for_the_same_leads():
    """ONNX Runtime, once: samples, bytes and memory."""
    job = next(job for job in latency.other_jobs(("onnx",), latency.PAGES, 0.05))
    found = jobs.answer(job)
    assert "error" not in found, found
    assert min(found["samples"]["inference"]) > 0 and found["bytes"] > 76e6


def test_rounds_are_one_row():
    """All samples, the greatest memory."""
    rounds = [{"samples": {"total": [n]}, "memory_mib": {"peak": n, "start": None}} for n in (1.0, 3.0)]
    merged = jobs.together(rounds)
    assert merged["samples"]["total"] == [1.0, 3.0] and merged["stages"]["total"]["median"] == 2.0
    assert merged["memory_mib"] == {"peak": 3.0, "start": None}


def test_memory_in_mib_is_read_from_reports_of_any_schema(tmp_path):
    """The first called it `memory_mb`; the table of all has the same figure of both."""
    runs = [{"memory_mb": {"peak": 100.0}}, {"memory_mib": {"peak": 100.0}, "memory_mb": {"peak": 104.9}}]
    assert [jobs.memory_mib(run)["peak"] for run in runs] == [100.0, 100.0] and jobs.memory_mib({}) == {}
    samples = {stage: [1.0] for stage in ("total", "inference")}
    stages = {stage: {"median": 1.0, "low": 1.0, "high": 1.0} for stage in samples}
    about = {
        "model": "m",
        "format": "float16",
        "runtime": "r",
        "threads": 1,
        "kernels": "default",
        "samples": samples,
        "stages": stages,
    }
    for run in runs:
        (tmp_path / "latency.json").write_text(json.dumps({"runs": [about | run]}))
        assert [row["peak_mib"] for row in summary.rows(tmp_path)] == [100.0]


@pytest.mark.parametrize("name", ["latency", "memory", "scale"])
def test_kept_reports_name_their_units(name):
    """Every measured memory stands in MiB and in MB."""
    report = json.loads((ROOT / "benchmarks/results" / f"{name}.json").read_text())
    assert report["schema"] == "ecg-edge/bench/2"
    held = list(dicts_with("memory_mib", report))
    assert held and not [one for one in dicts_with("resident_mb", report) if one]
    for one in held:
        for what, mib in one["memory_mib"].items():
            assert one["memory_mb"][what] == pytest.approx(mib * 1.048576, abs=0.06)


def dicts_with(key, value):
    """Every dict with a key, anywhere within a JSON value."""
    if isinstance(value, dict):
        yield from [value] if key in value else []
        value = list(value.values())
    for part in value if isinstance(value, list) else ():
        yield from dicts_with(key, part)


@pytest.fixture(scope="module")
def timed(tmp_path_factory):
    """A latency report of one model by one runtime, with the reference and peers: the folder and what was printed."""
    folder = tmp_path_factory.mktemp("latency")
    options = [
        "--models",
        "crnn",
        "--formats",
        "float32",
        "int8",
        "--runtimes",
        "ai-edge-litert",
        "--others",
        "reference",
    ]
    done = benchmarks("latency", *options, *TINY, "--out", folder)
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


def test_latency_times_every_stage_and_what_it_is_held_against(timed):
    """The total is mostly its stages; int8 has its ratio to float32, and every page its ratio to the reference, which is the slower one."""
    report = json.loads((timed[0] / "latency.json").read_text())
    rows = {(run["model"], run["format"], run["runtime"]): run for run in report["runs"]}
    assert not [run["error"] for run in rows.values() if "error" in run]
    for run in rows.values():
        parts = [taken for stage, taken in run["samples"].items() if stage not in ("total", "cpu")]
        assert 0.7 <= np.median(np.sum(parts, axis=0) / run["samples"]["total"]) <= 1.001
    reference = rows["reference", "float32", "scikit-image, Keras"]["stages"]["total"]["median"]
    assert reference > rows["crnn", "int8", "ai-edge-litert"]["stages"]["total"]["median"]
    lines = [line for line in timed[1].splitlines() if line.startswith("| crnn int8")]
    assert len(lines) == 1 and lines[0].count("(") == 4
    assert (timed[0] / "latency.png").stat().st_size > 5000


def test_onnx_and_keras_say_what_the_tflite_file_says():
    """Peers run the same network: the same probabilities, from the same weights."""
    half = ROOT / "models/cnn-float16.tflite"
    kernels = from_float16.weights_of(half.read_bytes())
    assert [kernel.shape for kernel in kernels[::2]] == [
        (32, 3, 3, 3),
        (64, 3, 3, 32),
        (128, 3, 3, 64),
        (512, 36992),
        (4, 512),
    ]
    script = """
import json, numpy as np
from benchmarks import peers
job = {"file": "models/cnn-float16.tflite", "threads": 1}
print(json.dumps([peers.PEERS[name](job)[0]().tolist() for name in ("keras", "onnx")]))
"""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    ours = Network(half.read_bytes(), find_runtime(None)).run(peers._leads())
    for theirs in json.loads(done.stdout.splitlines()[-1]):
        np.testing.assert_allclose(theirs, ours, atol=1e-4)


def test_memory_tells_loading_from_reading(tmp_path):
    """Checked bytes and the mapped file, each with its peak; and a model that reads pages."""
    done = benchmarks("memory", "--models", "crnn", "--runtimes", "ai-edge-litert", "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "memory.json").read_text())
    assert {run["way"] for run in found["loading"]} == {"checked bytes", "mapped"}
    for run in (*found["loading"], *found["reading"]):
        assert "error" not in run and 20 < run["memory_mib"]["imports"] < run["memory_mib"]["peak"] < 500
        assert run["memory_mb"]["peak"] == pytest.approx(run["memory_mib"]["peak"] * 1.048576, abs=0.1)
    assert "| crnn int8 | ai-edge-litert | mapped |" in memory.to_markdown(found)


def test_size_counts_bytes_as_they_are(tmp_path):
    """Of model files and of what is installed; what is not installed is not shown."""
    found = size.report(["crnn"])
    assert found["models"]["crnn"]["int8"] == (ROOT / "models/crnn.tflite").stat().st_size
    assert found["installed"]["numpy"] > 10e6 and size.installed_bytes("no-such-package") is None
    assert "| crnn |" in size.to_markdown(found)


def test_scale_is_measured_over_pages_sizes_processes_and_threads(tmp_path, monkeypatch):
    """Small: each of the four works once, and its points are drawn."""
    pages = [str(path) for path in latency.PAGES]
    common = {
        "module": "benchmarks.scale",
        "model": "page",
        "runtime": "ai-edge-litert",
        "pages": pages,
        "most_s": 0.1,
        "title": "x",
    }
    along = jobs.interleaved([common | {"work": "pages", "count": 3, "marks": scale.marks(3)}], 1)[0]
    assert [at["pages"] for at in along["points"]] == [1, 2, 3]
    assert along["points"][0]["seconds"] < along["points"][2]["seconds"]
    other = [
        common | {"work": "size", "megapixels": 3.5}, common | {"work": "workers", "jobs": 1, "count": 2}, common | {"work": "threads", "threads": 2},
    ]  # fmt: skip
    found = jobs.interleaved(other, 1)
    assert not [run for run in found if "error" in run]
    parts = {"pages": along, "sizes": found[:1], "processes": found[1:2], "threads": found[2:]}
    where = {"cpu": "x", "cores": 2, "usable_cores": 2, "load_average": [0.0]}
    report = parts | {"environment": where, "load_average_after": [0.0]}
    assert "| 3.5 | read |" in scale.to_markdown(report)
    scale.draw(report, tmp_path / "scale.png")
    assert (tmp_path / "scale.png").stat().st_size > 5000


def test_marks_of_a_long_run_end_with_its_last_page():
    """1, 2, 5, 10, …: evenly on a logarithmic axis."""
    assert scale.marks(1) == [1]
    assert scale.marks(100) == [1, 2, 5, 10, 20, 50, 100]


def test_the_table_of_all_holds_what_was_measured(timed, tmp_path):
    """Accuracy, differences and bytes beside the times of this run; peers stand in `latency.md` alone."""
    found = summary.rows(results_with(timed[0], tmp_path))
    assert {(row["model"], row["format"]) for row in found} == {("crnn", "float32"), ("crnn", "int8")}
    int8 = next(row for row in found if row["format"] == "int8")
    assert int8["bytes"] == (ROOT / "models/crnn.tflite").stat().st_size
    assert int8["accuracy"][1] < int8["accuracy"][0] < int8["accuracy"][2] and int8["faster"][0] > 1
    assert int8["difference"][1] <= int8["difference"][0] <= int8["difference"][2]
    done = benchmarks("summary", "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "| `crnn` | int8 | ai-edge-litert |" in (tmp_path / "README.md").read_text()


def results_with(folder, out):
    """A folder of results: this run's latency and size, the kept accuracy and parity."""
    shutil.copy(folder / "latency.json", out)
    (out / "size.json").write_text(json.dumps(size.report(["crnn"])))
    for kept in ("distinct/accuracy.json", "all/crnn-parity.json"):
        (out / kept).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / "benchmarks/results" / kept, out / kept)
    return out


def test_a_table_without_latency_says_what_to_run(tmp_path):
    """In place of an empty one."""
    done = benchmarks("summary", "--out", tmp_path)
    assert done.returncode == 1 and "run 'python -m benchmarks latency'" in done.stderr


def test_multiply_adds_are_counted_by_operator():
    """Of the paper's CNN as by hand: three convolutions and two full connections."""
    by_hand = 148**2 * 32 * 27 + 72**2 * 64 * 288 + 34**2 * 128 * 576 + 36992 * 512 + 512 * 4
    assert floors.multiply_adds((ROOT / "models/cnn.tflite").read_bytes()) == by_hand


def test_floors_are_decoding_and_the_machine_s_peak(tmp_path):
    """Both are above nothing, and the networks' share stands beside them."""
    done = benchmarks("floors", "--models", "crnn", "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "floors.json").read_text())
    assert found["decode_ms"]["median"] > 0 and found["float32_per_s"] > 0
    assert found["networks"]["crnn"]["ms_at_float32_peak"] > 0
    assert "| crnn |" in done.stdout
