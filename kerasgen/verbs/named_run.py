"""A run by what people call it: its folder, its folder below `outputs`, or `last`.

This room owns what such a name means. What a run holds it must not know.
"""

from __future__ import annotations

from pathlib import Path

from kerasgen.diagnostics import Sink, closest
from kerasgen.record.read import is_run
from kerasgen.record.runs import read_runs

LAST = "last"
"""What the newest completed run is called."""


def named_run(name: str, outputs: Path) -> Path:
    """The folder of a run.

    Args:
        name: a folder, one below `outputs`, or `last`.
        outputs: the folder of all runs.

    Raises:
        CompileError: KG606, there is no such run.
    """
    for place in (Path(name), outputs / name):
        if is_run(place):
            return place
    sink, unread = Sink(), Sink()
    runs = read_runs(outputs, unread)
    if name == LAST:
        done = [run for run in runs if run.status == "completed"]
        if done:
            return done[0].folder
        raise sink.fail(
            "KG606",
            f"there is no completed run below `{outputs}`",
            help="name its folder, or say where the runs are with `--outputs DIR`",
        )
    near = closest(name, [LAST, *(run.id for run in runs)])
    raise sink.fail(
        "KG606",
        f"there is no run `{name}`",
        help=f"did you mean `{near}`?" if near else "`kerasgen runs` lists them",
    )
