"""What the page model is trained for, as weights: of each class, of each finding and its absence, and of sets of classes.

Every row of targets is a sum of such weights, so that rows can be mixed; what is not known weighs nothing.
"""

import numpy as np

from ecg_edge.layout import CLASSES

from .page_findings import FINDINGS, of_class

_COUNT, _KINDS = len(CLASSES), len(FINDINGS)
_PRESENT = slice(_COUNT, _COUNT + _KINDS)
_ABSENT = slice(_COUNT + _KINDS, _COUNT + 2 * _KINDS)
_SETS = (slice(1, _COUNT), slice(CLASSES.index("infarction"), _COUNT))
"""Classes one of which is right of a record that is not normal, and of one of infarction, whatever its age."""
COLUMNS = _COUNT + 2 * _KINDS + len(_SETS)


def of_pages(labels, recipe):
    """(N, COLUMNS) of pages of the classes `labels`."""
    targets = np.zeros((len(labels), COLUMNS), np.float32)
    targets[np.arange(len(labels)), [CLASSES.index(label) for label in labels]] = 1
    _set_findings(targets, np.array([of_class(label) for label in labels]), recipe.page_findings)
    return targets


def of_records(findings, recipe):
    """(N, COLUMNS) of records whose findings (N, F) are 1, 0 or NaN."""
    targets = np.zeros((len(findings), COLUMNS), np.float32)
    _set_findings(targets, findings, recipe.findings)
    not_normal, infarction = (findings[:, FINDINGS.index(name)] for name in ("not_normal", "infarction"))
    targets[not_normal == 0, CLASSES.index("normal")] = recipe.record_classes
    targets[(not_normal == 1) & (infarction != 1), -2] = recipe.record_classes
    targets[infarction == 1, -1] = recipe.record_classes
    return targets


def _set_findings(targets, findings, weight):
    known = np.isfinite(findings)
    targets[:, _PRESENT] = np.where(known, findings, 0) * weight
    targets[:, _ABSENT] = np.where(known, 1 - np.nan_to_num(findings), 0) * weight


def loss(targets, logits):
    """The mean of the cross-entropies of (B, COLUMNS) `targets`, tensors as (B, 4 + F) `logits` are."""
    import tensorflow as tf

    classes, findings = logits[:, :_COUNT], logits[:, _COUNT:]
    whole = tf.reduce_logsumexp(classes, axis=1)
    lost = -tf.reduce_sum(targets[:, :_COUNT] * (classes - whole[:, None]), axis=1)
    lost += tf.reduce_sum(targets[:, _PRESENT] * tf.nn.softplus(-findings), axis=1)
    lost += tf.reduce_sum(targets[:, _ABSENT] * tf.nn.softplus(findings), axis=1)
    for number, members in enumerate(_SETS):
        among = tf.reduce_logsumexp(classes[:, members], axis=1)
        lost -= targets[:, _ABSENT.stop + number] * (among - whole)
    return tf.reduce_mean(lost)
