"""Values that YAML 1.1 reads as something else than they look like.

This room owns what is said of them: numbers in base 60 or 8, and words that become booleans where
text is wanted. It must not change what is read; whether the value fits is checked where its key is
known. Dates are none of them: Hydra reads them as text.

Decisions:
- Only what is certain is told. Text is wanted under the keys of names (`target`, `features`,
  `class_names`, `vocabulary`, `columns`), and in a list that holds other text; there `[relu, null]`
  and `[auto, true]` may be meant, `[maybe, no]` is not.
- What is certain is an error, after which nothing is made of the value: what would follow from it
  would be told as a second fault.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import yaml

from kerasgen.diagnostics import Severity, Sink, SourceLocation, Suggestion

_TAG = "tag:yaml.org,2002:"
_NUMBERS = {f"{_TAG}int", f"{_TAG}float"}
_OCTAL = re.compile(r"[-+]?0[0-7_]+")
_SWITCHES = {"yes", "no", "on", "off"}
_NAMES = re.compile(r"data\.(target|features)(\..+)?|(.+\.)?(class_names|vocabulary|columns)\.\d+")
"""Key paths whose values are text, whatever is written there."""


def report_reading(
    node: yaml.Node,
    path: str,
    place: SourceLocation,
    sink: Sink,
    beside: Sequence[yaml.Node] = (),
) -> None:
    """Reports a value that YAML reads as something else than it looks like (KG120).

    Args:
        node: the value.
        path: its key path.
        place: where it is written.
        sink: gets an error where text is wanted, a warning for a number in another base.
        beside: the items of the list that it stands in.
    """
    if not isinstance(node, yaml.ScalarNode) or node.style:
        return
    place = replace(place, key=path)
    named = _NAMES.fullmatch(path) is not None
    among_text = any(item.tag == f"{_TAG}str" for item in beside)
    if node.tag == f"{_TAG}bool":
        if named or (among_text and node.value.lower() in _SWITCHES):
            _report_text(node.value, place, sink)
    elif node.tag in _NUMBERS:
        number = yaml.safe_load(node.value)
        if _report_base(node.value, number, place, sink, text_wanted=named):
            return
        # A vocabulary may be one of numbers.
        named = named and (among_text or ".vocabulary." not in path)
        if named and isinstance(number, int | float) and str(number) != node.value:
            _report_text(node.value, place, sink)


def _report_text(text: str, place: SourceLocation, sink: Sink) -> None:
    value = yaml.safe_load(text)
    read = str(value).lower() if isinstance(value, bool) else str(value)
    kind = "the boolean" if isinstance(value, bool) else "the number"
    sink.report_at(
        "KG120",
        f"YAML reads `{text}` as {kind} `{read}`, where text is wanted",
        location=place,
        help=Suggestion(f'write it in quotes (`"{text}"`)', f'"{text}"'),
    )


def _report_base(
    text: str, number: object, place: SourceLocation, sink: Sink, *, text_wanted: bool
) -> bool:
    """Reports a number in base 60 or 8, that nobody writes for that; whether it is one."""
    if ":" not in text and not _OCTAL.fullmatch(text):
        return False
    if not isinstance(number, int | float) or text.lstrip("+-0") in ("", str(abs(number))):
        return False
    sink.report_at(
        "KG120",
        f"YAML reads `{text}` as {number}, in base {60 if ':' in text else 8}",
        severity=Severity.ERROR if text_wanted else Severity.WARNING,
        location=place,
        help=f'write the number in base 10, or text in quotes (`"{text}"`)',
    )
    return True
