"""What a person can look at and take away of a reading: pictures of every step, signals, a report; as files in memory."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from ..classifier.page_input import REACH, STRIP_ROWS
from ..device.capture_service import encode
from ..errors import PictureError
from ..layout import LEADS_12, RHYTHM, Arrangement, Place
from ..output import signal_files, signal_plot
from ..output.measured_words import MARKS_FILE
from ..output.overlay import TRACE, draw_over, marks_over
from ..output.report import make_report, report_of
from ..preprocessing import filters

if TYPE_CHECKING:
    from PIL import Image

    from ..page.page import Page
    from ..result import Result
    from ..signals import Signals
    from ..stages import Stages
    from ..trace.lead_traces import Traces

LONG_SIDE_PX, LEAD_SIDE_PX, STRIP_SIDE_PX = 1600, 340, 1100
"""The longer side, at most, of the page, of a lead and of a rhythm strip as shown."""
QUALITY = 82
MARGIN_MM = 6
"""What is shown above and below a lead's trace."""
ROW_PX, INPUT_WIDTH_PX = 40, 1024


@dataclass(frozen=True)
class Step:
    """A step of the preprocessing as shown: the `key` in its files' names, their `suffix`, a `title`, and what happens in it."""

    key: str
    suffix: str
    title: str
    about: str


LEAD_STEPS = (
    Step("crop", ".jpg", "Gray crop", "Steps 1 and 2 of the paper: the page in gray (ITU-R 601-2), the lead cut out of it."),
    Step("gaussian", ".jpg", "Gaussian filter", "Step 3: smoothed with a Gaussian of one pixel, which takes the edge off print and noise."),
    Step("binary", ".png", "Otsu's threshold", "Steps 4 to 8: ink white and paper black, at the level that parts the two best."),
    Step("input", ".png", "What the model sees", "Brought to 150 by 150 pixels; the thirteen leads go through the network together."),
)  # fmt: skip
"""For models of single leads."""
PAGE_STEPS = (
    Step("gray", ".jpg", "Gray crop", "The page laid flat, its part that holds the lead, in gray."),
    Step("ink", ".png", "Ink without the grid", "What is as dark as a pen, with grid, shadow and print colour taken away."),
    Step("trace", ".jpg", "The line that was followed", "From column to column, in blue over the page; gaps are shown as gaps, never guessed."),
)  # fmt: skip
"""For models that see a page's signals."""


def make_result_files(
    result: Result, stages: Stages | None, when: str = ""
) -> tuple[dict[str, bytes], tuple[Step, ...]]:
    """(files {name: bytes}, the steps that each lead went through) of a result and what its reading saw, None where nothing was opened; as far as it got."""
    if stages is None:
        return {"report.pdf": make_report(result, None, None, when=when)}, ()
    if stages.picture.recording is not None:
        return _recording_files(result, stages, when), ()
    page, traces, lead_steps, inputs = stages.page, stages.traces, stages.steps, stages.inputs
    arrangement = _arrangement(stages)
    shown = draw_over(stages.picture.image, result, stages)
    files = {"overlay.jpg": encode(shown, QUALITY)}
    marks = marks_over(stages.picture.image.size, stages)
    if marks is not None:
        files[MARKS_FILE] = marks.encode()
    steps: tuple[Step, ...] = ()
    if page is not None:
        files["gray.jpg"] = _jpeg(filters.to_picture(page.gray), LONG_SIDE_PX)
        steps = PAGE_STEPS if lead_steps is None else LEAD_STEPS
        if lead_steps is None and arrangement is not None:
            files |= _lead_files(page, arrangement, {} if traces is None else traces.paths)
        if lead_steps is not None and inputs is not None:
            files |= _step_files(lead_steps, inputs)
    if traces is not None and stages.signals is not None:
        files |= _signal_files(traces, stages.signals, f"ecg-{stages.picture.sha256[:8]}")
        if lead_steps is None and inputs is not None:
            files |= {f"input-{number}.png": _png(draw_input(window)) for number, window in enumerate(inputs, 1)}
    files["report.pdf"] = report_of(result, stages, when, shown)
    return files, steps


def _recording_files(result: Result, stages: Stages, when: str) -> dict[str, bytes]:
    """The same of a digital ECG, of which there is no picture."""
    files = {"report.pdf": report_of(result, stages, when)}
    if stages.traces is not None and stages.signals is not None:
        files |= _signal_files(stages.traces, stages.signals, f"ecg-{stages.picture.sha256[:8]}")
        files |= {
            f"input-{number}.png": _png(draw_input(window))
            for number, window in enumerate(stages.inputs if stages.inputs is not None else (), 1)
        }
    return files


def draw_input(window: np.ndarray) -> Image.Image:
    """A (rows, samples, channels) window of a page as its model sees it, as an "L" `PIL.Image`: a line for each row, grey where nothing is known."""
    from PIL import Image, ImageDraw

    # The strip's pieces stand one after another in rows of their own, and below them its RR intervals.
    picture = Image.new("L", (INPUT_WIDTH_PX, ROW_PX * len(window)), 255)
    draw = ImageDraw.Draw(picture)
    across = np.linspace(0, INPUT_WIDTH_PX - 1, window.shape[1])
    for number, row in enumerate(window):
        zero = ROW_PX * (number + 0.5)
        if number in (len(LEADS_12), len(LEADS_12) + STRIP_ROWS):
            draw.line((0, ROW_PX * number, INPUT_WIDTH_PX, ROW_PX * number), 120)
        known = row[:, 1] > 0
        for start, stop in signal_plot.pieces(np.where(known, np.nan, 0.0)):
            draw.rectangle((across[start], ROW_PX * number + 1, across[stop - 1], ROW_PX * (number + 1) - 1), 215)
        for start, stop in signal_plot.pieces(np.where(known, row[:, 0], np.nan)):
            heights = zero - np.clip(row[start:stop, 0] / REACH, -1, 1) * ROW_PX * 0.9
            draw.line(np.stack([across[start:stop], heights], axis=1).ravel().tolist(), 0, 1)
    return picture


def _lead_files(page: Page, arrangement: Arrangement, paths: dict[str, np.ndarray]) -> dict[str, bytes]:
    """Of a page whose signals are read: each lead's part of it in gray, as ink, and with its trace."""
    from PIL import Image, ImageDraw

    files = {}
    for place in arrangement.places:
        name, limit = f"lead-{place.name}", _max_side_px(place)
        rows, columns = _shown_part(place, paths.get(place.name), arrangement.px_per_mm[1])
        gray = page.gray[rows, columns]
        if 0 in gray.shape:
            continue
        files[f"{name}-gray.jpg"] = _jpeg(filters.to_picture(gray), limit)
        files[f"{name}-ink.png"] = _png(_smaller(filters.to_picture(255 - page.ink[rows, columns]), limit), 16)
        if place.name in paths:
            drawn = Image.merge("RGB", [filters.to_picture(gray)] * 3)
            draw = ImageDraw.Draw(drawn)
            path = np.asarray(paths[place.name], float) - (place.box.left, rows.start)
            for start, stop in signal_plot.pieces(path.sum(axis=1)):
                if stop - start > 1:
                    draw.line(path[start:stop].ravel().tolist(), TRACE, 4, joint="curve")
            files[f"{name}-trace.jpg"] = _jpeg(drawn, limit)
    return files


def _shown_part(place: Place, path: np.ndarray | None, px_per_mm: float) -> tuple[slice, slice]:
    """Rows and columns of the page in which a lead is shown: its box, but no more of it than its trace needs."""
    rows, columns = place.box.slices
    heights = np.asarray(path if path is not None else np.empty((0, 2)), float)[:, 1]
    if not np.isfinite(heights).any():
        return slice(max(rows.start, 0), rows.stop), slice(max(columns.start, 0), columns.stop)
    heights = np.append(heights[np.isfinite(heights)], place.zero_px)
    margin = round(MARGIN_MM * px_per_mm)
    top, bottom = max(rows.start, int(heights.min()) - margin), min(rows.stop, int(heights.max()) + margin)
    return slice(max(top, 0), max(bottom, top + 1)), slice(max(columns.start, 0), columns.stop)


def _step_files(lead_steps: dict[str, filters.LeadSteps], inputs: np.ndarray) -> dict[str, bytes]:
    """Of a page whose leads are read one by one: each lead after each step."""
    files = {}
    for (lead, steps), model_input in zip(lead_steps.items(), inputs, strict=True):
        limit = STRIP_SIDE_PX if lead.startswith(RHYTHM) else LEAD_SIDE_PX
        files[f"lead-{lead}-crop.jpg"] = _jpeg(filters.to_picture(steps.gray), limit)
        files[f"lead-{lead}-gaussian.jpg"] = _jpeg(filters.to_picture(steps.blurred), limit)
        files[f"lead-{lead}-binary.png"] = _png(_smaller(filters.to_picture(steps.ink), limit), 16)
        files[f"lead-{lead}-input.png"] = _png(filters.to_picture(model_input), 16)
    return files


def _signal_files(traces: Traces, signals: Signals, name: str) -> dict[str, bytes]:
    """Each lead's signal as a drawing, and all of them as CSV and WFDB."""
    files = {
        f"signal-{lead}.svg": signal_plot.draw_lead(signal, traces.rate_hz, lead).encode()
        for lead, signal in traces.signals.items()
    }
    packed = io.BytesIO()
    with TemporaryDirectory() as folder, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        csv, *wfdb = signal_files.write_signals(signals, folder, name)
        files["signals.csv"] = csv.read_bytes()
        for path in wfdb:
            archive.write(path, path.name)
    files["signals-wfdb.zip"] = packed.getvalue()
    return files


def _arrangement(stages: Stages) -> Arrangement | None:
    """Where the leads stand; None where that was not made out."""
    try:
        return stages.arrangement
    except PictureError:
        return None


def _max_side_px(place: Place) -> int:
    return STRIP_SIDE_PX if place.name.startswith(RHYTHM) or place.box.right - place.box.left > 1000 else LEAD_SIDE_PX


def _smaller(image: Image.Image, side_px: int) -> Image.Image:
    from PIL import Image

    scale = min(side_px / max(image.size), 1.0)
    width, height = (max(round(side * scale), 1) for side in image.size)
    return image if scale == 1 else image.resize((width, height), Image.Resampling.LANCZOS)


def _jpeg(image: Image.Image, side_px: int) -> bytes:
    return encode(_smaller(image, side_px), QUALITY)


def _png(image: Image.Image, levels: int | None = None) -> bytes:
    """The bytes of a PNG file, of so many gray levels."""
    file = io.BytesIO()
    if levels:
        image = image.point(lambda level: (level * levels // 256) * 255 // (levels - 1)).convert("P")
    image.save(file, "PNG")
    return file.getvalue()
