"""The service: its unit, held against systemd's own checks, and its placing."""

import re
import shutil
import subprocess

import pytest

from ecg_edge.commands import cli
from ecg_edge.device import extras, systemd
from ecg_edge.device.settings import read_settings
from ecg_edge.errors import InstallationError

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
EXPOSURE = 2.0
"""systemd's own measure, from 0 (locked up) to 10; below 2.1 it calls a service OK. Network and devices are what is left."""


@pytest.fixture(params=[False, True], ids=["watch", "serve"])
def unit_file(request, tmp_path):
    """The unit of the loop, or of loop and page, with a command that is there."""
    path = tmp_path / f"{systemd.SERVE_NAME if request.param else systemd.NAME}.service"
    path.write_text(systemd.unit("/bin/true", groups=(), serve=request.param))
    return path


@needs_systemd
def test_systemd_finds_nothing_wrong_with_the_unit(unit_file):
    """An unknown key gives a warning and status 0: nothing may be said at all."""
    done = subprocess.run(["systemd-analyze", "verify", unit_file], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    unit_file.write_text(unit_file.read_text().replace("ProtectClock", "ProtectClocks"))
    done = subprocess.run(["systemd-analyze", "verify", unit_file], capture_output=True, text=True, timeout=60)
    assert "ProtectClocks" in done.stderr


@needs_systemd
def test_the_service_is_locked_up(unit_file):
    """By systemd's own measure."""
    line = ["systemd-analyze", "security", "--offline=true", "--no-pager", unit_file]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60)
    exposure = float(re.search(r"Overall exposure level for .*: ([0-9.]+)", done.stdout)[1])
    assert exposure <= EXPOSURE, done.stdout


def test_the_unit_names_what_the_loop_counts_on():
    """Ready when it says so, alive when it says so, told to end alone, a status of its own when terminated."""
    text = systemd.unit("/opt/ecg-edge/bin/ecg-edge", groups=("video", "gpio"))
    for line in (
        "Type=notify", "WatchdogSec=60", "KillMode=mixed", "SuccessExitStatus=143", "Restart=always", "User=ecg-edge", "StateDirectory=ecg-edge",
        "SupplementaryGroups=video gpio", "ExecStart=/opt/ecg-edge/bin/ecg-edge watch --config /etc/ecg-edge/ecg-edge.toml",
    ):  # fmt: skip
        assert f"\n{line}\n" in text
    assert "SupplementaryGroups" not in systemd.unit("/bin/true", groups=())


def test_everything_is_placed_and_a_configuration_kept(tmp_path):
    """Placing again changes what is ours, and not what is the person's."""
    lines = list(systemd.place(tmp_path, "/opt/ecg-edge/bin/ecg-edge"))
    assert [line.split()[0] for line in lines[:3]] == ["written"] * 3 and "systemctl enable --now ecg-edge" in lines[-1]
    config = tmp_path / "etc/ecg-edge/ecg-edge.toml"
    assert read_settings(config)["trigger"]["folder"] == "/srv/ecg-edge"
    assert "u ecg-edge" in (tmp_path / "etc/sysusers.d/ecg-edge.conf").read_text()
    config.write_text("[trigger]\nkind = 'button'\n")
    unit = tmp_path / "etc/systemd/system/ecg-edge.service"
    unit.write_text("old")
    assert f"kept    {config}" in list(systemd.place(tmp_path, "/opt/ecg-edge/bin/ecg-edge"))
    assert config.read_text() == "[trigger]\nkind = 'button'\n" and "[Service]" in unit.read_text()


@pytest.mark.parametrize(
    "module, serve, config",
    [
        ("starlette", True, None),
        ("paho.mqtt", False, "[mqtt]\nenabled = true\n"),
        ("gpiozero", True, "[trigger]\nkind = 'button'\n"),
    ],
)
def test_without_its_extra_nothing_is_placed(tmp_path, monkeypatch, module, serve, config):
    """A unit that cannot start would fail where nobody looks; the configuration that is there counts."""
    monkeypatch.setattr(extras, "is_installed", lambda wanted: wanted != module)
    if config:
        (tmp_path / systemd.CONFIG).parent.mkdir(parents=True)
        (tmp_path / systemd.CONFIG).write_text(config)
    with pytest.raises(
        InstallationError, match=rf"^The service needs {module} for .+: /opt/ecg-edge/bin/pip install 'ecg-edge\["
    ):
        list(systemd.place(tmp_path, "/opt/ecg-edge/bin/ecg-edge", serve))
    assert not (tmp_path / "etc/systemd").exists()
    if not config:
        assert len(list(systemd.place(tmp_path, "/opt/ecg-edge/bin/ecg-edge"))) > 3  # the loop alone does without


def test_an_environment_in_a_home_is_refused(tmp_path):
    """The service does not see it, and would fail where nobody looks."""
    with pytest.raises(InstallationError, match=r"^/home/pi/env/bin/ecg-edge lies in a home, .*/opt/ecg-edge"):
        list(systemd.place(tmp_path, "/home/pi/env/bin/ecg-edge"))
    assert list(tmp_path.iterdir()) == []


def test_the_command_prints_or_places_it(tmp_path, capsys, monkeypatch):
    """And says why it cannot."""
    monkeypatch.setattr(systemd, "_command", lambda: "/opt/ecg-edge/bin/ecg-edge")
    assert cli.main(["install-service"]) == 0 and "ExecStart=/opt/" in capsys.readouterr().out
    assert (
        cli.main(["install-service", "--place", "--root", str(tmp_path)]) == 0 and "written" in capsys.readouterr().out
    )
    (tmp_path / "file").touch()
    assert cli.main(["install-service", "--place", "--root", str(tmp_path / "file")]) == 3
    assert capsys.readouterr().err == (
        f"ecg-edge: {tmp_path}/file/etc/systemd/system/ecg-edge.service: cannot be written (Not a directory). Check the disk.\n"
    )
