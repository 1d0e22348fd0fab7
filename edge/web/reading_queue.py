"""The queue before the one process that reads: so many may wait, the next is told to come again."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass

from ..errors import CameraError, InstallationError, Reason, WorkerError, WorkerTimeoutError
from ..result import STAGES
from .problems import Problem
from .reading_service import PREVIEW

RETRY_S = 3
FRESH_S = 0.25
"""A frame of the camera is everybody's who asks for one so soon after it was taken."""


@dataclass
class Place:
    """A place in the queue: whose (`session`), by what `ticket` it is asked after, and whether it is being read."""

    session: str
    ticket: str | None
    reading: bool = False


class ReadingQueue:
    """One picture at a time, in the order in which they came.

    Parameters
    ----------
    worker : `worker.Worker` around a `reading_service.ReadingService`
    stage : the shared integer that tells the stage; None for none
    limit_s : for one picture
    waiting : how many may wait beside the one that is read
    metrics : `metrics.Metrics`
    """

    def __init__(self, worker, stage, limit_s, waiting, metrics):
        self._worker, self._stage, self._limit_s, self._most, self._metrics = (
            worker,
            stage,
            limit_s,
            waiting + 1,
            metrics,
        )
        # The one thread that waits for the process: the server's own never does.
        self._thread = ThreadPoolExecutor(1, "reading")
        self._turn = asyncio.Lock()
        self._places = []
        self._looking, self._seen = asyncio.Lock(), (None, float("-inf"))
        self.broken = None
        """Why no picture can be read at present, in words; None where they can."""

    def __len__(self):
        return len(self._places)

    @asynccontextmanager
    async def place(self, session, ticket=None):
        """A `Place` in the queue, to be taken before a picture's bytes are.

        Raises
        ------
        Problem : 429 where there is none.
        """
        if len(self._places) >= self._most:
            self._metrics.count("ecg_edge_turned_away_total")
            raise Problem(
                429,
                "busy",
                f"{len(self._places)} pictures are waiting: try again in {RETRY_S} s.",
                {"Retry-After": str(RETRY_S)},
            )
        place = Place(session, ticket)
        self._places.append(place)
        try:
            yield place
        finally:
            self._places.remove(place)

    async def read(self, place, asked, is_gone):
        """The `reading_service.ReadingAnswer` to what is `asked`, when it is its turn.

        Raises
        ------
        Problem : the process could not read it, or not be started; there is no camera; who asked `is_gone` (an asynchronous function) meanwhile.
        """
        async with self._turn:
            if await is_gone():
                raise Problem(400, "gone", "Nobody waits for this any more.")
            place.reading = True
            if self._stage is not None:
                self._stage.value = 0
            start = time.perf_counter()
            try:
                answer = await self._call(asked)
            except Problem:
                self._metrics.count("ecg_edge_pages_total", status="lost")
                raise
            self._metrics.reading(time.perf_counter() - start)
            self._metrics.count("ecg_edge_pages_total", status=answer.result["status"])
            return answer

    async def look(self):
        """(found, hint, JPEG) of what the camera sees, between two pictures; one look is for all who ask at once."""
        async with self._looking:
            frame, since = self._seen
            if time.monotonic() - since > FRESH_S:
                async with self._turn:
                    frame = await self._call(PREVIEW)
                self._seen = frame, time.monotonic()
            return frame

    def progress(self, session, ticket):
        """{"state": waiting, reading or unknown, "before": pictures that come first, "stage": what is being done} of a place."""
        for number, place in enumerate(self._places):
            if place.ticket == ticket and place.session == session:
                stage = STAGES[self._stage.value] if place.reading and self._stage is not None else None
                return {"state": "reading" if place.reading else "waiting", "before": number, "stage": stage}
        return {"state": "unknown", "before": None, "stage": None}

    async def _call(self, request):
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
