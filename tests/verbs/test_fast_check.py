"""The fast check: what it finds without an engine, and where its catalog comes from."""

import json
import math
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from programs import read_program

from kerasgen.catalog.entries import Catalog
from kerasgen.catalog.store import save_catalog
from kerasgen.diagnostics import CompileError, Sink
from kerasgen.engines.keras3.engine import Keras3Engine
from kerasgen.frontend.compose.composition import compose, resolve
from kerasgen.session import catalog as cataloging
from kerasgen.session import light_engine
from kerasgen.session.backend_independent_classes import ALIKE
from kerasgen.session.light_engine import engine_for_check
from kerasgen.session.session import Session
from kerasgen.verbs.fast_check import FastOutcome, check_fast

ROOT = Path(__file__).resolve().parents[2]

Checked = Callable[..., FastOutcome]

ENGINE = Keras3Engine()


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory, engine: str) -> Path:
    """A cache that holds the catalog of the Keras in this process."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERASGEN_CACHE", str(folder))
        patch.setattr(cataloging, "_LOADED", math.inf)  # its own sources may have just been edited
        cataloging.engine_catalog(ENGINE)
    assert len(list(folder.iterdir())) == 1
    return folder


@pytest.fixture(autouse=True)
def cached(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERASGEN_CACHE", str(cache))
    monkeypatch.setattr(cataloging, "_LOADED", math.inf)


def found_in(overrides: Sequence[str]) -> list[tuple[str, str]]:
    outcome = check_fast(overrides)
    return [(d.code, d.location.key if d.location else "") for d in outcome.diagnostics]


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_config_in_order_is_told_what_was_not_checked() -> None:
    outcome = check_fast([])
    assert outcome.valid
    assert not outcome.diagnostics
    assert "parameters and memory" in outcome.unchecked


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        (["+model.layers.hidden1.unts=3"], ("KG202", "model.layers.hidden1.unts")),
        (["model.layers.hidden1.class=Dens"], ("KG201", "model.layers.hidden1.class")),
        (["optimizer=sgd", "+optimizer.beta=1"], ("KG202", "optimizer.beta")),
        (["compile.loss=msee"], ("KG205", "compile.loss")),
        (["compile.metrics=[acuracy]"], ("KG205", "compile.metrics.0")),
        (["data.source.name=digts"], ("KG204", "data.source.name")),
        (["data.source.class=Digits"], ("KG201", "data.source.class")),
        (["+data.prepare.x={class: Rescalin}"], ("KG201", "data.prepare.x.class")),
        (["+data.prepare.x={class: Rescaling, scal: 1}"], ("KG202", "data.prepare.x.scal")),
        (["+model.layers.x={class: Flatten, from: hiden1}"], ("KG301", "model.layers.x.from")),
        (["compile.loss={digit: mse}"], ("KG107", "compile.loss.digit")),
        (["data.target={digit: label}"], ("KG403", "data.target.digit")),
        (
            ["data.features={picture: image}", "+model.inputs.image={shape: [8, 8, 1]}"],
            ("KG402", "data.features.picture"),
        ),
    ],
)
def test_a_mistake_in_a_name_is_found(overrides: Sequence[str], expected: tuple[str, str]) -> None:
    assert expected in found_in(overrides)


def test_a_config_that_cannot_be_composed_is_a_diagnostic() -> None:
    assert [code for code, _ in found_in(["model=nope"])] == ["KG104"]


def test_where_the_data_lies_may_be_left_open() -> None:
    assert check_fast(["experiment=cifar10_resnet"]).valid


def test_without_facts_the_names_are_checked_all_the_same() -> None:
    outcome = check_fast(["~data.facts"])
    assert outcome.valid
    assert outcome.unchecked[0].startswith("what depends on facts of the data")
    assert found_in(["~data.facts", "+model.layers.hidden1.unts=3"]) == [
        ("KG202", "model.layers.hidden1.unts")
    ]


def test_a_misspelt_fact_is_no_fact_that_is_missing() -> None:
    assert ("KG105", "model.layers.hidden1.units") in found_in(
        ["model.layers.hidden1.units=${data.clases}"]
    )


def test_neither_keras_nor_numpy_is_imported(cache: Path) -> None:
    code = (
        "import sys\n"
        "from kerasgen.cli import main\n"
        "assert main(['check', '--fast', 'model=convnet']) == 0\n"
        "heavy = {'keras', 'tensorflow', 'jax', 'torch', 'numpy', 'sklearn', 'matplotlib', 'PIL'}\n"
        "print('imported:', sorted(heavy & set(sys.modules)))"
    )
    done = python(code, KERASGEN_CACHE=str(cache))
    assert done.returncode == 0, done.stderr
    assert "imported: []" in done.stdout


def test_the_command_prints_json_with_what_was_not_checked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    from kerasgen.cli import main

    assert main(["check", "--fast", "--json", "+model.layers.hidden1.unts=3"]) == 2
    report = json.loads(capsys.readouterr().out)
    assert report["valid"] is False
    assert [found["code"] for found in report["diagnostics"]] == ["KG202"]
    assert report["unchecked"]


def test_without_a_cache_a_child_makes_the_catalog_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, catalog: Catalog
) -> None:
    monkeypatch.setenv("KERASGEN_CACHE", str(tmp_path / "new"))
    said: list[str] = []
    made = cataloging.child_catalog(Sink(), said.append)
    assert len(said) == 1
    assert "once" in said[0]
    for kind, entries in catalog.entries.items():
        if kind != "source":
            assert dict(made.entries[kind]) == dict(entries)
    assert made.vocabularies == catalog.vocabularies
    assert "choices" not in said[0]
    assert made.entries["source"]["ScikitLearn"].parameters["name"].choices[:2] == (
        "digits",
        "iris",
    )
    assert cataloging.stored_catalog() is not None


def test_a_cache_that_cannot_be_written_still_gives_a_catalog(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("KERASGEN_CACHE", str(tmp_path / "file"))
    assert cataloging.stored_catalog() is None
    assert len(cataloging.engine_catalog(ENGINE).entries["layer"]) > 100


def test_without_any_backend_the_reason_is_a_diagnostic(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cataloging, "installed_backends", list)
    with pytest.raises(CompileError) as caught:
        cataloging.child_catalog(Sink(), print)
    assert [d.code for d in caught.value.diagnostics] == ["KG603"]


def test_a_run_finds_a_typo_before_its_engine_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(*arguments: object) -> None:
        raise AssertionError("the engine was started")

    monkeypatch.setattr(Keras3Engine, "start", start)
    for facts in ([], ["~data.facts"]):
        with pytest.raises(CompileError) as caught:
            _ = Session(compose([*facts, "+model.layers.hidden1.unts=3"])).planned
        assert [d.code for d in caught.value.diagnostics] == ["KG202"]


def test_a_run_without_a_cache_finds_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    monkeypatch.setenv("KERASGEN_CACHE", str(tmp_path / "new"))
    with pytest.raises(CompileError) as caught:
        _ = Session(compose([f"backend={engine}", "+model.layers.hidden1.unts=3"])).planned
    assert [d.code for d in caught.value.diagnostics] == ["KG202"]
    assert len(list((tmp_path / "new").iterdir())) == 1


def test_a_damaged_cache_is_mended_by_the_next_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    monkeypatch.setenv("KERASGEN_CACHE", str(tmp_path))
    cataloging.engine_catalog(ENGINE)
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-5])
    assert cataloging.stored_catalog() is None
    cataloging.engine_catalog(ENGINE)
    assert cataloging.stored_catalog() is not None


def test_what_changed_after_the_process_began_is_not_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    monkeypatch.setenv("KERASGEN_CACHE", str(tmp_path))
    monkeypatch.setattr(cataloging, "_LOADED", 0.0)
    cataloging.engine_catalog(ENGINE)
    assert not list(tmp_path.iterdir())


def test_the_catalog_of_another_version_is_not_taken_for_that_of_this_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    monkeypatch.setenv("KERASGEN_CACHE", str(tmp_path))
    installed = cataloging._installed()
    assert installed is not None
    save_catalog(Catalog(version="0.0", entries={}), installed)
    assert cataloging.engine_catalog(ENGINE).version != "0.0"


def checked_with(overrides: Sequence[str]) -> str:
    """The backend with which a config for tensorflow or torch would be checked."""
    config, sink = resolve(compose(overrides), ungiven="data.source.")
    return engine_for_check(read_program(config, sink)[0]).backend


@pytest.mark.parametrize("backend", ["tensorflow", "torch"])
def test_a_plain_model_is_checked_with_the_lightest_backend(
    backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(light_engine, "_GRAPHICS", ())
    for overrides in (["model=convnet"], ["experiment=cifar10_resnet"]):
        assert checked_with([f"backend={backend}", *overrides]) == "jax"


@pytest.mark.parametrize(
    "overrides",
    [
        ["+model.layers.net={class: applications.NASNetMobile, weights: null}"],
        ["backend.image_data_format=channels_first"],
        ["backend.floatx=float64"],
        ["backend.device=cpu:0"],
        ["+data.prepare.x=Normalization"],
        ["+model.inputs.image={shape: [8, 8, 1], dtype: float64}"],
        ["compile.metrics=[top_k_categorical_accuracy]"],
    ],
)
def test_what_backends_may_see_differently_keeps_its_own(
    overrides: Sequence[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(light_engine, "_GRAPHICS", ())
    assert checked_with(["backend=torch", *overrides]) == "torch"


def test_a_graphics_card_keeps_the_backend_that_may_see_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(light_engine, "_GRAPHICS", (str(tmp_path),))
    assert checked_with(["backend=torch"]) == "torch"
    assert checked_with(["backend=torch", "backend.memory=1000000"]) == "jax"


def test_without_the_light_backend_the_own_one_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(light_engine, "is_installed", lambda package: False)
    assert checked_with(["backend=torch"]) == "torch"


def test_every_class_of_the_table_is_one_of_keras(catalog: Catalog) -> None:
    known = {name for kind, entries in catalog.entries.items() if kind != "op" for name in entries}
    known |= {f"ops.{name}" for name in catalog.entries["op"]}
    known |= {word for words in catalog.vocabularies.values() for word in words}
    assert not ALIKE - known


@pytest.mark.slow
def test_what_the_light_backend_refuses_is_told_in_the_words_of_the_own_one(
    cache: Path, engine: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from kerasgen.cli import main

    pytest.importorskip("jax")
    refused = "+model.layers.x={class: Conv2D, filters: 2, kernel_size: 3, after: hidden1}"
    words = ["check", refused, f"backend={engine}"]
    code = f"from kerasgen.cli import main; raise SystemExit(main({words!r}))"
    done = python(code, KERASGEN_CACHE=str(cache))
    assert main([*words, "--own-engine"]) == done.returncode == 2
    assert capsys.readouterr().err == done.stderr


def test_a_callback_that_takes_averages_needs_an_optimizer_that_keeps_them() -> None:
    swap = "fit.callbacks={swap: {class: SwapEMAWeights}}"
    (found,) = check_fast([swap]).diagnostics
    assert found.code == "KG206"
    assert found.message == "`SwapEMAWeights` takes averages of the weights, and `Adam` keeps none"
    assert check_fast([swap, "optimizer.use_ema=true"]).diagnostics == ()
    (bare,) = check_fast(["fit.callbacks=[SwapEMAWeights]"]).diagnostics
    assert bare.location is not None
    assert bare.location.column == len("fit.callbacks=[") + 1
