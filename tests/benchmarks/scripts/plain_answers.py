"""Asks a model for prepared rows, and nothing else.

python plain_answers.py MODEL.keras LAYER ROWS BATCH
"""

import sys

import keras
import numpy as np

path, layer, rows, batch = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
model = keras.saving.load_model(path).get_layer(layer)
inputs = np.random.default_rng(0).normal(size=(rows, *model.input_shape[1:])).astype("float32")
print(model.predict(inputs, batch_size=batch, verbose=0).shape)
