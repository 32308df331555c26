"""What a config file may set of Hydra's own, and that Hydra never gets to act on the rest."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hydra._internal.sources_registry import SourcesRegistry
from hydra.core.plugins import Plugins

from kerasgen.diagnostics import CompileError, Diagnostic
from kerasgen.frontend.compose.composition import compose, make_loader, resolve
from kerasgen.frontend.compose.config_folders import ConfigPlace, config_folder
from kerasgen.frontend.compose.config_limits import GuardedFiles
from kerasgen.verbs.check import compose_config

Configs = Callable[[Mapping[str, str | bytes]], str]
GLOBAL = "# @package _global_\n"
ROOT = (
    "defaults: [backend: jax, data: digits, model: mlp, optimizer: adam, compile: auto, "
    "fit: default, tracking: default, _self_"
)


def refused(folder: str | None, *overrides: str) -> tuple[Diagnostic, ...]:
    with pytest.raises(CompileError) as error:
        compose_config(overrides, folder)
    return error.value.diagnostics


def places(found: tuple[Diagnostic, ...]) -> list[tuple[str, str, int | None]]:
    return [
        (d.code, str(d.location.file), d.location.line) for d in found if d.location is not None
    ]


@pytest.mark.parametrize(
    ("section", "code", "column"),
    [
        ("{callbacks: {x: {_target_: os.system, command: 'touch canary'}}}", "KG112", 9),
        ("{job_logging: {version: 1, handlers: {x: {(): os.system}}}}", "KG112", 9),
        ("{hydra_logging: {handlers: {x: {class: os.system}}}}", "KG112", 9),
        ("{searchpath: ['pkg://evil']}", "KG112", 9),
        ("{output_subdir: ../../x}", "KG112", 9),
        ("{verbose: true}", "KG112", 9),
        ("{help: {template: x}}", "KG112", 9),
        ("{overrides: {task: [a=1]}}", "KG112", 9),
        ("{runtime: {output_dir: /x}}", "KG112", 9),
        ("{job: {env_set: {PATH: /x}}}", "KG112", 15),
        ("{job: {env_copy: [HOME]}}", "KG112", 15),
        ("{job: {chdir: true}}", "KG112", 15),
        ("{job: {config: {override_dirname: {kv_sep: /}}}}", "KG112", 15),
        ("{job: {name: ../x}}", "KG112", 15),
        ("{job: {name: '${seed}'}}", "KG112", 15),
        ("{sweeper: {_target_: os.system}}", "KG112", 19),
        ("{sweeper: {sampler: {_target_: os.system}}}", "KG112", 29),
        ("{sweeper: {storage: 'sqlite:///x'}}", "KG112", 19),
        ("{launcher: {_target_: os.system}}", "KG112", 20),
        ("{launcher: {setup: [reboot]}}", "KG112", 20),
        ("{launcher: {python: evil}}", "KG112", 20),
        ("{launcher: {folder: /x}}", "KG112", 20),
        ("{sweeper: '${evil}'}", "KG112", 9),
        ("{sweeper: {params: {'+hydra.callbacks.x': 1}}}", "KG112", 28),
        ("{sweeper: {params: {hydra.run.dir: /x}}}", "KG112", 28),
        ("{sweeper: {params: {data.source.download: true}}}", "KG112", 28),
        ("{sweeper: {params: {name: 'a,/b'}}}", "KG112", 28),
        ("{sweeper: {params: {name: '../b'}}}", "KG112", 28),
        ("{sweeper: {params: {name: \"choice('~/b',c)\"}}}", "KG112", 28),
        ("{sweeper: {params: {name: '${oc.env:HOME}'}}}", "KG112", 28),
        ("{sweeper: {params: {seed: 'range(1000000000000000)'}}}", "KG902", 34),
        ("{sweeper: {params: {seed: 'range(1000)', fit.epochs: 'range(1,1001)'}}}", "KG902", 34),
        ("{run: {dir: /x}}", "KG113", 15),
        ("{run: {dir: elsewhere}}", "KG113", 15),
        ("{run: {dir: outputs}}", "KG113", 15),
        ("{run: {dir: outputs/../../x}}", "KG113", 15),
        ("{run: {dir: '~/outputs/x'}}", "KG113", 15),
        ("{run: {dir: '${seed}/x'}}", "KG113", 15),
        ("{run: {dir: 'outputs/${oc.env:HOME}'}}", "KG114", 15),
        ("{sweep: {dir: /x}}", "KG113", 17),
        ("{sweep: {subdir: ../x}}", "KG113", 17),
    ],
)
def test_what_is_for_the_command_line_is_refused_at_its_place(
    configs: Configs, section: str, code: str, column: int
) -> None:
    folder = configs({"experiment/bad.yaml": f"{GLOBAL}hydra: {section}\n"})
    (found,) = refused(folder, "experiment=bad")
    assert found.location is not None
    assert (found.code, found.location.file) == (code, "mine/experiment/bad.yaml")
    assert (found.location.line, found.location.column) == (2, column)


@pytest.mark.parametrize(
    "section",
    [
        "{mode: MULTIRUN}",
        "{sweeper: {params: {optimizer.learning_rate: '1e-2,1e-3', seed: 'range(3)'}}}",
        "{sweeper: {max_batch_size: 2}}",
        "{launcher: {n_jobs: 2}}",
        "{job: {name: mine}}",
        "{run: {dir: 'outputs/${now:%Y}/${hydra.job.name}'}}",
        "{run: {dir: 'outputs/${name}'}}",
        "{sweep: {dir: 'outputs/mine/${now:%H}', subdir: '${hydra.job.num}_${seed}'}}",
    ],
)
def test_what_a_file_may_set_goes_through(configs: Configs, section: str) -> None:
    folder = configs({"experiment/good.yaml": f"{GLOBAL}hydra: {section}\nname: x\n"})
    assert compose(["experiment=good"], folder).diagnostics == ()


def test_a_folder_is_held_against_its_place_once_more_when_it_is_resolved(
    configs: Configs, tmp_path: Path
) -> None:
    text = "hydra: {run: {dir: 'outputs/${name}'}}\n"
    folder = configs({"experiment/bad.yaml": f"{GLOBAL}name: a/../../../b\n{text}"})
    assert places(refused(folder, "experiment=bad")) == [("KG113", "mine/experiment/bad.yaml", 3)]
    (tmp_path / "outputs").mkdir()
    (tmp_path / "outputs" / "link").symlink_to(tmp_path)
    folder = configs({"experiment/bad.yaml": f"{GLOBAL}name: link\n{text}"})
    assert places(refused(folder, "experiment=bad")) == [("KG113", "mine/experiment/bad.yaml", 3)]


@pytest.mark.parametrize(
    ("files", "override", "place"),
    [
        (
            {"model/bad.yaml": "# @package hydra.callbacks.x\n_target_: os.system\n"},
            "model=bad",
            ("KG112", "mine/model/bad.yaml", 1),
        ),
        (
            {"experiment/bad.yaml": "# @package hydra\nsearchpath: [/x]\n"},
            "experiment=bad",
            ("KG112", "mine/experiment/bad.yaml", 2),
        ),
        (
            {"experiment/bad.yaml": f"{GLOBAL}evil: {{}}\nhydra: ${{evil}}\n"},
            "experiment=bad",
            ("KG112", "mine/experiment/bad.yaml", 3),
        ),
        *(
            (
                {
                    "experiment/bad.yaml": f"{GLOBAL}defaults:\n  - {choice}\n",
                    "hydra/callbacks/x.yaml": "x: {_target_: os.system}\n",
                    "hydra/job_logging/x.yaml": "version: 1\n",
                },
                "experiment=bad",
                ("KG112", "mine/experiment/bad.yaml", 3),
            )
            for choice in (
                "override /hydra/job_logging: default",
                "override /hydra/job_logging: x",
                "override /hydra/hydra_logging: hydra_debug",
                "/hydra/callbacks: x",
                "/hydra/callbacks/x",
                "/hydra/job_logging/default",
                "/hydra/job_logging@hydra.callbacks: default",
                "/hydra/launcher@hydra.callbacks.x: process",
                "/optimizer@hydra.callbacks.x: adam",
                "/optimizer@_global_.hydra.callbacks.x: adam",
                "/hydra/launcher/../job_logging/default",
                "/model@hydra.x: ../../mine/model/x",
            )
        ),
        (
            {"experiment/bad.yaml": GLOBAL + "defaults:\n  - override /model: ${oc.env:HOME}\n"},
            "experiment=bad",
            ("KG114", "mine/experiment/bad.yaml", 3),
        ),
        (
            {"hydra/launcher/warm.yaml": "_target_: os.system\n"},
            "seed=0",
            ("KG112", "mine/hydra/launcher/warm.yaml", 1),
        ),
        (
            {"hydra/sweeper/basic.yaml": "params: {}\n_target_: os.system\n"},
            "seed=0",
            ("KG112", "mine/hydra/sweeper/basic.yaml", 2),
        ),
        (
            {"hydra/config.yaml": "run: {dir: /x}\n"},
            "seed=0",
            ("KG112", "mine/hydra/config.yaml", 1),
        ),
        (
            {"config.yaml": f"{ROOT}]\nhydra: {{searchpath: ['pkg://evil']}}\n"},
            "seed=0",
            ("KG112", "mine/config.yaml", 2),
        ),
        (
            {"config.yaml": f"{ROOT}, override hydra/job_logging: default]\n"},
            "seed=0",
            ("KG112", "mine/config.yaml", 1),
        ),
    ],
)  # fmt: skip
def test_no_way_round_is_open(
    configs: Configs,
    files: Mapping[str, str],
    override: str,
    place: tuple[str, str, int],
) -> None:
    assert place in places(refused(configs(files), override))


@pytest.mark.parametrize("choice", ["hydra/launcher: basic", "hydra/sweeper: basic"])
def test_a_file_may_choose_launcher_and_sweeper(configs: Configs, choice: str) -> None:
    folder = configs({"experiment/good.yaml": f"{GLOBAL}defaults: [override /{choice}]\n"})
    assert compose(["experiment=good"], folder).diagnostics == ()


def test_a_file_may_build_on_a_launcher(configs: Configs) -> None:
    folder = configs({"hydra/launcher/two.yaml": "defaults: [process]\nn_jobs: 2\n"})
    loader = make_loader(folder)
    from hydra.types import RunMode

    config = loader.load_configuration("config", ["hydra/launcher=two"], RunMode.RUN)
    assert config.hydra.launcher.n_jobs == 2
    assert "ProcessLauncher" in config.hydra.launcher._target_


def test_what_is_typed_is_the_users_word(configs: Configs, tmp_path: Path) -> None:
    folder = configs({"experiment/good.yaml": f"{GLOBAL}name: x\n"})
    typed = [f"hydra.run.dir={tmp_path}/far", "hydra/job_logging=default", "+hydra.job.env_set.A=b"]
    assert compose(["experiment=good", *typed], folder).diagnostics == ()


def test_a_root_config_that_is_named_is_the_users_word(configs: Configs) -> None:
    folder = configs({"mine.yaml": f"{ROOT}]\nhydra: {{verbose: true, run: {{dir: /x}}}}\n"})
    assert compose([], ConfigPlace(config_dirs=(folder,), config_name="mine")).diagnostics == ()


def test_all_that_a_file_must_not_set_is_told_at_once(configs: Configs) -> None:
    text = f"{GLOBAL}hydra:\n  verbose: true\n  callbacks: {{}}\n"
    folder = configs({"experiment/bad.yaml": text})
    assert [line for _, _, line in places(refused(folder, "experiment=bad"))] == [3, 4]


@pytest.mark.parametrize(
    "text",
    [
        "${oc.env:HOME}",
        "x-${oc.env:HOME}",
        "${oc.decode:'${oc.env:HOME}'}",
        "${oc.decode:'1'}",
        '${oc.create:"{a: 1}"}',
        "${oc.select:nowhere,${oc.env:HOME}}",
        "${oc.${lint.kind}:HOME}",
        "${hydra:job.env_set.TOKEN}",
        "${hydra:${name}}",
        "${no_such:x}",
    ],
)
@pytest.mark.parametrize("key", ["name", "fit.callbacks.log.filename", "data.source.path"])
def test_a_file_reads_nothing_of_the_environment(configs: Configs, key: str, text: str) -> None:
    nested = text.replace('"', '\\"')
    nested = f'"{nested}"'
    for part in reversed(key.split(".")):
        nested = f"{{{part}: {nested}}}"
    folder = configs({"experiment/bad.yaml": f"{GLOBAL}{nested}\n"})
    (found,) = refused(folder, "experiment=bad")
    assert found.location is not None
    assert (found.code, found.location.key, found.location.line) == ("KG114", key, 2)


@pytest.mark.parametrize(
    "override",
    [
        "name=${oc.env:TOKEN}",
        "name=x-${oc.env:TOKEN}",
        "+fit.callbacks.log.filename=${oc.env:TOKEN}",
    ],
)
def test_what_is_typed_writes_nothing_of_the_environment_down_either(
    monkeypatch: pytest.MonkeyPatch, override: str
) -> None:
    monkeypatch.setenv("TOKEN", "canary")
    (found,) = refused(None, override)
    assert found.location is not None
    assert (found.code, found.location.key) == ("KG114", override.strip("+").partition("=")[0])
    assert "canary" not in str(found)


def test_a_copy_of_the_shipped_configs_is_no_stranger_s(tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(config_folder(), folder)
    assert compose([], str(folder)).diagnostics == ()
    root = folder / "config.yaml"
    text = root.read_text(encoding="utf-8").replace("job_logging: none", "job_logging: default")
    root.write_text(text.replace("chdir: false", "chdir: true"), encoding="utf-8")
    found = refused(str(folder))
    assert [d.code for d in found] == ["KG112", "KG112"]
    assert ["job_logging" in found[0].message, "job.chdir" in found[1].message] == [True, True]


def test_a_secret_of_a_callback_stays_text(
    configs: Configs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "canary")
    text = "fit: {callbacks: {m: {class: RemoteMonitor, headers: {a: '${oc.env:TOKEN}'}}}}\n"
    folder = configs(
        {"experiment/good.yaml": f"{GLOBAL}{text}name: '${{fit.callbacks.m.headers.a}}'\n"}
    )
    config, _ = resolve(compose(["experiment=good"], folder))
    assert config["fit"]["callbacks"]["m"]["headers"] == {"a": "${oc.env:TOKEN}"}
    assert "canary" not in str(config)


def test_a_secret_that_is_not_set_is_told(
    configs: Configs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TOKEN", raising=False)
    text = "fit: {callbacks: {m: {class: RemoteMonitor, headers: {a: '${oc.env:TOKEN}'}}}}\n"
    folder = configs({"experiment/bad.yaml": f"{GLOBAL}{text}"})
    assert places(refused(folder, "experiment=bad")) == [("KG105", "mine/experiment/bad.yaml", 2)]


def test_the_working_directory_is_known_outside_of_a_run_too(
    configs: Configs, tmp_path: Path
) -> None:
    folder = configs({"experiment/good.yaml": f"{GLOBAL}name: ${{hydra:runtime.cwd}}/x\n"})
    config, _ = resolve(compose(["experiment=good"], folder))
    assert config["name"] == f"{tmp_path}/x"


def test_a_launcher_that_a_file_chooses_in_vain_is_told(configs: Configs) -> None:
    text = f"{GLOBAL}defaults: [{{override /hydra/launcher: evil}}]\n"
    folder = configs(
        {"experiment/e.yaml": text, "hydra/launcher/evil.yaml": "_target_: os.system\n"}
    )
    found = refused(folder, "experiment=e")
    assert [(d.code, d.location.line) for d in found if d.location is not None] == [("KG112", 2)]
    assert found[0].message.startswith("`hydra/launcher` is `warm`, a file cannot choose `evil`")


def test_a_launcher_that_a_person_chooses_counts_before_a_file_s(configs: Configs) -> None:
    text = f"{GLOBAL}defaults: [{{override /hydra/launcher: process}}]\n"
    folder = configs({"experiment/e.yaml": text})
    for typed in ([], ["hydra/launcher=basic"]):
        composed = compose_config(["experiment=e", *typed], folder)
        assert composed.config["seed"] == compose_config([], folder).config["seed"]


@pytest.mark.parametrize("text", ["[1, 2]\n", "- {_target_: os.system}\n"])
def test_a_launcher_that_is_no_mapping_is_told_at_its_file(configs: Configs, text: str) -> None:
    found = refused(configs({"hydra/launcher/warm.yaml": text}))
    assert [d.code for d in found] == ["KG112"]
    assert found[0].message.startswith("`hydra.launcher` is a list, expected a mapping")
    assert found[0].location is not None
    assert str(found[0].location.file).endswith("warm.yaml")


def test_plugins_that_are_found_anew_leave_the_guarded_sources_in_place() -> None:
    # As the joblib launcher of Hydra has them found in each of its processes.
    make_loader()
    known = dict(SourcesRegistry.instance().types)
    Plugins.__init__(Plugins.__new__(Plugins))
    assert SourcesRegistry.instance().types == known
    assert known["file"] is GuardedFiles
