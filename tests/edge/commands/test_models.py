"""`ecg-edge models`: the list, and a card."""

import json

from ecg_edge.classifier import card as cards
from ecg_edge.commands.models import card_lines


def test_models_are_listed_and_the_default_one_is_marked(run, tiny_folder, tmp_path, monkeypatch):
    """Name, version, size and summary, a line each; the JSON lines are the cards alone."""
    card = json.loads((tiny_folder / "tiny.json").read_text())
    for name in ("other", "tiny"):
        (tmp_path / f"{name}.json").write_text(json.dumps(card | {"name": name}))
        (tmp_path / f"{name}.tflite").write_bytes((tiny_folder / "tiny.tflite").read_bytes())
    monkeypatch.setattr(cards, "models_folder", lambda: tmp_path)
    status, out, _ = run("models")
    assert (status, out.splitlines()) == (
        0,
        [
            "other    1           0.0 MB  for tests; it has learnt nothing",
            "tiny     1           0.0 MB  for tests; it has learnt nothing (default)",
            "Not installed: cnn, crnn. 'pip install ./install/paper-models' in a clone of ecg-edge adds the paper's models.",
        ],
    )
    status, out, _ = run("models", "--json")
    assert [json.loads(line) for line in out.splitlines()] == [card | {"name": "other"}, card]


def test_a_card_is_shown(run, tiny_folder):
    """As JSON on one line where --json is given; else as a table that people read."""
    fields = json.loads((tiny_folder / "tiny.json").read_text())
    for arguments in (["tiny", "--json"], ["--json"]):
        status, out, _ = run("models", *arguments)
        assert status == 0 and json.loads(out) == fields and out.count("\n") == 1
    status, out, _ = run("models", "tiny")
    assert status == 0 and "{" not in out and "None" not in out
    assert f"SHA-256         {fields['file']['sha256']}" in out.splitlines()


def test_the_table_of_the_shipped_card_says_what_it_is_good_for():
    """Every line of its limits, and its figures by protocol; no line is wider than a terminal of 120 columns."""
    fields = cards.read_card("page").fields
    lines = list(card_lines(fields))
    text = " ".join(" ".join(lines).split())
    assert max(map(len, lines)) <= 120 and " ".join(fields["intended_use"].split()) in text
    assert f"Uncertain below {100 * fields['min_confidence']:.0f} %" in text
    for name, values in fields["metrics"].items():
        assert any(
            line.split() == [name, *(f"{values[key]:.3f}" for key in ("accuracy", "balanced_accuracy", "macro_f1"))]
            for line in lines
        )


def test_a_damaged_model_is_told_in_the_list(run, tiny_folder, tmp_path, monkeypatch):
    """The others are listed, and the status is 3."""
    for name in ("a", "tiny"):
        (tmp_path / f"{name}.json").write_bytes((tiny_folder / "tiny.json").read_bytes())
    (tmp_path / "tiny.tflite").write_bytes((tiny_folder / "tiny.tflite").read_bytes())
    monkeypatch.setattr(cards, "models_folder", lambda: tmp_path)
    status, out, err = run("models")
    assert (status, out.split()[0]) == (3, "tiny")
    assert err == f"ecg-edge: {tmp_path / 'a.tflite'} is missing: install ecg-edge again.\n"
