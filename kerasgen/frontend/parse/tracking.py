"""Parsing of the group `tracking`: what a run leaves behind, and who follows it.

This room owns the forms of a tracker: true for one with its defaults, false or null for none, a
mapping for one with settings of its own. Whether its package is there, and whether it may open a
connection, is asked later.

Decisions:
- A password in an address is refused, as in the address of a source: a config is recorded.
- MLflow's own store of plain files is refused, since MLflow refuses it; a folder stands for a
  SQLite store in it.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TypeVar

from kerasgen.diagnostics import Sink, SourceLocation, describe
from kerasgen.foreign.passwords import is_address_with_password
from kerasgen.frontend.sections import read_record
from kerasgen.ir.program import TrackingDef
from kerasgen.ir.trackers import MlflowDef, TensorBoardDef, WandbDef
from kerasgen.ir.values import Tree

Settings = TypeVar("Settings")

_STORES = re.compile(
    r"(https?|(postgresql|mysql|mssql)(\+\w+)?)://\S|sqlite:///.|(?![\w+.-]{2,30}:)."
)
"""Addresses that MLflow takes: a server, a database, a file of SQLite, a folder."""


def parse_tracking(section: Tree, sink: Sink) -> TrackingDef | None:
    """Parses the group `tracking`; None if something in it is wrong, which is reported."""
    tracking = read_record(
        TrackingDef,
        section,
        "tracking",
        sink,
        converters={
            "tensorboard": partial(_tracker, TensorBoardDef),
            "mlflow": partial(_tracker, MlflowDef),
            "wandb": partial(_tracker, WandbDef),
        },
    )
    known = len(sink.errors)
    if tracking is not None and tracking.mlflow is not None:
        _check_store(tracking.mlflow.uri, "tracking.mlflow.uri", sink)
    return tracking if len(sink.errors) == known else None


def _tracker(record: type[Settings], value: Tree, path: str, sink: Sink) -> Settings | None:
    """Reads one tracker."""
    if value is None or value is False:
        return None
    if value is not True and not isinstance(value, dict):
        sink.report(
            "KG204",
            f"`{path.rpartition('.')[2]}` is {describe(value)}, expected true, false or a mapping",
            key=path,
        )
        return None
    return read_record(record, {} if value is True else value, path, sink)


def _check_store(uri: str, path: str, sink: Sink) -> None:
    if is_address_with_password(uri):
        sink.report_at(
            "KG520",
            "the address in `uri` holds a password, and a config is recorded and shown",
            location=SourceLocation(key=path),
            help="leave it out; MLflow takes it from the environment, as "
            "`MLFLOW_TRACKING_USERNAME` and `MLFLOW_TRACKING_PASSWORD`",
        )
    elif not _STORES.match(uri):
        sink.report(
            "KG635",
            f"MLflow has no store at `{uri}`, expected a folder, `sqlite:///FILE`, or the address "
            "of a server",
            key=path,
            help="write a folder, in which a store of SQLite is made: `outputs/mlflow`",
        )
