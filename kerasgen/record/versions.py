"""The version of a record's keys: what is said of a newer one, and what is made of an older one.

This room owns the number `schema` of `record.json`, and it alone compares it. Who reads a record
meets the keys of today.

Decisions:
- A new key, a new file or a new word of `status` needs no new version: who does not know it shows
  it as it stands, and replaces no run that is closed in a way that he does not know. A key that
  changes its meaning needs one, and what turns older fields into today's stands here.
- An older record is turned in memory alone. Its file stays as it is, until its run goes on.
- Version 1 had the checksums of the model and its preparation below `model`. Version 2 has those of
  all files, with their sizes, in `checksums`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kerasgen.foreign.regular_files import ForeignFileError, read_text
from kerasgen.record.checksums import CHECKSUMS
from kerasgen.record.file_names import MODEL

SCHEMA = 2
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
        help="look at it with the version that wrote it, or a newer one",
    )


def with_todays_keys(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields of a record of any known version, as today's have them.

    Args:
        fields: what the record says; `schema` is a number.
    """
    return _of_version_2(fields) if fields["schema"] < 2 else fields


def _of_version_2(fields: Mapping[str, Any]) -> dict[str, Any]:
    made = {**fields, "schema": 2}
    model = fields.get("model")
    known = model.get("checksums") if isinstance(model, Mapping) else None
    if not isinstance(model, Mapping) or not isinstance(known, Mapping):
        return made
    sizes = {MODEL: model["bytes"]} if "bytes" in model else {}
    made["model"] = {name: value for name, value in model.items() if name != "checksums"}
    made[CHECKSUMS] = {
        name: {"sha256": digest} | ({"bytes": sizes[name]} if name in sizes else {})
        for name, digest in known.items()
    }
    return made
