"""A sweep over seeds as a person writes it: a loop in one process, with plain Keras.

    KERAS_BACKEND=jax python sweep_by_hand.py MODEL JOBS EPOCHS FOLDER

MODEL is `mlp` or `convnet`. Each seed splits the digits, trains, evaluates, predicts and saves.
"""

import json
import sys
from pathlib import Path

import keras
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

kind, jobs, epochs, folder = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
digits = load_digits()
images = digits.images.astype("float32")[..., np.newaxis] / np.float32(16)
labels = digits.target.astype("int32")


def layers():
    """The layers of the model."""
    if kind == "mlp":
        return [
            keras.layers.Flatten(),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(64, activation="relu"),
        ]
    return [
        keras.layers.Conv2D(8, 3, padding="same", activation="relu"),
        keras.layers.MaxPooling2D(2),
        keras.layers.Conv2D(16, 3, padding="same", activation="relu"),
        keras.layers.MaxPooling2D(2),
        keras.layers.Flatten(),
        keras.layers.Dropout(0.5),
    ]


for seed in range(jobs):
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    rows, test = train_test_split(
        np.arange(len(labels)), test_size=0.2, random_state=seed, stratify=labels
    )
    model = keras.Sequential(
        [keras.Input((8, 8, 1)), *layers(), keras.layers.Dense(10, activation="softmax")]
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(
        images[rows],
        labels[rows],
        batch_size=32,
        epochs=epochs,
        validation_split=0.1,
        verbose=0,
    )
    found = model.evaluate(images[test], labels[test], verbose=0, return_dict=True)
    place = folder / str(seed)
    place.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(place / "predictions.npz", scores=model.predict(images[test], verbose=0))
    model.save(place / "model.keras")
    (place / "metrics.json").write_text(json.dumps(found))
    print(seed, found)
