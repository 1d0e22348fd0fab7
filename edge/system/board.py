"""What the board reports: model, memory, temperature, throttling; None where it does not."""

import os
import shutil
import subprocess
from contextlib import suppress
from typing import Any

TIMEOUT_S = 2.0
THROTTLED = {
    0: "undervoltage", 1: "frequency capped", 2: "throttled", 3: "soft temperature limit",
    16: "undervoltage occurred", 17: "frequency cap occurred", 18: "throttling occurred", 19: "soft temperature limit occurred",
}  # fmt: skip
"""The bits of `vcgencmd get_throttled` (Raspberry Pi documentation, "vcgencmd")."""
CELSIUS_SCALE = 1000


def readings() -> dict[str, Any]:
    """{"temperature_c", "throttled"}: degrees and a list of what limits the board, each None where it is not known."""
    return {"temperature_c": temperature_c(), "throttled": throttled()}


def temperature_c(path: str | os.PathLike[str] = "/sys/class/thermal/thermal_zone0/temp") -> float | None:
    """The processor's temperature."""
    with suppress(OSError, ValueError), open(path) as file:
        return int(file.read()) / CELSIUS_SCALE
    return None


def throttled() -> list[str] | None:
    """The names of what limits or has limited the board since its start, by `vcgencmd`."""
    command = shutil.which("vcgencmd")
    if command is None:
        return None
    with suppress(OSError, subprocess.TimeoutExpired, ValueError, IndexError):
        done = subprocess.run([command, "get_throttled"], capture_output=True, text=True, timeout=TIMEOUT_S)
        bits = int(done.stdout.strip().split("=")[1], 16)
        return [name for bit, name in THROTTLED.items() if bits >> bit & 1]
    return None


def model_name(path: str | os.PathLike[str] = "/proc/device-tree/model") -> str | None:
    """The board's name, such as "Raspberry Pi 5 Model B Rev 1.0"."""
    with suppress(OSError), open(path) as file:
        return file.read().strip("\0\n") or None
    return None


def memory_mb() -> int:
    """The machine's memory, in megabytes."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1_000_000


def available_mb(path: str | os.PathLike[str] = "/proc/meminfo") -> int | None:
    """The memory that programs can still have, in megabytes."""
    with suppress(OSError), open(path) as file:
        for line in file:
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024 // 1_000_000
    return None


def resident_mb(process: int | str = "self") -> float | None:
    """The memory that a process holds, in megabytes; the process by its number."""
    with suppress(OSError), open(f"/proc/{process}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    return None
