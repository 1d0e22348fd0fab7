"""The page model: one trunk for all leads, a branch along the rhythm strip, one verdict on the page."""

from ecg_edge.layout import CLASSES
from ecg_edge.page_input import CHANNELS, ROWS, SAMPLES, STRIP_ROWS

TRUNK = ((32, 9, 4), (48, 5, 2), (64, 5, 2))
"""Channels, kernel and stride of the convolutions along each lead."""

LEAD_FEATURES = 24
STRIP = ((32, 9), (32, 9))
"""Channels and kernel of the convolutions along the whole strip: 18 positions, almost 3 s, see two beats and what lies between."""

STRIP_FEATURES = 24
HEAD = 64
DROPOUT = 0.3


def build(name="page"):
    """One member: (N, ROWS, SAMPLES, CHANNELS) windows, as `ecg_edge.page_input` makes them, to (N, 4) logits.

    Every operation has an int8 kernel, and every layer a name: automatic ones would change the bytes of what is converted.
    """
    import keras
    from keras import layers

    window = keras.Input((ROWS, SAMPLES, CHANNELS), name="window")
    x = window
    for i, (channels, kernel, stride) in enumerate(TRUNK):
        x = layers.Conv2D(
            channels, (1, kernel), strides=(1, stride), padding="same", use_bias=False, name=f"{name}_trunk{i}"
        )(x)
        x = layers.BatchNormalization(momentum=0.9, name=f"{name}_norm{i}")(x)
        x = layers.ReLU(name=f"{name}_relu{i}")(x)
    leads = _pooled(x, f"{name}_lead")
    leads = layers.Conv2D(LEAD_FEATURES, 1, activation="relu", name=f"{name}_lead_features")(leads)
    strip = layers.Cropping2D(((ROWS - STRIP_ROWS, 0), (0, 0)), name=f"{name}_strip")(x)
    strip = layers.Reshape((1, STRIP_ROWS * x.shape[2], x.shape[3]), name=f"{name}_strip_whole")(strip)
    for i, (channels, kernel) in enumerate(STRIP):
        strip = layers.Conv2D(channels, (1, kernel), padding="same", activation="relu", name=f"{name}_strip{i}")(strip)
    strip = layers.Flatten(name=f"{name}_strip_flat")(_pooled(strip, f"{name}_strip"))
    strip = layers.Dense(STRIP_FEATURES, activation="relu", name=f"{name}_strip_features")(strip)
    joint = layers.Concatenate(name=f"{name}_joint")([layers.Flatten(name=f"{name}_leads")(leads), strip])
    joint = layers.Dropout(DROPOUT, name=f"{name}_drop0")(joint)
    joint = layers.Dense(HEAD, activation="relu", name=f"{name}_head")(joint)
    joint = layers.Dropout(DROPOUT, name=f"{name}_drop1")(joint)
    return keras.Model(window, layers.Dense(len(CLASSES), name=f"{name}_logits")(joint), name=name)


def assemble(members):
    """One model of several trained members: (N, ROWS, SAMPLES, CHANNELS) to (N, 4) probabilities, the softmax of their mean logits."""
    import keras
    from keras import layers

    window = keras.Input((ROWS, SAMPLES, CHANNELS), name="window")
    logits = [member(window) for member in members]
    mean = layers.Average(name="mean_logits")(logits) if len(logits) > 1 else logits[0]
    return keras.Model(window, layers.Softmax(name="classes")(mean), name="page")


def _pooled(x, name):
    """Average and maximum over time."""
    from keras import layers

    whole = (1, x.shape[2])
    both = [layers.AveragePooling2D(whole, name=f"{name}_mean")(x), layers.MaxPooling2D(whole, name=f"{name}_max")(x)]
    return layers.Concatenate(name=f"{name}_pooled")(both)
