"""Passwords in a config are refused, and not shown once more."""

from typing import Any

import pytest

from kerasgen.diagnostics import Sink
from kerasgen.frontend.parse.data import parse_data
from kerasgen.frontend.parse.secrets import refuse_typed_passwords


def _parsed(**source: Any) -> Sink:
    sink = Sink()
    group = {
        "source": {"class": "Table", "path": "t.csv", **source},
        "features": "a",
        "target": "b",
        "task": "regression",
    }
    parse_data(group, sink)
    return sink


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("path", "postgresql://ann:wordfish@host/base"),
        ("path", ["mysql+pymysql://ann:word%40fish@host:3306/base?x=1"]),
        ("path", "mssql://host/base?user=ann&password=wordfish"),
        ("path", "snowflake://ann:wordfish@"),
        ("password", "wordfish"),
        ("token", "wordfish"),
        ("password", "${oc.env:NAME}wordfish"),
    ],
)
def test_a_password_that_is_written_out_is_refused_and_not_shown(key: str, value: Any) -> None:
    (found,) = _parsed(**{key: value}).diagnostics
    assert found.code == "KG520"
    assert found.location is not None
    assert found.location.key == f"data.source.{key}"
    assert "fish" not in str(found)
    assert "data.source.password='${oc.env:NAME}'" in str(found.help)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("path", "postgresql://ann@host:5432/base"),
        ("path", "postgresql://host/base?sslmode=require"),
        ("path", "sqlite:///C:/data/base.sqlite"),
        ("path", "notes: a@b.csv"),
        ("password", "${oc.env:NAME}"),
        ("password", None),
    ],
)
def test_an_address_without_one_and_the_name_of_a_variable_are_accepted(
    key: str, value: Any
) -> None:
    assert not _parsed(**{key: value}).diagnostics


@pytest.mark.parametrize(
    ("override", "refused"),
    [
        ("data.source.path=a.csv,postgresql://ann:wordfish@host/base", True),
        ("++data.source.password='wordfish'", True),
        ("+data.source.password='${oc.env:NAME}'", False),
        ("data.source.path=a.csv,b.csv", False),
        ("model.password=wordfish", False),
        ("+data.sorce.path=postgresql://ann:wordfish@host/base", True),
        ("name=a,postgresql\\://ann\\:wordfish@host/base", True),
        ("name=ann@host,b", False),
    ],
)
def test_what_is_typed_for_a_sweep_is_looked_at_as_a_whole(override: str, refused: bool) -> None:
    sink = Sink()
    refuse_typed_passwords([override], sink)
    assert [found.code for found in sink.diagnostics] == ["KG520"] * refused
    assert "fish" not in str(sink.diagnostics)
    for found in sink.diagnostics:
        assert found.location is not None
        assert found.location.override == f"{override.partition('=')[0]}=***"


@pytest.mark.parametrize("path", ["postgresql:ann:wordfish@host", "ann:wordfish@host/base"])
def test_an_address_that_is_mistyped_is_refused_as_well(path: str) -> None:
    (found,) = _parsed(path=path).diagnostics
    assert found.code == "KG520"
    assert "fish" not in str(found)
