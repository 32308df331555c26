"""`kerasgen init`: what it writes is accepted as it is, and nothing is written over."""

import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from kerasgen.cli import main
from kerasgen.diagnostics import CompileError
from kerasgen.frontend.compose.composition import compose
from kerasgen.frontend.compose.config_folders import config_folder
from kerasgen.process.exit_codes import DONE
from kerasgen.run.experiment import run_experiment
from kerasgen.verbs.check import CheckOutcome, check_config
from kerasgen.verbs.init import Recipe, Wish, init

pytest.importorskip("polars")

RANDOM = np.random.default_rng(0)


def table(folder: Path, name: str = "people.csv", *, header: bool = True) -> Path:
    lines = ["id,age,home town,null,born,member"] if header else []
    for i in range(120):
        age, town = RANDOM.integers(20, 70), ("Rome", "Oslo", "Bern")[i % 3]
        lines.append(
            f"{i},{age if i % 9 else ''},{town},{i % 4},19{i % 50 + 40}-02-03,{'ny'[i % 2]}"
        )
    (folder / name).write_text("\n".join(lines) + "\n")
    return folder / name


def pictures(folder: Path) -> Path:
    for part in ("train", "test"):
        for kind in ("cat", "dog"):
            (folder / "pets" / part / kind).mkdir(parents=True)
            for i in range(20):
                pixels = RANDOM.integers(0, 255, (20, 16, 3), dtype="uint8")
                Image.fromarray(pixels).save(folder / "pets" / part / kind / f"{i}.png")
    return folder / "pets"


def texts(folder: Path) -> Path:
    for kind in ("good", "bad"):
        (folder / "reviews" / kind).mkdir(parents=True)
        for i in range(12):
            (folder / "reviews" / kind / f"{i}.txt").write_text(f"a {kind} film, the {i}th of them")
    return folder / "reviews"


def sounds(folder: Path) -> Path:
    for kind in ("high", "low"):
        (folder / "tones" / kind).mkdir(parents=True)
        for i in range(20):
            with wave.open(str(folder / "tones" / kind / f"{i}.wav"), "wb") as file:
                file.setparams((1, 2, 16000, 0, "NONE", ""))
                file.writeframes(RANDOM.integers(-99, 99, 16000, dtype="int16").tobytes())
    return folder / "tones"


def arrays(folder: Path) -> Path:
    x = RANDOM.integers(0, 255, (60, 12, 12), dtype="uint8")
    np.savez(folder / "signs.npz", x=x, y=np.arange(60) % 3)
    return folder / "signs.npz"


def one_kind(folder: Path) -> Path:
    """A folder of one class."""
    (folder / "pets" / "cat").mkdir(parents=True)
    Image.fromarray(RANDOM.integers(0, 255, (20, 16, 3), dtype="uint8")).save(
        folder / "pets" / "cat" / "0.png"
    )
    return folder / "pets"


def zipped(folder: Path) -> Path:
    import shutil

    return Path(shutil.make_archive(str(folder / "zipped"), "zip", pictures(folder)))


def colours(folder: Path) -> Path:
    x = RANDOM.uniform(0, 1, (60, 12, 12, 3)).astype("float32")
    np.savez(folder / "colours.npz", pixels=x, kinds=np.arange(60) % 2)
    return folder / "colours.npz"


def vectors(folder: Path) -> Path:
    np.savez(folder / "vectors.npz", x=RANDOM.normal(size=(60, 5)), y=np.arange(60) / 7)
    return folder / "vectors.npz"


def json_lines(folder: Path) -> Path:
    import json

    rows = [{"size": i % 9, "tags": ["a", "b"][: i % 3], "price": i * 1.5} for i in range(60)]
    (folder / "lines.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return folder / "lines.jsonl"


def database(folder: Path) -> Path:
    import sqlite3

    with sqlite3.connect(folder / "shop.sqlite") as made:
        made.execute("create table sold (size integer, town text, paid integer)")
        rows = [(i % 9, ("Rome", "Oslo")[i % 2], i % 3 > 0) for i in range(60)]
        made.executemany("insert into sold values (?, ?, ?)", rows)
    return folder / "shop.sqlite"


def series(folder: Path) -> Path:
    days = np.datetime64("2020-01-01") + np.arange(120)
    lines = [f"{day},{np.sin(i / 9):.3f},{i % 7}" for i, day in enumerate(days)]
    (folder / "days.csv").write_text("\n".join(["day,degrees,weekday", *lines]) + "\n")
    return folder / "days.csv"


def shops(folder: Path, *, closed: str = "") -> Path:
    """Two series over the same days, in a file called as a shipped option is."""
    days = np.datetime64("2020-01-01") + np.arange(60)
    lines = [
        f"{day},{shop},{i % 7 + 10 * n},{i % 5 / 2}"
        for n, shop in enumerate("AB")
        for i, day in enumerate(days)
    ]
    (folder / "series.csv").write_text("\n".join(["day,shop,sold,rain", *lines]) + f"\n{closed}")
    return folder / "series.csv"


def begun(folder: Path, *words: object, **wish: object) -> Recipe:
    return init(Wish(words=tuple(map(str, words)), folder=folder, **wish))


def checked(folder: Path, name: str, engine: str, *, open_data: bool) -> CheckOutcome:
    overrides = [f"experiment={name}", f"backend={engine}"]
    return check_config(overrides, (str(folder / "conf"),), open_data=open_data)


def errors(outcome: CheckOutcome) -> list[str]:
    found = [found for found in outcome.diagnostics if found.severity.value == "error"]
    return [f"{d.code} {d.message}" for d in found]


KINDS = [table, pictures, zipped, texts, sounds, arrays, colours, vectors, json_lines]
SHAPED = (pictures, zipped, sounds, arrays, colours)
"""Data whose shapes stand in the recipe, so that a check knows all layers without it."""


@pytest.mark.parametrize("make", KINDS)
def test_a_recipe_is_accepted_as_it_is(
    make: Callable[[Path], Path], tmp_path: Path, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    recipe = begun(tmp_path, make(tmp_path))
    assert [path.as_posix() for path in recipe.files] == [
        f"conf/data/{recipe.name}.yaml",
        f"conf/model/{recipe.name}.yaml",
        f"conf/experiment/{recipe.name}.yaml",
    ]
    closed = checked(tmp_path, recipe.name, engine, open_data=False)
    assert closed.diagnostics == ()
    assert (closed.compiled is not None) == (make in SHAPED)
    opened = checked(tmp_path, recipe.name, engine, open_data=True)
    assert errors(opened) == []
    assert opened.compiled is not None


def test_a_recipe_of_a_database_and_of_a_series_is_accepted(
    tmp_path: Path, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    begun(tmp_path, database(tmp_path), target="paid")
    begun(tmp_path, series(tmp_path), time="day", target="degrees")
    for name in ("shop", "days"):
        assert checked(tmp_path, name, engine, open_data=False).diagnostics == ()
        assert errors(checked(tmp_path, name, engine, open_data=True)) == []
    found = yaml.safe_load((tmp_path / "conf/data/days.yaml").read_text())
    assert (found["time"], found["task"]) == ("day", "forecasting")


def test_the_model_of_a_recipe_is_a_copy_that_says_how_it_is_changed(tmp_path: Path) -> None:
    begun(tmp_path, table(tmp_path))
    text = (tmp_path / "conf/model/people.yaml").read_text()
    assert yaml.safe_load(text) == yaml.safe_load(
        (config_folder() / "model/table.yaml").read_text()
    )
    assert "kerasgen show last --expanded" in text


def test_options_that_would_do_nothing_are_refused(tmp_path: Path) -> None:
    refused = [
        (table(tmp_path), {"series": "home town"}, "KG126"),
        (arrays(tmp_path), {"time": "x"}, "KG126"),
        (table(tmp_path), {"time": "bron"}, "KG504"),
        (one_kind(tmp_path), {}, "KG505"),
    ]
    for data, wish, code in refused:
        with pytest.raises(CompileError) as caught:
            begun(tmp_path, data, **wish)
        assert [found.code for found in caught.value.diagnostics] == [code]
    assert not (tmp_path / "conf").exists()


def test_a_target_alone_has_nothing_to_be_learned_from(tmp_path: Path) -> None:
    np.save(tmp_path / "alone.npy", RANDOM.normal(size=(20, 3)))
    (tmp_path / "alone.csv").write_text("n\n1\n2\n3\n2\n")
    for name, wish in (("alone.npy", {"target": "x"}), ("alone.csv", {})):
        with pytest.raises(CompileError) as caught:
            begun(tmp_path, tmp_path / name, **wish)
        assert [found.code for found in caught.value.diagnostics] == ["KG526"]
        assert "one column" in caught.value.diagnostics[0].message


def test_a_recipe_runs(tmp_path: Path, engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    recipe = begun(tmp_path, table(tmp_path), target="home town", name="First try")
    assert recipe.name == "first_try"
    overrides = [
        *("experiment=first_try", f"backend={engine}", "fit.epochs=1", "fit.verbose=0"),
        *("tracking.plots=false",),
    ]
    assert run_experiment(compose(overrides, (str(tmp_path / "conf"),)), tmp_path / "run") == DONE


def test_columns_are_written_with_what_was_found(tmp_path: Path) -> None:
    recipe = begun(tmp_path, table(tmp_path))
    text = (tmp_path / "conf/data/people.yaml").read_text()
    found = yaml.safe_load(text)
    assert found["columns"] == {
        **{"id": "ignore", "age": "number", "home town": "category", "null": "number"},
        **{"born": "date", "member": "boolean"},
    }
    assert found["target"] == "member"
    assert found["source"]["path"] == "people.csv"
    assert "# 14 missing, " in text
    assert any("`member`" in guess for guess in recipe.guessed)


def test_a_first_line_that_is_a_row_is_none_of_names(tmp_path: Path) -> None:
    recipe = begun(tmp_path, table(tmp_path, header=False))
    found = yaml.safe_load((tmp_path / "conf/data/people.yaml").read_text())
    assert found["source"]["header"] is False
    assert list(found["columns"]) == ["c0", "c1", "c2", "c3", "c4", "c5"]
    assert "no names" in recipe.guessed[0]


def test_one_name_that_is_a_number_is_a_name(tmp_path: Path) -> None:
    lines = ["1,weight,kind", *(f"{i % 7},{i / 8},{'ab'[i % 2]}" for i in range(60))]
    (tmp_path / "a.csv").write_text("\n".join(lines) + "\n")
    begun(tmp_path, tmp_path / "a.csv", target="weight")
    found = yaml.safe_load((tmp_path / "conf/data/a.yaml").read_text())
    assert found["columns"] == {"1": "number", "weight": "number", "kind": "category"}


def test_a_given_test_part_is_taken_and_images_keep_their_size(tmp_path: Path) -> None:
    begun(tmp_path, pictures(tmp_path))
    found = yaml.safe_load((tmp_path / "conf/data/pets.yaml").read_text())
    assert found["split"]["test"] == "given"
    assert found["source"]["size"] == [20, 16]


def test_nothing_is_written_over_and_all_or_nothing_is_written(tmp_path: Path) -> None:
    there = tmp_path / "conf/experiment/people.yaml"
    there.parent.mkdir(parents=True)
    there.write_text("mine")
    with pytest.raises(CompileError) as caught:
        begun(tmp_path, table(tmp_path))
    assert [d.code for d in caught.value.diagnostics] == ["KG605"]
    assert there.read_text() == "mine"
    assert not (tmp_path / "conf/data").exists()


def test_data_without_a_target_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("only\n" + "".join(f"w{i}\n" for i in range(30)))
    with pytest.raises(CompileError) as caught:
        begun(tmp_path, tmp_path / "a.csv")
    assert [d.code for d in caught.value.diagnostics] == ["KG526"]


def test_the_command_ends_with_what_is_to_be_typed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", str(table(tmp_path)), "-o", str(tmp_path / "a b")]) == 0
    assert capsys.readouterr().out.splitlines()[-3:] == [
        f"cd '{tmp_path / 'a b'}'",
        "kerasgen check --open-data experiment=people",
        "kerasgen run experiment=people",
    ]


def test_the_column_that_tells_series_apart_is_guessed_where_times_stand_twice(
    tmp_path: Path, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    recipe = begun(tmp_path, shops(tmp_path), time="day")
    found = yaml.safe_load((tmp_path / f"conf/data/{recipe.name}.yaml").read_text())
    assert (found["time"], found["series"], found["target"]) == ("day", "shop", "sold")
    assert any("apart by `shop`" in guess for guess in recipe.guessed)
    assert errors(checked(tmp_path, recipe.name, engine, open_data=True)) == []


@pytest.mark.parametrize("wish", [{}, {"series": "shop"}])
def test_times_that_no_column_tells_apart_are_refused(wish: dict[str, str], tmp_path: Path) -> None:
    path = shops(tmp_path, closed="2020-01-03,A,0,0\n")
    with pytest.raises(CompileError) as caught:
        begun(tmp_path, path, time="day", **wish)
    (found,) = caught.value.diagnostics
    assert (found.code, "2020-01-0" in found.message) == ("KG545", True)
    assert found.location is not None
    assert found.location.override == "--time day"
    assert ("`--series COLUMN`" in (found.help or "")) == (not wish)
    assert not (tmp_path / "conf").exists()


def test_a_column_that_holds_no_times_orders_no_rows(tmp_path: Path) -> None:
    with pytest.raises(CompileError) as caught:
        begun(tmp_path, shops(tmp_path), time="shop")
    assert [found.code for found in caught.value.diagnostics] == ["KG545"]


def test_a_recipe_takes_the_place_of_no_shipped_option_unasked(tmp_path: Path) -> None:
    path = shops(tmp_path)
    recipe = begun(tmp_path, path)
    assert recipe.name == "my_series"
    assert "`data=series` and `model=series`" in recipe.guessed[0]
    asked = begun(tmp_path, path, name="series")
    assert asked.name == "series"
    assert "not the shipped one" in asked.guessed[0]
    assert begun(tmp_path, table(tmp_path)).name == "people"


@pytest.mark.parametrize(
    ("option", "wish"),
    [
        ("--time dya", {"time": "dya"}),
        ("--series shpo", {"time": "day", "series": "shpo"}),
        ("--series shop", {"series": "shop"}),
        ("--target slod", {"target": "slod"}),
    ],
)
def test_a_mistake_of_an_option_stands_where_it_was_typed(
    option: str, wish: dict[str, str], tmp_path: Path
) -> None:
    with pytest.raises(CompileError) as caught:
        begun(tmp_path, shops(tmp_path), **wish)
    (found,) = caught.value.diagnostics
    assert found.location is not None
    assert (found.location.override, found.location.column) == (option, option.index(" ") + 2)


@pytest.mark.parametrize(
    ("head", "cells", "target", "code"),
    [
        ("$x,kind", "{i},{ny}", "kind", "KG305"),
        ("x,kind", "{i},yes", "kind", "KG505"),
        ("x,kind", "{i},", "kind", "KG506"),
    ],
)
def test_no_recipe_is_written_that_would_not_run(
    tmp_path: Path, head: str, cells: str, target: str, code: str
) -> None:
    rows = [cells.format(i=i * i, ny="ny"[i % 2]) for i in range(60)]
    (tmp_path / "rows.csv").write_text("\n".join([head, *rows]) + "\n")

    with pytest.raises(CompileError) as caught:
        init(Wish(words=(str(tmp_path / "rows.csv"),), target=target, folder=tmp_path))

    assert [found.code for found in caught.value.diagnostics] == [code]
    assert not (tmp_path / "conf").exists()
