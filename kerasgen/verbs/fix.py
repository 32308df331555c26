"""Mending of a config: what a check suggests is shown, agreed on and written, round by round.

This room owns the rounds, and which files are left alone. What can be mended is known in
`frontend.fix`; the person is asked and told by whoever calls.
"""

from __future__ import annotations

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
    refuse: Callable[[int], str | None],
    say: Callable[[str], None],
) -> None:
    """Mends what a check suggests, as long as there is something.

    Files are mended; of an override it is said how it was meant, and the files are looked through
    as if it had been written so.

    Args:
        overrides: the overrides of the command line.
        check: checks with the given overrides.
        refuse: gets the number of files that are about to be written; tells why nothing may be
            written, or None if it may be.
        say: gets each paragraph that a person is to read.
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
            say(found.difference())
        locked = [found.file for found in mended if not found.is_writable()]
        kept.update(_left_alone(file, "it is read-only", say) for file in locked)
        mended = [found for found in mended if found.file not in kept]
        if mended and (refusal := refuse(len(mended))) is not None:
            say(refusal)
            return
        written += sum(_write(found, kept, say) for found in mended)
        meant = [hints.get(override, override) for override in meant]
    changed = [pair for pair in zip(overrides, meant, strict=True) if pair[0] != pair[1]]
    for override, suggested in changed:
        say(f"on the command line, in place of `{override}`: {suggested}")
    count = f"{written} place{'' if written == 1 else 's'}"
    if written:
        say(f"mended: {count}")
    elif not changed and not kept:
        say("there is nothing that can be mended here")


def _left_alone(file: str, reason: str, say: Callable[[str], None]) -> str:
    """Says that a file stays as it is, and gives its name."""
    say(f"`{file}` stays as it is: {reason}")
    return file


def _write(found: Mended, kept: set[str], say: Callable[[str], None]) -> int:
    """Writes a file, and gives the number of its edits; one that cannot be written is kept."""
    try:
        found.write()
    except OSError as error:
        kept.add(_left_alone(found.file, reason_of(error), say))
        return 0
    return len(found.edits)
