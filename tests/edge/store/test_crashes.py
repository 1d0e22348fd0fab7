"""Ends at every moment: of the process, of the power, of the disk. What was acknowledged is there, and nothing is torn."""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from ecg_edge.errors import StoreError, StoreFullError
from ecg_edge.store import result_store
from ecg_edge.store.result_store import Store
from ecg_edge.system import durable_files

from .. import power_cuts
from ..store_pages import picture, result

STORE_PAGES = Path(__file__).parents[1] / "store_pages.py"
PAGES = 3
VARIANTS = ((0.0, 1), (1.0, 1), (0.5, 4), (0.8, 2))
"""Of each point of a power cut: the share of what was not synced that is kept, and how often that is drawn."""

needs_strace = pytest.mark.skipif(power_cuts.missing() is not None, reason=str(power_cuts.missing()))


def stored_in(folder):
    """The numbers of the pages in a store, each of them whole; afterwards another page can be stored."""
    with Store(folder) as kept:
        found = []
        for entry in kept.list():
            number = int(entry.result["source"].split(".")[0])
            assert entry.result == result(number) and Path(entry.picture).read_bytes() == picture(number)
            found.append(number)
        names = os.listdir(kept.path(result_store.PICTURES))
        assert sorted(names) == sorted(os.path.basename(entry.picture) for entry in kept.list())
        assert not any(name.endswith(durable_files.PART) for name in os.listdir(kept.path(result_store.FOUND)))
        assert not os.path.exists(kept.path(result_store.DAMAGED))
        kept.add(result(99), picture(99))
        assert Path(list(kept.list())[-1].picture).read_bytes() == picture(99)
    return found


def said(text, word="stored"):
    return [int(line.split()[1]) for line in text.splitlines() if line.startswith(word)]


@pytest.fixture
def filled(tmp_path):
    """Make a folder with page 0 in it."""
    with Store(tmp_path / "filled") as kept:
        kept.add(result(0), picture(0), origin="0")

    def call(name):
        shutil.copytree(tmp_path / "filled", tmp_path / name)
        return tmp_path / name

    return call


def moments(folder, tmp_path):
    """[(call, n)]: the n-th of each call, as strace counts them, on the way of the pages into a store."""
    log = tmp_path / "count"
    power_cuts.traced(
        STORE_PAGES, folder, 1, PAGES, log=log, options=[power_cuts.UNSTOPPED, "-e", f"trace={power_cuts.CALLS}"]
    )
    counts = Counter(re.findall(r"^\d+ +(\w+)\(", log.read_text(), re.MULTILINE))
    return [(call, number) for call, count in counts.items() for number in range(1, count + 1)]


def disturbed(folder, tmp_path, what, call, number):
    """The finished process that stores pages, disturbed at one of its calls."""
    inject = f"inject={call}:{what}:when={number}"
    options = [*([] if what.startswith("signal=") else [power_cuts.UNSTOPPED]), "-e", f"trace={call}", "-e", inject]
    return power_cuts.traced(STORE_PAGES, folder, 1, PAGES, log=tmp_path / "log", options=options)


@pytest.mark.slow
@needs_strace
def test_a_kill_at_any_write_sync_or_rename_loses_nothing_that_was_acknowledged(tmp_path, filled):
    """SIGKILL at each of them in turn, on the way of two pages into a store with one."""
    calls = moments(filled("counted"), tmp_path)
    assert len(calls) > 30 and {"fsync", "pwrite64", "rename"} <= {call for call, _ in calls}
    for call, number in calls:
        folder = filled(f"{call}-{number}")
        done = disturbed(folder, tmp_path, "signal=KILL", call, number)
        assert done.returncode == -signal.SIGKILL
        found = stored_in(folder)
        assert found[0] == 0 and set(said(done.stdout)) <= set(found) and found == list(range(len(found)))
        shutil.rmtree(folder)


@pytest.mark.slow
@needs_strace
@pytest.mark.parametrize("error", ["ENOSPC", "EIO", "EROFS"])
def test_a_write_that_fails_costs_at_most_the_page_in_hand(tmp_path, filled, error):
    """At each write, sync and rename in turn: the page is refused, the next one is stored."""
    refused = 0
    for call, number in moments(filled("counted"), tmp_path)[:: 1 if error == "ENOSPC" else 4]:
        folder = filled(f"{call}-{number}")
        done = disturbed(folder, tmp_path, f"error={error}", call, number)
        found = stored_in(folder)
        assert found[0] == 0 and set(said(done.stdout)) <= set(found)
        refused += bool(said(done.stdout, "refused"))
        assert not set(said(done.stdout, "refused")) & set(found)
        shutil.rmtree(folder)
    assert refused > 1


@pytest.mark.slow
@needs_strace
def test_a_power_cut_at_any_moment_leaves_every_page_whole_or_absent(tmp_path):
    """From a new folder on: after each recorded operation, unsynced writes dropped, kept, torn."""
    done, operations = power_cuts.record(STORE_PAGES, tmp_path / "live", 0, 2, log=tmp_path / "log")
    assert said(done.stdout) == [0, 1], done.stderr
    machine, chance, acknowledged, cuts = power_cuts.Disk(), random.Random(0), [], 0
    for operation in operations:
        if operation[0] == "say":
            acknowledged += said(operation[1])
        elif operation[1].endswith("-shm"):
            continue  # shared memory of running processes; made anew after a cut
        else:
            machine.run(operation)
        for share, times in VARIANTS:
            for _ in range(times):
                cuts += 1
                left = tmp_path / "left"
                machine.write_out(left, chance, share)
                found = stored_in(left)
                assert set(acknowledged) <= set(found), (operation[:2], share)
                shutil.rmtree(left)
    assert acknowledged == [0, 1] and cuts > 200


def test_a_log_of_the_database_that_was_cut_leaves_whole_pages(tmp_path):
    """The WAL truncated at multiples of 512 bytes: the pages of its whole transactions are there, in order."""
    with Store(tmp_path / "live") as kept:
        for number in range(4):
            kept.add(result(number), picture(number))
        shutil.copytree(tmp_path / "live", tmp_path / "open")
    size = os.path.getsize(tmp_path / "open" / "results.db-wal")
    seen = set()
    for length in range(0, size, power_cuts.SECTOR_BYTES * 9):
        folder = tmp_path / f"cut-{length}"
        shutil.copytree(tmp_path / "open", folder)
        os.truncate(folder / "results.db-wal", length)
        os.unlink(folder / "results.db-shm")
        with Store(folder) as again:
            found = [int(entry.result["source"].split(".")[0]) for entry in again.list()]
            assert found == list(range(len(found)))
            assert all(Path(entry.picture).read_bytes() == picture(n) for n, entry in enumerate(again.list()))
            # The pictures of rows that were lost are not.
            assert len(os.listdir(again.path(result_store.FOUND))) == 4 - len(found)
            seen.add(len(found))
        shutil.rmtree(folder)
    assert {0, 3} <= seen


def test_a_database_that_was_cut_is_read_or_set_aside(tmp_path):
    """Truncated at multiples of 512 bytes: whole, or kept in `damaged/` with all pictures; never half."""
    with Store(tmp_path / "live") as kept:
        for number in range(4):
            kept.add(result(number), picture(number))
    size = os.path.getsize(tmp_path / "live" / "results.db")
    aside = 0
    for length in range(0, size, power_cuts.SECTOR_BYTES * 5):
        folder = tmp_path / f"cut-{length}"
        shutil.copytree(tmp_path / "live", folder)
        os.truncate(folder / "results.db", length)
        with Store(folder) as again:
            left = [name for _, _, names in os.walk(folder) for name in names if name.endswith(".jpg")]
            assert len(list(again.list())) in (0, 4) and len(left) == 4
            aside += os.path.exists(again.path(result_store.DAMAGED))
            assert again.add(result(5), picture(5)) >= 1
        shutil.rmtree(folder)
    assert aside > 3


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 2 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    line = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", place]
    if os.geteuid() or subprocess.run(line, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def test_a_full_disk_refuses_pages_and_takes_them_again_when_there_is_room(small_disk):
    """The message says so; nothing of the refused pages is left."""
    with Store(small_disk / "results") as kept:
        (small_disk / "ballast").write_bytes(bytes(1_000_000))
        refused = []
        for number in range(12):
            try:
                kept.add(result(number), bytes(150_000))
            except StoreFullError as error:
                refused.append(str(error))
        assert refused and "the disk is full; the page was not kept" in refused[0]
        assert len(list(kept.list())) == 12 - len(refused) == len(os.listdir(kept.path(result_store.PICTURES)))
        os.unlink(small_disk / "ballast")
        kept.add(result(20), bytes(150_000))
    assert len(list(Store(small_disk / "results", write=False).list())) == 13 - len(refused)


def test_a_full_disk_makes_room_where_pictures_may_go(small_disk):
    """With something to be kept free the oldest pictures make way, and no page is refused."""
    with Store(small_disk / "results", keep_free_bytes=400_000) as kept:
        for number in range(30):
            kept.add(result(0) | {"source": f"{number}.jpg"}, bytes(150_000))
        entries = list(kept.list())
        assert len(entries) == 30 and 1 <= sum(entry.picture is not None for entry in entries) < 10


def test_a_read_only_disk_says_so_and_can_be_read(small_disk):
    """As a card becomes when it is worn out."""
    with Store(small_disk / "results") as kept:
        kept.add(result(1), picture(1))
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with pytest.raises(StoreError, match="the disk is read-only. Check the card"):
        Store(small_disk / "results")
    with Store(small_disk / "results", write=False) as again:
        assert [entry.result for entry in again.list()] == [result(1)]


def test_the_script_that_is_killed_stores_what_it_says(tmp_path):
    """Without a kill."""
    done = subprocess.run(
        [sys.executable, STORE_PAGES, tmp_path / "a", "0", "2"], capture_output=True, text=True, timeout=60
    )
    assert said(done.stdout) == [0, 1] == stored_in(tmp_path / "a")
