"""TensorBoard: event files in the folder of the run.

This room owns what of a run stands where in them. They are written with the messages of the package
`tensorboard`, which needs no TensorFlow.

Decisions:
- Figures of the epochs lie in `train` and `validation` under one name (`epoch_loss`), so that both
  curves stand in one picture; all that is of the whole run lies beside them.
- Files are written in this process and at once: what cannot be written is told where it happens.
- Epochs that an earlier process has written are not written twice: a run that goes on repeats them
  bit by bit.
- Histograms of weights are left to Keras's callback, since no event holds weights.
"""

from __future__ import annotations

import os
import platform
import struct
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kerasgen.ir.values import ObjectDef, Value
from kerasgen.passes.compiled import CompiledProgram
from kerasgen.record.file_names import TENSORBOARD
from kerasgen.run.events import Plain
from kerasgen.run.listeners.board import BoardTracker, TrackedRun
from kerasgen.run.listeners.flat_config import settings_of
from kerasgen.run.listeners.graph_nodes import Node, graph_nodes

NAME = "tracking.tensorboard"
"""The key that asks for it, by which its callback is known too."""

WEIGHTS = "weights"
"""The folder of what Keras's callback writes."""

_FRAME = 16
"""Bytes around an event: 8 of its length and 4 to check that, before it; 4 to check it, behind."""

_VALIDATION = "val_"
"""How the name of a figure of the validation part begins."""


class EventFiles:
    """Writes a run into event files.

    Args:
        nodes: the model, as a graph.
    """

    def __init__(self, nodes: tuple[Node, ...]) -> None:
        self._nodes = nodes
        self._folder = Path()
        self._files: dict[str, Path] = {}
        self._known = 0
        self._last = 0

    def start(self, run: TrackedRun) -> None:
        """Begins the files, with config, graph and the settings as hyperparameters.

        Raises:
            OSError: they cannot be written.
        """
        from tensorboard.plugins.hparams.summary_v2 import hparams_pb

        self._folder = Path(run.folder) / TENSORBOARD
        self._known = last_step(self._folder / "train") if run.resumed else 0
        self.text("config", "".join(f"    {line}\n" for line in run.config.splitlines()))
        self._write("", graph_def=graph_bytes(self._nodes))
        self._write("", summary=hparams_pb(settings_of(run.config), trial_id=run.folder))

    def scalars(self, step: int | None, figures: Mapping[str, float]) -> None:
        """Takes numbers of an epoch, or of the whole run.

        Raises:
            OSError: they cannot be written.
        """
        from tensorboard.plugins.scalar.summary_v2 import scalar_pb

        if step is not None and step <= self._known:
            return
        self._last = max(self._last, self._known) if step is None else step
        for name, value in figures.items():
            if step is None:
                self._write("", self._last, summary=scalar_pb(name, value))
                continue
            part = "validation" if name.startswith(_VALIDATION) else "train"
            tag = f"epoch_{name.removeprefix(_VALIDATION)}"
            self._write(part, step, summary=scalar_pb(tag, value))

    def text(self, name: str, text: str) -> None:
        """Takes a text in Markdown.

        Raises:
            OSError: it cannot be written.
        """
        from tensorboard.plugins.text.summary_v2 import text_pb

        self._write("", summary=text_pb(name, text))

    def artifact(self, path: str) -> None:
        """Takes no files: they lie beside the event files."""

    def finish(self, status: str) -> None:
        """Says how the run ended.

        Raises:
            OSError: they cannot be written.
        """
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.plugins.hparams import api_pb2, metadata
        from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData, SessionEndInfo

        done = api_pb2.STATUS_SUCCESS if status == "completed" else api_pb2.STATUS_FAILURE
        end = SessionEndInfo(status=done, end_time_secs=time.time())
        about = metadata.create_summary_metadata(HParamsPluginData(session_end_info=end))
        # The package's own function for it would import TensorFlow.
        value = Summary.Value(
            tag=metadata.SESSION_END_INFO_TAG, metadata=about, tensor=metadata.NULL_TENSOR
        )
        self._write("", summary=Summary(value=[value]))

    def _write(self, part: str, step: int = 0, **what: Any) -> None:
        """Writes one event into the file of a part, which is begun where there is none."""
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.summary.writer.record_writer import RecordWriter

        moment, events = time.time(), []
        if part not in self._files:
            folder = self._folder / part
            folder.mkdir(parents=True, exist_ok=True)
            name = f"events.out.tfevents.{moment:.6f}.{platform.node()}.{os.getpid()}"
            self._files[part] = folder / name
            events.append(Event(wall_time=moment, file_version="brain.Event:2"))
        events.append(Event(wall_time=moment, step=step, **what))
        with self._files[part].open("ab") as file:  # Open no longer: a tracker may be left out.
            for event in events:
                RecordWriter(file).write(event.SerializeToString())


def tensorboard_tracker(
    compiled: CompiledProgram, origin: Plain, resumed: bool
) -> BoardTracker | None:
    """The tracker, if the config asks for it.

    Args:
        compiled: the compiled program.
        origin: what the record says of where the run comes from.
        resumed: whether its training goes on.
    """
    wanted = compiled.program.tracking.tensorboard
    if wanted is None:
        return None
    callbacks = {}
    if wanted.histograms:
        place: dict[str, Value] = {"log_dir": f"{TENSORBOARD}/{WEIGHTS}", "histogram_freq": 1}
        callbacks[NAME] = ObjectDef(cls="TensorBoard", arguments=place, path=NAME)
    return BoardTracker(
        name=NAME,
        board=EventFiles(tuple(graph_nodes(compiled.graph))),
        origin=origin,
        resumed=resumed,
        ended=_nothing_to_wait_for,
        callbacks=callbacks,
    )


def last_step(folder: Path) -> int:
    """The last epoch in the event files of a folder; 0 for none.

    Raises:
        OSError: a file cannot be read.
    """
    from tensorboard.compat.proto.event_pb2 import Event

    last = 0
    for path in folder.glob("events.out.tfevents.*"):
        data, place = path.read_bytes(), 0
        while place + _FRAME <= len(data):
            (length,) = struct.unpack_from("<Q", data, place)
            content = data[place + _FRAME - 4 : place + _FRAME - 4 + length]
            place += _FRAME + length
            if place <= len(data):  # else the process was killed as it wrote
                last = max(last, Event.FromString(content).step)
    return last


def graph_bytes(nodes: tuple[Node, ...]) -> bytes:
    """A graph as TensorBoard reads it."""
    from tensorboard.compat.proto.graph_pb2 import GraphDef

    graph = GraphDef()
    for node in nodes:
        made = graph.node.add(name=node.name, op=node.cls, input=node.inputs)
        for name, value in node.arguments.items():
            made.attr[name].s = value.encode()
    data: bytes = graph.SerializeToString()
    return data


def _nothing_to_wait_for() -> None:
    """All is written as soon as it is heard."""
