"""The option `--fix` of `kerasgen check`: shows what would be mended, asks, and mends it.

This room owns the talk with the person. What can be mended is known in `frontend.mending`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from kerasgen.diagnostics import Diagnostic

_ROUNDS = 5
"""Times that a config is checked anew: what is mended may bring further mistakes to light."""


def fix(
    diagnostics: Sequence[Diagnostic],
    check: Callable[[], Sequence[Diagnostic]],
    *,
    ask: bool,
) -> Sequence[Diagnostic]:
    """Mends what the diagnostics suggest, as long as there is something.

    Args:
        diagnostics: what a check found.
        check: checks once more.
        ask: whether a person is asked before a file is written.

    Returns:
        What the last check found.
    """
    from kerasgen.frontend.composition import config_folder
    from kerasgen.frontend.mending import mend, override_hints

    shipped = config_folder().resolve()
    inside = "site-packages" in shipped.parts or shipped.parent.name == "kerasgen"
    written = 0
    for _ in range(_ROUNDS):
        mended = mend(diagnostics, untouched=shipped if inside else None)
        if not mended:
            break
        for found in mended:
            print(found.difference(), end="\n\n")
        if ask and not _agreed(len(mended)):
            print("nothing was written\n")
            return diagnostics
        for found in mended:
            found.write()
            written += len(found.edits)
        diagnostics = check()
    hints = override_hints(diagnostics)
    for override, suggested in hints.items():
        print(f"on the command line, in place of `{override}`: {suggested}\n")
    count = f"{written} place{'' if written == 1 else 's'}"
    if written:
        print(f"mended: {count}\n")
    elif not hints:
        print("there is nothing that can be mended here\n")
    return diagnostics


def _agreed(files: int) -> bool:
    """Whether the person says yes; without a terminal nobody can be asked, and that is a yes."""
    if not sys.stdin.isatty():
        return True
    what = "this file" if files == 1 else f"these {files} files"
    return input(f"write {what}? [y/N] ").strip().lower() in ("y", "yes")
