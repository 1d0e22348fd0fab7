"""`ecg-edge archive` with a stand-in for the reader, by threads in place of processes: what the tests start, and kill. Also reads for `read_pages`."""

import os
import signal
import sys
import time
from pathlib import Path

from ecg_edge.errors import CameraError, NoModelError
from ecg_edge.image import page_name

PACE_S = 0.01


def result_of(path, page=1, pages=1, status="read"):
    """The dict of a result, as far as the archive looks into it."""
    return {"source": page_name(path, page, pages), "sha256": "0" * 64, "status": status}


def read(options, path, page):
    """By the file's name: "3pages" has three, "blurred" is refused."""
    name = os.path.basename(path)
    time.sleep(PACE_S)
    pages = int(name[0]) if "pages" in name else 1
    return result_of(path, page, pages, "refused" if "blurred" in name else "read"), pages


def kills_its_process(options, path, page):
    """A page whose name says so ends the process that reads it, each time or once."""
    name = os.path.basename(path)
    if "dies" in name or ("once" in name and _first_time(path)):
        os.kill(os.getpid(), signal.SIGKILL)
    return read(options, path, page)


def fails(options, path, page):
    """A page whose name says so raises, each time or once."""
    name = os.path.basename(path)
    if "fails" in name or ("once" in name and _first_time(path)):
        raise MemoryError("no memory")
    return read(options, path, page)


def without_model(options, path, page):
    """No page can be read."""
    raise NoModelError("There is no model page.") if "camera" not in path else CameraError("none")


def _first_time(path):
    mark = Path(f"{path}.tried")
    if mark.exists():
        return False
    mark.touch()
    return True


if __name__ == "__main__":
    import functools

    from ecg_edge.archive import workers
    from ecg_edge.commands import cli

    real_pages, real_cluster = workers.read_pages, workers.local_cluster
    workers.read_pages = functools.partial(real_pages, read=read)
    workers.local_cluster = functools.partial(real_cluster, processes=False)
    sys.exit(cli.main(sys.argv[1:]))
