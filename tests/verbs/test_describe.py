"""`kerasgen describe`: planted things are told, and what a help says to write ends the telling."""

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from kerasgen.cli import main
from kerasgen.diagnostics import CompileError, SourceLocation
from kerasgen.registry import Trust
from kerasgen.verbs.describe import Asked, Description, describe

pytest.importorskip("polars")

ROWS = 400


def _planted() -> dict[str, list[str]]:
    """A table with something of each kind in it."""
    random = np.random.default_rng(0)
    bought = random.random(ROWS) < 0.05
    return {
        "customer_id": [f"c{i}" for i in random.permutation(ROWS)],
        "row": [str(i) for i in range(ROWS)],
        "age": [str(i) for i in random.integers(18, 90, ROWS)],
        "town": [f"town{i}" for i in random.integers(0, 150, ROWS)],
        "country": ["it"] * ROWS,
        "paid_back": ["7.5" if b else "" for b in bought],
        "price": [f"{i},50" for i in random.integers(1, 99, ROWS)],
        "born": [f"{i % 28 + 1}.{i % 12 + 1}.1980" for i in range(ROWS)],
        "age_again": [],
        "weight": [str(i % 97 / 4) if i != 390 else "heavy" for i in range(ROWS)],
        "bought": ["yes" if b else "no" for b in bought],
    }


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    columns = _planted()
    columns["age_again"] = columns["age"]
    path = tmp_path / "planted.csv"
    lines = [";".join(columns), *(";".join(row) for row in zip(*columns.values(), strict=True))]
    path.write_text("\n".join([*lines, lines[7]]) + "\n")
    return path


def told(*words: str, target: str | None = None) -> Description:
    return describe(Asked(words=tuple(map(str, words)), target=target))


def test_each_planted_thing_is_told_once(planted: Path) -> None:
    found = told(planted, target="bought")
    about = sorted(
        (d.code, (re.search(r"`(\w+)`", d.message) or [""] * 2)[1]) for d in found.diagnostics
    )
    assert about == [
        ("KG516", "born"),
        ("KG516", "price"),
        ("KG516", "weight"),
        ("KG527", ""),
        ("KG770", "paid_back"),
        ("KG771", "customer_id"),
        ("KG771", "row"),
        ("KG772", "country"),
        ("KG772", "paid_back"),
        ("KG773", "age_again"),
        ("KG774", "bought"),
        ("KG774", "town"),
    ]
    rows = {d.code: d.message for d in found.diagnostics if d.code in ("KG527",)}
    assert rows == {"KG527": "a row stands there again, the first in row 401"}
    (weight,) = (d.message for d in found.diagnostics if "`weight`" in d.message)
    assert weight.endswith('"heavy" in others, and is taken for words; the first stands in row 391')


def test_identifiers_are_told(planted: Path) -> None:
    lines = planted.read_text().splitlines()
    planted.write_text("\n".join(lines[:-1]) + "\n")
    found = told(planted, target="bought")
    assert [d.message.split("`")[1] for d in found.diagnostics if d.code == "KG771"] == [
        *("customer_id", "row"),
    ]


def test_what_a_help_says_to_write_ends_the_telling(planted: Path) -> None:
    words = [str(planted)]
    for code in ("KG516", "KG770", "KG771", "KG772", "KG773", "KG774"):
        for one in told(*words, target="bought").diagnostics:
            first = re.search(r"`([^`]*=[^`]*)`", one.help or "")
            # The weight of classes is no data.
            if one.code == code and first is not None and "data." in first[1]:
                words += [word for word in shlex.split(first[1]) if word not in words]
    left = told(*words, target="bought").diagnostics
    assert {d.code for d in left} <= {"KG527", "KG774"}
    assert not [d for d in left if d.code == "KG774" and "`bought`" not in d.message]


def test_a_clean_table_is_told_nothing_of() -> None:
    found = told("data=wine")
    assert found.diagnostics == ()
    assert found.targets == {"target": "classification"}


def test_a_config_is_described_and_its_lint_is_silenced(planted: Path) -> None:
    words = ("data=table", f"data.source.path={planted}", "data.target=bought")
    loud, silent = told(*words), told(*words, "lint.ignore=[KG772, KG770]")
    assert silent.silenced == sum(d.code in ("KG770", "KG772") for d in loud.diagnostics) > 0
    assert not {d.code for d in silent.diagnostics} & {"KG770", "KG772"}


def test_shipped_data_is_described_without_a_file() -> None:
    found = told("data=iris")
    assert found.figures.rows == 150
    assert found.figures.columns["target"].frequent[0] == ("setosa", 50)


def test_arrays_and_pictures_have_their_shapes(tmp_path: Path) -> None:
    path = tmp_path / "arrays.npz"
    np.savez(path, x=np.zeros((6, 4, 5, 3), "uint8"), y=np.arange(6) % 2)
    found = told(path, target="y").figures.columns
    assert (found["x"].type, found["x"].shape) == ("image", (4, 5, 3))
    assert found["y"].distinct == 2


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("missing.csv",), "KG501"),
        (("data=none",), "KG621"),
        ((), "KG106"),
        (("data=table", "data.target=x"), "KG106"),
        (("README.rst",), "KG502"),
    ],
)
def test_what_cannot_be_described_is_told(
    words: tuple[str, ...], code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "README.rst").write_text("x")
    with pytest.raises(CompileError) as caught:
        told(*words)
    (found,) = caught.value.diagnostics
    assert found.code == code
    if code in ("KG501", "KG502"):
        assert found.location == SourceLocation(override=words[0])


def test_a_column_that_is_not_there_is_told_with_the_nearest(planted: Path) -> None:
    with pytest.raises(CompileError) as caught:
        told(planted, target="bougth")
    (found,) = caught.value.diagnostics
    assert (found.code, found.help) == ("KG504", "did you mean `bought`?")


@pytest.mark.parametrize(
    "name", ["größe", "a.b", "$x", "null", 'q"uote', "home town", "# c", "a:b"]
)
def test_any_name_may_be_that_of_the_target(name: str, tmp_path: Path) -> None:
    import csv

    path = tmp_path / "my 'odd' table.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([[name, "other"], *([i % 2, i] for i in range(30))])
    assert told(path, target=name).targets == {name: "classification"}


@pytest.mark.parametrize(
    ("said", "code", "help_text"),
    [
        ("number", "KG509", "`data.columns.city=category`"),
        ("date", "KG525", "`data.columns.city=category`"),
        ("boolean", "KG525", "`data.columns.city=category`"),
        ("sequence", "KG531", ""),
    ],
)
def test_a_column_that_is_not_what_is_said_is_told_as_a_check_tells_it(
    said: str, code: str, help_text: str, tmp_path: Path
) -> None:
    (tmp_path / "c.csv").write_text("city,n\nRome,1\nOslo,2\nBern,x\n")
    with pytest.raises(CompileError) as caught:
        told(tmp_path / "c.csv", f"data.columns.city={said}")
    (found,) = caught.value.diagnostics
    assert (found.code, help_text in (found.help or "")) == (code, True)
    assert found.location is not None
    assert found.location.override == f"data.columns.city={said}"


def test_a_mark_among_numbers_is_named_as_a_missing_value(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("n,m\n1,a\n2,b\n-,c\n")
    with pytest.raises(CompileError) as caught:
        told(tmp_path / "c.csv", "data.columns.n=number")
    assert "missing_values" in (caught.value.diagnostics[0].help or "")


def test_what_is_rightly_said_of_columns_is_described(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("n,born,paid,past\n1,2020-01-31,yes,1 2\n2,2020-02-01,no,3\n")
    words = ["n=number", "born=date", "paid=boolean", "past=sequence"]
    found = told(tmp_path / "c.csv", *(f"data.columns.{word}" for word in words))
    assert [column.type for column in found.figures.columns.values()] == [
        *("number", "date", "boolean", "sequence")
    ]


def test_identifiers_are_told_where_rows_stand_twice(tmp_path: Path) -> None:
    rows = [f"c{i},{1000 + i},{i % 50},{i * 3}" for i in range(240)]
    lines = ["code,customer_id,age,steps", *rows, *rows[:12]]
    (tmp_path / "a.csv").write_text("\n".join(lines) + "\n")
    found = told(tmp_path / "a.csv")
    assert found.figures.repeated == 12
    assert found.identifiers == {
        "code": "no word stands twice, repeated rows left out",
        "customer_id": "no number stands twice, and its name is that of an identifier, repeated "
        "rows left out",
    }


def test_values_that_differ_in_other_columns_are_no_repeated_identifiers(tmp_path: Path) -> None:
    rows = [f"{1000 + i},{i}" for i in range(240)]
    more = [f"{1000 + i},{i + 7.5}" for i in range(12)]
    (tmp_path / "a.csv").write_text("\n".join(["customer_id,x", *rows, *more]) + "\n")
    assert told(tmp_path / "a.csv").identifiers == {}


def test_a_size_that_files_are_brought_to_is_told_as_such(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    for name in ("cat", "dog"):
        (tmp_path / "pics" / name).mkdir(parents=True)
        pixels = np.full((20, 24, 3), 7, "uint8")
        image.fromarray(pixels).save(tmp_path / "pics" / name / "a.png")
    brought = told(tmp_path / "pics").figures.columns["image"]
    assert (brought.shape, "brought to 64 x 64" in brought.why) == ((64, 64, 3), True)
    own = told(tmp_path / "pics", "data.source.size=null").figures.columns["image"]
    assert (own.shape, "brought" in own.why) == ((20, 24, 3), False)


def test_json_is_one_document(planted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["describe", str(planted), "--target", "bought", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    columns = {column["name"]: column for column in found["columns"]}
    assert columns["age"]["type"] == "number"
    assert columns["age"]["why"] == "all cells are numbers"
    assert set(columns["age"]["quantiles"]) == {"0.05", "0.25", "0.5", "0.75", "0.95"}
    assert found["targets"]["bought"]["task"] == "classification"
    assert {d["code"] for d in found["diagnostics"]} >= {"KG770", "KG772", "KG773"}


def test_words_that_differ_in_capitals_alone_are_told(tmp_path: Path) -> None:
    rows = [f"{i * i},{('Yes', 'yes', 'no')[i % 3]}" for i in range(60)]
    (tmp_path / "rows.csv").write_text("\n".join(["x,kind", *rows]) + "\n")

    (found,) = told(tmp_path / "rows.csv", target="kind").diagnostics
    assert found.code == "KG774"
    assert found.message == "words of `kind` differ in capitals alone: `Yes`, `yes`"


@pytest.mark.parametrize(("word", "what"), [("yes", "the one class `yes`"), ("", "no value")])
def test_a_target_without_a_choice_is_told(word: str, what: str, tmp_path: Path) -> None:
    rows = [f"{i * i},{word}" for i in range(60)]
    (tmp_path / "rows.csv").write_text("\n".join(["x,kind", *rows]) + "\n")

    (found,) = told(tmp_path / "rows.csv", target="kind").diagnostics
    assert (found.code, found.message) == ("KG774", f"the target `kind` has {what}")


def test_a_config_file_opens_no_connection_unasked(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    source = "{class: Table, path: 'postgresql://127.0.0.1:1/x', query: 'select 1 as y'}"
    (folder / "far.yaml").write_text(f"source: {source}\nfeatures: all\ntarget: y\ntask: auto\n")

    with pytest.raises(CompileError) as refused:
        describe(Asked(words=("data=far",), config_dir=(str(tmp_path),)))

    assert [one.code for one in refused.value.diagnostics] == ["KG115"]


def test_a_module_that_cannot_be_trusted_is_told(tmp_path: Path) -> None:
    trust = Trust(modules=("nowhere_at_all",), folder=str(tmp_path))

    with pytest.raises(CompileError) as refused:
        describe(Asked(words=("data=iris",), trust=trust))

    assert [one.code for one in refused.value.diagnostics] == ["KG610"]


def test_infinite_numbers_are_told_until_their_rows_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("x,y\n1.5,0\ninf,1\n1e400,2\n2.5,3\n4.5,4\n")
    (found,) = [d for d in told(path).diagnostics if d.code == "KG506"]
    assert "`x` holds 2 infinite numbers" in found.message
    assert found.help is not None
    assert "data.source.bad=skip" in found.help
    assert not [d for d in told(path, "data.source.bad=skip").diagnostics if d.code == "KG506"]
    assert not [d for d in told(path, "data.columns.x=ignore").diagnostics if d.code == "KG506"]


def test_arrays_of_hdf5_are_described(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "t.h5", "w") as file:
        file["x"], file["y"] = np.zeros((6, 3)), np.arange(6)
    assert [*told(tmp_path / "t.h5").figures.columns] == ["x", "y"]


def test_complex_numbers_are_refused_without_a_warning_of_numpy(tmp_path: Path) -> None:
    np.savez(tmp_path / "t.npz", x=np.ones((4, 2), complex), y=np.arange(4))
    with pytest.raises(CompileError) as caught:
        told(tmp_path / "t.npz")
    assert caught.value.diagnostics[0].code == "KG509"


def test_a_column_of_bytes_that_is_ignored_is_no_column_that_is_not_there(tmp_path: Path) -> None:
    polars = pytest.importorskip("polars")
    cells = {"a": [1.5, 2.5], "raw": [b"x", b"y"]}
    polars.DataFrame(cells).write_parquet(tmp_path / "t.parquet")
    found = told(tmp_path / "t.parquet", "data.columns.raw=ignore")
    assert [*found.figures.columns] == ["a"]


def test_a_packed_table_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "t.csv.gz").write_bytes(b"\x1f\x8b")
    with pytest.raises(CompileError) as caught:
        told(tmp_path / "t.csv.gz")
    (found,) = caught.value.diagnostics
    assert found.help is not None
    assert "gunzip" in found.help
