"""The uses of blocks that lead to an entry, as the diagnostics of that entry tell of them.

This room owns how a use is remarked upon. It must not know how a block is expanded.
"""

from __future__ import annotations

from typing import NamedTuple

from kerasgen.diagnostics.source_map import Remark

_MOST_REMARKS = 3
"""Uses of blocks inside blocks of which a diagnostic tells."""


class BlockUse(NamedTuple):
    """One use of a block.

    Attributes:
        name: expanded name of the entry that used it.
        block: name of the block.
        path: key path of that entry as written.
    """

    name: str
    block: str
    path: str


def use_remarks(uses: tuple[BlockUse, ...]) -> tuple[Remark, ...]:
    """A remark for each use of a block, innermost first."""
    return tuple(
        Remark(message=f"`{use.name}` uses the block `{use.block}`", key=use.path, at="key")
        for use in uses[::-1][:_MOST_REMARKS]
    )
