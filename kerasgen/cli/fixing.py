"""The option `--fix` of `kerasgen check`: shows what would be mended, asks, and mends it.

This room owns the talk with the person. What can be mended is known in `frontend.fix`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from kerasgen.diagnostics import Diagnostic
from kerasgen.process.entry import reason_of

if TYPE_CHECKING:
    from kerasgen.frontend.fix import Mended

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
    from kerasgen.frontend.compose.config_folders import config_folder
    from kerasgen.frontend.fix import mend, override_hints

    shipped = config_folder().resolve()
    inside = "site-packages" in shipped.parts or shipped.parent.name == "kerasgen"
    written, meant = 0, list(overrides)
    kept: set[str] = set()
    for _ in range(_ROUNDS):
        diagnostics = check(meant)
        wanted = mend(diagnostics, untouched=shipped if inside else None)
        mended = [found for found in wanted if found.file not in kept]
        hints = {key: text for key, text in override_hints(diagnostics).items() if key in meant}
        if not mended and not hints:
            break
        for found in mended:
            print(found.difference(), end="\n\n")
        locked = [found.file for found in mended if not found.is_writable()]
        kept.update(_told_of(file, "it is read-only") for file in locked)
        mended = [found for found in mended if found.file not in kept]
        if mended and (refusal := _refusal(len(mended), ask=ask, dry=dry)) is not None:
            print(f"{refusal}\n")
            return
        written += sum(_write(found, kept) for found in mended)
        meant = [hints.get(override, override) for override in meant]
    changed = [pair for pair in zip(overrides, meant, strict=True) if pair[0] != pair[1]]
    for override, suggested in changed:
        print(f"on the command line, in place of `{override}`: {suggested}\n")
    count = f"{written} place{'' if written == 1 else 's'}"
    if written:
        print(f"mended: {count}\n")
    elif not changed and not kept:
        print("there is nothing that can be mended here\n")


def _told_of(file: str, reason: str) -> str:
    """Says that a file stays as it is, and gives its name."""
    print(f"`{file}` stays as it is: {reason}\n")
    return file


def _write(found: Mended, kept: set[str]) -> int:
    """Writes a file, and gives the number of its edits; one that cannot be written is kept."""
    try:
        found.write()
    except OSError as error:
        kept.add(_told_of(found.file, reason_of(error)))
        return 0
    return len(found.edits)


def _refusal(files: int, *, ask: bool, dry: bool) -> str | None:
    """Why nothing is written, None if it may be."""
    if dry:
        return "nothing was written: this is a dry run; what is mended may bring more to light"
    if not ask:
        return None
    if not sys.stdin.isatty():
        return "nothing was written: there is no terminal to ask at; `--yes` writes unasked"
    what = "this file" if files == 1 else f"these {files} files"
    try:
        answer = input(f"write {what}? [y/N] ")
    except EOFError:  # Ctrl-D
        print()
        answer = ""
    agreed = answer.strip().lower() in ("y", "yes")
    return None if agreed else "nothing was written"
