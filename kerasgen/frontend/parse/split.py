"""Parsing of `data.split`: sizes of parts, columns that say which rows belong together, folds.

This room owns which of its keys exclude each other. It must not know the rows.
"""

from __future__ import annotations

import re
from dataclasses import replace

from kerasgen.diagnostics import Sink, describe
from kerasgen.frontend.sections import read_record
from kerasgen.ir.data import SplitDef
from kerasgen.ir.values import Tree

_FOLD = re.compile(r"\s*(\d{1,6})\s*/\s*(\d{1,6})\s*\Z")


def parse_split(section: Tree, sink: Sink) -> SplitDef | None:
    """Parses the split; None if something in it is wrong."""
    split = read_record(SplitDef, section, "data.split", sink, converters={"fold": _parse_fold})
    if split is None:
        return None
    known = len(sink.errors)
    for part in ("test", "validation"):
        size = getattr(split, part)
        if isinstance(size, float) and size >= 1:
            sink.report(
                "KG204",
                f"`{part}` is `{size}`, expected a fraction below 1 or a whole number of rows",
                key=f"data.split.{part}",
            )
    _check_company(split, sink)
    return split if len(sink.errors) == known else None


def divided_by_time(split: SplitDef, time: str, sink: Sink) -> SplitDef:
    """The split of rows that `data.time` orders, each of which is a sample of its own.

    Args:
        split: the split as written.
        time: the column that orders the rows.
        sink: gets a split that goes by something else.
    """
    if split.time not in (None, time):
        sink.report(
            "KG204",
            f"`data.time` is `{time}`, and `data.split.time` is `{split.time}`",
            key="data.split.time",
            help="leave one of the two out",
        )
    ordered = replace(split, time=time)
    _check_company(ordered, sink)
    return ordered


def _parse_fold(value: Tree, path: str, sink: Sink) -> str | None:
    """A fold as `2/5`."""
    found = _FOLD.match(value) if isinstance(value, str) else None
    if value is not None and (found is None or not 1 <= int(found[1]) <= int(found[2]) > 1):
        sink.report(
            "KG204",
            f"`fold` is {describe(value)}, expected a number of a fold and how many there are",
            key=path,
            help="write `fold: 2/5` for the second of five",
        )
    return None if found is None else f"{int(found[1])}/{int(found[2])}"


def _check_company(split: SplitDef, sink: Sink) -> None:
    """Reports keys that exclude each other."""
    where = "data.split"

    def refuse(key: str, message: str, mend: str) -> None:
        sink.report("KG204", message, key=f"{where}.{key}", help=mend)

    if split.time is not None and split.group is not None:
        refuse(
            "group",
            "`group` and `time` exclude each other: the newest rows are of any group",
            "leave one of the two out",
        )
    if split.group is not None and not split.shuffle:
        refuse(
            "group",
            "`group` and `shuffle: false` exclude each other: groups are drawn",
            "leave `shuffle` out",
        )
    if split.time is not None and split.stratify is True:
        refuse(
            "stratify",
            "`stratify` and `time` exclude each other: the newest rows are what they are",
            "leave `stratify` out",
        )
    if split.fold is not None and split.test == "given":
        refuse(
            "fold",
            "a fold is the test part, and `test` is `given`",
            "write `test: null`, so that the rows that are given are divided with the others",
        )
