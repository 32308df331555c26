"""Functions are quoted: what is reached, in the form that a script has."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from kerasgen.emit.script.quote import Quotations, free_names

PLAIN = '''\
"""A module of functions to quote."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kerasgen.diagnostics import Sink
from kerasgen.runtime.errors import DataError
from kerasgen.runtime.columns import as_rows

BLANK: str = " "


def words(path: str, *, blank: str = "", most: int | None = None) -> list[str]:
    """Reads words.

    Raises:
        DataError: one is too long.
    """
    from json import loads

    found: list[str] = []
    pending: str
    for word in loads(path):  # type: ignore[no-any-return]
        if len(word) > (most or 99):
            raise DataError(f"`{word}` is too long", about="most")
        found.append(blank or BLANK)  # comments stay
    return found


def rows(values: Sequence[float]) -> np.ndarray:
    def doubled(value: float) -> float:
        r"""Twice \\s.

        Args:
            value: the half.
        """
        return 2 * value

    return as_rows(np.asarray([doubled(value) for value in values]))


class Word:
    """A word.

    Attributes:
        text: how it is written.
    """

    text = BLANK


def told(sink: Sink) -> None:
    Sink.report(sink, "KG502", "no")
'''


@pytest.fixture
def plain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Quotations:
    (tmp_path / "quoted_here.py").write_text(PLAIN, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    roots = {name: ("quoted_here", name) for name in ("words", "rows", "Word", "told")}
    return Quotations(roots=roots)


def test_a_function_loses_its_annotations_and_inner_imports(plain: Quotations) -> None:
    constant, function = plain.reached_from("words('a')")

    assert constant.text == 'BLANK = " "'
    assert function.text == (
        'def words(path, *, blank="", most=None):\n'
        '    """Reads words."""\n'
        "    found = []\n"
        "    for word in loads(path):\n"
        "        if len(word) > (most or 99):\n"
        '            raise ValueError(f"`{word}` is too long")\n'
        "        found.append(blank or BLANK)  # comments stay\n"
        "    return found"
    )
    assert [one.module for one in function.imports.values()] == ["json"]


def test_what_a_function_uses_stands_before_it(plain: Quotations) -> None:
    found = plain.reached_from("rows([1])")

    assert [one.name for one in found] == ["as_rows", "rows"]
    assert {one.module for two in found for one in two.imports.values()} == {"numpy"}
    assert "def doubled(value):" in found[1].text


def test_of_a_docstring_only_the_first_line_is_quoted(plain: Quotations) -> None:
    *_, nested = plain.reached_from("rows([1])")
    *_, made = plain.reached_from("Word()")

    assert nested.text.startswith(
        "def rows(values):\n"
        "    def doubled(value):\n"
        '        r"""Twice \\s."""\n'
        "        return 2 * value\n"
    )
    assert made.text == 'class Word:\n    """A word."""\n\n    text = BLANK'


def test_what_was_quoted_is_not_quoted_again(plain: Quotations) -> None:
    plain.reached_from("rows([1])")

    assert plain.reached_from("as_rows(rows([1]))") == []


def test_a_name_that_leads_into_kerasgen_cannot_be_quoted(plain: Quotations) -> None:
    with pytest.raises(LookupError, match=r"takes `Sink` from kerasgen\.diagnostics"):
        plain.reached_from("told(1)")


def test_names_that_a_function_binds_are_not_free() -> None:
    text = "def f(a, b=c):\n    d = [e for e in a]\n    return stack(d)\n"

    assert free_names(text) == {"c", "stack"}


def test_the_whole_runtime_is_formatted_where_it_is_quoted(tmp_path: Path) -> None:
    quotations = Quotations()
    found = [one for name in sorted(quotations.names()) for one in quotations.reached_from(name)]
    path = tmp_path / "quoted.py"
    path.write_text("\n\n\n".join(one.text for one in found) + "\n", encoding="utf-8")

    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--diff", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout
    functions = [n for n in ast.parse(path.read_text()).body if isinstance(n, ast.FunctionDef)]
    assert len(functions) > 40
