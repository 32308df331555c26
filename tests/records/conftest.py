"""Runs to read: records as a run leaves them, without running anything."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kerasgen.record.layout import CONFIG, RECORD, SCHEMA
from kerasgen.run.provenance import process_identity

MakeRun = Callable[..., Path]


@pytest.fixture
def make_run(tmp_path: Path) -> MakeRun:
    """Writes a record: `make_run(id, config=text, **fields)`; gives back the folder."""

    def make(place: str, /, *, config: str | None = None, **fields: Any) -> Path:
        folder = tmp_path / place
        folder.mkdir(parents=True, exist_ok=True)
        record = {
            "schema": SCHEMA,
            "status": "completed",
            "name": "",
            "started": "2024-05-01T12:00:00.000+00:00",
            "process": process_identity(),
            "choices": {},
        }
        (folder / RECORD).write_text(json.dumps(record | fields), encoding="utf-8")
        if config is not None:
            (folder / CONFIG).write_text(config, encoding="utf-8")
        return folder

    return make
