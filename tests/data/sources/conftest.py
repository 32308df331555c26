"""Folders of files, and what a source refuses."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from kerasgen.data.table import Source
from kerasgen.diagnostics import CompileError, Diagnostic, Sink


@pytest.fixture
def folder(tmp_path: Path) -> Callable[[Mapping[str, bytes]], str]:
    """Writes files below a folder; gives its path."""

    def write(files: Mapping[str, bytes]) -> str:
        for name, content in files.items():
            path = tmp_path / "files" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return str(tmp_path / "files")

    return write


@pytest.fixture
def refusals() -> Callable[[Source], list[Diagnostic]]:
    """Reads a source that has mistakes, and gives them."""

    def read(source: Source) -> list[Diagnostic]:
        sink = Sink()
        with pytest.raises(CompileError):
            source.read(None, sink)
        return sink.errors

    return read
