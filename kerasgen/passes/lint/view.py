"""What a rule of lint sees: the program beside its graph laid flat, and the walks over it.

It owns how an output ends and beside which loss, which activation a step has, and the form of a
finding. It must not judge.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TypeAlias

from kerasgen.catalog.entries import Catalog
from kerasgen.diagnostics import Anchor, Sink
from kerasgen.ir.data import DataDef
from kerasgen.ir.graph import ModelGraph
from kerasgen.ir.program import FIT, CompileDef, Loss, Phase, Program, loss_word
from kerasgen.ir.values import ObjectDef, TensorSpec, Value
from kerasgen.passes.cost import CostReport
from kerasgen.passes.ends import OutputSpec
from kerasgen.passes.lint.flat_graph import NOISE, FlatGraph, Step, lay_flat, passes_on
from kerasgen.passes.one_hot_labels import Encoded
from kerasgen.passes.shapes import Specs
from kerasgen.passes.wire import ENTRY_KINDS

Place: TypeAlias = tuple[str, Anchor]
"""Key path of a config entry, and which end of it is meant."""

_ACTIVATION_LAYERS = {
    "ReLU": "relu",
    "LeakyReLU": "leaky_relu",
    "PReLU": "prelu",
    "ELU": "elu",
    "Softmax": "softmax",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredOutput:
    """One output of the model beside its loss.

    Attributes:
        output: the output.
        last: the last step that changes values, None where that is an input.
        activation: the activation of that step, None where not known.
        noise: steps of noise behind that step.
        loss: the loss as settled.
        word: its name in lower case, without module and underscores.
        logits: whether it reads scores as logits.
        place: where the loss was written, else the output.
        metrics: the metrics, each with its place.
    """

    output: OutputSpec
    last: Step | None
    activation: str | None
    noise: tuple[Step, ...]
    loss: Loss
    word: str
    logits: bool
    place: Place
    metrics: tuple[tuple[Loss, Place], ...]

    @property
    def units(self) -> int | None:
        """Number of scores, the size of the last axis."""
        return self.output.spec.shape[-1]

    @property
    def one_hot(self) -> bool:
        """Whether losses and metrics get one-hot rows."""
        return self.output.fed == "one_hot"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramView:
    """A program laid flat: what the rules see of it, as data.

    Attributes:
        program: the program.
        steps: the flat graph, in the order of the calls.
        takers: name of a step or input to the steps that take its tensors.
        inputs: specs of the model's inputs.
        outputs: the outputs that have a loss.
        cost: what the model costs.
        rows: rows of the training part, None where not known.
        phase: the phase that the program is, None for the whole.
    """

    program: Program
    steps: Mapping[str, Step]
    takers: Mapping[str, tuple[Step, ...]]
    inputs: Mapping[str, TensorSpec]
    outputs: tuple[ScoredOutput, ...]
    cost: CostReport
    rows: int | None
    phase: Phase | None = None

    def key(self, name: str) -> str:
        """The key path at which a key of the group `fit` is written."""
        return f"{FIT}.{name}" if self.phase is None else self.phase.key(name)

    @property
    def updates(self) -> int | None:
        """Batches in the whole training, None where not known."""
        fit = self.program.fit
        if fit.steps_per_epoch is not None:
            return fit.steps_per_epoch * fit.epochs
        return None if self.rows is None else -(-self.rows // fit.batch_size) * fit.epochs

    def spec(self, name: str) -> TensorSpec | None:
        """The spec of a step's output or of an input."""
        return self.inputs.get(name) or (self.steps[name].spec if name in self.steps else None)

    def source(self, step: Step) -> str | None:
        """The step or input that a step takes alone, behind all that passes values on."""
        name = step.sources[0] if len(step.sources) == 1 else None
        while name is not None and name in self.steps and passes_on(self.steps[name]):
            sources = self.steps[name].sources
            name = sources[0] if len(sources) == 1 else None
        return name

    def readers(self, name: str, through: Callable[[Step], bool] = passes_on) -> tuple[Step, ...]:
        """The steps that read values, before all that only passes them on.

        Args:
            name: the step or input whose values they are.
            through: which steps are looked through.
        """
        found: list[Step] = []
        for step in self.takers.get(name, ()):
            found += self.readers(step.name, through) if through(step) else [step]
        return tuple(_once(found))


@dataclass(frozen=True, slots=True, kw_only=True)
class LintView(ProgramView):
    """A program as the rules see it: laid flat, beside the classes that it may name.

    Attributes:
        catalog: every class that it may name.
    """

    catalog: Catalog

    def in_phases(self) -> Iterator[LintView]:
        """The program as each of its phases sees it."""
        for phase in self.program.phases:
            yield replace(self, program=phase.program, phase=phase)

    def argument(self, definition: ObjectDef, name: str) -> Value:
        """An argument of a layer or op as written, else its default."""
        if name in definition.arguments:
            return definition.arguments[name]
        found = self.catalog.find(definition.cls, (*ENTRY_KINDS, "optimizer", "callback", "metric"))
        parameter = None if found is None else found.parameters.get(name)
        return None if parameter is None else parameter.default

    def activation(self, step: Step) -> str | None:
        """The activation that a step ends with: its name, `linear` for none, None if not known."""
        return _activation(step, self.catalog)


def view_program(
    program: Program,
    graph: ModelGraph,
    specs: Specs,
    encoded: Encoded,
    catalog: Catalog,
    cost: CostReport,
) -> ProgramView:
    """Lays a program flat for the rules.

    Args:
        program: the program as written.
        graph: the wired model, channels last.
        specs: the specs of its tensors.
        encoded: its outputs beside their targets, with loss and metrics settled for each.
        catalog: every class that it may name.
        cost: what the model costs.
    """
    flat = FlatGraph(specs=specs)
    names = {item.name: item.name for item in graph.inputs}
    tensors = lay_flat(graph, "", "", names, flat)

    def giver(output: OutputSpec) -> str | None:
        return tensors.get((output.tensor.name, output.tensor.index or 0))

    objective = _Objective(
        written=program.compile, settled=encoded.objective, alone=len(encoded.outputs) == 1
    )
    return ProgramView(
        program=program,
        steps=flat.steps,
        takers={name: tuple(steps) for name, steps in flat.takers.items()},
        inputs={item.name: specs[item.name][0] for item in graph.inputs if item.name in specs},
        outputs=tuple(
            _scored(output, objective, _last_steps(giver(output), flat.steps), catalog)
            for output in encoded.outputs
            if output.task  # without data an output has no objective
        ),
        cost=cost,
        rows=declared_rows(program.data),
    )


def with_catalog(view: ProgramView, catalog: Catalog) -> LintView:
    """A program laid flat, beside the classes that it may name."""
    known = {item.name: getattr(view, item.name) for item in fields(ProgramView)}
    return LintView(**known, catalog=catalog)


def declared_rows(data: DataDef) -> int | None:
    """Rows of the training part as the facts declare them, None where they do not."""
    rest, split = data.facts.get("samples"), data.split
    if type(rest) is not int or split.group is not None or split.fold is not None:
        return None
    for size in (split.test, split.validation):
        if size == "given":
            return None
        if isinstance(size, float):
            rest -= max(1, round(size * rest)) if size else 0
        elif isinstance(size, int):
            rest -= size
    return rest if rest > 0 else None


def _once(steps: Sequence[Step]) -> Iterator[Step]:
    """Steps without repetition: ways that part may meet again."""
    seen: set[str] = set()
    for step in steps:
        if step.name not in seen:
            seen.add(step.name)
            yield step


def written_at(step: Step, argument: str) -> Place:
    """The place of an argument where it is written, else of the entry."""
    return argument_place(step.definition, argument, step.path)


def argument_place(definition: ObjectDef, argument: str, path: str | None = None) -> Place:
    """The same for any object; `path` is the key path of its entry, if that is not its own."""
    base = definition.path if path is None else path
    return (f"{base}.{argument}", "value") if argument in definition.arguments else (base, "key")


def advise(
    sink: Sink,
    code: str,
    message: str,
    place: Place,
    *,
    mend: str,
    reason: str | None = None,
) -> None:
    """Reports what a rule found.

    Args:
        sink: gets the warning.
        code: the rule's code.
        message: what is the case.
        place: where it is written.
        mend: how to mend it, in the config's own words.
        reason: what happens in training as it is.
    """
    notes = [reason] if reason else ()
    sink.warn(code, message, key=place[0], at=place[1], help=mend, notes=notes)


def _activation(step: Step, catalog: Catalog) -> str | None:
    if step.cls in _ACTIVATION_LAYERS:
        return _ACTIVATION_LAYERS[step.cls]
    if step.cls.startswith("ops."):
        word = step.cls.removeprefix("ops.")
        return word if word in catalog.vocabularies.get("activation", ()) else None
    found = catalog.find(step.definition.cls, ("layer",))
    if found is None or "activation" not in found.parameters:
        return None
    written = step.definition.arguments.get("activation", found.parameters["activation"].default)
    if isinstance(written, ObjectDef):
        word = written.cls.rpartition(".")[2]
        return _ACTIVATION_LAYERS.get(word, word)
    return str(written).lower() if written is not None else "linear"


def _last_steps(
    name: str | None, steps: Mapping[str, Step]
) -> tuple[Step | None, tuple[Step, ...]]:
    """The last step that changes what an output gives, and the steps of noise behind it.

    The first is None where nothing changes what an input holds.
    """
    noise = []
    while name is not None and name in steps and passes_on(steps[name]):
        if NOISE.fullmatch(steps[name].cls):
            noise.append(steps[name])
        sources = steps[name].sources
        name = sources[0] if len(sources) == 1 else None
    return (steps.get(name) if name is not None else None), tuple(noise)


def _scored(
    output: OutputSpec,
    objective: _Objective,
    last_steps: tuple[Step | None, tuple[Step, ...]],
    catalog: Catalog,
) -> ScoredOutput:
    last, noise = last_steps
    loss = objective.loss(output)
    arguments = loss.arguments if isinstance(loss, ObjectDef) else {}
    return ScoredOutput(
        output=output,
        last=last,
        activation=None if last is None else _activation(last, catalog),
        noise=noise,
        loss=loss,
        word=loss_word(loss),
        logits=arguments.get("from_logits") is True,
        place=objective.loss_place(output),
        metrics=tuple(objective.metrics(output)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Objective:
    """Loss and metrics as written and as settled, and whether the model has one output alone."""

    written: CompileDef
    settled: CompileDef
    alone: bool

    def loss(self, output: OutputSpec) -> Loss:
        """The loss of an output."""
        loss = self.settled.loss
        loss = loss[output.name] if isinstance(loss, Mapping) else loss
        assert loss is not None
        return loss

    def loss_place(self, output: OutputSpec) -> Place:
        """Where the loss of an output was written, else the output."""
        if self.written.loss is None:
            return output.path, "key"
        keyed = isinstance(self.written.loss, Mapping)
        return (f"compile.loss.{output.name}" if keyed else "compile.loss"), "value"

    def metrics(self, output: OutputSpec) -> Iterator[tuple[Loss, Place]]:
        """The metrics of an output, each with its place."""
        for group in ("metrics", "weighted_metrics"):
            settled, own = getattr(self.settled, group), getattr(self.written, group)
            keyed = isinstance(settled, Mapping)
            values = settled.get(output.name, ()) if keyed else (settled if self.alone else ())
            for index, metric in enumerate(values or ()):
                base = f"compile.{group}" + (f".{output.name}" if isinstance(own, Mapping) else "")
                place: Place = (f"{base}.{index}", "value")
                yield metric, (output.path, "key") if own is None else place
