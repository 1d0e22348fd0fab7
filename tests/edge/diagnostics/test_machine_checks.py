"""The doctor: each part with a verdict and what mends it."""

import configparser
import json
import os
import platform
import re
import sys
import types
from pathlib import Path

import numpy as np
import pytest

from ecg_edge.classifier import card, runtime
from ecg_edge.commands import cli
from ecg_edge.commands.doctor import closing_line
from ecg_edge.compiled import library
from ecg_edge.device import extras
from ecg_edge.device.mock_picamera2 import make_module
from ecg_edge.device.settings import defaults
from ecg_edge.diagnostics import machine_checks
from ecg_edge.diagnostics.machine_checks import ABSENT, BAD, GOOD, VERDICTS, WARNING
from ecg_edge.errors import NoRuntimeError
from ecg_edge.system import board


@pytest.fixture
def examine(monkeypatch, tiny_folder, tmp_path):
    """`examine(camera)` is {name: finding}, with `tiny` as the one model, on a machine that is cool and has memory."""
    monkeypatch.setattr(card, "models_folder", lambda: tiny_folder)
    monkeypatch.setattr(board, "temperature_c", lambda: 45.0)
    monkeypatch.setattr(board, "available_mb", lambda: 2000)
    return lambda camera="0": {
        finding.name: finding for finding in machine_checks.examine(str(tmp_path / "store"), camera)
    }


def test_every_part_has_a_verdict_and_what_is_not_good_a_remedy(examine):
    """Here the runtimes and the model are good; nothing is made."""
    found = examine()
    assert {"python", "architecture", "glibc", "compiled loops", "runtime tflite-runtime", "runtime ai-edge-litert", "model tiny", "camera", "store", "memory",
            "temperature", "throttling", "clock"} <= set(found)  # fmt: skip
    assert all(finding.verdict in VERDICTS for finding in found.values())
    assert all(finding.remedy for finding in found.values() if finding.verdict in (WARNING, BAD))
    assert found["model tiny"].verdict == GOOD
    works = [finding for name, finding in found.items() if name.startswith("runtime") and finding.verdict == GOOD]
    assert works and all("an interpreter was made and run" in finding.found for finding in works)


def test_a_runtime_that_can_be_imported_and_no_more_is_bad(examine, monkeypatch):
    """tflite-runtime with NumPy 2: an interpreter is made, not only imported."""

    def fail(*arguments, **more):
        raise SystemError("_ARRAY_API not found")

    monkeypatch.setattr(machine_checks, "Network", fail)
    found = examine()
    name = f"runtime {runtime.usable_runtimes()[0].name}"
    assert (
        found[name].verdict == BAD
        and "_ARRAY_API" in found[name].found
        and found[name].remedy.startswith("pip install ")
    )


def test_a_runtime_that_this_python_has_not_is_not_advised(examine, monkeypatch):
    """tflite-runtime ends with Python 3.11: who has a newer one is not sent after it, nor where the other is missing too."""
    monkeypatch.setattr(sys, "version_info", (3, 13, 0, "final", 0))
    monkeypatch.setattr(
        runtime.metadata, "version", lambda name: (_ for _ in ()).throw(runtime.metadata.PackageNotFoundError(name))
    )
    found = examine()
    other = found["runtime tflite-runtime"]
    assert (other.verdict, other.found, other.remedy) == (ABSENT, "there is none for Python 3.13", None)
    assert found["runtime ai-edge-litert"].remedy == "pip install ai-edge-litert"
    with pytest.raises(NoRuntimeError) as caught:
        runtime.find_runtime()
    assert "pip install tflite-runtime" not in str(caught.value) and "pip install ai-edge-litert" in str(caught.value)


ASKED = {
    "serve: the page": ("starlette", {}, True),
    "device: button and light": ("gpiozero", {"trigger": {"kind": "button"}}, False),
    "device: MQTT": ("paho.mqtt", {"home_assistant": {"enabled": True}}, False),
}


@pytest.mark.parametrize("name", ASKED)
def test_an_extra_that_the_settings_ask_for_is_bad_where_it_is_missing(tmp_path, monkeypatch, name):
    """And absent where nothing asks for it; the remedy names it."""
    module, given, serve = ASKED[name]
    monkeypatch.setattr(extras, "is_installed", lambda wanted: wanted != module)

    def found(settings, serve):
        findings = machine_checks.examine(str(tmp_path), "0", settings, serve)
        return next(finding for finding in findings if finding.name == f"extra {name}")

    values = defaults()
    assert found(values, False).verdict == ABSENT
    for section, entries in given.items():
        values[section] |= entries
    bad = found(values, serve)
    assert (
        bad.verdict == BAD and module in bad.found and bad.remedy == f"pip install 'ecg-edge[{name.partition(':')[0]}]'"
    )
    monkeypatch.setattr(extras, "is_installed", lambda wanted: True)
    assert found(values, serve).verdict == GOOD


def test_every_extra_that_is_advised_is_one_of_the_distribution():
    """Each brings the modules that are looked for, by the names that they are installed by."""
    setup = configparser.ConfigParser()
    setup.read(Path(__file__).parents[3] / "setup.cfg", encoding="utf-8")
    names = {"python_multipart": "python-multipart", "paho.mqtt": "paho-mqtt", "pillow_heif": "pillow-heif"}
    for part in extras.PARTS:
        brought = setup["options.extras_require"][part.extra]
        assert all(re.search(rf"^{names.get(name, name)} ", brought, re.M) for name in part.modules), part


def test_the_doctor_looks_at_what_a_configuration_asks_for(tmp_path, capsys, monkeypatch):
    """Its camera and its store, too."""
    monkeypatch.setattr(extras, "is_installed", lambda wanted: wanted != "paho.mqtt")
    config = tmp_path / "ecg-edge.toml"
    config.write_text(f"[mqtt]\nenabled = true\n[camera]\nsource = '{tmp_path}'\n[store]\nfolder = '{tmp_path}/kept'\n")
    assert cli.main(["doctor", "--config", str(config), "--json"]) == 3
    found = {line["name"]: line for line in map(json.loads, capsys.readouterr().out.splitlines())}
    assert found["extra device: MQTT"]["verdict"] == BAD and found["camera"]["found"] == f"the folder {tmp_path}"
    assert found["store"]["found"].startswith(f"{tmp_path}/kept")


def test_numpy_2_beside_tflite_runtime_is_named(examine, monkeypatch):
    """With the command that mends it."""
    monkeypatch.setattr(np, "__version__", "2.1.0")
    finding = examine()["runtime tflite-runtime"]
    if "is not installed" not in finding.found:
        assert (
            finding.verdict == BAD
            and "NumPy 2.1.0" in finding.found
            and finding.remedy == "pip install 'numpy<2' tflite-runtime"
        )


def test_a_damaged_model_is_bad(examine, monkeypatch, tmp_path, tiny_folder):
    """By its card's checksum; and so is none at all."""
    (tmp_path / "models").mkdir()
    monkeypatch.setattr(card, "models_folder", lambda: tmp_path / "models")
    assert examine()["models"].verdict == BAD
    for name in ("tiny.json", "tiny.tflite"):
        data = bytearray((tiny_folder / name).read_bytes())
        data[-1] ^= name.endswith("tflite")
        (tmp_path / "models" / name).write_bytes(data)
    finding = examine()["model tiny"]
    assert finding.verdict == BAD and "is damaged" in finding.found and "force-reinstall" in finding.remedy


@pytest.mark.parametrize(
    "module, verdict, found",
    [
        (None, ABSENT, "picamera2 is not installed"),
        (make_module(None, cameras=0)[0], BAD, "0 found"),
        (types.SimpleNamespace(), BAD, "picamera2 cannot be used (AttributeError: "),
        (make_module(None)[0], GOOD, "imx708, 1 found"),
    ],
    ids=["absent", "none attached", "broken", "good"],
)
def test_the_camera(examine, monkeypatch, module, verdict, found):
    """Not installed, none attached, broken, good."""
    monkeypatch.setitem(sys.modules, "picamera2", module)
    if module is None:
        monkeypatch.delitem(sys.modules, "picamera2")
    monkeypatch.setattr(os, "listdir", lambda folder: ["video0"] if folder == "/dev" else [])
    monkeypatch.setattr(os, "access", lambda path, mode: True)
    finding = examine()["camera"]
    assert finding.verdict == verdict and finding.found.startswith(found)
    assert bool(finding.remedy) == (verdict != GOOD)


def test_devices_that_may_not_be_used_are_named(examine, monkeypatch):
    """With the group to join."""
    monkeypatch.setitem(sys.modules, "picamera2", make_module(None)[0])
    monkeypatch.setattr(os, "listdir", lambda folder: ["video0", "gpiochip0"] if folder == "/dev" else [])
    monkeypatch.setattr(os, "access", lambda path, mode: not path.startswith("/dev/"))
    found = examine()
    assert found["camera"].verdict == BAD and "usermod -aG video" in found["camera"].remedy
    assert found["button and light"].verdict == BAD and "usermod -aG gpio" in found["button and light"].remedy


def test_a_folder_as_the_camera(examine, tmp_path):
    """There or not."""
    assert examine(str(tmp_path))["camera"].verdict == GOOD
    assert examine(str(tmp_path / "none"))["camera"].verdict == BAD


@pytest.mark.parametrize(
    "patches, name, verdict",
    [
        ([(platform, "machine", "armv7l"), (sys, "maxsize", 2**31 - 1)], "architecture", BAD),
        ([(platform, "machine", "riscv64")], "architecture", WARNING),
        ([(library, "compiled", None)], "compiled loops", ABSENT),
        ([(platform, "libc_ver", ("", ""))], "glibc", BAD),
        ([(platform, "libc_ver", ("glibc", "2.24"))], "glibc", BAD),
        ([(platform, "libc_ver", ("glibc", "2.31")), (platform, "machine", "aarch64")], "glibc", WARNING),
        ([(board, "memory_mb", 300)], "memory", BAD),
        ([(board, "available_mb", 200)], "memory", WARNING),
        ([(board, "temperature_c", 55.0)], "temperature", GOOD),
        ([(board, "temperature_c", 75.0)], "temperature", WARNING),
        ([(board, "temperature_c", 84.0)], "temperature", BAD),
        ([(board, "throttled", [])], "throttling", GOOD),
        ([(board, "throttled", ["undervoltage occurred"])], "throttling", WARNING),
    ],
)
def test_what_a_board_may_lack(examine, monkeypatch, patches, name, verdict):
    """Each on its own."""
    for where, what, value in patches:
        monkeypatch.setattr(where, what, value if what == "maxsize" else lambda *given, value=value: value)
    finding = examine()[name]
    assert finding.verdict == verdict and bool(finding.remedy) == (verdict != GOOD)


def test_a_store_that_cannot_be_written_or_is_small_is_named(examine, monkeypatch):
    """With what to do."""
    monkeypatch.setattr(machine_checks.shutil, "disk_usage", lambda place: types.SimpleNamespace(free=10_000_000))
    assert examine()["store"].verdict == WARNING
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert examine()["store"].verdict == BAD


def test_the_command_ends_with_3_where_something_is_bad(examine, monkeypatch, capsys):
    """A line each, with the remedy below, or JSON."""
    assert cli.main(["doctor"]) == 0
    text = capsys.readouterr().out
    assert (
        "ok        model tiny: version 1" in text
        and "missing   camera" in text
        and "          what helps: 'sudo apt install" in text
    )
    monkeypatch.setattr(board, "memory_mb", lambda: 300)
    assert cli.main(["doctor", "--json"]) == 3
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert next(line for line in lines if line["name"] == "memory")["verdict"] == "bad"


@pytest.mark.parametrize(
    ("counts", "line"),
    [
        ({"good": 9}, "Ready to read pages."),
        (
            {"good": 9, "warning": 2, "absent": 1},
            "Ready to read pages; 2 warnings, 1 part missing that is not needed for what is set.",
        ),
        (
            {"bad": 1, "absent": 3},
            "Not ready: 1 problem to be mended; 3 parts missing that are not needed for what is set.",
        ),
    ],
)
def test_the_last_line_says_what_it_comes_to(counts, line):
    """In numbers."""
    assert closing_line(dict.fromkeys(("good", "warning", "bad", "absent"), 0) | counts) == line
