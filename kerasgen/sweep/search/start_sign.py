"""The sign of life of a start of a search: where it stands still, others go on with its settings.

This room owns where a start shows that it is at work, and what the others make of it. What a sign
is stands in `record.sign_of_life`, for how long it may stand still in `lost_machines`.

Decisions:
- Each start has a word, which its settings carry, and below `.starts` in the folder of the sweep a
  folder of that name with its sign.
- Starts that share a database and have folders of their own do not see each other's signs: a
  setting of a machine that has died is waited for there.
- A killed start leaves its sign. The next one removes those that no open setting names.
"""

from __future__ import annotations

import contextlib
import re
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kerasgen.foreign.regular_files import is_folder
from kerasgen.process.interruption import BEAT
from kerasgen.record.provenance import process_identity, unseen_attempt
from kerasgen.record.sign_of_life import leave_sign, remove_sign, renew_sign
from kerasgen.sweep.lost_machines import LostMachines

_FOLDER = ".starts"

_WORD = re.compile("[0-9a-f]{32}")
"""What is the word of a start; a study may come from a stranger."""


def word_of(process: object) -> str | None:
    """The word of the start that a setting carries, None for one that can lead nowhere.

    Args:
        process: what the setting says of the process that has asked for it.
    """
    word = process.get("attempt") if isinstance(process, Mapping) else None
    return word if isinstance(word, str) and _WORD.fullmatch(word) else None


@dataclass(slots=True, kw_only=True)
class StartSign:
    """The sign of this start of a search, and its eye on those of the others.

    Attributes:
        sweep: the folder of the sweep.
        word: the word of this start.
        lost: watches the signs of the others.
    """

    sweep: Path
    word: str = field(default_factory=lambda: uuid.uuid4().hex)
    lost: LostMachines = field(default_factory=LostMachines)
    _number: int = 0
    _due: float | None = None

    def process(self) -> dict[str, Any]:
        """What a setting carries that this start has asked for."""
        return {**process_identity(), "attempt": self.word}

    def renew(self) -> None:
        """Shows that this start is at work, where it is time to."""
        now = self.lost.clock()
        if self._due is not None and now < self._due:
            return
        self._due = now + BEAT
        self._number += 1
        place = self._place(self.word)
        if renew_sign(place, self.word, self._number) is None and not place.parent.is_symlink():
            with contextlib.suppress(OSError):
                place.mkdir(parents=True, exist_ok=True)
            leave_sign(place, self.word)

    def is_gone(self, process: object) -> bool:
        """Whether the start that has asked for a setting has given no sign for long.

        Args:
            process: what the setting says of it.
        """
        word = word_of(process)
        if word is None or unseen_attempt({"process": process}) is None:
            return False
        return self.lost.is_silent(self._place(word), word)

    def remove(self) -> None:
        """Removes the sign of a start that has ended."""
        _remove(self._place(self.word))
        with contextlib.suppress(OSError):
            (self.sweep / _FOLDER).rmdir()

    def remove_left(self, named: Collection[str | None]) -> None:
        """Removes the signs of starts that have ended without it.

        One that was at work after all leaves its sign anew.

        Args:
            named: the words of the starts that open settings name.
        """
        root = self.sweep / _FOLDER
        if root.is_symlink() or not is_folder(root):
            return
        with contextlib.suppress(OSError):
            for place in root.iterdir():
                if _WORD.fullmatch(place.name) and place.name not in named:
                    _remove(place)

    def _place(self, word: str) -> Path:
        return self.sweep / _FOLDER / word


def _remove(place: Path) -> None:
    if not place.is_symlink():
        remove_sign(place)
        with contextlib.suppress(OSError):
            place.rmdir()
