"""The register: what can be registered, under which names, and what a trust is made of."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import kerasgen
from kerasgen.registry import CustomPart, Trust, named_modules, register, registered_parts, trusted


@pytest.fixture(autouse=True)
def empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kerasgen.registry._PARTS", [])


def only() -> CustomPart:
    (part,) = registered_parts()
    return part


def test_a_decorated_class_stays_the_same_class() -> None:
    class Gate:
        pass

    assert register(Gate) is Gate
    assert only().target is Gate


def test_a_part_knows_where_it_was_registered() -> None:
    @register
    class Gate:
        pass

    assert Path(only().file) == Path(__file__)
    line = Path(__file__).read_text(encoding="utf-8").splitlines()[only().line - 1]
    assert line.strip() in ("@register", "class Gate:")


def test_a_part_may_have_another_name_than_its_class() -> None:
    @register(name="Valve")
    class Gate:
        pass

    assert (only().name, only().attribute.rpartition(".")[2]) == ("Valve", "Gate")


def test_a_class_that_is_registered_again_replaces_itself() -> None:
    def made() -> type:
        @register
        class Gate:
            pass

        return Gate

    made()
    second = made()
    assert only().target is second


def test_a_function_may_be_a_loss_and_a_metric() -> None:
    def focal(y_true: Any, y_pred: Any) -> Any:
        return y_true - y_pred

    register(kind="loss")(register(kind="metric")(focal))
    assert [part.kind for part in registered_parts()] == ["metric", "loss"]


@pytest.mark.parametrize(
    ("act", "told"),
    [
        (lambda: register(lambda x: x), "cannot be the name of a part"),
        (lambda: register(5), "a class or a function"),
        (lambda: register(len), "needs a kind"),
        (lambda: register(kind="layr")(len), "has the kind `layr`"),
        (lambda: register(kind="layer")(len), "a layer must be a class"),
        (lambda: register(kind="activation")(dict), "an activation must be a function"),
        (lambda: register(name="my.Gate")(dict), "cannot be the name of a part"),
    ],
)
def test_what_can_be_no_part_is_refused_at_once(act: Callable[[], Any], told: str) -> None:
    with pytest.raises((TypeError, ValueError), match=told):
        act()
    assert registered_parts() == ()


def test_a_class_with_read_is_a_source_and_a_function_says_so() -> None:
    @register
    class Rows:
        def read(self) -> dict[str, list[int]]:
            return {"x": [1]}

    register(kind="source")(len)
    assert [part.is_source for part in registered_parts()] == [True, True]


def test_a_plain_class_is_no_source() -> None:
    register(dict)
    assert not only().is_source


def test_words_after_trust_are_modules_also_with_commas() -> None:
    trust = trusted(["a.b, c", "a.b", ""], "here")
    assert trust == Trust(modules=("a.b", "c"), folder="here")
    assert trust.flags() == ["--trust=a.b", "--trust=c"]


def test_kerasgen_offers_register_and_nothing_else() -> None:
    assert kerasgen.register is register
    with pytest.raises(AttributeError, match="no attribute 'registr'"):
        _ = kerasgen.registr


def test_the_shell_names_modules_as_the_command_line_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERASGEN_TRUST", "three:two.part, four")
    assert trusted(named_modules(["one,two"]), "").modules == (
        "one",
        "two",
        "three",
        "two.part",
        "four",
    )
    monkeypatch.setenv("KERASGEN_TRUST", "")
    assert trusted(named_modules(["one"]), "").modules == ("one",)
