"""Configs that are too large or too deep, and what just fits."""

import os
import random
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from kerasgen.diagnostics import CompileError, Diagnostic, Sink
from kerasgen.frontend.compose.composition import compose, make_loader, resolve
from kerasgen.frontend.compose.config_limits import (
    DEPTH,
    FILE_BYTES,
    LINKS,
    OVERRIDE,
    OVERRIDES,
    VALUES,
    check_file,
    check_overrides,
    is_within_limits,
)
from kerasgen.frontend.compose.group_choices import options_of
from kerasgen.frontend.compose.interpolation_size import check_composed
from kerasgen.verbs.check import compose_config

Configs = Callable[[Mapping[str, str | bytes]], str]


def of_file(path: Path, text: str | bytes) -> list[Diagnostic]:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    try:
        check_file(path)
    except CompileError as error:
        return list(error.diagnostics)
    return []


def refusal(path: Path, text: str | bytes) -> tuple[str, int | None]:
    (found,) = of_file(path, text)
    assert found.code == "KG902"
    assert found.location is not None
    return found.message, found.location.line


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "it.yaml"


def test_a_file_of_the_largest_size_is_read(file: Path) -> None:
    assert of_file(file, "#" * FILE_BYTES) == []
    assert "bytes, expected at most 4,194,304" in refusal(file, "#" * (FILE_BYTES + 1))[0]


def test_values_are_counted_with_their_keys(file: Path) -> None:
    lines = [f"k{index}: 1" for index in range((VALUES - 1) // 2)]
    assert of_file(file, "\n".join(lines)) == []
    message, line = refusal(file, "\n".join([*lines, "more: 1"]))
    assert message == "the config file holds more than 100,000 keys and values"
    assert line == len(lines) + 1


def test_aliases_are_counted_written_out(file: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
    message, line = refusal(file, "\n".join(lines))
    assert "every `*alias` written out" in message
    assert line == 5


def test_merge_keys_are_counted_written_out(file: Path) -> None:
    lines = ["a0: &a0 {x: 1}", *(f"a{i}: &a{i} {{<<: [*a{i - 1}, *a{i - 1}]}}"
                                  for i in range(1, 40))]  # fmt: skip
    assert "written out" in refusal(file, "\n".join(lines))[0]


def test_an_alias_used_a_few_times_is_taken(file: Path) -> None:
    assert of_file(file, "a: &a {x: 1}\nb: *a\nc: {<<: *a, y: 2}\n") == []


def test_an_alias_inside_itself_is_refused(file: Path) -> None:
    message, line = refusal(file, "a: 1\nb: &x\n  c: [*x]\n")
    assert message == "`*x` refers to itself: it stands inside `&x`"
    assert line == 3


@pytest.mark.parametrize(("begin", "end"), [("[", "]"), ("{a: ", "}")])
def test_nesting_is_counted(file: Path, begin: str, end: str) -> None:
    assert of_file(file, begin * DEPTH + "1" + end * DEPTH) == []
    deep = DEPTH + 1
    assert "64 levels deep" in refusal(file, begin * deep + "1" + end * deep)[0]


def test_nesting_without_an_end_is_refused_before_it_is_built(file: Path) -> None:
    assert "64 levels deep" in refusal(file, "[" * 1_000_000)[0]


def test_aliases_that_nest_are_counted_with_what_they_hold(file: Path) -> None:
    lines = ["a0: &a0 [x]", *(f"a{i}: &a{i} [*a{i - 1}]" for i in range(1, DEPTH + 5))]
    assert "64 levels deep" in refusal(file, "\n".join(lines))[0]


@pytest.mark.parametrize(
    "number", ["1" * 401, "-" + "9" * 5000, "0x" + "f" * 5000, "1" + ":59" * 200]
)
def test_a_number_that_python_does_not_read_is_refused(file: Path, number: str) -> None:
    assert "digits, expected at most 400" in refusal(file, f"units: {number}\n")[0]


def test_digits_in_quotes_are_text(file: Path) -> None:
    assert of_file(file, f"a: '{'1' * 5000}'\n") == []


def test_interpolations_that_nest_are_counted(file: Path) -> None:
    text = "${" * (LINKS + 1) + "a" + "}" * (LINKS + 1)
    assert "nested 33 levels deep" in refusal(file, f"a: {text}\n")[0]


def test_a_long_text_with_interpolations_is_refused(file: Path) -> None:
    assert "20,000" in refusal(file, "a: " + "${seed}" * 3000 + "\n")[0]
    assert of_file(file, "a: " + "x" * 100_000 + "\n") == []


@pytest.mark.parametrize(
    "content", [b"a: [", b"\xff\xfe\x00", b"a: b\x00", b"\tx: 1", b"a: *nothing", b""]
)
def test_what_is_no_yaml_is_left_to_the_loader(file: Path, content: bytes) -> None:
    assert of_file(file, content) == []


def test_bytes_of_any_kind_raise_nothing(file: Path) -> None:
    generator = random.Random(0)
    for _ in range(200):
        pieces = [generator.choice(["[", "{", "&a ", "*a ", ": ", "\n", "- ", "x", "'", "<<", "}"])
                  for _ in range(40)]  # fmt: skip
        assert all(d.code == "KG902" for d in of_file(file, "".join(pieces)))


def test_what_is_no_regular_file_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.yaml")
    (tmp_path / "zero.yaml").symlink_to("/dev/zero")
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "fine.yaml").write_text("a: 1\n")
    readable = [path.name for path in sorted(tmp_path.iterdir()) if is_within_limits(path)]
    assert readable == ["fine.yaml"]


def override_problem(*overrides: str) -> str:
    with pytest.raises(CompileError) as caught:
        check_overrides(overrides)
    (found,) = caught.value.diagnostics
    assert found.code == "KG902"
    return found.message


def test_an_override_has_limits() -> None:
    assert "20,001 characters" in override_problem("a=" + "x" * (OVERRIDE - 1))
    assert "nested 65 levels" in override_problem("a=" + "[" * 65 + "]" * 65)
    assert "nested 66 levels" in override_problem("a.b=" + "{a:" * 65 + "1" + "}" * 65)
    assert "more than 400 digits" in override_problem("a=" + "1" * 401)
    assert "interpolations nested" in override_problem("a='" + "${" * 40 + "}" * 40 + "'")
    assert "1,001 overrides" in override_problem(*["a=1"] * (OVERRIDES + 1))


def test_brackets_in_quotes_do_not_nest() -> None:
    check_overrides(["a='" + "[" * 100 + "'", "b=[[1,2],{a:1}]", 'c="' + "{" * 100 + '"'])


def composed_problem(text: str) -> Diagnostic | None:
    sink = Sink()
    check_composed(OmegaConf.create(text), sink)
    return sink.diagnostics[0] if sink.diagnostics else None


def doubling(item: str, count: int) -> str:
    lines = [f"a0: {item}"]
    lines += [
        f"a{i}: ['${{a{i - 1}}}', '${{a{i - 1}}}']" if item.startswith("[")
        else f"a{i}: ${{a{i - 1}}}${{a{i - 1}}}"
        for i in range(1, count)
    ]  # fmt: skip
    return "\n".join(lines)


def test_text_that_doubles_is_refused_where_it_grows_too_large() -> None:
    found = composed_problem(doubling("xxxxxxxxxx", 25))
    assert found is not None
    assert found.location is not None
    assert found.location.key == "a19"
    assert "characters, expected at most 10,000,000" in found.message


def test_lists_that_double_are_refused_where_they_grow_too_large() -> None:
    found = composed_problem(doubling("[1, 2]", 25))
    assert found is not None
    assert "keys and values, expected at most 100,000" in found.message


def test_what_grows_a_little_is_taken() -> None:
    assert composed_problem(doubling("xx", 10)) is None
    assert composed_problem(doubling("[1]", 10)) is None


def test_relative_references_are_followed() -> None:
    text = "a:\n" + "\n".join(f"  {line}" for line in doubling("[1, 2]", 25).splitlines())
    assert composed_problem(text.replace("${a", "${..a")) is not None


def test_a_long_way_through_interpolations_is_refused() -> None:
    def chain(length: int) -> str:
        links = (f"a{i}: ${{a{i - 1}}}" for i in range(1, length + 1))
        return "\n".join(["a0: 1", *links])

    assert composed_problem(chain(LINKS)) is None
    found = composed_problem(chain(LINKS + 1))
    assert found is not None
    assert "more than 32 interpolations" in found.message


def test_what_refers_to_itself_is_left_to_the_resolution() -> None:
    assert composed_problem("a: ${b}\nb: [1, '${a}']\nc: ${c}${c}\n") is None


def test_references_in_the_arguments_of_resolvers_count() -> None:
    text = doubling("[1, 2]", 25).replace("${a", "${oc.select:a")
    assert composed_problem(text) is not None


def test_a_large_file_is_refused_while_composing(configs: Configs) -> None:
    folder = configs({"model/mine.yaml": "#" * (FILE_BYTES + 1)})
    with pytest.raises(CompileError) as caught:
        compose(["model=mine"], folder)
    (found,) = caught.value.diagnostics
    assert found.location is not None
    assert found.location.file == "mine/model/mine.yaml"


def test_growth_is_found_before_anything_is_resolved(configs: Configs) -> None:
    text = "\n".join(doubling("xxxxxxxxxx", 60).replace("${a", "${model.a").splitlines())
    folder = configs({"model/mine.yaml": f"layers: {{f: Flatten}}\n{text}\n"})
    with pytest.raises(CompileError) as caught:
        resolve(compose(["model=mine"], folder))
    (found,) = caught.value.diagnostics
    assert found.code == "KG902"
    assert found.location is not None
    assert (found.location.file, found.location.line) == ("mine/model/mine.yaml", 21)


def test_a_config_as_deep_as_the_limit_goes_all_the_way(configs: Configs) -> None:
    nested = "{a: " * (DEPTH - 1) + "1" + "}" * (DEPTH - 1)
    folder = configs({"model/mine.yaml": f"x: {nested}\n"})
    config, _ = resolve(compose(["model=mine"], folder))
    assert config["model"]["x"]["a"] != {}


@pytest.mark.parametrize("value", ["mine", "'m?'"])
def test_a_byte_order_mark_hides_no_package(configs: Configs, value: str) -> None:
    text = f"\ufeff# @package _global_\nname: {value}\n"
    folder = configs({"experiment/e.yaml": text})
    config, _ = resolve(compose(["experiment=e"], folder))
    assert config["name"] == value.strip("'")


def test_defaults_lists_that_choose_each_other_in_pairs_are_refused(configs: Configs) -> None:
    pairs = {f"model/f{n}.yaml": f"defaults: [f{n + 1}@a, f{n + 1}@b]\n" for n in range(16)}
    folder = configs(pairs | {"model/f16.yaml": "x: 1\n"})
    with pytest.raises(CompileError) as error:
        compose_config(["model=f0"], folder)
    (found,) = error.value.diagnostics
    assert (found.code, found.message) == (
        "KG902",
        "the defaults lists choose more than 1,000 configs",
    )


def test_circles_of_links_and_names_for_terminals_are_not_listed(configs: Configs) -> None:
    folder = configs({"experiment/e.yaml": "name: x\n", "experiment/in/f.yaml": "name: x\n"})
    group = Path(folder) / "experiment"
    for name in "abcdefghij":
        (group / name).symlink_to(".")
    (group / "in" / "up").symlink_to("..")
    (group / "linked").symlink_to("in")
    for name in ("\x1b[31m", "a\nb", "\u202egnp", "a\rb"):
        (group / f"{name}.yaml").write_text("name: x\n")
    shipped = set(options_of("experiment", make_loader()))
    own = set(options_of("experiment", make_loader(folder))) - shipped
    assert own == {"e", "in/f", "linked/f"}


def test_a_folder_of_everything_is_no_folder_of_configs(
    configs: Configs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kerasgen.frontend.compose.config_limits.MOST_ENTRIES", 20)
    folder = configs({f"experiment/{n}/e.yaml": "name: x\n" for n in range(30)})
    with pytest.raises(CompileError) as error:
        options_of("experiment", make_loader(folder))
    (found,) = error.value.diagnostics
    assert (found.code, found.message) == (
        "KG902",
        "a folder of configs holds more than 20 files and folders",
    )


def test_an_escape_for_half_a_character_is_told_at_its_place(file: Path) -> None:
    (found,) = of_file(file, 'a: 1\nname: "x\\ud800"\n')
    assert (found.code, found.message) == ("KG101", "an escape stands for no character of Unicode")
    assert found.location is not None
    assert found.location.line == 2
    assert of_file(file, 'name: "\\u00e9\\U0001f600"\n') == []
