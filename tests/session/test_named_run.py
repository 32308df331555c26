"""What people call a run: its folder, its id, the beginning of one, the newest and the best."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kerasgen.diagnostics import CompileError, Diagnostic
from kerasgen.session.named_run import looks_named, named_run
from kerasgen.verbs.show import Target

MakeRun = Callable[..., Path]


@pytest.fixture
def root(tmp_path: Path, make_run: MakeRun) -> Path:
    figures = {
        "2024-05-01/10-00-00": {"loss": 0.3, "accuracy": 0.8, "odd": 1.0, "empty": "NaN"},
        "2024-05-01/10-00-01": {"loss": 0.5, "accuracy": 0.9, "odd": 3.0, "empty": "NaN"},
        "2024-05-02/11-00-00": {"loss": "NaN", "accuracy": 0.9, "odd": 2.0},
        "2024-05-03/12-00-00": {"loss": "-Infinity", "accuracy": "NaN"},
    }
    for number, (place, test) in enumerate(figures.items(), 1):
        metrics = {"test": test, "training": {"loss": float(number)}}
        make_run(place, metrics=metrics, started=f"2024-05-0{number}T12:00:00+00:00")
    make_run(
        "sweeps/1",
        status="failed",
        started="2024-05-09T12:00:00+00:00",
        metrics={"test": {"accuracy": 1.0, "loss": 0.0}},
    )
    make_run("sweeps/10", status="failed", started="2024-05-08T12:00:00+00:00")
    return tmp_path


def refused(name: str, outputs: Path) -> Diagnostic:
    with pytest.raises(CompileError) as caught:
        named_run(name, outputs)
    (found,) = caught.value.diagnostics
    return found


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("2024-05-01/10-00-01", "2024-05-01/10-00-01"),
        ("2024-05-02", "2024-05-02/11-00-00"),
        ("2024-05-02/", "2024-05-02/11-00-00"),
        ("2024-05-01/10-00-01-", None),
        ("sweeps/1", "sweeps/1"),
        ("sweeps/10", "sweeps/10"),
        ("last", "2024-05-03/12-00-00"),
        ("best:test_loss", "2024-05-01/10-00-00"),
        ("best:loss", "2024-05-01/10-00-00"),
        ("best:metrics.test.loss", "2024-05-01/10-00-00"),
        ("best:training_loss", "2024-05-01/10-00-00"),
        ("best:training.loss", "2024-05-01/10-00-00"),
        ("best:-training_loss", "2024-05-03/12-00-00"),
        ("best:test_accuracy", "2024-05-02/11-00-00"),
        ("best:test.accuracy", "2024-05-02/11-00-00"),
        ("best:+test_accuracy", "2024-05-01/10-00-00"),
        ("best:-odd", "2024-05-01/10-00-01"),
        ("best:+test_odd", "2024-05-01/10-00-00"),
    ],
)
def test_a_name_is_that_of_one_run(name: str, expected: str | None, root: Path) -> None:
    if expected is None:
        assert refused(name, root).code == "KG606"
    else:
        assert named_run(name, root) == root / expected


def test_a_path_is_a_name_and_so_is_its_beginning(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root.parent)
    outputs = Path(root.name)
    assert named_run(f"{root.name}/2024-05-02/11-00-00", outputs).resolve().is_relative_to(root)
    assert named_run(f"{root.name}/2024-05-02/11", outputs) == outputs / "2024-05-02/11-00-00"


def test_who_goes_on_with_a_run_gets_the_newest_of_all(root: Path) -> None:
    assert named_run("last", root, unfinished=True) == root / "sweeps/1"


def test_the_beginning_of_several_runs_names_them(root: Path) -> None:
    found = refused("2024-05-01/10-0", root)
    assert found.code == "KG627"
    assert found.message == "`2024-05-01/10-0` is the beginning of 2 runs"
    assert found.help == "write more of it: `2024-05-01/10-00-01`, `2024-05-01/10-00-00`"


def test_of_many_runs_with_one_beginning_some_are_named(root: Path, make_run: MakeRun) -> None:
    for number in range(20):
        make_run(f"2025/{number}")
    found = refused("2025", root)
    assert found.help is not None
    assert found.help.count("`2025/") == 8
    assert found.help.endswith(" and 12 more")


@pytest.mark.parametrize(
    ("name", "code", "message", "help_"),
    [
        ("lst", "KG606", "there is no run `lst`", "did you mean `last`?"),
        ("bset:test_loss", "KG606", None, "did you mean `best:test_loss`?"),
        ("2024-05-01/10-00-02", "KG606", None, "did you mean `2024-05-01/10-00-01`?"),
        ("", "KG606", "there is no run ``", "`kerasgen runs` lists them"),
        ("\0", "KG606", None, "`kerasgen runs` lists them"),
        (
            "best:test_acuracy",
            "KG107",
            "no run has a metric `test_acuracy`",
            "did you mean `test_accuracy`?",
        ),
        (
            "best:test_odd",
            "KG607",
            "nothing says whether a small or a large `test_odd` is good",
            "write `best:-test_odd` for the largest, or `best:+test_odd` for the smallest",
        ),
        ("best:-empty", "KG607", "`empty` is no finite number in any run", None),
    ],
)  # fmt: skip
def test_a_name_of_no_run_is_told(
    name: str, code: str, message: str | None, help_: str | None, root: Path
) -> None:
    found = refused(name, root)
    assert (found.code, found.help) == (code, help_)
    assert message in (None, found.message)
    if name.startswith("best:"):
        assert found.location is not None
        assert found.location.override == name


def test_a_metric_is_asked_for_by_name(root: Path) -> None:
    found = refused("best:", root)
    assert (found.code, found.message) == ("KG107", "`best:` names no metric")
    assert "`test_loss`" in (found.help or "")


@pytest.mark.parametrize("name", ["last", "best:test_loss"])
def test_there_is_neither_a_newest_nor_a_best_of_no_runs(name: str, tmp_path: Path) -> None:
    found = refused(name, tmp_path)
    assert (found.code, found.message[:29]) == ("KG606", "there is no completed run bel")


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("last", True),
        ("lst", True),
        ("best:whatever", True),
        ("2024-05-01", True),
        ("2024-05-01/10-00-00", True),
        ("model", False),
        ("model=mlp", False),
        ("~model", False),
        ("+a=1", False),
        ("", False),
    ],
)
def test_a_word_among_overrides_is_a_run_or_none(word: str, expected: bool, root: Path) -> None:
    assert looks_named(word, root) is expected


def test_a_run_is_looked_at_by_any_of_its_names(root: Path) -> None:
    for name in ("last", "2024-05-03", "best:-training_loss"):
        target = Target.named([name], None, outputs=root)
        assert target.run == root / "2024-05-03/12-00-00"
    assert Target.named(["model=mlp"], None, outputs=root).run is None
