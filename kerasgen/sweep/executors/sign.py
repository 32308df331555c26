"""The sign of life that a job gives while it runs, for machines that share its folder.

This room owns the renewing. What the sign is stands in `record.sign_of_life`; the thread that
renews it is the one by which a job sees that its sweep has ended.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from kerasgen.record.provenance import ATTEMPT
from kerasgen.record.run_folder import opened_in
from kerasgen.record.sign_of_life import renew_sign
from kerasgen.sweep.job_spec import JobSpec
from kerasgen.sweep.outcomes import read_fields


@dataclass(slots=True, kw_only=True)
class Sign:
    """The sign of this process.

    Attributes:
        folder: the folder of its job, None where it runs none that is known beforehand.
        attempt: the word of its start.
    """

    folder: Path | None
    attempt: str
    _number: int = 0
    _shown: bool = False

    @classmethod
    def of(cls, job: JobSpec | None) -> Sign:
        """The sign of a job that is about to run in this process."""
        folder = None if job is None else job.folder.absolute()  # It may change its directory.
        return cls(folder=folder, attempt=os.environ.get(ATTEMPT, ""))

    def renew(self) -> str | None:
        """Shows that the job is at work; says why it is to end, None to go on."""
        if self.folder is None:
            return None
        self._number += 1
        own = renew_sign(self.folder, self.attempt, self._number)
        if own is None and self._shown:  # It is gone with the end of the run: of whose?
            own = opened_in(read_fields(self.folder), self.attempt)
        self._shown = self._shown or own is True
        return "another machine has taken the run over" if own is False else None
