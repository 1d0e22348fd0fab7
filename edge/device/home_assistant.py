"""The device in Home Assistant, by MQTT discovery: what was read last, as retained state, and on request a button that takes a picture.

Everything hangs on one connection of its own: the broker says that the device is away as soon as it is gone (its last will).
Home Assistant's documentation, "MQTT", describes the messages: device discovery, which needs Home Assistant 2024.11 or newer.
"""

from __future__ import annotations

import json
import re
import socket
import threading
from contextlib import suppress
from typing import Any

from .. import __version__
from ..errors import Reason, StoreError
from ..layout import CLASSES
from ..store.forwarding import mqtt_client, read_secret
from ..store.result_store import Entry, Store
from ..system import board
from ..system.event_log import EventLog

IDLE_S = 1.0
"""How often the store is asked for a new result."""
CLOSE_S = 5.0
"""How long it is waited for the broker to hear of the end."""
RECONNECT_S = (1, 300)
"""After a lost connection it is tried again after the first, and at the longest after the second."""
ONLINE, OFFLINE, PRESS = "online", "offline", "PRESS"
QOS = 1


class Names:
    """What a device is called: its `id`, which no other device of the broker has, and its topics below `base`."""

    def __init__(self, mqtt: dict[str, Any], home: dict[str, Any]):
        self.id = re.sub(r"[^a-zA-Z0-9_-]+", "-", f"{mqtt['client_id']}-{socket.gethostname()}").strip("-")
        base = f"{home['topic'].rstrip('/')}/{self.id}"
        self.state, self.available, self.capture = f"{base}/state", f"{base}/available", f"{base}/capture"
        self.discovery = f"{home['prefix'].rstrip('/')}/device/{self.id}/config"


def discovery(names: Names, with_capture: bool) -> dict[str, Any]:
    """The device and its entities, as Home Assistant's discovery takes them."""

    def entity(platform: str, key: str, name: str, **more: Any) -> dict[str, Any]:
        known = {"platform": platform, "unique_id": f"{names.id}-{key}", "name": name}
        return known | more

    def sensor(key: str, name: str, **more: Any) -> dict[str, Any]:
        # What is not known is null, and Home Assistant shows "unknown".
        return entity(
            "sensor", key, name, state_topic=names.state, value_template=f"{{{{ value_json.{key} }}}}", **more
        )

    components: dict[str, Any] = {
        "verdict": sensor("verdict", "Verdict", device_class="enum", options=list(CLASSES), icon="mdi:heart-pulse"),
        "status": sensor("status", "Status", device_class="enum", options=["read", "uncertain", "refused", "failed"]),
        "confidence": sensor("confidence", "Confidence", unit_of_measurement="%", suggested_display_precision=0),
        "rate": sensor("rate", "Heart rate", unit_of_measurement="bpm", suggested_display_precision=0),
        "reason": sensor("reason", "Refused for", device_class="enum", options=[reason.value for reason in Reason]),
        "message": sensor("message", "Advice", icon="mdi:message-text"),
        "read_at": sensor("read_at", "Read at", device_class="timestamp"),
        # A component with a platform alone is one that is there no more.
        "capture": entity("button", "capture", "Take a picture", command_topic=names.capture, payload_press=PRESS, icon="mdi:camera")
        if with_capture
        else {"platform": "button"},
    }  # fmt: skip
    return {
        "device": {
            "identifiers": [names.id],
            "name": f"ECG reader {socket.gethostname()}",
            "manufacturer": "ecg-edge",
            "model": board.model_name() or "computer",
            "sw_version": __version__,
        },
        "origin": {"name": "ecg-edge", "sw_version": __version__},
        "availability": [{"topic": names.available, "payload_available": ONLINE, "payload_not_available": OFFLINE}],
        "qos": QOS,
        "components": components,
    }


def state_of(entry: Entry) -> dict[str, Any]:
    """What is shown of a result: no picture, and no file's name, which may be a person's. Home Assistant takes 255 letters at most."""
    result = entry.result
    confidence, rate = result.get("confidence"), (result.get("measurements") or {}).get("rate_per_min")
    message = result.get("message")
    return {
        "verdict": result["verdict"],
        "status": result["status"],
        "confidence": None if confidence is None else round(100 * confidence, 1),
        "rate": None if rate is None else round(rate, 1),
        "reason": result["reason"],
        # The messages of failures may name the file.
        "message": Reason(result["reason"]).sentence if result["status"] == "failed" else message and message[:255],
        "read_at": result.get("captured_at") or entry.stored_at,
        "number": entry.number,
    }


class HomeAssistant:
    """A thread that shows the newest result of a store, for as long as it runs; the broker may come and go.

    Parameters
    ----------
    settings : of the sections [mqtt] (the broker) and [home_assistant]
    store : where results are
    log : told of connections, once of a broker that is away, and of presses of the button
    on_capture : called at a press of the button, where the settings allow one
    idle_s : how often the store is asked
    """

    def __init__(
        self,
        settings: dict[str, dict[str, Any]],
        store: Store,
        log: EventLog,
        on_capture: threading.Event,
        idle_s: float = IDLE_S,
    ):
        mqtt, self._home = settings["mqtt"], settings["home_assistant"]
        self._names, self._store, self._log, self._on_capture = Names(mqtt, self._home), store, log, on_capture
        self._idle_s = idle_s
        self._stop, self._connected, self._is_away = threading.Event(), threading.Event(), False
        self._shown: int | None = None
        self._client: Any = mqtt_client(
            mqtt, read_secret(mqtt["password_file"]), f"{self._names.id}-home", reconnect=True
        )
        self._client.will_set(self._names.available, OFFLINE, QOS, retain=True)
        self._client.reconnect_delay_set(*RECONNECT_S)
        self._client.on_connect, self._client.on_message = self._connect, self._message
        self._client.on_disconnect = self._client.on_connect_fail = self._lost
        self._client.connect_async(mqtt["host"], mqtt["port"])
        self._client.loop_start()
        self._thread = threading.Thread(target=self._run, name="home assistant", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Say that the device is away, and end."""
        self._stop.set()
        self._thread.join(CLOSE_S)
        if self._connected.is_set():
            with suppress(RuntimeError, ValueError):  # the connection is lost just now: the will says it
                self._publish(self._names.available, OFFLINE).wait_for_publish(CLOSE_S)
        self._client.disconnect()
        self._client.loop_stop()

    def _run(self) -> None:
        while not self._stop.wait(self._idle_s):
            if not self._connected.is_set():
                continue
            try:
                newest = next(self._store.list(limit=1, newest_first=True), None)
            except StoreError as error:
                self._log("warning", "home.waiting", message=str(error))
                continue
            if newest is not None and newest.number != self._shown:
                self._publish(self._names.state, json.dumps(state_of(newest)))
                self._shown = newest.number

    def _publish(self, topic: str, text: str) -> Any:
        return self._client.publish(topic, text, QOS, retain=True)

    def _connect(self, client: Any, userdata: object, flags: object, code: Any, properties: object) -> None:
        if code.is_failure:
            self._lost(message=str(code))
            return
        can_capture = self._home["capture"]
        self._publish(self._names.discovery, json.dumps(discovery(self._names, can_capture)))
        self._publish(self._names.available, ONLINE)
        if can_capture:
            client.subscribe(self._names.capture, QOS)
        self._is_away, self._shown = False, None
        self._connected.set()
        self._log("info", "home.connected", topic=self._names.discovery)

    def _lost(self, *_: object, message: str = "no connection") -> None:
        self._connected.clear()
        if not self._is_away and not self._stop.is_set():
            self._log("warning", "home.waiting", message=message)
        self._is_away = True

    def _message(self, client: Any, userdata: object, message: Any) -> None:
        # A press that the broker has kept is none: nobody may be at the device any more.
        if message.topic == self._names.capture and message.payload == PRESS.encode() and not message.retain:
            self._log("info", "home.capture")
            self._on_capture.set()
