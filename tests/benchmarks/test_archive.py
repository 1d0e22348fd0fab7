"""The recipe for archives, with processes of this machine in place of a cluster's."""

import os
import warnings

import pytest

from benchmarks import archive
from ecg_edge import Reader
from ecg_edge.errors import CameraTimeoutError, OutputError, StoreFullError, WorkerTimeoutError

PAGES = [f"tests/data/{name}.jpg" for name in ("normal", "abnormal", "infarction", "history")]


@pytest.fixture(scope="module")
def client():
    """Two processes, one thread each; warnings of the engine's own are not ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        distributed = pytest.importorskip("distributed")
        options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None, "silence_logs": 50}
        with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster) as found:
            yield found


@pytest.mark.filterwarnings("ignore")
def test_every_page_has_its_result(client):
    """As one process reads them; what cannot be opened is a result too."""
    found = {result["source"]: result for result in archive.results(client, [*PAGES, "nothing.jpg"], most=2)}
    assert found.pop("nothing.jpg")["reason"] == "not_found"
    reader = Reader()
    for path in PAGES:
        assert found[path]["probabilities"] == reader.read(path).to_dict()["probabilities"]


def _dies_once(path, folder):
    """Ends its process at the first try of each page, and answers at the second."""
    mark = f"{folder}/{os.path.basename(path)}"
    if not os.path.exists(mark):
        open(mark, "w").close()
        raise MemoryError("no memory")
    return {"source": path, "status": "read"}


def _fails(path, folder):
    raise MemoryError("no memory")


@pytest.mark.filterwarnings("ignore")
def test_a_page_that_failed_is_tried_once_more_and_then_reported(client, tmp_path):
    """The first error costs a try, the second is the page's result, and the others go on."""
    mended = list(archive.results(client, PAGES, str(tmp_path), read=_dies_once))
    assert sorted(result["source"] for result in mended) == sorted(PAGES)
    assert {result["status"] for result in mended} == {"read"}
    failed = list(archive.results(client, PAGES[:2], str(tmp_path), read=_fails))
    assert [result["status"] for result in failed] == ["failed"] * 2
    assert all("no memory" in result["message"] for result in failed)


@pytest.mark.parametrize("error", [CameraTimeoutError, OutputError, StoreFullError, WorkerTimeoutError])
def test_errors_come_from_another_process_as_they_are(error):
    """By the engine's own way of pickling them, which makes them without their `__init__`."""
    support = pytest.importorskip("tblib.pickling_support")
    made, (again, given) = error("Words."), support.pickle_exception(error("Words."))[:2]
    twin = again(*given)
    assert type(twin) is type(made) and str(twin) == str(made) and twin.args == made.args
