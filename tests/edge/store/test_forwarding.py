"""Results that are sent on: at least once, in order, through hours without a network; to a real broker and a real web server."""

import http.server
import json
import socket
import threading

import paho.mqtt.client as mqtt
import pytest

from ecg_edge.device.settings import defaults
from ecg_edge.errors import InstallationError, StoreFullError, UsageError
from ecg_edge.store import forwarding
from ecg_edge.store.forwarding import Forwarder, MqttSender, SendError, WebhookSender, message_of
from ecg_edge.store.result_store import Store
from ecg_edge.system.addresses import is_local

from ..brokers import Broker, needs_broker
from ..random_kills import Device
from ..stand_ins import result_of
from ..waiting import LIMIT_S, wait_for

FAST = {"idle_s": 0.02, "backoff_s": (0.02, 0.2)}


@pytest.fixture
def closed_port():
    """A port that answers nobody and that nobody else can have meanwhile."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture
def kept(tmp_path):
    with Store(tmp_path / "store") as store:
        yield store


@pytest.fixture
def events():
    return []


@pytest.fixture
def forward(kept, events):
    """Start to send what the store holds by a channel."""
    started = []

    def call(channel, send):
        started.append(
            Forwarder(kept, channel, send, lambda level, event, **more: events.append((level, event, more)), **FAST)
        )
        return started[-1]

    yield call
    for one in started:
        one.close()


def add(kept, *numbers):
    for number in numbers:
        kept.add(result_of(f"{number}.jpg"))


class Line:
    """A sender that is told when the network is there, and records what arrives; some arrive whose acknowledgement does not."""

    def __init__(self, forgets=()):
        self.there, self.came, self.forgets, self.closed = True, [], set(forgets), False

    def __call__(self, message):
        if not self.there:
            raise SendError("no network")
        self.came.append(message["number"])
        if message["number"] in self.forgets:
            self.forgets.remove(message["number"])
            raise SendError("no acknowledgement")

    def close(self):
        self.closed = True


# The outbox


def test_results_are_sent_in_order_from_the_time_on_that_sending_was_enabled(kept, forward):
    """Those before are history."""
    add(kept, "old")
    line = Line()
    one = forward("mqtt", line)
    add(kept, *range(5))
    wait_for(lambda: len(line.came) == 5)
    assert line.came == [2, 3, 4, 5, 6]
    one.close()
    assert line.closed


def test_without_a_network_results_wait_and_it_is_logged_once(kept, forward, events):
    """Then all are sent, in order."""
    line = Line()
    line.there = False
    forward("mqtt", line)
    add(kept, *range(20))
    wait_for(lambda: len(events) > 3)
    line.there = True
    wait_for(lambda: len(line.came) == 20)
    assert line.came == list(range(1, 21))
    assert [event for level, event, _ in events if level == "warning"] == ["outbox.waiting"]
    wait_for(lambda: ("info", "outbox.sent", {"channel": "mqtt", "number": 1}) in events)


def test_what_was_not_acknowledged_is_sent_again(kept, forward):
    """At least once, still in order."""
    line = Line(forgets=(2, 4))
    forward("mqtt", line)
    add(kept, *range(5))
    wait_for(lambda: line.came[-1:] == [5])
    assert line.came == [1, 2, 2, 3, 4, 4, 5]


def test_after_an_end_it_goes_on_where_it_was(kept, forward):
    """A result whose acknowledgement came and was not recorded is sent again, none is left out."""
    line = Line()
    forward("mqtt", line).close()
    add(kept, *range(3))
    first = forward("mqtt", line)
    wait_for(lambda: len(line.came) == 3)
    first.close()
    add(kept, 3)
    forward("mqtt", line)
    wait_for(lambda: len(line.came) == 4)
    assert line.came == [1, 2, 3, 4]


def test_channels_do_not_wait_for_each_other(kept, forward):
    """One is down, the other is not."""
    down, up = Line(), Line()
    down.there = False
    forward("mqtt", down)
    forward("webhook", up)
    add(kept, *range(3))
    wait_for(lambda: len(up.came) == 3)
    assert down.came == []


def test_a_full_disk_repeats_a_message_and_stops_nothing(kept, forward, monkeypatch):
    """What was sent could not be recorded."""
    line, real, failures = Line(), kept.mark_sent, []

    def mark_sent(channel, number):
        if len(failures) < 2:
            failures.append(number)
            raise StoreFullError("full")
        real(channel, number)

    monkeypatch.setattr(kept, "mark_sent", mark_sent)
    forward("mqtt", line)
    add(kept, 1, 2)
    wait_for(lambda: line.came[-1:] == [2])
    assert line.came == [1, 1, 1, 2]


def test_a_message_says_whose_and_which_it_is(kept):
    """So that a receiver can tell repeated ones."""
    add(kept, 1)
    message = message_of(kept.get(1))
    assert (
        message["result"] == result_of("1.jpg") and message["number"] == 1 and message["device"] == socket.gethostname()
    )


# MQTT, against mosquitto


@pytest.fixture
def broker(tmp_path, request):
    (tmp_path / "broker").mkdir()
    one = Broker(tmp_path / "broker", getattr(request, "param", False))
    one.start()
    yield one
    one.stop()


def settings_of(broker, **more):
    return defaults()["mqtt"] | {"host": "127.0.0.1", "port": broker.port, **more}


@pytest.fixture
def subscriber(broker):
    """What arrives at the broker: the numbers, in order."""
    came = []
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="listener", clean_session=False)
    client.on_message = lambda client, userdata, message: came.append(json.loads(message.payload)["number"])
    subscribed = threading.Event()
    client.on_connect = lambda client, *given: client.subscribe("ecg-edge/results", qos=1)
    client.on_subscribe = lambda *given: subscribed.set()
    client.reconnect_delay_set(1, 1)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    assert subscribed.wait(LIMIT_S)
    yield came
    client.disconnect()
    client.loop_stop()


@needs_broker
def test_a_broker_that_goes_and_comes_gets_every_result_in_order(kept, forward, broker, subscriber, events):
    """Some before, some while it is away, some after."""
    forward("mqtt", MqttSender(settings_of(broker)))
    add(kept, *range(3))
    wait_for(lambda: len(subscriber) >= 3)
    broker.stop()
    add(kept, *range(4))
    wait_for(lambda: "outbox.waiting" in [event for _, event, _ in events])
    broker.start()
    add(kept, *range(3))
    wait_for(lambda: subscriber[-1:] == [10])
    once = sorted(set(subscriber), key=subscriber.index)
    assert once == list(range(1, 11)) and len(subscriber) - len(once) <= 2


@needs_broker
@pytest.mark.parametrize("broker", [True], indirect=True)
def test_a_broker_that_refuses_says_so_and_takes_the_password(broker, tmp_path):
    """From a file."""
    (tmp_path / "password").write_text("wrong\n")
    given = settings_of(broker, username="device", password_file=str(tmp_path / "password"))
    with pytest.raises(SendError, match="^The broker refuses: Not authorized"):
        MqttSender(given)({"number": 1})
    (tmp_path / "password").write_text("secret\n")
    sender = MqttSender(given)
    sender({"number": 1})
    sender.close()


def test_a_broker_that_is_not_there_is_an_error_in_time(closed_port):
    """Whatever answers at its port."""
    nowhere = defaults()["mqtt"] | {"host": "127.0.0.1", "port": closed_port}
    with pytest.raises(SendError, match="^The broker 127.0.0.1 cannot be reached"):
        MqttSender(nowhere)({"number": 1})


def test_a_broker_that_is_silent_is_an_error_in_time(monkeypatch):
    """It takes the connection and says nothing."""
    monkeypatch.setattr(forwarding, "CONNECT_S", 0.5)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with pytest.raises(SendError, match="^The broker does not answer"):
            MqttSender(defaults()["mqtt"] | {"host": "127.0.0.1", "port": silent.getsockname()[1]})({"number": 1})


def test_without_paho_the_message_says_where_it_comes_from(monkeypatch):
    """The extra."""
    monkeypatch.setitem(__import__("sys").modules, "paho.mqtt.client", None)
    with pytest.raises(InstallationError, match=r"pip install 'ecg-edge\[device\]'"):
        MqttSender(defaults()["mqtt"])


# The webhook


@pytest.fixture
def server():
    """A web server: `answers` are the next statuses (200 when there are none), `came` what was posted: (headers, message)."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.server.came.append((dict(self.headers), body))
            self.send_response(self.server.answers.pop(0) if self.server.answers else 200)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self):
            self.server.came.append("GET")
            self.send_response(200)
            self.end_headers()

        def log_message(self, *given):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as one:
        one.came, one.answers = [], []
        one.url = f"http://127.0.0.1:{one.server_port}/ecg"
        threading.Thread(target=one.serve_forever, daemon=True).start()
        yield one
        one.shutdown()


def test_an_address_gets_every_result_in_order_whatever_it_answers_at_first(kept, forward, server, tmp_path):
    """Errors of the server, of the client, and redirections, are no acknowledgement."""
    (tmp_path / "token").write_text("secret\n")
    server.answers = [503, 302, 404, 200, 429]
    forward(
        "webhook", WebhookSender(defaults()["webhook"] | {"url": server.url, "token_file": str(tmp_path / "token")})
    )
    add(kept, *range(3))
    wait_for(lambda: server.came and server.came[-1][1]["number"] == 3)
    assert [message["number"] for _, message in server.came] == [1, 1, 1, 1, 2, 2, 3]
    headers = server.came[0][0]
    assert headers["Authorization"] == "Bearer secret" and headers["Content-Type"] == "application/json"
    assert headers["Idempotency-Key"] == f"{socket.gethostname()}-1"


def test_the_device_sends_what_it_stores(server, tmp_path):
    """Where that is enabled."""
    device = Device(tmp_path)
    try:
        device.start(webhook={"enabled": True, "url": server.url}, log={"level": "debug"})
        device.wait("watch.ready")
        device.put("a.jpg")
        device.wait("outbox.sent channel=webhook number=1")
        assert device.end() == 143
    finally:
        device.kill()
    assert [message["result"]["verdict"] for _, message in server.came] == ["normal"]


@pytest.mark.parametrize(
    "answer, message",
    [(500, "answers 500 Internal Server Error."), (302, "answers 302 Found."), (401, "answers 401 Unauthorized.")],
)
def test_an_address_that_does_not_take_it_says_why(server, answer, message):
    """In its own words."""
    server.answers = [answer]
    with pytest.raises(SendError) as caught:
        WebhookSender(defaults()["webhook"] | {"url": server.url})({"device": "d", "number": 1})
    assert str(caught.value) == f"{server.url} {message}" and "GET" not in server.came


def test_an_address_that_is_not_there_or_silent_is_an_error_in_time(closed_port):
    """Within its limit."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        for port in (silent.getsockname()[1], closed_port):
            sender = WebhookSender(defaults()["webhook"] | {"url": f"http://127.0.0.1:{port}/", "timeout_s": 0.5})
            with pytest.raises(SendError, match="cannot be reached"):
                sender({"device": "d", "number": 1})


def test_plain_http_goes_to_names_of_the_local_network_alone(server, monkeypatch):
    """By the address that was looked at, and to no other; the server hears the name."""
    port, looked_up = server.server_port, []

    def addresses(*found):
        def getaddrinfo(host, *given, **more):
            looked_up.append(host)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

        return getaddrinfo

    sender = WebhookSender(defaults()["webhook"] | {"url": f"http://home.local:{port}/ecg", "local_network": True})
    with monkeypatch.context() as patch:
        patch.setattr(forwarding.socket, "getaddrinfo", addresses("127.0.0.1", "93.184.216.34"))
        with pytest.raises(
            SendError, match=r"is no address of this network \(127\.0\.0\.1, 93\.184\.216\.34\): use https"
        ):
            sender({"device": "d", "number": 1})
    assert server.came == []
    real = socket.getaddrinfo
    monkeypatch.setattr(
        forwarding.socket,
        "getaddrinfo",
        lambda host, *given, **more: real("127.0.0.1" if host == "home.local" else host, *given, **more),
    )
    sender({"device": "d", "number": 1})
    assert server.came[0][0]["Host"] == f"home.local:{port}"


@pytest.mark.parametrize("address, local", [("10.1.2.3", True), ("172.31.0.1", True), ("192.168.0.9", True), ("fe80::1%eth0", True), ("fd12::1", True),
                                            ("::1", True), ("8.8.8.8", False), ("172.32.0.1", False), ("100.64.0.1", False), ("2606:4700::1", False)])  # fmt: skip
def test_which_addresses_are_of_a_local_network(address, local):
    """Those that nobody routes."""
    assert is_local(address) is local


def test_secrets_are_read_from_files(tmp_path):
    """Without the line's end; a file that is not there is a mistake of the configuration."""
    (tmp_path / "secret").write_text(" abc\n")
    assert forwarding.read_secret(tmp_path / "secret") == "abc" and forwarding.read_secret("") is None
    with pytest.raises(UsageError, match=r"none cannot be read \(No such file or directory\)\.$"):
        forwarding.read_secret(tmp_path / "none")
