"""The page model: one trunk for all leads and the pieces of the rhythm strip, one verdict on the page, and what was found on the way."""

from ecg_edge.classifier.page_input import CHANNELS, ROWS, SAMPLES
from ecg_edge.layout import CLASSES

from .page_findings import FINDINGS

TRUNK = ((32, 9, 4), (48, 5, 2), (64, 5, 2))
"""Channels, kernel and stride of the convolutions along each lead."""

RHYTHM = ((16, 9, 4),)
"""Those along the row of RR intervals."""

LEAD_FEATURES = 24
HEAD = 64
DROPOUT = 0.3


def build(name="page"):
    """One member: (N, ROWS, SAMPLES, CHANNELS) windows, as `ecg_edge.classifier.page_input` makes them, to (N, 4 + F) logits, of the classes
    and then of the findings.

    Every operation has an int8 kernel, and every layer a name: automatic ones would change the bytes of what is converted.
    """
    import keras
    from keras import layers

    window = keras.Input((ROWS, SAMPLES, CHANNELS), name="window")
    signals = layers.Cropping2D(((0, 1), (0, 0)), name=f"{name}_signals")(window)
    intervals = layers.Cropping2D(((ROWS - 1, 0), (0, 0)), name=f"{name}_intervals")(window)
    leads = _pooled(_convolved(signals, TRUNK, f"{name}_trunk"), f"{name}_lead")
    leads = layers.Conv2D(LEAD_FEATURES, 1, activation="relu", name=f"{name}_lead_features")(leads)
    rhythm = _pooled(_convolved(intervals, RHYTHM, f"{name}_rhythm"), f"{name}_beat")
    both = [layers.Flatten(name=f"{name}_leads")(leads), layers.Flatten(name=f"{name}_beats")(rhythm)]
    joint = layers.Concatenate(name=f"{name}_joint")(both)
    joint = layers.Dropout(DROPOUT, name=f"{name}_drop0")(joint)
    joint = layers.Dense(HEAD, activation="relu", name=f"{name}_head")(joint)
    joint = layers.Dropout(DROPOUT, name=f"{name}_drop1")(joint)
    logits = layers.Dense(len(CLASSES) + len(FINDINGS), name=f"{name}_logits")(joint)
    return keras.Model(window, logits, name=name)


def assemble(members, finding=None):
    """One model of several trained members: (N, ROWS, SAMPLES, CHANNELS) to (N, 4 + F) logits, the mean of theirs.

    Not their probabilities: steps of 1/256 do not tell a verdict of 0.999 from one of 0.99. Of the findings it is the mean of those members
    that `finding` (M bool) names, all where it is None or names none: one that has seen pages alone knows few of them.
    """
    import keras
    from keras import layers

    window = keras.Input((ROWS, SAMPLES, CHANNELS), name="window")
    logits = [member(window) for member in members]
    classes = _mean(logits, "mean_logits")
    if finding is None or len(set(finding)) == 1:
        return keras.Model(window, classes, name="page")
    findings = _mean([each for each, knows in zip(logits, finding, strict=True) if knows], "mean_findings")
    parts = [_part(classes, (0, len(FINDINGS)), "class_logits"), _part(findings, (len(CLASSES), 0), "finding_logits")]
    return keras.Model(window, layers.Concatenate(name="all_logits")(parts), name="page")


def _mean(logits, name):
    from keras import layers

    return layers.Average(name=name)(logits) if len(logits) > 1 else logits[0]


def _part(logits, cut, name):
    """Logits but for the first and last `cut` of them."""
    from keras import layers

    rows = layers.Reshape((logits.shape[-1], 1), name=f"{name}_rows")(logits)
    return layers.Flatten(name=name)(layers.Cropping1D(cut, name=f"{name}_cut")(rows))


def _convolved(x, shape, name):
    """Convolutions of (channels, kernel, stride) along time, each normalised and rectified."""
    from keras import layers

    for i, (channels, kernel, stride) in enumerate(shape):
        x = layers.Conv2D(
            channels, (1, kernel), strides=(1, stride), padding="same", use_bias=False, name=f"{name}{i}"
        )(x)
        x = layers.BatchNormalization(momentum=0.9, name=f"{name}_norm{i}")(x)
        x = layers.ReLU(name=f"{name}_relu{i}")(x)
    return x


def _pooled(x, name):
    """Average and maximum over time."""
    from keras import layers

    whole = (1, x.shape[2])
    both = [layers.AveragePooling2D(whole, name=f"{name}_mean")(x), layers.MaxPooling2D(whole, name=f"{name}_max")(x)]
    return layers.Concatenate(name=f"{name}_pooled")(both)
