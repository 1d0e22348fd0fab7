"""The pages of an archive read by the workers of a Dask cluster: each once, again where a worker died, and then reported as failed."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import InstallationError, Reason, UsageError
from ..files.limits import MAX_PAGES
from ..image import in_memory, page_name
from ..result import pages_left, unread
from .sources import is_url, read_stored

if TYPE_CHECKING:
    from ..reader import Reader

IN_FLIGHT = 3
"""Pages that are given to the scheduler at once, for each thread of its workers: none waits for the next, and none piles up."""
COUNT_S = 5.0
"""How often the workers are counted: some come and go."""
START_S = 60.0
"""Limit for the first worker to be there."""
FATAL = (InstallationError, UsageError, ImportError)
"""Errors of a worker that no other picture would be spared."""
ENDS_PROCESS = "Reading this picture ends the reading process: save it anew, smaller, as JPEG or PNG."
FAILS = "Reading this picture failed twice ({error}): save it anew as JPEG or PNG."

ReaderOptions = tuple[Any, ...]
"""The arguments of `Reader`, in its order."""
PageRead = tuple[dict[str, Any], int]
"""The dict of a page's result, and how many pages its file holds."""
ReadPage = Callable[[ReaderOptions, str, int], PageRead]
"""A function of a reader's options, a path and a page's number."""

_of_thread = threading.local()


class Page(NamedTuple):
    """A page of the file at `path`, by its number from 1."""

    path: str
    number: int


def read_page(options: ReaderOptions, path: str, page: int) -> PageRead:
    """The result of a page, read by the thread that this runs in, which keeps its `Reader`."""
    reader = _reader(options)
    if not is_url(path):
        result = reader.read(path, page)
    else:
        try:
            result = reader.read(in_memory(read_stored(path), path), page)
        except (FileNotFoundError, IsADirectoryError):
            result = unread(path, Reason.NOT_FOUND)
    return result.to_dict(), result.pages


def _reader(options: ReaderOptions) -> Reader:
    from ..reader import Reader

    if getattr(_of_thread, "options", None) != options:
        _of_thread.reader, _of_thread.options = Reader(*options), options
    reader: Reader = _of_thread.reader
    return reader


@contextmanager
def local_cluster(jobs: int, processes: bool = True) -> Iterator[Any]:
    """A `distributed.Client` of `jobs` workers of this machine, which are ended with it."""
    import logging

    with _interrupts_held():
        dask, distributed = _dask()
    with ExitStack() as held:
        with _interrupts_held():
            # A page whose worker died is tried again by `read_pages`, alone, and not beside others whom it would take along.
            held.enter_context(dask.config.set({"distributed.scheduler.allowed-failures": 0}))
            cluster = held.enter_context(
                distributed.LocalCluster(
                    n_workers=jobs,
                    threads_per_worker=1,
                    processes=processes,
                    dashboard_address="127.0.0.1:0",  # its health is served by HTTP in any case: at a port that another archive does not take
                    scheduler_kwargs={"dashboard": False},
                    silence_logs=logging.CRITICAL,
                )
            )
            client = held.enter_context(distributed.Client(cluster))
        yield client


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Within it Ctrl-C waits. Processes and threads that begin in it, and what they start, never see one: a terminal sends it to all of them, and
    this process, which ends them, is the one to answer. Nor does it fall into an import, which would lose it now and then: an exception in
    what runs as a module's lock goes is ignored, and one that was raised in text given to `exec` (as a data class does) makes `python -m` end by
    the signal, whatever status it is caught for (CPython 3.8 to 3.13)."""
    resource_tracker.ensure_running()  # which lets SIGINT through again where it is started
    former = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, former)


@contextmanager
def remote_cluster(address: str) -> Iterator[Any]:
    """A `distributed.Client` of the scheduler at an address, such as tcp://host:8786."""
    _, distributed = _dask()
    try:
        client = distributed.Client(address, timeout=START_S)
    except (OSError, TimeoutError, ValueError) as error:
        raise InstallationError(
            f"No Dask scheduler answers at {address} ({error}): start it, or check the address."
        ) from error
    with client:
        yield client


def _dask() -> tuple[Any, Any]:
    try:
        import dask
        import distributed
    except ImportError as error:
        raise InstallationError(f"Archives need an extra ({error}): pip install 'ecg-edge[archive]'.") from error
    return dask, distributed


def read_pages(
    client: Any, paths: Iterable[str], options: ReaderOptions, read: ReadPage = read_page
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield (path, the results of its pages in their order) of each path, as they are finished.

    An error that is none of the picture's costs a page one more try. Of pages whose worker died nobody knows which one ended it: they are tried
    again at the end, one by one. What fails again, or ends its process twice by itself, is a failed result.

    Parameters
    ----------
    client : `distributed.Client`; its workers must see the paths and have ecg-edge installed
    paths : drawn from as pages are finished: few wait at once

    Raises
    ------
    InstallationError, UsageError : no worker comes, the scheduler is gone, or the workers cannot read at all.
    """
    return _Run(client, paths, options, read).results()


class _Run:
    def __init__(self, client: Any, paths: Iterable[str], options: ReaderOptions, read: ReadPage):
        self._client, self._paths, self._options, self._read = client, iter(paths), options, read
        self._ready: deque[Page] = deque()
        self._suspects: deque[Page] = deque()
        self._died_alone: set[Page] = set()
        self._pages: dict[str, Page] = {}  # by the key of its future
        self._files: dict[str, dict[int, dict[str, Any] | None]] = {}  # the results of files of which some are there
        self._room, self._counted_at = 0, float("-inf")

    def results(self) -> Iterator[tuple[str, list[dict[str, Any]]]]:
        from distributed import as_completed

        self._wait_for_workers()
        loop = self._client.loop  # by default the loop of the client that was made last
        waiting = as_completed(loop=loop)
        try:
            self._fill(waiting)
            for future in waiting:
                yield from self._take(future, self._suspects.append)
                self._fill(waiting)
            while self._suspects or self._ready:
                page = self._suspects.popleft() if self._suspects else self._ready.popleft()
                for future in as_completed([self._submit(page)], loop=loop):
                    yield from self._take(future, self._after_death_alone)
        finally:
            self._client.cancel(list(waiting.futures), force=True)

    def _wait_for_workers(self) -> None:
        try:
            self._client.wait_for_workers(1, timeout=START_S)
        except TimeoutError:
            raise InstallationError(
                f"The scheduler has no worker after {START_S:g} s: start some ('dask worker')."
            ) from None

    def _fill(self, waiting: Any) -> None:
        if time.monotonic() - self._counted_at > COUNT_S:
            self._room, self._counted_at = IN_FLIGHT * max(sum(self._client.nthreads().values()), 1), time.monotonic()
        while len(self._pages) < self._room:
            page = self._ready.popleft() if self._ready else next((Page(path, 1) for path in self._paths), None)
            if page is None:
                return
            waiting.add(self._submit(page))

    def _submit(self, page: Page) -> Any:
        self._files.setdefault(page.path, {})[page.number] = None
        future = self._client.submit(self._read, self._options, *page, retries=1, pure=False)
        self._pages[future.key] = page
        return future

    def _take(self, future: Any, on_death: Callable[[Page], object]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
        from distributed import CancelledError, KilledWorker

        page = self._pages.pop(future.key)
        found: tuple[dict[str, Any], int] = ({}, 0)
        error: Exception | None = None
        if future.status == "lost":  # its worker died after it was read, before it was fetched
            self._ready.append(page)
            return
        if future.status == "cancelled":
            raise InstallationError("The scheduler is gone: start it again, and the same command goes on where it was.")
        try:
            found = future.result()
        except CancelledError:  # its worker died while it was fetched
            self._ready.append(page)
            return
        except Exception as raised:  # noqa: BLE001 - also of what reads the page anew, where the first reader died before it was fetched
            error = raised
        if isinstance(error, KilledWorker):
            on_death(page)
        elif isinstance(error, ImportError) and not isinstance(error, InstallationError):
            raise InstallationError(f"The workers cannot read ({error}): install the same ecg-edge there.") from error
        elif isinstance(error, FATAL):
            raise error
        elif error is not None:
            self._finish(page, _failed(page, FAILS.format(error=f"{type(error).__name__}: {error}")), 1)
        else:
            self._finish(page, *found)
        future.release()
        results = list(self._files[page.path].values())
        if None not in results:
            yield page.path, [result for result in results if result is not None]
            del self._files[page.path]

    def _after_death_alone(self, page: Page) -> None:
        """Once more: it may have been blamed for another's death before, and have died for the first time now."""
        if page in self._died_alone:
            self._finish(page, _failed(page, ENDS_PROCESS), 1)
        else:
            self._died_alone.add(page)
            self._suspects.append(page)

    def _finish(self, page: Page, result: dict[str, Any], pages: int) -> None:
        """Take the result of a page; those of the same file that are seen only now are read next."""
        known = self._files[page.path]
        known[page.number] = result
        if page.number == 1:
            further = range(2, min(pages, MAX_PAGES) + 1)
            known.update(dict.fromkeys(further))
            self._ready.extend(Page(page.path, number) for number in further)
            if pages > MAX_PAGES:
                left = pages_left(page.path, pages, sha256=result["sha256"]).to_dict()
                known[MAX_PAGES + 1] = left


def _failed(page: Page, message: str) -> dict[str, Any]:
    name = page.path if page.number == 1 else page_name(page.path, page.number, page.number)
    return unread(name, Reason.UNSUPPORTED, message).to_dict()


def usable_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0))
