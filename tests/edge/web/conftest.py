"""What the tests of the page share: pictures, a reading process that is none, and an application over it."""

import io
import re
import threading
from importlib.util import find_spec
from types import SimpleNamespace

import pytest
from PIL import Image
from starlette.testclient import TestClient

from ecg_edge.device.settings import defaults
from ecg_edge.store.result_store import Store
from ecg_edge.web.access import Access
from ecg_edge.web.app import make_app
from ecg_edge.web.metrics import Metrics
from ecg_edge.web.middleware import Limits
from ecg_edge.web.reading_queue import ReadingQueue
from ecg_edge.web.reading_service import ReadingService
from ecg_edge.web.services import Services
from ecg_edge.web.session_cache import SessionCache

HOME = "http://127.0.0.1:8000"
MAX_BYTES = 4 * 2**20


class InProcessWorker:
    """In the place of a `Worker`: the reading service in this process, its answers remembered; `before` is called first, and may raise or wait."""

    def __init__(self, service):
        self.service, self._known, self.before, self.process_id = service, {}, None, None
        self._mutex, self.asked = threading.Lock(), []

    def call(self, request, timeout_s, tick=None):
        self.asked.append(request)
        if self.before:
            answer = self.before(request)
            if answer is not None:
                return answer
        key = (
            (request.data, request.model, request.views, request.page, request.person, request.recorded_at)
            if hasattr(request, "views")
            else request
        )
        with self._mutex:
            if key not in self._known:
                self._known[key] = self.service(request)
            answer = self._known[key]
        if not hasattr(request, "name"):
            return answer
        page = re.search(r"(#\d+)?$", answer.result["source"])[0]
        return type(answer)(**{**vars(answer), "result": {**answer.result, "source": request.name + page}})


@pytest.fixture(scope="session")
def shared_worker():
    """A reading service with the installed models, in this process."""
    return InProcessWorker(ReadingService(defaults()))


@pytest.fixture
def worker(shared_worker):
    """The same, as no test before has left it."""
    shared_worker.before, shared_worker.asked = None, []
    yield shared_worker
    shared_worker.before = None


@pytest.fixture(scope="session")
def page_bytes(normal_page):
    """The bytes of a report page."""
    return normal_page.read_bytes()


@pytest.fixture(scope="session")
def no_ecg():
    """The bytes of a picture that is none: a face, drawn."""
    from PIL import ImageDraw

    picture = Image.new("RGB", (1400, 1000), (180, 150, 110))
    draw = ImageDraw.Draw(picture)
    draw.ellipse((400, 150, 1000, 850), fill=(120, 90, 60))
    draw.polygon([(420, 320), (450, 60), (620, 200)], fill=(110, 80, 50))
    draw.polygon([(980, 320), (950, 60), (780, 200)], fill=(110, 80, 50))
    for x in (560, 780):
        draw.ellipse((x, 380, x + 70, 450), fill=(200, 220, 90))
    file = io.BytesIO()
    picture.save(file, "JPEG")
    return file.getvalue()


@pytest.fixture
def site(worker, tmp_path):
    """`site(**changes)` makes an application: its `app`, `services`, and a `client` for each browser."""
    opened = []

    def call(token_hash=None, store=True, camera=False, queue=4, limits=(), hold_bytes=20_000_000, hold_s=3600.0):
        metrics = Metrics(lambda: {})
        kept = Store(tmp_path / "store") if store else None
        opened.append(kept)
        noted = []
        services = Services(
            queue=ReadingQueue(worker, None, 60, queue, metrics),
            session_cache=SessionCache(hold_bytes, hold_s),
            store=kept,
            access=Access(token_hash),
            metrics=metrics,
            camera=camera,
            model="page",
            max_upload_bytes=MAX_BYTES,
            health=lambda: {"ok": True},
            log=lambda level, event, **more: noted.append((level, event, more)),
        )
        app = make_app(services, Limits(frozenset({"localhost", "ecg.local"}), MAX_BYTES, **dict(limits)))
        clients = []

        def client(**more):
            clients.append(TestClient(app, base_url=HOME, follow_redirects=False, **more))
            return clients[-1]

        return SimpleNamespace(app=app, services=services, client=client, noted=noted)

    yield call
    for kept in opened:
        if kept is not None:
            kept.close()


@pytest.fixture
def client(site):
    """A browser of an application."""
    return site().client()


WITH_BROWSER = {"test_browser.py": "playwright", "test_schema.py": "schemathesis", "test_load.py": "schemathesis"}
"""What `make test-web` runs, in an environment of its own, and the package that it needs."""
collect_ignore = [name for name, package in WITH_BROWSER.items() if find_spec(package) is None]


def pytest_terminal_summary(terminalreporter):
    if collect_ignore:
        terminalreporter.write_line(f"not run here: {', '.join(collect_ignore)} (make test-web)")
