"""What `python run.py` does, written by hand: scikit-learn's digits, an MLP, ten epochs.

    KERAS_BACKEND=tensorflow python digits_mlp.py FOLDER

It draws the same rows and seeds the same generators, so that its numbers can be compared bit by
bit. It leaves history.csv, predictions.npz, model.keras, two plots and metrics.json in FOLDER.
"""

import csv
import json
import sys
from pathlib import Path

import keras
import matplotlib
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import StratifiedShuffleSplit

matplotlib.use("Agg")
import matplotlib.pyplot as plt

SEED = 0
EPOCHS = 10
BATCH_SIZE = 32

folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)


def draw(part, rows, fraction):
    """Draws a stratified part of the rows; `part` is 0 for test and 1 for validation."""
    generator = np.random.default_rng([part, SEED, 0])
    splitter = StratifiedShuffleSplit(
        n_splits=1,
        test_size=round(fraction * len(rows)),
        random_state=int(generator.integers(2**32)),
    )
    _, taken = next(splitter.split(rows[:, np.newaxis], labels[rows]))
    taken = np.sort(rows[taken])
    return taken, np.setdiff1d(rows, taken)


digits = load_digits()
images = digits.images.astype("float32")[..., np.newaxis] * np.float32(0.0625)
labels = digits.target.astype("int32")
test, rest = draw(0, np.arange(len(labels)), 0.2)
validation, training = draw(1, rest, 0.1)

keras.utils.set_random_seed(SEED)
model = keras.Sequential(
    [
        keras.Input((8, 8, 1)),
        keras.layers.Flatten(),
        keras.layers.Dense(128, activation="relu"),
        keras.layers.Dropout(0.2),
        keras.layers.Dense(64, activation="relu"),
        keras.layers.Dense(10, activation="softmax"),
    ]
)
model.summary()
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])

keras.utils.set_random_seed(SEED)
history = {}
for epoch in range(EPOCHS):
    order = training[np.random.default_rng([SEED, epoch]).permutation(len(training))]
    figures = model.fit(
        images[order],
        labels[order],
        batch_size=BATCH_SIZE,
        validation_data=(images[validation], labels[validation]),
        shuffle=False,
        verbose=2,
    ).history
    history = {name: [*history.get(name, []), *values] for name, values in figures.items()}
with (folder / "history.csv").open("w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(["epoch", *history])
    for epoch, row in enumerate(zip(*history.values(), strict=True), 1):
        writer.writerow([epoch, *map(float, row)])

metrics = model.evaluate(
    images[test], labels[test], batch_size=BATCH_SIZE, verbose=0, return_dict=True
)
print(metrics)
scores = model.predict(images[test], batch_size=BATCH_SIZE, verbose=0)
np.savez_compressed(folder / "predictions.npz", predicted=scores, true=labels[test], rows=test)

model.save(folder / "model.keras")
reloaded = keras.models.load_model(folder / "model.keras")
again = reloaded.predict(images[test], batch_size=BATCH_SIZE, verbose=0)
difference = float(np.abs(again - scores).max())
print(f"reloaded: largest difference {difference:.3g}")
(folder / "metrics.json").write_text(
    json.dumps({"test": metrics, "reload_difference": difference}, indent=2)
)

epochs = range(1, EPOCHS + 1)
figure, axes = plt.subplots(1, 2, figsize=(9.2, 4.1), layout="constrained")
for panel, name in zip(axes, ("loss", "accuracy"), strict=True):
    panel.plot(epochs, history[name], marker="o", label="training")
    panel.plot(epochs, history[f"val_{name}"], marker="s", label="validation")
    panel.set(title=name, xlabel="epoch")
    panel.legend()
figure.savefig(folder / "learning_curves.png", dpi=120)

matrix = np.zeros((10, 10), dtype=int)
np.add.at(matrix, (labels[test], scores.argmax(axis=1)), 1)
figure, axes = plt.subplots(figsize=(8.4, 7.6), layout="constrained")
figure.colorbar(axes.imshow(matrix, cmap="Blues"))
for row in range(10):
    for column in range(10):
        axes.text(column, row, str(matrix[row, column]), ha="center", va="center")
axes.set(xticks=range(10), yticks=range(10), xlabel="predicted class", ylabel="true class")
figure.savefig(folder / "confusion_matrix.png", dpi=120)
