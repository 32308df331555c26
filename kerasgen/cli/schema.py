"""The command `kerasgen schema`: the config language as JSON Schema, for editors and validators."""

from __future__ import annotations

import argparse
from pathlib import Path

from kerasgen.cli.command import Command, declare_trust, refuse, trust_of

_EXAMPLES = """\
examples:
  kerasgen schema                                      where the shipped schemas are
  kerasgen schema -o my_conf/.schema                   write those of the installed Keras
  kerasgen schema model > model.json                   one group, in one file
"""


def _declare(parser: argparse.ArgumentParser) -> None:
    from kerasgen.emit.schema.document import FILES

    parser.add_argument(
        "group", nargs="?", choices=list(FILES), metavar="GROUP", help=f"one of {', '.join(FILES)}"
    )
    parser.add_argument(
        "-o", "--output", metavar="DIR", type=Path, help="write one file for each group into DIR"
    )
    declare_trust(parser)


def _act(options: argparse.Namespace) -> int:
    from kerasgen.verbs.schema import schema_texts

    if options.output is None and options.group is None:
        print(_shipped_text())
        return 0
    texts = schema_texts(options.group, trust_of(options))
    if options.output is None:
        print(*texts.values(), sep="", end="")
        return 0
    if not _write(texts, options.output):
        return 2
    print(f"{len(texts)} {'files' if len(texts) > 1 else 'file'} in {options.output}")
    return 0


def _shipped_text() -> str:
    """Where the shipped schemas are, and how a config names its own."""
    from kerasgen.emit.schema.document import FILES
    from kerasgen.frontend.compose.config_folders import config_folder

    width = max(map(len, FILES))
    lines = [f"  {name:{width}}  {text.replace('`', '')}" for name, text in FILES.items()]
    folder = config_folder() / ".schema"
    return "\n".join(
        (
            f"JSON Schemas in {folder}:",
            *lines,
            "",
            "An editor with a YAML language server completes and checks a config that begins with",
            f"  # yaml-language-server: $schema={folder / 'model.json'}",
            "The path may be relative to the config's own folder, as in the shipped configs.",
        )
    )


def _write(texts: dict[str, str], folder: Path) -> bool:
    from kerasgen.diagnostics import Sink
    from kerasgen.record.files import write_named

    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            write_named(folder / f"{name}.json", text)
    except OSError as error:
        sink = Sink()
        sink.report("KG605", f"`{folder}` cannot be written: {error.strerror or error}")
        refuse(sink.diagnostics)
        return False
    return True


COMMAND = Command(
    summary="write JSON Schemas for editors",
    examples=_EXAMPLES,
    declare=_declare,
    act=_act,
)
