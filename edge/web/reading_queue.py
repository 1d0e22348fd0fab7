"""The queue before the one process that reads: so many may wait, the next is told to come again."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypedDict

from ..errors import CameraError, InstallationError, Reason, WorkerError, WorkerTimeoutError
from ..result import STAGES
from ..system.worker import Worker
from .metrics import Metrics
from .problems import Problem, not_found
from .reading_service import PREVIEW, Preview, ReadingAnswer, ReadingRequest, SharedStage, ThumbnailRequest

RETRY_S = 3
THUMBNAILS = 400
"""So many small pictures are kept, of some 6 kB each."""
FRESH_S = 0.25
"""A frame of the camera is everybody's who asks for one so soon after it was taken."""


@dataclass
class Place:
    """A place in the queue: of which `session`, the `progress_id` under which its progress is asked for, and whether its picture is being read."""

    session: str
    progress_id: str | None
    reading: bool = False


class Progress(TypedDict):
    """How far a picture is: its `state` (waiting, reading, unknown), how many pictures come `before` it, and the `stage` of its reading."""

    state: str
    before: int | None
    stage: str | None


class ReadingQueue:
    """One picture at a time, in the order in which they came.

    Parameters
    ----------
    worker : around a `reading_service.ReadingService`
    stage : set by the reading process to what is being done; None where that is not known
    limit_s : for one picture
    max_waiting : how many pictures may wait beside the one that is read
    metrics : counts readings, and requests that were turned away
    """

    def __init__(
        self, worker: Worker, stage: SharedStage | None, limit_s: float, max_waiting: int, metrics: Metrics
    ) -> None:
        self._worker, self._stage, self._limit_s, self._metrics = worker, stage, limit_s, metrics
        self._max_places = max_waiting + 1
        # The one thread that waits for the process: the server's own never does.
        self._thread = ThreadPoolExecutor(1, "reading")
        self._reading_lock = asyncio.Lock()
        self._places: list[Place] = []
        self._preview_lock = asyncio.Lock()
        self._preview: Preview | None = None
        self._preview_at = float("-inf")
        self._thumbnails: OrderedDict[str, bytes] = OrderedDict()
        self.broken: str | None = None
        """Why no picture can be read at present, in words; None where they can."""

    def __len__(self) -> int:
        return len(self._places)

    @asynccontextmanager
    async def place(self, session: str, progress_id: str | None = None) -> AsyncIterator[Place]:
        """A `Place` in the queue, to be taken before a picture's bytes are.

        Raises
        ------
        Problem : 429 where there is none.
        """
        if len(self._places) >= self._max_places:
            self._metrics.count("ecg_edge_turned_away_total")
            raise Problem(
                429,
                "busy",
                f"{len(self._places)} pictures are waiting: try again in {RETRY_S} s.",
                {"Retry-After": str(RETRY_S)},
            )
        place = Place(session, progress_id)
        self._places.append(place)
        try:
            yield place
        finally:
            self._places.remove(place)

    async def read(
        self, place: Place, request: ReadingRequest, is_gone: Callable[[], Awaitable[bool]]
    ) -> ReadingAnswer:
        """The `ReadingAnswer` to a request, once those before it are read.

        Raises
        ------
        Problem : the process could not read it, or not be started; there is no camera; who asked `is_gone` meanwhile.
        """
        async with self._reading_lock:
            if await is_gone():
                raise Problem(400, "gone", "Nobody waits for this any more.")
            place.reading = True
            if self._stage is not None:
                self._stage.value = 0
            start = time.perf_counter()
            try:
                answer: ReadingAnswer = await self._call(request)
            except Problem:
                self._metrics.count("ecg_edge_pages_total", status="lost")
                raise
            self._metrics.count_reading(time.perf_counter() - start)
            self._metrics.count("ecg_edge_pages_total", status=answer.result["status"])
            return answer

    async def preview(self) -> Preview:
        """(found, hint, JPEG) of what the camera sees, between two pictures; one frame is for all who ask at once."""
        async with self._preview_lock:
            if self._preview is None or time.monotonic() - self._preview_at > FRESH_S:
                async with self._reading_lock:
                    self._preview = await self._call(PREVIEW)
                self._preview_at = time.monotonic()
            return self._preview

    async def thumbnail(self, key: str, request: ThumbnailRequest) -> bytes:
        """The JPEG of a small picture, made between two pictures that are read; those that were asked for last are kept by their `key`.

        Raises
        ------
        Problem : it cannot be shown.
        """
        if key not in self._thumbnails:
            async with self._reading_lock:
                self._thumbnails[key] = await self._call(request)
        self._thumbnails.move_to_end(key)
        while len(self._thumbnails) > THUMBNAILS:
            self._thumbnails.popitem(last=False)
        if not self._thumbnails[key]:
            raise not_found()
        return self._thumbnails[key]

    def progress(self, session: str, progress_id: str) -> Progress:
        """The `Progress` of a session's picture."""
        for number, place in enumerate(self._places):
            if place.progress_id == progress_id and place.session == session:
                stage = STAGES[self._stage.value] if place.reading and self._stage is not None else None
                return {"state": "reading" if place.reading else "waiting", "before": number, "stage": stage}
        return {"state": "unknown", "before": None, "stage": None}

    async def _call(self, request: ReadingRequest | ThumbnailRequest | str) -> Any:
        loop = asyncio.get_running_loop()
        try:
            # Shielded: a browser that goes away does not leave the process with an answer that nobody fetches.
            answer = await asyncio.shield(loop.run_in_executor(self._thread, self._worker.call, request, self._limit_s))
            self.broken = None
            return answer
        except WorkerError as error:
            what = "takes too long" if isinstance(error, WorkerTimeoutError) else "ends the reading process"
            raise Problem(
                422, Reason.UNSUPPORTED.value, f"Reading this picture {what}: save it anew, smaller, as JPEG or PNG."
            ) from error
        except CameraError as error:
            raise Problem(503, "camera", str(error)) from error
        except LookupError as error:
            raise Problem(400, "no_model", str(error)) from error
        except InstallationError as error:
            self.broken = str(error)
            raise Problem(503, "installation", str(error)) from error
