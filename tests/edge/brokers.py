"""A real MQTT broker of this machine: mosquitto, started and stopped by the tests."""

import os
import shutil
import socket
import subprocess
from contextlib import suppress

import pytest

from .waiting import LIMIT_S, wait_for

MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
needs_broker = pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed")


def free_port():
    """A port below those that the system gives to others' connections: it stays free while nobody listens at it."""
    for port in range(20_000 + os.getpid() % 10_000, 32_768):
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


class Broker:
    """A mosquitto on this machine that can be stopped and started again; it remembers subscribers."""

    def __init__(self, folder, users=False):
        self.folder, self.port, self.process = folder, free_port(), None
        lines = [
            "user root",
            f"listener {self.port} 127.0.0.1",
            "persistence true",
            f"persistence_location {folder}/",
            "autosave_interval 1",
        ]
        if users:
            (folder / "users").write_text("")
            tool = shutil.which("mosquitto_passwd")
            subprocess.run([tool, "-b", folder / "users", "device", "secret"], check=True, capture_output=True)
            lines += ["allow_anonymous false", f"password_file {folder}/users"]
        else:
            lines.append("allow_anonymous true")
        (folder / "mosquitto.conf").write_text("\n".join(lines) + "\n")

    def start(self):
        self.process = subprocess.Popen([MOSQUITTO, "-c", self.folder / "mosquitto.conf"], stderr=subprocess.DEVNULL)

        def answers():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", self.port)) == 0

        wait_for(answers)

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(LIMIT_S)
        self.process = None
