"""What all steps of one expansion share: where its mistakes go, and what is noted on the way.

This room owns what is counted and noted while a model is expanded: the way back from its expanded
key paths, the blocks that were used, the copies that were looked at. It must not know how entries
are expanded.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from kerasgen.diagnostics import Sink
from kerasgen.diagnostics.source_map import Expansion, Original, Remark


@dataclass(slots=True)
class ExpansionState:
    """The state of one expansion.

    Attributes:
        sink: gets every mistake; what is wrong in a block is told once, not at each use.
        entries: key path of an expanded entry to what it was made of.
        values: key path of an expanded value to remarks on the parameters it was computed from.
        used: key paths of the blocks that an entry uses.
        copies_seen: how many copies of entries were looked at, left-out ones included.
        told: codes and key paths of the mistakes that were reported.
    """

    sink: Sink
    entries: dict[str, Original] = field(default_factory=dict)
    values: dict[str, tuple[Remark, ...]] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    copies_seen: int = 0
    told: set[tuple[str, str]] = field(default_factory=set)

    def has_told(self, code: str) -> bool:
        """Whether a mistake of this kind was reported."""
        return any(told == code for told, _ in self.told)

    def step(self) -> Expansion:
        """What was noted of the entries and values, as the step of a source map."""
        return Expansion(entries=self.entries, values=self.values)
