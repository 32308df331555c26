"""Writes `.h5` files with the layers of cuDNN, by hand on a machine without a graphics card.

Usage: `python make_cudnn.py FOLDER PREFIX`, with `tf_keras`. The layers can be made everywhere but
run on such a card alone. What the model predicts is asked of the plain layers, into which the
loader of `tf_keras` turns such weights.
"""

from __future__ import annotations

import os
import sys

import numpy as np
import tf_keras as keras
from make_keras2 import L, Sequential, spread
from model_writing import uniform
from tf_keras.src.layers.rnn.cudnn_gru import CuDNNGRU
from tf_keras.src.layers.rnn.cudnn_lstm import CuDNNLSTM


def chain(lstm, gru):
    return Sequential(
        [
            L.Input((5, 3)),
            lstm(4, return_sequences=True, name="one"),
            gru(3, return_sequences=True, name="two"),
            L.Bidirectional(lstm(2), name="three"),
        ]
    )


def plain(cls, **more):
    return lambda *given, **named: cls(*given, recurrent_activation="sigmoid", **named, **more)


def main():
    folder, prefix = sys.argv[1:3]
    stem = os.path.join(folder, prefix + "_cudnn")
    model = chain(CuDNNLSTM, CuDNNGRU)
    spread(model)
    model.save(stem + ".h5", include_optimizer=False)
    same = chain(plain(L.LSTM), plain(L.GRU, reset_after=True))
    same.load_weights(stem + ".h5")
    x = uniform(2, 5, 3)
    y = same.predict(x, verbose=0)
    np.savez_compressed(stem + ".npz", params=model.count_params(), x0=x, y0=y)
    print(keras.__version__)


if __name__ == "__main__":
    main()
