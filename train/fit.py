"""Fitting a network by the paper's settings, with resume."""

import csv
import json
import time
from pathlib import Path

import numpy as np

from . import architectures, checkout

SEED = 7


def fit(name, parts, cache, folder, *, seed=SEED, epochs=architectures.EPOCHS, verbose=2):
    """Train `name` on the leads of `parts["train"]`, watched on `parts["validation"]` or, where that is empty, for all `epochs`.

    Parameters
    ----------
    parts : {part: [(sha256, class index), ...]}
    cache : `LeadCache`
    folder : where `best.keras`, the last epoch's weights, `history.csv` and `run.json` are kept; a run that was killed goes
        on after its last whole epoch, one that has ended is returned as it is

    Returns
    -------
    path of the weights of the epoch with the least validation loss; of the last one where nothing is watched

    The same seed, versions, processor and number of threads give the same weights. The best weights are kept as by Keras's
    ModelCheckpoint and training ends as by its EarlyStopping with patience 5, each from the history that is written for every
    epoch: Keras's own forget where they were when a run is killed.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    run_file = folder / "run.json"
    if run_file.is_file():
        return folder / "best.keras"
    # Read before TensorFlow starts: it says nothing of use on a machine without a GPU.
    import os

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import keras
    import tensorflow

    keras.utils.set_random_seed(seed)
    tensorflow.config.experimental.enable_op_determinism()
    history = _read_history(folder / "history.csv")
    if history and _epoch_file(folder, len(history)).is_file():
        model = keras.models.load_model(_epoch_file(folder, len(history)))
        _set_dropout_states(model, np.load(_epoch_file(folder, len(history)).with_suffix(".npy")))
    else:
        history, model = [], architectures.build(name)
    train = _LeadBatches(parts["train"], cache, seed)
    watched = _LeadBatches(parts["validation"], cache, seed).dataset() if parts["validation"] else None
    started = time.monotonic()
    while len(history) < epochs and not _stopped(history):
        epoch = len(history)
        train.shuffle(epoch)
        logs = model.fit(
            train.dataset(),
            epochs=epoch + 1,
            initial_epoch=epoch,
            validation_data=watched,
            verbose=verbose,
        ).history
        row = {"epoch": epoch + 1, **{key: values[0] for key, values in logs.items()}}
        if _best([*history, row]) is row:
            _save(model, folder / "best.keras")
        np.save(_epoch_file(folder, epoch + 1).with_suffix(".npy"), _dropout_states(model))
        _save(model, _epoch_file(folder, epoch + 1))
        history.append(row)
        # The history says which epoch is whole: written after that epoch's weights and before the former's go.
        _write_history(folder / "history.csv", history)
        _forget_epoch(folder, epoch)
    run_file.write_text(
        json.dumps(
            {
                "model": name,
                "seed": seed,
                "epochs": len(history),
                "best_epoch": _best(history)["epoch"],
                "pages": {part: len(rows) for part, rows in parts.items()},
                "distinct_pages": {part: len({digest for digest, _ in rows}) for part, rows in parts.items()},
                "tensorflow": tensorflow.__version__,
                "keras": keras.__version__,
                "numpy": np.__version__,
                "commit": checkout.describe(),
                "seconds_last_start": round(time.monotonic() - started),
            },
            indent=1,
        )
        + "\n"
    )
    _forget_epoch(folder, len(history))
    return folder / "best.keras"


class _LeadBatches:
    """The leads of a list of pages as batches of (images, one-hot classes), in an order fixed by seed and epoch."""

    def __init__(self, rows, cache, seed):
        # Copies stand in memory once: rows point to distinct pages.
        digests = sorted({digest for digest, _ in rows})
        self.images = cache.stack(digests).reshape(-1, *cache.images.shape[2:])
        place = {digest: i for i, digest in enumerate(digests)}
        count = cache.images.shape[1]
        self.index = np.concatenate([place[digest] * count + np.arange(count) for digest, _ in rows])
        self.labels = np.repeat([label for _, label in rows], count)
        self.seed = seed
        self.order = np.arange(len(self.index))

    def shuffle(self, epoch):
        self.order = np.random.default_rng([self.seed, epoch]).permutation(len(self.index))

    def dataset(self):
        import keras

        batches, size = self, architectures.BATCH

        class Batches(keras.utils.PyDataset):
            def __len__(self):
                return -(-len(batches.order) // size)

            def __getitem__(self, number):
                rows = batches.order[number * size : (number + 1) * size]
                return to_tensor(batches.images[batches.index[rows]]), np.eye(4, dtype=np.float32)[batches.labels[rows]]

        return Batches()


def to_tensor(images):
    """(N, 150, 150) uint8 leads as the networks take them: (N, 150, 150, 3) float32 in 0..1."""
    scaled = images.astype(np.float32) / 255
    return np.repeat(scaled[..., None], architectures.CHANNELS, axis=-1)


def _best(history):
    """The first row with the least validation loss; the last row where there is no such loss."""
    if "val_loss" not in history[-1]:
        return history[-1]
    return min(history, key=lambda row: row["val_loss"])


def _stopped(history):
    return bool(history) and len(history) - history.index(_best(history)) > architectures.PATIENCE


def _epoch_file(folder, epoch):
    return folder / f"epoch_{epoch}.keras"


def _forget_epoch(folder, epoch):
    for suffix in (".keras", ".npy"):
        _epoch_file(folder, epoch).with_suffix(suffix).unlink(missing_ok=True)


def _dropout_generators(model):
    return [layer.seed_generator for layer in model.layers if hasattr(layer, "seed_generator")]


def _dropout_states(model):
    """(generators, 2) where each generator of dropout stands: Keras does not save it with the model."""
    return np.array([generator.state.numpy() for generator in _dropout_generators(model)])


def _set_dropout_states(model, states):
    for generator, state in zip(_dropout_generators(model), states, strict=True):
        generator.state.assign(state)


def _save(model, path):
    # A kill while writing leaves the former file whole.
    partial = path.with_name("partial_" + path.name)
    model.save(partial)
    partial.replace(path)


def _read_history(path):
    if not path.is_file():
        return []
    with open(path, newline="") as file:
        return [
            {key: int(value) if key == "epoch" else float(value) for key, value in row.items()}
            for row in csv.DictReader(file)
        ]


def _write_history(path, history):
    partial = path.with_name("partial_" + path.name)
    with open(partial, "w", newline="") as file:
        writer = csv.DictWriter(file, list(history[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(history)
    partial.replace(path)
