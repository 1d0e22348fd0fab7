"""`ecg-edge serve`: page, interface and, with the device's loop, one owner of camera and store; put together from the settings."""

from __future__ import annotations

import ipaddress
import multiprocessing
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from ..classifier import card
from ..device.settings import Settings, check_together
from ..device.systemd import notify
from ..device.watch_service import MB, Stop, check_trigger, open_loop, open_store, with_level
from ..errors import InstallationError, UsageError
from ..store.result_store import Store, default_folder
from ..system import board
from ..system.addresses import is_here
from ..system.event_log import EventLog, make_event_log
from ..system.worker import Worker
from .access import Access, make_token, read_token_hash
from .app import make_app
from .metrics import Metrics
from .middleware import Limits
from .reading_queue import ReadingQueue
from .reading_service import ReadingService, SharedStage
from .services import Services
from .session_cache import SessionCache

HUNG_S = 30.0
"""A server that does nothing for so long is ended, and systemd starts it anew."""
MAX_CONNECTIONS = 256
CLOSE_S = 10.0


def serve(settings: Settings, with_watch: bool = False, with_store: bool = True) -> int:
    """Serve the page until SIGINT or SIGTERM; the number of the signal. `with_watch` runs the device's loop too.

    Raises
    ------
    InstallationError : the port, the store or the camera is another process's (the message says whose), or the installation cannot read.
    UsageError : settings that do not go together.
    """
    section = settings["serve"]
    if with_watch:
        check_together(settings)
        if not with_store:
            raise UsageError("The loop stores what it reads: --watch goes without --no-store.")
        check_trigger(settings)
    if bool(section["certificate"]) != bool(section["key"]):
        raise UsageError("Certificate and key go together: set both [serve] certificate and key, or none.")
    log = make_event_log(settings["log"]["level"], settings["log"]["form"])
    with ExitStack() as resources, Stop() as stop:
        store = resources.enter_context(open_store(settings, log)) if with_store else None
        listener = resources.enter_context(_listen(section["host"], section["port"]))
        camera = section["camera"] or (with_watch and settings["trigger"]["kind"] != "folder")
        stage = multiprocessing.get_context("spawn").Value("i", 0, lock=False)
        process = settings["process"]
        worker = Worker(
            ReadingService, (settings, camera, stage), process["start_s"], process["grace_s"], with_level(log)
        )
        resources.callback(worker.close)
        worker.start(lambda: notify("WATCHDOG=1"))
        app, session_cache = _make_app(settings, worker, stage, store, camera, log)
        server = ServerThread(app, listener, section["certificate"], section["key"], session_cache.tidy)
        resources.callback(server.close)

        def check_alive() -> None:
            if not server.is_alive():
                raise InstallationError("The page's server hangs or has ended: start it anew.")
            notify("WATCHDOG=1")

        loop = (
            open_loop(settings, log, store, worker, resources, check_alive)
            if with_watch and store is not None
            else None
        )
        log("info", "serve.ready", address=server.address, store=store and store.folder, watch=with_watch, camera=camera,
            board=board.model_name(), memory_mb=board.memory_mb())  # fmt: skip
        print(f"The page is at {server.address}", flush=True)
        notify("READY=1")
        if loop:
            loop.run(stop)
        while not stop.is_set():
            check_alive()
            stop.wait(1.0)
        notify("STOPPING=1")
        log("info", "serve.ended", signal=signal.Signals(stop.number).name)
    return stop.number


def new_token(settings: Settings) -> str:
    """A new token; once the server is started anew, it knows the one before no more."""
    return make_token(settings["store"]["folder"] or default_folder())


class ServerThread:
    """The server in a thread of its own, on a socket that listens; `tick` is called there ten times a second."""

    def __init__(
        self,
        app: ASGIApp,
        listener: socket.socket,
        certificate: str = "",
        key: str = "",
        tick: Callable[[], object] = lambda: None,
    ) -> None:
        try:
            config = uvicorn.Config(
                app, loop="asyncio", http="h11", ws="none", lifespan="off", log_config=None, access_log=False, proxy_headers=False, server_header=False,
                date_header=True, timeout_keep_alive=5, limit_concurrency=MAX_CONNECTIONS, timeout_graceful_shutdown=int(CLOSE_S),
                ssl_certfile=certificate or None, ssl_keyfile=key or None,
            )  # fmt: skip
            config.load()
        except OSError as error:
            raise UsageError(
                f"Certificate or key cannot be used ({error}): set [serve] certificate and key."
            ) from error
        host, port = listener.getsockname()[:2]
        host = _own_address(host)
        host = f"[{host}]" if ":" in host else host
        self.address = f"{'https' if certificate else 'http'}://{host}:{port}/"
        self._server = _Server(config, tick)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listener]}, name="web", daemon=True
        )
        self._thread.start()

    def is_alive(self) -> bool:
        """Whether it serves."""
        return self._thread.is_alive() and time.monotonic() - self._server.ticked < HUNG_S

    def close(self) -> None:
        """Answer the requests that have come, and end."""
        self._server.should_exit = True
        self._thread.join(CLOSE_S + 5)


class _Server(uvicorn.Server):
    """Keeps the time at which its event loop last ran, as `ticked`."""

    def __init__(self, config: uvicorn.Config, tick: Callable[[], object]) -> None:
        super().__init__(config)
        self._tick, self.ticked = tick, time.monotonic()

    async def on_tick(self, counter: int) -> bool:
        """Called ten times a second."""
        self.ticked = time.monotonic()
        self._tick()
        return await super().on_tick(counter)


def _make_app(
    settings: Settings, worker: Worker, stage: SharedStage, store: Store | None, camera: bool, log: EventLog
) -> tuple[ASGIApp, SessionCache]:
    section = settings["serve"]
    session_cache = SessionCache(section["hold_mb"] * MB, section["hold_minutes"] * 60)
    metrics = Metrics(lambda: _gauges(queue, session_cache, worker))
    queue = ReadingQueue(worker, stage, settings["process"]["page_s"], section["queue"], metrics)
    access = Access(_token_hash(settings), bool(section["certificate"]))
    model = settings["reader"]["model"] or card.DEFAULT_MODEL
    max_upload_bytes = section["upload_mb"] * 2**20
    # A form is a little longer than the picture in it.
    limits = Limits(_host_names(section), max_upload_bytes + 2**16, requests_per_minute=section["requests_per_minute"])
    services = Services(
        queue, session_cache, store, access, metrics, camera, model, max_upload_bytes, lambda: _health(queue), log
    )
    return make_app(services, limits), session_cache


def _health(queue: ReadingQueue) -> dict[str, bool | int | str]:
    health: dict[str, bool | int | str] = {"ok": queue.broken is None, "in_hand": len(queue)}
    return health | {"problem": queue.broken} if queue.broken else health


def _gauges(queue: ReadingQueue, session_cache: SessionCache, worker: Worker) -> dict[str, int]:
    gauges = {
        "ecg_edge_queue": len(queue),
        "ecg_edge_held_results": len(session_cache),
        "ecg_edge_held_bytes": session_cache.bytes,
    }
    resident = None
    with suppress(ValueError):  # it is being closed
        resident = worker.process_id and board.resident_mb(worker.process_id)
    return gauges | ({"ecg_edge_reader_resident_bytes": round(resident * 1e6)} if resident else {})


def _token_hash(settings: Settings) -> str | None:
    """The hash of the token, made and shown once where there is none yet; None where none is needed."""
    section = settings["serve"]
    if section["token"] == "network" and is_here(section["host"]):
        return None
    folder = settings["store"]["folder"] or default_folder()
    known = read_token_hash(folder)
    if known is None:
        token = make_token(folder)
        print(f"Token, shown this once: {token}\n('ecg-edge serve --new-token' makes another.)", flush=True)
        known = read_token_hash(folder)
    return known


def _own_address(host: str) -> str:
    """The address by which others reach what listens at `host`: where that is every address, the one of the default route."""
    if not ipaddress.ip_address(host).is_unspecified:
        return host
    family, elsewhere = (socket.AF_INET6, "2001:db8::1") if ":" in host else (socket.AF_INET, "192.0.2.1")
    with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((elsewhere, 9))  # nothing is sent
        address: str = probe.getsockname()[0]
        return address
    return host


def _host_names(section: dict[str, Any]) -> frozenset[str]:
    """The host names that the server answers to, beside its addresses."""
    names = {"localhost", *section["names"].lower().split()}
    if not is_here(section["host"]):
        host = socket.gethostname().lower()
        names |= {host, f"{host.partition('.')[0]}.local"}
    return frozenset(names)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        raise InstallationError(
            f"{host}:{port} cannot be listened at ({os.strerror(error.errno) if error.errno else error}). Choose another: --host, --port."
        ) from error
