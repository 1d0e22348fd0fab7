"""`ecg-edge archive`, as a person runs it, and kills."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ecg_edge.commands.cli import main

from ..waiting import LIMIT_S
from .conftest import command

ROOT = Path(__file__).resolve().parents[3]
KILLS = 20
pytestmark = pytest.mark.filterwarnings("ignore")  # the engine's own


def lines_in(path):
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


def start(*arguments):
    """The command with stand-ins for reader and processes; an interrupt ends it also where tests run in the background, whose children ignore it."""
    line = [sys.executable, "-m", "tests.edge.archive.stand_in", "archive", *map(str, arguments)]
    return subprocess.Popen(
        line, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip


@pytest.fixture
def archive(tmp_path):
    """A folder of many files, some with three pages."""
    (tmp_path / "scans").mkdir()
    names = [f"{number:03d}.jpg" for number in range(300)] + [f"3pages{number:02d}.pdf" for number in range(20)]
    for name in names:
        (tmp_path / "scans" / name).touch()
    return tmp_path / "scans"


def expected_in(archive):
    return sorted(
        f"{file}{page}"
        for file in archive.iterdir()
        for page in (("#1", "#2", "#3") if file.suffix == ".pdf" else ("",))
    )


def test_killed_at_random_moments_nothing_is_lost_and_nothing_stands_twice(archive, tmp_path):
    """And each run goes on: what was finished is not read again."""
    chance, out, grown = random.Random(), tmp_path / "out.jsonl", []
    for _ in range(KILLS):
        running = start(archive, "--out", out, "--jobs", 2)
        known = Path(f"{out}.journal")
        while running.poll() is None and not (known.exists() and known.stat().st_size):
            time.sleep(0.02)
        time.sleep(chance.uniform(0, 0.6))
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
        running.stdout.close()
        grown.append(known.stat().st_size)
    assert grown == sorted(grown)
    last = start(archive, "--out", out, "--jobs", 2)
    said, _ = last.communicate(timeout=LIMIT_S)
    assert last.returncode == 0 and said == f"{out}: 320 files, 360 results (360 read)\n"
    assert sorted(line["source"] for line in lines_in(out)) == expected_in(archive)


def test_a_file_that_changed_is_read_again(tmp_path):
    """By the next run, and it alone."""
    scans, out = tmp_path / "scans", tmp_path / "out.jsonl"
    scans.mkdir()
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        (scans / name).touch()
    for content, count in (("", 3), ("another", 4), ("another", 4)):
        (scans / "b.jpg").write_text(content)
        os.utime(scans / "b.jpg", (1000, 1000))
        running = start(scans, "--out", out, "--jobs", 1)
        running.communicate(timeout=LIMIT_S)
        assert running.returncode == 0 and len(lines_in(out)) == count
    assert lines_in(out)[3]["source"] == str(scans / "b.jpg")


@pytest.mark.parametrize("after_s", [0.2, 0.7, 1.0])
def test_ctrl_c_ends_all_its_processes_in_silence(archive, tmp_path, after_s):
    """A terminal sends it to each of them: those that read, in their beginning too, say nothing of it."""
    for number in range(3000):  # more than are read in a second
        (archive / f"{number}.jpg").touch()
    line = [
        sys.executable,
        "-m",
        "ecg_edge",
        "archive",
        str(archive),
        "--out",
        str(tmp_path / "out.jsonl"),
        "--jobs",
        "2",
    ]
    running = subprocess.Popen(
        line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    while not Path(tmp_path, "out.jsonl.journal").exists():
        time.sleep(0.02)
    time.sleep(after_s)
    os.killpg(running.pid, signal.SIGINT)
    _, told = running.communicate(timeout=LIMIT_S)
    assert running.returncode == 130 and "Traceback" not in told, told


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ended_it_keeps_what_is_finished(archive, tmp_path, number):
    """And says so by its status."""
    out = tmp_path / "out.jsonl"
    running = start(archive, "--out", out, "--jobs", 1)
    while not (out.exists() and out.stat().st_size):
        time.sleep(0.02)
    running.send_signal(number)
    running.communicate(timeout=LIMIT_S)
    assert running.returncode == 128 + number and 0 < len(lines_in(out)) < 360


def test_pages_are_read_once_and_results_are_those_of_classify(few_pages, tmp_path, validate):
    """As lines and as a table; a second run reads nothing."""
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    folder = tmp_path / "pages"
    folder.mkdir()
    for page in few_pages[:2]:
        (folder / page.path.name).write_bytes(page.path.read_bytes())
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    (folder / os.fsdecode(b"odd\xff.jpg")).write_bytes(b"\xff\xd8\xff")
    (folder / "notes.txt").write_text("a text")
    done = command("archive", str(folder), "--out", str(tmp_path / "out.parquet"), "--jobs", "1")
    assert done.returncode == 1 and "1 file is of no known kind, and not read" in done.stderr
    assert f"{folder / 'broken.jpg'}: failed (" in done.stderr
    assert done.stdout.startswith(f"{tmp_path}/out.parquet: 4 files, 4 results (2 failed, ")
    lines = lines_in(tmp_path / "out.parquet.jsonl")
    for line in lines:
        validate(line)
    assert f"{folder}/odd\\udcff.jpg" in [line["source"] for line in lines]
    table = pandas.read_parquet(tmp_path / "out.parquet")
    assert list(table["source"]) == [line["source"] for line in lines] and list(table["status"]) == [
        line["status"] for line in lines
    ]
    assert [json.loads(text) for text in table["result"]] == lines and table["rate_per_min"].dtype == float
    read = json.loads(command("classify", str(folder / few_pages[0].path.name), "--json").stdout)
    mine = next(line for line in lines if line["source"] == read["source"])
    assert mine["probabilities"] == read["probabilities"]
    again = command("archive", str(folder), "--out", str(tmp_path / "out.parquet"), "--jobs", "1")
    assert (again.returncode, again.stdout) == (1, done.stdout) and lines_in(tmp_path / "out.parquet.jsonl") == lines


@pytest.mark.parametrize(
    "arguments, status, message",
    [
        (["--out", "out.csv"], 2, "--out must be a file of this machine that ends in .jsonl or .parquet, not out.csv"),
        (["--out", "s3://bucket/out.jsonl"], 2, "--out must be a file of this machine"),
        (["--out", "out.jsonl", "--jobs", "0"], 2, "--jobs must be at least 1"),
        (["--out", "/dev/null/out.jsonl"], 3, "/dev/null/out.jsonl cannot be written (Not a directory)"),
        (["--out", "out.jsonl", "--model", "none"], 3, "none"),
    ],
)
def test_mistakes_say_what_to_do(tmp_path, monkeypatch, capsys, arguments, status, message):
    """Before a process is started."""
    monkeypatch.chdir(tmp_path)
    assert main(["archive", "pages", *arguments]) == status
    said = capsys.readouterr()
    assert message in said.err and "Traceback" not in said.err and not said.out


@pytest.mark.parametrize("package", ["distributed", "pyarrow"])
def test_without_the_extra_the_message_names_it(tmp_path, monkeypatch, capsys, package):
    """Nothing is left behind of the table's package."""
    monkeypatch.setitem(sys.modules, package, None)
    assert main(["archive", "pages", "--out", str(tmp_path / "out.parquet")]) == 3
    assert "pip install 'ecg-edge[archive]'" in capsys.readouterr().err


def test_a_scheduler_that_is_not_there_says_so(tmp_path, monkeypatch, capsys):
    """In time."""
    from ecg_edge.archive import workers

    monkeypatch.setattr(workers, "START_S", 1.0)
    arguments = ["archive", "pages", "--out", str(tmp_path / "out.jsonl"), "--scheduler", "tcp://127.0.0.1:9"]
    assert main(arguments) == 3
    assert "No Dask scheduler answers at tcp://127.0.0.1:9" in capsys.readouterr().err
