"""The tags of a run: words by which people find it again.

This room owns the file in which they stand, and what may be a tag.

Decisions:
- They have a file of their own. A run at work writes its record from what it knows, and would
  write over what somebody else has added; it never writes this file.
- A run that takes the folder of a dead one takes nothing of it over, its tags no more than its
  results; a run that goes on in its own folder keeps them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from kerasgen.foreign.json_data import Bounds, read_json
from kerasgen.foreign.printable import cut, shown
from kerasgen.foreign.regular_files import ForeignFileError, is_there
from kerasgen.record.file_names import TAGS
from kerasgen.record.files import write_json
from kerasgen.record.lock import locked

MOST_TAGS = 100
"""Tags that a run may have."""

_TAG = re.compile(r"[^\W_][\w.+-]{0,39}")

_BOUNDS = Bounds(size=2**16, levels=2, values=MOST_TAGS + 1)


def is_tag(word: str) -> bool:
    """Whether a word may be a tag: up to 40 letters, digits and `_.+-`, no sign of these first."""
    return _TAG.fullmatch(word) is not None and word.isprintable()


def read_tags(folder: Path) -> tuple[str, ...]:
    """The tags of a run, in the order in which they were given; none without a file of them.

    Raises:
        ForeignFileError: the file cannot be read, or is no list of tags.
    """
    if not is_there(folder / TAGS):
        return ()
    found = read_json(folder / TAGS, bounds=_BOUNDS, within=folder)
    if not isinstance(found, list):
        raise ForeignFileError("is not a list of tags")
    for tag in found:
        if not isinstance(tag, str) or not is_tag(tag):
            raise ForeignFileError(f"holds `{shown(cut(str(tag)))}`, which is no tag")
    return tuple(dict.fromkeys(found))


def change_tags(folder: Path, added: Iterable[str], removed: Iterable[str]) -> tuple[str, ...]:
    """Gives a run further tags, and takes others away; who does so at the same time waits.

    Args:
        folder: the folder of the run.
        added: words that are tags; those that it has stay where they stand.
        removed: tags that it loses.

    Returns:
        Its tags from now on.

    Raises:
        ForeignFileError: those that it has cannot be read, or are more than it may have.
        OSError: the file cannot be written; what it has been stays.
    """
    gone = set(removed)
    with locked(folder):
        known = read_tags(folder)
        tags = tuple(tag for tag in dict.fromkeys((*known, *added)) if tag not in gone)
        if len(tags) > MOST_TAGS:
            raise ForeignFileError(f"would have {len(tags)} tags, expected at most {MOST_TAGS}")
        if tags != known:
            write_json(folder / TAGS, tags)
    return tags
