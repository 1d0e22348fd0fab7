"""Training the page model: how a member is fitted on pages and records, and asked."""

import os

import numpy as np

from ecg_edge.classifier import page_input, verdict
from ecg_edge.layout import CLASSES

from . import page_targets, splits
from .page_batches import Recipe, batches

WARMING = 0.05
"""The share of all steps in which the learning rate rises; after them it falls along a cosine."""


def rows_of(fold):
    """([(sha256, class index), ...], (N,) bool extra) that the members of a fold train on: all pages of the other folds, extra ones of
    every layout among them; every page where `fold` is None. A page whose label the publication contradicts trains nothing.
    """
    rows = [row for row in splits.scored_rows() if row.fold != fold]
    return [(row.sha256, CLASSES.index(row.label)) for row in rows], np.array(
        [row.source == "extra_pages" for row in rows]
    )


def asked_of(fold):
    """The SHA-256 of the pages that are tested in a fold; of every page where it is None, for parity alone."""
    return [row.sha256 for row in splits.read_distinct() if fold in (None, row.fold)]


def fit(windows, rows, extra, seed, recipe=None, seen_records=None):
    """One trained member of the page model, a Keras model of windows to logits.

    Parameters
    ----------
    windows : `train.page_signals.Windows`; pages that it lacks are left out
    rows, extra : as `rows_of` gives them
    seed : int; the same seed, versions, processor and number of threads give the same weights
    seen_records : `train.page_records.SeenRecords`, trained on beside the pages; none where None
    """
    recipe = recipe or Recipe()
    there = [i for i, (digest, _) in enumerate(rows) if digest in windows.digests]
    rows, extra = [rows[i] for i in there], extra[there]
    model, random = _new(seed), np.random.default_rng(seed)
    seen = np.where(extra, recipe.extra_share, 1.0).sum()
    seen += 0 if seen_records is None else recipe.record_share * len(seen_records.findings)
    steps = recipe.epochs * round(seen / recipe.batch)
    epochs = (batches(windows, rows, extra, recipe, random, seen_records) for _ in range(recipe.epochs))
    return _train(model, epochs, steps, recipe)


def _new(seed):
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import keras
    import tensorflow as tf

    from . import page_network

    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    return page_network.build(f"member{seed}")


def _train(model, epochs, steps, recipe):
    """`model`, trained on the batches (windows, targets) of `epochs`, about `steps` in all."""
    import keras
    import tensorflow as tf

    rising = max(1, round(WARMING * steps))
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, max(1, steps - rising), warmup_target=recipe.learning_rate, warmup_steps=rising
    )
    optimizer = keras.optimizers.AdamW(rate, weight_decay=recipe.weight_decay)
    optimizer.build(model.trainable_variables)

    @tf.function
    def step(seen, targets):
        with tf.GradientTape() as tape:
            found = page_targets.loss(targets, model(seen, training=True))
        variables = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(found, variables), variables, strict=True))

    for epoch in epochs:
        for seen, targets in epoch:
            step(seen, targets)
    return model


def predict(model, windows, digests):
    """(len(digests), 4 + F) probabilities of pages: the mean over each page's windows of what `model` (N windows to N logits) says."""
    numbers = [windows.of(digest) for digest in digests]
    ends = np.cumsum([len(mine) for mine in numbers])[:-1]
    chances = answers(model, windows.values[np.concatenate(numbers)])
    return np.array([part.mean(axis=0) for part in np.split(chances, ends)])


def answers(model, values, *, batch=256):
    """(N, 4 + F) probabilities of classes and findings of windows (N, ROWS, SAMPLES, CHANNELS) in mV, of a `model` of windows to logits."""
    values = page_input.compress(values)
    logits = np.concatenate([np.asarray(model(values[i : i + batch]), float) for i in range(0, len(values), batch)])
    return np.concatenate(verdict.answers(logits, len(CLASSES)), axis=1)
