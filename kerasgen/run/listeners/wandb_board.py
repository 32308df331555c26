"""The board of Weights & Biases: `python -m kerasgen.run.listeners.wandb_board`, fed with lines.

This room owns what of a run stands where in W&B. It is the only module that imports W&B, and no
other imports it.

Decisions:
- A run that goes on has the id of the one before, which the name of its folder tells. Offline it
  becomes a second part of the same run, which W&B puts together as both are synced.
- Files are copied to where W&B looks for them: it would make links, which break as a run is moved.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from kerasgen.record.file_names import WANDB
from kerasgen.run.listeners.board import TrackedRun
from kerasgen.run.listeners.board_process import serve

_OWN = re.compile(r"(?:offline-)?run-(\d{8}_\d{6})-([a-z0-9]+)")
"""The folder that W&B makes of a run: when it began, and its id."""

_RECORD = "record"
"""The folder of W&B's own in which the files of a run lie: W&B has files of the same names."""

_EXIT_CODES = {"completed": 0, "pruned": 0, "failed": 1, "rejected": 2}
"""How a run ended to the exit code that W&B is told; what somebody has ended has 130."""


class WandbBoard:
    """Writes a run into Weights & Biases.

    Args:
        settings: `project`, `mode`, `entity` and `run_name`.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = settings
        self._run: Any = None

    def start(self, run: TrackedRun) -> None:
        """Begins or goes on with a run."""
        folder = Path(run.folder)
        os.environ["WANDB_CACHE_DIR"] = os.environ["WANDB_DATA_DIR"] = str(folder / WANDB)
        import wandb

        known = known_id(folder / WANDB) if run.resumed else None
        settings = wandb.Settings(
            silent=True,
            console="off",
            disable_git=True,
            disable_code=True,
            x_disable_stats=True,
        )
        self._run = wandb.init(
            project=self._settings["project"],
            entity=self._settings["entity"],
            mode=self._settings["mode"],
            name=self._settings["run_name"] or run.name,
            dir=str(folder),
            id=known or secrets.token_hex(4),
            resume=None if known is None or self._settings["mode"] == "offline" else "allow",
            group="/".join(Path(run.groups[0]).parts[-2:]) if run.groups else None,
            config={**yaml.safe_load(run.config), "kerasgen": {**run.facts, "folder": run.folder}},
            settings=settings,
        )

    def scalars(self, step: int | None, figures: Mapping[str, float]) -> None:
        """Takes numbers: of an epoch into its history, of the whole run into its summary."""
        if step is None:
            self._run.summary.update(dict(figures))
        else:
            self._run.log(dict(figures), step=step)

    def text(self, name: str, text: str) -> None:
        """Takes a text as a file."""
        self._copy_to(name).write_text(text, encoding="utf-8")
        self._save(name)

    def artifact(self, path: str) -> None:
        """Takes a file."""
        name = Path(path).name
        shutil.copyfile(path, self._copy_to(name))
        self._save(name)

    def finish(self, status: str) -> None:
        """Closes the run, once all is written or sent."""
        self._run.finish(exit_code=_EXIT_CODES.get(status, 130))

    def _copy_to(self, name: str) -> Path:
        place = Path(self._run.dir) / _RECORD / name
        place.parent.mkdir(exist_ok=True)
        return place

    def _save(self, name: str) -> None:
        self._run.save(str(self._copy_to(name)), base_path=self._run.dir, policy="now")


def known_id(folder: Path) -> str | None:
    """The id of the newest run that W&B has in a folder, None where there is none."""
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    found = [match for name in names if (match := _OWN.fullmatch(name)) is not None]
    newest = max(found, key=lambda match: match[1], default=None)
    return None if newest is None else newest[2]


if __name__ == "__main__":
    sys.exit(serve(WandbBoard, sys.stdin.buffer))
