"""The command `kerasgen import`: a Keras model becomes a config."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from kerasgen.cli.shared_arguments import Command, declare_trust, trust_of
from kerasgen.diagnostics import Sink
from kerasgen.diagnostics.render import render_text

_EXAMPLES = """\
examples:
  kerasgen import trained.keras > conf/model/mine.yaml
  kerasgen import applications.ResNet50 -o conf/model/resnet50.yaml
  kerasgen import old.h5 --save new.keras              the weights too, as Keras 3 has them
  kerasgen import model.json --weights weights.h5 --save new.keras
  kerasgen import model.json --no-fold                 every layer with its own name
  kerasgen import old_model.h5 > conf/model/old.yaml   of Keras 1, 2, tf.keras or Keras 3
  kerasgen import mymodels:make_unet                   runs make_unet() of mymodels.py
"""


def _declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "target",
        metavar="FILE|NAME|MODULE:FACTORY",
        help="a model file of any Keras, a name of keras.applications, or a function of your own",
    )
    parser.add_argument(
        "-o", "--output", metavar="FILE", type=Path, help="file for the config; else stdout"
    )
    parser.add_argument(
        "--no-fold", action="store_true", help="no blocks: every layer keeps its name"
    )
    parser.add_argument(
        "--save", metavar="FILE", type=Path, help="write the model with its weights as `.keras`"
    )
    parser.add_argument(
        "--weights", metavar="FILE", type=Path, help="with --save: weights that lie in another file"
    )
    parser.add_argument(
        "--saved-with",
        metavar="ENGINE",
        choices=("theano", "tensorflow", "cntk"),
        help="the engine that Keras 1 ran on, which its files do not name",
    )
    parser.add_argument(
        "--force", action="store_true", help="with -o or --save: replace a file that is there"
    )
    declare_trust(parser)


def _act(options: argparse.Namespace) -> int:
    from kerasgen.verbs.import_model import Wanted, import_target
    from kerasgen.verbs.import_weights import Saving
    from kerasgen.verbs.output import write_output

    sink = Sink()
    if options.save is None and options.weights is not None:
        raise sink.fail(
            "KG619", "`--weights` names weights to be saved", help="add `--save FILE.keras`"
        )
    saving = options.save and Saving(
        path=options.save,
        weights=options.weights,
        engine=options.saved_with,
        replace=options.force,
    )
    wanted = Wanted(
        target=options.target,
        folded=not options.no_fold,
        engine=options.saved_with,
        output=options.output,
        replace=options.force,
        saving=saving,
    )
    imported = import_target(wanted, sink, trust_of(options))
    if sink.diagnostics:
        print(render_text(sink.diagnostics), file=sys.stderr)
    if imported.saved is not None:
        print(imported.saved, file=sys.stderr)
    if options.output is None:
        print(imported.text, end="")
        return 0
    write_output(options.output, imported.text, sink)
    print(f"{options.output}: {imported.text.count(chr(10))} lines")
    return 0


COMMAND = Command(
    summary="turn a Keras model into a config",
    examples=_EXAMPLES,
    declare=_declare,
    act=_act,
)
