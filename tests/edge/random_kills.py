"""A device in a process of its own, and kills of it at random moments while pages arrive.

python -m tests.edge.random_kills 200
"""

import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ecg_edge.device.settings import defaults, to_toml
from ecg_edge.store.result_store import Store

from .waiting import LIMIT_S, wait_for

ROOT = Path(__file__).resolve().parents[2]
DRAIN_S = 300.0
"""How long the last start may take to read what is left."""


class Device:
    """`ecg-edge watch` over an inbox in `folder`, with stand-ins for camera and model."""

    def __init__(self, folder):
        self.folder, self.inbox, self.store, self.process = (
            Path(folder),
            Path(folder) / "inbox",
            Path(folder) / "store",
            None,
        )
        self.inbox.mkdir()

    def start(self, environment=(), **more):
        """Start it, with these settings by section."""
        values = defaults()
        values["trigger"] |= {"folder": str(self.inbox), "settle_s": 0.1, "after": "delete"}
        values["store"]["folder"] = str(self.store)
        values["process"] |= {"page_s": LIMIT_S, "grace_s": 0.5}
        for section, entries in more.items():
            values[section] |= entries
        (self.folder / "config.toml").write_text(to_toml(values))
        line = [
            sys.executable,
            "-m",
            "tests.edge.watch_with_stand_ins",
            "watch",
            "--config",
            str(self.folder / "config.toml"),
        ]
        with open(self.folder / "shown", "w") as shown, open(self.folder / "log", "w") as log:
            self.process = subprocess.Popen(
                line, cwd=ROOT, stdout=shown, stderr=log, env=os.environ | dict(environment), start_new_session=True
            )

    @property
    def lines(self):
        """Its log."""
        return (self.folder / "log").read_text().splitlines()

    @property
    def shown(self):
        """Its standard output."""
        return (self.folder / "shown").read_text().splitlines()

    def put(self, name, data=b"picture"):
        """A picture arrives."""
        (self.inbox / f".{name}").write_bytes(data)
        os.rename(self.inbox / f".{name}", self.inbox / name)

    def wait(self, pattern):
        """The line of the log that has the pattern, when it comes."""

        def found():
            over = self.process.poll() is not None
            return next((line for line in self.lines if re.search(pattern, line)), over)

        line = wait_for(found)
        assert line is not True, f"it ended without {pattern}: {self.lines}"
        return line

    def end(self, number=signal.SIGTERM):
        """Send it a signal: its exit status."""
        self.process.send_signal(number)
        return self.process.wait(LIMIT_S)

    def kill(self):
        """End it and its processes as a crash would."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def stored(self):
        """The entries of its store."""
        with Store(self.store, write=False) as kept:
            return list(kept.list())


def many_kills(device, kills, chance, form="text"):
    """Kill the device so often while pages arrive: {kills, acknowledged, stored, torn, lost, twice}."""
    acknowledged, number = set(), 0
    for _ in range(kills):
        device.start(log={"form": form}, store={"quota_mb": 1000})
        device.wait("watch.ready")
        until = time.monotonic() + chance.uniform(0.05, 1.2)
        while time.monotonic() < until:
            number += 1
            device.put(f"{number}.jpg", f"{number} ".encode() * chance.randint(1, 20_000))
            time.sleep(chance.uniform(0.02, 0.2))
        device.kill()
        acknowledged |= {int(n) for line in device.lines for n in re.findall(r"page\.stored.*/(\d+)\.jpg", line)}
    device.start()
    device.wait("watch.ready")
    wait_for(lambda: not os.listdir(device.inbox), DRAIN_S)
    device.end()
    entries = device.stored()
    names = [int(os.path.basename(entry.result["source"])[:-4]) for entry in entries]
    torn = sum(
        set(Path(entry.picture).read_bytes().split()) != {str(n).encode()}
        for n, entry in zip(names, entries, strict=True)
    )
    waiting = {int(name.lstrip(".")[:-4]) for name in os.listdir(device.inbox)}
    return {"kills": kills, "arrived": number, "acknowledged": len(acknowledged), "stored": len(set(names)), "waiting": len(waiting), "torn": torn,
            "acknowledged_and_lost": len(acknowledged - set(names)), "lost": len(set(range(1, number + 1)) - set(names) - waiting),
            "twice": len(names) - len(set(names))}  # fmt: skip


def main():
    """Kill a device so often; 1 where a page was torn, lost or stored twice."""
    with tempfile.TemporaryDirectory() as folder:
        counts = many_kills(Device(folder), int(sys.argv[1]), random.Random(0))
    print(json.dumps(counts))
    return int(bool(counts["torn"] + counts["lost"] + counts["acknowledged_and_lost"] + counts["twice"]))


if __name__ == "__main__":
    sys.exit(main())
