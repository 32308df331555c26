from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from kerasgen.diagnostics import Diagnostic
from kerasgen.frontend.compose.composition import compose, make_loader
from kerasgen.frontend.compose.config_folders import ConfigPlace
from kerasgen.frontend.refusals.culprits import REFUSALS, diagnose, diagnose_error, first_job

Configs = Callable[[Mapping[str, str | bytes]], str]

ROOT = "defaults:\n  - backend: tensorflow\n  - data: digits\n  - model: {model}\n"


def only(
    overrides: list[str], where: str | ConfigPlace | None = None, *, multirun: bool = False
) -> Diagnostic:
    (found,) = diagnose(overrides, where, multirun=multirun)
    return found


def pointed(found: Diagnostic) -> str:
    """What the diagnostic underlines in its override."""
    place = found.location
    assert place is not None
    assert place.override is not None
    assert place.column is not None
    return place.override[place.column - 1 : place.column - 1 + place.length]


def place(found: Diagnostic) -> tuple[str | None, int | None, int | None]:
    assert found.location is not None
    return found.location.file, found.location.line, found.location.column


def test_a_config_that_can_be_composed_has_no_diagnostics() -> None:
    assert diagnose(["optimizer=sgd", "optimizer.momentum=0.9"]) == []


def test_a_misspelt_key_is_underlined_and_the_right_one_proposed() -> None:
    found = only(["model.layers.hiden1.units=3"])
    assert found.code == "KG103"
    assert found.message == "`model.layers` has no key `hiden1`"
    assert found.help == "did you mean `hidden1`?"
    assert pointed(found) == "model.layers.hiden1.units"


def test_a_misspelt_group_is_a_misspelt_key() -> None:
    assert only(["optimzer=sgd"]).help == "did you mean `optimizer`?"


def test_a_new_key_inside_a_mapping_is_underlined_there() -> None:
    found = only(["optimizer={class: SGD}", "fit={epochs: 3, epoks: 4}"])
    assert found.message == "`fit` has no key `epoks`"
    assert found.help == "did you mean `epochs`?"
    assert pointed(found) == "epoks"


@pytest.mark.parametrize(
    ("text", "help_text"),
    [
        (
            "model.layers.zq.units=3",
            "it is not there yet: write the whole of it, `'model.layers.zq={class: …, units: 3}'`",
        ),
        (
            "optimizer.learning_rate.decay_steps=3",
            "it is the number `0.001`: write an object in its place, "
            "`'optimizer.learning_rate={class: …, decay_steps: 3}'`",
        ),
        ("model.parameters.width=3", "nothing asks for `$width`"),
        ("data.target.x=y", "make it a mapping: `'data.target={x: y}'`"),
        ("~model.layers.zq", "leave it out: there is nothing to take away"),
    ],
)
def test_what_cannot_be_set_alone_says_what_it_needs(text: str, help_text: str) -> None:
    assert only([text]).help == help_text


def test_a_key_that_cannot_be_deleted_is_underlined_without_its_tilde() -> None:
    found = only(["~optimizer.nope"])
    assert found.code == "KG103"
    assert pointed(found) == "optimizer.nope"


def test_an_option_that_is_not_there_is_underlined() -> None:
    found = only(["optimizer=sgdd"])
    assert found.code == "KG104"
    assert found.help == "did you mean `sgd`?"
    assert pointed(found) == "sgdd"


def test_an_option_among_many_is_told_with_the_nearest_or_with_how_to_list_them(
    configs: Configs,
) -> None:
    folder = configs(
        {f"data/set_{n}.yaml": "a: 1\n" for n in range(20)} | {"data/my_images.yaml": ""}
    )
    listing = "`kerasgen run --help` lists the options of every group"
    nearest = f"the nearest: `cifar10_images`, `images`, `my_images`; {listing}"
    assert only(["data=foldersofimages"], folder).help == nearest
    assert only(["data=my_image_sets"], folder).help.startswith("did you mean `my_images`?")
    assert only(["data=xyzzy"], folder).help == listing


def test_a_wrong_option_does_not_bring_up_the_keys_of_the_right_one() -> None:
    assert only(["optimizer.momentum=0.9", "optimizer=sgdd"]).code == "KG104"


def test_a_group_that_the_config_does_not_choose_needs_a_plus(configs: Configs) -> None:
    folder = configs({"block/residual.yaml": "a: 1\n"})
    found = only(["block=residual"], folder)
    assert found.code == "KG103"
    assert found.help == "to add one, write `+block=residual`"


@pytest.mark.parametrize(
    ("text", "help_text"),
    [
        ("seed", "write `seed=VALUE`"),
        ("model.layers[0].units=3", "a key cannot hold `[`"),
        ("name=a, b)", "quote text"),
        ("data.columns.größe=number", "write it in a config file"),
        ("data.columns={größe: number}", "write it in a config file"),
    ],
)
def test_an_override_that_cannot_be_read_says_how_to_write_it(text: str, help_text: str) -> None:
    found = only([text])
    assert found.code == "KG102"
    assert found.help is not None
    assert help_text in found.help
    assert pointed(found) == text


def test_a_value_with_other_letters_is_read_as_the_help_writes_it() -> None:
    found = only(["data.target=größe"])
    assert found.help == "quote text that holds letters beyond a to z: \"data.target='größe'\""
    assert diagnose(["data.target='größe'"]) == []


def test_an_override_that_is_not_utf_8_is_refused() -> None:
    assert only(["name=\udcff"]).message == "the override is not UTF-8 text"


def test_every_bad_override_is_reported_at_once() -> None:
    found = diagnose(["sed=1", "seed", "optimizer=sgdd", "fit.epoch=3", "fit.epochs=3"])
    assert sorted(d.code for d in found) == ["KG102", "KG103", "KG103", "KG104"]


def test_the_same_mistake_written_twice_is_found() -> None:
    assert {d.code for d in diagnose(["sed=1", "sed=1"])} == {"KG103"}


@pytest.mark.parametrize("text", ["seed=1,2", "optimizer=sgd,adam", "seed=range(3)"])
def test_several_values_need_a_sweep(text: str) -> None:
    found = only([text])
    assert found.code == "KG102"
    assert found.help is not None
    assert "-m" in found.help


@pytest.mark.parametrize("text", ["model=null", "optimizer=[1,2]", "=3", "~", "a" * 300 + "=3"])
def test_what_hydra_answers_with_a_plain_error_is_a_diagnostic(text: str) -> None:
    found = diagnose([text])
    assert found
    assert all(d.location is not None and d.location.override == text for d in found)


def test_a_list_cannot_take_the_place_of_a_mapping() -> None:
    found = only(["data.split=[0.2]"])
    assert (found.code, found.message) == ("KG204", "`data.split` is a list, expected a mapping")


def test_an_element_of_a_list_is_neither_added_nor_taken_out(configs: Configs) -> None:
    folder = configs({"model/mine.yaml": "layers: [Flatten, Dense]\n"})
    added = only(["model=mine", "+model.layers.2=Dense"], folder)
    assert added.help == "it has 2 elements; to add one, write the list anew"
    taken = only(["model=mine", "~model.layers.0"], folder)
    assert taken.help == "write the list anew: `model.layers=[…]`"


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("layers:\n\ta: Dense\n", "KG101", 2, 1),
        ("layers:\n  a: {class: Conv2D, filters: ???}\n", "KG101", 2, 31),
        ("layers:\n  a: Dense\n  a: Flatten\n", "KG108", 3, 3),
        ("layers:\n  a: {units: 1, units: 2}\n", "KG108", 2, 17),
        ("layers:\n  a: Dense\n b: c: d\n", "KG101", 3, 2),
        ("layers: {a: Dense\n", "KG101", 1, 9),
        ("layers: *nowhere\n", "KG101", 1, 9),
        ("a: 1\n---\nb: 2\n", "KG101", 2, 1),
        ('layers: !!python/object/apply:os.system ["true"]\n', "KG101", 1, 9),
        ("layers:\n  a: De\x00nse\n", "KG101", 2, 8),
        ("layers:\n  null: Dense\n", "KG108", 2, 3),
    ],
)
def test_a_file_that_is_not_yaml_is_reported_at_its_line(
    configs: Configs, text: str, code: str, line: int, column: int
) -> None:
    found = only(["model=mine"], configs({"model/mine.yaml": text}))
    assert found.code == code
    assert place(found) == ("mine/model/mine.yaml", line, column)


def test_a_mandatory_value_in_braces_and_a_tab_get_their_own_help(configs: Configs) -> None:
    folder = configs(
        {"model/braces.yaml": "a: {b: ???}\n", "model/tab.yaml": "layers:\n\ta: Dense\n"}
    )
    assert "line of its own" in str(only(["model=braces"], folder).help)
    assert "spaces" in str(only(["model=tab"], folder).help)


def test_a_file_that_is_not_utf_8_is_reported_at_its_line(configs: Configs) -> None:
    folder = configs({"model/mine.yaml": "layers:\n  a: Dense # \xe9\n".encode("latin-1")})
    found = only(["model=mine"], folder)
    assert found.code == "KG101"
    assert place(found) == ("mine/model/mine.yaml", 2, 14)


def test_a_mistake_in_the_root_config_needs_no_override(configs: Configs) -> None:
    folder = configs({"config.yaml": ROOT.format(model="mlpp")})
    found = only([], folder)
    assert found.code == "KG104"
    assert found.help == "did you mean `mlp`?"
    assert place(found) == ("mine/config.yaml", 4, 12)


@pytest.mark.parametrize(
    ("line", "code", "column"),
    [
        ("  - override /optimizer: sgdd", "KG104", 26),
        ("  - override /optimzer: sgd", "KG104", 15),
        ("  - /model: nope", "KG104", 13),
    ],
)
def test_a_mistake_in_a_defaults_list_is_reported_in_its_file(
    configs: Configs, line: str, code: str, column: int
) -> None:
    folder = configs({"experiment/mine.yaml": f"# @package _global_\ndefaults:\n{line}\n"})
    found = only(["experiment=mine"], folder)
    assert found.code == code
    assert place(found) == ("mine/experiment/mine.yaml", 3, column)


@pytest.mark.parametrize("head", ["", "# my recipe\n# @package _global_\n"])
def test_a_recipe_without_a_header_in_its_first_line_is_told_of_it(
    configs: Configs, head: str
) -> None:
    folder = configs({"experiment/mine.yaml": f"{head}defaults:\n  - override /optimizer: sgd\n"})
    found = only(["experiment=mine"], folder)
    assert found.code == "KG104"
    assert found.help == "let the recipe's first line be `# @package _global_`"
    assert place(found) == ("mine/experiment/mine.yaml", 2 + head.count("\n"), 15)


def test_a_block_that_is_not_there_is_reported_in_the_model_that_wants_it(configs: Configs) -> None:
    folder = configs(
        {
            "block/residual.yaml": "a: 1\n",
            "model/mine.yaml": "defaults:\n  - /block@blocks.r: resid\n  - _self_\n",
            "experiment/mine.yaml": "# @package _global_\ndefaults:\n  - override /model: mine\n",
        }
    )
    found = only(["experiment=mine"], folder)
    assert found.help == "did you mean `residual`?"
    assert place(found) == ("mine/model/mine.yaml", 2, 22)


@pytest.mark.parametrize(
    "text", ["defaults: sgd\n", "defaults: [1]\n", "defaults: [{}]\n", "defaults:\n  - mine\n"]
)
def test_a_defaults_list_that_is_none_is_reported_in_its_file(configs: Configs, text: str) -> None:
    found = only(["model=mine"], configs({"model/mine.yaml": text}))
    assert found.code == "KG109"
    assert place(found)[0] == "mine/model/mine.yaml"


def test_a_file_that_holds_itself_is_reported(configs: Configs) -> None:
    found = only(["model=mine"], configs({"model/mine.yaml": "layers: &x {a: *x}\n"}))
    assert "refers to itself" in found.message
    assert place(found)[0] == "mine/model/mine.yaml"


def test_a_setting_of_hydra_that_is_not_there_is_reported_in_its_file(configs: Configs) -> None:
    text = "# @package _global_\nhydra:\n  run: {dirr: x}\n"
    found = only(["experiment=mine"], configs({"experiment/mine.yaml": text}))
    assert "dirr" in found.message
    assert place(found) == ("mine/experiment/mine.yaml", 3, 9)


def test_an_option_that_must_be_chosen_is_asked_for(configs: Configs) -> None:
    folder = configs({"config.yaml": ROOT.format(model="???")})
    found = only([], folder)
    assert found.code == "KG106"
    assert found.help is not None
    assert "`mlp`" in found.help
    assert place(found)[:2] == ("mine/config.yaml", 4)
    assert diagnose(["model=mlp"], folder) == []


def test_other_mistakes_are_found_beside_an_option_that_was_chosen(configs: Configs) -> None:
    folder = configs({"config.yaml": ROOT.format(model="???")})
    assert only(["model=mlp", "sed=1"], folder).code == "KG103"


@pytest.mark.parametrize(
    ("options", "underlined"),
    [
        ({"config_dirs": ("nowhere",)}, "nowhere"),
        ({"config_path": "nowhere"}, "nowhere"),
        ({"config_name": "confi"}, "confi"),
    ],
)
def test_a_config_folder_or_root_config_that_is_not_there_is_reported(
    options: dict[str, Any], underlined: str
) -> None:
    (found,) = diagnose([], ConfigPlace(**options))
    assert found.code == "KG104"
    assert pointed(found) == underlined


def test_a_sweep_over_values_and_options_is_composable() -> None:
    overrides = [
        "optimizer=sgd,rmsprop",
        "optimizer.momentum=0,0.9",
        "seed=range(3)",
        "fit=glob(*)",
    ]
    assert diagnose(overrides, multirun=True) == []
    assert first_job(overrides, make_loader()) == [
        "optimizer=sgd",
        "optimizer.momentum=0",
        "seed=0",
        "fit=default",
    ]


def test_a_swept_option_that_is_not_there_is_underlined_in_the_sweep() -> None:
    found = only(["optimizer=sgd,nope,adam"], multirun=True)
    assert found.code == "KG104"
    assert pointed(found) == "nope"


def test_an_override_that_fits_only_some_swept_options_is_refused() -> None:
    overrides = ["model=mlp,convnet", "model.layers.hidden1.units=3"]
    found = only(overrides, multirun=True)
    assert found.message == "`model.layers` has no key `hidden1`"
    assert first_job(overrides, make_loader()) is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("sed=range(3)", "KG103"),
        ("optimizer=glob(nope*)", "KG104"),
        ("seed=range(0,1,0)", "KG102"),
        ("hydra.verbose=true,false", "KG102"),
    ],
)
def test_a_sweep_that_cannot_be_listed_is_refused(text: str, code: str) -> None:
    assert only([text], multirun=True).code == code
    assert first_job([text], make_loader()) is None


def test_a_sweep_over_an_interval_is_left_to_the_sweeper() -> None:
    assert first_job(["fit.epochs=interval(1,9)"], make_loader()) == ["fit.epochs=0"]


def test_an_error_without_a_culprit_is_one_diagnostic() -> None:
    (found,) = diagnose_error(RuntimeError("Something broke.\nmore"))
    assert (found.code, found.message) == ("KG109", "something broke")


@pytest.mark.parametrize("text", ["sed=1", "model=null", "optimizer=[1,2]", "optimizer=nope"])
def test_what_composing_raises_is_among_the_refusals(text: str) -> None:
    with pytest.raises(REFUSALS):
        compose([text])


def test_nothing_is_written_by_looking_for_culprits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    diagnose(["sed=1"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("fit.jit_compile=true", "write `compile.jit_compile=true` in its place"),
        ("features=all", "did you mean `data.features`?"),
        ("backend.foo=1", "known: `backend`"),
        ("experiment=mnist_mlp", "did you mean `book/mnist_mlp`?"),
    ],
)
def test_what_stands_elsewhere_is_proposed(override: str, words: str) -> None:
    (found,) = diagnose([override])
    assert found.help is not None
    assert words in found.help


def test_a_choice_is_looked_for_among_the_choices(config_files: Configs) -> None:
    root = (
        "defaults:\n  - backend: tensorflow\n  - model: wanted\n  - _self_\nmodels: {wanted: 1}\n"
    )
    folder = config_files({"mine.yaml": root, "experiment/e.yaml": "wanted: 3\n"})
    found = only([], ConfigPlace(config_dirs=(folder,), config_name="mine"))
    assert found.message == "the group `model` has no option `wanted`"
    assert place(found) == ("conf/mine.yaml", 3, 12)


def test_a_group_that_no_list_names_is_told_at_the_list(config_files: Configs) -> None:
    root = "# mine\ndefaults:\n  - backend: tensorflow\n"
    found = only(
        ["data=digits"],
        ConfigPlace(config_dirs=(config_files({"mine.yaml": root}),), config_name="mine"),
    )
    assert found.message == "the config chooses no option of the group `data`"
    assert place(found) == ("conf/mine.yaml", 2, 1)
    assert found.help == "write `- data: digits` in this list"
    assert [note.location.override for note in found.notes if note.location] == ["data=digits"]


@pytest.mark.parametrize(
    ("root", "line"),
    [
        ("defaults:\n  - backend: jax\n  - false\n", 3),
        ("seed: 0\ndefaults: {backend: jax}\n", 2),
        ("seed: 0\ndefaults: [backend: jax, _self_]\nhydra: 3\n", 3),
    ],
)
def test_what_hydra_takes_for_no_mapping_or_list_is_told_at_its_line(
    config_files: Configs, root: str, line: int
) -> None:
    found = only(
        [], ConfigPlace(config_dirs=(config_files({"mine.yaml": root}),), config_name="mine")
    )
    assert found.code == "KG109"
    assert place(found)[:2] == ("conf/mine.yaml", line)


def test_a_key_for_an_element_of_a_list_is_proposed_as_it_was_meant() -> None:
    found = only(["model.layers[12].units=7"])
    assert found.help == (
        "a key cannot hold `[`: write `model.layers.12.units=7` for an element of a list"
    )


def test_a_list_takes_no_new_name(config_files: Configs) -> None:
    folder = config_files({"model/row.yaml": "layers: [Flatten]\n"})
    found = only(["model=row", "+model.layers.more=Dense"], folder)
    assert found.message == "`model.layers` is a list, which has no key `more`"


@pytest.mark.parametrize(
    ("item", "column"), [("${nowhere.at.all}", 5), ("override hydra/launchr#: basic", 30)]
)
def test_a_choice_that_cannot_be_made_is_told_at_its_line(
    config_files: Configs, item: str, column: int
) -> None:
    root = f"defaults:\n  - backend: jax\n  - {item}\n"
    found = only(
        [], ConfigPlace(config_dirs=(config_files({"mine.yaml": root}),), config_name="mine")
    )
    assert place(found) == ("conf/mine.yaml", 3, column)
    assert ".schema" not in (found.help or "")


@pytest.mark.parametrize(
    ("section", "message", "line", "column", "help_text"),
    [
        ("{run: {dirr: x}}", "`hydra.run` has no key `dirr`", 2, 15, "did you mean `dir`?"),
        ("{run: {subdir: x}}", "`hydra.run` has no key `subdir`", 2, 9,
         "it is a key of `hydra.sweep`"),
        ("{run: {dir: y, subdir: x}}", "`hydra.run` has no key `subdir`", 2, 23,
         "it is a key of `hydra.sweep`"),
    ],
)  # fmt: skip
def test_a_key_that_hydra_does_not_know_is_told_with_its_home(
    config_files: Configs, section: str, message: str, line: int, column: int, help_text: str
) -> None:
    root = f"defaults: [backend: jax, _self_]\nhydra: {section}\n"
    found = only(
        [], ConfigPlace(config_dirs=(config_files({"mine.yaml": root}),), config_name="mine")
    )
    assert (found.code, found.message, found.help) == ("KG107", message, help_text)
    assert place(found) == ("conf/mine.yaml", line, column)


def test_what_is_below_a_key_that_is_null_is_what_is_not_there() -> None:
    (found,) = diagnose(["fit.callbacks.best.save_best_only=true"])
    assert found.message == "`fit.callbacks` has no key `best`"
    assert found.help == (
        "it is not there yet: write the whole of it, "
        "`'fit.callbacks.best={class: …, save_best_only: true}'`"
    )


@pytest.mark.parametrize(
    ("override", "message", "help_text"),
    [
        (
            "seed=rnage(1,5)",
            "`rnage(…)` is no function of the command line",
            "did you mean `range`",
        ),
        ("seed=linspace(1,5)", "`linspace(…)` is no function", "to sweep over numbers, write"),
        ("seed=range(1,5", "the override cannot be read: `(` has no closing `)`", None),
        ("model.x={a: [1, 2}", "the override cannot be read: `[` has no closing `]`", None),
        ("name='it", "the override cannot be read: `'` has no second `'`", None),
        ("seed=choice()", "`choice()` cannot be evaluated: empty choice is not legal", None),
        ("seed=interval(2)", "`interval(2)` cannot be evaluated: missing a required arg", None),
    ],
)
def test_what_is_wrong_inside_a_value_is_named(
    override: str, message: str, help_text: str | None
) -> None:
    (found,) = diagnose([override], multirun=True)
    assert found.code == "KG102"
    assert found.message.startswith(message)
    assert (found.help is None) if help_text is None else str(found.help).startswith(help_text)


def test_a_text_with_commas_is_read_as_the_help_writes_it() -> None:
    found = only(["name=a long, long name"])
    assert str(found.help).startswith("write `'name=\"a long, long name\"'` if it is one text")
    assert diagnose(['name="a long, long name"']) == []


def test_a_key_with_blanks_is_read_as_the_help_writes_it() -> None:
    found = only(["data.columns.my size=number"])
    assert found.help == 'a key with blanks stands in a mapping: "data.columns={my size: number}"'
    assert diagnose(["data.columns={my size: number}"]) == []


def test_an_option_below_another_one_is_the_only_thing_at_fault() -> None:
    found = only(["hydra/sweeper=optuna", "hydra/sweeper/pruner=medain"])
    assert (found.code, found.help) == ("KG104", "did you mean `median`?")
    assert found.location is not None
    assert found.location.override == "hydra/sweeper/pruner=medain"
