"""Sending stored results on: in order, each at least once, however long there is no network.

What a channel has sent is a number in the database of the results; it is moved on when the other side has acknowledged, and never before. A
receiver tells repeated messages by `device` and `number`.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit, urlunsplit

from ..errors import EcgEdgeError, InstallationError, StoreError, UsageError
from ..system.addresses import is_local
from ..system.event_log import EventLog
from .result_store import Entry, Store

if TYPE_CHECKING:
    from types import ModuleType

    from paho.mqtt.client import Client
    from paho.mqtt.reasoncodes import ReasonCode

IDLE_S = 1.0
"""How often the store is asked for new results."""
BACKOFF_S = (1.0, 300.0)
"""Seconds to wait after a failure: the first at first, twice as long after each further one, up to the second."""
CONNECT_S, ACKNOWLEDGE_S, KEEPALIVE_S = 10.0, 30.0, 30


class SendError(EcgEdgeError, OSError):
    """A message was not acknowledged; it will be sent again."""


def message_of(entry: Entry) -> dict[str, Any]:
    """What is sent of an entry: the result with the device's name, its number and time of storing."""
    return {"schema": "ecg-edge/message/1", "device": socket.gethostname(), "number": entry.number,
            "stored_at": entry.stored_at, "result": entry.result}  # fmt: skip


class Sender(Protocol):
    """What sends messages to one receiver."""

    def __call__(self, message: dict[str, Any]) -> None:
        """Send a message: it is acknowledged when this returns, else `SendError` is raised."""

    def close(self) -> None:
        """Close the connection."""


class Forwarder:
    """A thread that sends what a store holds by one channel.

    Parameters
    ----------
    store : opened to write; results from now on are sent where the channel is new
    channel : the name under which the store records what was sent
    send : closed in the end
    log : told of what was sent, and of failures
    idle_s : how often the store is asked for new results
    backoff_s : seconds to wait after a first failure, and at most
    """

    def __init__(
        self,
        store: Store,
        channel: str,
        send: Sender,
        log: EventLog,
        idle_s: float = IDLE_S,
        backoff_s: tuple[float, float] = BACKOFF_S,
    ):
        self._store, self._channel, self._send, self._log = store, channel, send, log
        self._idle_s, self._backoff_s = idle_s, backoff_s
        self._stop = threading.Event()
        store.open_channel(channel)
        self._thread = threading.Thread(target=self._run, name=f"outbox {channel}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop sending, after the message that is being sent, within `ACKNOWLEDGE_S`."""
        self._stop.set()
        self._thread.join(ACKNOWLEDGE_S)

    def _run(self) -> None:
        wait_s, failed = self._backoff_s[0], False
        while not self._stop.is_set():
            try:
                entry = self._store.next_unsent(self._channel)
                if entry is None:
                    self._stop.wait(self._idle_s)
                    continue
                self._send(message_of(entry))
                self._store.mark_sent(self._channel, entry.number)
            except (SendError, StoreError) as error:
                # A network that is away for hours is logged once.
                self._log("debug" if failed else "warning", "outbox.waiting", channel=self._channel, message=str(error))
                failed = True
                self._stop.wait(wait_s)
                wait_s = min(2 * wait_s, self._backoff_s[1])
            else:
                self._log("info" if failed else "debug", "outbox.sent", channel=self._channel, number=entry.number)
                wait_s, failed = self._backoff_s[0], False
        self._send.close()


class MqttSender:
    """Publishes messages with quality of service 1, and waits for the broker's acknowledgement of each.

    `settings` are those of the section [mqtt]. The connection is kept, and made anew after a failure.
    """

    def __init__(self, settings: dict[str, Any]):
        import_paho()
        self._settings = settings
        self._client: Client | None = None
        self._password = read_secret(settings["password_file"])

    def __call__(self, message: dict[str, Any]) -> None:
        """Send a message: it is acknowledged when this returns."""
        try:
            client = self._client or self._connect()
            sent = client.publish(self._settings["topic"], json.dumps(message), qos=1)
            sent.wait_for_publish(ACKNOWLEDGE_S)
            if not sent.is_published():
                raise SendError(f"The broker did not acknowledge within {ACKNOWLEDGE_S:g} s.")
        except SendError:
            self.close()
            raise
        except (OSError, RuntimeError, ValueError) as error:
            self.close()
            raise SendError(f"The broker {self._settings['host']} cannot be reached ({error}).") from error

    def close(self) -> None:
        """Disconnect from the broker."""
        client, self._client = self._client, None
        if client is not None:
            client.disconnect()
            client.loop_stop()

    def _connect(self) -> Client:
        given, answered = self._settings, threading.Event()
        answers: list[ReasonCode] = []
        client = mqtt_client(given, self._password, given["client_id"])

        def on_connect(
            client: Client, userdata: object, flags: object, reason_code: ReasonCode, properties: object
        ) -> None:
            answers.append(reason_code)
            answered.set()

        client.on_connect = on_connect
        client.connect(given["host"], given["port"], KEEPALIVE_S)
        client.loop_start()
        self._client = client
        if not answered.wait(CONNECT_S):
            raise SendError("The broker does not answer.")
        if answers[0].is_failure:
            raise SendError(f"The broker refuses: {answers[0]}.")
        return client


def import_paho() -> ModuleType:
    """The package paho.mqtt.client, or an `InstallationError` that says where it comes from."""
    try:
        import paho.mqtt.client
    except ImportError as error:
        raise InstallationError(f"paho-mqtt cannot be imported ({error}): pip install 'ecg-edge[device]'.") from error
    return paho.mqtt.client


def mqtt_client(settings: dict[str, Any], password: str | None, client_id: str, reconnect: bool = False) -> Client:
    """A client of the broker of the section [mqtt], not connected yet; with `reconnect` one that keeps its connection by itself.

    It has a new session each time: what was not acknowledged is sent again by us, in order, and not by the library as well.
    """
    paho = import_paho()
    client: Client = paho.Client(
        paho.CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=True, reconnect_on_failure=reconnect
    )
    client.connect_timeout = CONNECT_S
    if settings["username"]:
        client.username_pw_set(settings["username"], password)
    if settings["tls"]:
        client.tls_set(ca_certs=settings["ca_file"] or None)
    return client


class WebhookSender:
    """Posts messages as JSON to an address; any answer of 2xx acknowledges. Redirects are not followed, since a POST would become a GET.

    `settings` are those of the section [webhook]. Plain http:// goes to this machine, and with `local_network` to addresses of the network that it is on:
    a name is asked for its addresses at each message, and nothing is sent where one of them is public.
    """

    def __init__(self, settings: dict[str, Any]):
        self._url, self._timeout_s = settings["url"], settings["timeout_s"]
        self._is_plain = urlsplit(self._url).scheme == "http"
        self._token = read_secret(settings["token_file"])

    def __call__(self, message: dict[str, Any]) -> None:
        """Send a message: it is acknowledged when this returns."""
        import http.client
        import urllib.error
        import urllib.request

        class NoRedirects(urllib.request.HTTPRedirectHandler):
            def redirect_request(self, *given: object) -> None:
                return None

        headers = {"Content-Type": "application/json", "Idempotency-Key": f"{message['device']}-{message['number']}"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        url = self._url
        if self._is_plain:
            url, headers["Host"] = self._local_url()
        request = urllib.request.Request(url, json.dumps(message).encode(), headers, method="POST")
        try:
            with urllib.request.build_opener(NoRedirects).open(request, timeout=self._timeout_s):
                return
        except urllib.error.HTTPError as error:
            error.close()
            raise SendError(f"{self._url} answers {error.code} {error.reason}.") from error
        except (OSError, http.client.HTTPException) as error:
            raise SendError(f"{self._url} cannot be reached ({error}).") from error

    def close(self) -> None:
        """There is nothing to close."""

    def _local_url(self) -> tuple[str, str]:
        """(the URL with an address of this network in place of the name, the Host header)."""
        parts = urlsplit(self._url)
        try:
            found = socket.getaddrinfo(parts.hostname, parts.port or 80, type=socket.SOCK_STREAM)
        except OSError as error:
            raise SendError(f"{self._url} cannot be reached ({error}).") from error
        addresses = [str(each[4][0]) for each in found]
        if not all(is_local(address) for address in addresses):
            raise SendError(f"{self._url} is no address of this network ({', '.join(addresses)}): use https://.")
        address = f"[{addresses[0]}]" if ":" in addresses[0] else addresses[0]
        port = f":{parts.port}" if parts.port else ""
        return urlunsplit(parts._replace(netloc=f"{address}{port}")), parts.netloc.rpartition("@")[2]


def read_secret(path: str) -> str | None:
    """The text of a file without the blanks around it; None where no file is named."""
    if not path:
        return None
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read ({getattr(error, 'strerror', None) or error}).") from error


SENDERS: dict[str, Callable[[dict[str, Any]], Sender]] = {"mqtt": MqttSender, "webhook": WebhookSender}
"""The senders, by the section of the configuration that enables them."""
