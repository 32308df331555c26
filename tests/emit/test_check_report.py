import json
import math

from kerasgen.diagnostics import Diagnostic, Severity, SourceLocation
from kerasgen.emit.text.report import check_report, plain_value
from kerasgen.ir.graph import ModelGraph
from kerasgen.ir.model import TensorRef
from kerasgen.ir.program import CompileDef
from kerasgen.ir.values import ObjectDef, TensorSpec
from kerasgen.passes.cost import CostReport, LayerReport
from kerasgen.passes.ends import OutputSpec
from kerasgen.passes.shapes import Specs

Drawn = tuple[ModelGraph, Specs]

WARNING = Diagnostic(
    code="KG701",
    severity=Severity.WARNING,
    message="something looks odd",
    location=SourceLocation(key="compile.loss", file="conf/compile/auto.yaml", line=3, column=7),
)
ERROR = Diagnostic(code="KG107", severity=Severity.ERROR, message="unknown key `modle`")


def output(name: str, classes: int | None) -> OutputSpec:
    return OutputSpec(
        name=name,
        tensor=TensorRef(name=name),
        spec=TensorSpec(shape=(None, classes or 1)),
        task="classification" if classes else "regression",
        target=TensorSpec(shape=(None,), dtype="int32"),
        classes=classes,
        path=f"model.layers.{name}",
    )


def cost(*layers: LayerReport) -> CostReport:
    return CostReport(
        layers=layers,
        parameters=1290,
        trainable=1280,
        parameter_bytes=5160,
        flops=None,
        activation_bytes=40,
        training_bytes=20_000,
        batch_size=32,
    )


def test_a_program_that_does_not_compile_has_all_keys_and_its_diagnostics() -> None:
    report = check_report([ERROR])
    assert report == {
        "schema": 1,
        "valid": False,
        "model": None,
        "inputs": [],
        "layers": [],
        "outputs": [],
        "totals": None,
        "diagnostics": [
            {
                "code": "KG107",
                "severity": "error",
                "message": "unknown key `modle`",
                "location": None,
                "help": None,
                "notes": [],
            }
        ],
    }


def test_a_program_with_warnings_alone_is_valid() -> None:
    report = check_report([WARNING])
    assert report["valid"] is True
    assert report["diagnostics"][0]["location"]["line"] == 3


def test_a_compiled_program_is_described_in_full(mlp: Drawn) -> None:
    graph, specs = mlp
    layer = LayerReport(
        name="scores",
        cls="Dense",
        shapes=((None, 10),),
        parameters=1290,
        trainable=1280,
        flops=2560,
        path="model.layers.scores",
    )
    report = check_report(
        [],
        graph=graph,
        specs=specs,
        cost=cost(layer),
        outputs=[output("scores", 10)],
        objective=CompileDef(loss="sparse_categorical_crossentropy", metrics=("accuracy",)),
    )
    assert report["model"] == {"name": "mlp", "kind": "Sequential"}
    assert report["inputs"] == [
        {
            "name": "input",
            "shape": [None, 28, 28, 1],
            "dtype": "float32",
            "path": "model.inputs.input",
        }
    ]
    assert report["layers"] == [
        {
            "name": "scores",
            "class": "Dense",
            "shapes": [[None, 10]],
            "parameters": 1290,
            "trainable": 1280,
            "flops": 2560,
            "repeated": False,
            "path": "model.layers.scores",
        }
    ]
    assert report["outputs"] == [
        {
            "name": "scores",
            "tensor": "scores",
            "shape": [None, 10],
            "dtype": "float32",
            "task": "classification",
            "classes": 10,
            "target": {"shape": [None], "dtype": "int32"},
            "labels": {"coding": "indices", "places": 0},
            "fed": "indices",
            "loss": "sparse_categorical_crossentropy",
            "loss_weight": None,
            "metrics": ["accuracy"],
            "weighted_metrics": [],
            "path": "model.layers.scores",
        }
    ]
    assert report["totals"] == {
        "parameters": 1290,
        "trainable": 1280,
        "frozen": 10,
        "parameter_bytes": 5160,
        "activation_bytes": 40,
        "training_bytes": 20_000,
        "batch_size": 32,
        "flops": None,
    }


def test_each_output_has_its_own_loss_and_metrics() -> None:
    smooth = ObjectDef(cls="BinaryCrossentropy", arguments={"label_smoothing": 0.1})
    report = check_report(
        [],
        outputs=[output("digit", 10), output("odd", None)],
        objective=CompileDef(
            loss={"digit": "sparse_categorical_crossentropy", "odd": smooth},
            metrics={"digit": ("accuracy",), "odd": ()},
            loss_weights={"digit": 1.0, "odd": 0.5},
        ),
    )
    digit, odd = report["outputs"]
    assert (digit["loss"], digit["loss_weight"], digit["metrics"]) == (
        "sparse_categorical_crossentropy",
        1.0,
        ["accuracy"],
    )
    assert odd["loss"] == {"class": "BinaryCrossentropy", "label_smoothing": 0.1}
    assert (odd["loss_weight"], odd["metrics"]) == (0.5, [])


def test_a_repeated_call_is_marked(siamese: Drawn) -> None:
    graph, specs = siamese
    layers = [
        LayerReport(
            name=name,
            cls="Dense",
            shapes=((None, 64),),
            parameters=0,
            trainable=0,
            flops=0,
            path="",
        )
        for name in ("tower", "tower_right")
    ]
    report = check_report([], graph=graph, specs=specs, cost=cost(*layers))
    assert [layer["repeated"] for layer in report["layers"]] == [False, True]


def test_the_report_is_json_even_where_a_value_is_not_finite() -> None:
    odd = ObjectDef(cls="Huber", arguments={"delta": math.inf, "other": (math.nan, -math.inf)})
    report = check_report(
        [WARNING], outputs=[output("scores", None)], objective=CompileDef(loss=odd)
    )
    again = json.loads(json.dumps(report, allow_nan=False))
    assert again == report
    assert again["outputs"][0]["loss"] == {
        "class": "Huber",
        "delta": "Infinity",
        "other": ["NaN", "-Infinity"],
    }


def test_an_object_written_as_a_bare_name_stays_a_name() -> None:
    assert plain_value(ObjectDef(cls="AUC", bare=True)) == "AUC"
