"""Model cards and the files that they vouch for."""

import json
import shutil

import pytest

from ecg_edge import reader as readers
from ecg_edge.classifier import card as cards
from ecg_edge.classifier import runtime as runtimes
from ecg_edge.classifier.card import REQUIRED, list_names, read_card
from ecg_edge.errors import DamagedModelError, InstallationError, NoModelError, UsageError


@pytest.fixture
def folder(tiny_folder, tmp_path):
    """A copy of the model `tiny` to be damaged."""
    for name in ("tiny.json", "tiny.tflite"):
        shutil.copy(tiny_folder / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def no_runtime(monkeypatch):
    """A damaged model must be refused before a runtime, which it could crash, sees it."""
    monkeypatch.setattr(readers, "Network", lambda *_, **__: pytest.fail("a runtime saw the model"))
    monkeypatch.setattr(runtimes.Network, "__init__", lambda *_, **__: pytest.fail("a runtime saw the model"))


def change(folder, function):
    """Rewrite the card with `function` applied to its fields."""
    path = folder / "tiny.json"
    fields = json.loads(path.read_text())
    function(fields)
    path.write_text(json.dumps(fields))


def parent_of(fields, dotted):
    *above, last = dotted.split(".")
    for key in above:
        fields = fields[key]
    return fields, last


def test_a_sound_card_is_read(tiny_folder):
    """Its fields are reached by dotted path, and its model by its bytes."""
    card = read_card("tiny", tiny_folder)
    assert (card.name, card["input.zero_point"], card["classes"]) == (
        "tiny",
        -128,
        ["normal", "abnormal", "infarction", "history"],
    )
    assert card.model_path == tiny_folder / "tiny.tflite"
    assert card.read_model() == (tiny_folder / "tiny.tflite").read_bytes()


def test_the_required_fields_are_those_of_the_contract():
    """DESIGN.md, section 5, names them."""
    assert {name for name in REQUIRED if "." not in name} == set(
        [
            "schema",
            "name",
            "version",
            "summary",
            "classes",
            "input",
            "output",
            "aggregation",
            "calibration",
            "min_confidence",
            "file",
            "training",
            "metrics",
            "parity",
            "runtimes",
            "licence",
            "intended_use",
            "limits",
        ]
    )


@pytest.mark.parametrize("dotted", list(REQUIRED))
def test_a_card_without_a_field_is_damaged(folder, dotted, no_runtime):
    """The message names the field that is missing."""

    def remove(fields):
        parent, last = parent_of(fields, dotted)
        del parent[last]

    change(folder, remove)
    with pytest.raises(DamagedModelError) as caught:
        readers.Reader("tiny", folder=folder)
    assert (
        str(caught.value)
        == f"{folder / 'tiny.json'} is no valid card: the field {dotted} is missing. Install ecg-edge again."
    )


@pytest.mark.slow
@pytest.mark.parametrize("wrong", [None, True, "text", 1.5, [], {}])
@pytest.mark.parametrize("dotted", list(REQUIRED))
def test_a_card_with_a_field_of_another_type_is_damaged(folder, dotted, wrong, no_runtime):
    """The message names the field; truth values are no numbers, and floats no whole ones."""
    if isinstance(wrong, REQUIRED[dotted]) and not isinstance(wrong, bool):
        wrong = None

    def spoil(fields):
        parent, last = parent_of(fields, dotted)
        parent[last] = wrong

    change(folder, spoil)
    with pytest.raises(DamagedModelError) as caught:
        readers.Reader("tiny", folder=folder)
    assert f": the field {dotted} has the wrong type. Install ecg-edge again." in str(caught.value)


@pytest.mark.parametrize(
    "dotted, value, problem",
    [
        ("schema", "ecg-edge/card/2", "its schema is 'ecg-edge/card/2', not 'ecg-edge/card/1'"),
        (
            "classes",
            ["abnormal", "normal", "infarction", "history"],
            "its classes are not normal, abnormal, infarction, history",
        ),
        ("classes", [], "its classes are not normal, abnormal, infarction, history"),
        ("calibration.temperature", 0, "the field calibration.temperature is not positive"),
        ("calibration.temperature", -1.5, "the field calibration.temperature is not positive"),
        ("calibration.temperature", float("nan"), "the field calibration.temperature is not positive"),
        *(
            ("calibration.bias", wrong, "the field calibration.bias is not a number for each class")
            for wrong in (0.5, [], [0.1] * 3, [0.1] * 5, [0, 0, 0, None], [0, 0, 0, True], [0, 0, 0, float("inf")])
        ),
        ("min_confidence", 1.01, "the field min_confidence is not from 0 to 1"),
        ("min_confidence", float("nan"), "the field min_confidence is not from 0 to 1"),
    ],
)
def test_a_card_with_a_value_that_cannot_be_is_damaged(folder, dotted, value, problem):
    """Values that would give wrong verdicts are refused in words."""

    def spoil(fields):
        parent, last = parent_of(fields, dotted)
        parent[last] = value

    change(folder, spoil)
    with pytest.raises(DamagedModelError) as caught:
        read_card("tiny", folder)
    assert str(caught.value) == f"{folder / 'tiny.json'} is no valid card: {problem}. Install ecg-edge again."


@pytest.mark.parametrize("bias", [None, [-0.85, -0.9, 1.3, 0]])
def test_a_card_may_carry_a_bias(folder, bias):
    """Cards made before there was one, and models that need none, have none."""
    change(folder, lambda fields: fields["calibration"].update(bias=bias))
    assert read_card("tiny", folder)["calibration.bias"] == bias


@pytest.mark.parametrize("text", [b"", b"{", b"\xff\xfe\0", b"nonsense"])
def test_a_card_that_is_no_json_is_damaged(folder, text):
    """Cut, empty or of another encoding."""
    (folder / "tiny.json").write_bytes(text)
    with pytest.raises(DamagedModelError, match=r"tiny\.json is no readable card \(.+\)\. Install ecg-edge again\.$"):
        read_card("tiny", folder)


@pytest.mark.parametrize("text", ["[]", "3", "null", '"card"'])
def test_a_card_that_is_no_object_is_damaged(folder, text):
    """JSON of another kind."""
    (folder / "tiny.json").write_text(text)
    with pytest.raises(DamagedModelError, match="is no valid card: it is no JSON object"):
        read_card("tiny", folder)


def spoilt_models():
    """(name, function of the bytes): a flip in every part of the file, and the smallest changes of its length."""
    for share in range(0, 100, 7):
        yield f"byte flipped at {share} %", lambda data, share=share: flip(data, len(data) * share // 100)
    yield "last byte flipped", lambda data: flip(data, len(data) - 1)
    yield "last byte missing", lambda data: data[:-1]
    yield "a byte more", lambda data: data + b"\0"
    yield "cut in half", lambda data: data[: len(data) // 2]
    yield "empty", lambda data: b""


def flip(data, at):
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


SPOILT = dict(spoilt_models())


@pytest.mark.parametrize("how", list(SPOILT))
def test_a_model_that_is_not_what_its_card_says_is_refused_before_any_runtime_sees_it(folder, how, no_runtime):
    """tflite-runtime crashes on some of these, and both accept most silently."""
    path = folder / "tiny.tflite"
    spoilt = SPOILT[how](path.read_bytes())
    path.write_bytes(spoilt)
    with pytest.raises(DamagedModelError) as caught:
        readers.Reader("tiny", folder=folder)
    assert str(caught.value) == (
        f"{path} is damaged: its {len(spoilt)} bytes are not those that its card names (9104 bytes). Install ecg-edge again."
    )


def test_a_card_without_its_model_says_so(folder, no_runtime):
    """Half an installation."""
    (folder / "tiny.tflite").unlink()
    with pytest.raises(NoModelError) as caught:
        readers.Reader("tiny", folder=folder)
    assert str(caught.value) == f"{folder / 'tiny.tflite'} is missing: install ecg-edge again."


def test_a_model_that_cannot_be_read_says_why(folder):
    """The system's own words."""
    (folder / "tiny.tflite").unlink()
    (folder / "tiny.tflite").mkdir()
    with pytest.raises(DamagedModelError, match=r"tiny\.tflite cannot be read: Is a directory\.$"):
        read_card("tiny", folder).read_model()


@pytest.mark.parametrize("name", ["nosuch", "../tiny/tiny", "/etc/passwd", "", ".", "..", "tiny.json", "a\0b"])
def test_an_unknown_model_lists_those_that_are_there(tiny_folder, name):
    """A name is a name, not a path."""
    with pytest.raises(NoModelError) as caught:
        read_card(name, tiny_folder)
    assert str(caught.value) == f"There is no model {name!r}. Installed: tiny."


@pytest.mark.parametrize("name", [5, None, ["tiny"]])
def test_a_model_is_given_by_its_name(tiny_folder, name):
    with pytest.raises(UsageError, match="^a model is given by its name, such as 'page', not "):
        read_card(name, tiny_folder)


def test_without_any_model_the_list_is_empty(tmp_path):
    """And the message says 'none'."""
    with pytest.raises(
        NoModelError,
        match=r"^There is no model 'cnn'\. Installed: none\. 'pip install \./install/paper-models' in a clone .+$",
    ):
        read_card("cnn", tmp_path)
    assert list_names(tmp_path) == [] == list_names(tmp_path / "none")


def test_the_names_are_sorted(folder):
    """By their cards."""
    for name in ("b", "a"):
        shutil.copy(folder / "tiny.json", folder / f"{name}.json")
    assert list_names(folder) == ["a", "b", "tiny"]


def test_a_model_of_another_shape_than_its_card_is_damaged(folder):
    """The card vouches for the input, too."""
    change(folder, lambda fields: fields["input"].update(shape=[13, 99, 150, 3]))
    with pytest.raises(DamagedModelError) as caught:
        readers.Reader("tiny", folder=folder)
    assert str(caught.value) == f"{folder / 'tiny.json'}: the model takes (150, 150, 3), the card says (99, 150, 3)"


def test_every_installed_model_is_what_its_card_says():
    """Cards of the package are valid, and their files are those that they name."""
    for name in list_names():
        card = read_card(name)
        assert card.name == name
        assert len(card.read_model()) == card["file.bytes"]


def test_errors_of_an_installation_end_with_one_status():
    """Command lines catch one class."""
    assert issubclass(NoModelError, InstallationError) and issubclass(DamagedModelError, InstallationError)
    assert cards.models_folder().is_dir()
