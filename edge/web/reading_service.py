"""What the reading process does for the page: it reads pictures with a model of one's choice and shows what the camera sees; and for the device's loop,
what a `CaptureService` does."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from ..device.capture_service import CaptureService, Outcome, PageRequest, encode, make_reader
from ..errors import PictureError
from ..files.limits import MAX_BYTES
from ..image import in_memory, open_picture, split_page_name
from ..measure.person import UNKNOWN_PERSON, Person
from ..result import STAGES, unread
from ..system import board
from ..system.clock import utc_now
from ..system.process import return_memory

if TYPE_CHECKING:
    from ..reader import Reader
    from .result_files import Step

PREVIEW = "\0look"
"""The request for a frame of the camera and a hint for aiming; no path is so."""
SMALL_MB, FEW_READERS, MANY_READERS = 700, 1, 3
"""Models that stay loaded beside the settings' own, on boards with less memory than this and on others."""
THUMBNAIL_PX, THUMBNAIL_QUALITY = 192, 70
"""The longer side of a picture in the history, and its quality as a JPEG."""
Preview = tuple[bool, str, bytes]
"""Whether the camera sees the whole page, a hint for aiming, and the frame as JPEG."""


@dataclass(frozen=True)
class ReadingRequest:
    """A picture to be read: the bytes of its file as `data`, or None for one that the camera takes; called `name` in its result.

    `model` is a name, None for the settings' own; with `views` everything that can be looked at is made too. Of a file with several pages that of
    number `page` is read, where None the first, with a message that says so. Limits of some findings depend on the `person`; `recorded_at` is when
    the ECG was recorded (ISO 8601), None where it is not known.
    """

    data: bytes | None
    name: str
    model: str | None = None
    views: bool = False
    page: int | None = None
    person: Person = UNKNOWN_PERSON
    recorded_at: str | None = None


@dataclass(frozen=True)
class ThumbnailRequest:
    """The bytes of a picture's file as `data`, to be shown small; `source` is what its result calls it, of several pages with the page's number."""

    data: bytes
    source: str


@dataclass(frozen=True)
class ReadingAnswer:
    """What came of it: the `result`'s dict, the `picture`'s bytes, what `device` says of camera and board, `files` {name: bytes} to look
    at, and the `steps` (dicts of `result_files.Step`) that they show."""

    result: dict[str, Any]
    picture: bytes | None
    device: dict[str, Any]
    files: Mapping[str, bytes] = field(default_factory=dict)
    steps: tuple[Mapping[str, str], ...] = ()


class SharedStage(Protocol):
    """An integer that two processes share (`multiprocessing.Value`): the number in `result.STAGES` of what is being done."""

    value: int


class ReadingService:
    """Made in the process that reads. Called with a `ReadingRequest`, `PREVIEW`, or what a `CaptureService` answers.

    Parameters
    ----------
    settings : as `settings.read_settings` gives them
    with_camera : whether the camera is to be opened now, so that its faults show at the start
    stage : set to what is being done; None for none
    """

    def __init__(
        self, settings: dict[str, dict[str, Any]], with_camera: bool = False, stage: SharedStage | None = None
    ) -> None:
        self._capture_service, self._stage = CaptureService(settings, with_camera), stage
        self._reader_settings = settings["reader"]
        self._other_readers: OrderedDict[str, Reader] = OrderedDict()
        self._max_readers = FEW_READERS if (board.memory_mb() or 0) < SMALL_MB else MANY_READERS

    def __call__(
        self, request: ReadingRequest | ThumbnailRequest | PageRequest | str | bytes | None
    ) -> ReadingAnswer | Preview | Outcome | bytes | tuple[bool, str]:
        """The `ReadingAnswer` to a `ReadingRequest`; (found, hint, JPEG) for `PREVIEW`; the JPEG of a `ThumbnailRequest`; a
        `capture_service.Outcome` for what the loop asks."""
        if isinstance(request, ThumbnailRequest):
            return _thumbnail(request)
        if isinstance(request, ReadingRequest):
            answer = self._answer(request)
            return_memory()
            return answer
        return self._capture_service.preview() if request == PREVIEW else self._capture_service(request)

    def close(self) -> None:
        """Release the camera."""
        self._capture_service.close()

    def _answer(self, request: ReadingRequest) -> ReadingAnswer:
        data, name = request.data, request.name
        device: dict[str, Any] = {}
        if data is None:
            try:
                data, metadata = self._capture_service.take()
            except PictureError as error:
                result = replace(
                    unread(self._capture_service.camera_name, error.reason, str(error)), captured_at=utc_now()
                )
                return ReadingAnswer(result.to_dict(), None, {})
            name, device = self._capture_service.camera_name, {"camera": metadata}
        reader = self._reader(request.model)
        whole = {"trace": True} if request.views else {"keep": False}
        result, stages = reader.inspect(
            in_memory(data, name),
            tell=self._report_stage,
            page=request.page,
            person=request.person,
            recorded_at=request.recorded_at,
            **whole,
        )
        stages = stages if request.views else None
        read_at = utc_now()
        result = replace(result, captured_at=read_at if request.data is None else None)
        files: dict[str, bytes] = {}
        steps: tuple[Step, ...] = ()
        if request.views:
            from .result_files import make_result_files

            files, steps = make_result_files(result, stages, read_at)
        device |= {"board": board.readings(), "resident_mb": round(board.resident_mb() or 0, 1)}
        kept = data if len(data) <= MAX_BYTES else None
        return ReadingAnswer(result.to_dict(), kept, device, files, tuple(vars(step) for step in steps))

    def _report_stage(self, name: str) -> None:
        if self._stage is not None:
            self._stage.value = STAGES.index(name)

    def _reader(self, model: str | None) -> Reader:
        """The `Reader` of a model; others than the settings' own are made when they are first asked for."""
        own = self._capture_service.reader
        if model is None or model == own.card.path.stem:
            return own
        if model not in self._other_readers:
            self._other_readers[model] = make_reader(self._reader_settings, model)
        self._other_readers.move_to_end(model)
        while len(self._other_readers) > self._max_readers:
            self._other_readers.popitem(last=False)
        return self._other_readers[model]


def _thumbnail(request: ThumbnailRequest) -> bytes:
    """A small JPEG of a picture; of one that cannot be opened none, b""."""
    name, page = split_page_name(request.source)
    try:
        image = open_picture(in_memory(request.data, name), page or 1).image
    except PictureError:
        return b""
    image.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX))
    return encode(image, THUMBNAIL_QUALITY)
