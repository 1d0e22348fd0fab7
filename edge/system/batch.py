"""Many sources: page by page, in one process or in several."""

from __future__ import annotations

import io
import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING

from .. import image
from ..errors import InstallationError
from ..files.limits import MAX_PAGES
from ..result import Result, pages_left
from .process import end_with_parent

if TYPE_CHECKING:
    from ..image import Source


def read_pages(
    read: Callable[[Source, int], Result], source: Source, pages: Sequence[int] | None = None
) -> Iterator[Result]:
    """Yield what `read` gives for each page of a source: those of `pages`, or where None all, as `Reader.read_all` does."""
    source = image.to_memory(source)  # it is read anew for each page
    for page in pages or (1,):
        result = read(_from_the_beginning(source), page)
        yield result
    if pages is None:
        for page in range(2, min(result.pages, MAX_PAGES) + 1):
            yield read(_from_the_beginning(source), page)
        if result.pages > MAX_PAGES:
            yield _pages_left(source, result)


def _pages_left(source: Source, first: Result) -> Result:
    return pages_left(image.name_of(source), first.pages, sha256=first.sha256, model=first.model, runtime=first.runtime)


def _from_the_beginning(source: Source) -> Source:
    if isinstance(source, io.BytesIO):
        source.seek(0)
    return source


def read_with_workers(
    read: Callable[[Source, int], Result], sources: Iterable[Source], jobs: int, pages: Sequence[int] | None
) -> Iterator[Result]:
    """Yield what `read`, which goes to other processes, gives for each page of each source, in order, with `jobs` processes."""
    pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), end_with_parent)
    waiting: deque[tuple[Source, int, Future[Result]]] = deque()

    def begin(source: Source, numbers: Iterable[int]) -> list[tuple[Source, int, Future[Result]]]:
        return [(source, page, pool.submit(read, source, page)) for page in numbers]

    def end() -> Iterator[Result]:
        source, page, future = waiting.popleft()
        result = future.result()
        # Of the first page it is known how many there are: the others come before what was begun after it.
        if pages is None and page == 1 and result.pages > 1:
            waiting.extendleft(reversed(begin(source, range(2, min(result.pages, MAX_PAGES) + 1))))
        yield result
        if pages is None and page == MAX_PAGES < result.pages:
            yield _pages_left(source, result)

    try:
        for source in sources:
            waiting += begin(image.to_memory(source), pages or (1,))
            # Few in flight: an archive's results do not pile up in memory.
            while len(waiting) >= 2 * jobs:
                yield from end()
        while waiting:
            yield from end()
    except BrokenProcessPool as error:
        raise InstallationError(
            "A process ended before its page was read, perhaps for want of memory: use fewer --jobs."
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
