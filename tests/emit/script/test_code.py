"""Emitted expressions: their lines, their literals, and the names that they may use."""

import ast
import builtins
import keyword
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kerasgen.emit.script.code import (
    WIDTH,
    Names,
    arguments,
    call,
    flat,
    listed,
    literal,
    mapped,
    prose,
    statement,
    string,
)

HOSTILE = [
    "",
    "plain",
    'say "hi"',
    "it's",
    """both ' and " here""",
    "\\",
    "ends in \\",
    "line\nbreak\r\ttab",
    '"""',
    "'''",
    '"); __import__("os").system("true") #',
    "{x} %s {{}}",
    "\x00\x1b[31m\u202e\u2028",
    "naïve 名前 🙂",
    "\udcff",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_string_from_a_config_is_a_literal_and_nothing_else(text: str) -> None:
    written = string(text)

    assert ast.literal_eval(written) == text
    assert len(written.splitlines()) == 1
    assert isinstance(ast.parse(written).body[0].value, ast.Constant)  # type: ignore[attr-defined]


@pytest.mark.parametrize("text", HOSTILE)
def test_text_from_a_config_cannot_end_a_docstring(text: str) -> None:
    source = f'def f():\n    """{prose(text)}."""\n    return 1\n'

    function = ast.parse(source).body[0]

    assert isinstance(function, ast.FunctionDef)
    assert len(function.body) == 2


VALUES: list[Any] = [None, True, 3, -2.5, 1e-07, "x", (1, 2), ((0, 0), (4, 0)), (1,), [0.5, "a"]]


@pytest.mark.parametrize("value", [*VALUES, {"a": 1, 2: [0.5]}])
def test_a_literal_is_the_value(value: Any) -> None:
    assert ast.literal_eval(flat(literal(value))) == value


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan")])
def test_a_number_without_a_literal_is_made(value: float) -> None:
    assert str(eval(flat(literal(value)))) == str(value)


def test_a_value_that_has_no_literal_is_refused() -> None:
    with pytest.raises(TypeError, match="object has no literal"):
        literal(object())


@pytest.mark.parametrize("name", [*keyword.kwlist, "print", "list", "match", "x", "model", "1st"])
def test_a_given_name_shadows_nothing(name: str) -> None:
    given = Names(taken={"x", "model"}).give(name)

    assert given.isidentifier()
    assert not keyword.iskeyword(given)
    assert not hasattr(builtins, given)
    assert given not in {"x", "model"}


def test_names_are_given_once() -> None:
    names = Names()

    assert [names.give(name) for name in ("a-b", "a_b", "A b", "a_b_2")] == [
        "a_b",
        "a_b_2",
        "a_b_3",
        "a_b_2_2",
    ]


LONG = "a" * 30
EXPRESSIONS = {
    **{
        f"a call of a call of {width} columns": call(
            "f", f'"{"a" * (width - 24)}"', "b", then=arguments("", call("x", "y").items)
        )
        for width in range(84, 95)
    },
    "short": call("f", "1", named={"a": "2"}),
    "arguments on a line": call("f", *([f'"{LONG}"'] * 2), named={"name": '"short"'}),
    "arguments each on a line": call("f", *([f'"{LONG}"'] * 4)),
    "a list": listed([f'"{LONG}"'] * 4),
    "a mapping": mapped({LONG: call("g", *([f'"{LONG}"'] * 4)), "b": literal([LONG] * 4)}),
    "a tuple": literal(tuple(range(40))),
    "one in a tuple": literal((3,)),
    "a call of a call": call("f", f'"{LONG}"', f'"{LONG}"', then=arguments("", call("x").items)),
    "a long call of a call": call(
        "f", *([f'"{LONG}"'] * 3), then=arguments("", listed(["x", "y"]).items)
    ),
    "a long second call": call("f", then=arguments("", listed([f'"{LONG}"'] * 4).items)),
    "two long calls": call(
        "f", *([f'"{LONG}"'] * 4), then=arguments("", listed([f'"{LONG}"'] * 4).items)
    ),
    "calls in calls": call("f", call("g", call("h", *([f'"{LONG}"'] * 4))), f'"{LONG}"'),
}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_a_statement_has_the_form_that_ruff_gives_it(name: str, tmp_path: Path) -> None:
    lines = ["def function():", *statement("value = ", EXPRESSIONS[name]), "    return value"]
    path = tmp_path / "code.py"
    path.write_text("\n".join(lines) + "\n")

    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--diff", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout
    assert all(len(line) <= WIDTH for line in lines)
