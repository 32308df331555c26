"""What scikit-learn's linear models and a trivial answer score on the rows of an experiment.

The rows of each part are those of the run. What is made of them is scikit-learn's: words become
places, numbers are scaled, texts are weighted words. Missing values are filled with the mean.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import accuracy_score, f1_score, mean_absolute_error
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from kerasgen.data.opened import OpenedData
from kerasgen.session.composed_config import compose_config
from kerasgen.session.session import Session
from kerasgen.session.states import Aim


def opened(overrides: Sequence[str]) -> OpenedData:
    """The data of a config, opened and divided as a run does it."""
    session = Session(compose_config(list(overrides), ()), Aim(engine="light"))
    return session.opened.data


def plain_scores(data: OpenedData) -> dict[str, dict[str, float]]:
    """The scores of a linear model and of a trivial answer on the test part.

    Returns:
        `linear` and `trivial`, each to `accuracy` and `f1`, or to `mean_absolute_error`.
    """
    (target,) = data.definition.target.values()
    kinds: dict[str, list[int]] = {"number": [], "category": [], "text": []}
    names = [n for n, column in data.schema.columns.items() if "feature" in column.roles]
    columns, values = [], []
    for name in (name for name in names if name != target):
        column = data.columns[name]
        said = data.definition.columns.get(name)
        kind = said.type if said is not None and said.type else None
        if column.dtype.kind != "U":
            kind = "number"
        for one in column.reshape(len(column), -1).T:
            kinds[kind if kind in ("number", "text") else "category"].append(len(columns))
            columns.append(name)
            values.append(one.astype(object))
    rows = np.stack(values, axis=1)
    labels = data.columns[target].ravel()
    training, test = data.parts.training, data.parts.test
    assert test is not None
    classes = target in data.schema.class_names
    linear: Any = LogisticRegression(max_iter=2000) if classes else LinearRegression()
    trivial: Any = DummyClassifier() if classes else DummyRegressor()
    found = {}
    for title, model in (("linear", linear), ("trivial", trivial)):
        whole = make_pipeline(_prepared(kinds), model).fit(rows[training], labels[training])
        answers = whole.predict(rows[test])
        if classes:
            found[title] = {"accuracy": float(accuracy_score(labels[test], answers))}
            if len(set(labels.tolist())) == 2:
                found[title]["f1"] = float(f1_score(labels[test], answers))
        else:
            error = float(mean_absolute_error(labels[test], answers))
            found[title] = {"mean_absolute_error": error}
    return found


def _prepared(kinds: dict[str, list[int]]) -> ColumnTransformer:
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    places = OneHotEncoder(handle_unknown="ignore")
    texts = [(f"text{place}", TfidfVectorizer(), place) for place in kinds["text"]]
    return ColumnTransformer(
        [("numbers", numbers, kinds["number"]), ("places", places, kinds["category"]), *texts]
    )
