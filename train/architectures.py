"""The paper's two networks, to the letter.

Atmakuri et al., "ECG Classification using Deep Learning", IJRASET 12(III), 2024,
DOI 10.22214/ijraset.2024.59181. Layers are named: automatic names would change the bytes of what is converted.
"""

from ecg_edge.layout import CLASSES
from ecg_edge.preprocessing.filters import MODEL_SIDE_PX

LEARNING_RATE = 0.001
EPOCHS = 20
BATCH = 32
PATIENCE = 5
CHANNELS = 3


def build(name):
    """The compiled Keras model `cnn` or `crnn`: (N, 150, 150, 3) float32 in 0..1 to (N, 4) probabilities."""
    import keras

    builders = {"cnn": _cnn, "crnn": _crnn}
    if name not in builders:
        raise ValueError(f"no architecture {name!r}: there are {', '.join(builders)}")
    lead = keras.Input((MODEL_SIDE_PX, MODEL_SIDE_PX, CHANNELS), name="lead")
    model = keras.Model(lead, builders[name](_blocks(lead)), name=name)
    model.compile(keras.optimizers.Adam(LEARNING_RATE), "categorical_crossentropy", metrics=["accuracy"])
    return model


def _blocks(x):
    from keras import layers

    for filters in (32, 64, 128):
        x = layers.Conv2D(filters, 3, activation="relu", name=f"conv{filters}")(x)
        x = layers.MaxPooling2D(2, name=f"pool{filters}")(x)
    return x


def _cnn(x):
    from keras import layers

    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(512, activation="relu", name="dense")(x)
    x = layers.Dropout(0.5, name="dropout")(x)
    return layers.Dense(len(CLASSES), activation="softmax", name="classes")(x)


def _crnn(x):
    from keras import layers

    # Unrolled: converted to int8 otherwise, LSTMs crash the converter or carry state from one call to the next.
    x = layers.TimeDistributed(layers.Flatten(name="flatten_row"), name="rows")(x)
    x = layers.LSTM(128, return_sequences=True, unroll=True, name="lstm_sequence")(x)
    x = layers.Dropout(0.3, name="dropout_sequence")(x)
    x = layers.LSTM(128, unroll=True, name="lstm")(x)
    x = layers.Dense(512, activation="relu", name="dense")(x)
    x = layers.Dropout(0.4, name="dropout")(x)
    return layers.Dense(len(CLASSES), activation="softmax", name="classes")(x)
