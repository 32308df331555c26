"""Giving a run words by which it is found again, and taking them away.

This room owns what is refused of such words. Where they stand is the business of `record.tags`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kerasgen.diagnostics import Sink, SourceLocation, did_you_mean
from kerasgen.foreign.regular_files import ForeignFileError, told
from kerasgen.record.file_names import TAGS
from kerasgen.record.tags import change_tags, is_tag, read_tags


def tag_run(folder: Path, added: Sequence[str], removed: Sequence[str] = ()) -> tuple[str, ...]:
    """Gives a run tags, and takes others away, be it at work or not.

    Args:
        folder: the folder of the run.
        added: the tags that it gets.
        removed: the tags that it loses.

    Returns:
        Its tags from now on.

    Raises:
        CompileError: KG629, a word is no tag, is both added and removed, or is to be removed and
            not there; KG605 or KG606, the file of tags cannot be written or read.
    """
    sink = Sink()
    for word in dict.fromkeys((*added, *removed)):
        place = SourceLocation(override=word, column=1, length=max(len(word), 1))
        if not is_tag(word):
            sink.report_at(
                "KG629",
                f"`{word}` is no tag",
                location=place,
                help="expected at most 40 letters, digits and `_.+-`, a letter or digit first",
            )
        elif word in added and word in removed:
            sink.report_at("KG629", f"`{word}` is both added and removed", location=place)
    sink.stop_on_errors()
    try:
        _require_there(read_tags(folder), removed, sink)
        return change_tags(folder, added, removed)
    except ForeignFileError as error:
        raise sink.fail_file("KG606", folder / TAGS, error) from error
    except OSError as error:
        raise sink.fail("KG605", f"`{folder / TAGS}` cannot be written: {told(error)}") from error


def _require_there(tags: Sequence[str], removed: Sequence[str], sink: Sink) -> None:
    for word in removed:
        if word not in tags:
            sink.report_at(
                "KG629",
                f"the run has no tag `{word}`",
                location=SourceLocation(override=word, column=1, length=len(word)),
                help=did_you_mean(word, tags) or "it has none",
            )
    sink.stop_on_errors()
