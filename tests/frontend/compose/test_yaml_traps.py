"""Values that YAML reads as something else than they look like."""

from collections.abc import Callable, Mapping

import pytest

from kerasgen.diagnostics import CompileError, Diagnostic, Severity, Suggestion
from kerasgen.frontend.compose.composition import compose, resolve

Configs = Callable[[Mapping[str, str | bytes]], str]


def told(config_files: Configs, text: str) -> list[Diagnostic]:
    folder = config_files({"data/mine.yaml": f"defaults: [digits]\n{text}\n"})
    found = compose(["data=mine"], folder).diagnostics
    return [one for one in found if one.code == "KG120"]


@pytest.mark.parametrize(
    ("text", "words", "read"),
    [
        ("facts: {class_names: [yes, No]}", ["yes", "No"], ["true", "false"]),
        ("facts: {class_names: [true, b]}", ["true"], ["true"]),
        ("facts: {class_names: [1.10, 2.5, 3]}", ["1.10"], ["1.1"]),
        ("source: {columns: [a, off, 1_0]}", ["off", "1_0"], ["false", "10"]),
        ("features: [on, a]", ["on"], ["true"]),
        ("features: {left: on, right: [a, no]}", ["on", "no"], ["true", "false"]),
        ("target: no", ["no"], ["false"]),
        ("target: {one: off}", ["off"], ["false"]),
        (
            "prepare: {a: {class: StringLookup, vocabulary: [no, yes]}}",
            ["no", "yes"],
            ["false", "true"],
        ),
        ("prepare: {a: {class: X, words: [maybe, no]}}", ["no"], ["false"]),
    ],
)
def test_what_is_read_as_a_value_where_text_is_wanted_is_told_with_its_quotes(
    config_files: Configs, text: str, words: list[str], read: list[str]
) -> None:
    found = told(config_files, text)
    assert [one.message for one in found] == [
        f"YAML reads `{word}` as the {'boolean' if value in ('true', 'false') else 'number'} "
        f"`{value}`, where text is wanted"
        for word, value in zip(words, read, strict=True)
    ]
    helps = [one.help for one in found]
    assert all(isinstance(one, Suggestion) for one in helps)
    assert [one.replacement for one in helps if isinstance(one, Suggestion)] == [
        f'"{word}"' for word in words
    ]


@pytest.mark.parametrize(
    "text",
    [
        'facts: {class_names: ["yes", "no"]}',
        "facts: {class_names: [0, 1, 2]}",
        "source: {header: no}",
        "split: {stratify: on, shuffle: off}",
        "prepare: {a: {class: X, activations: [relu, null, true]}}",
        "prepare: {a: {class: IntegerLookup, vocabulary: [1_000, 2_000]}}",
        "prepare: {a: {class: X, flags: [yes, no]}}",
        "target: 2024-01-01",
    ],
)
def test_what_may_be_meant_is_not_told(config_files: Configs, text: str) -> None:
    assert told(config_files, text) == []


def test_a_date_stays_the_text_that_was_written(config_files: Configs) -> None:
    folder = config_files({"data/mine.yaml": "defaults: [digits]\ntarget: 2024-01-01\n"})
    config, _ = resolve(compose(["data=mine"], folder))
    assert config["data"]["target"] == "2024-01-01"


@pytest.mark.parametrize(
    "text",
    [
        "target: no",
        "features: [a, no]",
        "features: {left: on}",
        "target: 1.10",
        "target: 1:30",
        "source: {columns: [a, off]}",
    ],
)
def test_a_value_that_cannot_be_text_is_one_fault(config_files: Configs, text: str) -> None:
    folder = config_files({"data/mine.yaml": f"defaults: [digits]\n{text}\n"})
    with pytest.raises(CompileError) as caught:
        resolve(compose(["data=mine"], folder))
    found = caught.value.diagnostics
    assert [(one.code, one.severity) for one in found] == [("KG120", Severity.ERROR)]
