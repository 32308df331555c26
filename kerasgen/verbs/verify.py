"""Verifying a run: whether it comes to the same once more, and if not, why.

This room owns the answer: `identical`, `within tolerance`, or `differs` with its causes. What
results are stands in `verification.results`, what they depend on in `verification.causes`, and how
the run is repeated in `clean_process`.

Decisions:
- The results decide. What is not as it was is told in any case: it is a cause where they differ,
  and did not matter where they do not.
- A file that was edited since, or is gone, lets a run differ: its record is not what it has left.
- The folds of a run are compared each with its own.
"""

from __future__ import annotations

import math
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

from kerasgen.diagnostics import Sink
from kerasgen.emit.text.alignment import aligned
from kerasgen.foreign.printable import shown
from kerasgen.foreign.regular_files import ForeignFileError
from kerasgen.ir.canonical import ABSENT
from kerasgen.record.checkpoints import newest_checkpoint
from kerasgen.record.checksums import known_checksums, require_as_written
from kerasgen.record.file_names import FOLDS, RECORD
from kerasgen.record.files import plain
from kerasgen.record.read import read_known_record, required
from kerasgen.record.status import OPEN, observed_status
from kerasgen.registry import NOBODY, Trust
from kerasgen.verbs.clean_process import Repetition, run_again
from kerasgen.verbs.compared_values import value_text
from kerasgen.verbs.verification.causes import Cause, causes_between
from kerasgen.verbs.verification.results import ComparedPart, compare_results

Verdict: TypeAlias = Literal["identical", "within tolerance", "differs"]
"""What a verification comes to."""

_HASH = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{52}\b")

Say: TypeAlias = Callable[[str], None]
"""What a line for a person is handed to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What a run that was repeated came to.

    Attributes:
        folder: the folder of the run.
        parts: its results beside the new ones.
        causes: what is not as it was.
        edited: file of the run to what is wrong with it.
        tolerance: the largest difference that is none.
    """

    folder: Path
    parts: tuple[ComparedPart, ...]
    causes: tuple[Cause, ...]
    edited: Mapping[str, str]
    tolerance: float

    @property
    def largest(self) -> float:
        """The largest difference between results."""
        return max((part.largest for part in self.parts), default=0.0)

    @property
    def verdict(self) -> Verdict:
        """What it comes to."""
        if self.edited or not self.parts or self.largest > self.tolerance:
            return "differs"
        return "identical" if all(part.identical for part in self.parts) else "within tolerance"

    def report(self) -> dict[str, object]:
        """All of it as plain data."""
        return {
            "schema": 1,
            "run": str(self.folder),
            "verdict": self.verdict,
            "tolerance": self.tolerance,
            "largest_difference": plain(self.largest),
            "results": [
                {
                    "part": part.name,
                    "arrays": part.arrays,
                    "identical": part.identical,
                    "largest_difference": plain(part.largest),
                    "where": part.where or None,
                    "fault": part.fault,
                }
                for part in self.parts
            ],
            "causes": [
                {
                    "kind": cause.kind,
                    "key": cause.row.key,
                    "then": _told(cause.row.values[0]),
                    "now": _told(cause.row.values[1]),
                }
                for cause in self.causes
            ],
            "edited": dict(self.edited),
        }


def verify_run(
    folder: Path, trust: Trust = NOBODY, *, tolerance: float = 0.0, say: Say = print
) -> Verification | Repetition:
    """Runs a run again in a process of its own, and compares what both came to.

    Args:
        folder: the folder of the run.
        trust: modules whose parts the run may name, and whether it may open connections.
        tolerance: the largest difference, relative to the larger of 1 and the value, that counts as
            none.
        say: takes lines that tell what is done.

    Returns:
        What it came to, or the repetition that did not come to its end.

    Raises:
        CompileError: KG606 or a code of its own, the record cannot be read; KG641, the run did not
            complete.
        OSError: no process or folder can be made.
    """
    fields = _completed(folder)
    edited = edited_files(folder, fields)
    seconds = fields.get("seconds")
    took = f" (it took {seconds:.1f} s)" if isinstance(seconds, int | float) else ""
    say(f"repeats {folder} in a process of its own{took}")
    # A clean process, and nothing of it stays: it is no run of anybody's.
    with tempfile.TemporaryDirectory(prefix="kerasgen-verify-") as place:
        again = run_again(folder, Path(place), trust)
        if again.code != 0:
            return again
        parts: list[ComparedPart] = []
        causes: list[Cause] = []
        for name, first, second in _pairs(folder, again.folder, fields):
            edited |= {f"{name}{file}": told for file, told in _edited_in(name, first).items()}
            records = (read_known_record(first), read_known_record(second))
            parts += [_named(part, name) for part in compare_results(first, second)]
            found = causes_between(*records, (first, second))
            causes += [cause for cause in found if cause not in causes]
    return Verification(
        folder=folder,
        parts=tuple(parts),
        causes=tuple(causes),
        edited=edited,
        tolerance=tolerance,
    )


def edited_files(folder: Path, fields: Mapping[str, Any]) -> dict[str, str]:
    """The files of a run that are not as it has written them, each with what is wrong with it.

    Args:
        folder: the folder of the run.
        fields: its record.
    """
    found: dict[str, str] = {}
    for name, known in known_checksums(fields).items():
        try:
            require_as_written(folder, name, known)
        except ForeignFileError as error:
            found[name] = "is not there any more" if error.missing else error.reason
    return found


def verification_text(found: Verification) -> str:
    """What a verification came to, for a person: a line a part, the verdict, and the causes."""
    rows = [(part.name, _part_text(part), _where_text(part)) for part in found.parts]
    lines = aligned(rows) if rows else ["it has left no results"]
    files = [("file", shown(name), shown(told)) for name, told in found.edited.items()]
    causes = [
        (cause.kind, shown(cause.row.key), " -> ".join(map(_value_text, cause.row.values)))
        for cause in found.causes
    ]
    listed = [f"  {line}" for line in aligned([*files, *causes])] if files or causes else []
    verdict = found.verdict
    if verdict == "within tolerance":
        verdict_line = f"within tolerance: the largest difference is {found.largest:.3g}"
    elif verdict == "identical":
        verdict_line = "identical"
    else:
        verdict_line = "differs because" if listed else "differs, and its record does not tell why"
    if listed and verdict != "differs":
        verdict_line += ", though not all is as it was"
    return "\n".join([*lines, verdict_line, *listed])


def _completed(folder: Path) -> Mapping[str, Any]:
    """The record of a run that has completed."""
    with required(folder / RECORD):
        fields = read_known_record(folder)
    if (status := observed_status(fields)) != "completed":
        if status in OPEN:
            help_text = "wait until it has ended"
        elif newest_checkpoint(folder) is None:
            help_text = f"it has kept no checkpoint; `kerasgen rerun {folder}` begins anew"
        else:
            help_text = f"`kerasgen resume {folder}` goes on with it"
        raise Sink().fail(
            "KG641",
            f"`{folder}` is {shown(status)}: there is nothing that it came to",
            help=help_text,
        )
    return fields


def _pairs(folder: Path, again: Path, fields: Mapping[str, Any]) -> list[tuple[str, Path, Path]]:
    """What is compared with what: the runs, or each of their folds; with what is said before it."""
    folds = fields.get("folds")
    if not isinstance(folds, Mapping):
        return [("", folder, again)]
    done = folds.get("completed")
    numbers = [one for one in done if type(one) is int] if isinstance(done, list) else []
    return [
        (f"{FOLDS}/{one}/", folder / FOLDS / str(one), again / FOLDS / str(one)) for one in numbers
    ]


def _edited_in(name: str, folder: Path) -> dict[str, str]:
    """The edited files of a fold; those of the run itself are known by then."""
    return edited_files(folder, read_known_record(folder)) if name else {}


def _named(part: ComparedPart, before: str) -> ComparedPart:
    return replace(part, name=f"{before}{part.name}") if before else part


def _part_text(part: ComparedPart) -> str:
    if part.fault is not None:
        return "not comparable"
    if part.identical:
        return "identical"
    return "other in form" if math.isinf(part.largest) else f"differ by {part.largest:.3g}"


def _where_text(part: ComparedPart) -> str:
    if part.fault is not None:
        return shown(part.fault)
    return shown(part.where) if part.where else ""


def _value_text(value: object) -> str:
    """A value in a few words; of a hash the first digits tell enough."""
    return _HASH.sub(r"\1…", value) if isinstance(value, str) else value_text(value)


def _told(value: object) -> object:
    return None if value is ABSENT else plain(value)
