"""Content hashes of a config: whether two trainings were meant to be the same one.

This room owns which part of a program its training depends on, and the hashes of it in a record.
Whether a run may go on as another one asks for more: see `resumption`.

Decisions:
- The hash is that of the canonical form (`ir.canonical`): how and where a config was written, and
  in which order, takes no part in it; nor does a value that is the default.
- Sections have short hashes of their own, so that two configs of different hashes tell where.
"""

from __future__ import annotations

from dataclasses import fields, replace

from kerasgen.ir.canonical import content_hash
from kerasgen.ir.program import LintDef, Program, TrackingDef

_SHORT = 16
"""Digits of the hash of a section."""


def decisive_part(program: Program) -> Program:
    """A program with the usual values of all that only shows, names or records a training."""
    fit = replace(
        program.fit, verbose="auto", resume="auto", checkpoint=None, terminate_on_nan=True
    )
    return replace(program, name="", fit=fit, tracking=TrackingDef(), lint=LintDef())


def config_hashes(program: Program) -> dict[str, object]:
    """The hashes of a config, as a record has them.

    Returns:
        `sha256`: the SHA-256, in hexadecimal digits, of the canonical form of the decisive part of
        the program, as one line of JSON; `sections`: the same of each of its sections, in short.
    """
    decisive = decisive_part(program)
    told = ("name", "tracking", "lint")
    return {
        "sha256": content_hash(decisive),
        "sections": {
            item.name: content_hash(getattr(decisive, item.name))[:_SHORT]
            for item in fields(decisive)
            if item.name not in told
        },
    }
