"""`ecg-edge serve`: page, interface and, with the device's loop, one owner of camera and store; put together from the settings."""

import ipaddress
import multiprocessing
import os
import signal
import socket
import threading
import time
from contextlib import ExitStack, suppress

import uvicorn

from ..device.settings import check_together, is_here
from ..device.systemd import notify
from ..device.watch import MB, Stop, open_loop, open_store, with_level
from ..errors import InstallationError, UsageError
from ..network import card
from ..store.store import default_folder
from ..system import board
from ..system.event_log import make_event_log
from ..system.worker import Worker
from .access import Access, make_token, read_token_hash
from .app import make_app
from .metrics import Metrics
from .middleware import Rules
from .reading_queue import ReadingQueue
from .reading_service import ReadingService
from .results import Services
from .session_cache import SessionCache

HUNG_S = 30.0
"""A server that does nothing for so long is ended, and systemd starts it anew."""
CONNECTIONS = 256
CLOSE_S = 10.0


def serve(settings, with_watch=False, with_store=True):
    """Serve the page until SIGINT or SIGTERM; the number of the signal. `with_watch` runs the device's loop too.

    Raises
    ------
    InstallationError : the port, the store or the camera is another process's (the message says whose), or the installation cannot read.
    UsageError : settings that do not go together.
    """
    given = settings["serve"]
    if with_watch:
        check_together(settings)
        if not with_store:
            raise UsageError("The loop stores what it reads: --watch goes without --no-store.")
    if bool(given["certificate"]) != bool(given["key"]):
        raise UsageError("Certificate and key go together: set both [serve] certificate and key, or none.")
    note = make_event_log(settings["log"]["level"], settings["log"]["form"])
    with ExitStack() as open_parts, Stop() as stop:
        store = open_parts.enter_context(open_store(settings, note)) if with_store else None
        listening = open_parts.enter_context(_listen(given["host"], given["port"]))
        camera = given["camera"] or (with_watch and settings["trigger"]["kind"] != "folder")
        stage = multiprocessing.get_context("spawn").Value("i", 0, lock=False)
        process = settings["process"]
        worker = Worker(
            ReadingService, (settings, camera, stage), process["start_s"], process["grace_s"], with_level(note)
        )
        open_parts.callback(worker.close)
        worker.start(lambda: notify("WATCHDOG=1"))
        app, session_cache = _make_app(settings, worker, stage, store, camera, note)
        web = Web(app, listening, given["certificate"], given["key"], session_cache.tidy)
        open_parts.callback(web.close)

        def alive():
            if not web.is_alive():
                raise InstallationError("The page's server hangs or has ended: start it anew.")
            notify("WATCHDOG=1")

        loop = open_loop(settings, note, store, worker, open_parts, alive) if with_watch else None
        note("info", "serve.ready", address=web.address, store=store and store.folder, watch=with_watch, camera=camera,
             board=board.model_name(), memory_mb=board.memory_mb())  # fmt: skip
        print(f"The page is at {web.address}", flush=True)
        notify("READY=1")
        if loop:
            loop.run(stop)
        while not stop.is_set():
            alive()
            stop.wait(1.0)
        notify("STOPPING=1")
        note("info", "serve.ended", signal=signal.Signals(stop.number).name)
    return stop.number


def new_token(settings):
    """A new token: the one before is none any more, once the server is started anew."""
    return make_token(settings["store"]["folder"] or default_folder())


class Web:
    """The server in a thread of its own, on a socket that listens; `tick` is called there ten times a second."""

    def __init__(self, app, listening, certificate="", key="", tick=lambda: None):
        secured = {"ssl_certfile": certificate, "ssl_keyfile": key} if certificate else {}
        try:
            config = uvicorn.Config(
                app, loop="asyncio", http="h11", ws="none", lifespan="off", log_config=None, access_log=False, proxy_headers=False, server_header=False,
                date_header=True, timeout_keep_alive=5, limit_concurrency=CONNECTIONS, timeout_graceful_shutdown=int(CLOSE_S), **secured,
            )  # fmt: skip
            config.load()
        except OSError as error:
            raise UsageError(
                f"Certificate or key cannot be used ({error}): set [serve] certificate and key."
            ) from error
        host, port = listening.getsockname()[:2]
        host = _own_address(host)
        host = f"[{host}]" if ":" in host else host
        self.address = f"{'https' if certificate else 'http'}://{host}:{port}/"
        self._server = _Server(config, tick)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listening]}, name="web", daemon=True
        )
        self._thread.start()

    def is_alive(self):
        """Whether it serves."""
        return self._thread.is_alive() and time.monotonic() - self._server.ticked < HUNG_S

    def close(self):
        """Answer what is asked already, and end."""
        self._server.should_exit = True
        self._thread.join(CLOSE_S + 5)


class _Server(uvicorn.Server):
    """Notes when it last had time for itself."""

    def __init__(self, config, tick):
        super().__init__(config)
        self._tick, self.ticked = tick, time.monotonic()

    async def on_tick(self, counter):
        """Called ten times a second."""
        self.ticked = time.monotonic()
        self._tick()
        return await super().on_tick(counter)


def _make_app(settings, worker, stage, store, camera, note):
    given = settings["serve"]
    metrics = Metrics(lambda: _gauges(queue, session_cache, worker))
    queue = ReadingQueue(worker, stage, settings["process"]["page_s"], given["queue"], metrics)
    session_cache = SessionCache(given["hold_mb"] * MB, given["hold_minutes"] * 60)
    access = Access(_token_hash(settings), bool(given["certificate"]))
    model = settings["reader"]["model"] or card.DEFAULT_MODEL
    most_bytes = given["upload_mb"] * 2**20
    # A form is a little longer than the picture in it.
    rules = Rules(_names(given), most_bytes + 2**16, requests_per_minute=given["requests_per_minute"])
    parts = Services(
        queue, session_cache, store, access, metrics, camera, model, most_bytes, lambda: _health(queue), note
    )
    return make_app(parts, rules), session_cache


def _health(queue):
    return {"ok": queue.broken is None, "in_hand": len(queue)} | ({"problem": queue.broken} if queue.broken else {})


def _gauges(queue, session_cache, worker):
    gauges = {
        "ecg_edge_queue": len(queue),
        "ecg_edge_held_results": len(session_cache),
        "ecg_edge_held_bytes": session_cache.bytes,
    }
    resident = None
    with suppress(ValueError):  # it is being closed
        resident = worker.process_id and board.resident_mb(worker.process_id)
    return gauges | ({"ecg_edge_reader_resident_bytes": round(resident * 1e6)} if resident else {})


def _token_hash(settings):
    """The hash of the token, made and shown once where there is none yet; None where none is needed."""
    given = settings["serve"]
    if given["token"] == "network" and is_here(given["host"]):
        return None
    folder = settings["store"]["folder"] or default_folder()
    known = read_token_hash(folder)
    if known is None:
        token = make_token(folder)
        print(f"Token, shown this once: {token}\n('ecg-edge serve --new-token' makes another.)", flush=True)
        known = read_token_hash(folder)
    return known


def _own_address(host):
    """The address by which others reach what listens at `host`: where that is every one, the one on the way to elsewhere."""
    if not ipaddress.ip_address(host).is_unspecified:
        return host
    family, elsewhere = (socket.AF_INET6, "2001:db8::1") if ":" in host else (socket.AF_INET, "192.0.2.1")
    with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as asking:
        asking.connect((elsewhere, 9))  # nothing is sent
        return asking.getsockname()[0]
    return host


def _names(given):
    """The names by which the server may be called, beside its addresses."""
    names = {"localhost", *given["names"].lower().split()}
    if not is_here(given["host"]):
        own = socket.gethostname().lower()
        names |= {own, f"{own.partition('.')[0]}.local"}
    return frozenset(names)


def _listen(host, port):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        raise InstallationError(
            f"{host}:{port} cannot be listened at ({os.strerror(error.errno) if error.errno else error}). Choose another: --host, --port."
        ) from error
