"""The configuration file."""

import re
import sys

import pytest

from ecg_edge.device import settings
from ecg_edge.errors import UsageError

tomllib = pytest.importorskip("tomllib" if sys.version_info >= (3, 11) else "tomli", reason="Python 3.10 without tomli")


@pytest.fixture
def read(tmp_path):
    """Read a configuration of this text."""

    def call(text):
        path = tmp_path / "ecg-edge.toml"
        path.write_text(text)
        return settings.read_settings(path)

    return call


def test_what_is_printed_holds_every_default_and_is_read_back(read):
    """Each setting explained."""
    text = settings.to_toml()
    assert read(text) == settings.read_settings() == tomllib.loads(text)
    for setting in settings.SETTINGS:
        assert re.search(rf"^# {re.escape(setting.about)}\n(# May be .*\n)?{setting.name} = ", text, re.MULTILINE)


def test_what_is_printed_says_what_may_be_given():
    """Choices, and from where to where."""
    text = settings.to_toml()
    for section, name, may_be in (
        ("trigger", "kind", 'one of "folder", "button", "interval"'),
        ("store", "quota_mb", "a whole number from 1 to 10000000"),
        ("reader", "min_confidence", '"card" or a number from 0 to 1'),
        ("home_assistant", "enabled", "true or false"),
    ):
        part = text[text.index(f"[{section}]") :]
        assert re.search(rf"^# May be {re.escape(may_be)}\.\n{name} = ", part, re.MULTILINE), name
    assert "May be a text in quotes" not in text


def test_every_default_is_good():
    """By its own rule."""
    assert [setting for setting in settings.SETTINGS if setting.problem(setting.default)] == []


def test_what_is_not_said_is_as_by_default(read):
    """Section by section."""
    values = read("[store]\nquota_mb = 5\n")
    assert values["store"]["quota_mb"] == 5 and values["store"]["keep_free_mb"] == 200
    assert values["trigger"] == settings.defaults()["trigger"]


@pytest.mark.parametrize(
    "text, message",
    [
        ("[trigger]\nkind = 'lever'", '[trigger] kind must be one of "folder", "button", "interval", not "lever".'),
        ("[trigger]\ninterval_s = -3", "[trigger] interval_s must be a number from 0.1 to 86400, not -3."),
        ("[trigger]\ninterval_s = true", "[trigger] interval_s must be a number from 0.1 to 86400, not true."),
        ("[trigger]\ninterval_s = nan", "[trigger] interval_s must be a number from 0.1 to 86400, not NaN."),
        ("[trigger]\nbutton_pin = 28", "[trigger] button_pin must be a whole number from 0 to 27, not 28."),
        ("[trigger]\nfolder = 2001-01-01", '[trigger] folder must be a text in quotes, not "2001-01-01".'),
        ("[reader]\nmin_confidence = 2", '[reader] min_confidence must be "card" or a number from 0 to 1, not 2.'),
        ("[mqtt]\nenabled = 'yes'", '[mqtt] enabled must be true or false, not "yes".'),
        ("[camera]\nwindow = [0.5, 0, 0.6, 1]", "[camera] window must be [left, top, width, height], each from 0 to 1, within the picture, not [0.5, 0, 0.6, 1]."),
        ("[serve]\nhost = 5", "[serve] host must be an address, such as 127.0.0.1 or 0.0.0.0, not 5."),
        ("[webhook]\nurl = 'ftp://example.org/'", '[webhook] url must be an https:// address (http:// to this machine, or with local_network to the network that it is on), not "ftp://example.org/".'),
        ("[webhook]\nurl = 'https://[::'", '[webhook] url must be an https:// address (http:// to this machine, or with local_network to the network that it is on), not "https://[::".'),
        ("[stores]\n", "there is no section [stores]; there are trigger, camera, reader, process, store, serve, lamp, log, mqtt, webhook, home_assistant."),
        ("[lamp]\ncolour = 1", "[lamp] has no colour; it has kind, led_pin."),
        ("lamp = 1", "lamp must be a section, [lamp]."),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_with_file_section_name_and_remedy(read, tmp_path, text, message):
    """One sentence."""
    with pytest.raises(UsageError) as caught:
        read(text)
    assert str(caught.value) == f"{tmp_path / 'ecg-edge.toml'}: {message}"


def test_a_file_that_cannot_be_read_or_is_no_toml_is_said_to_be(read, tmp_path):
    """Not a traceback."""
    with pytest.raises(UsageError, match=r"ecg-edge.toml is no TOML: "):
        read("trigger")
    (tmp_path / "latin.toml").write_bytes(b"# \xe9\n")
    with pytest.raises(UsageError, match=r"latin.toml is no TOML: "):
        settings.read_settings(tmp_path / "latin.toml")
    with pytest.raises(UsageError, match=r"none.toml cannot be read \(No such file or directory\)\.$"):
        settings.read_settings(tmp_path / "none.toml")


@pytest.mark.parametrize(
    "url", ["", "https://example.org/ecg", "http://localhost:8000/", "http://127.0.0.1/", "http://[::1]/x"]
)
def test_addresses_are_https_or_this_machine(read, url):
    """Results leave the machine encrypted."""
    assert read(f"[webhook]\nurl = '{url}'")["webhook"]["url"] == url


@pytest.mark.parametrize(
    "text, message",
    [
        ("", "No folder is given: set [trigger] folder, or another kind of trigger."),
        ("[trigger]\nkind = 'interval'\n[webhook]\nenabled = true", "No address is given: set [webhook] url."),
        ("[trigger]\nkind = 'button'\n[lamp]\nkind = 'led'\nled_pin = 17",
         "Button and light are at one pin: change [trigger] button_pin or [lamp] led_pin."),
        ("[trigger]\nkind = 'interval'\n[webhook]\nenabled = true\nurl = 'http://192.168.1.5/'",
         "[webhook] url is plain http:// to another machine: use https://, or for one of your own network set local_network."),
        ("[trigger]\nkind = 'interval'\n[webhook]\nenabled = true\nlocal_network = true\nurl = 'http://8.8.8.8/'",
         "[webhook] url is plain http:// to 8.8.8.8, which is no address of a local network: use https://."),
    ],
)  # fmt: skip
def test_settings_that_do_not_go_together_are_refused(read, text, message):
    """Before anything is started."""
    with pytest.raises(UsageError) as caught:
        settings.check_together(read(text))
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "url", ["http://192.168.1.5:8123/x", "http://homeassistant.local/x", "http://[fd00::5]/", "https://example.org/"]
)
def test_by_the_owners_word_results_go_to_the_local_network(read, url):
    """A name's addresses are looked at when something is sent."""
    given = f"[trigger]\nkind = 'interval'\n[webhook]\nenabled = true\nlocal_network = true\nurl = '{url}'"
    settings.check_together(read(given))


@pytest.mark.parametrize("topic", ["", "/", "a b", "a/#", "+"])
def test_topics_are_such_as_can_be_published_to(read, topic):
    """Neither empty nor with a wildcard."""
    with pytest.raises(UsageError, match=r"\[home_assistant\] prefix must be a topic without blanks"):
        read(f"[home_assistant]\nprefix = '{topic}'")
