"""Time and memory of one photograph of 12 megapixels, read by a process that has done nothing else."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

SIZE_PX = (4000, 3000)
REPETITIONS = 3


def in_fresh_process(page, seed, model, size_px=SIZE_PX):
    """{first and median milliseconds by stage, peak RSS in MB, status} of a report page photographed (severity 2) and read."""
    from PIL import Image

    from train import camera

    with Image.open(page) as opened:
        photo = camera.photograph(opened.convert("RGB"), 2, seed, px_per_mm=200 / 25.4, part="test")
    image = Image.fromarray(photo.image)
    size = size_px if image.width >= image.height else size_px[::-1]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "photo.jpg"
        image.resize(size, Image.Resampling.BICUBIC).save(path, quality=90)
        job = json.dumps({"path": str(path), "model": model, "repetitions": REPETITIONS})
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.reading_time"], input=job, text=True, capture_output=True
        )
    if done.returncode:
        raise RuntimeError(f"the process that was to be timed ended: {done.stderr.strip().splitlines()[-1]}")
    return json.loads(done.stdout)


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
        "peak_rss_mb": peak_rss_mb(),
    }


def peak_rss_mb():
    """The most memory that this program held, in MB; None where the system does not say. What getrusage says begins with the parent's."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.is_file() else ()
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), None)


if __name__ == "__main__":
    print(json.dumps(read_here(json.load(sys.stdin))))
