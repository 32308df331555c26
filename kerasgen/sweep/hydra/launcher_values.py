"""The values below `hydra.launcher`, read one by one; all that is wrong is told together.

This room owns how a number, a size or a mapping is read there, and how a wrong one is refused. What
a key means stands where it is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from omegaconf import DictConfig, ListConfig, OmegaConf

from kerasgen.diagnostics import CompileError, Sink, describe
from kerasgen.frontend.compose.hydra_settings import place_of_setting
from kerasgen.frontend.parse.backend import bytes_of


class LauncherValues:
    """Reads values.

    Args:
        said: the settings of the launcher.
        config: the config of the sweep, for the places of its settings.
    """

    def __init__(self, said: Mapping[str, Any], config: DictConfig) -> None:
        self._said = {key: _plain(value) for key, value in said.items()}
        self._config = config
        self.sink = Sink()

    def get(self, key: str, default: object = None) -> Any:
        """A value as it was written."""
        return self._said.get(key, default)

    def refuse(self, key: str, expected: str) -> None:
        """Reports a value that is not what it must be."""
        self.sink.report_at(
            "KG204",
            f"`{key}` is {describe(self.get(key))}, expected {expected}",
            place_of_setting(self._config, f"hydra.launcher.{key}"),
        )

    def number(self, key: str, default: float | None, *, least: float = 0) -> float | None:
        """A number above a least one; null where there may be none."""
        value = self.get(key, default)
        if value is None and default is None:
            return None
        if not isinstance(value, int | float) or isinstance(value, bool) or not value >= least:
            self.refuse(key, f"a number from {least:g}{' or null' if default is None else ''}")
            return default
        return float(value)

    def whole(self, key: str, default: int | None, *, least: int = 0) -> int | None:
        """A whole number from a least one on; null where there may be none."""
        value = self.get(key, default)
        if value is None and default is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            self.refuse(key, f"an integer from {least}{' or null' if default is None else ''}")
            return default
        return value

    def size(self, key: str) -> int | None:
        """Bytes, None for null."""
        value = self.get(key)
        found = None if value is None else bytes_of(value)
        if value is not None and found is None:
            self.refuse(key, "bytes, a size such as `4GB`, or null")
        return found

    def flag(self, key: str, default: bool = False) -> bool:
        """True or false."""
        value = self.get(key, default)
        if not isinstance(value, bool):
            self.refuse(key, "true or false")
            return default
        return value

    def text(self, key: str) -> str | None:
        """A text, None for null."""
        value = self.get(key)
        if value is not None and not isinstance(value, str):
            self.refuse(key, "a text or null")
            return None
        return value

    def fail(
        self,
        code: str,
        message: str,
        key: str | None = None,
        help: str | None = None,  # noqa: A002 - the word that the user reads
    ) -> CompileError:
        """The error of something outside the config that a setting, or the launcher, has led to."""
        setting = "hydra/launcher" if key is None else f"hydra.launcher.{key}"
        place = place_of_setting(self._config, setting)
        return self.sink.fail_at(code, message, location=place, help=help)


def _plain(value: object) -> object:
    if isinstance(value, DictConfig | ListConfig):
        return OmegaConf.to_container(value, resolve=True)
    return value
