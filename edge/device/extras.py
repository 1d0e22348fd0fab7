"""Which extras the settings of a device ask for, and whether what they bring is installed here."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TypeAlias

from .settings import Settings

Asked: TypeAlias = Callable[[Settings, bool], bool]
"""A function that says of settings, and of whether the page is served, whether they ask for a part."""


@dataclass(frozen=True)
class Part:
    """What an extra brings: the `extra`, what it is for, the `modules` without which it does not go, what `asks` for it (None: files alone), and
    the Pythons before which it is needed (`before`; None: all)."""

    extra: str
    what: str
    modules: tuple[str, ...]
    asks: Asked | None = None
    before: tuple[int, int] | None = None


PARTS = (
    Part("serve", "the page", ("starlette", "uvicorn", "python_multipart", "jinja2"), lambda given, serve: serve),
    Part("device", "button and light", ("gpiozero",), lambda given, serve: given["trigger"]["kind"] == "button" or given["lamp"]["kind"] == "led"),
    Part("device", "MQTT", ("paho.mqtt",), lambda given, serve: given["mqtt"]["enabled"] or given["home_assistant"]["enabled"]),
    Part("device", "configuration files", ("tomli",), lambda given, serve: True, before=(3, 11)),
    Part("pdf", "PDF files", ("pypdfium2",)),
    Part("heic", "HEIC files", ("pillow_heif",)),
    Part("dicom", "DICOM files", ("pydicom",)),
    Part("report", "reports as PDF", ("reportlab",)),
    Part("archive", "archives", ("distributed", "fsspec", "pyarrow")),
)  # fmt: skip


@dataclass(frozen=True)
class Need:
    """A `part`, whether it is `asked` for, and its modules that are `missing`."""

    part: Part
    asked: bool
    missing: tuple[str, ...]

    @property
    def remedy(self) -> str:
        """The command that installs it."""
        return f"pip install 'ecg-edge[{self.part.extra}]'"


def needs(settings: Settings, serve: bool = False) -> Iterator[Need]:
    """Yield the `Need` of each part that this Python may need, for these settings; `serve` says whether the page is served too."""
    for part in PARTS:
        if part.before is None or sys.version_info[:2] < part.before:
            missing = tuple(name for name in part.modules if not is_installed(name))
            yield Need(part, part.asks is not None and part.asks(settings, serve), missing)


def is_installed(module: str) -> bool:
    """Whether a module is there; it is not imported."""
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):  # of a package that is not there, or is put out of reach
        return False
