"""The configuration of the device: one TOML file, every setting with its default, checked before anything is started."""

import ipaddress
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ..errors import UsageError
from ..system.addresses import is_here, is_local
from ..system.event_log import LEVELS

Settings = dict[str, dict[str, Any]]
"""{section: {name: value}} of every setting."""
Check = Callable[[Any], str | None]
"""A function that says of a value what it must be, None where it is good."""


@dataclass(frozen=True)
class Setting:
    """One setting: `problem` says what its value must be; `about` explains it in the file."""

    section: str
    name: str
    default: str | bool | int | float | list[float]
    problem: Check
    about: str


ANY_TEXT = "a text in quotes"
_NO_VALUE = object()
"""No setting may be this: the rule of each says what it must be."""


def _text(value: Any) -> str | None:
    return None if isinstance(value, str) and "\0" not in value else ANY_TEXT


def _flag(value: Any) -> str | None:
    return None if isinstance(value, bool) else "true or false"


def _choice(*choices: str) -> Check:
    return lambda value: None if value in choices else "one of " + ", ".join(f'"{choice}"' for choice in choices)


def _whole(least: int, most: int) -> Check:
    def problem(value: Any) -> str | None:
        good = isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
        return None if good else f"a whole number from {least} to {most}"

    return problem


def _number(least: float, most: float) -> Check:
    def problem(value: Any) -> str | None:
        good = isinstance(value, (int, float)) and not isinstance(value, bool) and least <= value <= most
        return None if good else f"a number from {least:g} to {most:g}"

    return problem


def _or_word(word: str, check: Check) -> Check:
    return lambda value: None if value == word else (check(value) and f'"{word}" or {check(value)}')


def _url(value: Any) -> str | None:
    if not isinstance(value, str):
        return ANY_TEXT
    try:
        parts = urlsplit(value)
        good = not value or (parts.scheme in ("https", "http") and parts.hostname and (parts.port or 1) > 0)
    except ValueError:
        good = False
    return (
        None
        if good
        else "an https:// address (http:// to this machine, or with local_network to the network that it is on)"
    )


def _topic(value: Any) -> str | None:
    good = isinstance(value, str) and value.strip("/") and not set(value) & set("+#\0 ") and len(value) <= 200
    return None if good else "a topic without blanks, + and #"


def _address(value: Any) -> str | None:
    try:
        good = isinstance(value, str) and (value == "localhost" or bool(ipaddress.ip_address(value)))
    except ValueError:
        good = False
    return None if good else "an address, such as 127.0.0.1 or 0.0.0.0"


_SECONDS = _number(0.1, 86_400)
SETTINGS = (
    Setting("trigger", "kind", "folder", _choice("folder", "button", "interval"), "What starts a page: a picture in a folder, a button, the time."),
    Setting("trigger", "folder", "", _text, "The folder that pictures arrive in (kind folder)."),
    Setting("trigger", "after", "keep", _choice("keep", "delete"), "What becomes of a picture in the folder once its result is stored (kind folder)."),
    Setting("trigger", "settle_s", 2.0, _SECONDS, "A picture is complete when it has not changed for so long (kind folder)."),
    Setting("trigger", "button_pin", 17, _whole(0, 27), "The button's pin, by Broadcom number, to ground (kind button)."),
    Setting("trigger", "interval_s", 60.0, _SECONDS, "From one picture to the next (kind interval)."),
    Setting("camera", "source", "0", _text, "The camera's number, or a folder of pictures in its place."),
    Setting("camera", "timeout_s", 20.0, _SECONDS, "Limit for focus, exposure and picture together."),
    Setting("camera", "frames", 3, _whole(1, 20), "Frames taken, of which the sharpest is kept."),
    Setting("camera", "window", [0.2, 0.2, 0.6, 0.6], lambda value: _window(value), "Where the page lies: left, top, width, height as parts of the picture."),
    Setting("reader", "model", "", _text, "The model's name; empty for the default one."),
    Setting("reader", "runtime", "", _text, "ai-edge-litert or tflite-runtime; empty for the faster."),
    Setting("reader", "threads", 1, _whole(1, 64), "Threads of the runtime."),
    Setting("reader", "min_confidence", "card", _or_word("card", _number(0, 1)), "Verdicts below are uncertain; \"card\" for the model's own."),
    Setting("reader", "mm_per_s", "page", _or_word("page", _number(1, 1000)), "Paper speed; \"page\" to read it from the page."),
    Setting("reader", "mm_per_mv", "page", _or_word("page", _number(0.1, 1000)), "Gain; \"page\" to read it from the page."),
    Setting("process", "start_s", 120.0, _SECONDS, "Limit for camera and model to get ready."),
    Setting("process", "page_s", 120.0, _SECONDS, "Limit for one page; a process that takes longer is ended and started anew."),
    Setting("process", "grace_s", 5.0, _SECONDS, "How long it is waited for when asked to end, before it is killed."),
    Setting("store", "folder", "", _text, "Where results lie; empty for /var/lib/ecg-edge (as a service) or ~/.local/share/ecg-edge."),
    Setting("store", "quota_mb", 4000, _whole(1, 10_000_000), "The oldest pictures are removed beyond this. Verdicts never are."),
    Setting("store", "keep_free_mb", 200, _whole(0, 10_000_000), "And when the disk has less left than this."),
    Setting("serve", "host", "127.0.0.1", _address, "The address that the page is at; 0.0.0.0 for every network that the device is on."),
    Setting("serve", "port", 8000, _whole(0, 65_535), "Its port; 0 for any that is free."),
    Setting("serve", "names", "", _text, "Names by which it may be called beside addresses and the device's own, with spaces between them."),
    Setting("serve", "token", "network", _choice("network", "always"), "Whether a token is asked for on networks alone, or from this machine too."),
    Setting("serve", "certificate", "", _text, "A file with the certificate (PEM), for TLS; empty for none."),
    Setting("serve", "key", "", _text, "A file with its key."),
    Setting("serve", "camera", False, _flag, "Whether the page offers the camera ([camera] source); the loop's it always does."),
    Setting("serve", "upload_mb", 32, _whole(1, 64), "The largest picture that may be sent."),
    Setting("serve", "queue", 4, _whole(0, 64), "Pictures that may wait while one is read; the next is told to come again."),
    Setting("serve", "requests_per_minute", 1200, _whole(10, 1_000_000), "Of each address."),
    Setting("serve", "hold_mb", 48, _whole(1, 10_000), "Results that are not kept take so much memory at most; the oldest are forgotten."),
    Setting("serve", "hold_minutes", 60, _whole(1, 10_000), "And none is held for longer."),
    Setting("lamp", "kind", "text", _choice("text", "led"), "Where ready, busy, done and refused are shown: standard output, or a light."),
    Setting("lamp", "led_pin", 27, _whole(0, 27), "The light's pin, by Broadcom number (kind led)."),
    Setting("log", "level", "info", _choice(*LEVELS), "The least level that is noted, on standard error."),
    Setting("log", "form", "text", _choice("text", "json"), "A line of text or of JSON for each event."),
    Setting("mqtt", "enabled", False, _flag, "Send each result to an MQTT broker."),
    Setting("mqtt", "host", "localhost", _text, "The broker."),
    Setting("mqtt", "port", 1883, _whole(1, 65_535), "Its port; 8883 is usual with TLS."),
    Setting("mqtt", "topic", "ecg-edge/results", _text, "The topic, published with quality of service 1."),
    Setting("mqtt", "client_id", "ecg-edge", _text, "One for each device of a broker."),
    Setting("mqtt", "tls", False, _flag, "Speak TLS, with the system's authorities."),
    Setting("mqtt", "ca_file", "", _text, "Or with this file of authorities."),
    Setting("mqtt", "username", "", _text, "Empty for none."),
    Setting("mqtt", "password_file", "", _text, "A file that holds the password alone."),
    Setting("webhook", "enabled", False, _flag, "POST each result, as JSON, to an address."),
    Setting("webhook", "url", "", _url, "The address."),
    Setting("webhook", "local_network", False, _flag, "Whether url may be plain http:// of the local network: what is sent can be read there."),
    Setting("webhook", "token_file", "", _text, "A file that holds a bearer token alone; empty for none."),
    Setting("webhook", "timeout_s", 20.0, _SECONDS, "Limit for one answer."),
    Setting("home_assistant", "enabled", False, _flag, "Show the device in Home Assistant, by MQTT discovery at the broker of [mqtt]."),
    Setting("home_assistant", "prefix", "homeassistant", _topic, "Home Assistant's own discovery prefix."),
    Setting("home_assistant", "topic", "ecg-edge", _topic, "Where state, availability and button have their topics."),
    Setting("home_assistant", "capture", False, _flag, "A button in Home Assistant that takes a picture ([camera]): who may publish there may take one."),
)  # fmt: skip


def _window(value: Any) -> str | None:
    numbers = isinstance(value, list) and len(value) == 4 and all(_number(0, 1)(part) is None for part in value)
    good = numbers and value[2] > 0 and value[3] > 0 and value[0] + value[2] <= 1 and value[1] + value[3] <= 1
    return None if good else "[left, top, width, height], each from 0 to 1, within the picture"


def defaults() -> Settings:
    """Every setting with its default."""
    values: Settings = {}
    for setting in SETTINGS:
        values.setdefault(setting.section, {})[setting.name] = setting.default
    return values


def read_settings(path: str | os.PathLike[str] | None = None) -> Settings:
    """The settings of a TOML file; what it does not say is as by default.

    Raises
    ------
    UsageError : the file cannot be read, is no TOML, or holds a setting that there is not or that cannot be so.
    """
    given = {} if path is None else _parse(path)
    values = defaults()
    for section, entries in given.items():
        if section not in values:
            raise UsageError(f"{path}: there is no section [{section}]; there are {', '.join(values)}.")
        if not isinstance(entries, dict):
            raise UsageError(f"{path}: {section} must be a section, [{section}].")
        for name, value in entries.items():
            if name not in values[section]:
                raise UsageError(f"{path}: [{section}] has no {name}; it has {', '.join(values[section])}.")
            values[section][name] = value
    for setting in SETTINGS:
        problem = setting.problem(values[setting.section][setting.name])
        if problem:
            shown = _toml(values[setting.section][setting.name])
            raise UsageError(f"{path}: [{setting.section}] {setting.name} must be {problem}, not {shown}.")
    return values


def check_together(values: Settings) -> None:
    """Raise `UsageError` where settings that are good by themselves do not go together."""
    if values["trigger"]["kind"] == "folder" and not values["trigger"]["folder"]:
        raise UsageError("No folder is given: set [trigger] folder, or another kind of trigger.")
    if values["webhook"]["enabled"] and not values["webhook"]["url"]:
        raise UsageError("No address is given: set [webhook] url.")
    _check_plain(values["webhook"])
    if (
        values["trigger"]["kind"] == "button"
        and values["lamp"]["kind"] == "led"
        and values["trigger"]["button_pin"] == values["lamp"]["led_pin"]
    ):
        raise UsageError("Button and light are at one pin: change [trigger] button_pin or [lamp] led_pin.")


def _check_plain(webhook: dict[str, Any]) -> None:
    """Plain HTTP goes to this machine, and by the owner's word to the network that it is on."""
    parts = urlsplit(webhook["url"])
    if parts.scheme != "http" or is_here(parts.hostname) or not webhook["enabled"]:
        return
    if not webhook["local_network"]:
        raise UsageError(
            "[webhook] url is plain http:// to another machine: use https://, or for one of your own network set local_network."
        )
    try:
        is_public = not is_local(parts.hostname or "")
    except ValueError:
        return  # a name: its addresses are looked at when something is sent
    if is_public:
        raise UsageError(
            f"[webhook] url is plain http:// to {parts.hostname}, which is no address of a local network: use https://."
        )


def to_toml(values: Settings | None = None) -> str:
    """The text of a configuration file with every setting, explained."""
    values = values or defaults()
    lines = ["# Configuration of 'ecg-edge watch' and 'ecg-edge serve'. What is not set is as written here."]
    section = None
    for setting in SETTINGS:
        if setting.section != section:
            section = setting.section
            lines += ["", f"[{section}]"]
        lines.append(f"# {setting.about}")
        must_be = setting.problem(_NO_VALUE)
        if must_be not in (None, ANY_TEXT):
            lines.append(f"# May be {must_be}.")
        lines.append(f"{setting.name} = {_toml(values[section][setting.name])}")
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _parse(path: str | os.PathLike[str]) -> dict[str, Any]:
    try:
        import tomllib
    except ImportError:  # before Python 3.11
        try:
            import tomli as tomllib
        except ImportError:
            raise UsageError("Configuration files need Python 3.11, or pip install tomli.") from None
    try:
        with open(path, "rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}).") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is no TOML: {error}.") from error
