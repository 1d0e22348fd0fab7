"""What a figure was measured on: the machine, its state and the versions of what ran."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any

from ..system import board

PACKAGES = ("ecg-edge", "numpy", "scipy", "pillow", "tflite-runtime", "ai-edge-litert")
FREQUENCY_FOLDER = "/sys/devices/system/cpu/cpu0/cpufreq/"


def record(packages: Iterable[str] = PACKAGES) -> dict[str, Any]:
    """Processor, board, state, load and versions, for JSON; None where it cannot be known.

    `emulated` is true where QEMU emulates the processor: times say nothing there.
    """
    from ..compiled.library import compiled

    return {
        "cpu": cpu_name(),
        "board": board.model_name(),
        "cores": os.cpu_count(),
        "usable_cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "machine": platform.machine(),
        "emulated": is_emulated(),
        "governor": _read(f"{FREQUENCY_FOLDER}scaling_governor"),
        "mhz": _mhz("scaling_cur_freq"),
        "most_mhz": _mhz("cpuinfo_max_freq"),
        "memory_mb": board.memory_mb(),
        **board.readings(),
        "load_average": [round(load, 2) for load in os.getloadavg()],
        "system": f"{platform.system()} {platform.release()}",
        "libc": " ".join(platform.libc_ver()) or None,
        "python": platform.python_version(),
        "packages": {name: version_of(name) for name in packages},
        "compiled_loops": compiled() is not None,
    }


def version_of(package: str) -> str | None:
    """The version of an installed distribution; None where it is not."""
    with suppress(metadata.PackageNotFoundError):
        return metadata.version(package)
    return None


def cpu_name() -> str | None:
    """The processor's name as the kernel gives it; None where it gives none."""
    names = [line.split(":", 1)[1].strip() for line in _cpuinfo() if line.startswith(("model name", "Model"))]
    return names[0] if names else platform.processor() or None


def is_emulated() -> bool:
    """Whether QEMU emulates this program's instructions: the kernel then shows another processor than the program runs on."""
    if platform.machine() != "aarch64":
        return False
    return not any(line.startswith(("CPU implementer", "CPU architecture")) for line in _cpuinfo())


def _cpuinfo() -> list[str]:
    return (_read("/proc/cpuinfo") or "").splitlines()


def _mhz(name: str) -> float | None:
    text = _read(FREQUENCY_FOLDER + name)
    return int(text) / 1000 if text and text.isdigit() else None


def _read(path: str) -> str | None:
    with suppress(OSError):
        return Path(path).read_text().strip()
    return None
