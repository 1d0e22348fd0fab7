"""What a figure was measured on."""

import os
import platform
from importlib import metadata
from pathlib import Path

from ecg_edge import board
from train import checkout

PACKAGES = ("ecg-edge", "numpy", "scipy", "pillow", "tflite-runtime", "ai-edge-litert", "tensorflow", "keras")


def record():
    """Processor, system, load and versions, for JSON; None where it cannot be known."""
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "governor": _read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        **board.readings(),
        "load_average": list(os.getloadavg()),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
        "commit": checkout.describe(),
    }


def _version(name):
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _cpu():
    text = _read("/proc/cpuinfo") or ""
    names = [line.split(":", 1)[1].strip() for line in text.splitlines() if line.startswith(("model name", "Model"))]
    return names[0] if names else platform.processor() or None


def _read(path):
    try:
        return Path(path).read_text().strip()
    except OSError:
        return None
