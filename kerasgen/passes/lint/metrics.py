"""Rules of lint about metrics that take scores or labels for something else than they are.

It owns what a metric counts when it is given another form than it expects.
"""

from __future__ import annotations

from kerasgen.diagnostics import Sink
from kerasgen.ir.program import loss_name, loss_word
from kerasgen.ir.values import ObjectDef
from kerasgen.passes.lint.view import LintView, ScoredOutput, advise

_PER_CLASS = frozenset({"average", "class_id", "thresholds", "top_k"})
"""Arguments that say what of several scores is counted."""


def metric_of_another_form(view: LintView, sink: Sink) -> None:
    """KG711: metrics that take scores or labels for something else."""
    for end in view.outputs:
        if end.output.fed == "amounts":
            continue
        for metric, place in end.metrics:
            arguments = metric.arguments if isinstance(metric, ObjectDef) else {}
            found = _misfit(loss_word(metric), end, set(arguments))
            if found is not None:
                expected, write, reason = found
                advise(
                    sink,
                    "KG711",
                    f"`{loss_name(metric)}` expects {expected}",
                    place,
                    mend=f"write `{write}`",
                    reason=reason,
                )


def _misfit(word: str, end: ScoredOutput, arguments: set[str]) -> tuple[str, str, str] | None:
    """What a metric expects instead, what to write, and what it counts as it is."""
    name, single = end.output.name, end.units == 1
    one_hot = end.one_hot and not single
    if end.output.fed == "multi_hot":
        return _misfit_of_several(word, name, arguments)
    if word.endswith(("categoricalaccuracy",)) and single:
        return (
            f"a score for each class, and `{name}` gives one",
            "binary_accuracy",
            "the only score is always the largest, whatever the label",
        )
    if word == "binaryaccuracy" and one_hot and end.activation == "softmax":
        return (
            f"yes or no for each score, and one class of `{name}` is right",
            "categorical_accuracy",
            "it counts every class that is rightly not meant: with ten classes, guessing gives 0.9",
        )
    if word in ("precision", "recall") and one_hot and not arguments & _PER_CLASS:
        return (
            f"yes or no for each score, and one class of `{name}` is right",
            f"{{class: {word.title()}, average: macro}}",
            "it counts scores above 0.5, of all classes together: a row whose largest score is "
            "less counts for none",
        )
    if word in ("f1score", "fbetascore") and single and "threshold" not in arguments:
        return (
            f"a `threshold` where there is one score, as of `{name}`",
            "{class: F1Score, threshold: 0.5}",
            "without it the largest score is the positive one: every sample counts as positive",
        )
    if word in ("meaniou", "iou") and single and "sparse_y_pred" not in arguments:
        return (
            f"class indices for predictions, and `{name}` gives a probability",
            "{class: BinaryIoU, target_class_ids: [0, 1]}",
            "it cuts probabilities to whole numbers: every sample counts as class 0",
        )
    return None


def _misfit_of_several(word: str, name: str, arguments: set[str]) -> tuple[str, str, str] | None:
    """The same, beside several labels a row."""
    if word in ("accuracy", "acc", "categoricalaccuracy", "topkcategoricalaccuracy"):
        return (
            f"one right label of many, and the rows of `{name}` have several",
            "binary_accuracy",
            "it asks whether the largest score stands at the first of the labels",
        )
    if word in ("f1score", "fbetascore") and "threshold" not in arguments:
        return (
            f"a `threshold` where the rows have several labels, as of `{name}`",
            "{class: F1Score, threshold: 0.5}",
            "without it the label of the largest score is the only one that is given",
        )
    return None
