"""Jobs whose machine has gone: noticed by a sign that stands still, and taken over.

This room owns how long a job of another machine may give no sign of life, and how it is freed. That
a job gives signs is its own business, which one runs next the schedule's.

Decisions:
- Time is that of this process: a sign counts from when it was first seen here as it is. No time of
  another machine is looked at.
- Only a job that cannot be asked (on another host, in another container) is taken over, and only
  one that has ever given a sign: a run that was started by itself gives none.
- Its record is closed as that of an interrupted run: it goes on from its last state. Should its
  first owner come back, it finds that the record is not its own any more, and ends.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from kerasgen.foreign.printable import shown
from kerasgen.process.interruption import BEAT
from kerasgen.record.provenance import unseen_attempt
from kerasgen.record.run_folder import close_lost
from kerasgen.record.sign_of_life import is_sign_of, read_sign
from kerasgen.record.status import OPEN
from kerasgen.sweep.outcomes import read_fields

SILENCE = 12 * BEAT
"""Seconds for which a sign may stand still: a machine under load may be late, or its disk."""


@dataclass(slots=True, kw_only=True)
class LostMachines:
    """Watches jobs of other machines.

    Attributes:
        silence: seconds after which a job that gives no sign is taken over.
        clock: tells the time in seconds.
    """

    silence: float = SILENCE
    clock: Callable[[], float] = time.monotonic
    _seen: dict[Path, tuple[bytes, float]] = field(default_factory=dict)

    def taken_over(self, folder: Path) -> str | None:
        """Frees a job whose machine has given no sign for long.

        Args:
            folder: the folder of the job, in which another process is taken to be at work.

        Returns:
            What is to be said of it; None for a job that was not freed.
        """
        fields = read_fields(folder)
        attempt = unseen_attempt(fields) if fields.get("status") in OPEN else None
        if attempt is None or not self.is_silent(folder, attempt):
            return None
        host = shown(str(fields["process"].get("host")))
        reason = f"`{host}` has given no sign of life for {self.silence:g} s"
        with contextlib.suppress(OSError):
            if close_lost(folder, reason, attempt):
                return reason
        return None

    def is_silent(self, folder: Path, attempt: str) -> bool:
        """Whether a sign has stood still for long.

        Args:
            folder: where it is.
            attempt: the word of the start that is to give it.
        """
        sign = read_sign(folder)
        if sign is None or not is_sign_of(sign, attempt):
            self._seen.pop(folder, None)
            return False
        known, since = self._seen.get(folder, (None, 0.0))
        if known != sign:
            self._seen[folder] = (sign, self.clock())
            return False
        return self.clock() - since >= self.silence
