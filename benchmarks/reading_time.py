"""Time and memory of one photograph of 12 megapixels, read by a process that has done nothing else."""

import json
import sys
import tempfile
from pathlib import Path

from ecg_edge.diagnostics.page_cost import ask, in_both_units, peak_mib

SIZE_PX = (4000, 3000)
REPETITIONS = 3


def in_fresh_process(page, seed, model, size_px=SIZE_PX):
    """{first and median milliseconds by stage, peak memory, status} of a report page photographed (severity 2) and read."""
    from PIL import Image

    from train import camera

    with Image.open(page) as opened:
        photo = camera.photograph(opened.convert("RGB"), 2, seed, px_per_mm=200 / 25.4, part="test")
    image = Image.fromarray(photo.image)
    size = size_px if image.width >= image.height else size_px[::-1]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "photo.jpg"
        image.resize(size, Image.Resampling.BICUBIC).save(path, quality=90)
        found = ask("benchmarks.reading_time", {"path": str(path), "model": model, "repetitions": REPETITIONS})
    if "error" in found:
        raise RuntimeError(f"the process that was to be timed ended: {found['error']}")
    return found


def read_here(job):
    """Read `job["path"]` several times in this process: what it took, and the most memory that the process ever held."""
    import time

    start = time.perf_counter()
    from ecg_edge import Reader

    reader = Reader(job["model"])
    ready = (time.perf_counter() - start) * 1000
    results = [reader.read(job["path"]) for _ in range(job["repetitions"])]
    totals = [result.timing_ms["total"] for result in results]
    last = results[-1]
    return {
        "status": last.status,
        "reason": last.reason and last.reason.value,
        "ready_ms": ready,
        "first_ms": totals[0],
        "median_ms": sorted(totals)[len(totals) // 2],
        "timing_ms": dict(last.timing_ms),
        **in_both_units({"peak": peak_mib()}),
    }


if __name__ == "__main__":
    print(json.dumps(read_here(json.load(sys.stdin))))
