"""The command `kerasgen delete`: runs that are not wanted any more."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from kerasgen.cli.asking import agreed, can_ask
from kerasgen.cli.shared_arguments import RUN_NAME, Command, declare_outputs
from kerasgen.foreign.printable import shown
from kerasgen.process.exit_codes import DONE

_EXAMPLES = """\
examples:
  kerasgen delete 2026-01-31/12-00-00                  tells what would go, and asks
  kerasgen delete outputs/2026-01-31/* --dry-run       tells, and deletes nothing
  kerasgen delete 2026-01-31/12-00-00 --yes            does not ask
"""


def _declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("runs", metavar="RUN", nargs="+", help=RUN_NAME)
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--dry-run", action="store_true", help="only tell what would be deleted")
    declare_outputs(parser)


def _act(options: argparse.Namespace) -> int:
    from kerasgen.diagnostics import Sink
    from kerasgen.session.named_run import named_run
    from kerasgen.verbs.delete import delete_runs, look_before_deleting

    runs = look_before_deleting([named_run(name, options.outputs) for name in options.runs])
    for run in runs:
        print(shown(f"{run.folder}: {_amount([run.files], [run.size])}"))
    total = _amount([run.files for run in runs], [run.size for run in runs])
    what = "1 run" if len(runs) == 1 else f"{len(runs)} runs"
    if options.dry_run:
        print(f"would delete {what}: {total}; nothing was deleted")
        return DONE
    if not options.yes and not can_ask():
        raise Sink().fail(
            "KG628",
            "nothing was deleted: there is no terminal to ask at",
            help="`--yes` deletes unasked, `--dry-run` only tells",
        )
    if not options.yes and not agreed(f"delete {what}, {total}?"):
        print("nothing was deleted")
        return DONE
    delete_runs(runs)
    print(f"deleted {what}: {total}")
    return DONE


def _amount(files: Sequence[int], sizes: Sequence[int]) -> str:
    from kerasgen.passes.cost import human_bytes

    count = sum(files)
    return f"{count:,} file{'' if count == 1 else 's'}, {human_bytes(sum(sizes))}"


COMMAND = Command(
    summary="delete runs, with all that lies in their folders",
    examples=_EXAMPLES,
    declare=_declare,
    act=_act,
)
