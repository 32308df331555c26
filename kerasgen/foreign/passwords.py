"""Passwords in texts that are printed or recorded: what looks like one is left out.

This room owns what a password looks like in an address, and the mark in its place. It cannot know
all passwords: those of a data source are refused before anything is recorded, and this is for what
stands where nobody looks for one, as in an override that is mistyped. Of words that somebody knows
to be secret it makes a mask.

Decisions:
- No part of a form has any length: a text of a stranger must not keep it looking for ever.
- Hydra writes a backslash before the colons of an override, and a text that quotes it doubles it.
"""

from __future__ import annotations

import json
import re
import urllib.parse
from collections.abc import Callable, Iterable, Mapping
from typing import Any

MARK = "***"
"""What stands in the place of a password."""

_ADDRESSES = (
    # A URL; its password may hold signs that would have to be escaped. What is a port is none.
    re.compile(
        r"(?P<before>\b[a-z][\w+.-]{0,30}\\{0,4}:/{1,3}[^\s@/?#:]{0,99}:)(?!\d+[/?#])"
        r"(?P<word>\S{1,512})(?=@)",
        re.I,
    ),
    # `scheme:user:password@host`, where the slashes were left out.
    re.compile(
        r"(?P<before>\b[a-z][\w+.-]{0,30}\\{0,4}:[\w.%+-]{0,99}\\{0,4}:)"
        r"(?P<word>[^\s\"'`]{1,512})(?=@)",
        re.I,
    ),
    # `user:password@host`, where the host looks like one.
    re.compile(
        r"(?P<before>(?:^|[\s\"'`=(/,])[\w.%+-]{1,99}:)(?P<word>[^\s:@/\"'`{}]{1,512})"
        r"(?=@(?:[\w-]+[.:/]|localhost|\[))"
    ),
)

_LEAST = 4
"""Signs of a word that may be a secret."""

_SOLID = re.compile(r"\S+")
"""What stands between blanks: an address has none."""

_PARAMETER = re.compile(
    r"(?P<before>[?&;#](?:[\w.-]{0,40}(?:password|passwd|pwd|token|secret|api_?key|signature|"
    r"credential)|sig)=)(?P<word>[^&;\s\"'`]+)",
    re.I,
)
"""A parameter of a URL."""

_WHOLE = re.compile(
    r"(?:^|[\s,\[\"'])(?:[a-z][\w+.-]*:)?/{0,3}[^\s@/?#:,]*:(?!/|\d+[/?#])\S+@|"
    r"://\S{0,2048}?[?&;](?:password|passwd|pwd|token|secret)=",
    re.I,
)
"""An address with a password, before the host or among its parameters."""


def is_address_with_password(text: str) -> bool:
    """Whether a text is the address of something, perhaps mistyped, with a password in it."""
    return ("@" in text or "://" in text) and _WHOLE.search(text) is not None


def without_passwords(text: str) -> str:
    """A text in which a mark stands for each password of an address."""
    if "@" in text:
        text = _SOLID.sub(_masked, text)
    if "://" in text or "=" in text:
        text = _PARAMETER.sub(rf"\g<before>{MARK}", text)
    return text


def masking(words: Iterable[str]) -> Callable[[str], str]:
    """What leaves passwords out of a text, and some words that are known to be secret.

    Args:
        words: the words; one of less than four signs is no secret, and would be found everywhere.

    Returns:
        A function as `without_passwords` is one; it finds the words in the forms, too, in which
        Python, JSON and addresses quote them.
    """
    forms = {
        form
        for word in words
        if len(word) >= _LEAST
        for form in (
            *(word, repr(word)[1:-1], json.dumps(word)[1:-1]),
            *(urllib.parse.quote(word), urllib.parse.quote_plus(word)),
        )
    }
    longest_first = sorted(forms, key=len, reverse=True)

    def masked(text: str) -> str:
        for form in longest_first:
            text = text.replace(form, MARK)
        return without_passwords(text)

    return masked if forms else without_passwords


def masked_tree(tree: Any, masked: Callable[[str], str]) -> Any:
    """Plain data whose texts are masked; keys and all else stay.

    A text is masked before it is written as YAML, in which the mark alone would be no text.
    """
    if isinstance(tree, Mapping):
        return {key: masked_tree(item, masked) for key, item in tree.items()}
    if isinstance(tree, list | tuple):
        return [masked_tree(item, masked) for item in tree]
    return masked(tree) if isinstance(tree, str) else tree


def _masked(found: re.Match[str]) -> str:
    text = found.group()
    for form in _ADDRESSES if "@" in text else ():
        text = form.sub(rf"\g<before>{MARK}", text)
    return text
