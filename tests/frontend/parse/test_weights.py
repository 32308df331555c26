"""What `data.weights` may say."""

import pytest

from kerasgen.diagnostics import Sink
from kerasgen.frontend.parse.weights import parse_weights, with_weights_of_data
from kerasgen.ir.data import DataDef, WeightsDef
from kerasgen.ir.program import FitDef
from kerasgen.ir.values import ObjectDef


def data(weights):
    return DataDef(source=ObjectDef(cls="Csv"), features={}, target={}, task={}, weights=weights)


@pytest.mark.parametrize(
    ("section", "weights"),
    [
        ("worth", WeightsDef(column="worth")),
        ({"class": "balanced"}, WeightsDef(balance="balanced")),
        ({"class": "oversample"}, WeightsDef(balance="oversample")),
        ({"spam": 5, "ham": 1.0}, WeightsDef(classes={"spam": 5.0, "ham": 1.0})),
        ({"class": 5.0, "race": 1.0}, WeightsDef(classes={"class": 5.0, "race": 1.0})),
        ({"0": 2.0}, WeightsDef(classes={0: 2.0})),
        (None, None),
    ],
)
def test_each_form_has_its_meaning(section, weights) -> None:
    sink = Sink()
    assert parse_weights(section, sink) == weights
    assert sink.errors == []


@pytest.mark.parametrize(
    ("section", "code", "key"),
    [
        (["a"], "KG204", "data.weights"),
        ({}, "KG204", "data.weights"),
        ({"spam": "much"}, "KG204", "data.weights.spam"),
        ({"class": "balance"}, "KG205", "data.weights.class"),
        ({"class": "balanced", "spam": 2.0}, "KG205", "data.weights.class"),
    ],
)
def test_what_is_no_weight_is_told_at_its_place(section, code, key) -> None:
    sink = Sink()
    parse_weights(section, sink)
    (found,) = sink.errors
    assert (found.code, found.location.key) == (code, key)


def test_weights_of_classes_are_those_of_fit() -> None:
    sink = Sink()
    balanced = with_weights_of_data(FitDef(), data(WeightsDef(balance="balanced")), sink)
    by_name = with_weights_of_data(FitDef(), data(WeightsDef(classes={"spam": 5.0})), sink)
    assert (balanced.class_weight, by_name.class_weight) == ("balanced", {"spam": 5.0})
    assert with_weights_of_data(FitDef(), data(WeightsDef(column="a")), sink) == FitDef()
    assert sink.errors == []

    with_weights_of_data(FitDef(class_weight="balanced"), data(WeightsDef(column="a")), sink)
    assert [found.location.key for found in sink.errors] == ["fit.class_weight"]
