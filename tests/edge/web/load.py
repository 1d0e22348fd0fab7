"""Many clients at once, uploading to a server of its own on loopback: every answer is the command line's or "come again", and memory stays.

python -m tests.edge.web.load --clients 50 --seconds 300
"""

import argparse
import collections
import http.client
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from ecg_edge.system import board

from .test_server import ROOT, Server, worker_of

PAGES = ROOT / "tests" / "data"
VARIES = ("source", "timing_ms", "captured_at")
"""What differs from reading to reading."""
CONFIG = "[serve]\nrequests_per_minute = 1000000\nhold_mb = {hold_mb}\n"
"""All clients have one address here: the queue is what is looked at, not the pace."""
HOLD_MB = 8
"""What is held fills its room first, and only then memory tells whether anything else grows."""


def same(result):
    """A result without what differs from reading to reading."""
    return {name: value for name, value in result.items() if name not in VARIES}


def expected(paths):
    """{path: what the command line prints of it}."""
    line = [sys.executable, "-m", "ecg_edge", "classify", "--json", *map(str, paths)]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)
    results = [json.loads(text) for text in done.stdout.splitlines()]
    assert len(results) == len(paths), done.stderr
    return {Path(result["source"]): same(result) for result in results}


class Client(threading.Thread):
    """Sends one page after another; what came of them is in `counts`, `wrong` and `seconds`."""

    def __init__(self, address, answers, go_on, seed):
        super().__init__(daemon=True)
        self._host, self._answers, self._go_on, self._chance = (
            address.removeprefix("http://"),
            answers,
            go_on,
            random.Random(seed),
        )
        self.counts, self.wrong, self.seconds = collections.Counter(), [], []

    def run(self):
        """As long as it is to go on."""
        bodies = {path: path.read_bytes() for path in self._answers}
        while self._go_on():
            path = self._chance.choice(list(bodies))
            start = time.monotonic()
            connection = http.client.HTTPConnection(self._host, timeout=120)
            try:
                connection.request("POST", "/v1/classify", bodies[path], {"Content-Type": "image/jpeg"})
                answer = connection.getresponse()
                status, body = answer.status, answer.read()
            except OSError as error:
                status, body = type(error).__name__, b""
            finally:
                connection.close()
            self.counts[status] += 1
            if status == 200:
                self.seconds.append(time.monotonic() - start)
                if same(json.loads(body)) != self._answers[path]:
                    self.wrong.append(str(path))
            else:
                time.sleep(self._chance.uniform(0.5, 1.5))


def run(clients, seconds, folder, watch=lambda line: None, hold_mb=HOLD_MB, least=0):
    """What came of it: {"answers": {status: count}, "wrong": paths, latency and memory}; on until there were `least` readings."""
    (folder / "config.toml").write_text(CONFIG.format(hold_mb=hold_mb))
    answers = expected(sorted(PAGES.glob("*.jpg")))
    server = Server(folder, "--config", str(folder / "config.toml"))
    memory = []
    try:
        for path in answers:
            assert server.get("/v1/classify", path.read_bytes(), {"content-type": "image/jpeg"})[0] in (200, 422)
        until = time.monotonic() + seconds

        def go_on():
            return time.monotonic() < until or sum(thread.counts[200] for thread in threads) < least

        threads = [Client(server.address, answers, go_on, seed) for seed in range(clients)]
        for thread in threads:
            thread.start()
        began = time.monotonic()
        while any(thread.is_alive() for thread in threads):
            memory.append(
                (time.monotonic() - began, board.resident_mb(server.process.pid), board.resident_mb(worker_of(server)))
            )
            watch("{:6.0f} s  server {:6.1f} MB  reader {:6.1f} MB".format(*memory[-1]))
            time.sleep(min(seconds / 20, 10))
        status = server.end()
    finally:
        if server.process.poll() is None:
            server.process.kill()
    took = sorted(second for thread in threads for second in thread.seconds)
    settled = memory[len(memory) // 5 :]
    return {
        "clients": clients,
        "seconds": seconds,
        "answers": dict(sum((thread.counts for thread in threads), collections.Counter())),
        "wrong": [path for thread in threads for path in thread.wrong],
        "latency_s": {name: round(took[min(int(share * len(took)), len(took) - 1)], 2) for name, share in (("median", 0.5), ("p90", 0.9), ("most", 1.0))},
        "server_mb": {"start": round(memory[0][1], 1), "settled": round(settled[0][1], 1), "most": round(max(row[1] for row in memory), 1), "end": round(memory[-1][1], 1)},
        "reader_mb": {"start": round(memory[0][2], 1), "settled": round(settled[0][2], 1), "most": round(max(row[2] for row in memory), 1), "end": round(memory[-1][2], 1)},
        "status": status,
    }  # fmt: skip


def main():
    """Run it, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--hold-mb", type=int, default=HOLD_MB, help="[serve] hold_mb")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        told = run(
            options.clients,
            options.seconds,
            Path(folder),
            lambda line: print(line, file=sys.stderr, flush=True),
            options.hold_mb,
        )
    print(json.dumps(told, indent=1))
    return 0 if set(told["answers"]) <= {200, 429} and not told["wrong"] else 1


if __name__ == "__main__":
    sys.exit(main())
