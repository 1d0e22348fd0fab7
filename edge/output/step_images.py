"""Writing what a reading saw, step by step, as the paper's application shows it."""

from pathlib import Path

from ..errors import OutputError
from ..preprocessing import filters

STEPS = (("1-crop", "gray"), ("2-gaussian", "blurred"), ("3-binary", "ink"))
"""File name and field of `LeadSteps`, in the paper's order."""


def write_steps(stages, folder):
    """Write the gray page, and each lead after each step and as the model sees it; the directory that holds them.

    FOLDER/NAME-SHA/page-gray.png and FOLDER/NAME-SHA/LEAD/STEP.png; the part of SHA-256 keeps pictures of one name apart.

    Raises
    ------
    OutputError : it cannot be written there.
    """
    picture = stages.picture
    target = Path(folder) / f"{Path(picture.source).stem}-{picture.sha256[:8]}"
    try:
        target.mkdir(parents=True, exist_ok=True)
        filters.to_picture(stages.page.gray).save(target / "page-gray.png")
        for (lead, steps), seen in zip(stages.steps.items(), stages.inputs, strict=True):
            (target / lead).mkdir(exist_ok=True)
            for name, attribute in STEPS:
                filters.to_picture(getattr(steps, attribute)).save(target / lead / f"{name}.png")
            filters.to_picture(seen).save(target / lead / "4-model-input.png")
    except OSError as error:
        raise OutputError(f"{error.filename or folder}: cannot be written ({error.strerror or error}).") from error
    return target
