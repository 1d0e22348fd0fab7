"""Stand-ins for what reading processes run: classes and functions of a module, since the process imports them."""

import os
import re
import signal
import time
from pathlib import Path

from ecg_edge.device.capture_service import Outcome, PageRequest
from ecg_edge.errors import CameraError, DamagedModelError, PictureError, Reason
from ecg_edge.image import page_name

from .waiting import wait_for

HANG_S = 3600
"""Longer than any limit: whoever hangs is ended."""


class Echo:
    """Answers what it is told to; writes to a file that it was closed."""

    def __init__(self, closed=None):
        self.closed = closed

    def __call__(self, request):
        what, *more = request
        if what == "say":
            return more[0], os.getpid()
        if what == "hang":
            time.sleep(HANG_S)
        elif what == "until":
            wait_for(Path(more[0]).exists)
        elif what == "ignore":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        elif what == "die":
            os._exit(more[0])
        elif what == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif what == "refuse":
            raise PictureError(Reason.BLURRED)
        elif what == "fail":
            raise ZeroDivisionError("by zero")
        return what

    def close(self):
        if self.closed:
            Path(self.closed).write_text("closed")


class SlowToClose(Echo):
    """Takes its time, as a camera does."""

    def close(self):
        time.sleep(0.3)
        super().close()


def damaged():
    raise DamagedModelError("cnn.tflite is damaged")


def slow_start():
    time.sleep(HANG_S)


def result_of(path, status="read"):
    """The dict of a result, as far as the loop looks into it."""
    read = status in ("read", "uncertain")
    return {"source": path or "camera 0", "status": status, "verdict": "normal" if read else None, "confidence": 0.91 if read else None,
            "reason": None if read else "blurred", "message": None if read else "The picture is blurred.", "captured_at": None, "model": None}  # fmt: skip


class CaptureServiceStandIn:
    """Answers by what the picture's name says ("wait" waits for a file `.go` beside it, "3pages" has three); the camera's pictures by a count in a file."""

    def __init__(self, settings, with_camera=False):
        if with_camera and settings["camera"]["source"] == "none":
            raise CameraError("There is no camera 0.")

    def __call__(self, request=None):
        path, page = (request.path, request.page) if isinstance(request, PageRequest) else (request, 1)
        name = os.path.basename(path or "camera.jpg")
        if "hang" in name:
            time.sleep(HANG_S)
        if "wait" in name:
            wait_for(Path(path).with_name(".go").exists)
        if "die" in name:
            os._exit(7)
        if "gone" in name:
            raise CameraError("The camera gave no picture.")
        status = "refused" if "blurred" in name else "uncertain" if "unsure" in name else "read"
        data = Path(path).read_bytes() if path else b"camera"
        several = re.search(r"(\d+)pages", name)
        pages = int(several[1]) if several else 1
        return Outcome(
            result_of(path and page_name(path, page, pages), status),
            data if page == 1 else None,
            ".jpg",
            {"board": {"temperature_c": 48.5, "throttled": None}, "resident_mb": 60.0},
            pages,
        )
