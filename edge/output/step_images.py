"""Writing what a reading saw, step by step, as the paper's application shows it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ..preprocessing import filters
from .files import not_written

if TYPE_CHECKING:
    from ..stages import Stages

STEPS = (("1-crop", "gray"), ("2-gaussian", "blurred"), ("3-binary", "ink"))
"""File name and field of `LeadSteps`, in the paper's order."""


def write_steps(stages: Stages, folder: str | os.PathLike[str]) -> Path:
    """Write the gray page, and each lead after each step and as the model sees it; the directory that holds them.

    FOLDER/STEM/page-gray.png and FOLDER/STEM/LEAD/STEP.png, by the picture's `stem`.

    Raises
    ------
    OutputError : it cannot be written there.
    """
    picture, page, steps_of, inputs = stages.picture, stages.page, stages.steps, stages.inputs
    assert page is not None and steps_of is not None and inputs is not None, "only models of single leads have steps"
    target = Path(folder) / picture.stem
    try:
        target.mkdir(parents=True, exist_ok=True)
        filters.to_picture(page.gray).save(target / "page-gray.png")
        for (lead, steps), seen in zip(steps_of.items(), inputs, strict=True):
            (target / lead).mkdir(exist_ok=True)
            for name, attribute in STEPS:
                filters.to_picture(getattr(steps, attribute)).save(target / lead / f"{name}.png")
            filters.to_picture(seen).save(target / lead / "4-model-input.png")
    except OSError as error:
        raise not_written(folder, error) from error
    return target
