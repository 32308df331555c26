"""`experiment=book/cifar10_mlp` written by hand: 3072 -> 512 -> 120 -> 10 on CIFAR-10.

    KERAS_BACKEND=tensorflow python book_cifar10_mlp.py cifar10_jpg.tar.gz [FOLDER]

The archive holds `…/{train,test}/CLASS/FILE.jpg`. Prints test accuracy and seconds an epoch, and
leaves history.csv in FOLDER if one is given.
"""

import csv
import io
import sys
import tarfile
import time
from pathlib import Path

import keras
import numpy as np
from PIL import Image
from sklearn.model_selection import StratifiedShuffleSplit

SEED = 0
EPOCHS = 10
BATCH_SIZE = 1000


class EpochTimes(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.moments = [time.perf_counter()]

    def on_epoch_end(self, epoch, logs=None):
        self.moments.append(time.perf_counter())


def read_images(path):
    """Images and labels by part, in the order of class and file name."""
    found = {}
    with tarfile.open(path) as archive:
        for member in archive:
            if member.isfile() and member.name.endswith(".jpg"):
                part, label, name = member.name.split("/")[-3:]
                image = Image.open(io.BytesIO(archive.extractfile(member).read()))
                found[part, label, name] = np.asarray(image.convert("RGB"))
    classes = sorted({label for _, label, _ in found})
    parts = {}
    for part in ("train", "test"):
        keys = sorted(key for key in found if key[0] == part)
        images = np.stack([found[key] for key in keys])
        parts[part] = images, np.array([classes.index(key[1]) for key in keys], dtype="int32")
    return parts


start = time.perf_counter()
parts = read_images(sys.argv[1])
images, labels = parts["train"]
test_images, test_labels = parts["test"]
print(f"read {len(images) + len(test_images)} images in {time.perf_counter() - start:.1f} s")

rows = np.arange(len(images))
generator = np.random.default_rng([1, SEED, 0])
splitter = StratifiedShuffleSplit(
    n_splits=1, test_size=round(0.1 * len(rows)), random_state=int(generator.integers(2**32))
)
validation = np.sort(next(splitter.split(rows[:, np.newaxis], labels))[1])
training = np.setdiff1d(rows, validation)
scale = np.float32(0.00392156862745098)
images = images.astype("float32") * scale
test_images = test_images.astype("float32") * scale

keras.utils.set_random_seed(SEED)
model = keras.Sequential(
    [
        keras.Input((32, 32, 3)),
        keras.layers.Flatten(),
        keras.layers.Dense(512, activation="relu", kernel_initializer="random_uniform"),
        keras.layers.Dropout(0.2),
        keras.layers.Dense(120, activation="relu", kernel_initializer="random_uniform"),
        keras.layers.Dropout(0.2),
        keras.layers.Dense(10, activation="softmax", kernel_initializer="random_uniform"),
    ]
)
model.compile(optimizer="rmsprop", loss="sparse_categorical_crossentropy", metrics=["accuracy"])

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
