"""Texts in folders of classes, and the decoding of one text."""

from __future__ import annotations

import numpy as np

from kerasgen.runtime.class_folders import usable_files
from kerasgen.runtime.values import Columns


def read_texts(
    path: str,
    encoding: str = "utf-8",
    characters: int | None = None,
    bad: str = "error",
) -> Columns:
    """Reads the texts in a folder, or in an archive of one, and their labels."""
    texts, labels, given = usable_files(
        path, "texts", bad, lambda content: decode_text(content, encoding, characters)
    )
    return {"text": np.array([*texts.values()]), "label": labels}, given


def decode_text(
    content: bytes, encoding: str, characters: int | None
) -> tuple[str, str]:
    """The text of a file, and what is wrong with it; empty for nothing."""
    marked = encoding.lower().replace("_", "-") in ("utf-8", "utf8")
    try:
        text = content.decode("utf-8-sig" if marked else encoding)
    except UnicodeError as error:
        at = getattr(error, "start", 0)
        line, byte = content.count(b"\n", 0, at) + 1, content[at : at + 1].hex()
        return "", f"is not `{encoding}`: it has the byte 0x{byte} in line {line}"
    if "\0" in text:
        return "", "holds a character of the number 0, which no text has"
    text = text.strip()
    return (text[:characters], "") if text else ("", "is empty")
