"""Who hears what a run says, and what a listener that fails does to it."""

import dataclasses
import json
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from kerasgen.diagnostics import Diagnostic, Severity, Sink
from kerasgen.ir.values import ObjectDef
from kerasgen.record.files import plain
from kerasgen.run import events as said
from kerasgen.run.event_stream import EventStream, StepError, TrackerError
from kerasgen.run.events import EpochEnded, Event, StepFinished, StepStarted, WarningsRaised


@dataclass
class Ear:
    """Keeps what it hears; fails where it is told to."""

    name: str = "an ear"
    callbacks: Mapping[str, ObjectDef] = field(default_factory=dict)
    fails: bool = False
    fails_late: bool = False
    heard: list[Event] = field(default_factory=list)

    def hear(self, event: Event) -> None:
        self.heard.append(event)
        if self.fails:
            raise RuntimeError("no connection")

    def end(self) -> None:
        if self.fails_late:
            raise TrackerError("the server is gone")


def epoch(number: int) -> EpochEnded:
    return EpochEnded(epoch=number, seconds=0.5, figures={"loss": 1.0})


def test_an_event_reaches_all_listeners_in_order() -> None:
    order: list[str] = []

    @dataclass
    class Named:
        name: str

        def hear(self, event: Event) -> None:
            order.append(self.name)

    stream = EventStream(Named("console"))
    stream.put_first(Named("record"))
    stream.emit(epoch(1))
    assert order == ["record", "console"]


def test_a_step_says_its_begin_its_text_and_its_time() -> None:
    ear = Ear()
    stream = EventStream(ear)
    with stream.step("load") as line:
        line.append("three rows")
    begun, ended = ear.heard
    assert begun == StepStarted(name="load")
    assert isinstance(ended, StepFinished)
    assert (ended.name, ended.text) == ("load", "three rows")
    assert ended.seconds >= 0


def test_what_a_step_raises_belongs_to_it_and_it_is_not_finished() -> None:
    ear = Ear()
    stream = EventStream(ear)
    with pytest.raises(StepError) as caught, stream.step("fit"):
        raise KeyError("x")
    assert (caught.value.step, type(caught.value.cause)) == ("fit", KeyError)
    assert ear.heard == [StepStarted(name="fit")]


def test_a_mistake_of_the_users_is_no_failure_of_the_step() -> None:
    error = Sink().fail("KG501", "no such file")
    with pytest.raises(type(error)) as caught, EventStream().step("load"):
        raise error
    assert caught.value is error


def test_a_listener_of_the_run_that_fails_ends_it() -> None:
    stream = EventStream(Ear(fails=True))
    with pytest.raises(RuntimeError, match="no connection"):
        stream.emit(epoch(1))


def test_a_tracker_that_fails_is_left_out_with_one_warning() -> None:
    ear, broken, sound = Ear(), Ear(name="mlflow", fails=True), Ear()
    stream = EventStream(ear)
    stream.join(broken)
    stream.join(sound)
    for number in (1, 2, 3):
        stream.emit(epoch(number))
    assert broken.heard == [epoch(1)]
    (warning,) = stream.warnings()
    assert (warning.code, warning.severity) == ("KG807", Severity.WARNING)
    assert "`mlflow` failed" in warning.message
    assert "RuntimeError: no connection" in warning.message
    warned = WarningsRaised(diagnostics=(warning,))
    assert ear.heard == [epoch(1), warned, epoch(2), epoch(3)]
    assert sound.heard.count(warned) == 1
    assert [event for event in sound.heard if event != warned] == [epoch(1), epoch(2), epoch(3)]


def test_a_tracker_that_joins_later_hears_what_was_said() -> None:
    stream, late = EventStream(), Ear()
    stream.emit(epoch(1))
    stream.join(late)
    stream.emit(epoch(2))
    assert late.heard == [epoch(1), epoch(2)]


def test_a_tracker_that_fails_as_it_joins_is_left_out() -> None:
    stream, late = EventStream(), Ear(fails=True)
    stream.emit(epoch(1))
    stream.emit(epoch(2))
    stream.join(late)
    stream.emit(epoch(3))
    assert late.heard == [epoch(1)]
    assert len(stream.warnings()) == 1


def test_a_tracker_that_fails_at_its_end_is_told_in_its_own_words() -> None:
    stream = EventStream()
    stream.join(Ear(name="tracking.mlflow", fails_late=True))
    stream.emit(epoch(1))
    stream.end_trackers()
    (warning,) = stream.warnings()
    assert warning.message == (
        "`tracking.mlflow` failed and follows this run no longer: the server is gone"
    )


def test_the_callbacks_of_trackers_are_known_by_name() -> None:
    stream = EventStream()
    callback = ObjectDef(cls="CSVLogger", arguments={"filename": "log.csv"})
    stream.join(Ear(callbacks={"tracking.log": callback}))
    assert stream.callbacks() == {"tracking.log": callback}


def test_every_event_is_frozen_and_plain() -> None:
    diagnostic = Diagnostic(code="KG802", severity=Severity.WARNING, message="lost")
    values: dict[str, object] = {
        "str": "x",
        "object": [["model", "a.yaml"]],
        "int": 3,
        "int | Literal['auto']": "auto",
        "bool": True,
        "float": 0.5,
        "str | None": None,
        "float | None": None,
        "tuple[str, ...]": ("cpu:0",),
        "tuple[Diagnostic, ...]": (diagnostic,),
        "Plain": {"a": [1, None]},
        "Plain | None": None,
        "Closed": "completed",
        "Mapping[str, float]": {"loss": 0.5},
        "tuple[Mapping[str, float], ...]": ({"loss": 0.5},),
        "Mapping[str, Mapping[str, float]]": {"test": {"loss": 0.5}},
        "Mapping[str, Mapping[str, Mapping[str, float]]]": {"test": {"naive": {"loss": 0.5}}},
    }
    for kind in typing.get_args(said.Event):
        event = kind(**{f.name: values[f.type] for f in dataclasses.fields(kind)})
        data = plain(dataclasses.asdict(event))
        assert json.loads(json.dumps(data)) == data
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(event, dataclasses.fields(kind)[0].name, None)


def test_a_tracker_whose_callback_has_failed_is_left_out_with_one_warning() -> None:
    failing = Ear(callbacks={"mine": ObjectDef(cls="TensorBoard")})
    other = Ear(name="another", callbacks={"yours": ObjectDef(cls="TensorBoard")})
    stream = EventStream()
    stream.join(failing)
    stream.join(other)
    stream.leave_out("mine", OSError("no space"))
    stream.leave_out("mine", OSError("no space"))
    stream.emit(epoch(1))
    assert failing.heard == []
    assert [type(event) for event in other.heard] == [WarningsRaised, EpochEnded]
    assert [found.code for found in stream.warnings()] == ["KG807"]
    assert list(stream.callbacks()) == ["yours"]
