"""An archive larger than a machine, on an engine that is there already: Dask. A recipe, which `docs/benchmarks.md` shows.

A `Reader` for each process that works, results as they come, a page that failed tried once more and then reported as failed. Nothing is scheduled here.
"""

import json
import sys
from functools import lru_cache
from itertools import islice

RETRIES = 1


@lru_cache(maxsize=1)
def _reader(model):
    from ecg_edge import Reader

    return Reader(model)


def read(path, model=None):
    """The result of one page, a dict as in JSON, by the reader of the process that this runs in."""
    return _reader(model).read(path).to_dict()


def results(client, paths, model=None, read=read, most=1000):
    """Yield the results of pages as they come, from the processes of a `distributed.Client`.

    A process that dies, or an error that is none of the picture's, costs the page one more try; what fails again is a result too, its `status`
    "failed" and its `reason` null.

    Parameters
    ----------
    client : `distributed.Client`; its processes must see the paths and have ecg-edge installed
    paths : iterable of paths, drawn from as results come: no more than `most` wait at once
    """
    from distributed import as_completed

    paths, names = iter(paths), {}

    def submit(path):
        future = client.submit(read, path, model, retries=RETRIES, pure=False)
        names[future.key] = path
        return future

    waiting = as_completed([submit(path) for path in islice(paths, most)])
    for future in waiting:
        path = names.pop(future.key)
        if future.status == "finished":
            yield future.result()
        else:
            yield {"source": path, "status": "failed", "reason": None, "message": f"{future.exception()!r}"}
        future.release()
        for following in islice(paths, 1):
            waiting.add(submit(following))


def main(paths):
    """One JSON result a line, of the pages named, by a process for each core of this machine."""
    from distributed import Client, LocalCluster

    with LocalCluster(threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        for result in results(client, paths):
            print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
