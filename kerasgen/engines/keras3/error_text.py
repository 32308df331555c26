"""What exceptions of Keras and its backends say, in one line.

This room owns what is left out of their texts. It imports no Keras.
"""

from __future__ import annotations

import re


def shorten(error: BaseException) -> str:
    """What an exception of Keras says, in one line: its first sentences without the call's dump."""
    text = str(error).strip() or type(error).__name__
    text = re.split(r"\n\s*\n?\s*Arguments received by", text, maxsplit=1)[0]
    text = re.sub(r"^Exception encountered when calling [^\n]*\n+", "", text)
    text = re.sub(r"^Input \d+ (with name \S+ )?of layer \S+ is incompatible with[^:]*: ", "", text)
    text = re.split(r"[.,] Inputs received: ", text, maxsplit=1)[0]
    text = re.sub(r"\{\{[^}]*\}\} *| *\[Op:\w+\](?: name:)?", "", text)
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    text = " ".join(text.split()).rstrip(".")
    return text if len(text) <= 400 else text[:397] + "..."
