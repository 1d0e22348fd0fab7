"""Processes that answer calls: limits, ends, restarts."""

import os
import signal
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from ecg_edge.errors import DamagedModelError, InstallationError, PictureError, Reason, WorkerError, WorkerTimeoutError
from ecg_edge.system.worker import Worker

from .. import stand_ins
from ..waiting import LIMIT_S, read_line, wait_for_end

ROOT = str(Path(__file__).resolve().parents[3])


@pytest.fixture(scope="module")
def events():
    return []


@pytest.fixture(scope="module")
def worker(events):
    one = Worker(stand_ins.Echo, grace_s=LIMIT_S, on_event=lambda event, **more: events.append((event, more)))
    yield one
    one.close()


def test_calls_are_answered_by_one_process_of_its_own(worker):
    """One after the other."""
    answers = [worker.call(("say", n), LIMIT_S) for n in range(3)]
    assert [answer for answer, _ in answers] == [0, 1, 2]
    assert {number for _, number in answers} == {worker.process_id} and worker.process_id != os.getpid()


def test_what_is_raised_there_is_raised_here(worker):
    """Ours as they are; others by name. The process lives on."""
    before = worker.call(("say", 0), LIMIT_S)[1]
    with pytest.raises(PictureError) as caught:
        worker.call(("refuse",), LIMIT_S)
    assert caught.value.reason is Reason.BLURRED
    with pytest.raises(WorkerError, match="^ZeroDivisionError: by zero$"):
        worker.call(("fail",), LIMIT_S)
    assert worker.call(("say", 1), LIMIT_S) == (1, before)


def test_one_that_hangs_is_asked_to_end_and_another_takes_its_place(worker, events):
    """Within the limit, the caller being told of the time meanwhile."""
    before, ticks = worker.call(("say", 0), LIMIT_S)[1], []
    with pytest.raises(WorkerTimeoutError) as caught:
        worker.call(("hang",), 0.8, lambda: ticks.append(1))
    assert ticks
    assert str(caught.value) == "The reading process gave no answer within 0.8 s and was ended (SIGTERM)."
    assert isinstance(caught.value, TimeoutError) and isinstance(caught.value, InstallationError)
    assert ("worker.hung", {"process": before, "timeout_s": 0.8, "ended_by": "SIGTERM"}) in events
    assert worker.call(("say", 1), LIMIT_S)[1] != before


def test_one_that_will_not_end_is_killed():
    """After it was asked."""
    with closing(Worker(stand_ins.Echo, grace_s=0.5)) as worker:
        worker.call(("ignore",), LIMIT_S)
        with pytest.raises(WorkerTimeoutError, match=r"was ended \(SIGKILL\)"):
            worker.call(("hang",), 0.5)
        assert worker.call(("say", 1), LIMIT_S)[0] == 1


@pytest.mark.parametrize(
    "request_, how", [(("die", 7), "status 7"), (("kill",), "SIGKILL, perhaps for want of memory")], ids=["die", "kill"]
)
def test_one_that_ends_is_said_to_and_replaced(worker, request_, how):
    """A crash of the runtime, the kernel for want of memory."""
    with pytest.raises(WorkerError) as caught:
        worker.call(request_, LIMIT_S)
    assert str(caught.value) == f"The reading process ended before it answered ({how})."
    assert worker.call(("say", 1), LIMIT_S)[0] == 1


def test_one_that_was_killed_between_calls_is_replaced(worker):
    """Nobody is told; the next page is read."""
    before = worker.call(("say", 0), LIMIT_S)[1]
    os.kill(before, signal.SIGKILL)
    wait_for_end(before)
    assert worker.call(("say", 1), LIMIT_S)[1] != before


def test_what_cannot_start_says_why(worker):
    """A damaged model, and a start that hangs."""
    with pytest.raises(DamagedModelError, match="^cnn.tflite is damaged$"):
        Worker(stand_ins.damaged).start()
    with pytest.raises(WorkerTimeoutError):
        Worker(stand_ins.slow_start, start_timeout_s=1.5, grace_s=0.5).start()


def test_it_closes_what_it_holds(tmp_path):
    """The camera is released when the process is asked to end."""
    worker = Worker(stand_ins.Echo, (str(tmp_path / "closed"),), grace_s=LIMIT_S)
    worker.call(("say", 1), LIMIT_S)
    worker.close()
    assert (tmp_path / "closed").read_text() == "closed" and worker.process_id is None


@pytest.mark.slow
def test_its_closing_is_not_broken_off(tmp_path):
    """The pipe's end begins it, and the SIGTERM that follows at once must not stop it half way."""
    for round_ in range(3):
        worker = Worker(stand_ins.SlowToClose, (str(tmp_path / f"closed-{round_}"),), grace_s=LIMIT_S)
        worker.call(("say", 1), LIMIT_S)
        worker.close()
        assert (tmp_path / f"closed-{round_}").read_text() == "closed"


ORPHAN = """
import sys
from ecg_edge.system.worker import Worker
from tests.edge import stand_ins
if __name__ == "__main__":
    worker = Worker(stand_ins.Echo)
    print(worker.call(("say", 1), 600)[1], flush=True)
    worker.call(("hang",), 600)
"""


def test_it_ends_with_its_caller(tmp_path):
    """Even in the middle of a page, when the caller is killed."""
    (tmp_path / "orphan.py").write_text(ORPHAN)
    paths = os.pathsep.join(filter(None, (ROOT, os.environ.get("PYTHONPATH"))))
    line = [sys.executable, tmp_path / "orphan.py"]
    caller = subprocess.Popen(line, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": paths})
    number = int(read_line(caller.stdout))
    caller.kill()
    caller.communicate()
    wait_for_end(number)


def test_a_caller_that_waits_for_its_turn_may_do_something_else(worker, tmp_path):
    """Page and loop share a process: who waits still tells the watchdog that it lives."""
    began, ticks = threading.Event(), []
    first = threading.Thread(target=worker.call, args=(("until", tmp_path / "end"), LIMIT_S, began.set))
    first.start()
    assert began.wait(LIMIT_S)

    def tick():
        ticks.append(1)
        if len(ticks) == 2:
            (tmp_path / "end").touch()

    assert worker.call(("say", 1), LIMIT_S, tick)[0] == 1
    first.join()
    assert len(ticks) >= 2
