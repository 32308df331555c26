from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from kerasgen.diagnostics import Diagnostic, Sink
from kerasgen.frontend.grammar import join
from kerasgen.frontend.sections import check_value, read_record, report_unknown_key
from kerasgen.ir.program import FitDef


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    count: int = field(default=1, metadata={"minimum": 1})
    rate: float = 0.5
    mode: Literal["auto"] | bool = "auto"
    name: str | None = None
    weights: Mapping[str, float] | None = None
    path: str = ""


def read(section: Any, **options: Any) -> tuple[Settings | None, list[Diagnostic]]:
    sink = Sink()
    return read_record(Settings, section, "fit", sink, **options), sink.diagnostics


def test_what_a_section_leaves_out_has_the_fields_default() -> None:
    assert read({"count": 3}) == (Settings(count=3, path="fit"), [])
    assert read(None) == (Settings(path="fit"), [])


def test_an_integer_serves_as_a_number_and_a_truth_value_does_not() -> None:
    assert read({"rate": 1}) == (Settings(rate=1, path="fit"), [])
    record, (found,) = read({"rate": True})
    assert record is None
    assert found.message == "`rate` is the boolean `true`, expected a number"


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ({"count": "3"}, "an integer"),
        ({"count": 2.0}, "an integer"),
        ({"name": 3}, "a string or null"),
        ({"mode": "always"}, "`auto` or true or false"),
        ({"weights": [1]}, "a mapping or null"),
    ],
)
def test_a_value_of_the_wrong_kind_is_reported_with_what_was_expected(
    section: dict[str, Any], expected: str
) -> None:
    record, (found,) = read(section)
    assert record is None
    assert found.code == "KG204"
    assert found.message.endswith(f"expected {expected}")
    assert found.location is not None
    assert found.location.key == f"fit.{next(iter(section))}"


def test_a_wrong_value_in_a_mapping_is_reported_at_its_key() -> None:
    record, (found,) = read({"weights": {"a": "x", "b": 1.0}})
    assert record is None
    assert found.message == '`a` is the string "x", expected a number'
    assert found.location is not None
    assert found.location.key == "fit.weights.a"


@pytest.mark.parametrize("count", [0, -1])
def test_a_number_below_its_minimum_is_reported(count: int) -> None:
    _, (found,) = read({"count": count})
    assert found.message == f"`count` is `{count}`, expected at least `1`"


def test_an_unknown_key_is_reported_at_the_key_with_the_nearest_one() -> None:
    record, (found,) = read({"cuont": 3})
    assert record is None
    assert (found.code, found.help) == ("KG107", "did you mean `count`?")
    assert found.message == "`fit` has no key `cuont`"


def test_the_path_of_a_record_is_no_key_of_its_section() -> None:
    assert read({"path": "x"})[1][0].code == "KG107"


def test_every_mistake_of_a_section_is_reported() -> None:
    _, found = read({"cuont": 3, "rate": "x", "name": 1})
    assert [d.code for d in found] == ["KG107", "KG204", "KG204"]


def test_a_section_must_be_a_mapping() -> None:
    record, (found,) = read([1])
    assert record is None
    assert found.message == "`fit` is a list, expected a mapping"


def test_a_converter_reads_a_field_in_place_of_its_annotation() -> None:
    record, found = read(
        {"name": 3}, converters={"name": lambda value, path, sink: f"{path}={value}"}
    )
    assert not found
    assert record is not None
    assert record.name == "fit.name=3"


def test_a_given_field_is_not_read() -> None:
    record, found = read({"count": 3}, given={"name": "x"})
    assert record == Settings(count=3, name="x", path="fit")
    assert not found
    assert read({"name": "y"}, given={"name": "x"})[1][0].code == "KG107"


def test_a_record_without_a_path_is_read_too() -> None:
    sink = Sink()
    assert read_record(FitDef, {"epochs": 3}, "fit", sink) == FitDef(epochs=3)


def test_a_mistake_reported_before_does_not_spoil_a_good_section() -> None:
    sink = Sink()
    report_unknown_key("x", ["y"], "", sink)
    assert sink.diagnostics[0].message == "the config has no key `x`"
    assert read_record(Settings, {}, "fit", sink) is not None


def test_a_value_is_checked_by_an_annotation_alone() -> None:
    sink = Sink()
    assert check_value(3, int, "seed", sink)
    assert not check_value("3", int, "seed", sink)


def test_key_paths_are_joined_with_dots() -> None:
    assert (join("", "a"), join("a", "b"), join("a", 0)) == ("a", "a.b", "a.0")


def test_a_section_with_none_of_its_keys_is_told_by_its_own_name() -> None:
    sink = Sink()
    read_record(FitDef, {"standardize": 1, "rows": 2}, "fit", sink)
    assert [(d.code, d.message) for d in sink.diagnostics] == [
        ("KG107", "`fit` holds `standardize`, `rows`, and none of its own keys")
    ]
    sink = Sink()
    read_record(FitDef, {"standardize": 1, "epochs": 2}, "fit", sink)
    assert [d.message for d in sink.diagnostics] == ["`fit` has no key `standardize`"]
