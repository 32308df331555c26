"""What a record says of its run, and what a reader makes of it.

This room owns the words of a record's `status`, and which of them a run passes through:
`created` when its folder and record stand, `running` from its first step on, and one of the
closed ones at its end. It must not know how a record is read or written.

Decisions:
- A run that is asked to end (Ctrl-C, SIGTERM, SIGHUP) is `interrupted`; `failed` is left to what
  went wrong by itself. Records of before that word say `failed` of both, and stay as they are.
- A run that a search has ended, since it was not worth going on with, is `pruned`: it did as it was
  asked, and what it has come to by then is kept.
- `killed` stands in no record: who is killed can write none. A reader says it of a run that is
  open while its process is gone, so that a record is right after a crash as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias, get_args

from kerasgen.record.provenance import at_work

Closed: TypeAlias = Literal["completed", "failed", "interrupted", "rejected", "pruned"]
"""How a run can have ended; `rejected` is one whose config or data had mistakes."""

Status: TypeAlias = Literal["created", "running"] | Closed
"""What a record can say of its run."""

OPEN: tuple[Status, ...] = ("created", "running")

CLOSED: tuple[Closed, ...] = get_args(Closed)

KILLED = "killed"
"""What a reader says of a run whose process ended before it could close its record."""


def observed_status(fields: Mapping[str, Any]) -> str:
    """The status of a run as it is now: what its record says, or `killed`.

    Args:
        fields: the fields of a record, with `status` among them.
    """
    status: str = fields["status"]
    return KILLED if status in OPEN and not at_work(fields) else status
