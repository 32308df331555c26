"""The command `kerasgen schema`: the config language as JSON Schema, for editors and validators."""

from __future__ import annotations

import argparse
from pathlib import Path

from kerasgen.cli.shared_arguments import Command, declare_trust, trust_of

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
    from kerasgen.diagnostics import Sink
    from kerasgen.verbs.output import write_outputs
    from kerasgen.verbs.schema import schema_texts, shipped_schemas

    if options.output is None and options.group is None:
        print(shipped_schemas())
        return 0
    texts = schema_texts(options.group, trust_of(options))
    if options.output is None:
        print(*texts.values(), sep="", end="")
        return 0
    write_outputs(options.output, {f"{name}.json": text for name, text in texts.items()}, Sink())
    print(f"{len(texts)} {'files' if len(texts) > 1 else 'file'} in {options.output}")
    return 0


COMMAND = Command(
    summary="write JSON Schemas for editors",
    examples=_EXAMPLES,
    declare=_declare,
    act=_act,
)
