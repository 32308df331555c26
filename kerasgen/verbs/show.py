"""Looks into a model, be it one that a config describes or one that a run has trained.

This room owns what each look shows. Where a program or a trained model comes from is the business
of `kerasgen.session` and of `finished_run`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kerasgen.diagnostics import CompileError, Sink
from kerasgen.emit.picture.folding import (
    EVERYTHING_OPEN,
    Sketch,
    folded,
    folded_to_read,
    sketch_of,
)
from kerasgen.emit.picture.mermaid import to_mermaid
from kerasgen.emit.picture.png import to_png
from kerasgen.emit.picture.svg import to_svg
from kerasgen.emit.text.config import data_yaml
from kerasgen.emit.text.model_views import shapes_text, weights_text
from kerasgen.emit.text.preparation_table import preparation_table
from kerasgen.emit.text.resolved_config import config_with_origins, config_yaml
from kerasgen.frontend.compose.config_folders import Folders
from kerasgen.frontend.compose.origins import place_of_text
from kerasgen.frontend.parse.data import refuse_absent
from kerasgen.record.read import is_run
from kerasgen.registry import NOBODY, Trust
from kerasgen.session.composed_config import compose_config
from kerasgen.session.early_checks import check_settings
from kerasgen.session.named_run import looks_named, named_run
from kerasgen.session.recorded import open_run
from kerasgen.session.session import Session
from kerasgen.session.states import CLOSED, UNREAD, Aim
from kerasgen.verbs.finished_run import load_run_model, run_section
from kerasgen.verbs.output import write_output

if TYPE_CHECKING:
    from kerasgen.emit.picture.folding import Closed
    from kerasgen.engine import Model
    from kerasgen.ir.graph import ModelGraph
    from kerasgen.passes.compiled import CompiledProgram
    from kerasgen.passes.prepared_shapes import ShapedPreparation
    from kerasgen.passes.shapes import Specs

    Painter = Callable[[ModelGraph, Specs, Mapping[str, Closed]], str | bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is looked at: a config, or a run.

    Attributes:
        overrides: Hydra overrides of the config; empty for a run.
        config_dir: folders of configs that come before the shipped ones.
        run: the folder of the run, or None for a config.
        trust: modules whose parts the config or the trained model may hold.
    """

    overrides: tuple[str, ...] = ()
    config_dir: Folders = None
    run: Path | None = None
    trust: Trust = NOBODY

    @classmethod
    def named(
        cls,
        words: Sequence[str],
        config_dir: Folders,
        trust: Trust = NOBODY,
        outputs: Path = Path("outputs"),
    ) -> Target:
        """What command-line words name: overrides, or a run.

        Args:
            words: overrides, or one name of a run, as `named_run` takes it.
            config_dir: folders of configs that come before the shipped ones.
            trust: modules whose parts may be named.
            outputs: the folder of all runs.

        Raises:
            CompileError: a run stands among overrides, or there is none.
        """
        if len(words) == 1 and looks_named(words[0], outputs):
            return cls(run=named_run(words[0], outputs), trust=trust)
        for number, word in enumerate(words):
            if is_run(word):
                raise _refused_beside(words, number)
        return cls(overrides=tuple(words), config_dir=config_dir, trust=trust)


def _refused_beside(words: Sequence[str], number: int) -> CompileError:
    """The error for a run that stands among overrides or other runs."""
    others = [word for index, word in enumerate(words) if index != number]
    runs = any(map(is_run, others))
    return Sink().fail_at(
        "KG606",
        f"the run `{words[number]}` is looked at {'alone' if runs else 'without overrides'}",
        location=place_of_text(others[0]),
        help=None if runs else "a run has its config: leave the overrides out",
    )


def resolved_text(target: Target) -> str:
    """The resolved config as YAML; for a config each value has its origin beside it."""
    resolved = _session(target, UNREAD).resolved
    if target.run is not None:
        return config_yaml(resolved.config)
    return config_with_origins(resolved.config, resolved.findings.source_map.locate)


def expanded_text(target: Target) -> str:
    """The model section without blocks, repetitions, parameters and selectors, as YAML.

    Raises:
        CompileError: the config cannot be composed or expanded, or the run cannot be read.
    """
    if target.run is not None:
        return data_yaml(run_section(target.run, "model"))
    selected = _session(target, UNREAD).selected
    config, sink = selected.config, selected.findings.sink()
    sink.stop_on_errors()
    model = config.get("model")
    if not isinstance(model, Mapping):
        raise sink.fail(
            "KG106",
            "the config has no `model`, which `--expanded` shows",
            help="choose one: `model=…`",
        )
    return data_yaml(model)


def look_at(target: Target, look: str) -> str:
    """One look, as text.

    Args:
        target: what is looked at.
        look: `summary`, `shapes`, `get-config`, `weights` or `prepare`.

    Raises:
        CompileError: the config has mistakes, or the run cannot be read.
    """
    if look == "shapes":
        compiled = compiled_program(target)
        return shapes_text(compiled.graph, compiled.specs, compiled.cost)
    if look == "prepare":
        return preparation_table(_shaped_preparation(target))
    model = _model(target, weights=look == "weights")
    return _MODEL_LOOKS[look](model)


def mermaid_text(target: Target, depth: int | None = None) -> str:
    """The graph of a model as Mermaid text; `depth` is that of `draw_graph`.

    Raises:
        CompileError: the config has mistakes, or the run cannot be read.
    """
    drawn = _folded(_sketch(target), depth)
    return to_mermaid(drawn.graph, drawn.specs, drawn.closed)


def draw_graph(target: Target, path: Path, depth: int | None = None) -> str:
    """Draws the graph of a model into a file whose ending says the form.

    Args:
        target: the model.
        path: the file.
        depth: how many levels of blocks and nested models are open, None for as many as keep the
            drawing readable.

    Returns:
        A line that says what was written.

    Raises:
        CompileError: the config has mistakes, the ending is unknown, or the file cannot be written.
    """
    form = _form_of(path)
    whole = _sketch(target)
    drawn = _folded(whole, depth)
    write_output(path, form(drawn.graph, drawn.specs, drawn.closed), Sink())
    shut = ", blocks closed: `--depth N` opens them" if drawn.can_be_opened else ""
    return f"{path}: {len(whole.graph.calls)} layers{shut}"


def draw_preparation(target: Target, path: Path) -> str:
    """Draws the graph of `data.prepare`; the rest is as for `draw_graph`.

    Raises:
        CompileError: the config has mistakes, the ending is unknown, or the file cannot be written.
    """
    form = _form_of(path)
    shaped = _shaped_preparation(target)
    write_output(path, form(shaped.preparation.graph, shaped.specs, EVERYTHING_OPEN), Sink())
    count = len(shaped.preparation.steps)
    return f"{path}: {count} step{'' if count == 1 else 's'}"


def _form_of(path: Path) -> Painter:
    forms: Mapping[str, Painter] = {
        ".svg": to_svg,
        ".png": to_png,
        ".mmd": to_mermaid,
    }
    form = forms.get(path.suffix.lower())
    if form is None:
        raise Sink().fail(
            "KG605",
            f"a graph cannot be written as `{path.name or path}`",
            help="end the name in .svg, .png or .mmd",
        )
    return form


def _sketch(target: Target) -> Sketch:
    compiled = _session(target, CLOSED).compiled
    return sketch_of(compiled.program, compiled.findings.source_map)


def _folded(whole: Sketch, depth: int | None) -> Sketch:
    """A model as it is drawn."""
    return folded_to_read(whole) if depth is None else folded(whole, depth)


def compiled_program(target: Target) -> CompiledProgram:
    """The compiled program of a config or of a run.

    Raises:
        CompileError: it does not compile, or cannot be read.
    """
    return _session(target, CLOSED).compiled.program


def _shaped_preparation(target: Target) -> ShapedPreparation:
    session = _session(target, CLOSED)
    refuse_absent(session.data, session.parsed.findings.sink())
    return session.compiled.program.preparation


def _session(target: Target, aim: Aim) -> Session:
    if target.run is not None:
        return open_run(target.run, target.trust)
    composition = compose_config(target.overrides, target.config_dir, target.trust)
    if aim is not UNREAD:
        check_settings(composition)
    return Session(composition, aim)


def _model(target: Target, *, weights: bool) -> Model:
    if target.run is not None:
        return load_run_model(target.run, target.trust)
    session = _session(target, CLOSED)
    compiled, started = session.compiled.program, session.engine
    model = started.engine.realize(compiled, started.catalog)
    if weights:
        model.initialize()
    return model


_MODEL_LOOKS: Mapping[str, Callable[[Model], str]] = {
    "summary": lambda model: model.summary().rstrip(),
    "get-config": lambda model: json.dumps(model.config(), indent=2),
    "weights": lambda model: weights_text(model.weight_table()),
}
