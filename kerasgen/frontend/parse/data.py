"""Parsing of the data group: source, columns, task, preparation, split and facts.

This room owns the syntax of that group. It must not open the data or know which sources exist.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping

from kerasgen.diagnostics import Sink, Suggestion, describe, did_you_mean
from kerasgen.frontend.grammar import DATA_KEYS, by_input, by_output, has_no_data, join
from kerasgen.frontend.parse.columns import parse_columns
from kerasgen.frontend.parse.forecast import (
    FORECASTING,
    check_forecast,
    join_targets,
    parse_series,
    settled_tasks,
)
from kerasgen.frontend.parse.model import parse_entries, parse_object
from kerasgen.frontend.parse.secrets import refuse_passwords
from kerasgen.frontend.parse.split import divided_by_time, parse_split
from kerasgen.frontend.parse.tensors import parse_shape
from kerasgen.frontend.parse.weights import parse_weights
from kerasgen.frontend.sections import report_unknown_key
from kerasgen.ir.data import AUTO, DataDef
from kerasgen.ir.model import Entry
from kerasgen.ir.values import ObjectDef, Tree, Value

SEGMENTATION = "segmentation"
"""A classification of each pixel: the word is read as `classification`, which it is."""

TASKS = (
    *("classification", "multilabel", "regression", "autoencoding"),
    *(SEGMENTATION, FORECASTING, AUTO),
)
_OTHER_WORDS: Mapping[str, str] = {
    **dict.fromkeys(
        (
            *("binary", "binary_classification", "classification_binary", "classifier", "logistic"),
            *("multiclass", "multi_class", "categorical", "sparse_categorical", "classify"),
            *("multiclass_classification", "multi_class_classification"),
            *("image_classification", "text_classification", "sequence_classification"),
            "tagging",
        ),
        "classification",
    ),
    **dict.fromkeys(
        ("multi_label", "multilabel_classification", "multi_label_classification", "tags"),
        "multilabel",
    ),
    **dict.fromkeys(
        (*("linear", "continuous", "numeric", "regress", "linear_regression"),),
        "regression",
    ),
    **dict.fromkeys(("semantic_segmentation", "mask", "masks"), SEGMENTATION),
    **dict.fromkeys(("timeseries", "time_series", "forecast", "windows"), FORECASTING),
    **dict.fromkeys(
        ("autoencoder", "auto_encoder", "reconstruction"),
        "autoencoding",
    ),
}
"""What people call a task, to its name here; words of no task that there is are left out."""

_REASONS: Mapping[str, str] = {
    **dict.fromkeys(
        ("binary", "binary_classification", "classification_binary", "logistic"),
        "two classes are told by the data, or by `data.facts.classes`",
    ),
    **dict.fromkeys(
        ("semantic_segmentation", "mask", "masks"),
        "the target is a mask with the class of each pixel",
    ),
    "tagging": "the target holds the class of each step",
}
"""Why, where the word does not say it: there the task may be a choice."""


def parse_data(section: Tree, sink: Sink) -> DataDef | None:
    """Parses the data group, which is also read alone where the data must be opened first."""
    if not isinstance(section, Mapping):
        sink.report("KG204", f"`data` is {describe(section)}, expected a mapping", key="data")
        return None
    known = len(sink.errors)
    for key in section:
        if key not in DATA_KEYS:
            report_unknown_key(str(key), DATA_KEYS, "data", sink, section)
    if has_no_data(section):
        return _no_data(section.get("facts"), sink) if len(sink.errors) == known else None
    for key in ("source", "features"):
        if not section.get(key):
            sink.report("KG203", f"`data` has no `{key}`", key=f"data.{key}", at="key")
    source = parse_object(section["source"], "data.source", sink) if section.get("source") else None
    if source is not None:
        refuse_passwords(source.arguments, source.path, sink)
    features = _columns(section.get("features") or {}, by_input, "data.features", sink)
    before = len(sink.errors)
    target = _columns(section.get("target") or {}, by_output, "data.target", sink)
    # A target that cannot be read is not one that is missing.
    task = _parse_task(section.get("task"), target, sink) if len(sink.errors) == before else {}
    split = parse_split(section.get("split"), sink)
    before = len(sink.errors)
    keys = parse_series(section, sink)
    readable = len(sink.errors) == before
    task = settled_tasks(task, keys)
    joined = join_targets(target, task, sink)
    if split is not None and readable:
        check_forecast(task, keys, split, sink)
        if keys.time and keys.windows is None:
            split = divided_by_time(split, keys.time, sink)
    facts = _parse_facts(section.get("facts") or {}, sink)
    automatic, entries = parse_prepare(section.get("prepare"), sink)
    written = section.get("augment")
    augment = parse_entries(written, "data.augment", sink) if written else ()
    columns = parse_columns(section.get("columns") or {}, sink)
    weights = parse_weights(section.get("weights"), sink)
    if weights is not None and keys.windows is not None:
        sink.report(
            "KG204",
            "`weights` are given, and the windows of a forecast count the same",
            key="data.weights",
            help="take `weights` out",
        )
    if len(sink.errors) > known or source is None or split is None:
        return None
    return DataDef(
        source=source,
        features=features,
        target=joined.target,
        task=task,
        joined=joined.joined,
        prepare=(*entries, *joined.steps),
        automatic=automatic,
        columns=columns,
        split=split,
        augment=augment,
        time=keys.time,
        series=keys.series,
        windows=keys.windows,
        weights=weights,
        facts=facts,
    )


def parse_prepare(section: Tree, sink: Sink) -> tuple[bool, tuple[Entry, ...]]:
    """Parses `data.prepare`.

    Args:
        section: `auto`, or steps in order; `auto: true` among them is both.
        sink: gets every mistake.

    Returns:
        Whether columns are prepared as their types want it, and the steps that are written.
    """
    if section == AUTO:
        return True, ()
    automatic = isinstance(section, Mapping) and section.get(AUTO) is True
    if isinstance(section, Mapping) and automatic:
        section = {key: value for key, value in section.items() if key != AUTO}
    return automatic, parse_entries(section, "data.prepare", sink) if section else ()


def refuse_absent(data: DataDef | None, sink: Sink) -> None:
    """Refuses a config without data (`data=none`), where rows are needed.

    Raises:
        CompileError: KG621, there is no data.
    """
    if data is not None and data.absent:
        raise sink.fail(
            "KG621",
            "there is no data: `data=none` is for looking at a model alone",
            key="data.source",
            at="key",
            help="choose what to train on, as in `data=digits`",
        )


def _no_data(facts: Tree, sink: Sink) -> DataDef:
    return DataDef(
        source=ObjectDef(cls="", bare=True, path="data.source"),
        features={},
        target={},
        task={},
        facts=_parse_facts(facts, sink) if isinstance(facts, Mapping) else {},
    )


def _parse_facts(facts: Tree, sink: Sink) -> Mapping[str, Value]:
    """Reads the facts; of counts and shapes there may be one for each input or output."""
    if not isinstance(facts, Mapping):
        found = describe(facts)
        sink.report("KG204", f"`data.facts` is {found}, expected a mapping", key="data.facts")
        return {}
    for name, check in (
        ("shape", _check_shape),
        ("target_shape", _check_shape),
        ("column_shape", _check_shape),
        ("classes", _check_count),
        ("samples", _check_count),
    ):
        value, path = facts.get(name), f"data.facts.{name}"
        if isinstance(value, Mapping) and name != "samples":
            for key, item in value.items():
                check(item, join(path, key), sink)
        elif value is not None:
            check(value, path, sink)
    return frozen_facts(facts)


def frozen_facts(facts: Mapping[str, Tree]) -> dict[str, Value]:
    """Facts of the data as a data group holds them: lists are tuples."""
    return {str(key): _frozen(item) for key, item in facts.items()}


def _check_shape(value: Tree, path: str, sink: Sink) -> None:
    if value != []:  # the shape of one number a row
        parse_shape(value, path, sink)


def _check_count(value: Tree, path: str, sink: Sink) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**63:
        sink.report(
            "KG204",
            f"`{path}` is {describe(value)}, expected a positive integer",
            key=path,
        )


def _columns(
    written: Tree, by_name: Callable[[Tree], Tree], path: str, sink: Sink
) -> dict[str, tuple[str, ...]]:
    """The columns of each input or output; a mistake is told at its name, where it has one."""
    section = by_name(written)
    if not isinstance(section, Mapping):
        sink.report(
            "KG204", f"`{path}` is {describe(section)}, expected the name of a column", key=path
        )
        return {}
    columns = {}
    for name, value in section.items():
        items = value if isinstance(value, list) else [value]
        names = [item for item in items if isinstance(item, str)]
        key = join(path, name) if section is written else path
        if not names or len(names) < len(items):
            sink.report("KG204", f"`{key}` is {describe(value)}, expected column names", key=key)
        else:
            columns[str(name)] = tuple(names)
    return columns


def _parse_task(value: Tree, target: Collection[str], sink: Sink) -> dict[str, str]:
    outputs = list(target) or [""]
    tasks = value if isinstance(value, Mapping) else dict.fromkeys(outputs, value)
    for output, task in tasks.items():
        path = join("data.task", output) if isinstance(value, Mapping) else "data.task"
        if output not in outputs:
            report_unknown_key(str(output), outputs, "data.task", sink)
        elif task not in TASKS:
            shown = "missing" if task is None else describe(task)
            words = ", ".join(f"`{known}`" for known in TASKS)
            sink.report(
                "KG205",
                f"the task is {shown}, expected one of {words}",
                key=path,
                help=_task_meant(str(task)) or did_you_mean(str(task), TASKS),
            )
        elif task == "autoencoding" and target:
            sink.report(
                "KG307",
                "an autoencoder's target is its input",
                key="data.target",
                help="leave `data.target` out",
            )
        elif task != "autoencoding" and not target:
            sink.report(
                "KG203",
                f"{task} needs a target",
                key="data.target",
                at="key",
                help="name the column under `data.target`",
            )
    read_as = {SEGMENTATION: "classification"}
    return {str(output): read_as.get(str(task), str(task)) for output, task in tasks.items()}


def _task_meant(word: str) -> str | None:
    """What to write for a task that is called otherwise; None for a word that is not known."""
    plain = re.sub(r"[\W_]+", "_", word.lower()).strip("_")
    task = _OTHER_WORDS.get(plain)
    if task is None:
        return None
    reason, known = _REASONS.get(plain, ""), f"write `{task}`"
    return Suggestion(f"{known}: {reason}" if reason else known, task, sure=not reason)


def _frozen(value: Tree) -> Value:
    if isinstance(value, Mapping):
        return {str(key): _frozen(item) for key, item in value.items()}
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
