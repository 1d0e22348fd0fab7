"""What the reading process does for the page: reads pictures with a model of one's choice, and lends the camera; and for the device's loop, what a
`CaptureService` does."""

from collections import OrderedDict
from dataclasses import dataclass, field, replace

from ..device.capture_service import CaptureService, make_reader, now
from ..errors import PictureError
from ..image import MAX_BYTES
from ..result import STAGES, unread
from ..system import board
from ..system.process import return_memory

PREVIEW = "\0look"
"""The request for a frame of the camera and a hint for aiming; no path is so."""
SMALL_MB, FEW, MANY = 700, 1, 3
"""Models that stay loaded beside the settings' own, on boards with less memory than this and on others."""


@dataclass(frozen=True)
class ReadingRequest:
    """A picture to be read: the bytes of its file as `data`, or None for one that the camera takes; called `name` in its result.

    `model` is a name, None for the settings' own; with `views` everything that can be looked at is made too.
    """

    data: bytes | None
    name: str
    model: str | None = None
    views: bool = False


@dataclass(frozen=True)
class ReadingAnswer:
    """What came of it: the `result`'s dict, the `picture`'s bytes, what `device` says of camera and board, `files` {name: bytes} to look
    at, and the `steps` (dicts of `views.Step`) that they show."""

    result: dict
    picture: bytes | None
    device: dict
    files: dict = field(default_factory=dict)
    steps: tuple = ()


class ReadingService:
    """Made in the process that reads. Called with an `ReadingRequest`, `PREVIEW`, or what a `CaptureService` answers.

    Parameters
    ----------
    settings : as `settings.read_settings` gives them
    with_camera : whether the camera is to be opened now, so that its faults show at the start
    stage : a shared integer (`multiprocessing.Value`) that is set to the number in `result.STAGES` of what is being done; None for none
    """

    def __init__(self, settings, with_camera=False, stage=None):
        self._capture_service, self._stage = CaptureService(settings, with_camera), stage
        self._given, self._others = settings["reader"], OrderedDict()
        self._most = FEW if (board.memory_mb() or 0) < SMALL_MB else MANY

    def __call__(self, request):
        """The `ReadingAnswer` to an `ReadingRequest`; (found, hint, JPEG) for `PREVIEW`; a `capture_service.Outcome` for what the loop asks."""
        if isinstance(request, ReadingRequest):
            answer = self._answer(request)
            return_memory()
            return answer
        return self._capture_service.look() if request == PREVIEW else self._capture_service(request)

    def close(self):
        """Release the camera."""
        self._capture_service.close()

    def _answer(self, asked):
        data, name, device = asked.data, asked.name, {}
        if data is None:
            try:
                data, metadata = self._capture_service.take()
            except PictureError as error:
                result = replace(unread(self._capture_service.camera_name, error.reason, str(error)), captured_at=now())
                return ReadingAnswer(result.to_dict(), None, {})
            name, device = self._capture_service.camera_name, {"camera": metadata}
        reader = self._reader(asked.model)
        if asked.views:
            from .result_files import make_result_files

            result, stages = reader.inspect(data, trace=True, tell=self._tell)
        else:
            result, stages = reader.inspect(data, keep=False, tell=self._tell)[0], None
        taken = now()
        result = replace(result, source=name, captured_at=taken if asked.data is None else None)
        views = make_result_files(result, stages, taken) if asked.views else None
        device |= {"board": board.readings(), "resident_mb": round(board.resident_mb() or 0, 1)}
        kept = data if len(data) <= MAX_BYTES else None
        if views is None:
            return ReadingAnswer(result.to_dict(), kept, device)
        return ReadingAnswer(result.to_dict(), kept, device, views.files, tuple(vars(step) for step in views.steps))

    def _tell(self, name):
        if self._stage is not None:
            self._stage.value = STAGES.index(name)

    def _reader(self, model):
        """The `Reader` of a model; others than the settings' own are made when they are first asked for."""
        own = self._capture_service.reader
        if model is None or model == own.card.path.stem:
            return own
        if model not in self._others:
            self._others[model] = make_reader(self._given, model)
        self._others.move_to_end(model)
        while len(self._others) > self._most:
            self._others.popitem(last=False)
        return self._others[model]
