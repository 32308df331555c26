"""A server as a person writes it: a route of FastAPI that asks `model.predict` for one row.

python plain_server.py MODEL.keras INPUT CLASS,CLASS,… PORT

INPUT is what the column of the request is called that goes into the model.
"""

import sys
import threading

import keras
import numpy as np
import uvicorn
from fastapi import FastAPI
from pydantic import create_model

path, column, names, port = sys.argv[1:]
model = keras.saving.load_model(path)
classes = names.split(",")
Row = create_model("Row", **{column: (list, ...)})

app = FastAPI()
lock = threading.Lock()  # On JAX `predict` fails in two threads at once.


@app.post("/predict")
def predict(row: Row):
    """Answers for one row."""
    values = np.asarray([getattr(row, column)], dtype=model.inputs[0].dtype)
    with lock:
        scores = model.predict(values, verbose=0)[0]
    best = int(scores.argmax())
    return {"predicted": classes[best], "probability": float(scores[best])}


uvicorn.run(app, port=int(port), log_level="warning")
