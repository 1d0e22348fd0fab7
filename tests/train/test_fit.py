"""The networks, and fitting them with resume."""

import csv
import json

import numpy as np
import pytest

from train import checkout, fit, prepare

from .. import needs_tensorflow


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """A cache of six drawn pages, one lead each, whose classes can be told by their brightness."""
    folder = tmp_path_factory.mktemp("cache")
    random = np.random.default_rng(0)
    images = random.integers(0, 60, (6, 1, 150, 150), dtype=np.uint8)
    images += (np.arange(6) % 4 * 60).astype(np.uint8)[:, None, None, None]
    np.save(folder / "leads.npy", images)
    (folder / "index.json").write_text(json.dumps([f"page{i}" for i in range(6)]))
    return prepare.LeadCache(folder)


PARTS = {"train": [(f"page{i}", i % 4) for i in range(4)], "validation": [("page4", 0), ("page5", 1)]}


@needs_tensorflow
@pytest.mark.parametrize(("name", "parameters"), [("cnn", 19_035_716), ("crnn", 1_473_092)])
def test_networks_have_the_papers_parameters(name, parameters):
    """The parameter counts are those of the paper's layers."""
    from train import architectures

    assert architectures.build(name).count_params() == parameters


@needs_tensorflow
def test_a_killed_run_goes_on_to_the_same_weights(cache, tmp_path, monkeypatch):
    """Killed between an epoch's weights and its history, and again after it, a run ends as if nothing had been."""
    import keras

    monkeypatch.setattr(checkout, "describe", lambda: "here")
    whole = fit.fit("crnn", PARTS, cache, tmp_path / "whole", epochs=3, verbose=0)
    write = fit._write_history

    def die(path, history):
        if len(history) == 1:
            write(path, history)
        raise KeyboardInterrupt

    for _ in range(2):
        monkeypatch.setattr(fit, "_write_history", die)
        with pytest.raises(KeyboardInterrupt):
            fit.fit("crnn", PARTS, cache, tmp_path / "killed", epochs=3, verbose=0)
    monkeypatch.setattr(fit, "_write_history", write)
    resumed = fit.fit("crnn", PARTS, cache, tmp_path / "killed", epochs=3, verbose=0)
    for a, b in zip(keras.models.load_model(whole).weights, keras.models.load_model(resumed).weights, strict=True):
        assert np.array_equal(a.numpy(), b.numpy()), a.path
    assert (tmp_path / "whole/history.csv").read_text() == (tmp_path / "killed/history.csv").read_text()
    assert sorted(path.name for path in (tmp_path / "killed").iterdir()) == ["best.keras", "history.csv", "run.json"]
    assert json.loads((tmp_path / "killed/run.json").read_text())["commit"] == "here"


def test_training_stops_after_five_epochs_without_gain():
    """Patience is five epochs since the least validation loss."""
    losses = [1.0, 0.5, 0.6, 0.7, 0.8, 0.9]
    assert not fit._stopped([{"val_loss": loss} for loss in losses])
    assert fit._stopped([{"val_loss": loss} for loss in [*losses, 0.55]])
    assert not fit._stopped([])


def test_leads_are_scaled_once_to_three_equal_channels():
    """255 becomes 1.0, in three equal channels of float32."""
    tensor = fit.to_tensor(np.array([[[0, 255], [51, 102]]], np.uint8))
    assert tensor.shape == (1, 2, 2, 3) and tensor.dtype == np.float32
    assert np.allclose(tensor[0, ..., 0], [[0, 1], [0.2, 0.4]]) and np.ptp(tensor, axis=-1).max() == 0


def test_histories_survive_writing_and_reading(tmp_path):
    """A history read back equals what was written, and is plain CSV."""
    history = [{"epoch": 1, "loss": 0.123456789012345, "val_loss": 2.0}]
    fit._write_history(tmp_path / "history.csv", history)
    assert fit._read_history(tmp_path / "history.csv") == history
    with open(tmp_path / "history.csv", newline="") as file:
        assert list(csv.DictReader(file))[0]["epoch"] == "1"
