"""Files of strangers that try to run code, to write, to connect, to read secrets, or to hang.

`pytest -m slow -n 0 -s tests/test_hostile_pack.py` prints a table. An entry is added to one of the
mappings below; `tests/hostile.py` says what it may hold.
"""

from collections.abc import Mapping
from pathlib import Path

import pytest
from hostile import COLUMNS, SECRET, Hostile, run_entry
from hostile_records import ITEMS

GLOBAL = "# @package _global_\n"
QUICK = ("backend=jax", "fit.epochs=1", "fit.verbose=0", "tracking.plots=false")
TARGET = "{_target_: os.system, command: 'touch @TOUCH@'}"
HANDLER = "{(): os.system, command: 'touch @TOUCH@'}"
LOGGING = f"{{version: 1, root: {{handlers: [x]}}, handlers: {{x: {HANDLER}}}}}"


def recipe(text: str, *commands: tuple[str, ...], **more: str) -> Hostile:
    """An experiment of a stranger's, checked, run and swept."""
    words = ("experiment=e", *QUICK)
    tried = commands or (("check", "--fast"), ("run",), ("run", "-m", "seed=1,2"))
    return Hostile(
        files={"conf/experiment/e.yaml": GLOBAL + text, **more},
        commands=tuple((*command, "--config-dir", "conf", *words) for command in tried),
    )


def callback(text: str) -> Hostile:
    """A callback of a stranger's, checked and run."""
    return recipe(f"fit: {{callbacks: {{c: {text}}}}}\n", ("check", "--fast"), ("run",))


def model(entry: str) -> Hostile:
    """A layer of a stranger's, checked and run."""
    text = "layers:\n  flatten: Flatten\n  a: " + entry + "\n"
    text += "  scores: {class: Dense, units: 10, activation: softmax}\n"
    return Hostile(
        files={"conf/model/m.yaml": text},
        commands=tuple(
            (*command, "--config-dir", "conf", "model=m", *QUICK)
            for command in (("check", "--fast"), ("run",))
        ),
    )


def _everything(work: Path) -> None:
    (work / "conf" / "experiment").mkdir(parents=True)
    (work / "conf" / "experiment" / "e.yaml").touch()
    (work / "conf" / "model").symlink_to("/usr")


def _linked(work: Path) -> None:
    (work / "outputs").mkdir()
    (work / "outputs" / "link").symlink_to(work.parent / "outside")


OF_HYDRA: Mapping[str, Hostile] = {
    "callbacks": recipe(f"hydra: {{callbacks: {{x: {TARGET}}}}}\n"),
    "job_logging": recipe(
        f"hydra: {{job_logging: {LOGGING}}}\n"
    ),
    "hydra_logging": recipe(
        f"hydra: {{hydra_logging: {LOGGING}}}\n"
    ),
    "sweeper": recipe("hydra: {mode: MULTIRUN, sweeper: " + TARGET + "}\n"),
    "launcher": recipe("hydra: {mode: MULTIRUN, launcher: " + TARGET + "}\n"),
    "nested target": recipe("hydra: {sweeper: {sampler: " + TARGET + "}}\n"),
    "run.dir": recipe("hydra: {run: {dir: @OUTSIDE@/x}, sweep: {dir: @OUTSIDE@/y}}\n"),
    "run.dir upwards": recipe("hydra: {run: {dir: outputs/../../outside/x}}\n"),
    "run.dir by name": recipe("name: ../../outside/x\nhydra: {run: {dir: 'outputs/${name}'}}\n"),
    "sweep.subdir": recipe("hydra: {sweep: {subdir: ../../../../outside/x}}\n"),
    "output_subdir": recipe("hydra: {output_subdir: @OUTSIDE@/x}\n"),
    "job.name": recipe("hydra: {job: {name: ../../x}}\n"),
    "env_set": recipe("hydra: {job: {env_set: {PATH: '@BAIT@'}}}\n"),
    "env_copy": recipe("hydra: {job: {env_copy: [CANARY]}}\nname: ${hydra:job.env_set.CANARY}\n"),
    "chdir": recipe("hydra: {job: {chdir: true}, run: {dir: @OUTSIDE@}}\n"),
    "searchpath": recipe("hydra: {searchpath: ['file://@OUTSIDE@']}\n"),
    "params": recipe(
        "hydra: {mode: MULTIRUN, sweeper: {params: {seed: 'range(1000000000000000)'}}}\n"
    ),
    "params of Hydra": recipe(
        "hydra: {mode: MULTIRUN, sweeper: {params: {'+hydra.callbacks.x': \"" + TARGET + '"}}}\n'
    ),
    "params with a path": recipe(
        "fit: {callbacks: {c: {class: CSVLogger, filename: a.csv}}}\n"
        "hydra: {mode: MULTIRUN, sweeper: {params: {fit.callbacks.c.filename: '@OUTSIDE@/x,b'}}}\n"
    ),
    "interpolation": recipe(f"evil: {{callbacks: {{x: {TARGET}}}}}\nhydra: ${{evil}}\n"),
    "package header": Hostile(
        files={"conf/model/m.yaml": f"# @package hydra.callbacks\nx: {TARGET}\n"},
        commands=tuple(
            (*c, "--config-dir", "conf", "model=m", *QUICK) for c in (("check", "--fast"), ("run",))
        ),
    ),
    "group below hydra": recipe(
        "defaults: [/hydra/callbacks: x]\n", **{"conf/hydra/callbacks/x.yaml": f"x: {TARGET}\n"}
    ),
    "package of a default": recipe(
        "defaults: [{'/model@hydra.callbacks.x': m}]\n", **{"conf/model/m.yaml": f"{TARGET}\n"}
    ),
    "shadowed launcher": Hostile(
        files={"conf/hydra/launcher/process.yaml": f"{TARGET}\n"},
        commands=(
            ("check", "--fast", "--config-dir", "conf"),
            ("run", "-m", "--config-dir", "conf", "seed=1,2", *QUICK),
        ),
    ),
    "launcher of a recipe": recipe(
        "defaults: [{override /hydra/launcher: evil}]\n",
        **{"conf/hydra/launcher/evil.yaml": f"{TARGET}\n"},
    ),
    "launcher in a list": recipe(
        "name: x\n", **{"conf/hydra/launcher/process.yaml": f"- {TARGET}\n"}
    ),
    "pairs of defaults": Hostile(
        files={f"conf/model/f{n}.yaml": f"defaults: [f{n + 1}@a, f{n + 1}@b]\n" for n in range(30)}
        | {"conf/model/f30.yaml": "x: 1\n"},
        commands=tuple(
            (*c, "--config-dir", "conf", "model=f0") for c in (("check", "--fast"), ("run",))
        ),
    ),
    "a project that never ends": Hostile(
        files={"pyproject.toml": f"[tool.kerasgen]\n{'.'.join('a' * 90_000)} = {'9' * 9_000}\n"},
        commands=(("check", "--fast"), ("run",)),
    ),
    "configs of everything": Hostile(
        commands=(("run", "--help"),),
        prepare=_everything,
    ),
    "root config": Hostile(
        files={
            "conf/config.yaml": "defaults: [backend: jax, data: digits, model: mlp, "
            "optimizer: adam, compile: auto, fit: default, tracking: default, _self_]\n"
            f"hydra: {{searchpath: ['pkg://antigravity'], callbacks: {{x: {TARGET}}}}}\n"
        },
        commands=tuple(
            (*c, "--config-dir", "conf") for c in (("check", "--fast"), ("run",), ("show",))
        ),
    ),
    "looks": recipe(
        f"hydra: {{callbacks: {{x: {TARGET}}}, help: {{template: '${{oc.env:CANARY}}'}}}}\n",
        ("show",), ("eject",), ("run", "--cfg", "hydra"), ("run", "--help"),
        ("run", "--info", "all"),
    ),
    "link in outputs": Hostile(
        files={
            "conf/experiment/e.yaml": GLOBAL + "hydra: {run: {dir: outputs/link/x}}\n",
        },
        commands=(("run", "--config-dir", "conf", "experiment=e", *QUICK),),
        prepare=_linked,
    ),
}  # fmt: skip

OF_CALLBACKS: Mapping[str, Hostile] = {
    "backup of the run": callback("{class: BackupAndRestore, backup_dir: .}"),
    "backup": callback("{class: BackupAndRestore, backup_dir: @OUTSIDE@}"),
    "checkpoint": callback("{class: ModelCheckpoint, filepath: @OUTSIDE@/precious.txt}"),
    "checkpoint in a pattern": callback(
        "{class: ModelCheckpoint, filepath: '{epoch.__doc__[31]}{epoch.__doc__[31]}/m.keras'}"
    ),
    "log": callback("{class: CSVLogger, filename: ../../../../outside/precious.txt}"),
    "log at home": callback("{class: CSVLogger, filename: ~/log.csv}"),
    "board": callback("{class: TensorBoard, log_dir: @OUTSIDE@}"),
    "board on a bucket": callback("{class: TensorBoard, log_dir: 'gs://bucket/x'}"),
    "monitor": callback("{class: RemoteMonitor, root: 'http://127.0.0.1:@PORT@'}"),
    "monitor by name": callback("{class: callbacks.RemoteMonitor, root: 'http://127.0.0.1:@PORT@'}"),
}  # fmt: skip

OF_SECRETS: Mapping[str, Hostile] = {
    f"`{text}` in {key}": recipe(form.replace("TEXT", text))
    for key, form in {
        "name": "name: 'TEXT'\n",
        "a log": "fit: {callbacks: {c: {class: CSVLogger, filename: 'TEXT'}}}\n",
    }.items()
    for text in (
        "${oc.env:CANARY}",
        "${oc.decode:${oc.env:CANARY}}",
        "${oc.create:${oc.env:CANARY}}",
        "${oc.select:x,${oc.env:CANARY}}",
        "${oc.${lint.x}:CANARY}",
    )
} | {
    "in a defaults list": recipe("defaults: [{override /model: '${oc.env:CANARY}'}]\n"),
    "refused in a sweep": recipe("seed: x\nname: ${oc.env:CANARY}\n"),
}

_FUNCTION = "module: builtins, class_name: function, registered_name: x"
OF_NAMES: Mapping[str, Hostile] = {
    "get_file": model(f"{{class: Dense, units: 3, activation: {{{_FUNCTION}, config: get_file}}}}"),
    "in a list": model(
        f"{{class: Dense, units: 3, bias_initializer: [{{{_FUNCTION}, config: a}}]}}"
    ),
    "lambda": model(
        "{class: Lambda, function: {class_name: __lambda__, config: {value: YQ==}}}"
    ),
    "dotted": model("{class: Dense, units: 3, activation: os.system}"),
    "function of a module": model("{class: Dense, units: 3, activation: 'os:system'}"),
    "helper of Keras": model("{class: Dense, units: 3, activation: get_file}"),
    "weights": model("{class: applications.MobileNet, weights: 'http://127.0.0.1:@PORT@/x.h5'}"),
    "saved program": model("{class: TFSMLayer, filepath: x}"),
    "download": Hostile(
        files={
            "conf/data/d.yaml": "source: {class: KerasDataset, name: mnist, download: true}\n"
            "features: image\ntarget: label\ntask: classification\n"
        },
        commands=tuple(
            (*c, "--config-dir", "conf", "data=d", *QUICK) for c in (("check", "--fast"), ("run",))
        ),
    ),
}  # fmt: skip

OF_RECORDS: Mapping[str, Hostile] = {
    item.name: Hostile(
        commands=(item.command,),
        code=item.code,
        prepare=item.make,
        # An engine brings matplotlib, which writes a list of fonts into the home folder.
        environment={"MPLCONFIGDIR": "outputs/matplotlib"},
    )
    for item in ITEMS
    if not item.name.startswith("cache")  # There a command writes what it may.
}

PACK = {
    f"{kind}: {name}": entry
    for kind, entries in {
        "hydra": OF_HYDRA,
        "callbacks": OF_CALLBACKS,
        "secrets": OF_SECRETS,
        "names": OF_NAMES,
        "records": OF_RECORDS,
    }.items()
    for name, entry in entries.items()
}


@pytest.mark.slow
@pytest.mark.parametrize("name", PACK)
def test_a_hostile_file_brings_nothing_about(name: str, tmp_path: Path) -> None:
    verdict = run_entry(PACK[name], tmp_path)
    found = {column: count for column, count in verdict.counts.items() if count}
    print(f"\n{name:<44}", *(verdict.counts[column] for column in COLUMNS), verdict.codes)
    assert found == {}, verdict.output
    assert set(verdict.codes) == {PACK[name].code}, verdict.output


def test_there_are_enough_entries() -> None:
    assert len(PACK) >= 50


@pytest.mark.slow
def test_a_secret_is_sent_where_it_belongs_and_recorded_nowhere(tmp_path: Path) -> None:
    text = "fit: {callbacks: {c: {class: RemoteMonitor, root: 'http://127.0.0.1:@PORT@', "
    text += "headers: {Authorization: '${oc.env:CANARY}'}}}}\n"
    words = ("--allow-connections", "--config-dir", "conf", "experiment=e", *QUICK)
    entry = Hostile(
        files={"conf/experiment/e.yaml": GLOBAL + text},
        commands=(("run", *words), ("run", "-m", *words, "seed=1,2")),
        code=0,
    )
    verdict = run_entry(entry, tmp_path)
    assert verdict.counts["connected"] > 0, verdict.output
    assert verdict.counts["leaked"] == 0, verdict.output
    assert SECRET not in verdict.output
