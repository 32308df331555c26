"""How far a config reaches: what a file may not bring about, and what a typed value may."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from kerasgen.catalog.entries import Catalog
from kerasgen.diagnostics import Sink, SourceLocation, SourceMap
from kerasgen.passes.callback_files import RECORDED, path_arguments, paths_of, placed
from kerasgen.passes.reach import check_reach, path_problem
from kerasgen.record import file_names
from kerasgen.registry import NOBODY, Trust

ALLOWED = Trust(connections=True)
Reach = Callable[..., list[tuple[str, str]]]


@pytest.fixture
def reach(program: Any, catalog: Catalog) -> Reach:
    """Codes and keys of what is refused in a program of these groups."""

    def check(
        model: Any = None, *, typed: bool = False, trust: Trust = NOBODY, **groups: Any
    ) -> list[tuple[str, str]]:
        layers = {"layers": {"a": {"class": "Dense", "units": 1}}}
        parsed, _ = program({"layers": {"a": model}} if model else layers, **groups)
        told = "x" if typed else None
        sink = Sink(SourceMap(defaults=SourceLocation(override=told)))
        check_reach(parsed, catalog, sink, trust)
        return [(d.code, d.location.key) for d in sink.diagnostics if d.location is not None]

    return check


PATHS = (
    "/etc/x",
    "~/x",
    "~root/x",
    "../x",
    "a/../../x",
    "..",
    "a\\..\\x",
    "C:\\x",
    "C:/x",
    "\\\\host\\x",
    "a\0b",
)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("cls", "argument"),
    [
        ("BackupAndRestore", "backup_dir"),
        ("ModelCheckpoint", "filepath"),
        ("CSVLogger", "filename"),
        ("TensorBoard", "log_dir"),
        ("OrbaxCheckpoint", "directory"),
        ("CSVLogger", "separator"),
    ],
)
def test_no_callback_is_given_a_path_that_leads_out(
    reach: Reach, cls: str, argument: str, path: str
) -> None:
    fit = {"callbacks": {"c": {"class": cls, argument: path}}}
    assert reach(fit=fit) == [("KG113", f"fit.callbacks.c.{argument}")]
    assert reach(fit=fit, typed=True) == []


@pytest.mark.parametrize("path", [".", "", "./", "x/.", "././"])
def test_no_folder_of_a_run_is_given_to_a_callback_that_deletes_it(reach: Reach, path: str) -> None:
    fit = {"callbacks": {"c": {"class": "BackupAndRestore", "backup_dir": path}}}
    own = path == "x/."  # a folder inside
    assert reach(fit=fit) == ([] if own else [("KG113", "fit.callbacks.c.backup_dir")])


@pytest.mark.parametrize(
    "name", ["config.yaml", "./history.csv", "x/../record.json", "prepare/steps.json"]
)
def test_no_callback_writes_over_the_record_of_its_run(reach: Reach, name: str) -> None:
    fit = {"callbacks": {"c": {"class": "CSVLogger", "filename": name}}}
    for typed in (False, True):
        assert reach(fit=fit, typed=typed) == [("KG113", "fit.callbacks.c.filename")]
    fit = {"callbacks": {"c": {"class": "CSVLogger", "filename": f"own/{name}.csv"}}}
    assert reach(fit=fit) == ([] if ".." not in name else [("KG113", "fit.callbacks.c.filename")])


def test_every_file_of_a_record_is_kept_from_callbacks() -> None:
    files = {v for k, v in vars(file_names).items() if k.isupper() and isinstance(v, str)}
    files.remove(file_names.TENSORBOARD)
    pictures = {name for name in files if name.endswith(".png")}
    assert files - pictures - {file_names.MODEL} == RECORDED


def test_a_path_inside_an_argument_is_found(reach: Reach) -> None:
    fit = {"callbacks": {"c": {"class": "TensorBoard", "embeddings_metadata": {"a": "/x"}}}}
    assert reach(fit=fit) == [("KG113", "fit.callbacks.c.embeddings_metadata.a")]


@pytest.mark.parametrize(
    "path", ["best.keras", "a/b.keras", "{epoch:02d}-{val_loss:.2f}.keras", "{epoch}/x", ".hidden"]
)
def test_a_path_below_the_run_folder_is_taken(reach: Reach, path: str) -> None:
    assert reach(fit={"callbacks": {"c": {"class": "ModelCheckpoint", "filepath": path}}}) == []


@pytest.mark.parametrize(
    "path",
    [
        "{epoch.__doc__[5]}{epoch.__doc__[5]}/x",
        "{epoch.__class__}",
        "{epoch!r}",
        "{epoch:/>9}",
        "{epoch[0]}",
    ],
)
def test_a_pattern_fills_in_numbers_alone(path: str) -> None:
    assert path_problem(path, pattern=True) is not None


@pytest.mark.parametrize("name", ["RemoteMonitor"])
def test_a_callback_that_connects_needs_the_users_flag(reach: Reach, name: str) -> None:
    fit = {"callbacks": {"c": {"class": name, "path": "/publish"}}}
    assert reach(fit=fit) == [("KG115", "fit.callbacks.c")]
    assert reach(fit=fit, typed=True) == [("KG115", "fit.callbacks.c")]
    assert reach(fit=fit, trust=ALLOWED) == []


@pytest.mark.parametrize("address", ["gs://b/x", "s3://b", "hdfs://h/x", "https://h/x", "hf://u/m"])
def test_an_address_needs_the_users_flag_wherever_it_stands(reach: Reach, address: str) -> None:
    fit = {"callbacks": {"c": {"class": "TensorBoard", "log_dir": address}}}
    assert reach(fit=fit) == [("KG115", "fit.callbacks.c.log_dir")]
    lookup = {"class": "StringLookup", "vocabulary": address}
    assert reach(lookup) == [("KG115", "model.layers.a.vocabulary")]
    assert reach(lookup, trust=ALLOWED) == []


FUNCTION = {"module": "builtins", "class_name": "function", "config": "get_file"}


@pytest.mark.parametrize(
    "form",
    [
        FUNCTION,
        {"class_name": "__lambda__", "config": {"value": "abc"}},
        {"class_name": "__keras_tensor__", "config": {}},
        {"class_name": "Dense", "config": {"units": 1}},
        {"registered_name": "a>b", "config": {}},
    ],
)
def test_an_object_in_serialized_form_is_refused_wherever_it_stands(
    reach: Reach, form: Mapping[str, Any]
) -> None:
    places = {
        "activation": form,
        "kernel_initializer": form,
        "kernel_regularizer": {"class": "L2", "l2": form},
        "bias_initializer": [form],
        "kernel_constraint": {"a": {"b": [form]}},
        "dtype": form,
    }
    for name, value in places.items():
        (found,) = reach({"class": "Dense", "units": 1, name: value})
        assert found[0] == "KG116"
        assert found[1].startswith(f"model.layers.a.{name}")
    assert reach(optimizer={"class": "SGD", "learning_rate": form}) == [
        ("KG116", "optimizer.learning_rate")
    ]
    loss = {"loss": {"class": "Huber", "delta": form}}
    assert reach(compile=loss) == [("KG116", "compile.loss.delta")]
    assert reach(compile={"metrics": [{"class": "AUC", "curve": form}]}) == [
        ("KG116", "compile.metrics.0.curve")
    ]
    fit = {"callbacks": {"c": {"class": "LambdaCallback", "on_epoch_end": form}}}
    assert reach(fit=fit) == [("KG116", "fit.callbacks.c.on_epoch_end")]
    assert reach({"class": "Dense", "units": 1, "with": {"training": form}}) == [
        ("KG116", "model.layers.a.with.training")
    ]


def test_weights_that_are_downloaded_need_the_users_word(reach: Reach) -> None:
    made = {"class": "applications.MobileNet"}
    assert reach(made) == [("KG117", "model.layers.a")]
    written = {**made, "weights": "imagenet"}
    assert reach(written) == [("KG117", "model.layers.a.weights")]
    assert reach(written, typed=True) == reach(made, trust=ALLOWED) == []
    assert reach({**made, "weights": None}) == reach({**made, "weights": "./a.weights.h5"}) == []
    assert reach({**made, "weights": "https://h/a.h5"}) == [("KG115", "model.layers.a.weights")]


def test_a_saved_program_needs_the_users_word(reach: Reach) -> None:
    made = {"class": "TFSMLayer", "filepath": "model"}
    assert reach(made) == [("KG118", "model.layers.a")]
    assert reach(made, typed=True) == []


def test_a_layer_inside_a_layer_is_looked_at(reach: Reach) -> None:
    made = {"class": "TimeDistributed", "layer": {"class": "TFSMLayer", "filepath": "model"}}
    assert reach(made) == [("KG118", "model.layers.a.layer")]


def test_a_download_of_data_needs_the_users_word(reach: Reach) -> None:
    data = {
        "source": {"class": "KerasDataset", "name": "mnist", "download": True},
        "features": "image",
        "target": "label",
        "task": "classification",
    }
    assert reach(data=data) == [("KG117", "data.source.download")]
    assert reach(data=data, typed=True) == reach(data=data, trust=ALLOWED) == []


def test_which_arguments_are_paths_is_asked_of_the_catalog(catalog: Catalog) -> None:
    found = {
        name: sorted(path_arguments(catalog.entries["callback"][name]))
        for name in catalog.entries["callback"]
    }
    assert {name: paths for name, paths in found.items() if paths} == {
        "BackupAndRestore": ["backup_dir"],
        "CSVLogger": ["filename"],
        "ModelCheckpoint": ["filepath"],
        "OrbaxCheckpoint": ["directory"],
        "TensorBoard": ["log_dir"],
    }


def test_paths_go_below_the_folder_also_where_they_are_left_out(
    program: Any, catalog: Catalog
) -> None:
    from pathlib import PurePosixPath

    fit = {"callbacks": {"a": "TensorBoard", "b": {"class": "CSVLogger", "filename": "/x.csv"}}}
    parsed, _ = program({"layers": {"a": {"class": "Dense", "units": 1}}}, fit=fit)
    board, log = parsed.fit.callbacks.values()
    assert paths_of(board, catalog) == {"log_dir": "logs"}
    folder = PurePosixPath("run")
    assert placed(board, catalog, folder).arguments["log_dir"] == "run/logs"
    assert placed(log, catalog, folder).arguments["filename"] == "/x.csv"


@pytest.mark.parametrize("uri", ["https://host:5000", "postgresql://host/runs"])
def test_a_tracker_connects_only_where_connections_are_allowed(reach: Reach, uri: str) -> None:
    tracking = {"mlflow": {"uri": uri}}
    assert reach(tracking=tracking) == [("KG115", "tracking.mlflow.uri")]
    assert reach(tracking=tracking, typed=True) == [("KG115", "tracking.mlflow.uri")]
    assert reach(tracking=tracking, trust=ALLOWED) == []


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("scheme", ["", "sqlite:///"])
def test_a_tracker_writes_below_the_working_directory_unless_typed(
    reach: Reach, scheme: str, path: str
) -> None:
    tracking = {"mlflow": {"uri": f"{scheme}{path}"}}
    assert reach(tracking=tracking) == [("KG113", "tracking.mlflow.uri")]
    assert reach(tracking=tracking, typed=True) == []


@pytest.mark.parametrize("uri", ["outputs/mlflow", "sqlite:///runs.db"])
def test_a_tracker_writes_below_the_working_directory(reach: Reach, uri: str) -> None:
    assert reach(tracking={"mlflow": {"uri": uri}}) == []


def test_a_run_in_weights_and_biases_is_online_only_where_connections_are_allowed(
    reach: Reach,
) -> None:
    tracking = {"wandb": {"mode": "online"}}
    assert reach(tracking=tracking, typed=True) == [("KG115", "tracking.wandb.mode")]
    assert reach(tracking=tracking, trust=ALLOWED) == []
    assert reach(tracking={"wandb": True}) == []
