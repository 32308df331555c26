"""The door to a finished run: a session that begins with the config of its record.

This room owns how a run folder becomes a config again. A run may come from a stranger: its config
is data, read through the door of `record.read`. Modules that its record says were trusted are
trusted again only by the person who looks at it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from kerasgen.diagnostics import Sink, SourceMap
from kerasgen.foreign.regular_files import ForeignFileError, is_there
from kerasgen.record.file_names import CONFIG, RECORD, SOURCE_MAP
from kerasgen.record.read import read_config, read_known_record, read_source_map
from kerasgen.registry import NOBODY, Trust
from kerasgen.session.named_run import fold_hint
from kerasgen.session.session import Session
from kerasgen.session.states import CLOSED, Findings, ReadConfig, RecordedConfig


def open_run(folder: Path, trust: Trust = NOBODY) -> Session:
    """Opens a finished run, whose data stays closed and which is not trained again.

    Args:
        folder: the folder of the run.
        trust: modules whose parts its config may name.

    Raises:
        CompileError: KG606 or a code of its own, its record or its config cannot be read.
    """
    return Session(recorded_config(folder, trust), CLOSED)


def recorded_config(folder: Path, trust: Trust = NOBODY) -> RecordedConfig:
    """The resolved config of a run whose record is known.

    Args:
        folder: the folder of the run.
        trust: modules whose parts it may name. It may name what was downloaded or connected to
            when it ran: neither is done again.

    Raises:
        CompileError: KG606 or a code of its own, the record or the config is not there, cannot be
            read, or is a newer one.
    """
    sink = Sink()
    _require_known(folder, sink)
    return RecordedConfig(
        folder=folder,
        resolved=ReadConfig(
            config=_config(folder, sink), findings=Findings(source_map=_source_map(folder, sink))
        ),
        trust=replace(trust, connections=True),
    )


def _config(folder: Path, sink: Sink) -> dict[str, Any]:
    try:
        return read_config(folder)
    except ForeignFileError as error:
        if error.missing and not is_there(folder / CONFIG):
            raise sink.fail(
                "KG606",
                f"`{folder}` has no `{CONFIG}`",
                help="a run that failed before its config was settled has none",
            ) from None
        raise sink.fail_file("KG606", folder / CONFIG, error) from error


def _source_map(folder: Path, sink: Sink) -> SourceMap:
    """Where the config was written; nowhere that is known, if the run is older than such maps."""
    try:
        return read_source_map(folder)
    except ForeignFileError as error:
        if error.missing and not is_there(folder / SOURCE_MAP):
            return SourceMap()
        raise sink.fail_file("KG606", folder / SOURCE_MAP, error) from error


def _require_known(folder: Path, sink: Sink) -> None:
    """Refuses a run whose record cannot be read, is of a newer version, or of several folds."""
    try:
        fields = read_known_record(folder)
    except ForeignFileError as error:
        raise sink.fail_file("KG606", folder / RECORD, error) from error
    if isinstance(folds := fields.get("folds"), Mapping):
        raise sink.fail(
            "KG606",
            f"`{folder}` is a run of {folds.get('count')} folds, each of which has a model",
            help=fold_hint(folder, folds),
        )
