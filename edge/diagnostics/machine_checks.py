"""What a person should know of this machine before relying on it: a verdict for each part, and the command that mends it."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Literal

from ..classifier import card
from ..classifier.runtime import RUNTIMES, Network, has_wheels, usable_runtimes
from ..device.extras import needs
from ..device.indicator import import_gpiozero
from ..device.settings import Settings, defaults
from ..errors import EcgEdgeError, NoRuntimeError
from ..system import board

Verdict = Literal["good", "warning", "bad", "absent"]
GOOD: Verdict = "good"
WARNING: Verdict = "warning"
BAD: Verdict = "bad"
ABSENT: Verdict = "absent"
VERDICTS = (GOOD, WARNING, BAD, ABSENT)
"""In order, out of order but usable, unusable, and not here (which a desk computer's camera may well be)."""
PYTHONS = ((3, 10), (3, 14))
LEAST_GLIBC = {"tflite-runtime": (2, 34), "ai-edge-litert": (2, 27)}
"""The manylinux tags of the runtimes' wheels for arm64."""
MACHINES = ("x86_64", "aarch64")
LEAST_FREE_MB, LEAST_MEMORY_MB, LEAST_AVAILABLE_MB = 500, 400, 350
HOT_C, TOO_HOT_C = 70, 80
"""A Raspberry Pi slows its processor from 80 degrees on (Raspberry Pi documentation, "Frequency management and thermal control")."""


@dataclass(frozen=True)
class Finding:
    """A part that was looked at: its `name`, `verdict`, what was `found`, and the `remedy`, None where none is needed."""

    name: str
    verdict: Verdict
    found: str
    remedy: str | None = None

    def to_dict(self) -> dict[str, str | None]:
        """As JSON."""
        return asdict(self)


def examine(
    store_folder: str, camera: str = "0", settings: Settings | None = None, serve: bool = False
) -> Iterator[Finding]:
    """Yield a `Finding` for each part, as each is looked at, those that the `settings` ask for and where the page is to be served (`serve`) with
    more weight. Nothing is changed."""
    settings = settings or defaults()
    yield _python()
    yield _architecture()
    yield _glibc()
    yield _compiled_loops()
    yield from _runtimes()
    yield from _models()
    yield _camera(camera)
    yield _pins()
    yield from _extras(settings, serve)
    yield _store(store_folder)
    yield _memory()
    yield _temperature()
    yield _throttling()
    yield _clock()


def _python() -> Finding:
    found = f"Python {platform.python_version()} at {sys.executable}"
    if not PYTHONS[0] <= sys.version_info[:2] <= PYTHONS[1]:
        return Finding("python", BAD, found, "Use Python 3.10 to 3.14: 'sudo apt install python3 python3-venv'.")
    return Finding("python", GOOD, found)


def _architecture() -> Finding:
    machine, bits = platform.machine(), 64 if sys.maxsize > 2**32 else 32
    found = f"{machine}, {bits} bits"
    if bits == 32:
        return Finding(
            "architecture", BAD, found, "Install the 64-bit system: there are no runtimes for Python of 32 bits."
        )
    return Finding("architecture", GOOD if machine in MACHINES else WARNING, found,
                   None if machine in MACHINES else "Tested on x86_64 and aarch64 alone.")  # fmt: skip


def _glibc() -> Finding:
    name, version = platform.libc_ver()
    found = f"{name} {version}" if name else "no glibc"
    if name != "glibc":
        return Finding(
            "glibc", BAD, found, "Use a system with glibc (Debian, Raspberry Pi OS): the runtimes' wheels need it."
        )
    numbers = tuple(int(part) for part in version.split(".")[:2])
    if numbers < min(LEAST_GLIBC.values()):
        return Finding("glibc", BAD, found, "Upgrade to Raspberry Pi OS Bookworm or newer.")
    if numbers < LEAST_GLIBC["tflite-runtime"] and platform.machine() == "aarch64":
        return Finding(
            "glibc", WARNING, found, "tflite-runtime needs 2.34: 'pip install ai-edge-litert', or upgrade to Bookworm."
        )
    return Finding("glibc", GOOD, found)


def _compiled_loops() -> Finding:
    """Whether the search for traces' paths, and other loops over pixels, have been compiled: see `compiled/library.py`."""
    from ..compiled.library import compiled

    if compiled() is not None:
        return Finding("compiled loops", GOOD, "built")
    return Finding(
        "compiled loops", ABSENT, "in NumPy: a report page takes some tenths of a second longer",
        "'sudo apt install gcc', and install ecg-edge again from its source.",
    )  # fmt: skip


def _runtimes() -> Iterator[Finding]:
    """Each runtime by making an interpreter with it, and running it: tflite-runtime with NumPy 2 can be imported, and no more."""
    import numpy as np

    works = {runtime.name: runtime for runtime in usable_runtimes()}
    data = next(iter(_model_bytes()), None)
    for name in RUNTIMES:
        if name not in works and not has_wheels(name):
            yield Finding(
                f"runtime {name}", ABSENT, f"there is none for Python {sys.version_info[0]}.{sys.version_info[1]}"
            )
            continue
        if name not in works:
            problem = _runtime_problem(name)
            missing = "is not installed" in problem
            verdict = ABSENT if missing and works else BAD
            yield Finding(f"runtime {name}", verdict, problem, None if verdict is ABSENT else _runtime_remedy(name))
            continue
        found = f"{name} {works[name].version}, NumPy {np.__version__}"
        try:
            if data is None:
                yield Finding(
                    f"runtime {name}",
                    WARNING,
                    f"{found}, not tried: no model",
                    "pip install --force-reinstall ecg-edge",
                )
                continue
            network = Network(data, works[name])
            network.run(np.zeros((1, *network.input_shape), network.quantisation()["input"]["dtype"]))
        except Exception as error:  # a runtime and a NumPy that do not fit raise whatever they like
            yield Finding(f"runtime {name}", BAD, f"{found}: {error}", _runtime_remedy(name))
        else:
            yield Finding(f"runtime {name}", GOOD, f"{found}, an interpreter was made and run")


def _runtime_problem(name: str) -> str:
    from ..classifier.runtime import find_runtime

    try:
        find_runtime(name)
    except NoRuntimeError as error:
        return str(error).removeprefix("No TensorFlow Lite runtime can be used. ")
    return "does not work"


def _runtime_remedy(name: str) -> str:
    return "pip install 'numpy<2' tflite-runtime" if name == "tflite-runtime" else "pip install ai-edge-litert"


def _model_bytes() -> Iterator[bytes]:
    for name in card.list_names():
        with suppress(EcgEdgeError):
            yield card.read_card(name).read_model()


def _models() -> Iterator[Finding]:
    names = card.list_names()
    if not names:
        yield Finding("models", BAD, f"none in {card.models_folder()}", "pip install --force-reinstall ecg-edge")
    for name in names:
        try:
            read = card.read_card(name)
            size = len(read.read_model())
        except EcgEdgeError as error:
            yield Finding(f"model {name}", BAD, str(error), "pip install --force-reinstall ecg-edge")
        else:
            yield Finding(f"model {name}", GOOD, f"version {read['version']}, {size / 1e6:.1f} MB, as its card says")


def _extras(settings: Settings, serve: bool) -> Iterator[Finding]:
    """What the extras bring: unusable where the settings ask for one that is missing, absent where nothing does."""
    for need in needs(settings, serve):
        name = f"extra {need.part.extra}: {need.part.what}"
        if not need.missing:
            yield Finding(name, GOOD, ", ".join(need.part.modules))
            continue
        found = f"{', '.join(need.missing)} not installed{', and the settings ask for it' if need.asked else ''}"
        yield Finding(name, BAD if need.asked else ABSENT, found, need.remedy)


def _camera(camera: str) -> Finding:
    if not camera.isdecimal():
        there = os.path.isdir(camera)
        return Finding("camera", GOOD if there else BAD, f"the folder {camera}", None if there else f"mkdir {camera}")
    try:
        import picamera2

        cameras = picamera2.Picamera2.global_camera_info()
    except Exception as error:  # whatever a broken or mixed installation raises
        if isinstance(error, ModuleNotFoundError) and error.name == "picamera2":
            remedy = "'sudo apt install python3-picamera2', and an environment made with 'python3 -m venv --system-site-packages'."
            return Finding("camera", ABSENT, "picamera2 is not installed", remedy)
        remedy = "'sudo apt install --reinstall python3-picamera2 python3-libcamera'; in an environment: 'pip uninstall numpy', or -c constraints."
        return Finding("camera", BAD, f"picamera2 cannot be used ({type(error).__name__}: {error})", remedy)
    if int(camera) >= len(cameras):
        return Finding(
            "camera", BAD, f"{len(cameras)} found", "Check the ribbon cable, then 'rpicam-hello --list-cameras'."
        )
    devices = [f"/dev/{name}" for name in os.listdir("/dev") if name.startswith(("video", "media"))]
    closed = [path for path in devices if not os.access(path, os.R_OK | os.W_OK)]
    if closed:
        return Finding(
            "camera", BAD, f"no permission for {closed[0]}", "'sudo usermod -aG video $USER', and log in anew."
        )
    return Finding("camera", GOOD, f"{cameras[int(camera)].get('Model')}, {len(cameras)} found")


def _pins() -> Finding:
    try:
        import_gpiozero()
    except EcgEdgeError as error:
        return Finding("button and light", ABSENT, str(error), "pip install 'ecg-edge[device]'")
    chips = [f"/dev/{name}" for name in os.listdir("/dev") if name.startswith("gpiochip")]
    if not chips:
        return Finding("button and light", ABSENT, "this board has no pins")
    closed = [path for path in chips if not os.access(path, os.R_OK | os.W_OK)]
    if closed:
        return Finding(
            "button and light", BAD, f"no permission for {closed[0]}", "'sudo usermod -aG gpio $USER', and log in anew."
        )
    return Finding("button and light", GOOD, f"{len(chips)} chips")


def _store(folder: str) -> Finding:
    place = os.path.abspath(folder)
    while not os.path.exists(place):
        place = os.path.dirname(place)
    if not os.access(place, os.W_OK | os.X_OK):
        return Finding(
            "store", BAD, f"{folder} cannot be written", f"'sudo chown $USER {place}', or another folder (--store)."
        )
    free_mb = shutil.disk_usage(place).free // 1_000_000
    found = f"{folder}, {free_mb} MB free"
    if os.statvfs(place).f_flag & os.ST_RDONLY:
        return Finding("store", BAD, f"{folder} is on a read-only disk", "Check the card: 'dmesg | grep -i mmc'.")
    if free_mb < LEAST_FREE_MB:
        return Finding("store", WARNING, found, "Free some space: 'sudo apt clean', or lower [store] quota_mb.")
    return Finding("store", GOOD, found)


def _memory() -> Finding:
    total_mb, available_mb = board.memory_mb(), board.available_mb()
    found = f"{total_mb} MB, {available_mb} MB available"
    if total_mb < LEAST_MEMORY_MB:
        return Finding("memory", BAD, found, "Use a board with 512 MB or more.")
    if available_mb is not None and available_mb < LEAST_AVAILABLE_MB:
        return Finding(
            "memory",
            WARNING,
            found,
            "Close programs, or boot without a desktop: 'sudo raspi-config nonint do_boot_behaviour B1'.",
        )
    return Finding("memory", GOOD, found)


def _temperature() -> Finding:
    degrees = board.temperature_c()
    if degrees is None:
        return Finding("temperature", ABSENT, "this machine does not tell")
    verdict = GOOD if degrees < HOT_C else WARNING if degrees < TOO_HOT_C else BAD
    return Finding(
        "temperature", verdict, f"{degrees:.1f} °C", None if verdict == GOOD else "Give the board air, or a fan."
    )


def _throttling() -> Finding:
    limits = board.throttled()
    if limits is None:
        return Finding("throttling", ABSENT, "no vcgencmd")
    if not limits:
        return Finding("throttling", GOOD, "nothing limits the board")
    power = any("undervoltage" in limit for limit in limits)
    return Finding(
        "throttling",
        WARNING,
        ", ".join(limits),
        "Use the board's own power supply." if power else "Give the board air, or a fan.",
    )


def _clock() -> Finding:
    import time

    year = time.gmtime().tm_year
    if year < 2024:
        return Finding(
            "clock",
            WARNING,
            f"it is {year} here",
            "'sudo timedatectl set-ntp true'; results are kept in order all the same.",
        )
    return Finding("clock", GOOD, time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()))
