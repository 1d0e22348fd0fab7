"""Pages read by workers: each has its result, whatever happens to the worker; what would spare no page ends the run."""

import warnings

import fsspec
import pytest

from ecg_edge import Reader
from ecg_edge.archive.workers import local_cluster, read_page, read_pages
from ecg_edge.errors import InstallationError
from ecg_edge.files.limits import MAX_PAGES

from . import stand_in

DEFAULT = (None, 1, None, None, None, None, None)

pytestmark = pytest.mark.filterwarnings("ignore")  # the engine's own


@pytest.fixture(scope="module")
def processes():
    """Two processes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with local_cluster(2) as client:
            yield client


@pytest.fixture(scope="module")
def threads():
    """Two threads of this process: what it knows they know."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with local_cluster(2, processes=False) as client:
            yield client


def test_archives_are_read_beside_each_other(processes):
    """Neither asks for a port that the other has, which a user would be told of."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        with local_cluster(1, processes=False):
            pass
    assert not [str(each.message) for each in told if "Port" in str(each.message)]


def paths_in(folder, *names):
    return [f"{folder}/{name}" for name in names]


def test_every_page_is_read_as_by_one_process(processes, few_pages, tmp_path):
    """What cannot be opened is a result too; of several pages each."""
    from PIL import Image

    with Image.open(few_pages[0].path) as one, Image.open(few_pages[1].path) as other:
        one.convert("L").save(tmp_path / "two.tif", save_all=True, append_images=[other.convert("L")])
    paths = [str(page.path) for page in few_pages] + [str(tmp_path / "two.tif"), "nothing.jpg"]
    found = dict(read_pages(processes, paths, DEFAULT))
    assert sorted(found) == sorted(paths) and found["nothing.jpg"][0]["reason"] == "not_found"
    reader = Reader()
    for path in paths:
        expected = [result.to_dict() for result in reader.read_all([path])]
        shown = ("source", "status", "verdict", "probabilities", "sha256")
        assert [[each[name] for name in shown] for each in found[path]] == [
            [each[name] for name in shown] for each in expected
        ]


def test_pictures_of_a_store_are_read_there(threads, normal_page):
    """By their addresses; what is gone meanwhile is not found."""
    store = fsspec.filesystem("memory")
    store.pipe("/bucket/normal.jpg", normal_page.read_bytes())
    found = dict(read_pages(threads, ["memory://bucket/normal.jpg", "memory://bucket/gone.jpg"], DEFAULT))
    (read,), (gone,) = found["memory://bucket/normal.jpg"], found["memory://bucket/gone.jpg"]
    assert read["source"] == "memory://bucket/normal.jpg" and read["verdict"] == "normal"
    assert (gone["status"], gone["reason"]) == ("failed", "not_found")
    store.rm("/bucket", recursive=True)


def test_a_page_that_fails_is_tried_again_and_then_reported(threads, tmp_path, validate):
    """The others go on."""
    paths = paths_in(tmp_path, "a.jpg", "once.jpg", "fails.jpg", "b.jpg")
    found = dict(read_pages(threads, paths, (), stand_in.fails))
    assert {path.rpartition("/")[2]: [each["status"] for each in results] for path, results in found.items()} == {
        "a.jpg": ["read"],
        "once.jpg": ["read"],
        "fails.jpg": ["failed"],
        "b.jpg": ["read"],
    }
    failed = found[f"{tmp_path}/fails.jpg"][0]
    assert "failed twice (MemoryError: no memory)" in failed["message"]
    validate(failed)


def test_a_page_that_ends_its_process_is_found_out_and_takes_no_other_along(processes, tmp_path):
    """Whoever waited at the same process is read."""
    names = [
        *(f"{number}.jpg" for number in range(6)),
        "dies.jpg",
        "once.jpg",
        *(f"{number}.png" for number in range(6)),
    ]
    found = dict(read_pages(processes, paths_in(tmp_path, *names), (), stand_in.kills_its_process))
    assert sorted(found) == sorted(paths_in(tmp_path, *names))
    failed = [path for path, results in found.items() if results[0]["status"] == "failed"]
    assert failed == [f"{tmp_path}/dies.jpg"] and "ends the reading process" in found[failed[0]][0]["message"]


def test_files_of_many_pages_are_given_page_by_page_in_order(threads, tmp_path, monkeypatch):
    """Up to the limit, and one that says so."""
    from ecg_edge.archive import workers

    found = dict(read_pages(threads, paths_in(tmp_path, "3pages.pdf", "1pages.pdf"), (), stand_in.read))
    assert [each["source"] for each in found[f"{tmp_path}/3pages.pdf"]] == [
        f"{tmp_path}/3pages.pdf#{n}" for n in (1, 2, 3)
    ]
    assert [each["source"] for each in found[f"{tmp_path}/1pages.pdf"]] == [f"{tmp_path}/1pages.pdf"]
    monkeypatch.setattr(workers, "MAX_PAGES", 2)
    (cut,) = dict(read_pages(threads, paths_in(tmp_path, "9pages.pdf"), (), stand_in.read)).values()
    assert [each["status"] for each in cut] == ["read", "read", "failed"] and cut[2]["source"].endswith(
        f"#{MAX_PAGES + 1}"
    )


def test_few_wait_at_once(threads, tmp_path):
    """Paths are drawn as pages are finished."""
    drawn = 0

    def paths():
        nonlocal drawn
        for number in range(60):
            drawn += 1
            yield f"{tmp_path}/{number}.jpg"

    for taken, _ in enumerate(read_pages(threads, paths(), (), stand_in.read), 1):
        assert drawn - taken <= 6
    assert taken == 60


@pytest.mark.parametrize("name, message", [("a.jpg", "There is no model page"), ("camera.jpg", "none")])
def test_what_would_spare_no_page_ends_the_run(threads, tmp_path, name, message):
    """An installation that cannot read must not fail a million pages."""
    with pytest.raises(InstallationError, match=message):
        list(read_pages(threads, paths_in(tmp_path, name), (), stand_in.without_model))


def test_a_worker_keeps_one_reader_for_each_thread(monkeypatch, normal_page):
    """Until other options are asked for."""
    from ecg_edge import reader

    made, real = [], reader.Reader

    class Counting(real):
        def __init__(self, *given):
            made.append(given)
            super().__init__(*given)

    monkeypatch.setattr(reader, "Reader", Counting)
    monkeypatch.setattr("ecg_edge.archive.workers._of_thread.options", None, raising=False)
    for _ in range(2):
        assert read_page(DEFAULT, str(normal_page), 1)[1] == 1
    assert made == [DEFAULT]


class Fetched:
    """A future that is finished, whose worker dies before its result is here: `raised` is what Dask says then."""

    key, status = "key", "finished"

    def __init__(self, raised):
        self.raised = raised

    def result(self):
        raise self.raised

    def release(self):
        pass


def test_a_page_whose_worker_dies_while_it_is_fetched_is_read_again():
    """It had been read: no page is failed for that. Where it is computed anew and ends that worker too, it is a suspect."""
    from distributed import KilledWorker
    from distributed.client import FutureCancelledError

    from ecg_edge.archive.workers import Page, _Run

    run, page, died = _Run(None, (), (), stand_in.read), Page("/a.jpg", 1), []
    run._pages["key"], run._files[page.path] = page, {1: None}
    gone = FutureCancelledError("key", "its worker is gone")
    assert list(run._take(Fetched(gone), died.append)) == [] and list(run._ready) == [page] and died == []
    run._pages["key"] = page
    killed = KilledWorker("key", "a worker", 0)
    assert list(run._take(Fetched(killed), died.append)) == [] and died == [page]
