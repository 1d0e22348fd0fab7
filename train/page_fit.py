"""Training the page model: members of one recipe, told apart by their seeds alone."""

import os

import numpy as np

from ecg_edge import page_input
from ecg_edge.layout import CLASSES

from . import page_network, splits
from .dataset import UNSCORED
from .page_batches import Recipe, batches

WARMING = 0.05
"""The share of all steps in which the learning rate rises; after them it falls along a cosine."""


def rows_of(fold, *, whole):
    """([(sha256, class index), ...], (N,) bool extra) that the models of a fold train on: pages of its training folds and the extra
    pages of these folds, of every layout.

    Without `whole`, the fold's inner split is left out, for choices; with `fold` None every page is there. A page whose label the
    publication contradicts trains nothing.
    """
    rows = [
        row
        for row in splits.read_distinct()
        if row.fold != fold and (whole or fold not in row.inner) and row.sha256[:16] not in UNSCORED
    ]
    return [(row.sha256, CLASSES.index(row.label)) for row in rows], np.array(
        [row.source == "extra_pages" for row in rows]
    )


def asked_of(fold, *, whole):
    """The SHA-256 of all pages that the models of a fold are asked about: those tested in it, or else those of its inner split."""
    return [
        row.sha256
        for row in splits.read_distinct()
        if (row.fold == fold if whole else fold in row.inner and row.fold != fold)
    ]


def fit(windows, rows, extra, seed, recipe=None):
    """One trained member of the page model, a Keras model of windows to logits.

    Parameters
    ----------
    windows : `train.page_signals.Windows`; pages that it lacks are left out
    rows, extra : as `rows_of` gives them
    seed : int; the same seed, versions, processor and number of threads give the same weights
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import keras
    import tensorflow as tf

    recipe = recipe or Recipe()
    there = [i for i, (digest, _) in enumerate(rows) if digest in windows.digests]
    rows, extra = [rows[i] for i in there], extra[there]
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    random = np.random.default_rng(seed)
    model = page_network.build(f"member{seed}")
    steps = recipe.epochs * round(np.where(extra, recipe.extra_share, 1.0).sum() / recipe.batch)
    rising = max(1, round(WARMING * steps))
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, max(1, steps - rising), warmup_target=recipe.learning_rate, warmup_steps=rising
    )
    optimizer = keras.optimizers.AdamW(rate, weight_decay=recipe.weight_decay)

    @tf.function
    def step(seen, targets):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(targets, model(seen, training=True)))
        variables = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return loss

    optimizer.build(model.trainable_variables)
    for _ in range(recipe.epochs):
        for seen, targets in batches(windows, rows, extra, recipe, random):
            step(seen, targets)
    return model


def predict(model, windows, digests, *, batch=256):
    """(len(digests), 4) probabilities of pages: the mean over each page's windows of what `model` (N windows to N logits) says."""
    numbers = [windows.of(digest) for digest in digests]
    values = page_input.compress(windows.values[np.concatenate(numbers)])
    logits = np.concatenate([np.asarray(model(values[i : i + batch]), float) for i in range(0, len(values), batch)])
    chances = np.exp(logits - logits.max(axis=1, keepdims=True))
    chances /= chances.sum(axis=1, keepdims=True)
    ends = np.cumsum([len(mine) for mine in numbers])[:-1]
    return np.array([part.mean(axis=0) for part in np.split(chances, ends)])
