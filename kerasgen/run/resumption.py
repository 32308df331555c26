"""How a run goes on where another one ended in its folder.

This room owns whether it may, and what is kept so that it can. When a state is taken is the
engine's business, and how it lies in the folder that of `record.checkpoints`.

Decisions:
- A run goes on only as what it was: program, data and seed are held against those of the
  checkpoint. Epochs may be more, and what only shows or records it may be other.
- Another version of a package is told and not refused: the run is worth more than its last bits.
- What can be resumed is never begun anew unasked: `fit.resume=never` asks.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from kerasgen.diagnostics import CompileError, Sink
from kerasgen.foreign.passwords import masked_tree, masking, without_passwords
from kerasgen.foreign.regular_files import ForeignFileError, read_text
from kerasgen.frontend.compose.composition import Composition
from kerasgen.frontend.compose.resolvers import secret_values
from kerasgen.ir.canonical import Difference, canonical, form_differences
from kerasgen.ir.program import Program
from kerasgen.ir.training import FeedPosition, TrainingState
from kerasgen.record.checkpoints import (
    Checkpoint,
    has_checkpoints,
    newest_checkpoint,
    write_checkpoint,
)
from kerasgen.record.file_names import CONFIG, FOLDS
from kerasgen.record.files import number, plain
from kerasgen.record.provenance import package_versions
from kerasgen.record.read import read_record
from kerasgen.record.status import observed_status
from kerasgen.record.write import now
from kerasgen.run.active_run import ActiveRun
from kerasgen.run.content_hashes import decisive_part

_SHOWN = 3
"""Keys that are named where a config is not the one that it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a training must be to go on from a state of another one.

    Attributes:
        program: the canonical form of all that it depends on.
        data: the fingerprint of its data.
    """

    program: Any
    data: str


def identity_of(
    program: Program, fingerprint: str, masked: Callable[[str], str] = without_passwords
) -> Identity:
    """What a training is, apart from its length and from what shows and records it.

    Of several phases the last one may be longer.

    Args:
        program: the program.
        fingerprint: that of its data.
        masked: leaves secrets out of a text.
    """
    decisive, whole = decisive_part(program), program.fit.epochs
    phases = {n: replace(p, epochs=p.epochs or whole) for n, p in program.fit.phases.items()}
    if phases:
        last = list(phases)[-1]
        phases[last] = replace(phases[last], epochs=None)
    told = replace(decisive, fit=replace(decisive.fit, epochs=1, phases=phases))
    return Identity(program=plain(canonical(told), masked), data=fingerprint)


def checkpoint_to_go_on_from(composition: Composition, folder: Path) -> Checkpoint | None:
    """The state from which a run goes on in a folder; None where it begins.

    Args:
        composition: the config of the run.
        folder: the folder of the run.

    Raises:
        CompileError: KG626, a run was interrupted there, and none of its states is sound.
    """
    try:
        fields = read_record(folder).fields
    except ForeignFileError:
        return None
    status = observed_status(fields)
    if status in ("created", "running", "rejected") or _chosen(composition, "resume") == "never":
        return None
    found = newest_checkpoint(folder)
    if found is None or status != "completed":
        if found is None and has_checkpoints(folder) and status != "completed":
            raise composition.sink().fail(
                "KG626",
                f"`{folder}` holds a run that was interrupted, and none of its checkpoints is "
                "sound",
                key="fit.resume",
                help="`fit.resume=never` begins anew and removes what it has left",
            )
        return found
    return found if is_longer(composition, found) else None


def folds_go_on(composition: Composition, folder: Path) -> bool:
    """Whether a run of folds goes on with those that were run in its folder before.

    Args:
        composition: the config of the run.
        folder: the folder of the run.

    Raises:
        CompileError: KG626, folds of another config are there, which were interrupted.
    """
    try:
        fields = read_record(folder).fields
    except ForeignFileError:
        return False
    ended = observed_status(fields) not in ("created", "running", "rejected", "completed")
    anew = _chosen(composition, "resume") == "never"
    if not ended or anew or not (folder / FOLDS).is_dir():
        return False
    try:
        same = read_text(folder / CONFIG, within=folder) == folds_config(composition)
    except ForeignFileError:
        same = False
    if not same:
        raise _other(folder, "other settings", composition.sink())
    return True


def folds_config(composition: Composition) -> str:
    """The config of all folds, as their record has it."""
    masked = masking(secret_values(composition.config, os.environ))
    tree = masked_tree(OmegaConf.to_container(composition.config, resolve=False), masked)
    return OmegaConf.to_yaml(OmegaConf.create(tree))


def position_of(checkpoint: Checkpoint) -> FeedPosition:
    """Where the training of a checkpoint goes on.

    Raises:
        CompileError: KG626, it does not say so.
    """
    told = checkpoint.facts.get("position")
    known = {field.name: 0 for field in fields(FeedPosition)}
    numbers = {**known, **told} if isinstance(told, Mapping) else {}
    right = all(type(n) is int and n >= 0 for n in numbers.values())
    if numbers.keys() != known.keys() or not right:
        raise _unsound(checkpoint, "it does not tell where the training was")
    return FeedPosition(**numbers)


def state_of(checkpoint: Checkpoint, identity: Identity, sink: Sink) -> TrainingState:
    """The state from which a training goes on.

    Args:
        checkpoint: the state as it was kept.
        identity: what the training is now.
        sink: gets a warning where packages are not those that they were.

    Raises:
        CompileError: KG626, it is none of this training, or cannot be read.
    """
    _require_same(checkpoint, identity, sink)
    _tell_versions(checkpoint, sink)
    return plain_state(checkpoint)


def plain_state(checkpoint: Checkpoint) -> TrainingState:
    """The state that a checkpoint keeps, of whatever training.

    Raises:
        CompileError: KG626, it cannot be read.
    """
    facts = checkpoint.facts
    try:
        arrays = checkpoint.arrays()
    except ForeignFileError as error:
        raise _unsound(checkpoint, str(error)) from error
    state = facts.get("state")
    if not isinstance(state, Mapping):
        raise _unsound(checkpoint, "it holds no state")
    return TrainingState(
        position=position_of(checkpoint),
        arrays=arrays,
        facts=state,
        ended=was_ended(checkpoint),
    )


def history_of(checkpoint: Checkpoint) -> list[dict[str, float]]:
    """The figures of the epochs before a checkpoint."""
    rows = checkpoint.facts.get("history")
    found = []
    for row in rows if isinstance(rows, Sequence) else ():
        read = {str(name): number(value) for name, value in row.items()}
        kept = {name: value for name, value in read.items() if value is not None}
        found.append({**kept, "epoch": int(kept.get("epoch", 0))})
    return found


def keeper(run: ActiveRun, identity: Identity, keep: int) -> Callable[[TrainingState], None]:
    """What keeps the states of a training.

    Args:
        run: the run, whose record is open.
        identity: what the training is.
        keep: how many states there may be.

    Returns:
        A function that raises OSError where a state cannot be written.
    """
    packages = run.origin.get("packages")

    def write(state: TrainingState) -> None:
        facts = {
            "position": asdict(state.position),
            "ended": state.ended,
            "at": now(),
            "program": identity.program,
            "data": identity.data,
            "packages": packages,
            "history": plain(run.history),
            "state": state.facts,
        }
        if run.record is not None:
            run.record.require_own()
        write_checkpoint(run.folder, state.arrays, facts, keep)

    return write


def changed_keys(first: object, second: object) -> list[Difference]:
    """What differs between the programs of two identities, with the keys that a config has."""
    # An object's arguments stand beside its class in a config.
    return [
        replace(one, key=one.key.replace(".arguments.", "."))
        for one in form_differences(first, second)
    ]


def is_longer(composition: Composition, checkpoint: Checkpoint) -> bool:
    """Whether a config trains longer than a training has that is finished.

    Args:
        composition: the config.
        checkpoint: the last state of the training. One that a callback has ended stays ended.
    """
    place, (_, wanted) = position_of(checkpoint), length_of(composition)
    phases = _chosen(composition, "phases")
    if isinstance(phases, Mapping) and place.phase < len(phases) - 1:
        return True
    more = type(wanted) is int and place.began + wanted > place.epoch
    return more and not was_ended(checkpoint)


def length_of(composition: Composition) -> tuple[str, object]:
    """The key that says for how many epochs the last phase trains, and what it says."""
    phases = _chosen(composition, "phases")
    if isinstance(phases, Mapping) and phases:
        name, last = list(phases.items())[-1]
        if isinstance(last, Mapping) and last.get("epochs") is not None:
            return f"fit.phases.{name}.epochs", last["epochs"]
    return "fit.epochs", _chosen(composition, "epochs")


def was_ended(checkpoint: Checkpoint) -> bool:
    """Whether a callback had ended the training."""
    return checkpoint.facts.get("ended") is True


def _chosen(composition: Composition, key: str) -> object:
    """What the group `fit` says for a key; None where that cannot be read yet."""
    try:
        return OmegaConf.select(composition.config, f"fit.{key}")
    except OmegaConfBaseException:
        return None  # told where the config is resolved


def _require_same(checkpoint: Checkpoint, identity: Identity, sink: Sink) -> None:
    found = changed_keys(checkpoint.facts.get("program"), identity.program)
    if found:
        keys = [f"`{one.key}`" for one in found[:_SHOWN]]
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        told = f"other settings: {', '.join(keys)}{more}"
    elif checkpoint.facts.get("data") != identity.data:
        told = "other data, whose fingerprint differs"
    else:
        return
    raise _other(checkpoint.folder, told, sink)


def _other(folder: Path, told: str, sink: Sink) -> CompileError:
    return sink.fail(
        "KG626",
        f"`{folder}` holds a run with {told}",
        key="hydra.run.dir",
        help="choose another folder; `fit.resume=never` begins anew and removes what that run has "
        "left",
    )


def _tell_versions(checkpoint: Checkpoint, sink: Sink) -> None:
    known, present = checkpoint.facts.get("packages"), package_versions()
    if not isinstance(known, Mapping):
        return
    changed = [
        f"{name} {str(known[name])[:40]} is {present.get(name, 'gone')} now"
        for name in known
        if known[name] != present.get(name)
    ]
    if changed:
        sink.warn(
            "KG626",
            f"the run goes on with other packages: {', '.join(changed)}",
            help="what it ends with need not be, bit for bit, what it would have ended with",
        )


def _unsound(checkpoint: Checkpoint, why: str) -> CompileError:
    return Sink().fail(
        "KG626",
        f"`{checkpoint.folder}` has a checkpoint that cannot be used: {why}",
        key="fit.resume",
        help="`fit.resume=never` begins anew and removes what that run has left",
    )
