"""The command line as a process: what signals, closed pipes and a full disk do to it."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ..waiting import LIMIT_S, read_line, wait_for

DRIVER = """
import sys
from pathlib import Path
from ecg_edge.commands import cli
from ecg_edge.classifier import card
if __name__ == "__main__":
    card.models_folder = lambda: Path(sys.argv[1])
    sys.exit(cli.main(sys.argv[2:]))
"""


@pytest.fixture
def start(tmp_path, tiny_folder):
    """Start the command line with the model `tiny` in a process group of its own."""
    (tmp_path / "driver.py").write_text(DRIVER)
    started = []

    def call(*arguments, **options):
        line = [sys.executable, tmp_path / "driver.py", tiny_folder, *map(os.fspath, arguments), "--model", "tiny"]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        started.append(subprocess.Popen(line, text=True, start_new_session=True, **pipes))
        return started[-1]

    yield call
    for process in started:
        process.kill()
        process.communicate()


def workers_of(process):
    """The numbers of its processes, but for that of `multiprocessing` which tracks resources."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return [child for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]


def ignores_interrupts(process_id):
    """Whether a worker is so far that it leaves them to its parent."""
    ignored = re.search(r"^SigIgn:\t(\w+)$", Path(f"/proc/{process_id}/status").read_text(), re.MULTILINE)[1]
    return bool(int(ignored, 16) >> signal.SIGINT - 1 & 1)


def without_runtimes_notes(text):
    """The lines of standard error that are ours. LiteRT writes its note piece by piece, and two workers' pieces may mix."""
    ours = re.sub(r"INFO: |Created TensorFlow Lite XNNPACK delegate for CPU\.", "", text)
    return [line for line in ours.splitlines() if line]


@pytest.mark.slow
@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("number, status", [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_it_after_the_page_in_hand(start, normal_page, jobs, number, status):
    """Whole lines, no traceback, and not all of the pages."""
    process = start("classify", *[normal_page] * 300, "--json", "--jobs", jobs)
    first = read_line(process.stdout)
    process.send_signal(number)
    out, err = process.communicate(timeout=LIMIT_S)
    lines = [json.loads(line) for line in (first + out).splitlines()]
    assert process.returncode == status
    assert without_runtimes_notes(err) == []
    assert 1 <= len(lines) < 300 and all(line["status"] == "read" for line in lines)
    assert out == "" or out.endswith("\n")


@pytest.mark.slow
@pytest.mark.parametrize("number, status", [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_to_the_whole_group_ends_it_without_a_traceback(start, normal_page, number, status):
    """As a terminal and systemd send them: the workers get it too."""
    process = start("classify", *[normal_page] * 300, "--jobs", "2")
    assert read_line(process.stdout)
    wait_for(lambda: [ignores_interrupts(worker) for worker in workers_of(process)] == [True] * 2)
    os.killpg(process.pid, number)
    _, err = process.communicate(timeout=LIMIT_S)
    assert process.returncode == status and "Traceback" not in err


@pytest.mark.slow
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_closed_pipe_ends_it_without_a_traceback(start, normal_page, jobs):
    """`ecg-edge classify … | head -1`."""
    process = start("classify", *[normal_page] * 300, "--jobs", jobs)
    assert read_line(process.stdout)
    process.stdout.close()
    _, err = process.communicate(timeout=LIMIT_S)
    assert without_runtimes_notes(err) == [] and process.returncode == 128 + signal.SIGPIPE


def test_a_closed_pipe_under_the_help_is_no_traceback_either():
    """`ecg-edge --help | true`."""
    reading, writing = os.pipe()
    os.close(reading)
    with subprocess.Popen(
        [sys.executable, "-m", "ecg_edge", "--help"], stdout=writing, stderr=subprocess.PIPE
    ) as process:
        os.close(writing)
        assert process.communicate(timeout=LIMIT_S)[1] == b""
    assert process.returncode in (-signal.SIGPIPE, 128 + signal.SIGPIPE)


@pytest.mark.slow
def test_a_full_disk_under_the_output_ends_with_3(start, normal_page):
    """In one line."""
    with open("/dev/full", "w") as full:
        process = start("classify", normal_page, stdout=full)
        _, err = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 3
    assert without_runtimes_notes(err) == ["ecg-edge: a result cannot be written (No space left on device)."]
