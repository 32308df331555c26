"""`experiment=mnist_convnet` written by hand: two convolutions on MNIST.

    KERAS_BACKEND=tensorflow python mnist_convnet.py mnist.npz [FOLDER]

Prints test accuracy and seconds an epoch, and leaves history.csv in FOLDER if one is given.
"""

import csv
import sys
import time
from pathlib import Path

import keras
import numpy as np
from sklearn.model_selection import StratifiedShuffleSplit

SEED = 0
EPOCHS = 10
BATCH_SIZE = 128


class EpochTimes(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.moments = [time.perf_counter()]

    def on_epoch_end(self, epoch, logs=None):
        self.moments.append(time.perf_counter())


with np.load(sys.argv[1]) as arrays:
    images, labels = arrays["x_train"], arrays["y_train"].astype("int32")
    test_images, test_labels = arrays["x_test"], arrays["y_test"].astype("int32")

rows = np.arange(len(images))
generator = np.random.default_rng([1, SEED, 0])
splitter = StratifiedShuffleSplit(
    n_splits=1, test_size=round(0.1 * len(rows)), random_state=int(generator.integers(2**32))
)
validation = np.sort(next(splitter.split(rows[:, np.newaxis], labels))[1])
training = np.setdiff1d(rows, validation)
scale = np.float32(0.00392156862745098)
images = images[..., np.newaxis].astype("float32") * scale
test_images = test_images[..., np.newaxis].astype("float32") * scale

keras.utils.set_random_seed(SEED)
model = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        keras.layers.Conv2D(32, 3, padding="same", activation="relu"),
        keras.layers.MaxPooling2D(2),
        keras.layers.Conv2D(64, 3, padding="same", activation="relu"),
        keras.layers.MaxPooling2D(2),
        keras.layers.Flatten(),
        keras.layers.Dropout(0.3),
        keras.layers.Dense(10, activation="softmax"),
    ]
)
rate = keras.optimizers.schedules.CosineDecay(initial_learning_rate=0.002, decay_steps=4220)
optimizer = keras.optimizers.Adam(learning_rate=rate)
model.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])

keras.utils.set_random_seed(SEED)
times = EpochTimes()
history = {}
for epoch in range(EPOCHS):
    order = training[np.random.default_rng([SEED, epoch]).permutation(len(training))]
    figures = model.fit(
        images[order],
        labels[order],
        batch_size=BATCH_SIZE,
        validation_data=(images[validation], labels[validation]),
        callbacks=[times],
        shuffle=False,
        verbose=2,
    ).history
    history = {name: [*history.get(name, []), *values] for name, values in figures.items()}
metrics = model.evaluate(
    test_images, test_labels, batch_size=BATCH_SIZE, verbose=0, return_dict=True
)
seconds = np.diff(times.moments)
print(f"test accuracy {metrics['accuracy']!r}")
print(f"seconds an epoch {np.median(seconds):.3f}")

if len(sys.argv) > 2:
    folder = Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "history.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["epoch", "seconds", *history])
        for epoch, row in enumerate(zip(seconds, *history.values(), strict=True), 1):
            writer.writerow([epoch, *map(float, row)])
