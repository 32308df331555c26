"""Several labels of a row, written as their column has them."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from kerasgen.diagnostics import Sink
from kerasgen.frontend.parse.data import parse_data
from kerasgen.verbs.answers import answer_columns
from kerasgen.verbs.answers.answer_columns import answer_of


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ({"tags": {"type": "labels", "separator": ";"}}, "a;c"),
        ({"tags": "labels"}, "a,c"),
        ({}, "a c"),
    ],
)
def test_labels_have_the_separator_of_their_column_between_them(
    said: Any, written: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer_columns, "last_activation", lambda output, graph: "sigmoid")
    group = {"source": {"class": "Table", "path": "x"}, "features": "x", "target": "tags"}
    data = parse_data({**group, "columns": said, "task": "multilabel"}, Sink())
    compiled: Any = SimpleNamespace(graph=None, program=SimpleNamespace(data=data))
    output: Any = SimpleNamespace(name="chance", task="multilabel")
    chances = np.float32([[0.9, 0.1, 0.6], [0.1, 0.2, 0.3]])
    found = answer_of(output, chances, compiled, ("a", "b", "c"), title="")
    assert found.predicted.tolist() == [written, ""]
