"""What the passes make of a program, all together: the program as it is trained.

This room owns the record that leaves the compiler. It is data alone, without an object of an
engine or a catalog: it can be compared, sent to another process, and be made a model by any engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from kerasgen.diagnostics import Diagnostic
from kerasgen.ir.graph import ModelGraph
from kerasgen.ir.program import CompileDef, Program
from kerasgen.ir.values import TensorSpec
from kerasgen.passes.cost import CostReport
from kerasgen.passes.ends import OutputSpec
from kerasgen.passes.freezing import TrainedPhase
from kerasgen.passes.lint.view import ProgramView
from kerasgen.passes.prepared_shapes import ShapedPreparation
from kerasgen.passes.shapes import Specs


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledProgram:
    """A program after all stages.

    Attributes:
        program: the program as written.
        graph: the model as it is built, layout included.
        specs: the specs of its tensors.
        outputs: its outputs beside their targets, channels last.
        objective: loss and metrics, settled for every output.
        preparation: what is done with the data's columns before they reach the model.
        encoded: output name to the losses and metrics for which its class indices are handed
            over as one-hot rows.
        cost: what it costs.
        view: the program laid flat, for the rules of lint that wait for the rows.
        silenced: warnings that the config silences.
        phases: what is trained, one after the other.
    """

    program: Program
    graph: ModelGraph
    specs: Specs
    outputs: tuple[OutputSpec, ...]
    objective: CompileDef
    cost: CostReport
    preparation: ShapedPreparation
    view: ProgramView
    encoded: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    silenced: tuple[Diagnostic, ...] = ()
    phases: tuple[TrainedPhase, ...] = ()

    @property
    def inputs(self) -> dict[str, TensorSpec]:
        """Input name to its spec as the model takes it, layout included."""
        return {item.name: self.specs[item.name][0] for item in self.graph.inputs}
