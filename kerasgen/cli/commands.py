"""The commands of `kerasgen`, by name; `run` alone is that of `run.py`.

A command is one file here, for its arguments and for what it prints, and one in `verbs`, for its
work; this list names it, and a page of the manual tells of it.
"""

from __future__ import annotations

from collections.abc import Mapping

from kerasgen.cli import (
    best,
    check,
    compare,
    delete,
    describe,
    eject,
    engines,
    evaluate,
    explain,
    export,
    import_model,
    init,
    parity,
    plan,
    predict,
    report,
    rerun,
    resume,
    runs,
    schema,
    serve,
    show,
    sweep,
    tag,
    verify,
)
from kerasgen.cli.shared_arguments import Command

COMMANDS: Mapping[str, Command] = {
    "check": check.COMMAND,
    "show": show.COMMAND,
    "describe": describe.COMMAND,
    "init": init.COMMAND,
    "runs": runs.COMMAND,
    "plan": plan.COMMAND,
    "sweep": sweep.COMMAND,
    "best": best.COMMAND,
    "predict": predict.COMMAND,
    "evaluate": evaluate.COMMAND,
    "serve": serve.COMMAND,
    "export": export.COMMAND,
    "compare": compare.COMMAND,
    "report": report.COMMAND,
    "tag": tag.COMMAND,
    "delete": delete.COMMAND,
    "resume": resume.COMMAND,
    "rerun": rerun.COMMAND,
    "verify": verify.COMMAND,
    "parity": parity.COMMAND,
    "import": import_model.COMMAND,
    "eject": eject.COMMAND,
    "engines": engines.COMMAND,
    "schema": schema.COMMAND,
    "explain": explain.COMMAND,
}
