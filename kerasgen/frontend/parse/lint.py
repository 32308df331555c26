"""Silencing: warnings that the config says are known and wanted.

This room owns both ways to say so: the key `lint: {ignore: [KG726]}`, and the comment
`# kerasgen: ignore KG726` on the line that the warning points at, or on a line of its own above
it. It must not know what a rule looks for.

Decisions:
- Only the codes of lint (KG7..) can be silenced, and only warnings: an error stays an error.
- A comment counts for one line of one file; what an override set has no line, and needs the key.
- A comment that silences nothing is not told: the same file serves many experiments.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache

from kerasgen.diagnostics import (
    CODES,
    Diagnostic,
    Note,
    Severity,
    Sink,
    SourceLocation,
    describe,
    did_you_mean,
)
from kerasgen.foreign.regular_files import lines_of
from kerasgen.frontend.grammar import join
from kerasgen.frontend.sections import report_unknown_key
from kerasgen.ir.program import LintDef
from kerasgen.ir.values import Tree

LINT_CODES = tuple(code for code in CODES if code.startswith("KG7"))
"""The codes that can be silenced."""

_COMMENT = re.compile(r"(?:^|\s)#\s*kerasgen:\s*ignore\s+(KG\d+(?:\s*,\s*KG\d+)*)")


def parse_lint(section: Tree, path: str, sink: Sink) -> LintDef:
    """Parses the optional section `lint` of a config.

    Args:
        section: the section as plain data, None for none.
        path: key path of the section.
        sink: gets every mistake.
    """
    if section is None:
        return LintDef()
    if not isinstance(section, Mapping):
        sink.report("KG204", f"`{path}` is {describe(section)}, expected a mapping", key=path)
        return LintDef()
    for key in section:
        if key != "ignore":
            report_unknown_key(str(key), ("ignore",), path, sink)
    written = section.get("ignore")
    key = join(path, "ignore")
    if isinstance(written, str):
        return LintDef(ignore=tuple(_codes([(written, key)], sink)))
    if not isinstance(written, list | None):
        sink.report(
            "KG204",
            f"`ignore` is {describe(written)}, expected a list of codes",
            key=key,
            help="write `ignore: [KG726]`",
        )
        return LintDef()
    pairs = [(item, join(key, index)) for index, item in enumerate(written or ())]
    return LintDef(ignore=tuple(_codes(pairs, sink)))


def silence(sink: Sink, lint: LintDef) -> tuple[Diagnostic, ...]:
    """Takes the silenced warnings out of a sink.

    Args:
        sink: holds what was reported.
        lint: the codes that the config ignores.

    Returns:
        What was taken out, in order.
    """
    read = cache(lines_of)
    silenced = tuple(
        diagnostic
        for diagnostic in sink.diagnostics
        if diagnostic.severity is Severity.WARNING
        and diagnostic.code in LINT_CODES
        and (diagnostic.code in lint.ignore or diagnostic.code in _commented(diagnostic, read))
    )
    gone = set(silenced)
    sink.diagnostics[:] = [
        _with_strange_codes(found, read) for found in sink.diagnostics if found not in gone
    ]
    return silenced


def _codes(pairs: Iterable[tuple[Tree, str]], sink: Sink) -> Iterable[str]:
    for code, key in pairs:
        if not isinstance(code, str):
            expected = "expected a code of lint"
            sink.report("KG205", f"`ignore` has {describe(code)}, {expected}", key=key)
        elif code in LINT_CODES:
            yield code
        elif code in CODES:
            sink.report("KG205", f"`{code}` is no warning of lint, and stays", key=key)
        else:
            sink.report(
                "KG205",
                f"`ignore` has {describe(code)}, expected a code of lint",
                key=key,
                help=did_you_mean(code, LINT_CODES),
            )


def _commented(diagnostic: Diagnostic, read: Callable[[str], list[str]]) -> set[str]:
    """The codes that comments at the place of a diagnostic silence."""
    place: SourceLocation | None = diagnostic.location
    if place is None or place.file is None or place.line is None:
        return set()
    lines = read(place.file)
    if not 0 < place.line <= len(lines):
        return set()
    codes = _codes_in(lines[place.line - 1])
    above = place.line - 2
    while above >= 0 and lines[above].lstrip().startswith("#"):
        codes |= _codes_in(lines[above])
        above -= 1
    return codes


def _with_strange_codes(diagnostic: Diagnostic, read: Callable[[str], list[str]]) -> Diagnostic:
    """A diagnostic that stays, with a note where a comment was to silence what cannot be."""
    strange = sorted(_commented(diagnostic, read) - set(LINT_CODES))
    if not strange:
        return diagnostic
    notes = [
        Note(message=f"a comment here ignores `{code}`, which is no code of lint")
        for code in strange
    ]
    return replace(diagnostic, notes=(*diagnostic.notes, *notes))


def _codes_in(line: str) -> set[str]:
    return {code.strip() for found in _COMMENT.findall(line) for code in found.split(",")}
