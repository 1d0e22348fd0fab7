"""The server as a process: one owner of camera and store, told apart, ended cleanly."""

import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from ecg_edge.commands import cli
from ecg_edge.device import systemd
from ecg_edge.device.settings import defaults, to_toml
from ecg_edge.errors import InstallationError, UsageError
from ecg_edge.store.result_store import Store

from ..waiting import LIMIT_S, Systemd, wait_for, wait_for_end

ROOT = Path(__file__).resolve().parents[3]


class Server:
    """`ecg-edge serve` in a process of its own."""

    def __init__(self, folder, *arguments, environment=()):
        self.log, self.shown = folder / "log", folder / "shown"
        with open(self.shown, "w") as shown, open(self.log, "w") as log:
            line = [
                sys.executable,
                "-m",
                "ecg_edge",
                "serve",
                "--store",
                str(folder / "store"),
                "--port",
                "0",
                *arguments,
            ]
            self.process = subprocess.Popen(
                line, cwd=ROOT, stdout=shown, stderr=log, start_new_session=True, env=os.environ | dict(environment)
            )
        self.address = self.wait(self.shown, r"The page is at (http\S+)/")[1]

    def wait(self, path, pattern):
        """The match of a pattern in a file, when it comes."""

        def found():
            over = self.process.poll() is not None
            return re.search(pattern, path.read_text()) or over

        match = wait_for(found)
        assert match is not True, f"it ended without {pattern} in {path.read_text()} ({self.log.read_text()})"
        return match

    def get(self, path, data=None, headers=()):
        """(status, body) of a request."""
        request = urllib.request.Request(self.address + path, data, dict(headers))
        try:
            with urllib.request.urlopen(request, timeout=LIMIT_S) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    def end(self, number=signal.SIGTERM):
        """Its exit status."""
        self.process.send_signal(number)
        return self.process.wait(LIMIT_S)


@pytest.fixture
def start(tmp_path):
    """Start servers that are ended with the test."""
    started = []

    def call(*arguments, **options):
        started.append(Server(tmp_path, *arguments, **options))
        return started[-1]

    yield call
    for server in started:
        if server.process.poll() is None:
            os.killpg(server.process.pid, signal.SIGKILL)
            server.process.wait()


def worker_of(server):
    """The number of its reading process."""
    return int(re.findall(r"worker.started process=(\d+)", server.log.read_text())[-1])


@pytest.mark.slow
def test_it_serves_until_it_is_told_to_end(start, normal_page, tmp_path):
    """A page is read; the store is its own, and who else asks is told whose; a reading process that dies takes nothing along."""
    server = start()
    status, body = server.get("/v1/classify?keep=1", normal_page.read_bytes(), {"content-type": "image/jpeg"})
    assert (status, json.loads(body)["verdict"]) == (200, "normal")
    second = [sys.executable, "-m", "ecg_edge", "serve", "--store", tmp_path / "store", "--port", "0"]
    done = subprocess.run(second, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 3 and f"(process {server.process.pid})" in done.stderr and "is in use by" in done.stderr
    port = server.address.rsplit(":", 1)[1]
    done = subprocess.run(
        [*second[:4], "--no-store", "--port", port], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 3 and f"127.0.0.1:{port} cannot be listened at (Address already in use)" in done.stderr
    os.kill(worker_of(server), signal.SIGKILL)
    wait_for_end(worker_of(server))
    assert server.get("/healthz")[0] == 200
    assert server.get("/v1/classify", normal_page.read_bytes(), {"content-type": "image/jpeg"})[0] == 200
    assert server.end() == 128 + signal.SIGTERM
    assert "Traceback" not in server.log.read_text() and "serve.ended signal=SIGTERM" in server.log.read_text()
    with Store(tmp_path / "store", write=False) as store:
        assert [entry.result["verdict"] for entry in store.list()] == ["normal"]


@pytest.mark.slow
def test_page_and_loop_are_one_service(start, normal_page, tmp_path):
    """A picture that arrives in the folder stands in the history; systemd is told that it is ready, lives and ends."""
    (tmp_path / "inbox").mkdir()
    values = defaults()
    values["trigger"] |= {"folder": str(tmp_path / "inbox"), "settle_s": 0.1}
    (tmp_path / "config.toml").write_text(to_toml(values))
    with Systemd(tmp_path / "notify") as systemd_:
        server = start(
            "--watch", "--config", str(tmp_path / "config.toml"), environment={"NOTIFY_SOCKET": systemd_.path}
        )
        (tmp_path / "inbox" / "arrived.jpg").write_bytes(normal_page.read_bytes())
        server.wait(server.log, "page.stored number=1")
        listed = json.loads(server.get("/v1/results")[1])["results"]
        assert [item["result"]["source"].rsplit("/", 1)[1] for item in listed] == ["arrived.jpg"]
        assert server.get("/results/1")[0] == 200
        wait_for(lambda: systemd_.told.count("WATCHDOG=1") >= 2)
        assert server.end(signal.SIGINT) == 130
    assert "READY=1" in systemd_.told and systemd_.told[-1] == "STOPPING=1"


@pytest.mark.slow
def test_on_a_network_the_token_is_shown_once(start, tmp_path):
    """At the first start; `--new-token` shows another."""
    server = start("--host", "0.0.0.0")
    token = server.wait(server.shown, r"Token, shown this once: (\S+)")[1]
    port = server.address.rsplit(":", 1)[1]
    server.address = f"http://127.0.0.1:{port}"
    assert server.get("/v1/results")[0] == 401
    assert server.get("/v1/results", headers={"authorization": f"Bearer {token}"})[0] == 200
    assert token not in server.log.read_text() and server.end() == 143
    server = start("--host", "0.0.0.0")
    assert "Token" not in server.shown.read_text() and server.end() == 143
    done = subprocess.run(
        [sys.executable, "-m", "ecg_edge", "serve", "--store", tmp_path / "store", "--new-token"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert (
        done.returncode == 0
        and re.fullmatch(r"([a-z2-9]{4}-){4}[a-z2-9]{4}\n", done.stdout)
        and done.stdout.strip() != token
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments, status, message",
    [
        (["--port", "70000"], 2, "--port must be a whole number from 0 to 65535"),
        (["--host", "here"], 2, "--host must be an address"),
        (["--watch", "--store", "x"], 2, "No folder is given"),
        (["--camera", "nowhere", "--store", "{tmp}/s"], 3, "nowhere is no folder of pictures"),
        (["--store", "{tmp}/s", "--host", "203.0.113.1"], 3, "203.0.113.1:8000 cannot be listened at"),
        (["--model", "none", "--no-store", "--port", "0"], 3, "There is no model 'none'"),
    ],
)
def test_what_cannot_be_served_says_why(arguments, status, message, tmp_path, capsys):
    """With the command line's exit statuses."""
    assert cli.main(["serve", *(argument.format(tmp=tmp_path) for argument in arguments)]) == status
    assert message in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_it_speaks_tls(start, tmp_path):
    """With a certificate of one's own; cookies go by nothing else."""
    line = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
            tmp_path / "key.pem", "-out", tmp_path / "cert.pem"]  # fmt: skip
    subprocess.run(line, check=True, capture_output=True)
    values = f'[serve]\ncertificate = "{tmp_path}/cert.pem"\nkey = "{tmp_path}/key.pem"\n'
    (tmp_path / "config.toml").write_text(values)
    server = start("--config", str(tmp_path / "config.toml"))
    assert server.address.startswith("https://127.0.0.1:")
    trust = ssl.create_default_context(cafile=tmp_path / "cert.pem")
    with urllib.request.urlopen(server.address, timeout=LIMIT_S, context=trust) as answer:
        assert answer.status == 200 and answer.headers["set-cookie"].endswith("; Secure")
    form = urllib.request.Request(server.address + "/logout", b"", {"origin": server.address})
    with urllib.request.urlopen(form, timeout=LIMIT_S, context=trust) as answer:
        assert answer.status == 200 and server.end() == 143


@pytest.mark.parametrize("package", ["uvicorn", "prometheus_client", "reportlab"])
def test_without_the_extra_it_says_what_to_install(package):
    """Not a traceback. In a process of its own: modules that are imported anew would have classes twice."""
    script = f"import sys; sys.modules[{package!r}] = None; from ecg_edge.commands.cli import main; sys.exit(main(['serve']))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=LIMIT_S)
    assert done.returncode == 3
    assert done.stderr == f"ecg-edge: The page needs {package}: pip install 'ecg-edge[serve]'.\n"


def test_settings_that_do_not_go_together_are_named(tmp_path):
    """Before anything is opened."""
    from ecg_edge.web import server

    values = defaults()
    values["serve"]["certificate"] = "a.pem"
    with pytest.raises(UsageError, match="Certificate and key go together"):
        server.serve(values)
    values["serve"]["key"] = "b.pem"
    values["store"]["folder"], values["serve"]["port"] = str(tmp_path), 0
    with pytest.raises((UsageError, InstallationError), match="Certificate or key cannot be used"):
        server.serve(values)
    assert server._host_names(defaults()["serve"]) == {"localhost"}
    assert socket.gethostname().lower() in server._host_names(
        defaults()["serve"] | {"host": "0.0.0.0", "names": "ECG.clinic.example"}
    )


def test_the_unit_of_the_page_is_the_loops_with_another_command(tmp_path):
    """Each ends the other; the configuration is one."""
    text = systemd.unit("/opt/ecg-edge/bin/ecg-edge", (), serve=True)
    assert "\nExecStart=/opt/ecg-edge/bin/ecg-edge serve --watch --config /etc/ecg-edge/ecg-edge.toml\n" in text
    assert "\nConflicts=ecg-edge.service\n" in text
    assert "\nConflicts=ecg-edge-serve.service\n" in systemd.unit("/opt/ecg-edge/bin/ecg-edge", ())
    lines = list(systemd.place(tmp_path, "/opt/ecg-edge/bin/ecg-edge", serve=True))
    assert (
        tmp_path / "etc/systemd/system/ecg-edge-serve.service"
    ).is_file() and "enable --now ecg-edge-serve" in lines[-1]
    assert any("--new-token" in line for line in lines)
