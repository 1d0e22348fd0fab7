"""`Reader.read_all`: many pictures, in order, by one process or more."""

import multiprocessing
import os
import signal
import subprocess
import sys

import pytest

from ecg_edge import Reader
from ecg_edge.errors import InstallationError, UsageError

from .pictures import without_times
from .waiting import read_line, wait_for_end


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_results_come_in_the_order_of_the_sources(tiny_reader, few_pages, odd_pages, jobs):
    """Good and bad ones, fast and slow ones, with one process or two: as if each were read alone."""
    sources = (
        [page.path for page in few_pages]
        + ["none.jpg", b"", few_pages[0].path.read_bytes()]
        + [page.path for page in odd_pages]
    )
    results = list(tiny_reader.read_all(sources, jobs=jobs))
    assert [without_times(r) for r in results] == [without_times(tiny_reader.read(s)) for s in sources]


def test_two_jobs_take_open_files_and_keep_the_readers_arguments(tiny_folder, normal_page):
    """An open file cannot go to another process, its bytes can; the threshold and the folder of models go with them."""
    reader = Reader("tiny", folder=tiny_folder, min_confidence=1)
    with open(normal_page, "rb") as file:
        (result,) = reader.read_all([file], jobs=2)
    assert (result.status, result.source, result.model["name"]) == ("uncertain", str(normal_page), "tiny")


def test_results_are_there_before_all_sources_are(tiny_reader, normal_page):
    """With one job each is read when it is asked for."""
    taken = []

    def sources():
        for turn in range(5):
            taken.append(turn)
            yield normal_page

    results = tiny_reader.read_all(sources())
    next(results)
    assert taken == [0]
    results.close()


@pytest.mark.parametrize("jobs", [0, -1])
def test_jobs_are_at_least_one(tiny_reader, jobs):
    """Before anything is read."""
    with pytest.raises(UsageError, match=f"^jobs must be at least 1, not {jobs}$"):
        list(tiny_reader.read_all(["none.jpg"], jobs=jobs))


@pytest.mark.parametrize("pages", [1, 2.5])
def test_pages_are_numbers(tiny_reader, pages):
    with pytest.raises(UsageError, match=rf"^pages are numbers, such as \[1, 2\], not {pages}$"):
        list(tiny_reader.read_all(["none.jpg"], pages=pages))


@pytest.mark.slow
def test_a_worker_that_dies_is_an_error_in_words(tiny_reader, normal_page):
    """For want of memory, mostly: the other worker is ended and nothing hangs."""
    before = multiprocessing.active_children()
    results = tiny_reader.read_all([normal_page] * 40, jobs=2)
    next(results)
    os.kill(next(child.pid for child in multiprocessing.active_children() if child not in before), signal.SIGKILL)
    with pytest.raises(InstallationError) as caught:
        list(results)
    assert (
        str(caught.value) == "A process ended before its page was read, perhaps for want of memory: use fewer --jobs."
    )
    assert multiprocessing.active_children() == before


DRIVER = """
import sys
from ecg_edge import Reader
if __name__ == "__main__":
    results = Reader("tiny", folder=sys.argv[1]).read_all([sys.argv[2]] * 200, jobs=2)
    next(results)
    import multiprocessing
    print(*[child.pid for child in multiprocessing.active_children()], flush=True)
    for _ in results:
        pass
"""


def test_workers_end_with_a_parent_that_is_killed(tiny_folder, normal_page, tmp_path):
    """Else they would wait for ever, 80 MB each."""
    (tmp_path / "driver.py").write_text(DRIVER)
    command = [sys.executable, tmp_path / "driver.py", tiny_folder, normal_page]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as parent:
        children = [int(number) for number in read_line(parent.stdout).split()]
        parent.kill()
    assert children
    wait_for_end(*children)
