"""Step 1 of a script: the function `load_data` for each kind of data source.

This room owns which columns a script holds and how they are read. The text does what the sources
of the data room do with the same arguments; it must not know how rows are divided or prepared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from kerasgen.diagnostics import Sink
from kerasgen.emit.script.code import (
    Code,
    call,
    function,
    literal,
    mapped,
    statement,
    string,
)
from kerasgen.emit.script.columns import (
    MATRIX,
    SourceContext,
    closing_lines,
    finished_lines,
    label_columns,
    label_lines,
    used_columns,
)
from kerasgen.emit.script.files import (
    csv_lines,
    image_lines,
)
from kerasgen.ir.schema import ALL
from kerasgen.ir.values import ObjectDef
from kerasgen.passes.columns import column_steps

_PATHS: Mapping[str, str] = {
    "path": "data",
    "test_path": "test-data",
    "x": "x",
    "y": "y",
    "x_test": "x-test",
    "y_test": "y-test",
}
"""Arguments of data sources that name files, to the option of a script."""

_CLASSES = ("digits", "iris", "wine", "breast_cancer")


@dataclass(frozen=True, slots=True, kw_only=True)
class PathOption:
    """An option of a script that names a file or folder.

    Attributes:
        option: its name on the command line, without dashes.
        parameter: the parameter of `load_data` that takes it.
        default: the path of the config, None for one that must be given.
    """

    option: str
    parameter: str
    default: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Loading:
    """The loading step of a script.

    Attributes:
        function: the text of `load_data`.
        paths: its parameters.
        features: model input to columns; `all` where they are known only at run time.
        whole: columns that certainly have more than one axis.
    """

    function: str
    paths: tuple[PathOption, ...]
    features: Mapping[str, tuple[str, ...]]
    whole: frozenset[str]


def load_function(context: SourceContext, sink: Sink) -> Loading:
    """Writes `load_data`, which gives the columns, and the given parts where they are asked for.

    Args:
        context: the data group and what is known of it.
        sink: gets a source for which there is no text: KG611.

    Raises:
        CompileError: there is none.
    """
    source = context.data.source
    writer = _WRITERS.get(source.cls)
    if context.own is not None and context.own.function and not context.given:
        writer = _own_function
    if writer is None:
        known = ", ".join(f"`{name}`" for name in _WRITERS)
        raise sink.fail(
            "KG611",
            f"the data source `{source.cls}` has no form in a script, expected one of {known}",
            key=f"{source.path}.class",
            help="export the data to a file that `Arrays` or `Csv` reads",
        )
    paths = _paths(source)
    features, whole = dict(context.data.features), _whole(source)
    if source.cls == "ScikitLearn" and _is_matrix(context):
        features = dict.fromkeys(features, (MATRIX,))
        whole = frozenset({MATRIX})
    elif context.names:
        features = {name: _written_out(names, context) for name, names in features.items()}
    parameters = ", ".join(path.parameter for path in paths)
    text, body = writer(context)
    return Loading(
        function=function(f"load_data({parameters})", text, body),
        paths=paths,
        features=features,
        whole=whole,
    )


def _paths(source: ObjectDef) -> tuple[PathOption, ...]:
    paths = []
    for argument, option in _PATHS.items():
        value = source.arguments.get(argument)
        if isinstance(value, str):
            default = None if value == "???" else value
            parameter = {"path": "path"}.get(argument, argument)
            paths.append(PathOption(option=option, parameter=parameter, default=default))
    return tuple(paths)


def _whole(source: ObjectDef) -> frozenset[str]:
    name = source.arguments.get("name")
    images = source.cls == "ImageFolder" or (
        source.cls == "KerasDataset" and source.arguments.get("path") is None
    )
    if images or (source.cls == "ScikitLearn" and name == "digits"):
        return frozenset({"image", "features"})
    return frozenset()


def _is_matrix(context: SourceContext) -> bool:
    """Whether the only input is the whole table, as scikit-learn gives it."""
    data, name = context.data, context.data.source.arguments.get("name")
    if name == "digits" or column_steps(data) or len(data.features) != 1:
        return False
    targets = set(data.target.values())
    rest = tuple(column for column in context.names if column not in targets)
    table = tuple(column for column in context.names if column != "target")
    return rest == table and _written_out(next(iter(data.features.values())), context) == rest


def _written_out(names: Sequence[str], context: SourceContext) -> tuple[str, ...]:
    targets = set(context.data.target.values())
    rest = [column for column in context.names if column not in targets]
    return tuple(c for name in names for c in (rest if name == ALL else [name]))


def _scikit_learn(context: SourceContext) -> tuple[str, list[str]]:
    name = str(context.data.source.arguments.get("name"))
    text = f"Loads the data set `{name}` that scikit-learn ships."
    lines = [f"    data = datasets.load_{name}({'scaled=False' if name == 'diabetes' else ''})"]
    target = "data.target" if name in _CLASSES else 'data.target.astype("float32")'
    table = 'data.data.astype("float32")'
    label = "label" if name == "digits" else "target"
    named = name in _CLASSES  # Its classes have names, and its labels are their indices.
    later = label_lines(context, besides=label if named else None)
    if name == "digits":
        image = 'data.images.astype("uint8")[..., np.newaxis]'
        made: Code = mapped({"image": image, label: target})
    elif _is_matrix(context) and name != "linnerud":
        made = mapped({MATRIX: table, label: target})
    else:
        several = name == "linnerud"  # Three targets, each with a name.
        names = [n for n in context.names if several or n != label]
        if several:
            table = 'np.hstack([data.data, data.target]).astype("float32")'
        lines += statement("names = ", literal(names))
        made = call("dict", f"zip(names, {table}.T, strict=True)")
        later = later if several else [f"    columns[{string(label)}] = {target}", *later]
    return text, [*lines, *closing_lines(made, later)]


def _keras_dataset(context: SourceContext) -> tuple[str, list[str]]:
    arguments = context.data.source.arguments
    name, path = str(arguments.get("name")), arguments.get("path")
    housing = name.endswith("_housing")
    x, y = ("features", "target") if housing else ("image", "label")
    if path is not None and not context.given:
        lines = [
            "    with np.load(Path(path).expanduser()) as arrays:",
            '        columns, _ = join_parts(dict(arrays), ("x", "y"))',
        ]
        renamed = mapped({x: 'columns["x"]', y: 'columns["y"]'})
        closing = closing_lines(renamed, label_lines(context))
        return f"Reads a local copy of `{name}`.", [*lines, *closing]
    if path is not None:
        text = f"Reads a local copy of `{name}`, which has its own test part."
        lines = [
            "    with np.load(Path(path).expanduser()) as arrays:",
            '        x_train, y_train = arrays["x_train"], arrays["y_train"]',
            '        x_test, y_test = arrays["x_test"], arrays["y_test"]',
        ]
    else:
        text = f"Loads `{name}` from Keras's cache, or downloads it."
        lines = [f"    (x_train, y_train), (x_test, y_test) = keras.datasets.{name}.load_data()"]
    gray = path is not None or name in ("mnist", "fashion_mnist")
    images: Code = "np.concatenate([x_train, x_test])"
    images = call("as_column", images) if path is not None else images
    images = f"{images}[..., np.newaxis]" if gray and path is None else images
    labels = "np.concatenate([y_train, y_test])"
    labels += ".reshape(-1)" if name.startswith("cifar") else ""
    labels += '.astype("int64")' if y in label_columns(context.data) else ""
    given = 'np.repeat(["training", "test"], [len(x_train), len(x_test)])'
    return text, [*lines, *finished_lines(context, {x: images, y: labels}, given)]


def _arrays(context: SourceContext) -> tuple[str, list[str]]:
    arguments = context.data.source.arguments
    path = arguments.get("path")
    if isinstance(path, str) and path.lower().endswith(".npy"):
        lines = statement("arrays = ", mapped({"x": "np.load(Path(path).expanduser())"}))
    elif isinstance(path, str):
        lines = [
            "    with np.load(Path(path).expanduser()) as file:",
            "        arrays = dict(file)",
        ]
    else:
        tests = arguments.get("x_test") is not None or arguments.get("y_test") is not None
        found: dict[str, Code] = {}
        for name in ("x", "y", "x_test", "y_test"):
            if isinstance(arguments.get(name), str):
                title = f"{name}_train" if tests and not name.endswith("_test") else name
                found[title] = f"np.load(Path({name}).expanduser())"
        lines = statement("arrays = ", mapped(found))
    used = used_columns(context.data)
    names = [] if used is None else [literal(used)]
    kept = "given" if context.given else "_"
    lines += statement(f"columns, {kept} = ", call("join_parts", "arrays", *names))
    end = "    return columns, given" if context.given else "    return columns"
    return "Reads the columns from NumPy's files.", [*lines, *label_lines(context), end]


def _own_function(context: SourceContext) -> tuple[str, list[str]]:
    """Calls the function of one's own that gives the columns."""
    assert context.own is not None
    source = context.data.source
    arguments = {name: literal(value) for name, value in source.arguments.items()}
    given = call(context.own.origin.rpartition(":")[2], named=arguments)
    used = used_columns(context.data)
    lines = statement("given = ", given)
    if used is not None:
        lines += statement("used = ", literal(used))
    lines += [
        "    columns = {}",
        f"    for name in {'given' if used is None else 'used'}:",
        "        column = np.asarray(given[name])",
        '        columns[name] = column.astype("float32") if column.dtype.kind == "f" else column',
    ]
    return f"Takes the columns of `{source.cls}`.", [
        *lines,
        *label_lines(context),
        "    return columns",
    ]


Writer = Callable[[SourceContext], tuple[str, list[str]]]

_WRITERS: Mapping[str, Writer] = {
    "ScikitLearn": _scikit_learn,
    "KerasDataset": _keras_dataset,
    "ImageFolder": image_lines,
    "Csv": csv_lines,
    "Arrays": _arrays,
}
"""Class of a source to the function that writes its loading."""
