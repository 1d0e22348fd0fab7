"""The device in Home Assistant, over a real broker: announced, shown, away, pressed; and nothing of it until it is switched on."""

import json
import re
import threading

import paho.mqtt.client as mqtt
import pytest

from ecg_edge.device import triggers
from ecg_edge.device.home_assistant import PRESS, HomeAssistant, Names, discovery, state_of
from ecg_edge.device.settings import defaults
from ecg_edge.device.triggers import IntervalTrigger, Task, WithRequests
from ecg_edge.layout import CLASSES
from ecg_edge.store.result_store import Entry, Store

from ..brokers import Broker, needs_broker
from ..random_kills import Device
from ..stand_ins import result_of
from ..waiting import LIMIT_S, wait_for


@pytest.fixture
def broker(tmp_path):
    (tmp_path / "broker").mkdir()
    one = Broker(tmp_path / "broker")
    one.start()
    yield one
    one.stop()


@pytest.fixture
def heard(broker):
    """{topic: [(payload, retained)]} of all that a listener hears."""
    came, subscribed = {}, threading.Event()
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="listener")
    client.on_message = lambda client, userdata, message: came.setdefault(message.topic, []).append(
        message.payload.decode()
    )
    client.on_connect = lambda client, *given: client.subscribe("#", qos=1)
    client.on_subscribe = lambda *given: subscribed.set()
    client.reconnect_delay_set(1, 1)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    assert subscribed.wait(LIMIT_S)
    came["client"] = client
    yield came
    client.disconnect()
    client.loop_stop()


def settings_of(broker, **more):
    values = defaults()
    values["mqtt"] |= {"host": "127.0.0.1", "port": broker.port}
    values["home_assistant"] |= {"enabled": True, **more}
    return values


@pytest.fixture
def home(broker, tmp_path):
    """Start it over a store: (it, the store, what is asked for, events)."""
    started = []

    def call(**more):
        store, events, requested = Store(tmp_path / "store"), [], threading.Event()
        one = HomeAssistant(
            settings_of(broker, **more), store, lambda level, event, **_: events.append(event), requested, 0.02
        )
        started.extend((one, store))
        return one, store, requested, events

    yield call
    for one in started:
        one.close()


NAMES = Names(defaults()["mqtt"], defaults()["home_assistant"])


def test_everything_is_off_until_it_is_switched_on():
    """Device, button and webhook."""
    values = defaults()
    assert not any(values[section]["enabled"] for section in ("mqtt", "webhook", "home_assistant"))
    assert not values["home_assistant"]["capture"] and not values["webhook"]["local_network"]


def test_entities_have_their_topics_and_no_two_the_same_identity():
    """Those that were asked for; the button only where it is wanted, and taken away where it was."""
    found = discovery(NAMES, True)
    entities = found["components"]
    assert {"verdict", "confidence", "rate", "reason", "capture"} <= set(entities)
    assert len({entity["unique_id"] for entity in entities.values()}) == len(entities)
    assert entities["verdict"]["options"] == list(CLASSES)
    keys = {
        re.fullmatch(r"{{ value_json\.(\w+) }}", entity["value_template"])[1]
        for entity in entities.values()
        if "value_template" in entity
    }
    assert keys <= set(state_of(entry_of("read")))
    assert entities["capture"]["command_topic"] == NAMES.capture
    assert discovery(NAMES, False)["components"]["capture"] == {"platform": "button"}


def entry_of(status, **more):
    return Entry(3, "2026-11-29T12:00:00.000+00:00", result_of("/home/anna/Anna Schmidt.jpg", status) | more, {}, None)


def test_a_state_names_no_file_and_fits():
    """Which may be called as a person is."""
    known = state_of(entry_of("read", measurements={"rate_per_min": 71.26}))
    assert (known["verdict"], known["confidence"], known["rate"], known["reason"]) == ("normal", 91.0, 71.3, None)
    failed = entry_of("failed", reason="unsupported", message="Anna Schmidt.jpg: " + "x" * 500)
    refused = entry_of("refused", message="y" * 500)
    assert "Anna" not in json.dumps([known, state_of(failed)]) and len(state_of(refused)["message"]) == 255


@needs_broker
def test_the_newest_result_is_retained_and_the_end_is_said(home, heard):
    """Who comes later sees all of it."""
    one, store, _, events = home()
    store.add(result_of("a.jpg"))
    wait_for(lambda: NAMES.state in heard)
    store.add(result_of("b.jpg", "refused"))
    wait_for(lambda: len(heard[NAMES.state]) == 2)
    assert json.loads(heard[NAMES.state][-1])["reason"] == "blurred" and events == ["home.connected"]
    assert json.loads(heard[NAMES.discovery][0]) == discovery(NAMES, False)
    one.close()
    wait_for(lambda: heard[NAMES.available] == ["online", "offline"])
    heard["client"].unsubscribe("#")
    kept = len(heard[NAMES.state])
    heard["client"].subscribe("#", qos=1)
    wait_for(lambda: len(heard[NAMES.state]) == kept + 1 and heard[NAMES.available][-1] == "offline")


@needs_broker
def test_a_device_that_is_gone_is_said_to_be_away_by_the_broker(tmp_path, broker, heard):
    """A kill as a crash would be; the device's own process, switched on by its settings."""
    device = Device(tmp_path)
    values = settings_of(broker)
    try:
        device.start(mqtt=values["mqtt"], home_assistant=values["home_assistant"])
        device.wait("home.connected")
        device.put("a.jpg")
        wait_for(lambda: NAMES.state in heard)
        device.kill()
        wait_for(lambda: heard[NAMES.available] == ["online", "offline"])
    finally:
        device.kill()


@needs_broker
def test_a_broker_that_goes_and_comes_is_told_everything_again(home, heard, broker, monkeypatch):
    """And its absence is logged once."""
    monkeypatch.setattr("ecg_edge.device.home_assistant.RECONNECT_S", (1, 1))
    _, store, _, events = home()
    store.add(result_of("a.jpg"))
    wait_for(lambda: NAMES.state in heard)
    broker.stop()
    wait_for(lambda: "home.waiting" in events)
    store.add(result_of("b.jpg", "unsure"))
    broker.start()
    wait_for(lambda: events.count("home.connected") == 2)
    wait_for(lambda: json.loads(heard[NAMES.state][-1])["number"] == 2)
    assert events.count("home.waiting") == 1


@needs_broker
@pytest.mark.parametrize("wanted", [True, False])
def test_a_press_asks_for_a_picture_where_the_owner_allows_it(home, heard, wanted):
    """Neither another text nor a press that the broker kept does."""
    _, _, requested, events = home(capture=wanted)
    wait_for(lambda: NAMES.available in heard)
    for payload in ("no", "PRESSED", ""):
        heard["client"].publish(NAMES.capture, payload, 1).wait_for_publish(LIMIT_S)
    heard["client"].publish(NAMES.capture, PRESS, 1).wait_for_publish(LIMIT_S)
    wait_for(lambda: heard[NAMES.capture][-1:] == [PRESS])
    if wanted:
        wait_for(requested.is_set)
        assert events.count("home.capture") == 1
    else:
        assert not requested.wait(0.5)


@needs_broker
def test_a_press_that_the_broker_kept_takes_no_picture(home, heard, broker):
    """Nobody may be there any more."""
    heard["client"].publish(NAMES.capture, PRESS, 1, retain=True).wait_for_publish(LIMIT_S)
    _, _, requested, _ = home(capture=True)
    wait_for(lambda: NAMES.available in heard)
    assert not requested.wait(0.5)


def test_a_request_starts_a_page_beside_the_trigger_and_none_after_it():
    """Requests while a page is read are forgotten."""
    requested, stop = threading.Event(), threading.Event()
    trigger = WithRequests(IntervalTrigger(3600, clock=lambda: 0.0), requested)
    assert trigger.next(0, stop) == Task() and trigger.next(0, stop) is None
    requested.set()
    task = trigger.next(0, stop)
    assert task == Task()
    requested.set()
    trigger.done(task)
    assert trigger.next(0, stop) is None
    requested.set()
    stop.set()
    assert trigger.next(0, stop) is None
    assert isinstance(trigger, triggers.WithRequests)


@needs_broker
def test_an_end_while_the_broker_is_away_does_not_hang(home, broker):
    """Within its limit."""
    broker.stop()
    one, _, _, _ = home()
    one.close()
