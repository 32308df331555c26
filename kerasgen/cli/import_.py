"""The command `kerasgen import`: a Keras model becomes a config."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from kerasgen.cli.command import Command, declare_trust, trust_of
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
    from kerasgen.session.catalog import lightest_engine
    from kerasgen.session.planning import start
    from kerasgen.verbs.import_weights import Saving, require_free, require_place, save_imported

    sink = Sink()
    saving = None
    if options.save is not None:
        saving = Saving(
            path=options.save,
            weights=options.weights,
            engine=options.saved_with,
            replace=options.force,
        )
        require_place(saving, sink)
    elif options.weights is not None:
        raise sink.fail(
            "KG619", "`--weights` names weights to be saved", help="add `--save FILE.keras`"
        )
    if options.output is not None and not options.force:
        require_free(options.output, sink)
    # Next to nothing is computed, so the engine that starts fastest serves.
    catalog = start(lightest_engine(), sink, trust_of(options))

    from kerasgen.engines.keras3.decompile.text import import_model

    made = import_model(
        options.target,
        sink,
        folded=not options.no_fold,
        catalog=catalog,
        engine=options.saved_with,
    )
    saved = None if saving is None else save_imported(made, saving, sink)
    if sink.diagnostics:
        print(render_text(sink.diagnostics), file=sys.stderr)
    if saved is not None:
        print(saved, file=sys.stderr)
    if options.output is None:
        print(made.text, end="")
        return 0
    from kerasgen.record.files import write_named

    try:
        write_named(options.output, made.text)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise sink.fail("KG605", f"`{options.output}` cannot be written: {reason}") from error
    print(f"{options.output}: {made.text.count(chr(10))} lines")
    return 0


COMMAND = Command(
    summary="turn a Keras model into a config",
    examples=_EXAMPLES,
    declare=_declare,
    act=_act,
)
