"""Lint of columns: each rule warns of its sign, at its place, with a help that can be typed."""

import pytest
import yaml

from kerasgen.diagnostics import Diagnostic, Sink
from kerasgen.frontend.parse.data import parse_data
from kerasgen.ir.column_figures import ColumnSigns
from kerasgen.passes.lint.suspicious_columns import ColumnView, lint_columns, said_of_column

ALL = "source: {class: Table, path: x.csv}\nfeatures: all\ntarget: y\ntask: auto\nprepare: auto\n"
NAMED = ALL.replace("all", "[a, b]").replace("prepare: auto\n", "")


def found(text: str, placed: bool = True, **signs: ColumnSigns) -> list[Diagnostic]:
    sink = Sink()
    data = parse_data(yaml.safe_load(text), sink)
    assert data is not None
    inputs = dict.fromkeys(("a", "b"), "data.features")
    view = ColumnView(data=data, inputs=inputs, signs=signs, placed=placed)
    lint_columns(view, sink)
    return sink.diagnostics


def sign(**what: object) -> ColumnSigns:
    return ColumnSigns(type="category", **what)


@pytest.mark.parametrize(
    ("code", "signs"),
    [
        ("KG770", sign(gives_away={"y": 0.99})),
        ("KG771", sign(identifier="no word stands twice")),
        ("KG772", sign(constant="")),
        ("KG772", sign(constant="x")),
        ("KG772", sign(mostly_missing=0.9)),
        ("KG773", sign(same_as="b")),
    ],
)
def test_each_sign_is_told_at_the_features(code: str, signs: ColumnSigns) -> None:
    (told,) = found(ALL, a=signs, b=sign())
    assert (told.code, told.severity.value) == (code, "warning")
    assert told.location is not None
    assert told.location.key == "data.features"
    assert told.help == "leave it out: `data.columns.a=ignore`"
    (other,) = found(NAMED, a=signs, b=sign())
    assert other.help == "take `a` out of `data.features`"


def test_what_is_said_of_a_column_is_its_place() -> None:
    (told,) = found(f"{ALL}columns: {{a: category}}\n", a=sign(constant="x"))
    assert told.location is not None
    assert told.location.key == "data.columns.a"


def test_without_a_config_there_is_no_place() -> None:
    (told,) = found(ALL, placed=False, a=sign(constant="x"))
    assert told.location is None


def test_columns_that_are_not_fed_are_not_told() -> None:
    assert found(ALL, c=sign(constant="x"), d=sign(same_as="a")) == []
    assert found(ALL, a=sign(same_as="c")) == []


@pytest.mark.parametrize(
    ("column", "typed"),
    [
        ("age", "data.columns.age=ignore"),
        ("home address", "'data.columns={home address: ignore}'"),
        ("a.b", "'data.columns={a.b: ignore}'"),
        ("größe", 'columns: {"größe": ignore}'),
    ],
)
def test_names_are_typed_as_the_command_line_reads_them(column: str, typed: str) -> None:
    from kerasgen.frontend.compose.composition import compose

    assert said_of_column(column, "ignore") == typed
    if "data." in typed:
        config = compose(["data=table", typed.strip("'")]).config
        assert config.data.columns == {column: "ignore"}
    else:
        assert yaml.safe_load(typed) == {"columns": {column: "ignore"}}
