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
    overrides: Sequence[str],
    check: Callable[[Sequence[str]], Sequence[Diagnostic]],
    *,
    ask: bool,
    dry: bool = False,
) -> None:
    """Mends what a check suggests, as long as there is something.

    Files are mended; of an override it is said how it was meant, and the files are looked through
    as if it had been written so.

    Args:
        overrides: the overrides of the command line.
        check: checks with the given overrides.
        ask: whether a person is asked before a file is written; where nobody can be asked,
            nothing is.
        dry: whether it is only shown what would be written.
    """
    from kerasgen.frontend.config_folders import config_folder
    from kerasgen.frontend.mending import mend, override_hints

    shipped = config_folder().resolve()
    inside = "site-packages" in shipped.parts or shipped.parent.name == "kerasgen"
    written, meant = 0, list(overrides)
    for _ in range(_ROUNDS):
        diagnostics = check(meant)
        mended = mend(diagnostics, untouched=shipped if inside else None)
        hints = override_hints(diagnostics)
        if not mended and not hints:
            break
        for found in mended:
            print(found.difference(), end="\n\n")
        if mended and (refusal := _refusal(len(mended), ask=ask, dry=dry)) is not None:
            print(f"{refusal}\n")
            return
        for found in mended:
            found.write()
            written += len(found.edits)
        meant = [hints.get(override, override) for override in meant]
    changed = [pair for pair in zip(overrides, meant, strict=True) if pair[0] != pair[1]]
    for override, suggested in changed:
        print(f"on the command line, in place of `{override}`: {suggested}\n")
    count = f"{written} place{'' if written == 1 else 's'}"
    if written:
        print(f"mended: {count}\n")
    elif not changed:
        print("there is nothing that can be mended here\n")


def _refusal(files: int, *, ask: bool, dry: bool) -> str | None:
    """Why nothing is written, None if it may be."""
    if dry:
        return "nothing was written: this is a dry run; what is mended may bring more to light"
    if not ask:
        return None
    if not sys.stdin.isatty():
        return "nothing was written: there is no terminal to ask at; `--yes` writes unasked"
    what = "this file" if files == 1 else f"these {files} files"
    agreed = input(f"write {what}? [y/N] ").strip().lower() in ("y", "yes")
    return None if agreed else "nothing was written"
