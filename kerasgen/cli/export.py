"""The command `kerasgen export`: the model of a run for another runtime."""

from __future__ import annotations

import argparse
from pathlib import Path

from kerasgen.cli.shared_arguments import (
    RUN_NAME,
    Command,
    declare_run_folders,
    declare_trust,
    run_folder_of,
    tolerance,
    trust_of,
)
from kerasgen.foreign.printable import shown_lines
from kerasgen.process.exit_codes import DONE, FAILED

_EXAMPLES = """\
examples:
  kerasgen export last --format onnx -o model.onnx
  kerasgen export best:test_accuracy --format tf_saved_model -o served/1
  kerasgen export last --format torch --backend torch -o model.pt2   trained with another backend
  kerasgen export last --format onnx -o model.onnx --force --tolerance 1e-6
"""


def _declare(parser: argparse.ArgumentParser) -> None:
    from kerasgen.verbs.exports.wish import TOLERANCE

    parser.add_argument("run", metavar="RUN", help=RUN_NAME)
    parser.add_argument(
        "--format",
        metavar="FORMAT",
        required=True,
        help="tf_saved_model, onnx, openvino, litert, torch, keras or weights",
    )
    parser.add_argument(
        "-o", "--output", metavar="PATH", type=Path, required=True, help="the file or folder"
    )
    parser.add_argument(
        "--backend",
        choices=("tensorflow", "jax", "torch"),
        help="write it with this backend; else with that of the run",
    )
    parser.add_argument(
        "--tolerance",
        metavar="X",
        type=tolerance,
        default=TOLERANCE,
        help="how much predictions may differ from those of the run, relative to the larger of 1 "
        f"and the value ({TOLERANCE:g})",
    )
    parser.add_argument("--force", action="store_true", help="replace what is there")
    parser.add_argument(
        "--without-preparation",
        action="store_true",
        help="the trained model alone, without the steps of `data.prepare`",
    )
    declare_run_folders(parser)
    declare_trust(parser)


def _act(options: argparse.Namespace) -> int:
    from kerasgen.process.entry import report
    from kerasgen.verbs.export import DifferingExportError, export_run, export_text
    from kerasgen.verbs.exports.wish import ExportWish

    wish = ExportWish(
        form=options.format,
        path=options.output,
        backend=options.backend,
        tolerance=options.tolerance,
        force=options.force,
        without_preparation=options.without_preparation,
    )
    try:
        found = export_run(run_folder_of(options.run, options), wish, trust_of(options))
    except DifferingExportError as error:
        report("KG652", str(error))
        return FAILED
    # The record may be a stranger's: its words must not drive the terminal.
    print(shown_lines(export_text(found)))
    return DONE


COMMAND = Command(
    summary="write the model of a run for another runtime",
    examples=_EXAMPLES,
    declare=_declare,
    act=_act,
)
