"""The interface held against its own document by schemathesis, in `make test-web`: what is said to be valid is taken, what is not is refused, answers are as
described, errors problems."""

import re
import subprocess
import sys
import urllib.request
from pathlib import Path

from ..waiting import LIMIT_S
from .test_server import start  # noqa: F401

HERE = Path(__file__).resolve().parent
EXAMPLES, SEED = 12, 20261125


def test_the_interface_is_as_its_document_says(start, normal_page, tmp_path):  # noqa: F811
    """All of schemathesis's checks, over every operation, with a session that has results."""
    (tmp_path / "config.toml").write_text("[serve]\nrequests_per_minute = 100000\n")
    server = start("--config", str(tmp_path / "config.toml"))
    with urllib.request.urlopen(server.address, timeout=LIMIT_S) as answer:
        cookie = answer.headers["set-cookie"].partition(";")[0]
    for query in ("views=true", "keep=true"):
        headers = {"cookie": cookie, "content-type": "image/jpeg"}
        assert server.get(f"/v1/classify?{query}", normal_page.read_bytes(), headers)[0] == 200
    command = Path(sys.executable).with_name("schemathesis")
    line = [command, "--config-file", HERE / "schemathesis.toml", "run", f"{server.address}/openapi.json", "--max-examples", str(EXAMPLES), "--seed", str(SEED),
            "-H", f"Cookie: {cookie}", "--no-color"]  # fmt: skip
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, timeout=600)
    tested = re.search(r"Tested: (\d+)", done.stdout)
    assert done.returncode == 0, done.stdout[-12_000:]
    assert tested and tested[1] == "9" and int(re.search(r"(\d+) generated", done.stdout)[1]) > 100
    assert "Traceback" not in server.log.read_text() and "request.failed" not in server.log.read_text()
    assert server.end() == 143
