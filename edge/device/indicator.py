"""Showing the state of the device to the person at it: on standard output, or with a light."""

from types import ModuleType
from typing import Literal, Protocol

from ..errors import InstallationError

State = Literal["ready", "busy", "done", "uncertain", "refused", "failed"]
BLINKS: dict[State, tuple[float, float, int | None]] = {
    "busy": (0.1, 0.1, None),
    "done": (0.8, 0.4, 2),
    "uncertain": (0.4, 0.4, 4),
    "refused": (0.15, 0.15, 6),
    "failed": (0.15, 0.15, 6),
}
"""Seconds on and off and how often: a light that is steady is ready, and so it is again after the others."""


class Indicator(Protocol):
    """What shows the state of the device."""

    def show(self, state: State, text: str = "") -> None:
        """Show a state."""

    def close(self) -> None:
        """Release what it shows the state with."""


class TextIndicator:
    """A line of standard output for each state: `ready`, `busy`, `done normal (91 %)`, `uncertain normal (70 %, uncertain: low confidence)`,
    `refused The picture is blurred: …`, `failed The picture's file ends too early: …`."""

    def show(self, state: State, text: str = "") -> None:
        """Show a state."""
        print(f"{state} {text}".rstrip(), flush=True)

    def close(self) -> None:
        """There is nothing to close."""


class LedIndicator:
    """A light at a pin: steady when ready, a flicker when busy, two long blinks when done, four even ones when the verdict is uncertain, six short
    ones when the page was refused or its file could not be opened."""

    def __init__(self, pin: int, factory: object = None):
        gpiozero = import_gpiozero()
        try:
            self._led = gpiozero.LED(pin, pin_factory=factory)
        except Exception as error:
            raise InstallationError(pin_message(pin, error)) from error

    def show(self, state: State, text: str = "") -> None:
        """Show a state."""
        if state == "ready":
            self._led.on()
        else:
            self._led.blink(*BLINKS[state])

    def close(self) -> None:
        """Put the light out."""
        self._led.close()


def import_gpiozero() -> ModuleType:
    """The package gpiozero, or an `InstallationError` that says where it comes from."""
    try:
        import gpiozero
    except ImportError as error:
        raise InstallationError(
            f"gpiozero cannot be imported ({error}). 'sudo apt install python3-gpiozero python3-lgpio', or pip install 'ecg-edge[device]'."
        ) from error
    return gpiozero


def pin_message(pin: int, error: Exception) -> str:
    """What to say of a pin that cannot be used."""
    return f"Pin {pin} cannot be used ({type(error).__name__}: {error}). On a Raspberry Pi: 'sudo apt install python3-lgpio', and the group gpio."
