"""The sweep of `sweep_by_hand.py` by KerasTuner's grid search, for models that it builds.

KERAS_BACKEND=jax python tuner_sweep.py MODEL JOBS EPOCHS FOLDER
"""

import sys

import keras
import keras_tuner
import numpy as np
from sklearn.datasets import load_digits

kind, jobs, epochs, folder = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
digits = load_digits()
images = digits.images.astype("float32")[..., np.newaxis] / np.float32(16)
labels = digits.target.astype("int32")


def build(parameters):
    """The model of one trial."""
    keras.utils.set_random_seed(parameters.Int("seed", 0, jobs - 1))
    if kind == "mlp":
        inner = [
            keras.layers.Flatten(),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(64, activation="relu"),
        ]
    else:
        inner = [
            keras.layers.Conv2D(8, 3, padding="same", activation="relu"),
            keras.layers.MaxPooling2D(2),
            keras.layers.Conv2D(16, 3, padding="same", activation="relu"),
            keras.layers.MaxPooling2D(2),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.5),
        ]
    model = keras.Sequential(
        [keras.Input((8, 8, 1)), *inner, keras.layers.Dense(10, activation="softmax")]
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


tuner = keras_tuner.GridSearch(
    build, objective="val_accuracy", max_trials=jobs, directory=folder, project_name="sweep"
)
tuner.search(images, labels, batch_size=32, epochs=epochs, validation_split=0.3, verbose=0)
print(tuner.get_best_hyperparameters()[0].values)
