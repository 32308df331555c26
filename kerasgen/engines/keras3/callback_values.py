"""What callbacks take as free values: told by their defaults, and by how these are described.

A callback's constructor keeps what it is given, and its arithmetic fails in training. This room
owns what is certain beforehand; `rehearsal` lets the rest act.
"""

from __future__ import annotations

import re
from dataclasses import replace

from kerasgen.catalog.entries import Parameter

_ONE_OF = re.compile(r"(?:string\. )?one of `?\{([^}]*)\}", re.I)
_WORDS_OR_INTEGER = re.compile(r"((?:`[\"']\w+[\"']` or |`[\"']\w+[\"']`, )+)integer\b(?!, or)")
_WORD = re.compile(r"[\"'](\w+)[\"']")
_NUMBER = re.compile(r"(floating point|baseline value)\b", re.I)
_OTHER_FORMS = re.compile(r"\btuple|\bstring|\b0 or 1\b|\b0: ", re.I)
"""Numbers that may be written otherwise as well; 0 and 1 also as false and true."""


def callback_value(parameter: Parameter, description: str) -> Parameter:
    """An argument of a callback with the kind of its values, where that is certain.

    Args:
        parameter: the argument, as its name and documentation say so far.
        description: its documentation.
    """
    default = parameter.default
    if isinstance(default, str):
        for pattern, value in ((_ONE_OF, parameter.value), (_WORDS_OR_INTEGER, "int")):
            found = pattern.match(description)
            words = tuple(_WORD.findall(found[1])) if found else ()
            if default in words:
                return replace(parameter, choices=words, value=value)
    if parameter.value != "any":
        return parameter
    whole = type(default) is int and not _OTHER_FORMS.search(description)
    if whole or (default is None and _NUMBER.match(description)):
        return replace(parameter, value="number", nullable=not whole)
    return parameter
