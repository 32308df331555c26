"""Precision and recall averaged over classes, held against what scikit-learn says."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kerasgen.diagnostics import CompileError
from kerasgen.frontend.compose.composition import compose
from kerasgen.ir.values import ObjectDef
from kerasgen.session.session import Session

AVERAGES = ("micro", "macro", "weighted", None)


def compiled(*metrics: str, more: tuple[str, ...] = ()) -> Any:
    session = Session(
        compose(
            [
                f"backend={os.environ['KERAS_BACKEND']}",
                f"compile.metrics=[{','.join(metrics)}]",
                *more,
            ]
        )
    )
    return session.compiled.program, session.findings.sink()


def written(cls: str, average: str | None) -> str:
    return f"{{class: {cls}, average: {average or 'null'}}}"


def made(metric: ObjectDef) -> Any:
    from kerasgen.engines.keras3.introspection import keras_catalog
    from kerasgen.engines.keras3.objects import make_object

    return make_object(metric, ("metric",), keras_catalog())


def classified(rows: int = 700, classes: int = 10) -> tuple[Any, Any, Any]:
    """Labels, scores of a fair classifier, and weights of rows."""
    rng = np.random.default_rng(5)
    truth = rng.integers(0, classes, rows) ** 2 // classes  # some classes are rare
    scores = rng.random((rows, classes)).astype("float32")
    scores[np.arange(rows), truth] += 0.6
    return truth, scores / scores.sum(axis=1, keepdims=True), rng.random(rows).astype("float32")


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted rows"])
@pytest.mark.parametrize("average", AVERAGES, ids=str)
@pytest.mark.parametrize("cls", ["Precision", "Recall", "F1Score"])
def test_scores_of_several_batches_are_those_of_scikit_learn(
    engine: str, cls: str, average: str | None, weighted: bool
) -> None:
    from sklearn.metrics import f1_score, precision_score, recall_score

    theirs = {"Precision": precision_score, "Recall": recall_score, "F1Score": f1_score}[cls]
    program, _ = compiled(written(cls, average))
    (definition,) = program.objective.metrics
    metric = made(definition)
    truth, scores, weights = classified()
    for start in range(0, len(truth), 64):
        part = slice(start, start + 64)
        metric.update_state(
            np.eye(10, dtype="float32")[truth[part]],
            scores[part],
            sample_weight=weights[part] if weighted else None,
        )
    expected = theirs(
        truth,
        scores.argmax(axis=1),
        average=average,
        labels=range(10),
        zero_division=0,
        sample_weight=weights if weighted else None,
    )
    assert np.asarray(metric.result()) == pytest.approx(np.asarray(expected), abs=1e-6)


def test_they_are_called_as_they_are_written(engine: str) -> None:
    program, _ = compiled(
        written("Precision", "macro"), "{class: Recall, average: weighted, name: found}"
    )
    names = [made(metric).name for metric in program.objective.metrics]
    assert names == ["precision", "found"]
    assert [metric.cls for metric in program.objective.metrics] == ["FBetaScore", "FBetaScore"]


def test_labels_become_one_hot_for_them(engine: str) -> None:
    program, _ = compiled(written("Recall", "macro"), "accuracy")
    assert program.outputs[0].encoded


def test_one_score_has_no_classes_to_average_over(engine: str) -> None:
    program, _ = compiled(
        written("Precision", "macro"), more=("data=breast_cancer", "model=table_binary")
    )
    (metric,) = program.objective.metrics
    assert (metric.cls, dict(metric.arguments)) == ("Precision", {})


@pytest.mark.parametrize(
    ("metric", "code", "path"),
    [
        ("{class: Precision, average: macro, class_id: 3}", "KG206", "compile.metrics.0.class_id"),
        (
            "{class: Recall, average: macro, thresholds: [0.1, 0.2]}",
            "KG206",
            "compile.metrics.0.thresholds",
        ),
        ("{class: Recall, average: makro}", "KG204", "compile.metrics.0.average"),
    ],
)
def test_what_cannot_be_averaged_is_refused(engine: str, metric: str, code: str, path: str) -> None:
    with pytest.raises(CompileError) as refused:
        compiled(metric)
    (found,) = refused.value.diagnostics
    assert (found.code, found.location.key) == (code, path)


@pytest.mark.parametrize("metric", ["precision", "Recall"])
def test_scores_that_are_counted_apart_are_advised_against(engine: str, metric: str) -> None:
    _, sink = compiled(metric)
    (advice,) = [d for d in sink.diagnostics if d.code == "KG711"]
    assert f"{{class: {metric.title()}, average: macro}}" in (advice.help or "")


SEVERAL = """
source: {class: Arrays, path: '%s/rows.npz'}
features: x
target: y
task: multilabel
split: {test: 0.2}
facts: {shape: [4], classes: 5}
"""


@pytest.mark.parametrize("cls", ["Precision", "Recall"])
def test_of_several_labels_a_row_each_score_counts_apart(
    engine: str, tmp_path: Path, cls: str
) -> None:
    from sklearn.metrics import precision_score, recall_score

    rng = np.random.default_rng(2)
    truth = (rng.random((60, 5)) < 0.4).astype("float32")
    scores = (rng.random((60, 5)) * 0.6 + truth * 0.3).astype("float32")
    np.savez(tmp_path / "rows.npz", x=rng.random((60, 4)).astype("float32"), y=truth)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "own.yaml").write_text(SEVERAL % tmp_path, encoding="utf-8")
    program, sink = compiled(
        written(cls, "macro"),
        more=(
            f"hydra.searchpath=[file://{tmp_path}]",
            "data=own",
            "model=table_classes",
            "model.layers.scores.activation=sigmoid",
        ),
    )
    assert [d for d in sink.diagnostics if d.code == "KG711"] == []
    metric = made(program.objective.metrics[0])
    metric.update_state(truth, scores)
    theirs = {"Precision": precision_score, "Recall": recall_score}[cls]
    expected = theirs(truth, scores > 0.5, average="macro", zero_division=0)
    assert np.asarray(metric.result()) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("callback", "argument"),
    [
        ("{class: EarlyStopping, monitor: val_recall, mode: max}", "monitor"),
        ("{class: ReduceLROnPlateau, monitor: val_recall, mode: max}", "monitor"),
        (
            "{class: ModelCheckpoint, filepath: b.keras, monitor: recall, mode: max, "
            "save_best_only: true}",
            "monitor",
        ),
        ("{class: ModelCheckpoint, filepath: 'b{val_recall:.2f}.keras'}", "filepath"),
    ],
)
def test_a_figure_of_each_class_is_nothing_to_wait_for(
    engine: str, callback: str, argument: str
) -> None:
    with pytest.raises(CompileError) as refused:
        compiled(written("Recall", None), more=(f"fit.callbacks.one={callback}",))
    (found,) = refused.value.diagnostics
    assert (found.code, found.location.key) == ("KG206", f"fit.callbacks.one.{argument}")
    compiled(written("Recall", "macro"), more=(f"fit.callbacks.one={callback}",))
