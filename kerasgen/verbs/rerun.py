"""Running a run again: with its config, its seed and where these were written, in a new folder.

This room owns what is told before the training: what is not as it was. How the config of a record
becomes one to train by stands in `recorded_composition`.

Decisions:
- Code, packages and machine are compared with the record before anything starts, backend and
  devices when they are in force, the data when it is open: always before the first epoch.
- What differs is told and never refused: a run that is repeated elsewhere is worth having.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from kerasgen import __version__
from kerasgen.emit.text.alignment import aligned
from kerasgen.foreign.printable import shown
from kerasgen.foreign.regular_files import ForeignFileError
from kerasgen.record.file_names import FOLDS
from kerasgen.record.files import plain
from kerasgen.record.provenance import identity
from kerasgen.record.read import read_known_record
from kerasgen.registry import NOBODY, Trust
from kerasgen.run.events import Event, ProgramSettled, RunStarted
from kerasgen.run.experiment import run_experiment
from kerasgen.verbs.compared_values import differing_rows, value_text, with_rooms
from kerasgen.verbs.recorded_composition import read_recorded_run

Say = Callable[[str], None]
"""What a line for a person is handed to."""

_BEFORE = ("kerasgen", "code", "python", "packages", "environment", "git", "hardware")
"""Fields of a record that are known before a run starts."""


class ToldDifferences:
    """A listener that says what of a run is not as it was in another one."""

    def __init__(self, fields: Mapping[str, Any], say: Say) -> None:
        """Listens.

        Args:
            fields: the record of the run that is repeated.
            say: takes the lines.
        """
        self._fields = fields
        self._say = say
        self._heard: set[type[Event]] = set()

    def hear(self, event: Event) -> None:
        """Compares what the event tells with the record; of several folds, what the first does."""
        if type(event) in self._heard:
            return
        self._heard.add(type(event))
        if isinstance(event, RunStarted):
            now = {"backend": plain(event.backend), "devices": list(event.devices)}
            _tell(self._fields, now, self._say)
        elif isinstance(event, ProgramSettled):
            known, data = self._fields.get("data"), event.data
            then = known.get("fingerprint") if isinstance(known, Mapping) else None
            if then is None:
                self._say("the record tells no fingerprint of the data")
            elif not isinstance(data, Mapping) or data.get("fingerprint") != then:
                self._say("the data is not what it was: its fingerprint differs")


def rerun(
    folder: Path, outputs: Path, overrides: Sequence[str], say: Say, trust: Trust = NOBODY
) -> int:
    """Runs a run again, in a new folder.

    Args:
        folder: the folder of the run.
        outputs: the folder of all runs, below which the new one is made.
        overrides: what is said otherwise, of any group.
        say: takes lines that tell what is not as it was.
        trust: modules whose parts the run may name, and whether it may open connections.

    Returns:
        The exit code, as of the run itself.

    Raises:
        CompileError: the run cannot be read (KG606 or a code of its own), or the overrides cannot
            be used (KG631).
    """
    recorded = read_recorded_run(folder)
    composition = recorded.composed(overrides, trust)
    say(f"repeats {folder}")
    if not _tell(recorded.fields, {"kerasgen": __version__, **identity()}, say):
        say("code, packages and machine are as its record tells them")
    then = _first_fold(folder) if recorded.of_folds else recorded.fields
    told = ToldDifferences(then, say)
    return run_experiment(composition, new_folder(outputs), listeners=[told])


def _first_fold(folder: Path) -> Mapping[str, Any]:
    """The record of the first fold of a run: what it tells of engine and data holds for all."""
    try:
        return read_known_record(folder / FOLDS / "1")
    except ForeignFileError:
        return {}


def new_folder(outputs: Path) -> Path:
    """A folder for a run that begins now, as runs have it; it is not there yet."""
    moment = datetime.now()
    folder = outputs / f"{moment:%Y-%m-%d}" / f"{moment:%H-%M-%S-%f}"
    number = 0
    while folder.exists():
        number += 1
        folder = folder.with_name(f"{moment:%H-%M-%S-%f}-{number}")
    return folder


def _tell(then: Mapping[str, Any], now: Mapping[str, Any], say: Say) -> bool:
    """Says which fields differ, one a line; whether any does."""
    names = [name for name in now if name in (*_BEFORE, "backend", "devices")]
    rows = differing_rows([_chosen(then, names), _chosen(now, names)])
    lines = [(f"  {shown(row.key)}", *map(value_text, row.values)) for row in rows]
    if lines:
        say("\n".join(aligned([("differs", "then", "now"), *lines])))
    return bool(lines)


def _chosen(fields: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    chosen = {name: fields[name] for name in names if fields.get(name) is not None}
    return with_rooms(chosen)
