"""What docstrings say: of a class or function in short, and of each of its arguments.

This room owns the reading of docstrings in Google's style, which Keras and parts of one's own are
written in. It must not know what is done with the texts.
"""

from __future__ import annotations

import inspect
import re
from typing import Any


def summary_of(member: Any) -> str:
    """The first line of the documentation of a class or function; empty for none."""
    return (inspect.getdoc(member) or "").split("\n", 1)[0]


def argument_texts(member: Any) -> dict[str, str]:
    """Argument name to its description, from the `Args:` section of a class or its bases."""
    found: dict[str, str] = {}
    if not inspect.isclass(member):
        return _argument_section(inspect.getdoc(member) or "")
    for cls in member.__mro__:
        for name, text in _argument_section(vars(cls).get("__doc__") or "").items():
            found.setdefault(name, text)
    return found


def _argument_section(text: str) -> dict[str, str]:
    lines = inspect.cleandoc(text).splitlines()
    if "Args:" not in lines:
        return {}
    found: dict[str, str] = {}
    name = ""
    for line in lines[lines.index("Args:") + 1 :]:
        if line and not line.startswith(" "):
            break
        if head := re.match(r"    `?(\w+)`?:\s*(.*)", line):
            name = head.group(1)
            found[name] = head.group(2)
        elif name and line.startswith("     "):
            found[name] += " " + line.strip()
    return found


_OPENING = 160
"""Characters up to which a further sentence of a description is kept."""


_SENTENCE_END = re.compile(r"(?<!\bie)(?<!\be\.g)(?<=[a-z`)\]\"'0-9])\.\s+(?=[A-Z`\"])")
"""Where a sentence of a description ends, which is not after `ie.` and `e.g.`."""


def opening(description: str) -> str:
    """The first sentence of a description, and the next ones while they are short."""
    sentences = _SENTENCE_END.split(" ".join(description.split()))
    kept = sentences[0]
    for sentence in sentences[1:]:
        if len(kept) + len(sentence) > _OPENING:
            return f"{kept}."
        kept += f". {sentence}"
    return kept
