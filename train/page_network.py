"""The page model: one trunk for all leads and the pieces of the rhythm strip, one verdict on the page."""

from ecg_edge.classifier.page_input import CHANNELS, ROWS, SAMPLES
from ecg_edge.layout import CLASSES

TRUNK = ((32, 9, 4), (48, 5, 2), (64, 5, 2))
"""Channels, kernel and stride of the convolutions along each lead."""

LEAD_FEATURES = 24
HEAD = 64
DROPOUT = 0.3


def build(name="page", outputs=None):
    """One member: (N, ROWS, SAMPLES, CHANNELS) windows, as `ecg_edge.classifier.page_input` makes them, to (N, outputs) logits, one for each class

    Every operation has an int8 kernel, and every layer a name: automatic ones would change the bytes of what is converted.
    """
    import keras
    from keras import layers

    window = keras.Input((ROWS, SAMPLES, CHANNELS), name="window")
    leads = _pooled(_convolved(window, TRUNK, f"{name}_trunk"), f"{name}_lead")
    leads = layers.Conv2D(LEAD_FEATURES, 1, activation="relu", name=f"{name}_lead_features")(leads)
    joint = layers.Flatten(name=f"{name}_leads")(leads)
    joint = layers.Dropout(DROPOUT, name=f"{name}_drop0")(joint)
    joint = layers.Dense(HEAD, activation="relu", name=f"{name}_head")(joint)
    joint = layers.Dropout(DROPOUT, name=f"{name}_drop1")(joint)
    logits = layers.Dense(outputs or len(CLASSES), name=f"{name}_logits")(joint)
    return keras.Model(window, logits, name=name)


def begin_with(model, start):
    """Give `model` the weights of `start`, built under the same name for other outputs; all but those of the last layer."""
    for mine, its in zip(model.layers[:-1], start.layers[:-1], strict=True):
        mine.set_weights(its.get_weights())


def assemble(members):
    """One model of several trained members: (N, ROWS, SAMPLES, CHANNELS) to (N, 4) probabilities, the softmax of their mean logits."""
    import keras
    from keras import layers

    window = keras.Input((ROWS, SAMPLES, CHANNELS), name="window")
    logits = [member(window) for member in members]
    mean = layers.Average(name="mean_logits")(logits) if len(logits) > 1 else logits[0]
    return keras.Model(window, layers.Softmax(name="classes")(mean), name="page")


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
