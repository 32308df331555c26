"""The version of a record's keys, and what is said of a record of another one.

This room owns the number `schema` of `record.json`, and it alone compares it.

Decisions:
- A new key, a new file or a new word of `status` needs no new version: who does not know it shows
  it as it stands, and replaces no run that is closed in a way that he does not know. A key that
  changes its meaning needs one, and what turns older fields into today's stands here then.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kerasgen.foreign.regular_files import ForeignFileError, read_text

SCHEMA = 1
"""Version of the keys of `record.json`."""

NEWER = "KG613"
"""Code of a record that a newer version wrote."""


def version_fault(fields: Mapping[str, Any], path: Path) -> ForeignFileError | None:
    """What is wrong with the version of a record, None for one whose keys are known.

    Args:
        fields: what the record says; `schema` is a number.
        path: its file, in which the line of the version is looked for.
    """
    if fields["schema"] <= SCHEMA:
        return None
    by = fields.get("kerasgen")
    who = f"kerasgen {by[:40]}" if isinstance(by, str) else "a newer kerasgen"
    lines = enumerate(read_text(path, within=path.parent).splitlines(), 1)
    line = next((n for n, text in lines if re.match(r'\s*\{?\s*"schema"\s*:', text)), None)
    return ForeignFileError(
        f"has schema {str(fields['schema'])[:40]}, expected at most {SCHEMA}: {who} wrote it",
        code=NEWER,
        line=line,
    )
