"""What the tests of the frontend share: a folder of configs of their own."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

Writer = Callable[[Mapping[str, str | bytes]], str]


@pytest.fixture
def configs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Writer:
    """Writes config files below `mine/` in the working directory; gives that folder's name."""
    monkeypatch.chdir(tmp_path)

    def write(files: Mapping[str, str | bytes]) -> str:
        for name, text in files.items():
            file = tmp_path / "mine" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text if isinstance(text, bytes) else text.encode())
        (tmp_path / "mine").mkdir(exist_ok=True)
        return "mine"

    return write
