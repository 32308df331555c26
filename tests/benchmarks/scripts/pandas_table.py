"""By hand: a table of text or Parquet becomes arrays, and the arrays what a model takes.

    python pandas_table.py FILE TARGET [--prepared]

Without `--prepared` the columns are read as numbers and words. With it rows are split, missing
numbers filled and scaled by the training part, and words become places of their own or indices.
"""

import sys
import time

import numpy as np
import pandas as pd

path, target = sys.argv[1:3]
start = time.process_time()
if path.endswith(".csv"):
    frame = pd.read_csv(path, na_values=["?"])
else:
    frame = pd.read_parquet(path)
    for name in frame.columns:
        if frame[name].dtype.kind not in "if":
            numbers = pd.to_numeric(frame[name].replace("?", None), errors="coerce")
            if numbers.notna().mean() > 0.5:
                frame[name] = numbers

if "--prepared" not in sys.argv:
    columns = {
        name: frame[name].to_numpy("float32")
        if frame[name].dtype.kind in "if"
        else frame[name].fillna("").to_numpy(dtype="str")
        for name in frame.columns
    }
    print(len(frame), sorted(columns))
    print(time.process_time() - start)
    sys.exit()

order = np.random.default_rng(0).permutation(len(frame))
test, validation = int(0.2 * len(frame)), int(0.08 * len(frame))
parts = {
    "test": order[:test],
    "validation": order[test : test + validation],
    "training": order[test + validation :],
}
training = parts["training"]
inputs = {}
stacked = []
for name in frame.columns.drop(target):
    if frame[name].dtype.kind in "if":
        values = frame[name].to_numpy("float32")
        holes = np.isnan(values)
        known = values[training]
        mean, deviation = np.nanmean(known), np.nanstd(known)
        if holes.any():
            stacked.append(holes.astype("float32")[:, None])
        stacked.append((np.where(holes, 0, (values - mean) / deviation)).astype("float32")[:, None])
    else:
        words = frame[name].fillna("")
        known = pd.unique(words.iloc[training])
        codes = pd.Categorical(words, categories=known).codes.astype("int32") + 1
        if len(known) > 32:
            inputs[name] = codes
        else:
            stacked.append((codes[:, None] == np.arange(len(known) + 1)).astype("float32"))
inputs["numbers"] = np.concatenate(stacked, axis=1)
labels = frame[target].to_numpy("int32")
made = {
    part: ({name: values[rows] for name, values in inputs.items()}, labels[rows])
    for part, rows in parts.items()
}
print({part: {n: v.shape for n, v in x.items()} for part, (x, _) in made.items()})
print(time.process_time() - start)
