"""Reading printed 12-lead ECGs on small devices. Not a medical device."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .errors import EcgEdgeError, Reason
    from .reader import Reader
    from .result import LeadResult, Result
    from .signals import Signals

__version__ = "1.0.0"

_HOMES = {
    "Reader": "reader",
    "Result": "result",
    "LeadResult": "result",
    "Signals": "signals",
    "Reason": "errors",
    "EcgEdgeError": "errors",
}

__all__ = ["EcgEdgeError", "LeadResult", "Reader", "Reason", "Result", "Signals", "__version__"]


def __getattr__(name: str) -> object:
    # Heavy parts (NumPy, Pillow, a runtime) are imported when a name that needs them is asked for.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
