"""What starts a page: folder, button, interval; on gpiozero's mock pins and a clock of the test's own."""

import os
import threading
import time

import gpiozero.pins.mock
import pytest
from gpiozero.threads import GPIOThread

from ecg_edge.device.indicator import LedIndicator, TextIndicator
from ecg_edge.device.triggers import SAMPLES_S, ButtonTrigger, FolderTrigger, IntervalTrigger, Task
from ecg_edge.errors import InstallationError, UsageError

from ..waiting import LIMIT_S, wait_for

NEVER = threading.Event()


class Clock:
    """Time that passes when it is told to."""

    def __init__(self):
        self.now_s = 100.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def pins():
    """gpiozero's mock pins."""
    factory = gpiozero.pins.mock.MockFactory()
    yield factory
    factory.close()


@pytest.fixture
def inbox(tmp_path, clock):
    """A folder, and `look(seconds)`: the name of the picture that is ready after so long, None where there is none."""
    folder = tmp_path / "inbox"
    folder.mkdir()

    class Inbox:
        path, known, without, told = folder, set(), set(), []

        def trigger(self, after="keep"):
            self.now = FolderTrigger(str(folder), self.knows, 2.0, after, clock, self.tell)
            return self

        def tell(self, event, **details):
            self.told.append((event, details["files"]))

        def knows(self, origin, with_picture=False):
            return origin in self.known and not (with_picture and origin in self.without)

        def look(self, seconds=0.0):
            clock.now_s += seconds
            self.task = self.now.next(0, NEVER)
            return self.task and os.path.basename(self.task.path)

        def put(self, name, data=b"x", at=1000):
            (folder / name).write_bytes(data)
            os.utime(folder / name, (at, at))

    return Inbox().trigger()


def test_a_picture_is_read_once_it_no_longer_changes(inbox):
    """Not while it arrives in pieces."""
    inbox.put("a.jpg", b"piece")
    assert inbox.look() is None and inbox.look(1.5) is None
    inbox.put("a.jpg", b"piece and piece", at=1001)
    assert inbox.look(1.5) is None and inbox.look(1.5) is None
    assert inbox.look(0.6) == "a.jpg"


def test_pictures_are_read_in_the_order_of_their_coming_and_once(inbox):
    """Whatever their names."""
    for name, at in (("b.jpg", 1000), ("a.PNG", 1002), ("c.tif", 1001)):
        inbox.put(name, at=at)
    inbox.look()
    taken = []
    while name := inbox.look(2.1):
        taken.append(name)
        inbox.now.done(inbox.task)
    assert taken == ["b.jpg", "c.tif", "a.PNG"] and len(os.listdir(inbox.path)) == 3


def test_a_picture_that_is_not_done_with_comes_again(inbox):
    """A full disk, a process that ended: it waits in the folder."""
    inbox.put("a.jpg")
    inbox.look()
    assert inbox.look(2.1) == inbox.look() == "a.jpg"


def test_what_was_stored_before_an_end_is_not_read_again(inbox):
    """It is known by name, size and time of change; another picture of that name is read."""
    inbox.put("a.jpg")
    inbox.look()
    inbox.look(2.1)
    inbox.known.add(inbox.task.origin)
    again = inbox.trigger()
    assert again.look() is None and again.look(2.1) is None
    inbox.put("a.jpg", b"another")
    assert again.look() is None and again.look(2.1) == "a.jpg"


def test_pictures_that_are_done_with_go_where_that_is_wanted(inbox):
    """Those that were stored before an end too; one that changed meanwhile stays."""
    inbox.trigger("delete")
    inbox.put("a.jpg")
    inbox.look()
    assert inbox.look(2.1) == "a.jpg"
    inbox.known.add(inbox.task.origin)
    again = inbox.trigger("delete")
    again.look()
    assert again.look(2.1) is None and os.listdir(inbox.path) == []
    inbox.put("b.jpg")
    again.look()
    assert again.look(2.1) == "b.jpg"
    inbox.put("b.jpg", b"newer", at=2000)
    again.now.done(again.task)
    assert os.listdir(inbox.path) == ["b.jpg"]


def test_a_picture_that_was_not_kept_with_its_result_stays_in_the_folder(inbox):
    """Too large a file, one at which the reading process ends: nobody else has it. It is not read again."""
    inbox.trigger("delete")
    inbox.put("a.jpg")
    inbox.look()
    assert inbox.look(2.1) == "a.jpg"
    inbox.now.done(inbox.task, kept=False)
    assert os.listdir(inbox.path) == ["a.jpg"] and inbox.look(2.1) is None
    inbox.known.add(f"a.jpg 1 {1000 * 10**9}")
    inbox.without |= inbox.known
    again = inbox.trigger("delete")
    again.look()
    assert again.look(2.1) is None and os.listdir(inbox.path) == ["a.jpg"]


def test_other_files_and_folders_are_left_alone(inbox):
    """Hidden ones, as programs write them before they rename, and what is no picture by its name."""
    for name in (".a.jpg", "a.jpg.part", "notes.txt"):
        inbox.put(name)
    (inbox.path / "folder.jpg").mkdir()
    (inbox.path / "broken.jpg").symlink_to("nowhere")
    inbox.look()
    assert inbox.look(5) is None


def test_a_folder_that_is_not_there_or_goes_is_said_to_be(inbox, tmp_path):
    """At the start a mistake, later a fault."""
    with pytest.raises(UsageError, match=r"none is no folder: make it, or change \[trigger\] folder\.$"):
        FolderTrigger(str(tmp_path / "none"), set().__contains__)
    inbox.path.rmdir()
    with pytest.raises(InstallationError, match=r"inbox cannot be listed \(No such file or directory\)\.$"):
        inbox.look()


def test_waiting_ends_when_it_is_told_to(tmp_path):
    """For a signal; and after the time given."""
    stop = threading.Event()
    trigger = FolderTrigger(str(tmp_path), set().__contains__)
    start = time.monotonic()
    assert trigger.next(0.2, stop) is None
    stop.set()
    assert trigger.next(2 * LIMIT_S, stop) is None
    assert IntervalTrigger(2 * LIMIT_S).next(2 * LIMIT_S, stop) is None
    assert time.monotonic() - start < LIMIT_S


def test_an_interval_starts_at_once_and_makes_up_for_nothing(clock):
    """Counted by a clock that nobody sets."""
    trigger = IntervalTrigger(10, clock)
    assert trigger.next(0, NEVER) == Task()
    assert trigger.next(0, NEVER) is None
    clock.now_s += 35
    assert trigger.next(0, NEVER) == Task() and trigger.next(0, NEVER) is None
    clock.now_s += 10
    assert trigger.next(0, NEVER) == Task()


def press(pin):
    pin.drive_low()
    pin.drive_high()


def test_a_button_starts_a_page_when_it_is_pressed(pins):
    """To ground; presses during the page start none."""
    trigger = ButtonTrigger(17, pins)
    pin = pins.pin(17)
    assert trigger.next(0.05, NEVER) is None
    press(pin)
    task = trigger.next(LIMIT_S, NEVER)
    assert task == Task()
    press(pin)
    trigger.done(task)
    assert trigger.next(0.05, NEVER) is None
    press(pin)
    assert trigger.next(LIMIT_S, NEVER) == Task()
    trigger.close()


def test_a_pin_that_is_taken_is_said_to_be(pins):
    """With what to do."""
    button = ButtonTrigger(17, pins)
    with pytest.raises(InstallationError, match=r"^Pin 17 cannot be used \(GPIOPinInUse: .*python3-lgpio"):
        LedIndicator(17, pins)
    button.close()


def test_without_pins_the_message_says_what_to_install(monkeypatch):
    """On a machine that has none."""
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "nosuch")
    with pytest.raises(InstallationError, match=r"^Pin 17 cannot be used \(BadPinFactory: "):
        ButtonTrigger(17)


def test_without_gpiozero_the_message_says_where_it_comes_from(monkeypatch):
    """From the system's packages or the extra."""
    monkeypatch.setitem(__import__("sys").modules, "gpiozero", None)
    with pytest.raises(InstallationError, match=r"^gpiozero cannot be imported .*pip install 'ecg-edge\[device\]'\.$"):
        ButtonTrigger(17)


def test_a_light_shows_how_the_device_stands(pins):
    """Steady, flickering, blinking as often as the table says."""
    indicator = LedIndicator(27, pins)
    pin = pins.pin(27)
    indicator.show("ready")
    assert pin.state
    pin.clear_states()
    indicator.show("busy")
    wait_for(lambda: len(pin.states) > 4)
    indicator.show("ready")
    pin.clear_states()
    indicator.show("refused", "The picture is blurred.")
    wait_for(lambda: not any(isinstance(thread, GPIOThread) for thread in threading.enumerate()))
    assert [state.state for state in pin.states] == [True, False] * 6
    indicator.show("ready")
    assert pin.state
    indicator.close()


def test_text_shows_it_too(capsys):
    """A line each."""
    indicator = TextIndicator()
    indicator.show("ready")
    indicator.show("done", "normal (91 %)")
    indicator.close()
    assert capsys.readouterr().out == "ready\ndone normal (91 %)\n"


def test_files_of_a_known_kind_are_given_too(inbox):
    """Those that are not read are answered for; those whose name tells nothing are looked into."""
    for name, data in (
        ("a.pdf", b"x"),
        ("b.heic", b"x"),
        ("c.docx", b"x"),
        ("d.hea", b"x"),
        ("IM1", bytes(128) + b"DICM"),
    ):
        inbox.put(name, data)
    inbox.look()
    taken = []
    while name := inbox.look(SAMPLES_S):
        taken.append(name)
        inbox.now.done(inbox.task)
    assert sorted(taken) == ["IM1", "a.pdf", "b.heic", "c.docx", "d.hea"] and inbox.told == []


def test_a_record_is_one_task(inbox):
    """Its header's; its samples are neither a task nor another file."""
    inbox.put("a.dat", b"x")
    inbox.put("a.hea", b"a 12 500 5000")
    inbox.look()
    assert inbox.look(2.1) == "a.hea"
    inbox.now.done(inbox.task)
    assert inbox.look(2.1) is None and inbox.told == []


def test_a_record_whose_samples_are_still_copied_waits(inbox):
    """As long as they grow, and where they are not there yet; a header that stays alone is answered for."""
    inbox.put("a.hea", b"a 12 500 5000")
    assert [inbox.look(2.1), inbox.look(10.0)] == [None, None]
    for size in (1, 2, 3):
        inbox.put("a.dat", b"x" * size)
        assert inbox.look(2.1) is None
    assert inbox.look(2.1) == "a.hea"
    inbox.now.done(inbox.task)
    inbox.put("b.hea", b"b 12 500 5000")
    assert inbox.look(2.1) is None and inbox.look(SAMPLES_S) == "b.hea"


def test_other_files_are_counted_when_more_come(inbox):
    """Hidden ones are nobody's; each is looked into once."""
    inbox.put("notes.txt")
    inbox.put("README")
    inbox.put(".hidden")
    for _ in range(3):
        assert inbox.look(2.1) is None
    inbox.put("a.jpg.part")
    inbox.look(2.1)
    (inbox.path / "notes.txt").unlink()
    inbox.look(2.1)
    inbox.put("more.txt")
    inbox.look(2.1)
    (inbox.path / "scans").mkdir()  # folders are not looked into
    inbox.look(2.1)
    assert inbox.told == [("folder.others", 2), ("folder.others", 3), ("folder.others", 3), ("folder.others", 4)]


def test_a_file_whose_name_tells_nothing_is_looked_into_once(inbox, monkeypatch):
    """A folder is listed each second."""
    from ecg_edge.device import triggers

    asked = []
    monkeypatch.setattr(triggers, "kind_of_path", lambda path: asked.append(path))
    inbox.put("README")
    for _ in range(3):
        inbox.look(1)
    assert len(asked) == 1
    inbox.put("README", b"longer")
    inbox.look(1)
    assert len(asked) == 2
