"""Where the parts of an expanded model were written.

This room owns what expansion notes for the source map: the entry that an expanded one was made of,
the entries that used the block around it, the parameters that gave a value. It must not know how a
model is expanded.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from kerasgen.diagnostics.source_map import Expansion, Original, Remark

_MOST_REMARKS = 3
"""Uses of blocks inside blocks of which a diagnostic tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One use of a block.

    Attributes:
        name: expanded name of the entry that used it.
        block: name of the block.
        path: key path of that entry as written.
    """

    name: str
    block: str
    path: str


@dataclass(slots=True)
class Places:
    """Key paths of the expanded model to where they were written.

    Attributes:
        entries: key path of an expanded entry to what it was made of.
        parameters: key path of an expanded value to remarks on the parameters that it was computed
            from.
    """

    entries: dict[str, Original] = field(default_factory=dict)
    parameters: dict[str, tuple[Remark, ...]] = field(default_factory=dict)

    def step(self) -> Expansion:
        """What was noted, as the step of a source map."""
        return Expansion(entries=self.entries, values=self.parameters)


def use_remarks(uses: tuple[Use, ...]) -> tuple[Remark, ...]:
    """A remark for each use of a block, innermost first."""
    return tuple(
        Remark(message=f"`{use.name}` uses the block `{use.block}`", key=use.path, at="key")
        for use in uses[::-1][:_MOST_REMARKS]
    )


def parameter_remark(name: str, path: str) -> Remark:
    """A remark that a parameter got its value at a key path."""
    return Remark(message=f"`{name}` is given here", key=path)
