"""Data sources of one's own: the forms that they may have, and what they may not give."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from kerasgen.data.sources.own import OwnSource
from kerasgen.data.sources.source_list import SOURCES, known_sources, make_source
from kerasgen.data.table import Table
from kerasgen.diagnostics import CompileError, Diagnostic, Sink
from kerasgen.ir.values import ObjectDef
from kerasgen.registry import register


@pytest.fixture(autouse=True)
def empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kerasgen.registry._PARTS", [])


def table_of(
    made: Callable[..., Any],
    arguments: Mapping[str, Any] | None = None,
    wanted: frozenset[str] | None = None,
) -> Table:
    register(name="Own", kind="source")(made)
    definition = ObjectDef(cls="Own", arguments=arguments or {}, path="data.source")
    source = make_source(definition, known_sources(), Sink())
    assert isinstance(source, OwnSource)
    return source.read(wanted, Sink())


def refused(made: Callable[..., Any]) -> Diagnostic:
    with pytest.raises(CompileError) as caught:
        table_of(made)
    (found,) = caught.value.diagnostics
    assert found.location is not None
    assert found.location.key == "data.source.class"
    return found


def test_a_function_gives_the_columns_of_its_arguments() -> None:
    def rows(count: int) -> dict[str, Any]:
        return {"x": np.arange(count, dtype="float64"), "name": ["a"] * count}

    table = table_of(rows, {"count": 3})
    assert table.names == ("x", "name")
    assert table.columns["x"].tolist() == [0.0, 1.0, 2.0]
    assert table.columns["x"].dtype == np.float32
    assert table.columns["name"].dtype.kind == "U"


def test_text_in_an_array_of_objects_is_text() -> None:
    table = table_of(lambda: {"name": np.array(["a", "bc"], dtype=object), "raw": [b"x", b"y"]})
    assert [table.columns[name].dtype.kind for name in ("name", "raw")] == ["U", "U"]
    assert table.columns["name"].tolist() == ["a", "bc"]


def test_columns_that_nobody_uses_are_left_out() -> None:
    table = table_of(lambda: {"x": [1], "y": [2]}, wanted=frozenset({"y"}))
    assert (list(table.columns), table.names) == (["y"], ("x", "y"))


def test_lists_of_a_config_arrive_as_lists() -> None:
    given: list[Any] = []

    def rows(sizes: list[int]) -> dict[str, Any]:
        given.append(sizes)
        return {"x": sizes}

    table_of(rows, {"sizes": (1, 2)})
    assert given == [[1, 2]]


def test_a_class_is_made_and_read() -> None:
    class Rows:
        def __init__(self, count: int = 2) -> None:
            self.count = count

        def read(self) -> dict[str, Any]:
            return {"x": [0] * self.count}

    assert len(table_of(Rows, {"count": 4}).columns["x"]) == 4


def test_a_class_may_read_as_the_shipped_sources_do() -> None:
    class Rows:
        def read(self, wanted: frozenset[str] | None, sink: Sink) -> Table:
            del wanted, sink
            return Table(columns={"x": np.zeros(2)}, names=("x",), given=np.array([0, 2]))

    given = table_of(Rows).given
    assert given is not None
    assert given.tolist() == [0, 2]


@pytest.mark.parametrize(
    ("gives", "told"),
    [
        (None, "gives `NoneType`"),
        ({}, "gives `dict`"),
        ({1: [2]}, "a column named `1`"),
        ({"x": [[[1], [2]], [[3]]]}, "rows of unequal length as `x`"),
        ({"x": [object()]}, "gives `object` as `x`"),
        ({"x": 3}, "as `x`"),
        ({"x": [1, 2], "y": [1]}, "2 in `x`, 1 in `y`"),
        (np.zeros((2, 2)), "gives `ndarray`"),
        ([], "gives `list`"),
        ("text", "gives `str`"),
    ],
)
def test_what_are_no_columns_is_refused(gives: Any, told: str) -> None:
    found = refused(lambda: gives)
    assert found.code == "KG502"
    assert told in found.message


def test_an_error_of_a_source_is_told_with_its_line() -> None:
    def rows() -> None:
        raise OSError("no disk")

    found = refused(rows)
    assert (found.code, found.message) == ("KG501", "the source `Own` failed: OSError: no disk")
    assert found.notes[0].message.startswith("it was raised in test_sources_own.py, line ")


def test_what_a_source_reports_itself_is_passed_on() -> None:
    class Rows:
        def read(self, wanted: frozenset[str] | None, sink: Sink) -> Table:
            raise sink.fail("KG501", "nothing there", key="data.source.class")

    assert refused(Rows).message == "nothing there"


def test_a_registered_source_never_replaces_a_shipped_one() -> None:
    register(name="Csv", kind="source")(lambda: {"x": [1]})
    assert known_sources()["Csv"] is SOURCES["Csv"]
