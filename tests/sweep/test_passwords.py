"""A sweep with a password in its config or on its command line leaves nothing behind."""

from pathlib import Path
from typing import Any

import pytest

WORDS = ["-m", "data=table", "model=table", "data.target=sold", "seed=1,2"]
ADDRESS = "postgresql://ann:wordfish@host/base"


def _files_with(word: str, folder: Path) -> list[Path]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if word.encode() in path.read_bytes()]


@pytest.mark.parametrize(
    "typed",
    [
        [f"data.source.path={ADDRESS}"],
        [f"data.source.path=a.csv,{ADDRESS}"],
        ["data.source.path=a.csv", "+data.source.password=wordfish"],
        ["data.source.path=a.csv", f"+data.sorce.path={ADDRESS}"],
        ["data.source.path=a.csv", f"name=a,{ADDRESS}"],
    ],
)
def test_a_password_that_is_typed_is_refused_before_anything_is_written(
    application: Any, typed: list[str]
) -> None:
    done = application.run(*WORDS, *typed)
    assert done.returncode == 2
    assert "error[KG520]" in done.stderr
    assert "wordfish" not in done.stderr + done.stdout
    assert not _files_with("wordfish", application.folder)
    assert not application.records()
